//! `message-trace normalize`: files or stdin → events.
//!
//! A reader cuts each source into jobs, threads with a transform each work on them, and what they give is written in
//! the order of the jobs. The queues between are short, so memory does not grow with the source.

mod detect;
mod job;
mod lines;
mod pages;
mod pipeline;
mod pretty;
mod rejects;
mod source;
mod tables;
mod write;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use message_trace::{DEFAULT_MAX_LINE_BYTES, Options, Target};

use crate::exit::{Code, Failure};
use message_trace_host::{Cache, Host, MAX_LINE_BYTES};

pub use tables::Dates;

/// Turn message-trace rows into events
///
/// Reads rows as NDJSON, as saved JSON pages or arrays, or as CSV reports, each also with gzip and in UTF-16, and
/// writes one event a line. What a file holds is detected.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// What to read; `-` or nothing is stdin
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The shape of the events
    #[arg(long, value_name = "TARGET", default_value = "sekoia", value_parser = target_parser())]
    target: String,
    /// A mail domain of the organization, for the direction of an e-mail; may be given several times
    #[arg(long = "organization-domain", value_name = "DOMAIN", value_parser = mail_domain)]
    organization_domains: Vec<String>,
    /// The tenant's id, for targets that have a field for it
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,
    /// Leave the raw line out of the event (`sekoia` always keeps it)
    #[arg(long)]
    no_original: bool,
    /// The longest line that is read, in bytes
    #[arg(
        long,
        value_name = "N",
        default_value_t = DEFAULT_MAX_LINE_BYTES,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_LINE_BYTES))
    )]
    max_line_bytes: u32,
    /// Whether 05/06/2026 in a CSV report is 5 June (dmy) or May 6 (mdy); such dates are refused without it
    #[arg(long, value_name = "ORDER")]
    dates: Option<Dates>,
    /// Write one JSON object for each rejected line to FILE
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// End with exit code 1 if any line was rejected
    #[arg(long)]
    strict: bool,
    /// How many threads normalize; default: as many as there are cores
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Write events over several indented lines
    #[arg(long)]
    pretty: bool,
    /// Write events to FILE instead of stdout
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
  cat page.json | message-trace normalize --target ecs --organization-domain example.com
  message-trace normalize --dates mdy --rejects rejected.ndjson --output events.ndjson MTSummary.csv.gz
  message-trace normalize --strict --pretty row.json

Exit codes: 0 finished, 1 something was rejected (with --strict), 2 wrong usage, 74 a file could not be read or written.";

fn target_parser() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Target::ALL.map(Target::name))
}

/// A domain of which the component would leave nothing is a mistake that nobody would notice: events without direction.
fn mail_domain(text: &str) -> Result<String, &'static str> {
    if text.trim_matches([' ', '\t', '@', '.']).is_empty() {
        return Err("expected a mail domain such as example.com");
    }
    Ok(text.to_owned())
}

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
    let options = Options {
        target: Target::from_name(&arguments.target).unwrap_or_default(),
        organization_domains: arguments.organization_domains.clone(),
        tenant_id: arguments.tenant_id.clone(),
        keep_original: !arguments.no_original,
        max_line_bytes: arguments.max_line_bytes,
    };
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
    };
    let ended = pipeline::run(plan, sources, &mut writer);
    writer.finish(ended, arguments.strict)
}
