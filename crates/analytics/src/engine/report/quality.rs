//! What is known of how complete the archive is.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta};
use serde::Serialize;

use super::summary::Summary;
use super::words::{DAY, number, several};

/// What a ledger says; spans are half-open, in milliseconds since 1970 UTC.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What was read without a gap.
    pub coverage: Vec<(i64, i64)>,
    /// What is missing, and why.
    pub gaps: Vec<(i64, i64, String)>,
}

/// `quality` of the payload.
#[derive(Default, Serialize)]
pub(super) struct Quality {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) coverage: Vec<Span>,
    pub(super) gaps: Vec<Gap>,
    pub(super) notes: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) to: i64,
}

#[derive(Serialize)]
pub(super) struct Gap {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) reason: String,
}

/// The days that were asked for, both of them among these.
#[derive(Clone, Copy, Default)]
pub(super) struct Days {
    pub(super) since: Option<NaiveDate>,
    pub(super) until: Option<NaiveDate>,
}

impl Days {
    /// From when to when, in milliseconds.
    fn bounds(self) -> (i64, i64) {
        let from = self.since.map_or(i64::MIN, midnight);
        (from, self.until.map_or(i64::MAX, |until| midnight(until) + DAY))
    }
}

impl Quality {
    pub(super) fn of(days: Days, summary: &Summary, ledger: Option<&Ledger>, made: i64) -> Self {
        let mut quality = Self::default();
        let within = |from: i64, to: i64| {
            let (first, last) = days.bounds();
            Some((from.max(first), to.min(last))).filter(|(from, to)| from < to)
        };
        if let Some(Ledger { coverage, gaps }) = ledger {
            let cut = coverage.iter().filter_map(|&(from, to)| within(from, to));
            quality.coverage = cut.map(|(from, to)| Span { from, to }).collect();
            for (from, to, reason) in gaps {
                if let Some((from, to)) = within(*from, *to) {
                    let reason = reason.clone();
                    quality.gaps.push(Gap { from, to, reason });
                }
            }
        } else {
            quality.notes.push(
                "Whether a day is complete is not known to the archive. The ledger of a poll knows it (--ledger)."
                    .to_owned(),
            );
        }
        let empty = quality.empty_days(days, summary, made);
        quality.gaps.extend(empty);
        quality.gaps.sort_by_key(|gap| (gap.from, gap.to));
        quality.tell(summary);
        quality
    }

    /// Days without a message inside of the span that the report is about, those together that follow each other. A day
    /// that the ledger covers had none.
    fn empty_days(&self, days: Days, summary: &Summary, made: i64) -> Vec<Gap> {
        let there: Vec<NaiveDate> = summary.days.iter().filter_map(|of| of.day.parse().ok()).collect();
        let (Some(&first), Some(&last)) = (there.first(), there.last()) else {
            return Vec::new();
        };
        // Today's messages may come still.
        let yesterday = DateTime::from_timestamp_millis(made)
            .map_or(last, |made| made.date_naive() - TimeDelta::days(1))
            .max(last);
        let first = days.since.map_or(first, |since| since.min(first));
        let last = days.until.map_or(last, |until| until.min(yesterday).max(last));
        let mut found: Vec<Gap> = Vec::new();
        let mut take = |from: i64, to: i64| {
            let is_covered = |span: &Span| span.from <= from && to <= span.to;
            if from >= to || self.coverage.iter().any(is_covered) {
                return;
            }
            found.push(Gap {
                from,
                to,
                reason: "the archive has no message of this time".to_owned(),
            });
        };
        let mut next = first;
        for day in there {
            take(midnight(next), midnight(day));
            next = day + TimeDelta::days(1);
        }
        take(midnight(next), midnight(last) + DAY);
        found
    }

    fn tell(&mut self, summary: &Summary) {
        if let (Some(first), Some(last)) = (summary.days.first(), summary.days.last()) {
            let most = summary.days.iter().max_by_key(|of| of.messages).unwrap_or(first);
            let count = i64::try_from(summary.days.len()).unwrap_or(i64::MAX);
            self.notes.push(format!(
                "There are messages of {}, from {} to {}; most on {}: {}.",
                several(count, "day"),
                first.day,
                last.day,
                most.day,
                number(most.messages)
            ));
        }
        let unknown = summary
            .directions
            .iter()
            .find(|direction| direction.name.is_empty());
        if let Some(unknown) = unknown {
            self.notes.push(format!(
                "Whether {} came in or went out is not known. The rows were archived without --organization-domain.",
                several(unknown.count, "message")
            ));
        }
        if summary.messages > 0 && summary.lookalikes.is_none() {
            self.notes.push(
                "Look-alike domains were not sought: the archive does not tell which domains are yours (--protect)."
                    .to_owned(),
            );
        }
    }
}

/// When a day begins, in milliseconds since 1970 UTC.
fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::super::summary::{OfDay, Summary};
    use super::super::words::span;
    use super::{Days, Ledger, Quality, midnight};

    fn summary(days: &[&str]) -> Summary {
        let of_day = |day: &&str| OfDay {
            day: (*day).to_owned(),
            messages: 1,
            bytes: 1,
            failed: 0,
        };
        Summary {
            days: days.iter().map(of_day).collect(),
            ..Summary::default()
        }
    }

    fn gaps(days: Days, ledger: Option<&Ledger>) -> Vec<String> {
        let there = summary(&["2025-06-02", "2025-06-03", "2025-06-06"]);
        let made = "2025-06-10".parse().map(midnight).unwrap_or_default();
        let quality = Quality::of(days, &there, ledger, made);
        quality.gaps.iter().map(|gap| span(gap.from, gap.to)).collect()
    }

    #[test]
    fn days_without_messages_are_gaps() {
        assert_eq!(gaps(Days::default(), None), ["2025-06-04 to 2025-06-05"]);
        let days = Days {
            since: "2025-06-01".parse().ok(),
            until: "2025-07-01".parse().ok(),
        };
        // Today, and what comes after it, is no gap.
        let all = [
            "2025-06-01",
            "2025-06-04 to 2025-06-05",
            "2025-06-07 to 2025-06-09",
        ];
        assert_eq!(gaps(days, None), all);
    }

    #[test]
    fn a_day_that_the_ledger_covers_had_no_message() {
        let at = |day: &str| day.parse().map(midnight).unwrap_or_default();
        let ledger = Ledger {
            coverage: vec![(at("2025-06-01"), at("2025-06-08"))],
            gaps: vec![(at("2025-05-01"), at("2025-06-01"), "older".to_owned())],
        };
        assert_eq!(gaps(Days::default(), Some(&ledger)), ["2025-05-01 to 2025-05-31"]);
        let since = Days {
            since: "2025-06-01".parse().ok(),
            until: None,
        };
        assert!(gaps(since, Some(&ledger)).is_empty());
    }
}
