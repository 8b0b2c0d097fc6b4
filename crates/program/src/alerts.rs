//! The command `detect`: alerts on standard output, or on their way to sinks.

use std::collections::BTreeMap;
use std::io::{BufWriter, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use message_trace_analytics::{Busy, DetectArguments, Detected, Notice, Outlets, detect};

use crate::cli::of_analytics;
use crate::config::{Environment, KeptSecrets, duration, load_alerts, open_sinks, passed_over};
use crate::poll::{say_checked, with_patience};
use message_trace_net::auth::{protect_process, take_variable};
use message_trace_net::http::{Client, Stop, Transport};
use message_trace_remedy::{Code, Failure, Remedy};
use message_trace_sinks::{Batch, EventKey, FanOut, Refusal, SinkFailure};

/// Alerts were raised.
const ALERTS: u8 = 1;

// The command's own help stands at the flattened arguments.
#[expect(
    missing_docs,
    reason = "a doc comment would stand in the place of the command's help"
)]
#[derive(Debug, clap::Args)]
#[group(skip)]
#[expect(
    clippy::doc_markdown,
    reason = "the doc comments are the help texts, which show no Markdown"
)]
pub struct Arguments {
    #[command(flatten)]
    detect: DetectArguments,
    /// Where alerts go, once each: stdout, file:PATH or http(s)://HOST/PATH; repeat it for more
    #[arg(
        long = "sink",
        value_name = "SINK",
        help_heading = "Sinks",
        conflicts_with_all = ["json", "explain", "no_state"]
    )]
    sinks: Vec<String>,
    /// TOML file with the sinks of alerts, as `poll` has it: [[sinks]], and what they need to sign in
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Sinks",
        conflicts_with_all = ["json", "explain", "no_state"]
    )]
    config: Option<PathBuf>,
    /// Raise and send nothing; ask each sink whether it is there and takes what would be sent, then end
    #[arg(long, help_heading = "Sinks")]
    check_sinks: bool,
    /// How long a sink that fails is tried in this run, up to 1h; what it does not take waits for the next one
    #[arg(long, value_name = "DURATION", help_heading = "Sinks", default_value = "1m", value_parser = patience)]
    patience: Duration,
}

fn patience(text: &str) -> Result<Duration, String> {
    let within = |patience: &Duration| *patience <= Duration::from_hours(1);
    let none = (text == "0s").then_some(Duration::ZERO);
    none.or_else(|| duration(text).filter(within))
        .ok_or_else(|| "expected a duration from 0s to 1h, such as 30s".to_owned())
}

/// Raises alerts, and says how many.
///
/// # Errors
///
/// What is wrong with the command line, a setting, a file or a sink; what a sink does not take is kept for the next run.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut out = BufWriter::new(stdout().lock());
    if arguments.sinks.is_empty() && arguments.config.is_none() {
        if arguments.check_sinks {
            let what = "there is no sink to be asked; name one with --sink, or a file with --config";
            return Err(Failure::say(Code::Usage, what));
        }
        return match detect(&arguments.detect, None, &mut out) {
            Ok(detected) => Ok(ended(&detected)),
            Err(error) => of_detect(error),
        };
    }
    let mut deliverer = Deliverer::open(arguments)?;
    if arguments.check_sinks {
        return say_checked(&mut deliverer.sinks)
            .map(|()| ExitCode::SUCCESS)
            .map_err(|fault| Failure::say(Code::Remedy(fault.remedy), fault.sentence));
    }
    // What a sink writes on standard output is not to wait for what this function holds.
    drop(out);
    let mut nothing = std::io::sink();
    let detected = match detect(&arguments.detect, Some(&mut deliverer), &mut nothing) {
        Ok(detected) => detected,
        Err(error) => return of_detect(error),
    };
    let code = ended(&detected);
    match deliverer.told(&detected) {
        Some(failure) => Err(failure),
        None => Ok(code),
    }
}

fn of_detect(error: anyhow::Error) -> Result<ExitCode, Failure> {
    if error.is::<Busy>() {
        return Err(Failure::new(Code::Remedy(Remedy::Retry), error));
    }
    of_analytics(error)
}

/// Says what a run came to, and gives its exit code.
fn ended(detected: &Detected) -> ExitCode {
    for sentence in detected.sentences() {
        eprintln!("message-trace: {sentence}");
    }
    match (detected.problems.is_empty(), detected.has_news()) {
        (false, _) => Remedy::Configure.into(),
        (true, true) => ExitCode::from(ALERTS),
        (true, false) => ExitCode::SUCCESS,
    }
}

/// The sinks, and what went wrong with them.
struct Deliverer {
    sinks: FanOut,
    patience: Duration,
    failures: Vec<SinkFailure>,
    /// Why alerts were refused, and how many, by sink.
    refused: BTreeMap<String, (String, usize)>,
}

impl Deliverer {
    /// Opens the sinks. Secrets are taken out of the environment here, while there is one thread.
    fn open(arguments: &Arguments) -> Result<Self, Failure> {
        protect_process();
        let environment = Environment::of_process();
        let wrong = |remedy: Remedy, sentence: String| Failure::say(Code::Remedy(remedy), sentence);
        let setup = load_alerts(arguments.config.as_deref(), &arguments.sinks, &environment)
            .map_err(|error| wrong(error.remedy(), error.to_string()))?;
        crate::logging::start(setup.log);
        for sentence in passed_over(&environment) {
            log::warn!("{sentence}");
        }
        let secrets = KeptSecrets::of(&take_variable);
        let client =
            Client::new(setup.client.clone()).map_err(|error| wrong(Remedy::Configure, error.to_string()))?;
        let transport: Arc<dyn Transport> = Arc::new(client);
        let sinks = open_sinks(&setup.outward(), &|name| secrets.get(name), &transport)
            .map_err(|error| wrong(error.remedy(), error.to_string()))?;
        Ok(Self {
            sinks,
            patience: arguments.patience,
            failures: Vec::new(),
            refused: BTreeMap::new(),
        })
    }

    /// Says what sinks have not taken; the first of it is why the command fails.
    fn told(self, detected: &Detected) -> Option<Failure> {
        let names = self.sinks.names();
        let mut first = None;
        let mut say = |remedy: Remedy, sentence: String| {
            if first.is_none() {
                first = Some(Failure::say(Code::Remedy(remedy), sentence));
            } else {
                eprintln!("message-trace: {sentence}");
            }
        };
        let waiting = |name: &str| {
            let found = detected.waiting.iter().find(|(sink, _)| sink == name);
            found.map_or(0, |(_, count)| *count)
        };
        for failure in &self.failures {
            let count = waiting(&failure.sink);
            say(
                failure.error.remedy(),
                format!("{failure}; {count} waiting for it, which the next run delivers"),
            );
        }
        for (sink, (reason, count)) in &self.refused {
            say(
                Remedy::Configure,
                format!(
                    "{sink} refuses {count} of the alerts with {reason}; they wait, and are tried again with the next run: \
                     fix what it refuses, or have them forgotten with --forget '{sink}'"
                ),
            );
        }
        for (sink, count) in &detected.waiting {
            if !names.contains(sink) {
                eprintln!(
                    "message-trace: {count} waiting for {sink}, which is no sink of this run: name it again, or have them \
                     forgotten with --forget '{sink}'"
                );
            }
        }
        first
    }
}

impl Outlets for Deliverer {
    fn names(&self) -> Vec<String> {
        self.sinks.names()
    }

    fn deliver(&mut self, to: &str, alerts: &[Notice]) -> Vec<usize> {
        let mut batch = Batch::default();
        for Notice { id, sequence, json } in alerts {
            if batch
                .push(EventKey::new(id.clone(), *sequence), json.as_bytes())
                .is_err()
            {
                // JSON of one line, which every alert is, is always taken.
                return Vec::new();
            }
        }
        let delivered = with_patience(self.patience, &Stop::default(), || {
            self.sinks.deliver(&batch, Some(to))
        });
        match delivered {
            Ok(refused) => {
                let refused = refused.unwrap_or_default();
                for Refusal { sink, refused } in &refused {
                    let reason = refused.reason.to_string();
                    self.refused.entry(sink.clone()).or_insert((reason, 0)).1 += 1;
                }
                let is_refused =
                    |place: &usize| refused.iter().any(|refusal| refusal.refused.index == *place);
                (0..alerts.len()).filter(|place| !is_refused(place)).collect()
            }
            Err(failure) => {
                self.failures.push(failure);
                Vec::new()
            }
        }
    }
}
