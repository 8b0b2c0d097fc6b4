//! One setup, from flags, the environment and a file.
//!
//! Each key of [`KEYS`] can be given as a flag (`--graph-url`), as an environment variable (`MESSAGE_TRACE_GRAPH_URL`) or
//! in the TOML file (`graph-url`); a flag counts before a variable, a variable before the file. Sinks with settings of
//! their own are tables of the file. No key takes a secret: secrets come from `MESSAGE_TRACE_CLIENT_SECRET` and
//! `MESSAGE_TRACE_CERTIFICATE_PASSWORD`, or from private files that a key names. `example.toml` shows every key.

#[cfg(feature = "engine")]
mod alerts;
mod args;
mod cloud;
mod credential;
mod details;
mod error;
mod file;
mod folder;
mod folders;
mod layers;
mod missing;
mod mistyped;
mod open;
mod services;
mod setup;
mod sink;
mod table;
mod value;

#[cfg(feature = "engine")]
pub use alerts::{AlertSetup, load_alerts};
pub use args::PollArgs;
pub use cloud::Cloud;
pub use credential::{AuthSetup, KeptSecrets, SECRET_VARIABLES, Secrets};
pub use details::Statuses;
pub use error::{ConfigError, Place};
pub use folder::FolderSetup;
pub use folders::check_folders;
pub use layers::{Environment, KEYS, Key, Kind};
pub use mistyped::passed_over;
pub use open::{OpenError, Outward, open_sinks};
pub use services::{Opening, ServiceSetup};
pub(crate) use setup::beside;
pub use setup::{Api, Backfill, Setup, dead_letter_path, load};
pub use sink::SinkSetup;
pub use table::SecretSource;
pub use value::{bytes, duration};
