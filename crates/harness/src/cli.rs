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
enum Command {}

/// Runs the program and gives its exit code.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {}
}
