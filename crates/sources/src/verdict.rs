//! What an answer without rows means.

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

impl Verdict {
    /// What a status means where the body says no more.
    #[must_use]
    pub(crate) fn of_status(status: u16, content_type: Option<&str>) -> Self {
        match status {
            200 if content_type.is_none() || super::is_json(content_type) => Self::Body,
            200 => Self::NotJson,
            400 => Self::Refused,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 | 410 => Self::Gone,
            429 => Self::Throttled,
            _ => Self::Transient,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    const JSON: Option<&str> = Some("application/json; odata.metadata=minimal");

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
            assert_eq!(Verdict::of_status(status, JSON), verdict);
        }
    }

    #[test]
    fn html_with_200_is_no_body() {
        assert_eq!(Verdict::of_status(200, Some("text/html")), Verdict::NotJson);
        assert_eq!(Verdict::of_status(200, JSON), Verdict::Body);
        assert_eq!(Verdict::of_status(200, None), Verdict::Body);
    }
}
