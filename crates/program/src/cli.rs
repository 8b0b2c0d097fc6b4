//! The command line: one row for each command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::PollArgs;
use crate::dead_letter::{self, DeadLetterArgs};
use crate::ledger::LedgerArgs;
use crate::{about, ledger, poll};
use message_trace_remedy::{Code, Failure, Remedy};

/// Turns Microsoft 365 message traces into events for a SIEM.
#[derive(Debug, Parser)]
#[command(name = "message-trace", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  message-trace normalize trace.ndjson > events.ndjson
  message-trace normalize --target ecs --rejects rejected.ndjson *.csv.gz
  message-trace poll --config poll.toml
  message-trace ledger trace.ledger
  message-trace dead-letter replay --config poll.toml
  message-trace about --json";

#[derive(Debug, Subcommand)]
enum Command {
    Normalize(message_trace_normalize::Arguments),
    Poll(Box<PollArgs>),
    Ledger(LedgerArgs),
    DeadLetter(Box<DeadLetterArgs>),
    #[cfg(feature = "streams")]
    Transform(Box<crate::transform::Arguments>),
    #[cfg(feature = "analytics")]
    Lookalike(message_trace_analytics::LookalikeArguments),
    #[cfg(feature = "engine")]
    Archive(message_trace_analytics::ArchiveArguments),
    #[cfg(feature = "engine")]
    Query(message_trace_analytics::QueryArguments),
    #[cfg(feature = "engine")]
    Detect(Box<crate::alerts::Arguments>),
    #[cfg(feature = "engine")]
    Report(Box<message_trace_analytics::ReportArguments>),
    #[cfg(feature = "simulate")]
    Simulate(message_trace_simulator::SimulateArguments),
    About(about::Arguments),
}

/// Runs the program and gives its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Normalize(arguments) => message_trace_normalize::run(&arguments),
        Command::Poll(arguments) => Ok(poll::run(&arguments)),
        Command::Ledger(arguments) => Ok(ledger::run(&arguments)),
        Command::DeadLetter(arguments) => Ok(dead_letter::run(&arguments)),
        #[cfg(feature = "streams")]
        Command::Transform(arguments) => crate::transform::run(&arguments),
        #[cfg(feature = "analytics")]
        Command::Lookalike(arguments) => lookalike(&arguments),
        #[cfg(feature = "engine")]
        Command::Archive(arguments) => archive(&arguments),
        #[cfg(feature = "engine")]
        Command::Query(arguments) => query(&arguments),
        #[cfg(feature = "engine")]
        Command::Detect(arguments) => crate::alerts::run(&arguments),
        #[cfg(feature = "engine")]
        Command::Report(arguments) => report(&arguments),
        #[cfg(feature = "simulate")]
        Command::Simulate(arguments) => message_trace_simulator::simulate(&arguments)
            .map(|()| ExitCode::SUCCESS)
            .map_err(of_simulate),
        Command::About(arguments) => about::run(&arguments),
    };
    ended.unwrap_or_else(|Failure { code, error }| {
        eprintln!("message-trace: {}", in_words(&error));
        code.into()
    })
}

/// An error and what led to it, each once: some libraries' errors repeat their cause in their own words.
fn in_words(error: &anyhow::Error) -> String {
    let mut words = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !words.contains(&cause) {
            words.push_str(": ");
            words.push_str(&cause);
        }
    }
    words
}

/// Says which domains imitate a protected one, and how many there were of each kind.
#[cfg(feature = "analytics")]
fn lookalike(arguments: &message_trace_analytics::LookalikeArguments) -> Result<ExitCode, Failure> {
    use std::io::{BufWriter, Write as _, stdin, stdout};
    let mut out = BufWriter::new(stdout().lock());
    let judged = message_trace_analytics::lookalike(arguments, stdin().lock(), &mut out)
        .and_then(|judged| out.flush().map(|()| judged).map_err(anyhow::Error::from));
    match judged {
        Ok(judged) => {
            eprintln!("message-trace: {judged}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => of_analytics(error),
    }
}

/// Archives, and says how much.
#[cfg(feature = "engine")]
fn archive(arguments: &message_trace_analytics::ArchiveArguments) -> Result<ExitCode, Failure> {
    match message_trace_analytics::archive(arguments, std::io::stdin().lock()) {
        Ok(archived) => {
            eprintln!("message-trace: {archived}");
            if archived.rows == 0 && archived.refused > 0 {
                return Ok(Code::NotATrace.into());
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => of_analytics(error),
    }
}

/// Answers a question.
#[cfg(feature = "engine")]
fn query(arguments: &message_trace_analytics::QueryArguments) -> Result<ExitCode, Failure> {
    use std::io::{BufWriter, Write as _, stdin, stdout};
    let mut out = BufWriter::new(stdout().lock());
    message_trace_analytics::query(arguments, stdin().lock(), &mut out)
        .and_then(|()| out.flush().map_err(anyhow::Error::from))
        .map_or_else(of_analytics, |()| Ok(ExitCode::SUCCESS))
}

/// Writes a report, with what a ledger knows.
#[cfg(feature = "engine")]
fn report(arguments: &message_trace_analytics::ReportArguments) -> Result<ExitCode, Failure> {
    use std::io::{BufWriter, Write as _, stdout};
    let known = match arguments.ledger().map(ledger::known).transpose() {
        Ok(known) => known,
        Err(error) => return Err(Failure::new(Code::Remedy(error.remedy()), error)),
    };
    let mut out = BufWriter::new(stdout().lock());
    let reported = message_trace_analytics::report(arguments, known.as_ref(), &mut out)
        .and_then(|reported| out.flush().map(|()| reported).map_err(anyhow::Error::from));
    match reported {
        Ok(reported) => {
            for problem in &reported.problems {
                eprintln!("message-trace: {problem}");
            }
            eprintln!("message-trace: {reported}");
            if reported.problems.is_empty() {
                Ok(ExitCode::SUCCESS)
            } else {
                Ok(message_trace_remedy::Remedy::Configure.into())
            }
        }
        Err(error) => of_analytics(error),
    }
}

/// What a failure of an analyst's command ends with.
#[cfg(feature = "analytics")]
pub(crate) fn of_analytics(error: anyhow::Error) -> Result<ExitCode, Failure> {
    #[cfg(feature = "engine")]
    if let Some(fault) = error.downcast_ref::<message_trace_analytics::StoreFault>() {
        return Err(Failure::new(Code::Remedy(fault.remedy()), error));
    }
    match kind_of(&error) {
        // A reader that went away has read enough.
        Some(std::io::ErrorKind::BrokenPipe) => Ok(ExitCode::SUCCESS),
        Some(_) => Err(Failure::new(Code::IO, error)),
        None => Err(Failure::new(Code::Usage, error)),
    }
}

/// What the system said, if it is behind an error.
#[cfg(feature = "analytics")]
fn kind_of(error: &anyhow::Error) -> Option<std::io::ErrorKind> {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind)
}

/// A port that cannot be had is a setting; what else fails between this program and the machine is neither's contract.
fn of_simulate(error: anyhow::Error) -> Failure {
    use std::io::ErrorKind as Kind;
    let code = match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(Kind::AddrInUse | Kind::AddrNotAvailable | Kind::PermissionDenied) => {
            Code::Remedy(Remedy::Configure)
        }
        Some(_) => Code::IO,
        None => Code::Remedy(Remedy::Report),
    };
    Failure { code, error }
}
