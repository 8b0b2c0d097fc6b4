//! What came of a course.

use std::fmt;

/// What a policy found of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The policy.
    pub name: String,
    /// Rows that could be found.
    pub rows: u64,
    /// Rows of them that were never delivered.
    pub lost: u64,
    /// Rows whose status changed after they appeared.
    pub changed: u64,
    /// Rows of these whose last status was never delivered.
    pub finals_missed: u64,
    /// Deliveries beyond the first of the same trace id, recipient and status. A sink may still drop them; a row whose
    /// size alone changed counts as well.
    pub duplicates: u64,
    /// Seconds from a row's appearance to its first delivery: the middle one and the 95th of a hundred.
    pub delay_median: u64,
    /// See `delay_median`.
    pub delay_p95: u64,
    /// Requests made.
    pub requests: u64,
}

impl Outcome {
    /// Rows lost, as a share of all, 0–1.
    #[must_use]
    pub fn lost_share(&self) -> f64 {
        share(self.lost, self.rows)
    }

    /// Last statuses missed, as a share of the rows that changed, 0–1.
    #[must_use]
    pub fn missed_share(&self) -> f64 {
        share(self.finals_missed, self.changed)
    }

    /// Adds another tenant's outcome of the same policy; of the delays, the worse ones stay.
    pub fn add(&mut self, other: &Self) {
        let Self {
            name,
            rows,
            lost,
            changed,
            finals_missed,
            duplicates,
            delay_median,
            delay_p95,
            requests,
        } = other;
        self.name.clone_from(name);
        self.rows += rows;
        self.lost += lost;
        self.changed += changed;
        self.finals_missed += finals_missed;
        self.duplicates += duplicates;
        self.delay_median = self.delay_median.max(*delay_median);
        self.delay_p95 = self.delay_p95.max(*delay_p95);
        self.requests += requests;
    }

    /// The heading of a table of outcomes.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:<28} {:>9} {:>9} {:>8} {:>8} {:>8} {:>10} {:>9} {:>9} {:>9}",
            "policy",
            "rows",
            "lost",
            "lost %",
            "changed",
            "missed %",
            "duplicates",
            "median s",
            "p95 s",
            "requests"
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of counts far below 2^52")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:<28} {:>9} {:>9} {:>8.3} {:>8} {:>8.2} {:>10} {:>9} {:>9} {:>9}",
            self.name,
            self.rows,
            self.lost,
            self.lost_share() * 100.0,
            self.changed,
            self.missed_share() * 100.0,
            self.duplicates,
            self.delay_median,
            self.delay_p95,
            self.requests
        )
    }
}
