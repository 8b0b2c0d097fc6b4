//! Faults on demand: by script, one by one, or by chance from the seed.

mod chance;
pub mod hostile;
mod script;

pub use chance::FaultRates;
pub use script::{Endpoint, Injection, When};

pub(crate) use script::Script;

/// Something that goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with `Retry-After` in one of its forms.
    TooManyRequests(RetryAfter),
    /// An error of the service: 408, 500, 502, 503, 504 or any other status, with the `Retry-After` it may carry.
    Status(u16, RetryAfter),
    /// The connection is reset before the answer.
    ResetBefore,
    /// The connection is reset after a share of the body, per mille.
    ResetWithin(u32),
    /// The connection ends in good order after a share of the body, per mille.
    Truncated(u32),
    /// The body comes at so many bytes a second.
    Slow(u32),
    /// No answer ever comes.
    Silent,
    /// An HTML page with status 200, as from a proxy that wants something.
    HtmlPage,
    /// Every token given out so far is refused from now on: 401 `InvalidAuthenticationToken`.
    TokenExpired,
    /// The next link is refused with a status (400 or 410): at once when the request follows one, else the link on
    /// this page will be.
    DeadNextLink(u16),
    /// The page has a next link that leads to itself, for ever.
    LoopingNextLink,
    /// No rows, and a next link that leads to them.
    EmptyPage,
    /// The page has this text as its next link.
    HostileNextLink(String),
    /// A redirect with a status to a place.
    Redirect(u16, String),
    /// The service principal of the trace service is missing in the tenant, with status 401 or 403.
    ServicePrincipalMissing(u16),
    /// The permission was not granted: 403.
    PermissionMissing,
    /// The body is valid JSON of another shape than documented: `value` is no array.
    WrongShape,
}

/// What a `Retry-After` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// No such header.
    Absent,
    /// So many seconds, written as a number.
    Seconds(u32),
    /// So many seconds from now, written as a date.
    Date(u32),
    /// Any text: negative, fractions, nonsense.
    Text(String),
}

impl RetryAfter {
    pub(crate) fn header(&self, now: chrono::DateTime<chrono::Utc>) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::Seconds(seconds) => Some(seconds.to_string()),
            Self::Date(seconds) => {
                let at = now + chrono::Duration::seconds(i64::from(*seconds));
                // A date has whole seconds only: cut, it would ask for less than was meant.
                let at = at + chrono::Duration::milliseconds(999);
                Some(http_date(at))
            }
            Self::Text(text) => Some(text.clone()),
        }
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(crate) fn http_date(time: chrono::DateTime<chrono::Utc>) -> String {
    httpdate::fmt_http_date(time.into())
}
