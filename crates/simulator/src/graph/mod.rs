//! Microsoft Graph: the list of message traces and their details.

mod details;
mod filter;
mod link;
mod list;
mod quota;
mod refusal;

pub(crate) use details::{details, refusal};
pub(crate) use link::encode as encode_query;
pub(crate) use list::{Refusal, dead, list, page_reply};
pub(crate) use quota::Window;
pub(crate) use refusal::{permission_missing, principal_missing, token_refused, too_many};

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
