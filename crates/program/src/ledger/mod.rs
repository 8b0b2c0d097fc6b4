//! The command `ledger`: what was collected, what is missing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use serde_json::{Value, json};

use message_trace_collector::ledger::{
    Behind, Examined, FileLedger, Gap, Lag, LedgerError, Recovery, SETTLED, Span, State, Survey, examine,
    recover, told_apart,
};
use message_trace_sources::graph::RETENTION_S;
use message_trace_sources::write_time;

/// Shows what a ledger holds: coverage, gaps, lag and budget.
///
/// Can be asked while a program polls into the ledger, but for --refill and --recover.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub struct LedgerArgs {
    /// The ledger
    #[arg(value_name = "FILE")]
    pub ledger: PathBuf,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
    /// Read every row key too, and hold the whole file against its digests; takes seconds for millions of rows
    #[arg(long, conflicts_with_all = ["refill", "recover"])]
    pub check: bool,
    /// Forget the gaps that Graph still has rows of; the next poll reads them
    #[arg(long, conflicts_with = "recover")]
    pub refill: bool,
    /// Set a damaged ledger aside and begin a new one with what can be trusted
    #[arg(long)]
    pub recover: bool,
    /// With --recover: also if nothing is wrong with the ledger
    #[arg(long, requires = "recover")]
    pub force: bool,
}

const EXAMPLES: &str = "\
Examples:
  message-trace ledger ledger.db
  message-trace ledger --json ledger.db
  message-trace ledger --refill ledger.db
  message-trace ledger --recover ledger.db

Exit codes:
    0  done
    2  the command line cannot be read
   74  the ledger is damaged, or cannot be read or written
   78  there is no such ledger, it is none, or it needs no recovery";

/// Runs `ledger`.
#[must_use]
pub fn run(arguments: &LedgerArgs) -> ExitCode {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let shown = match (arguments.recover, arguments.refill) {
        (true, _) => recover_if_needed(arguments),
        (false, true) => refill(arguments, now),
        (false, false) => show(arguments, now),
    };
    match shown {
        Ok(text) => {
            // A reader that went away has read enough.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            let error = told_apart(error);
            eprintln!("message-trace: {error}");
            error.remedy().into()
        }
    }
}

fn show(arguments: &LedgerArgs, now: Duration) -> Result<String, LedgerError> {
    let survey = if arguments.check {
        FileLedger::check(&arguments.ledger)?
    } else {
        FileLedger::survey(&arguments.ledger)?
    };
    let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let (dead_letter, letters) = dead_letters(arguments)?;
    let marks = FileLedger::marks_of(&arguments.ledger)?;
    let (files, waiting) = (marks.len(), marks.iter().filter(|mark| mark.is_open).count());
    Ok(if arguments.json {
        let mut shown = as_json(&survey, now_ms);
        shown["dead_letters"] = letters.into();
        shown["files"] = files.into();
        shown["files_that_wait"] = waiting.into();
        let lag = |lag: Lag| json!({ "sink": lag.sink, "rows": lag.rows });
        shown["behind"] = Behind::open(Behind::path_of(&arguments.ledger))?
            .lags()?
            .into_iter()
            .map(lag)
            .collect();
        format!("{shown}\n")
    } else {
        let mut text = as_text(&survey, now_ms);
        let hint = match letters {
            0 => String::new(),
            _ => format!("  in {}; see message-trace dead-letter", dead_letter.display()),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<16} {letters}{hint}", "dead letters");
        if files > 0 {
            let _ = writeln!(
                text,
                "{:<16} {files} of the folder; {waiting} end in a row that waits for its rest",
                "files"
            );
        }
        for Lag { sink, rows } in Behind::open(Behind::path_of(&arguments.ledger))?.lags()? {
            let _ = writeln!(text, "{:<16} {sink}, by {rows} rows", "behind");
        }
        text
    })
}

/// Where the dead letter of a ledger is, and how many rows wait in it.
fn dead_letters(arguments: &LedgerArgs) -> Result<(PathBuf, u64), LedgerError> {
    let noted = FileLedger::notes_of(&arguments.ledger)?.dead_letter;
    let path = noted.unwrap_or_else(|| crate::config::beside(&arguments.ledger));
    let count = message_trace_sinks::count_letters(&path);
    let count = count.map_err(|error| LedgerError::Unusable(path.clone(), error.kind()))?;
    Ok((path, count))
}

fn refill(arguments: &LedgerArgs, now: Duration) -> Result<String, LedgerError> {
    let now_s = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let again = FileLedger::refill(&arguments.ledger, now_s - RETENTION_S)?;
    if arguments.json {
        return Ok(format!("{}\n", json!({ "refilled": gaps_json(&again) })));
    }
    let mut text = format!("{} gaps are read again by the next poll\n", again.len());
    for gap in &again {
        let _ = writeln!(text, "  {}", span_text(gap.span));
    }
    Ok(text)
}

/// Looks at the file first, and says what is kept and lost before anything moves.
fn recover_if_needed(arguments: &LedgerArgs) -> Result<String, LedgerError> {
    let examined = examine(&arguments.ledger)?;
    if examined.is_healthy && !arguments.force {
        return Err(LedgerError::Healthy(arguments.ledger.clone()));
    }
    eprintln!("message-trace: {}", of_examined(&examined));
    let recovery = recover(&arguments.ledger)?;
    Ok(of_recovery(&recovery, arguments.json))
}

fn of_examined(examined: &Examined) -> String {
    let Some(state) = &examined.kept else {
        return "nothing in the ledger can be trusted: all of it is set aside, and the next poll begins anew"
            .to_owned();
    };
    let segments = state.coverage.segments();
    let settled = match (segments.first(), segments.last()) {
        (Some(first), Some(last)) => {
            let span = Span::new(first.span.start_s, last.span.end_s);
            format!(
                "what is settled from {} ({} spans)",
                span_text(span),
                segments.len()
            )
        }
        _ => "no settled span, for there is none".to_owned(),
    };
    format!(
        "kept: {settled}, {} gaps, the budget; lost: which rows of the time after that were delivered, so that they come \
         again under the same event ids",
        state.gaps.len()
    )
}

fn of_recovery(recovery: &Recovery, is_json: bool) -> String {
    let aside = recovery.aside.display().to_string();
    let segments = recovery
        .kept
        .as_ref()
        .map(|state| state.coverage.segments().len());
    if is_json {
        return format!(
            "{}\n",
            json!({ "set_aside": aside, "settled_spans_kept": segments })
        );
    }
    match segments {
        Some(segments) => format!(
            "the damaged ledger is now {aside}; the new one keeps {segments} settled spans, gaps and the budget; what is \
             not settled is delivered again under the same event ids\n"
        ),
        None => format!(
            "the damaged ledger is now {aside}; nothing in it could be trusted: the next poll begins anew, and delivers \
             again, under the same event ids, what --since reaches\n"
        ),
    }
}

/// What a survey comes to at a time. Each figure is true alone.
struct Figures {
    /// What is neither delivered nor a gap, from the beginning to the newest delivered second.
    missing: Vec<Span>,
    /// Up to when everything is delivered, but for gaps.
    complete_s: Option<i64>,
    /// How long that is ago.
    lag_s: Option<i64>,
    /// Up to when everything is delivered, but for gaps, and will not be read again.
    settled_s: Option<i64>,
    /// How old the oldest reading is of what may still change in the last hour, the last six hours, and in all.
    freshness_s: [Option<i64>; 3],
    used: usize,
}

fn figures(state: &State, now_ms: i64) -> Figures {
    let now_s = now_ms.saturating_add(state.skew_ms.unwrap_or(0)).div_euclid(1000);
    let end_s = state.coverage.end_s();
    let mut missing = state
        .floor_s
        .zip(end_s)
        .map_or_else(Vec::new, |(floor_s, end_s)| {
            state.coverage.missing(Span::new(floor_s, end_s))
        });
    for gap in &state.gaps {
        missing = missing
            .into_iter()
            .flat_map(|span| {
                [
                    Span::new(span.start_s, span.end_s.min(gap.span.start_s)),
                    Span::new(span.start_s.max(gap.span.end_s), span.end_s),
                ]
            })
            .filter(|span| !span.is_empty())
            .collect();
    }
    let complete_s = missing.first().map(|span| span.start_s).or(end_s);
    let unsettled = state
        .coverage
        .segments()
        .iter()
        .find(|segment| segment.read_s != SETTLED);
    Figures {
        lag_s: complete_s.map(|complete_s| (now_s - complete_s).max(0)),
        settled_s: complete_s
            .map(|complete_s| unsettled.map_or(complete_s, |segment| segment.span.start_s.min(complete_s))),
        complete_s,
        missing,
        freshness_s: state.coverage.freshness_s(now_s),
        used: state
            .charges_ms
            .iter()
            .filter(|&&charge| charge > now_ms - message_trace_collector::poll::WINDOW_MS)
            .count(),
    }
}

/// What a report shows of a ledger.
#[cfg(feature = "engine")]
pub(crate) fn known(path: &std::path::Path) -> Result<message_trace_analytics::Ledger, LedgerError> {
    let state = FileLedger::survey(path).map_err(told_apart)?.state;
    let missing = figures(&state, 0).missing;
    let ms = |span: Span| (span.start_s * 1000, span.end_s * 1000);
    let segments = state.coverage.segments().iter().map(|segment| segment.span);
    let mut coverage: Vec<(i64, i64)> = Vec::new();
    // What was read at different times is one span here.
    for (from, to) in segments.map(ms) {
        match coverage.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => coverage.push((from, to)),
        }
    }
    let missing = missing
        .into_iter()
        .map(|span| (span, "still to be read".to_owned()));
    let gaps = state
        .gaps
        .iter()
        .map(|gap| (gap.span, gap.reason.name().to_owned()));
    let all = missing.chain(gaps).map(|(span, reason)| {
        let (from, to) = ms(span);
        (from, to, reason)
    });
    Ok(message_trace_analytics::Ledger {
        coverage,
        gaps: all.collect(),
    })
}

fn as_json(survey: &Survey, now_ms: i64) -> Value {
    let Figures {
        missing,
        complete_s,
        lag_s,
        settled_s,
        freshness_s,
        used,
    } = figures(&survey.state, now_ms);
    let state = &survey.state;
    let segments: Vec<Value> = state
        .coverage
        .segments()
        .iter()
        .map(|segment| {
            let read = (segment.read_s != SETTLED).then(|| time(segment.read_s));
            json!({ "from": time(segment.span.start_s), "to": time(segment.span.end_s), "read": read })
        })
        .collect();
    json!({
        "begins": state.floor_s.map(time),
        "complete_until": complete_s.map(time),
        "settled_until": settled_s.map(time),
        "newest": state.coverage.end_s().map(time),
        "lag_s": lag_s,
        "oldest_reading_s": {
            "last_hour": freshness_s[0],
            "last_6_hours": freshness_s[1],
            "unsettled": freshness_s[2],
        },
        "coverage": segments,
        "missing": missing.iter().map(|span| json!({ "from": time(span.start_s), "to": time(span.end_s) })).collect::<Vec<_>>(),
        "gaps": gaps_json(&state.gaps),
        "rows_remembered": survey.rows,
        "budget": {
            "used": used,
            "window_s": message_trace_collector::poll::WINDOW_MS / 1000,
            "paused_until": state.pause.in_force_ms(now_ms).map(|until_ms| time(until_ms / 1000)),
        },
        "epoch": survey.epoch,
    })
}

fn gaps_json(gaps: &[Gap]) -> Vec<Value> {
    gaps.iter()
        .map(|gap| {
            json!({
                "from": time(gap.span.start_s),
                "to": time(gap.span.end_s),
                "reason": gap.reason.name(),
                "found": time(gap.found_ms / 1000),
            })
        })
        .collect()
}

fn as_text(survey: &Survey, now_ms: i64) -> String {
    let Figures {
        missing,
        complete_s,
        lag_s,
        settled_s,
        freshness_s,
        used,
    } = figures(&survey.state, now_ms);
    let state = &survey.state;
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<16} {value}");
    };
    let or_none = |second: Option<i64>| second.map_or_else(|| "–".to_owned(), time);
    row("begins", or_none(state.floor_s));
    row("complete until", or_none(complete_s));
    row("settled until", or_none(settled_s));
    row("newest", or_none(state.coverage.end_s()));
    row("lag", lag_s.map_or_else(|| "–".to_owned(), length));
    let ages = ["last hour", "last six hours", "all that may change"]
        .iter()
        .zip(freshness_s);
    let ages: Vec<String> = ages
        .filter_map(|(of, age_s)| Some(format!("{of} {}", length(age_s?))))
        .collect();
    if !ages.is_empty() {
        row("read again", format!("at the latest {} ago", ages.join(", ")));
    }
    row("rows remembered", survey.rows.to_string());
    row(
        "budget",
        format!(
            "{used} requests in the last {} s",
            message_trace_collector::poll::WINDOW_MS / 1000
        ),
    );
    if let Some(until_ms) = state.pause.in_force_ms(now_ms) {
        row("asked to wait", format!("until {}", time(until_ms / 1000)));
    }
    for span in &missing {
        row("missing", format!("{}  still to be read", span_text(*span)));
    }
    for gap in &state.gaps {
        row("gap", format!("{}  {}", span_text(gap.span), gap.reason.name()));
    }
    text
}

fn span_text(span: Span) -> String {
    format!("{} to {}", time(span.start_s), time(span.end_s))
}

/// A length of time for people.
fn length(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

fn time(second: i64) -> String {
    let mut text = String::new();
    write_time(second, &mut text);
    text
}

#[cfg(test)]
mod tests;
