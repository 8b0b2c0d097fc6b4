//! Opening the sinks of a setup.

use std::sync::Arc;

use super::{Secrets, Setup, SinkSetup};
use crate::http::Transport;
use crate::remedy::Remedy;
use crate::sink::{FanOut, FileSink, HttpOptions, HttpSink, Member, Sink, SinkError, StdoutSink};

/// Opens the sinks of a setup as one, behind one acknowledgement.
///
/// `secrets` gives the values of variables that secret headers name.
///
/// # Errors
///
/// If a secret or a file cannot be had.
pub fn open_sinks(
    setup: &Setup,
    secrets: Secrets<'_>,
    transport: &Arc<dyn Transport>,
) -> Result<FanOut, OpenError> {
    let open = |sink: &SinkSetup| -> Result<Box<dyn Sink>, OpenError> {
        Ok(match sink {
            SinkSetup::Stdout => Box::new(StdoutSink::new()),
            SinkSetup::File { path, options } => Box::new(FileSink::open(path, options.clone())?),
            SinkSetup::Http {
                link,
                options,
                secret_headers,
            } => {
                let secret_headers: Result<_, _> = secret_headers
                    .iter()
                    .map(|(name, source)| source.read(name, secrets))
                    .collect();
                let options = HttpOptions {
                    secret_headers: secret_headers?,
                    ..HttpOptions::clone(options)
                };
                Box::new(HttpSink::new(link.clone(), options, Arc::clone(transport)))
            }
        })
    };
    let member = |sink: &SinkSetup| {
        Ok(Member {
            key: sink.key(setup.options.target.name()),
            sink: open(sink)?,
        })
    };
    let members: Result<Vec<_>, OpenError> = setup.sinks.iter().map(member).collect();
    Ok(FanOut::new(members?))
}

impl SinkSetup {
    /// What an acceptance counts for: an event of this target, at this address, in this form. A hash, for a query may
    /// hold a secret.
    fn key(&self, target: &str) -> String {
        let text = match self {
            Self::Stdout => format!("stdout {target}"),
            Self::File { path, .. } => format!("file {target} {}", path.display()),
            Self::Http { link, options, .. } => format!("http {target} {:?} {}", options.format, link.uri()),
        };
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

/// Why a sink cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// A secret cannot be had: one sentence with the fix.
    Secret(String),
    /// A file cannot be had.
    Sink(SinkError),
}

impl OpenError {
    /// What has to be done.
    #[must_use]
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Secret(_) => Remedy::Configure,
            Self::Sink(error) => error.remedy(),
        }
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret(sentence) => f.write_str(sentence),
            Self::Sink(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<SinkError> for OpenError {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}
