//! The command `poll`: a setup in, an exit code out.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::driver::{Clock, Service, drive};
use super::handover::Handover;
use super::{Fault, Input, Order, Outcome, Rhythm, Settings};
use crate::auth::{Authenticator, protect_process, take_variable};
use crate::config::{Backfill, Environment, PollArgs, Setup, check_folders, load, open_sinks};
use crate::host::{Cache, Host};
use crate::http::{Client, Pause, Stop, Transport};
use crate::ledger::{FileLedger, told_apart};
use crate::remedy::Remedy;
use crate::sink::DeadLetter;

/// The source, as a ledger knows it. Both versions of Graph's API give the same rows.
const SOURCE: &str = "graph";

/// How `poll` ended: well, or with what has to be done.
pub type Ended = Result<(), Fault>;

/// Runs `poll` with flags, the environment and the file that they name.
#[must_use]
pub fn run(arguments: &PollArgs) -> ExitCode {
    protect_process();
    let setup = load(arguments, &Environment::of_process());
    let ended = setup
        .map_err(|error| Fault::new(error.remedy(), error.to_string()))
        .and_then(|setup| run_setup(&setup));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault { remedy, sentence }) => {
            eprintln!("message-trace: {sentence}");
            remedy.into()
        }
    }
}

/// Polls as a setup says until it is caught up, told to stop, or cannot go on.
///
/// # Errors
///
/// Why it cannot go on: one sentence with the fix.
pub fn run_setup(setup: &Setup) -> Ended {
    crate::logging::start(setup.log);
    check_folders(setup).map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    // Secrets first: they are taken out of the environment while there is one thread.
    let credential = setup
        .auth
        .credential()
        .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let client =
        Client::new(setup.client.clone()).map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let transport: Arc<dyn Transport> = Arc::new(client);
    let stop = Stop::default();
    let pause: Arc<dyn Pause> = Arc::new(stop.clone());
    let sink = open_sinks(setup, &take_variable, &transport, &pause)
        .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let mut ledger =
        FileLedger::open(&setup.ledger, &setup.application.tenant_id, SOURCE).map_err(|error| {
            let error = told_apart(error);
            Fault::new(error.remedy(), error.to_string())
        })?;
    let mut handover = Handover {
        transform: transform(setup)?,
        sink,
        dead_letter: DeadLetter::new(setup.dead_letter.clone()),
        rejected: 0,
    };
    let tracing = setup
        .graph
        .under(&format!("/{}/admin/exchange/tracing", setup.api.name()))
        .map_err(|_| Fault::new(Remedy::Configure, "graph-url cannot have this path; check it"))?;
    let service = Service {
        tracing,
        authenticator: Authenticator::new(setup.application.clone(), credential, Arc::clone(&transport)),
        transport,
    };
    let clock = Clock::start();
    let settings = settings(setup, &clock);
    log::info!(
        source:% = setup.graph.name(), sink = handover.sink.name(), ledger:% = setup.ledger.display(),
        target = setup.options.target.name(), once = setup.once;
        "polling begins"
    );
    let outcome = drive(settings, service, &mut ledger, &mut handover, &clock, |inputs| {
        watch_signals(stop, inputs);
    });
    let closed = handover.sink.close();
    match outcome {
        Outcome::Failed(fault) => Err(fault),
        Outcome::CaughtUp | Outcome::Stopped => match closed {
            Ok(()) => Ok(()),
            Err(error) => match error.remedy() {
                None => Ok(()),
                Some(remedy) => Err(Fault::new(remedy, error.to_string())),
            },
        },
    }
}

fn transform(setup: &Setup) -> Result<Box<dyn crate::host::Transform>, Fault> {
    let cache = Cache::of_user();
    let host = match &setup.component {
        Some(path) => Host::file(path, &cache).map_err(|error| {
            let is_unreadable = error.downcast_ref::<std::io::Error>().is_some();
            let remedy = if is_unreadable {
                Remedy::Storage
            } else {
                Remedy::Configure
            };
            Fault::new(remedy, format!("{error:#}"))
        })?,
        None => Host::embedded(&cache).map_err(|error| Fault::new(Remedy::Report, format!("{error:#}")))?,
    };
    host.transform(&setup.options)
        .map_err(|error| Fault::new(Remedy::Report, format!("{error:#}")))
}

fn settings(setup: &Setup, clock: &Clock) -> Settings {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let since_s = clock.now_ms() / 1000 - seconds(setup.since);
    let default = Rhythm::default();
    let settling_s = seconds(setup.settling);
    let passed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let seed = passed.as_secs() ^ u64::from(passed.subsec_nanos()) << 20 ^ u64::from(std::process::id());
    Settings {
        once: setup.once,
        requests: setup.budget,
        rhythm: Rhythm {
            settling_s,
            sweep_s: default.sweep_s.min(settling_s),
            order: match setup.backfill {
                Backfill::NewestFirst => Order::NewestFirst,
                Backfill::OldestFirst => Order::OldestFirst,
            },
            ..default
        },
        ..Settings::new(since_s, seed)
    }
}

/// SIGTERM and Ctrl-C end the run after the page in flight; a second one ends it at once.
fn watch_signals(stop: Stop, inputs: std::sync::mpsc::Sender<Input>) {
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]);
        let Ok(mut signals) = signals else {
            log::warn!("signals cannot be watched; a stop may repeat one page");
            return;
        };
        std::thread::spawn(move || {
            let mut is_second = false;
            for signal in signals.forever() {
                if is_second {
                    // The default of the signal: the program ends here and now.
                    let _ = signal_hook::low_level::emulate_default_handler(signal);
                }
                is_second = true;
                log::info!("stopping after the page in flight");
                stop.request();
                // The driver may have ended already.
                let _ = inputs.send(Input::Stop);
            }
        });
    }
    #[cfg(not(unix))]
    drop((stop, inputs));
}
