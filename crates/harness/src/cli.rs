//! The command line: one row for each command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::PollArgs;
use crate::dead_letter::{self, DeadLetterArgs};
use crate::exit::Failure;
use crate::ledger::LedgerArgs;
use crate::{about, ledger, normalize, poll};

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
    Normalize(normalize::Arguments),
    Poll(Box<PollArgs>),
    Ledger(LedgerArgs),
    DeadLetter(Box<DeadLetterArgs>),
    Simulate(message_trace_simulator::SimulateArguments),
    About(about::Arguments),
}

/// Runs the program and gives its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Normalize(arguments) => normalize::run(&arguments),
        Command::Poll(arguments) => Ok(poll::run(&arguments)),
        Command::Ledger(arguments) => Ok(ledger::run(&arguments)),
        Command::DeadLetter(arguments) => Ok(dead_letter::run(&arguments)),
        Command::Simulate(arguments) => message_trace_simulator::simulate(&arguments)
            .map(|()| ExitCode::SUCCESS)
            .map_err(Failure::from),
        Command::About(arguments) => about::run(&arguments),
    };
    ended.unwrap_or_else(|Failure { code, error }| {
        eprintln!("message-trace: {error:#}");
        code.into()
    })
}
