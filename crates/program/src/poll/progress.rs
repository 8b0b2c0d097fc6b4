//! What a person sees: the log, and one live line on a terminal.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use message_trace_collector::poll::{Outcome, Report, Status};
use message_trace_sources::write_time;

/// How often the live line is drawn.
const INTERVAL: Duration = Duration::from_secs(1);

/// The live line and the log.
pub(super) struct Progress {
    is_terminal: bool,
    log_interval: Duration,
    /// Whether the run ends when all is delivered.
    is_once: bool,
    shown: Option<Instant>,
    logged: Instant,
    looked: Option<Instant>,
    has_caught_up: bool,
    began: Instant,
    /// Letters in the dead letter.
    pub(super) dead_letters: u64,
}

impl Progress {
    pub(super) fn start(log_interval: Duration, is_once: bool) -> Self {
        let now = Instant::now();
        Self {
            is_terminal: std::io::stderr().is_terminal(),
            log_interval,
            is_once,
            shown: None,
            logged: now,
            looked: None,
            has_caught_up: false,
            began: now,
            dead_letters: 0,
        }
    }

    /// How long the driver may sleep.
    pub(super) fn interval(&self) -> Duration {
        if self.is_terminal {
            INTERVAL
        } else {
            self.log_interval
        }
    }

    /// Draws the line, if it is time to.
    pub(super) fn show(&mut self, status: impl Fn() -> Status) {
        self.log(&status);
        if self.is_terminal && self.shown.is_none_or(|shown| shown.elapsed() >= INTERVAL) {
            self.shown = Some(Instant::now());
            let line = live_line(&status(), self.dead_letters);
            // Nowhere to draw: nothing is lost.
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K{line}");
        }
    }

    /// Tells the log when all is delivered for the first time, and how far it is once an interval.
    fn log(&mut self, status: impl Fn() -> Status) {
        let is_due = self.logged.elapsed() >= self.log_interval;
        let is_to_look = !self.has_caught_up && self.looked.is_none_or(|looked| looked.elapsed() >= INTERVAL);
        if !is_due && !is_to_look {
            return;
        }
        self.looked = Some(Instant::now());
        let status = status();
        let has_caught_up = is_caught_up(&status);
        if !is_due && !has_caught_up {
            return;
        }
        self.clear();
        self.logged = Instant::now();
        let stage = stage(self.has_caught_up, has_caught_up, self.is_once);
        self.has_caught_up |= has_caught_up;
        self.tell(&status, stage);
    }

    fn tell(&self, status: &Status, stage: &str) {
        let unsettled_s = status.freshness_s[2];
        log::info!(
            delivered = status.tally.new, changed = status.tally.changed,
            lag_s = (status.now_s - status.complete_s).max(0), missing_s = status.missing_s,
            oldest_reading_s:% = unsettled_s.map_or_else(|| "-".to_owned(), |age_s| age_s.to_string()),
            budget:% = format_args!("{}/{}", status.used, status.room.unwrap_or(status.requests)),
            gaps = status.gaps, dead_letters = self.dead_letters;
            "{stage}"
        );
    }

    fn clear(&self) {
        if self.is_terminal && self.shown.is_some() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
    }

    /// Logs what the core reports.
    pub(super) fn report(&mut self, report: &Report) {
        self.clear();
        match report {
            Report::Retrying { fault, wait_ms } => {
                log::warn!(remedy:% = fault.remedy, wait_s = wait_ms.saturating_add(999) / 1000; "{}", fault.sentence);
            }
            Report::Restarted { reason } => {
                log::warn!("{reason}; the window is begun again at its last delivered row");
            }
            Report::Gap(gap) => log::error!(
                from:% = time(gap.span.start_s), to:% = time(gap.span.end_s), reason = gap.reason.name();
                "rows are missing for good"
            ),
            Report::Shared { room } => log::warn!(
                requests = room;
                "Graph's quota for the tenant is used by other programs too; this one makes fewer requests from now on, and \
                 slowly more again"
            ),
            Report::Slow { every_s } => log::warn!(
                hours = (every_s + 3_599) / 3_600;
                "the budget does not suffice to read all rows that may still change again within six hours; it takes longer \
                 now, the oldest first; a larger budget or reread shortens it"
            ),
            Report::Skewed(skew_ms) => {
                log::warn!(seconds = skew_ms / 1000; "this machine's clock differs from the service's; its time is used");
            }
        }
    }

    /// Says how it ended.
    pub(super) fn end(&mut self, status: &Status, outcome: &Outcome) {
        self.clear();
        if let Outcome::Failed(fault) = outcome {
            log::error!(remedy:% = fault.remedy; "{}", fault.sentence);
        }
        let Status { tally, .. } = status;
        let how = match outcome {
            Outcome::CaughtUp => "caught up",
            Outcome::Stopped => "stopped",
            Outcome::Failed(_) => "ended",
        };
        log::info!(
            delivered = tally.new, changed = tally.changed, read_again = tally.unchanged, pages = tally.pages,
            complete_until:% = time(status.complete_s), missing_s = status.missing_s, gaps = status.gaps,
            dead_letters = self.dead_letters,
            oldest_reading_s:% = status.freshness_s[2].map_or_else(|| "-".to_owned(), |age_s| age_s.to_string()),
            seconds = self.began.elapsed().as_secs();
            "{how}"
        );
    }
}

/// Whether all but the last two minutes is delivered.
fn is_caught_up(status: &Status) -> bool {
    status.newest_s.is_some() && status.missing_s <= 120
}

fn time(second: i64) -> String {
    let mut text = String::new();
    write_time(second, &mut text);
    text
}

/// How far polling is, in one line.
fn live_line(status: &Status, dead_letters: u64) -> String {
    let Status {
        complete_s,
        newest_s,
        now_s,
        missing_s,
        used,
        requests,
        paused_until_ms,
        tally,
        trouble,
        gaps,
        freshness_s,
        every_s: _,
        room,
    } = status;
    let mut line = format!(
        "{} rows, {} changed · newest {} ago · budget {used}/{requests}",
        tally.new,
        tally.changed,
        newest_s.map_or_else(|| "–".to_owned(), |newest_s| span(now_s - newest_s)),
    );
    if let Some(room) = room {
        let _ = write!(line, " ({room} while others use the quota)");
    }
    if let [Some(hour), Some(six_hours), Some(all)] = freshness_s {
        let _ = write!(
            line,
            " · read again {}/{}/{} ago",
            span(*hour),
            span(*six_hours),
            span(*all)
        );
    }
    if *missing_s > 120 {
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            " · {} to catch up with, complete until {}",
            span(*missing_s),
            time(*complete_s)
        );
    }
    if *gaps > 0 {
        let _ = write!(line, " · {gaps} gaps");
    }
    if dead_letters > 0 {
        let _ = write!(line, " · {dead_letters} in the dead letter");
    }
    if let Some(until_ms) = paused_until_ms {
        let _ = write!(line, " · asked to wait {}", span(until_ms / 1000 - now_s));
    }
    if let Some(fault) = trouble {
        line.push_str(" · ");
        line.push_str(&fault.sentence);
    }
    line
}

/// A length of time for people: `45 s`, `12 min`, `3 h`, `2 d`.
pub(super) fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{} s", seconds.max(0)),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// What a run is at: whether it had caught up before, whether it has now, and whether it ends by itself then.
fn stage(before: bool, now: bool, is_once: bool) -> &'static str {
    match (before, now) {
        (_, false) => "catching up",
        // It ends when questions that wait for their part of the budget were asked.
        (_, true) if is_once => "caught up; finishing what was begun",
        (false, true) => "caught up; polling goes on",
        (true, true) => "polling",
    }
}

#[cfg(test)]
mod tests {
    use super::{span, stage};

    #[test]
    fn a_run_that_ends_by_itself_does_not_say_that_it_goes_on() {
        let stages = [(false, false), (false, true), (true, true)];
        let said = |is_once| stages.map(|(before, now)| stage(before, now, is_once));
        assert_eq!(
            said(false),
            ["catching up", "caught up; polling goes on", "polling"]
        );
        assert!(said(true).iter().all(|stage| !stage.contains("polling")));
    }

    #[test]
    fn lengths_of_time_are_for_people() {
        let lengths = [
            (-3, "0 s"),
            (0, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_200, "2 h"),
            (172_800, "2 d"),
        ];
        for (seconds, text) in lengths {
            assert_eq!(span(seconds), text);
        }
    }
}
