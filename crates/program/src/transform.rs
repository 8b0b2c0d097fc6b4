//! The command `transform`: a worker between two streams.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use message_trace::{DEFAULT_MAX_LINE_BYTES, Target};
use message_trace_host::{Cache, Host};
use message_trace_net::auth::{protect_process, read_secret_file, take_variable};
use message_trace_normalize::{EventArguments, target_parser};
use message_trace_remedy::{Code, Failure, Remedy};
use message_trace_streams::{Address, Job, Login, Mechanism, Stop, transform};

/// Turn raw rows on a stream into events on another
///
/// Takes rows off a JetStream stream or a Kafka topic (`poll --raw` puts them there), runs the component, publishes events
/// on a subject or topic, and acknowledges each row after its event. Rows that give no event go to the rejects subject or
/// topic with their reason. Any number of workers may share one stream.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The stream with raw rows, as `nats://HOST[:PORT]/STREAM` or `kafka://HOST[:PORT]/TOPIC`
    #[arg(long, value_name = "URL")]
    input: Address,
    /// The subject for events, as `nats://HOST[:PORT]/SUBJECT` or `kafka://HOST[:PORT]/TOPIC`
    #[arg(long, value_name = "URL")]
    output: Address,
    /// The subject or topic for rows that give no event [default: the output's with .rejects]
    #[arg(long, value_name = "NAME")]
    rejects: Option<String>,
    /// The durable consumer, or consumer group, that workers share
    #[arg(long, value_name = "NAME", default_value = "message-trace")]
    consumer: String,
    /// Rows that are worked on together, 1 to 10000
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    batch: u16,
    /// Kafka: commit events and the place that was read to together, so that readers of committed messages see each event
    /// once; input and output are one cluster
    #[arg(long)]
    transactions: bool,
    /// How long a row may be with a worker that is gone before another one gets it, in seconds; Kafka: 6 at least
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    ack_wait: u64,
    /// End when the stream has nothing more
    #[arg(long)]
    once: bool,
    /// The shape of the events
    #[arg(long, value_name = "TARGET", value_parser = target_parser())]
    target: Target,
    #[command(flatten)]
    events: EventArguments,
    /// The user that signs in
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Environment variable with the user's password
    #[arg(long, value_name = "VARIABLE", requires = "user")]
    password_variable: Option<String>,
    /// File with the user's password, private to this user
    #[arg(
        long,
        value_name = "FILE",
        requires = "user",
        conflicts_with = "password_variable"
    )]
    password_file: Option<PathBuf>,
    /// How the user signs in at Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
    #[arg(long, value_name = "NAME", default_value = "PLAIN", requires = "user")]
    mechanism: Mechanism,
    /// NATS credentials file
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    credentials_file: Option<PathBuf>,
    /// PEM file with certificate authorities to trust beside the platform's; for Kafka in their place
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// What to log on standard error: error, warn, info, debug or off
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log: log::LevelFilter,
}

const EXAMPLES: &str = "\
Examples:
  nats stream add ROWS --subjects rows
  nats stream add EVENTS --subjects 'events,events.rejects'
  message-trace poll --raw --config poll.toml
  message-trace transform --target ecs \\
      --input nats://127.0.0.1/ROWS --output nats://127.0.0.1/events
  message-trace transform --target ecs --transactions \\
      --input kafka://127.0.0.1/rows --output kafka://127.0.0.1/events

Exit codes:
    0  done (--once), or asked to stop
    2  the command line cannot be read
   70  this program broke a contract: report it
   74  a file cannot be read
   75  the stream fails for now: start again, nothing is lost
   78  a setting or a credential is wrong: fix what the sentence names";

/// Runs the command.
///
/// # Errors
///
/// If a secret cannot be had, the component does not load, or a stream cannot be used.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    protect_process();
    // First: it is taken out of the environment while there is one thread.
    let password = password(arguments)?;
    crate::logging::start(arguments.log);
    let options = arguments.events.options(arguments.target, DEFAULT_MAX_LINE_BYTES);
    let host = Host::embedded(&Cache::of_user())?;
    let job = Job {
        input: arguments.input.clone(),
        output: arguments.output.clone(),
        rejects: arguments
            .rejects
            .clone()
            .unwrap_or_else(|| format!("{}.rejects", arguments.output.name())),
        consumer: arguments.consumer.clone(),
        batch: usize::from(arguments.batch),
        once: arguments.once,
        transactions: arguments.transactions,
        ack_wait: Duration::from_secs(arguments.ack_wait),
        say_every: Duration::from_mins(5),
        login: Login {
            credentials: arguments.credentials_file.clone(),
            user: arguments.user.clone(),
            password,
            mechanism: arguments.mechanism,
            ca_file: arguments.ca_file.clone(),
        },
    };
    let stop = Stop::default();
    let asked = stop.clone();
    crate::poll::watch_signals(move || asked.ask());
    transform(&job, host.transform(&options)?, &stop)
        .map(|_| ExitCode::SUCCESS)
        .map_err(|error| Failure::new(Code::Remedy(error.remedy()), error))
}

fn password(arguments: &Arguments) -> Result<Option<secrecy::SecretString>, Failure> {
    let wrong = |what: String| Failure::say(Code::Remedy(Remedy::Configure), what);
    if let Some(name) = &arguments.password_variable {
        let secret = take_variable(name).map_err(|error| wrong(error.to_string()))?;
        return secret
            .map(Some)
            .ok_or_else(|| wrong(format!("{name} is not set; set it to the password")));
    }
    let Some(file) = &arguments.password_file else {
        return if arguments.user.is_some() {
            Err(wrong(
                "a user signs in with a password: name it with --password-variable or --password-file"
                    .to_owned(),
            ))
        } else {
            Ok(None)
        };
    };
    read_secret_file(file)
        .map(Some)
        .map_err(|error| Failure::new(Code::IO, error))
}
