//! The command `dead-letter`: rows that were refused for good, and their way back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::config::{Environment, PollArgs, dead_letter_path};
use message_trace_collector::poll::Fault;
use message_trace_net::auth::protect_process;
use message_trace_remedy::Code;

use crate::poll::{Replayed, load_setup, replay};
use message_trace_sinks::{DeadLetter, Letter, SinkError};

/// Shows, delivers or drops the rows that were refused for good
///
/// A row comes here when a sink that has accepted others refuses it (status 400, 413, 422), or when it gives no event. It
/// is on disk before the ledger counts it as delivered. Replay transforms it and delivers it exactly as the first time;
/// what arrives leaves the file. All of it can be done while a program polls. The file is found as poll finds it.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DeadLetterArgs {
    /// What to do
    #[arg(value_enum, value_name = "ACTION", default_value_t = Action::List)]
    action: Action,
    /// The rows of this event id alone; repeat it for more
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    /// With drop: every row
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// With list: the rows as they are in the file, one JSON object each
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    poll: PollArgs,
}

/// What to do with the dead letter.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Show time, sink, reason and event id of each row
    List,
    /// Deliver the rows again, each to the sink that refused it
    Replay,
    /// Forget rows
    Drop,
}

const EXAMPLES: &str = "\
Examples:
  message-trace dead-letter --ledger /var/lib/message-trace/ledger.db
  message-trace dead-letter replay --config poll.toml
  message-trace dead-letter drop --config poll.toml --id 4451a062-48cb-e80d-e8c0-196330437ae6/bob@example.org/delivered

Exit codes: 0 done, 1 some rows were refused again, 2 wrong usage; others as poll.";

/// Runs `dead-letter`.
#[must_use]
pub fn run(arguments: &DeadLetterArgs) -> ExitCode {
    protect_process();
    let environment = Environment::of_process();
    let ended = match arguments.action {
        Action::List => list(arguments, &environment),
        Action::Replay => deliver(arguments, &environment),
        Action::Drop if arguments.ids.is_empty() && !arguments.all => {
            eprintln!("message-trace: expected what to drop: --id ID for single rows, or --all");
            return Code::Usage.into();
        }
        Action::Drop => forget(arguments, &environment),
    };
    ended.unwrap_or_else(|Fault { remedy, sentence }| {
        eprintln!("message-trace: {sentence}");
        remedy.into()
    })
}

fn open(arguments: &DeadLetterArgs, environment: &Environment) -> Result<DeadLetter, Fault> {
    let path = dead_letter_path(&arguments.poll, environment);
    let path = path.map_err(|error| Fault::new(error.remedy(), error.to_string()))?;
    Ok(DeadLetter::new(path))
}

fn of_sink(error: &SinkError) -> Fault {
    Fault::new(error.remedy(), error.to_string())
}

fn is_wanted(arguments: &DeadLetterArgs, letter: &Letter) -> bool {
    arguments.ids.is_empty() || arguments.ids.contains(&letter.id)
}

fn list(arguments: &DeadLetterArgs, environment: &Environment) -> Result<ExitCode, Fault> {
    let dead_letter = open(arguments, environment)?;
    let mut out = std::io::stdout().lock();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut count = 0_u64;
    let mut unreadable = 0_u64;
    let read = dead_letter.read(&mut |letter| {
        let Some(letter) = letter else {
            unreadable += 1;
            return true;
        };
        if !is_wanted(arguments, &letter) {
            return true;
        }
        count += 1;
        *counts
            .entry(format!("{} {}", letter.sink, letter.reason))
            .or_default() += 1;
        let line = if arguments.json {
            letter.to_json().unwrap_or_default()
        } else {
            let Letter {
                time,
                sink,
                reason,
                id,
                ..
            } = &letter;
            printable(&format!("{time}  {sink}  {reason}  {id}"))
        };
        // A reader that went away has read enough.
        writeln!(out, "{line}").is_ok()
    });
    read.map_err(|error| of_sink(&error))?;
    let counts: Vec<String> = counts
        .into_iter()
        .map(|(what, count)| format!("{count} × {what}"))
        .collect();
    let counts = if counts.is_empty() {
        String::new()
    } else {
        format!(": {}", printable(&counts.join(", ")))
    };
    eprintln!(
        "message-trace: {} in {}{counts}",
        rows(count),
        dead_letter.path().display()
    );
    if unreadable > 0 {
        eprintln!("message-trace: {unreadable} lines of it cannot be read; they stay as they are");
    }
    Ok(ExitCode::SUCCESS)
}

fn deliver(arguments: &DeadLetterArgs, environment: &Environment) -> Result<ExitCode, Fault> {
    let setup = load_setup(&arguments.poll, environment)?;
    let Replayed {
        delivered,
        refused,
        unreadable,
        is_stopped,
    } = replay(&setup, &|letter| is_wanted(arguments, letter))?;
    let mut sentence = format!("{} delivered, {refused} refused again", rows(delivered));
    if refused > 0 {
        sentence.push_str(" (they stay; dead-letter list says why)");
    }
    if unreadable > 0 {
        // Writing to a string cannot fail.
        let _ = write!(sentence, ", {unreadable} lines cannot be read and stay");
    }
    if is_stopped {
        sentence.push_str("; stopped before the end, the rest stays");
    }
    eprintln!("message-trace: {sentence}");
    Ok(if refused > 0 || unreadable > 0 {
        Code::Rejected.into()
    } else {
        ExitCode::SUCCESS
    })
}

fn forget(arguments: &DeadLetterArgs, environment: &Environment) -> Result<ExitCode, Fault> {
    let mut dead_letter = open(arguments, environment)?;
    let gone =
        |letter: Option<&Letter>| arguments.all || letter.is_some_and(|letter| is_wanted(arguments, letter));
    let dropped = dead_letter.remove(&gone).map_err(|error| of_sink(&error))?;
    let left = dead_letter.count().map_err(|error| of_sink(&error))?;
    eprintln!("message-trace: {} dropped, {left} left", rows(dropped));
    Ok(ExitCode::SUCCESS)
}

fn rows(count: u64) -> String {
    format!("{count} {}", if count == 1 { "row" } else { "rows" })
}

/// A text whose control characters do nothing to a terminal: an id holds what a sender chose.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    crate::logging::escape(text, &mut printable);
    printable
}
