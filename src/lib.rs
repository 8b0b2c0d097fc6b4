//! Turns raw Microsoft 365 message-trace rows into events for a SIEM.

mod options;
mod record;
mod rejection;

pub use options::{Options, Target};
pub use record::Revision;
pub use rejection::{Rejected, Rejection};

/// The ECS version that target `ecs` writes.
pub const ECS_VERSION: &str = "9.4.0";
/// The OCSF version that target `ocsf` writes.
pub const OCSF_VERSION: &str = "1.8.0";
/// The formats that are detected, by name.
pub const FORMATS: [&str; 2] = ["graph", "reporting"];
/// The longest line that is read unless the options say otherwise, in bytes.
pub const DEFAULT_MAX_LINE_BYTES: u32 = 1_048_576;
/// The deepest nesting that is read, in levels; the line's own brackets are the first.
pub const MAX_DEPTH: u32 = 64;

/// Turns one line into one event with the default options.
///
/// # Errors
///
/// The [`Rejection`] that says why the line gives no event.
pub fn normalize(line: &str) -> Result<String, Rejection> {
    let mut event = Vec::new();
    Normalizer::new(Options::default()).normalize(line.as_bytes(), &mut event)?;
    Ok(String::from_utf8_lossy(&event).into_owned())
}

/// Turns lines into events under one set of options.
#[derive(Debug)]
pub struct Normalizer {
    options: Options,
}

impl Normalizer {
    /// Makes a normalizer. Never fails.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    /// Appends the event of one line to `out`, without a line feed. On a rejection `out` is as it was.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] that says why the line gives no event.
    pub fn normalize(&mut self, _line: &[u8], _out: &mut Vec<u8>) -> Result<(), Rejection> {
        let _ = &self.options;
        Err(Rejection::UnknownFormat)
    }

    /// Appends the event of a line that was delivered before and has changed since.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] that says why the line gives no event.
    pub fn normalize_revision(
        &mut self,
        line: &[u8],
        _revision: &Revision<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Rejection> {
        self.normalize(line, out)
    }

    /// Appends the events of all lines to `events`, each with a line feed, and their refusals to `rejections`.
    /// Returns how many events were appended.
    pub fn normalize_batch(
        &mut self,
        _lines: &[u8],
        _events: &mut Vec<u8>,
        _rejections: &mut Vec<Rejected>,
    ) -> u32 {
        0
    }
}
