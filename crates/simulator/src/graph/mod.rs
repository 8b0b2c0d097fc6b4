//! Microsoft Graph: the list of message traces and their details.

mod details;
mod filter;
mod link;
mod list;
mod quota;

pub(crate) use details::details;
pub(crate) use link::encode as encode_query;
pub(crate) use list::{Refusal, dead, list, page_reply};
pub(crate) use quota::Window;

/// The API's version in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    Beta,
}

impl Version {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// The application whose service principal a tenant must have.
pub(crate) const TRACE_SERVICE_APP: &str = "8bd644d1-64a1-4d4b-ae52-2e0cbf64e373";
