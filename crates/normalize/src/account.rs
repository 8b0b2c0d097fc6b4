//! What was read of the sources, and what is to be said of it.

use std::sync::Arc;

use message_trace_host::Reason;

/// How many rejections are said on stderr; the rest is counted.
const SAID_REJECTIONS: u64 = 10;
/// After so many refused lines of a source that looks like no message trace, that is said without its end.
const PATIENCE_LINES: u64 = 1000;

/// What the pieces of a source are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unit {
    /// Each on a line of its own.
    #[default]
    Lines,
    /// Out of a page or a table.
    Rows,
}

/// The account of a run.
#[derive(Debug, Default)]
pub(super) struct Account {
    lines: u64,
    rows: u64,
    events: u64,
    rejected: u64,
    /// Rejections that were said, each or for its source as a whole.
    said: u64,
    /// Rejections that were said one by one.
    said_one_by_one: u64,
    dates: u64,
    unread: u64,
    source: Of,
}

/// The account of the source that is being read.
#[derive(Debug, Default)]
struct Of {
    name: Arc<str>,
    unit: Unit,
    /// What it is, if it looks like no message trace.
    foreign: Option<String>,
    /// Whether that was said, so that its rejections need no words of their own.
    is_judged: bool,
    rejected: u64,
    /// Rejections that wait until it is known whether all of the source is refused.
    held: Vec<String>,
}

impl Account {
    /// A source begins. `foreign` says what it looks like, if not like a message trace.
    pub(super) fn begin(&mut self, name: Arc<str>, unit: Unit, foreign: Option<String>) {
        self.source = Of {
            name,
            unit,
            foreign,
            ..Of::default()
        };
    }

    /// Takes in what came of a piece of the source. Gives what is to be said.
    pub(super) fn add(
        &mut self,
        pieces: u64,
        is_page: bool,
        events: u64,
        refused: Vec<(u64, Reason)>,
    ) -> Vec<String> {
        match self.source.unit {
            Unit::Lines if !is_page => self.lines += pieces,
            _ => self.rows += pieces,
        }
        self.events += events;
        let mut sentences = Vec::new();
        if events > 0 {
            self.source.is_judged = false;
        }
        if events > 0 && self.source.foreign.take().is_some() {
            for sentence in std::mem::take(&mut self.source.held) {
                self.say(sentence, &mut sentences);
            }
        }
        for (line, reason) in refused {
            self.rejected += 1;
            self.source.rejected += 1;
            self.dates += u64::from(reason == Reason::AmbiguousDate);
            if self.source.is_judged {
                self.said += 1;
                continue;
            }
            if self.source.foreign.is_none() && self.said_one_by_one >= SAID_REJECTIONS {
                continue;
            }
            let sentence = format!("{}:{line}: {reason} ({})", self.source.name, reason.name());
            if self.source.foreign.is_none() {
                self.say(sentence, &mut sentences);
            } else if (self.source.held.len() as u64) < SAID_REJECTIONS {
                self.source.held.push(sentence);
            }
        }
        if self.source.rejected > PATIENCE_LINES {
            sentences.extend(self.end());
        }
        sentences
    }

    fn say(&mut self, sentence: String, sentences: &mut Vec<String>) {
        if self.said_one_by_one < SAID_REJECTIONS {
            self.said_one_by_one += 1;
            self.said += 1;
            sentences.push(sentence);
        }
    }

    /// The source has ended. Gives what is to be said of it as a whole: once that it is no message trace.
    pub(super) fn end(&mut self) -> Option<String> {
        let Of {
            name,
            foreign,
            is_judged,
            rejected,
            ..
        } = &mut self.source;
        let foreign = foreign.take().filter(|_| *rejected > 0)?;
        *is_judged = true;
        self.said += std::mem::take(rejected);
        Some(format!("{name}: {foreign}"))
    }

    /// A source could not be read to its end.
    pub(super) const fn cannot_read(&mut self) {
        self.unread += 1;
    }

    /// How many sources could not be read to their end.
    pub(super) const fn unread(&self) -> u64 {
        self.unread
    }

    /// Whether something was rejected.
    pub(super) const fn has_rejected(&self) -> bool {
        self.rejected > 0
    }

    /// Whether there was something to read, and nothing of it gave an event.
    pub(super) const fn is_nothing_read(&self) -> bool {
        self.rejected > 0 && self.events == 0
    }

    /// What to do about dates that may be day-first or month-first.
    pub(super) fn date_hint(&self) -> Option<String> {
        (self.dates > 0).then(|| {
            format!(
                "{} a date that may be day-first or month-first: run again with --dates dmy or --dates mdy",
                match self.dates {
                    1 => "1 row has".to_owned(),
                    dates => format!("{dates} rows have"),
                }
            )
        })
    }

    /// The counts in words: `3 lines, 2 events, 1 rejected`.
    pub(super) fn summary(&self) -> String {
        let of = |count: u64, thing| format!("{count} {thing}{}", if count == 1 { "" } else { "s" });
        let read = match (self.lines, self.rows) {
            (lines, 0) => of(lines, "line"),
            (0, rows) => of(rows, "row"),
            (lines, rows) => format!("{} and {}", of(lines, "line"), of(rows, "row")),
        };
        let more = match self.rejected.saturating_sub(self.said) {
            0 => String::new(),
            unsaid => format!(" ({unsaid} not shown)"),
        };
        let unread = match self.unread {
            0 => String::new(),
            unread => format!(", {} not read", of(unread, "file")),
        };
        format!(
            "{read}, {}, {} rejected{more}{unread}",
            of(self.events, "event"),
            self.rejected
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Unit};
    use message_trace_host::Reason;

    fn refused(count: u64) -> Vec<(u64, Reason)> {
        (1..=count).map(|line| (line, Reason::UnknownFormat)).collect()
    }

    #[test]
    fn ten_rejections_are_said_of_all_sources_together() {
        let mut account = Account::default();
        for name in ["a", "b"] {
            account.begin(name.into(), Unit::Lines, None);
            let said = account.add(8, false, 1, refused(7)).len();
            assert_eq!(said, if name == "a" { 7 } else { 3 });
            assert_eq!(account.end(), None);
        }
        assert_eq!(account.summary(), "16 lines, 2 events, 14 rejected (4 not shown)");
    }

    #[test]
    fn a_source_that_is_no_trace_is_said_once() {
        let mut account = Account::default();
        account.begin("a".into(), Unit::Lines, Some("not a message trace".to_owned()));
        assert!(account.add(50, false, 0, refused(50)).is_empty());
        assert_eq!(account.end().as_deref(), Some("a: not a message trace"));
        assert_eq!(account.summary(), "50 lines, 0 events, 50 rejected");
        assert!(account.is_nothing_read());
    }

    #[test]
    fn a_source_that_only_begins_badly_has_its_rejections_said() {
        let mut account = Account::default();
        account.begin("a".into(), Unit::Lines, Some("not a message trace".to_owned()));
        assert!(account.add(1, false, 0, refused(1)).is_empty());
        let said = account.add(2, false, 1, vec![(3, Reason::Syntax(0))]);
        let expected = [
            "a:1: expected a message-trace row, but found neither receivedDateTime nor Received (unknown-format)",
            "a:3: expected one JSON object, but reading stopped at byte 0 (syntax)",
        ];
        assert_eq!(said, expected);
        assert_eq!((account.end(), account.is_nothing_read()), (None, false));
    }

    #[test]
    fn a_stream_without_an_end_is_judged_after_a_thousand_lines() {
        let mut account = Account::default();
        account.begin("-".into(), Unit::Lines, Some("not a message trace".to_owned()));
        assert_eq!(
            account.add(1001, false, 0, refused(1001)),
            ["-: not a message trace"]
        );
        assert!(account.add(500, false, 0, refused(500)).is_empty());
        assert_eq!(account.summary(), "1501 lines, 0 events, 1501 rejected");
        // A row after all: what follows it is said again.
        assert!(account.add(1, false, 1, Vec::new()).is_empty());
        assert_eq!(account.add(1, false, 0, refused(1)).len(), 1);
    }

    #[test]
    fn rows_and_lines_are_counted_apart() {
        let mut account = Account::default();
        account.begin("a".into(), Unit::Rows, None);
        account.add(500, false, 500, Vec::new());
        assert_eq!(account.summary(), "500 rows, 500 events, 0 rejected");
        account.begin("b".into(), Unit::Lines, None);
        account.add(1, false, 1, Vec::new());
        account.add(3, true, 3, Vec::new());
        account.cannot_read();
        assert_eq!(
            account.summary(),
            "1 line and 503 rows, 504 events, 0 rejected, 1 file not read"
        );
    }
}
