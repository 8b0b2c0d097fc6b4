//! The command line: one row for each command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Turns Microsoft 365 message traces into events for a SIEM.
#[derive(Debug, Parser)]
#[command(name = "message-trace", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Simulate(message_trace_simulator::SimulateArguments),
}

/// Runs the program and gives its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let ended = match Cli::parse().command {
        Command::Simulate(arguments) => message_trace_simulator::simulate(&arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("message-trace: {error:#}");
            ExitCode::FAILURE
        }
    }
}
