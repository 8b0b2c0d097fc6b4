//! What an answer without rows means.

/// The app of Microsoft's that must have a service principal in the tenant before Graph gives message traces.
pub const SERVICE_PRINCIPAL_APP_ID: &str = "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373";

/// What an answer means for polling. Never holds text of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Status 200 with a JSON body: may be a page.
    Body,
    /// Status 200, but not JSON: a proxy's or gateway's page. Worth another try.
    NotJson,
    /// Too many requests.
    Throttled,
    /// The service has a hiccup: 408, 5xx and statuses nobody expects. Worth another try.
    Transient,
    /// The token is not accepted.
    Unauthorized,
    /// Microsoft's service principal is missing in the tenant; said as 401 or as 403.
    NoServicePrincipal,
    /// The app lacks the permission.
    Forbidden,
    /// The window starts before the service's retention.
    TooOld,
    /// The request is refused: 400, or a next link that has died.
    Refused,
    /// There is no such resource: 404, 410.
    Gone,
}

/// Judges an answer by status, content type and, where two causes share a status, by what the body mentions.
#[must_use]
pub fn judge(status: u16, content_type: Option<&str>, body: &[u8]) -> Verdict {
    match status {
        200 => {
            let is_json = content_type.is_none_or(|kind| kind.to_ascii_lowercase().contains("json"));
            if is_json { Verdict::Body } else { Verdict::NotJson }
        }
        401 | 403 if mentions(body, SERVICE_PRINCIPAL_APP_ID) => Verdict::NoServicePrincipal,
        401 => Verdict::Unauthorized,
        403 => Verdict::Forbidden,
        400 if mentions(body, "older than 90 days") => Verdict::TooOld,
        400 => Verdict::Refused,
        404 | 410 => Verdict::Gone,
        429 => Verdict::Throttled,
        _ => Verdict::Transient,
    }
}

/// Whether an answer that is no page has the form in which the service refuses: `{"error":{"code":"…"}}`. What answers
/// in its place has another one.
#[must_use]
pub fn is_refusal_of_service(content_type: Option<&str>, body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Refusal {
        error: Error,
    }
    #[derive(serde::Deserialize)]
    struct Error {
        #[serde(rename = "code")]
        _code: String,
    }
    let is_json = content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"));
    is_json
        && serde_json::from_slice::<Refusal>(body).is_ok_and(
            |Refusal {
                 error: Error { _code },
             }| true,
        )
}

fn mentions(body: &[u8], text: &str) -> bool {
    memchr::memmem::find(&body.to_ascii_lowercase(), text.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Option<&str> = Some("application/json; odata.metadata=minimal");

    #[test]
    fn the_service_principal_is_told_by_the_app_id() {
        let body = b"{\"error\":{\"message\":\"the service principal for App ID 8BD644D1-64a1-4d4b-ae52-2e0cbf64e373\"}}";
        assert_eq!(judge(401, JSON, body), Verdict::NoServicePrincipal);
        assert_eq!(judge(403, JSON, body), Verdict::NoServicePrincipal);
        assert_eq!(judge(401, JSON, b"{}"), Verdict::Unauthorized);
        assert_eq!(judge(403, JSON, b"{}"), Verdict::Forbidden);
    }

    #[test]
    fn html_with_200_is_no_body() {
        assert_eq!(judge(200, Some("text/html"), b"<html>"), Verdict::NotJson);
        assert_eq!(judge(200, JSON, b"{}"), Verdict::Body);
        assert_eq!(judge(200, None, b"{}"), Verdict::Body);
    }

    #[test]
    fn the_services_refusals_have_a_form_of_their_own() {
        let body = br#"{"error":{"code":"TooManyRequests","message":"x","innerError":{"date":"x"}}}"#;
        assert!(is_refusal_of_service(JSON, body));
        assert!(!is_refusal_of_service(Some("text/html"), body));
        assert!(!is_refusal_of_service(None, body));
        for other in [
            "",
            "<html>",
            "{}",
            "{\"error\":\"x\"}",
            "{\"error\":{\"message\":\"x\"}}",
            "{\"value\":[]}",
        ] {
            assert!(!is_refusal_of_service(JSON, other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn statuses_have_their_meaning() {
        for (status, verdict) in [
            (429, Verdict::Throttled),
            (408, Verdict::Transient),
            (500, Verdict::Transient),
            (503, Verdict::Transient),
            (302, Verdict::Transient),
            (400, Verdict::Refused),
            (404, Verdict::Gone),
            (410, Verdict::Gone),
        ] {
            assert_eq!(judge(status, JSON, b"{}"), verdict);
        }
        let old = b"Invalid StartDate value. The StartDate can't be older than 90 days from today.";
        assert_eq!(judge(400, JSON, old), Verdict::TooOld);
    }
}
