//! What is wrong with a store, in a sentence that says what to do.

use std::error::Error;
use std::fmt;

use message_trace_remedy::Remedy;
use object_store::client::{HttpError, HttpErrorKind};

use crate::address::{Address, Vendor};

/// A store's fault. Shows nothing that a store said but its status: an answer may repeat what signed the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFault {
    name: String,
    vendor: Vendor,
    why: Why,
}

/// Why a store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// There is no such bucket.
    Missing,
    /// The credential may not do this.
    Denied,
    /// The credential is wrong.
    Credential,
    /// The credential was right once.
    Expired,
    /// There is no credential.
    NoCredential,
    /// The bucket is in another region.
    Region,
    /// This machine's clock is wrong.
    Clock,
    /// The request is refused, with this status.
    Refused(u16),
    /// The store fails for now, with this status.
    Unavailable(u16),
    /// The store cannot be reached.
    Unreachable,
    /// The store went away in the middle.
    Cut,
    /// The object is not there.
    Gone,
    /// The object is not as it was.
    Changed,
    /// Listings do not show what was written.
    Unlisted,
    /// Something else, before a request.
    Setup,
}

/// What stores call it.
#[rustfmt::skip]
const CODES: &[(&str, Why)] = &[
    ("NoSuchBucket", Why::Missing),
    ("ContainerNotFound", Why::Missing),
    ("AccessDenied", Why::Denied),
    ("AuthorizationFailure", Why::Denied),
    ("AuthorizationPermissionMismatch", Why::Denied),
    ("InsufficientAccountPermissions", Why::Denied),
    ("InvalidAccessKeyId", Why::Credential),
    ("SignatureDoesNotMatch", Why::Credential),
    ("InvalidToken", Why::Credential),
    ("AuthenticationFailed", Why::Credential),
    ("InvalidAuthenticationInfo", Why::Credential),
    ("ExpiredToken", Why::Expired),
    ("RequestTimeTooSkewed", Why::Clock),
    ("RequestExpired", Why::Clock),
    ("AuthorizationHeaderMalformed", Why::Region),
    ("IllegalLocationConstraintException", Why::Region),
    ("PermanentRedirect", Why::Region),
    ("TemporaryRedirect", Why::Region),
];

/// Where machines ask for an identity of their own.
const METADATA: &[&str] = &["169.254.", "metadata.google.internal", "[fd00:ec2::"];

impl Why {
    /// What an error of the library means.
    fn of(error: &object_store::Error) -> Self {
        let text = words(error);
        let is_code = |(code, _): &&(&str, Self)| {
            // Where many objects are deleted, each has its code.
            text.contains(&format!("<Code>{code}</Code>")) || text.contains(&format!("(code: {code})"))
        };
        if let Some((_, why)) = CODES.iter().find(is_code) {
            return *why;
        }
        if METADATA.iter().any(|host| text.contains(host)) {
            return Self::NoCredential;
        }
        if text.contains("incorrectly configured region") {
            return Self::Region;
        }
        match (status(&text), error) {
            (_, object_store::Error::NotFound { .. }) => Self::Gone,
            (_, object_store::Error::Precondition { .. } | object_store::Error::AlreadyExists { .. }) => {
                Self::Changed
            }
            (Some(status @ (429 | 500..)), _) => Self::Unavailable(status),
            (Some(401), _) => Self::Credential,
            (Some(403), _) => Self::Denied,
            (Some(300..=399), _) => Self::Region,
            (Some(status), _) => Self::Refused(status),
            (None, error) => Self::of_network(error, &text).unwrap_or(Self::Setup),
        }
    }
}

impl Why {
    fn of_network(error: &object_store::Error, text: &str) -> Option<Self> {
        let is_tried_again = text.contains("max_retries");
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<HttpError>() {
                return Some(match error.kind() {
                    HttpErrorKind::Connect | HttpErrorKind::Request => Self::Unreachable,
                    _ if is_tried_again => Self::Unreachable,
                    _ => Self::Cut,
                });
            }
            cause = error.source();
        }
        None
    }
}

/// An error and what led to it.
fn words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// The status of an answer, as the library tells it.
fn status(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("status code: ")?;
    rest.get(..3)?.parse().ok()
}

impl StoreFault {
    pub(crate) fn new(address: &Address, why: Why) -> Self {
        Self {
            name: address.name.clone(),
            vendor: address.vendor,
            why,
        }
    }

    /// The library's error, with nothing in it but this.
    pub(crate) fn wrap(name: &str, vendor: Vendor, error: object_store::Error) -> object_store::Error {
        let why = Why::of(&error);
        let source = Box::new(Self {
            name: name.to_owned(),
            vendor,
            why,
        });
        // Of these the engine and this program make something else than a failure.
        match (why, error) {
            (Why::Gone, object_store::Error::NotFound { path, .. }) => {
                object_store::Error::NotFound { path, source }
            }
            (Why::Changed, object_store::Error::AlreadyExists { path, .. }) => {
                object_store::Error::AlreadyExists { path, source }
            }
            (Why::Changed, object_store::Error::Precondition { path, .. }) => {
                object_store::Error::Precondition { path, source }
            }
            _ => object_store::Error::Generic {
                store: "archive",
                source,
            },
        }
    }

    /// What is wrong and what to do, without the archive's address.
    #[must_use]
    pub fn sentence(&self) -> String {
        Sentence(self.vendor, self.why).to_string()
    }

    /// The fault behind an error, if a store is.
    #[must_use]
    pub fn behind(error: &anyhow::Error) -> Option<&Self> {
        error.chain().find_map(|cause| cause.downcast_ref::<Self>())
    }

    /// Whether an object went away that was there a moment ago.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.why == Why::Gone
    }

    /// Whether the store went away in the middle.
    pub(crate) fn is_cut(&self) -> bool {
        self.why == Why::Cut
    }

    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self.why {
            Why::Denied => Remedy::Permit,
            Why::Unavailable(_) | Why::Unreachable | Why::Cut | Why::Gone | Why::Changed | Why::Unlisted => {
                Remedy::Retry
            }
            Why::Missing
            | Why::Credential
            | Why::Expired
            | Why::NoCredential
            | Why::Region
            | Why::Clock
            | Why::Refused(_)
            | Why::Setup => Remedy::Configure,
        }
    }
}

impl fmt::Display for StoreFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, vendor, why } = self;
        write!(f, "{name}: {}", Sentence(*vendor, *why))
    }
}

struct Sentence(Vendor, Why);

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(vendor, why) = self;
        let (bucket, variables) = (vendor.bucket(), vendor.variables());
        match why {
            Why::Missing => write!(f, "there is no such {bucket}; make it, or correct its name"),
            Why::Denied => write!(f, "access is denied; allow {}", vendor.rights()),
            Why::Credential => write!(f, "the credential is refused; check {variables}"),
            Why::Expired => write!(f, "the credential has expired; get a new one: {variables}"),
            Why::NoCredential => write!(
                f,
                "no credential is set, and this machine has no identity there; set {variables}"
            ),
            Why::Region => write!(
                f,
                "the {bucket} is in another region or at another address; set {}",
                vendor.region()
            ),
            Why::Clock => f.write_str("this machine's clock is some minutes wrong; set it, best by NTP"),
            Why::Refused(status) => write!(
                f,
                "the store refuses the request ({status}); check the {bucket}'s name, {} and {variables}",
                vendor.region()
            ),
            Why::Unavailable(status) => write!(
                f,
                "the store answers {status} for now; try again later, nothing is lost"
            ),
            Why::Unreachable => write!(
                f,
                "the store cannot be reached; try again later, nothing is lost; if it stays so, check the network, the proxy \
                 and {}",
                vendor.endpoint()
            ),
            Why::Cut => f.write_str("the store went away in the middle; try again later, nothing is lost"),
            Why::Gone => f.write_str("an object went away; ask again"),
            Why::Changed => f.write_str("an object changed meanwhile; try again"),
            Why::Unlisted => f.write_str(
                "the store does not list yet what it has taken; nothing is lost, and the next run makes small files one",
            ),
            Why::Setup => write!(
                f,
                "what the environment sets makes no credential; check {variables}"
            ),
        }
    }
}

impl Error for StoreFault {}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> object_store::Error {
        object_store::Error::Generic {
            store: "S3",
            source: text.into(),
        }
    }

    /// As `object_store` 0.13.2 words what stores answer.
    #[test]
    fn an_answer_becomes_a_sentence_without_a_word_of_it() {
        let answer = |status: &str, code: &str| {
            generic(&format!(
                "Error performing GET http://127.0.0.1:1/b?list-type=2 in 1s - Server returned non-2xx status code: \
                 {status}: <Error><Code>{code}</Code><AWSAccessKeyId>AKIAHUSH</AWSAccessKeyId></Error>"
            ))
        };
        for (error, remedy, says) in [
            (
                answer("404 Not Found", "NoSuchBucket"),
                Remedy::Configure,
                "no such bucket",
            ),
            (
                answer("403 Forbidden", "AccessDenied"),
                Remedy::Permit,
                "s3:PutObject",
            ),
            (
                answer("403 Forbidden", "InvalidAccessKeyId"),
                Remedy::Configure,
                "AWS_ACCESS_KEY_ID",
            ),
            (
                answer("403 Forbidden", "RequestTimeTooSkewed"),
                Remedy::Configure,
                "clock",
            ),
            (
                answer("400 Bad Request", "AuthorizationHeaderMalformed"),
                Remedy::Configure,
                "AWS_REGION",
            ),
            (
                answer("400 Bad Request", "ExpiredToken"),
                Remedy::Configure,
                "expired",
            ),
            (answer("400 Bad Request", "New"), Remedy::Configure, "(400)"),
            (
                answer("503 Service Unavailable", "SlowDown"),
                Remedy::Retry,
                "answers 503 for now",
            ),
            (answer("429 Too Many", ""), Remedy::Retry, "answers 429 for now"),
            (
                generic("GET http://169.254.169.254/latest timed out"),
                Remedy::Configure,
                "no credential is set",
            ),
            (
                generic("this normally indicates an incorrectly configured region"),
                Remedy::Configure,
                "AWS_REGION",
            ),
            (
                generic("no such file: /hush"),
                Remedy::Configure,
                "makes no credential",
            ),
        ] {
            let error: anyhow::Error = StoreFault::wrap("s3://bucket", Vendor::Amazon, error).into();
            let said = format!("{error:#}");
            let fault = StoreFault::behind(&error);
            assert_eq!(fault.map(StoreFault::remedy), Some(remedy), "{said}");
            assert!(said.contains(says) && said.contains("s3://bucket: "), "{said}");
            assert!(!said.to_lowercase().contains("hush"), "{said}");
        }
    }
}
