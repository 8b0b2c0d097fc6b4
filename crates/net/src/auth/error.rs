//! Why there is no token, as one sentence with the fix.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use http::response::Parts;
use serde::Deserialize;

use super::aadsts::{AADSTS, aadsts};
use super::{CertificateError, SecretError};
use crate::http::{TransportError, retry_after};
use message_trace_remedy::Remedy;

/// Why there is no token. Holds no text of the sign-in service, which would name the tenant and the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthError {
    remedy: Remedy,
    /// The number of an `AADSTS…` error.
    code: Option<u32>,
    /// The status of the answer, if there was one.
    status: Option<u16>,
    sentence: String,
    retry_after: Option<Duration>,
    server_time: Option<SystemTime>,
}

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: Option<serde_json::Value>,
    #[serde(default)]
    error_description: Option<String>,
    #[serde(default)]
    error_codes: Vec<u32>,
}

impl AuthError {
    fn new(remedy: Remedy, sentence: impl Into<String>) -> Self {
        let sentence = sentence.into();
        Self {
            remedy,
            code: None,
            status: None,
            sentence,
            retry_after: None,
            server_time: None,
        }
    }

    /// Something is to be configured.
    #[must_use]
    pub fn configure(sentence: impl Into<String>) -> Self {
        Self::new(Remedy::Configure, sentence)
    }

    /// Something of this program broke.
    pub(super) fn internal(sentence: impl Into<String>) -> Self {
        Self::new(Remedy::Report, sentence)
    }

    /// The answer is no token, though its status says so: a page of a proxy, most likely.
    pub(super) fn no_token() -> Self {
        Self::new(
            Remedy::Retry,
            "the sign-in service's answer is no token; if it stays so, check login-url and the proxy",
        )
    }

    /// Reads the answer of a service that gave no token.
    pub(super) fn refused(head: &Parts, body: &[u8], now: SystemTime) -> Self {
        let status = head.status.as_u16();
        let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
        let described = || refusal.error_description.as_deref().and_then(aadsts);
        let codes: Vec<u32> = refusal.error_codes.iter().copied().chain(described()).collect();
        let word = refusal
            .error
            .as_ref()
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        let known = codes
            .iter()
            .find_map(|code| AADSTS.iter().find(|(known, ..)| known == code));
        let (remedy, sentence) = match (known, word, status) {
            (Some((_, remedy, sentence)), ..) => (*remedy, *sentence),
            (_, "temporarily_unavailable" | "slow_down" | "server_error", _)
            | (.., 408 | 425 | 429 | 500..=599) => {
                (Remedy::Retry, "the sign-in service is unavailable for now")
            }
            (.., 300..=399) => (
                Remedy::Configure,
                "the sign-in service redirects; check login-url",
            ),
            (.., 404 | 405 | 410) => (
                Remedy::Configure,
                "there is no sign-in service there; check login-url and tenant-id",
            ),
            (_, "invalid_client", _) => (
                Remedy::Configure,
                "the sign-in service refuses the credential; check client-id and the secret or certificate",
            ),
            (_, "unauthorized_client", _) => (
                Remedy::Permit,
                "the application may not sign in this way; check it in Entra",
            ),
            (_, "invalid_resource" | "invalid_scope", _) => (
                Remedy::Configure,
                "the sign-in service does not know the API; check graph-url and login-url",
            ),
            _ => (
                Remedy::Configure,
                "the sign-in service refuses; check tenant-id, client-id and the credential",
            ),
        };
        Self {
            code: known.map(|(code, ..)| *code).or_else(|| codes.first().copied()),
            status: Some(status),
            retry_after: retry_after(&head.headers, now),
            server_time: super::authenticator::date(&head.headers),
            ..Self::new(remedy, sentence)
        }
    }

    /// The same refusal, said of a managed identity's endpoint.
    pub(super) fn of_managed_identity(self) -> Self {
        let (remedy, sentence) = match self.status {
            Some(404 | 408 | 410 | 425 | 429 | 500..=599) => (
                Remedy::Retry,
                "the managed identity's endpoint is unavailable for now",
            ),
            Some(400) => (
                Remedy::Configure,
                "this machine has no such managed identity; assign one, or check identity-client-id",
            ),
            Some(_) => (
                Remedy::Configure,
                "the managed identity's endpoint refuses; check the identity of this machine",
            ),
            None => return self,
        };
        Self {
            remedy,
            sentence: sentence.to_owned(),
            ..self
        }
    }

    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        self.remedy
    }

    /// The number of the `AADSTS…` error, if there is one.
    #[must_use]
    pub const fn code(&self) -> Option<u32> {
        self.code
    }

    /// The wait that the service asked for, if any.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The service's own time when it refused, for assertions out of their time.
    pub(super) const fn server_time(&self) -> Option<SystemTime> {
        self.server_time
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signing in: {}", self.sentence)?;
        match (self.code, self.status) {
            (Some(code), _) => write!(f, " (AADSTS{code})"),
            (None, Some(status)) => write!(f, " (status {status})"),
            (None, None) => Ok(()),
        }
    }
}

impl Error for AuthError {}

impl From<TransportError> for AuthError {
    fn from(error: TransportError) -> Self {
        Self::new(error.remedy(), error.to_string())
    }
}

impl From<SecretError> for AuthError {
    fn from(error: SecretError) -> Self {
        Self::new(error.remedy(), error.to_string())
    }
}

impl From<CertificateError> for AuthError {
    fn from(error: CertificateError) -> Self {
        Self::new(error.remedy(), error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::Response;

    use super::super::aadsts::AADSTS;
    use super::AuthError;
    use message_trace_remedy::Remedy;

    fn refused(status: u16, body: &str) -> AuthError {
        let mut answer = Response::new(());
        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
        answer
            .headers_mut()
            .insert("retry-after", http::HeaderValue::from_static("7"));
        AuthError::refused(&answer.into_parts().0, body.as_bytes(), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn the_table_names_each_code_once_and_each_sentence_says_the_fix() {
        for (index, (code, remedy, sentence)) in AADSTS.iter().enumerate() {
            assert!(
                !AADSTS.iter().skip(index + 1).any(|(other, ..)| other == code),
                "{code} twice"
            );
            let says_fix = sentence.contains(';') || matches!(remedy, Remedy::Retry | Remedy::Report);
            assert!(says_fix, "AADSTS{code}: {sentence}");
        }
    }

    #[test]
    fn codes_are_read_from_the_list_and_from_the_text() {
        let listed = r#"{"error":"invalid_client","error_codes":[7000215],"error_description":"AADSTS7000215: canary"}"#;
        let described =
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: canary. Trace ID: canary"}"#;
        for body in [listed, described] {
            let error = refused(401, body);
            assert_eq!(
                (error.code(), error.remedy()),
                (Some(7_000_215), Remedy::Configure)
            );
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
            let text = format!("{error} {error:?}");
            assert!(
                text.contains("secret's value, not its id") && !text.contains("canary"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_known_goes_by_the_word_and_the_status() {
        for (status, body, remedy) in [
            (503, "<html>", Remedy::Retry),
            (429, "", Remedy::Retry),
            (
                400,
                r#"{"error":"temporarily_unavailable","error_codes":[1]}"#,
                Remedy::Retry,
            ),
            (
                400,
                r#"{"error":"invalid_request","error_codes":[90055]}"#,
                Remedy::Retry,
            ),
            (
                400,
                r#"{"error":"invalid_client","error_codes":[424242]}"#,
                Remedy::Configure,
            ),
            (400, r#"{"error":{"code":"x"}}"#, Remedy::Configure),
            (
                400,
                r#"{"error":"invalid_resource","error_codes":[500011]}"#,
                Remedy::Configure,
            ),
            (403, r#"{"error":"unauthorized_client"}"#, Remedy::Permit),
            (
                401,
                r#"{"error":"invalid_client","error_codes":[7000229]}"#,
                Remedy::Permit,
            ),
            (404, "", Remedy::Configure),
            (302, "", Remedy::Configure),
        ] {
            assert_eq!(refused(status, body).remedy(), remedy, "{status} {body}");
        }
        assert!(
            refused(400, r#"{"error":"invalid_client","error_codes":[424242]}"#)
                .to_string()
                .contains("AADSTS424242")
        );
    }
}
