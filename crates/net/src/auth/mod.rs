//! Signing in: from a credential to a bearer token.
//!
//! What is sent and what an answer means are pure functions ([`token_request`], [`read_token`]), given the time and the
//! random they need. [`Authenticator`] is the part that talks: it holds the token, renews it before its end, and once,
//! for all threads together, when a service refuses it.
//!
//! Secrets come from the environment or from a private file, never from the command line, and show up in no error, log
//! or `Debug` text. Texts of the sign-in service are not repeated: they hold ids of the tenant and the application.

mod aadsts;
mod authenticator;
mod certificate;
mod error;
mod managed;
mod request;
mod secret;
mod token;

pub use authenticator::Authenticator;
pub use certificate::{Certificate, CertificateError};
pub use error::AuthError;
pub use managed::ManagedIdentity;
pub use request::{Application, Credential, Draw, scope_of, token_request};
pub use secret::{SecretError, protect_process, read_secret_file, take_variable};
pub use token::{Token, read_token, renew_after};
