//! Why a batch cannot be acknowledged.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::RefusedReason;
use message_trace_net::http::TransportError;
use message_trace_remedy::Remedy;

/// Why a batch cannot be acknowledged. Holds no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkError {
    /// The reader of standard output went away. The program ends without a commit.
    Closed,
    /// The service cannot be reached.
    Unreachable(TransportError),
    /// The service fails for now.
    Unavailable {
        /// Its status.
        status: u16,
        /// The wait it asked for, if any.
        retry_after: Option<Duration>,
    },
    /// The service answers with a success that acknowledges nothing: a web page, or a status that was not expected.
    NotAcknowledged {
        /// Its status, 2xx.
        status: u16,
        /// Whether the answer is a web page, as a gateway's sign-in is.
        is_page: bool,
    },
    /// The service has taken events and has not acknowledged them yet.
    NotYetAcknowledged {
        /// How many.
        events: usize,
    },
    /// The credential for the service cannot be had: one sentence with the fix.
    NoToken {
        /// The sentence.
        sentence: String,
        /// What has to be done.
        remedy: Remedy,
        /// The wait that the sign-in service asked for, if any.
        retry_after: Option<Duration>,
    },
    /// The service refuses the request whatever its events: wrong credential, wrong address, a redirect.
    Denied {
        /// Its status.
        status: u16,
    },
    /// The service refuses events, and has never accepted one: the sink, not the events, is mis-set.
    RefusesAll(RefusedReason),
    /// The service refuses every event of a request alike, with a reason that says as much of its own setting.
    RefusesEach(RefusedReason),
    /// The service is set up in another way than the sink: one sentence with the fix.
    Misset(&'static str),
    /// A service that is not spoken to over HTTP fails: one sentence with the fix.
    Stream {
        /// The sentence.
        sentence: String,
        /// What has to be done.
        remedy: Remedy,
    },
    /// What waits for a sink cannot be kept: one sentence with the fix.
    NotKept {
        /// The sentence.
        sentence: String,
        /// What has to be done.
        remedy: Remedy,
    },
    /// A file or folder cannot be written.
    Storage {
        /// Which.
        path: PathBuf,
        /// What the system said.
        kind: ErrorKind,
    },
    /// Another program writes to the file.
    Locked(PathBuf),
    /// The program broke a rule of its own.
    Internal(&'static str),
}

impl SinkError {
    /// A failure of a file or folder.
    #[must_use]
    pub fn storage(path: &Path, error: &io::Error) -> Self {
        Self::Storage {
            path: path.to_owned(),
            kind: error.kind(),
        }
    }

    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Unreachable(error) => error.remedy(),
            Self::NoToken { remedy, .. } | Self::NotKept { remedy, .. } | Self::Stream { remedy, .. } => {
                *remedy
            }
            Self::Closed | Self::Unavailable { .. } | Self::NotYetAcknowledged { .. } => Remedy::Retry,
            Self::NotAcknowledged { .. }
            | Self::Denied { .. }
            | Self::RefusesAll(_)
            | Self::RefusesEach(_)
            | Self::Misset(_)
            | Self::Locked(_) => Remedy::Configure,
            Self::Storage { .. } => Remedy::Storage,
            Self::Internal(_) => Remedy::Report,
        }
    }

    /// The wait that the service asked for, if any.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::NoToken { retry_after, .. } => *retry_after,
            // It has them; asking again is all there is to do.
            Self::NotYetAcknowledged { .. } => Some(Duration::from_secs(1)),
            _ => None,
        }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str(
                "the reader of standard output went away before all was delivered; nothing is lost: start again, and \
                 what it did not take follows",
            ),
            Self::Unreachable(error) => write!(f, "the sink cannot be reached: {error}"),
            Self::Unavailable { status, .. } => {
                write!(f, "the sink answers {status} for now; nothing is lost")
            }
            Self::NotYetAcknowledged { events } => write!(
                f,
                "the sink has taken {events} events and has not acknowledged them yet; nothing is lost"
            ),
            Self::NoToken { sentence, .. } | Self::NotKept { sentence, .. } | Self::Stream { sentence, .. } => f.write_str(sentence),
            Self::Misset(sentence) => f.write_str(sentence),
            Self::NotAcknowledged { status, is_page: true } => write!(
                f,
                "the sink answers {status} with a web page, which acknowledges nothing; check the sink's url and what \
                 signs in before it, or set accept-html if the collector itself answers so"
            ),
            Self::NotAcknowledged { status, .. } => write!(
                f,
                "the sink answers {status}, which acknowledges nothing; check the sink's url, or name the status in \
                 expect-status if it means that all events were accepted"
            ),
            Self::Denied { status: 401 | 403 } => f.write_str(
                "the sink refuses the credential; check the sink's key, token or secret-headers and what they may do",
            ),
            Self::Denied { status: 300..=399 } => f.write_str(
                "the sink redirects, which is not followed; set the sink's url to its final address",
            ),
            Self::Denied { status } => {
                write!(f, "the sink answers {status}; check the sink's url and format")
            }
            Self::RefusesAll(RefusedReason::TooLarge(limit)) => write!(
                f,
                "the sink has accepted no event yet, and the first are larger than its max-bytes of {limit}; raise it"
            ),
            Self::RefusesAll(reason) => write!(
                f,
                "the sink has accepted no event yet and refuses the first with {reason}; check the sink's url, format \
                 and the target"
            ),
            Self::RefusesEach(reason) => write!(
                f,
                "the sink refuses every event alike with {reason}; check the pipeline, index and template there"
            ),
            Self::Storage { path, kind } => {
                let path = path.display();
                match kind {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                        write!(
                            f,
                            "{path}: no space left; free some, then start again, nothing is lost"
                        )
                    }
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                        write!(
                            f,
                            "{path}: cannot be written; give this user the right to write there"
                        )
                    }
                    ErrorKind::NotFound => write!(f, "{path}: its folder does not exist; create it"),
                    kind => write!(f, "{path}: {kind}"),
                }
            }
            Self::Locked(path) => {
                write!(
                    f,
                    "{}: another program writes to it; end that one, or name another file",
                    path.display()
                )
            }
            Self::Internal(what) => write!(f, "internal: {what}; please report it"),
        }
    }
}

impl Error for SinkError {}

/// A sink's error, with the sink's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkFailure {
    /// The sink; empty for the dead letter, whose errors name its file.
    pub sink: String,
    /// What went wrong.
    pub error: SinkError,
}

impl fmt::Display for SinkFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sink, error } = self;
        // A file's error names its path already.
        let is_named = sink.is_empty() || matches!(error, SinkError::Storage { .. } | SinkError::Locked(_));
        if is_named || *error == SinkError::Closed {
            return error.fmt(f);
        }
        write!(f, "{sink}: {error}")
    }
}

impl Error for SinkFailure {}

impl From<SinkError> for SinkFailure {
    fn from(error: SinkError) -> Self {
        let sink = String::new();
        Self { sink, error }
    }
}
