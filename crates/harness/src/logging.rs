//! The log on standard error: one line a record, `time LEVEL message key=value …`.
//!
//! Levels go by consequence. `error`: something is lost, or a person must act. `warn`: something failed, nothing is lost.
//! `info`: a stage of the work began or ended. `debug`: each request and page, in counts. No level shows an address, a
//! subject, a query, a body or a secret. Records of libraries are not shown: theirs may hold whole links.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::SystemTime;

use log::kv::{self, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};

/// The prefix of this program's own modules.
const OWN: &str = "message_trace";
/// The longest line of the log, in bytes.
const MAX_LINE_BYTES: usize = 4096;

struct Stderr;

/// Starts the log. A second call changes the level only.
pub fn start(level: LevelFilter) {
    // A second start finds the logger in place, which is all that is wanted.
    let _ = log::set_logger(&Stderr);
    log::set_max_level(level);
}

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(OWN)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            // Standard error is gone: there is nowhere left to say so.
            let _ = std::io::stderr()
                .lock()
                .write_all(line(SystemTime::now(), record).as_bytes());
        }
    }

    fn flush(&self) {}
}

/// One record as one line, its line feed included. Control characters are escaped, so that no value can forge a line.
fn line(now: SystemTime, record: &Record<'_>) -> String {
    let mut pairs = Pairs(String::new());
    // Visiting stops at an error only, and `Pairs` gives none.
    let _ = record.key_values().visit(&mut pairs);
    let mut text = String::new();
    escape(&record.args().to_string(), &mut text);
    let mut line = format!(
        "{} {:<5} {text}{}",
        crate::logging::utc(now),
        record.level(),
        pairs.0
    );
    if line.len() > MAX_LINE_BYTES {
        line.truncate(line.floor_char_boundary(MAX_LINE_BYTES));
        line.push('…');
    }
    line.push('\n');
    line
}

/// A time as `2026-01-20T08:15:30Z`, in whole seconds.
#[must_use]
pub fn utc(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// The date of a day since 1970-01-01, by the 400-year cycle of 146 097 days, counted from 1 March.
const fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

struct Pairs(String);

impl<'kvs> VisitSource<'kvs> for Pairs {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let value = value.to_string();
        let quoted = value.is_empty() || value.contains([' ', '"', '=']);
        // Writing into a string never fails.
        let _ = write!(self.0, " {key}={}", if quoted { "\"" } else { "" });
        escape(&value, &mut self.0);
        if quoted {
            self.0.push('"');
        }
        Ok(())
    }
}

pub(crate) fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '"' => out.push('\''),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}') =>
            {
                out.extend(c.escape_unicode());
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{line, utc};

    #[test]
    fn times_are_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_769_328_000, "2026-01-25T08:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_value_cannot_forge_a_line() {
        let pairs = [("sink", "a\nb \u{202E}\u{1b}[31m")];
        let record = log::Record::builder()
            .level(log::Level::Warn)
            .args(format_args!("the sink\r\nfailed"))
            .key_values(&pairs)
            .build();
        assert_eq!(
            line(SystemTime::UNIX_EPOCH, &record),
            "1970-01-01T00:00:00Z WARN  the sink\\u{d}\\u{a}failed sink=\"a\\u{a}b \\u{202e}\\u{1b}[31m\"\n"
        );
    }

    #[test]
    fn a_long_line_is_cut() {
        let text = "ö".repeat(5000);
        let line = super::line(
            SystemTime::UNIX_EPOCH,
            &log::Record::builder()
                .level(log::Level::Info)
                .args(format_args!("{text}"))
                .build(),
        );
        assert!(line.len() <= super::MAX_LINE_BYTES + 4 && line.ends_with("…\n"));
    }
}
