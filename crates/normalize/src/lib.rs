//! The command `message-trace normalize`: files or stdin → events.
//!
//! A reader cuts each source into jobs, threads with a transform each work on them, and what they give is written in
//! the order of the jobs. The queues between are short, so memory does not grow with the source.

mod account;
mod details;
mod detect;
mod domain;
mod foreign;
mod job;
mod lines;
mod options;
mod pages;
mod pipeline;
mod pretty;
mod rejects;
mod saved;
mod source;
mod stop;
mod tables;
mod write;

use std::io::{IsTerminal as _, Write as _};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use message_trace::{DEFAULT_MAX_LINE_BYTES, Target};

use message_trace_host::{Cache, Host, MAX_LINE_BYTES};
use message_trace_remedy::{Code, Failure};

pub use domain::mail_domain;
pub use options::{EventArguments, target_parser};
pub use saved::{Ended, Piece, Stays, files_of, read_saved};
pub use tables::Dates;

/// Turn message-trace rows into events
///
/// Reads rows as NDJSON, as saved JSON pages or arrays, or as CSV reports, each also with gzip and in UTF-16, and
/// writes one event a line. What a file holds is detected.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What to read: files, folders with the files in them; `-` or nothing is stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The shape of the events [default: sekoia, as in every host of the component]
    #[arg(long, value_name = "TARGET", value_parser = target_parser())]
    target: Option<Target>,
    #[command(flatten)]
    events: EventArguments,
    /// The longest line that is read, in bytes
    #[arg(
        long,
        value_name = "N",
        default_value_t = DEFAULT_MAX_LINE_BYTES,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LINE_BYTES))
    )]
    max_line_bytes: u32,
    /// Whether 05/06/2026 in a CSV report is 5 June (dmy) or May 6 (mdy); without it such a date is refused, unless
    /// another row of the file proves the order
    #[arg(long, value_name = "ORDER")]
    dates: Option<Dates>,
    /// Write one JSON object for each rejected line to FILE; `-` is stdout
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// The saved details of messages, one JSON object a line: answers of getDetailsByRecipient, or
    /// {"id": …, "recipientAddress": …, "details": …} with one; rows then say why they were not delivered
    #[arg(long, value_name = "FILE")]
    details: Option<PathBuf>,
    /// End with exit code 1 if any line was rejected
    #[arg(long)]
    strict: bool,
    /// How many threads normalize; default: as many as there are cores
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write events over several indented lines
    #[arg(long)]
    pretty: bool,
    /// Write events to FILE instead of stdout; `-` is stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Run the component in FILE instead of the one inside the program, under deadlines
    #[arg(long, value_name = "FILE", conflicts_with = "native")]
    component: Option<PathBuf>,
    /// Run the same library natively, without a component
    #[arg(long)]
    native: bool,
}

const EXAMPLES: &str = "\
Examples:
  message-trace normalize trace.ndjson > events.ndjson
  cat page.json | message-trace normalize --target ecs
  message-trace normalize --target ecs --rejects rejected.ndjson exports/
  message-trace normalize --dates mdy --rejects rejected.ndjson report.csv.gz
  message-trace normalize --strict --pretty row.json
  message-trace normalize --target ecs --details details.ndjson trace.ndjson

Exit codes:
    0  finished
    1  something was rejected (with --strict)
    2  the command line cannot be read
   65  nothing that was read is a message trace, or a line of --details is none
   74  a file could not be read or written; the others were read
  130  stopped by Ctrl-C (143 by SIGTERM); what is written are whole events";

/// Runs the command.
///
/// # Errors
///
/// If a file cannot be read or written, the command line asks for what cannot be, or the component does not load.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let cache = Cache::of_user();
    let host = match &arguments.component {
        Some(file) => Host::file(file, &cache).map_err(|error| Failure::new(Code::IO, error))?,
        None if arguments.native => Host::native(),
        None => Host::embedded(&cache)?,
    };
    let options = arguments
        .events
        .options(target(arguments), arguments.max_line_bytes);
    let details = match &arguments.details {
        Some(file) => Some(Arc::new(details::Saved::read(file)?)),
        None => None,
    };
    if details.is_some() && options.target == Target::Sekoia {
        let _ = writeln!(
            std::io::stderr(),
            "message-trace: target sekoia has no field for details; --target ecs or --target ocsf has"
        );
    }
    let sources = source::Source::all(&arguments.files);
    let mut writer = write::Writer::open(&sources, arguments)?;
    let plan = pipeline::Plan {
        host,
        options,
        threads: arguments
            .threads
            .map_or_else(pipeline::default_threads, NonZeroUsize::get),
        dates: arguments.dates,
        pretty: arguments.pretty,
        keep_rejects: arguments.rejects.is_some(),
        details,
    };
    let stopping = stop::Stopping::listen();
    let details = plan.details.clone();
    let ended = pipeline::run(plan, sources, &mut writer, &stopping);
    if let Some(details) = details {
        // Nobody is told when stderr is closed: there is no other place to tell.
        let _ = writeln!(std::io::stderr(), "message-trace: {}", details.summary());
    }
    writer.finish(ended, &stopping, arguments.strict)
}

/// The target that is asked for. A person who asks for none and looks at the events is told that there are others.
fn target(arguments: &Arguments) -> Target {
    let Some(target) = arguments.target else {
        if arguments.output.is_none() && std::io::stdout().is_terminal() {
            // Nobody is told when stderr is closed: there is no other place to tell.
            let _ = writeln!(
                std::io::stderr(),
                "message-trace: the events are Sekoia's intake format; --target ecs or --target ocsf gives the others"
            );
        }
        return Target::default();
    };
    target
}
