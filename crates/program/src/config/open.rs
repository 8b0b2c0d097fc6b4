//! Opening the sinks of a setup.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use message_trace::Target;

use super::{AuthSetup, KeptSecrets, Opening, Secrets, Setup, SinkSetup};
use message_trace_net::auth::Application;
use message_trace_net::http::Transport;
use message_trace_remedy::Remedy;
use message_trace_sinks::{
    FanOut, FileSink, HttpOptions, HttpSink, Member, Named, Sink, SinkError, StdoutSink,
};

/// What opening sinks takes: the sinks, and what they share with what else a setup is for.
#[derive(Clone, Copy, Debug)]
pub struct Outward<'a> {
    /// Where events go.
    pub sinks: &'a [SinkSetup],
    /// The shape of the events.
    pub target: Target,
    /// Who signs in, for a sink that signs in as polling does.
    pub application: &'a Application,
    /// How.
    pub auth: &'a AuthSetup,
    /// Certificate authorities to trust beside the platform's.
    pub ca_file: Option<&'a Path>,
}

impl Setup {
    /// What opening its sinks takes.
    #[must_use]
    pub fn outward(&self) -> Outward<'_> {
        Outward {
            sinks: &self.sinks,
            target: self.options.target,
            application: &self.application,
            auth: &self.auth,
            ca_file: self.client.ca_file.as_deref(),
        }
    }
}

/// Opens sinks as one, behind one acknowledgement.
///
/// `secrets` gives the values of variables that secret headers name.
///
/// # Errors
///
/// If a secret or a file cannot be had.
pub fn open_sinks(
    outward: &Outward<'_>,
    secrets: Secrets<'_>,
    transport: &Arc<dyn Transport>,
) -> Result<FanOut, OpenError> {
    // Two sinks may need one variable, which is taken out of the environment with its first reading.
    let kept = KeptSecrets::of(secrets);
    let secrets: Secrets<'_> = &|name| kept.get(name);
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
            // A name of a name does not come about.
            SinkSetup::Named { .. } => return Err(SinkError::Internal("a sink with two names").into()),
            SinkSetup::Service { service, .. } => service.open(&Opening {
                outward,
                secrets,
                transport,
            })?,
        })
    };
    let member = |sink: &SinkSetup| {
        Ok(Member {
            key: sink.key(outward.target.name()),
            sink: match sink {
                SinkSetup::Named { name, sink } => Box::new(Named::new(name.clone(), open(sink)?)),
                sink => open(sink)?,
            },
        })
    };
    let members: Result<Vec<_>, OpenError> = outward.sinks.iter().map(member).collect();
    Ok(FanOut::new(told_apart(members?)))
}

/// Gives each sink a name that no other has: the ledger and the dead letter know sinks by their names.
fn told_apart(members: Vec<Member>) -> Vec<Member> {
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut apart = Vec::new();
    for Member { key, sink } in members {
        let nth = names
            .entry(sink.name().to_owned())
            .and_modify(|nth| *nth += 1)
            .or_insert(1);
        let sink: Box<dyn Sink> = match nth {
            1 => sink,
            nth => Box::new(Named::new(format!("{} ({nth})", sink.name()), sink)),
        };
        apart.push(Member { key, sink });
    }
    apart
}

impl SinkSetup {
    /// What an acceptance counts for: an event of this target, at this address, in this form. A hash, for a query may
    /// hold a secret.
    fn key(&self, target: &str) -> String {
        let text = match self {
            Self::Stdout => format!("stdout {target}"),
            Self::File { path, .. } => format!("file {target} {}", path.display()),
            Self::Http { link, options, .. } => format!("http {target} {:?} {}", options.format, link.uri()),
            // What a sink is called changes nothing about where events go.
            Self::Named { sink, .. } => return sink.key(target),
            Self::Service { kind, service } => format!("{kind} {target} {}", service.place()),
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
