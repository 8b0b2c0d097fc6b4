//! Services as sinks: each reads its own keys, and opens itself. A new one is a file here and a line in [`KINDS`].

mod archive;
mod elasticsearch;
mod sekoia;
mod sentinel;
mod splunk;
mod streams;

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

use super::table::Table;
use super::{ConfigError, OpenError, Outward, SecretSource, Secrets};
use message_trace_net::http::{Origin, SecretHeader, Transport};
use message_trace_sinks::Sink;

/// A service, set up. Holds no secret.
pub trait ServiceSetup: fmt::Debug + Send + Sync {
    /// What an acceptance counts for, beside the kind and the target: where events go and in which form.
    fn place(&self) -> String;

    /// Opens the sink. Sends nothing yet.
    ///
    /// # Errors
    ///
    /// If a secret cannot be had.
    fn open(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink>, OpenError>;
}

/// What a service is opened with.
pub struct Opening<'a> {
    /// What sinks share with what else a setup is for.
    pub outward: &'a Outward<'a>,
    /// The values of secret variables.
    pub secrets: Secrets<'a>,
    /// The way to services.
    pub transport: &'a Arc<dyn Transport>,
}

/// A kind of service: its `type`, its keys and how they are read.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) keys: &'static [&'static str],
    pub(super) read: fn(&Table<'_, '_>) -> Result<Arc<dyn ServiceSetup>, ConfigError>,
}

pub(super) const KINDS: &[Kind] = &[
    elasticsearch::KIND,
    sekoia::KIND,
    sentinel::KIND,
    splunk::KIND,
    streams::KAFKA,
    streams::NATS,
    archive::KIND,
];

/// The archive in a folder, as a flag names it.
pub(super) fn archive(folder: &str) -> Result<(&'static str, Arc<dyn ServiceSetup>), &'static str> {
    archive::of_folder(folder).map(|service| (archive::KIND.name, service))
}

/// The address under a key.
fn origin(table: &Table<'_, '_>, key: &str, expected: &str) -> Result<Option<Origin>, ConfigError> {
    let read = |text: String| {
        Origin::parse(&text).map_err(|error| table.missing(key, &format!("{error}; expected {expected}")))
    };
    table.text(key)?.map(read).transpose()
}

/// The secret under a key, which has to be there.
fn secret(table: &Table<'_, '_>, key: &'static str) -> Result<SecretSource, ConfigError> {
    let what = "expected { variable = \"NAME\" } or { file = \"PATH\" }";
    table.secret(key)?.ok_or_else(|| table.missing(key, what))
}

/// `Authorization: PREFIX SECRET`.
fn authorization(key: &str, source: &SecretSource, secrets: Secrets<'_>) -> Result<SecretHeader, OpenError> {
    source.header(key, http::header::AUTHORIZATION, secrets)
}

/// A secret's value.
fn value(key: &str, source: &SecretSource, secrets: Secrets<'_>) -> Result<SecretString, OpenError> {
    source.value(key, secrets)
}

/// An address that cannot be put together from its parts.
fn misfit(what: &str) -> OpenError {
    OpenError::Secret(format!("{what} make no address; check them"))
}
