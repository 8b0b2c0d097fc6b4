//! The command `poll`: a setup in, an exit code out.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::check::check_sinks;
use super::details::Details;
use super::driver::{Clock, Service, drive};
use super::handover::{Handover, lock};
use super::raw::Raw;
use crate::config::{
    Backfill, Environment, KeptSecrets, PollArgs, Setup, check_folders, load, open_sinks, passed_over,
};
use message_trace_collector::ledger::{Behind, FileLedger, Wanted, told_apart};
use message_trace_collector::poll::{Fault, Input, Order, Outcome, Rhythm, Settings};
use message_trace_host::{Cache, Host};
use message_trace_net::auth::{Authenticator, protect_process, take_variable};
use message_trace_net::http::{Client, Transport};
use message_trace_remedy::Remedy;
use message_trace_sinks::DeadLetter;

/// How `poll` ended: well, or with what has to be done.
pub type Ended = Result<(), Fault>;

/// Runs `poll` with flags, the environment and the file that they name.
#[must_use]
pub fn run(arguments: &PollArgs) -> ExitCode {
    protect_process();
    let environment = Environment::of_process();
    let ended = load_setup(arguments, &environment).and_then(|setup| {
        if arguments.check_sinks {
            check_sinks(&setup)
        } else {
            run_setup(&setup)
        }
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Fault { remedy, sentence }) => {
            eprintln!("message-trace: {sentence}");
            remedy.into()
        }
    }
}

/// Reads a setup, starts the log as it says, and warns of what it passes over.
///
/// # Errors
///
/// What is wrong with the setup.
pub fn load_setup(arguments: &PollArgs, environment: &Environment) -> Result<Setup, Fault> {
    let setup = load(arguments, environment);
    // A mistyped variable may be why the setup cannot be read.
    crate::logging::start(setup.as_ref().map_or(log::LevelFilter::Warn, |setup| setup.log));
    for sentence in passed_over(environment) {
        log::warn!("{sentence}");
    }
    setup.map_err(|error| Fault::new(error.remedy(), error.to_string()))
}

/// Polls as a setup says until it is caught up, told to stop, or cannot go on.
///
/// # Errors
///
/// Why it cannot go on: one sentence with the fix.
pub fn run_setup(setup: &Setup) -> Ended {
    crate::logging::start(setup.log);
    check_folders(setup).map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    if let Some(folder) = &setup.folder {
        return super::folder::run(setup, folder);
    }
    // Secrets first: they are taken out of the environment while there is one thread.
    let secrets = KeptSecrets::of(&take_variable);
    let secrets = |name: &str| secrets.get(name);
    let credential = setup
        .auth
        .credential_with(&secrets, SystemTime::now())
        .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let client =
        Client::new(setup.client.clone()).map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let transport: Arc<dyn Transport> = Arc::new(client);
    let sinks = open_sinks(&setup.outward(), &secrets, &transport)
        .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    let mut ledger = FileLedger::open(&setup.ledger, &setup.application.tenant_id, setup.source.name())
        .map_err(|error| {
            let error = told_apart(error);
            Fault::new(error.remedy(), error.to_string())
        })?;
    let mut handover = Handover::new(
        transform(setup)?,
        sinks,
        DeadLetter::new(setup.dead_letter.clone()),
        Behind::open(Behind::path_of(&setup.ledger))
            .map_err(|error| Fault::new(error.remedy(), error.to_string()))?,
    );
    if !setup.details.is_none() {
        let wanted = Wanted::open(Wanted::path_of(&setup.ledger))
            .map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
        handover.note_details(Details::new(setup.details.clone(), wanted, setup.once));
    }
    let is_sink_proven = prepare(&mut handover, &mut ledger)?;
    let tracing = setup
        .service
        .under(&setup.source.base(setup.api.name()))
        .map_err(|_| {
            let setting = setup.source.url_setting();
            Fault::new(
                Remedy::Configure,
                format!("{setting} cannot have this path; check it"),
            )
        })?;
    let service = Service {
        source: setup.source,
        tracing,
        authenticator: Authenticator::new(setup.application.clone(), credential, Arc::clone(&transport)),
        transport,
    };
    let clock = Clock::start();
    let settings = Settings {
        is_sink_proven,
        ..settings(setup, &clock)
    };
    log::info!(
        source:% = setup.service.name(), sink = handover.sinks().name(), ledger:% = setup.ledger.display(),
        target = setup.options.target.name(), once = setup.once;
        "polling begins"
    );
    let outcome = drive(
        settings,
        service,
        &mut ledger,
        &mut handover,
        &clock,
        setup.log_interval,
        |inputs| {
            watch_signals(move || {
                // The driver may have ended already.
                let _ = inputs.send(Input::Stop);
            });
        },
    );
    let lagging = left_behind(&mut handover);
    match outcome {
        Outcome::Failed(fault) => Err(fault),
        Outcome::CaughtUp => lagging,
        Outcome::Stopped => Ok(()),
    }
}

/// Lets the sinks that are behind catch up once more, and says which do not.
pub(super) fn left_behind(handover: &mut Handover) -> Ended {
    let fault =
        |failure: message_trace_sinks::SinkFailure| Fault::new(failure.error.remedy(), failure.to_string());
    handover.catch_up().map_err(fault)?;
    let lags = handover.lags().map_err(fault)?;
    for lag in &lags {
        log::warn!(sink = lag.sink, rows = lag.rows; "the sink is behind; its rows are kept, and follow with the next run");
    }
    match lags.first() {
        None => Ok(()),
        Some(lag) => Err(Fault::new(
            Remedy::Retry,
            format!(
                "{} is behind by {} rows; they are kept beside the ledger: start again when it is back, nothing is lost",
                lag.sink, lag.rows
            ),
        )),
    }
}

/// Tells the sinks what the ledger knows of them, and the ledger where the dead letter is. Gives whether all sinks are
/// known to work.
pub(super) fn prepare(handover: &mut Handover, ledger: &mut FileLedger) -> Result<bool, Fault> {
    let of_ledger =
        |error: message_trace_collector::ledger::LedgerError| Fault::new(error.remedy(), error.to_string());
    let notes = ledger.notes().map_err(of_ledger)?;
    handover.sinks().note_accepted(&notes.accepted);
    let path = handover.dead_letter().path();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    ledger.note_dead_letter(&path).map_err(of_ledger)?;
    let count = handover.dead_letter().count();
    let count = count.map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    lock(&handover.news()).dead_letters = count;
    if count > 0 {
        log::warn!(
            rows = count, dead_letter:% = path.display();
            "rows wait in the dead letter; dead-letter list shows them, dead-letter replay delivers them"
        );
    }
    Ok(handover.sinks().is_proven())
}

pub(super) fn transform(setup: &Setup) -> Result<Box<dyn message_trace_host::Transform>, Fault> {
    if setup.raw {
        return Ok(Box::new(Raw));
    }
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
        source: setup.source,
        page_rows: setup.source.page_rows(),
        once: setup.once,
        requests: setup.budget,
        reread: setup.reread,
        rhythm: Rhythm {
            settling_s,
            recent_s: default.recent_s.min(settling_s),
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

/// Stops at SIGTERM and Ctrl-C, after what is in flight; a second one ends the program at once.
pub(crate) fn watch_signals(stop: impl Fn() + Send + 'static) {
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
                log::info!("stopping after what is in flight");
                stop();
            }
        });
    }
    #[cfg(not(unix))]
    drop(stop);
}
