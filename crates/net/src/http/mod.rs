//! Outbound HTTP: one blocking client, and the rule of where a secret may go.
//!
//! Requests and answers are [`http::Request`] and [`http::Response`] over bytes, so that whatever builds and reads them
//! needs no network. [`Origin`] pins scheme, host, port and path; [`Link`] is an address that stayed inside it, and the
//! only thing a [`Bearer`] or a secret header can be attached to. [`Client`] refuses an `Authorization` header that did
//! not come that way, follows no redirect, and bounds time and size.

mod client;
mod error;
mod spelling;
mod link;
mod origin;
mod retry;
mod secret;
mod stop;

pub use client::{Client, ClientError, ClientOptions, MAX_BODY_BYTES, Transport};
pub use error::{TransportError, TransportFault};
pub use link::Link;
pub use origin::{LinkError, MAX_LINK_BYTES, Origin, OriginError};
pub use retry::retry_after;
pub use secret::{Bearer, SecretHeader};
pub use stop::{Pause, Stop};
