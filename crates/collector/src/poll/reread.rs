//! How often what may still change is read again, and how much of the budget that may take.
//!
//! Late rows and changed statuses are the likelier the younger a row is. So the rows of the last hour, of the last six
//! hours, and all that is not settled are three passes, each with a period of its own. The periods follow from what a
//! pass costs in pages, what it is worth, and the requests that re-reading may make: where the quota leaves much, a pass
//! comes at once again, where it leaves little, all become longer together, the oldest last.

use std::collections::VecDeque;

use super::core::Core;
use super::governor::WINDOW_MS;
use super::plan::{Again, Tier, View};
use super::signal::{Effect, Report};
use crate::ledger::Span;

/// The passes, the youngest rows first.
pub(super) const PASSES: [Tier; 3] = [Tier::Recent, Tier::Sweep, Tier::Deep];
/// What a pass is worth: how many of all late and changed rows it finds, roughly.
const WORTH: [f64; 3] = [12.0, 3.0, 1.0];
/// The shortest periods, in seconds: nothing is gained by more.
const SHORTEST_S: [f64; 3] = [60.0, 60.0, 780.0];
/// The part of the requests that is planned with: a queue that is always full has no end.
const PLANNED: f64 = 0.9;
/// The period of the deep pass that is kept as long as the requests suffice for it, in seconds: its windows follow each
/// other, so that all of it is done within six hours.
const DEEP_S: f64 = 5.0 * 3600.0;
/// The part of the requests that the deep pass may take at the most for that.
const MOST_FOR_DEEP: f64 = 0.75;

/// A deep pass that takes longer than this is said, in seconds: the promise is six hours.
const SLOW_S: i64 = 6 * 3600;

/// The place of a tier among the passes.
pub(super) fn pass_of(tier: Tier) -> Option<usize> {
    PASSES.iter().position(|&pass| pass == tier)
}

/// The periods of the passes in seconds, when they cost so many pages each and re-reading may make `requests` in the
/// window of the quota.
pub(super) fn periods_s(pages: [f64; 3], requests: f64) -> [i64; 3] {
    #[expect(clippy::cast_precision_loss, reason = "five minutes")]
    let mut left = requests.max(0.1) * PLANNED / (WINDOW_MS / 1000) as f64;
    let mut periods: [Option<f64>; 3] = [None; 3];
    let deep_s = DEEP_S.max(pages[2] / (left * MOST_FOR_DEEP));
    loop {
        // Whatever is not fixed yet gets what minimizes the wait of a late or changed row: as the root of cost by worth.
        let free = || (0..3).filter(|&pass| periods[pass].is_none());
        let sum: f64 = free().map(|pass| (pages[pass] * WORTH[pass]).sqrt()).sum();
        let wished = |pass: usize| sum / left.max(1e-6) * (pages[pass] / WORTH[pass]).sqrt();
        let fixed = if periods[2].is_none() && wished(2) > deep_s {
            Some((2, deep_s))
        } else {
            free()
                .find(|&pass| wished(pass) < SHORTEST_S[pass])
                .map(|pass| (pass, SHORTEST_S[pass]))
        };
        match fixed {
            Some((pass, period_s)) => {
                periods[pass] = Some(period_s);
                left -= pages[pass] / period_s;
            }
            None => {
                let all: Vec<f64> = (0..3)
                    .map(|pass| periods[pass].unwrap_or_else(|| wished(pass)))
                    .collect();
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a float is cut to the range of the integer"
                )]
                return [0, 1, 2].map(|pass| all[pass].ceil() as i64);
            }
        }
    }
}

/// Rows in a second, as the pages of one pass show it: of about the last whole pass.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    rows: f64,
    seconds: f64,
}

impl Pace {
    /// Takes in a page. What was seen before counts half as soon as `memory_s` seconds were read since.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate of rows needs no more than 52 bits"
    )]
    pub(super) fn add(&mut self, rows: usize, seconds: i64, memory_s: i64) {
        let seconds = seconds.max(0) as f64;
        let kept = (-seconds / memory_s.max(1) as f64).exp2();
        self.rows = self.rows * kept + rows as f64;
        self.seconds = self.seconds * kept + seconds;
    }

    pub(super) fn rows_per_s(self) -> Option<f64> {
        (self.seconds >= 1.0).then(|| self.rows / self.seconds)
    }
}

/// The requests that were made to read again.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent {
    sent_ms: VecDeque<i64>,
    in_run: u64,
}

impl Spent {
    pub(super) fn charge(&mut self, now_ms: i64) {
        while self
            .sent_ms
            .front()
            .is_some_and(|&sent| sent <= now_ms - WINDOW_MS)
        {
            self.sent_ms.pop_front();
        }
        self.sent_ms.push_back(now_ms);
        self.in_run += 1;
    }

    /// When the next one may be made, if `most` are allowed in the window of the quota.
    pub(super) fn ready_ms(&self, most: usize) -> i64 {
        let count = self.sent_ms.len();
        if count < most.max(1) {
            return i64::MIN;
        }
        self.sent_ms[count - most.max(1)].saturating_add(WINDOW_MS)
    }

    /// How many were made in this run.
    pub(super) fn in_run(&self) -> u64 {
        self.in_run
    }
}

impl Core {
    /// How often each pass is read again, in seconds.
    pub(super) fn every_s(&self, now_s: i64, overlap_s: i64) -> [i64; 3] {
        let rhythm = &self.settings.rhythm;
        let bounds_s = [overlap_s, rhythm.recent_s, rhythm.sweep_s].map(|age_s| now_s - age_s);
        let spans = [
            Span::new(bounds_s[1], bounds_s[0]),
            Span::new(bounds_s[2], bounds_s[1]),
            Span::new(i64::MIN, bounds_s[2]),
        ];
        let pages = [0, 1, 2].map(|pass| {
            let rate = self.paces[pass].rows_per_s().or(self.rows_per_s).unwrap_or(0.0);
            #[expect(clippy::cast_precision_loss, reason = "days in seconds")]
            let seconds = self.coverage.unsettled_s(spans[pass]) as f64;
            // A window is seldom full to the last page.
            rate * seconds / f64::from(self.settings.page_rows.max(1)) + 0.5
        });
        #[expect(clippy::cast_precision_loss, reason = "at most a hundred requests")]
        let share = self.share() as f64;
        periods_s(pages.map(|pages| pages.max(1.0)), share)
    }

    /// How many requests in the rolling window may read again what was read before: half as many while rows are missing.
    pub(super) fn share(&self) -> usize {
        let is_missing = self
            .lanes
            .iter()
            .any(|lane| matches!(lane.tier, Tier::CatchUp | Tier::Backfill));
        let most = if self.room.is_shared() {
            self.settings.reread.min(self.room.requests() / 2)
        } else {
            self.settings.reread
        };
        (if is_missing { most / 2 } else { most }).max(1) as usize
    }

    /// When a lane's next request may be sent.
    pub(super) fn ready_ms(&self, tier: Tier) -> i64 {
        // What was never delivered does not wait for others.
        let ready_ms = match tier {
            Tier::Fresh | Tier::CatchUp => self.governor.ready_ms(tier.is_urgent()),
            _ => self.governor.ready_within_room_ms(),
        };
        if tier.is_again() {
            ready_ms.max(self.spent.ready_ms(self.share()))
        } else {
            ready_ms
        }
    }

    /// What a pass is to read now. A run that ends by itself reads nothing twice, and does not wait for the budget only
    /// to read again.
    pub(super) fn again(&self, now_ms: i64, tier: Tier, view: &View<'_>) -> Option<Again> {
        let again = self.settings.rhythm.again(tier, view)?;
        let is_due = if self.settings.once {
            let is_before = self.once_end_s.is_some_and(|end_s| again.read_s < end_s);
            is_before
                && self.ready_ms(tier) <= now_ms
                && self.spent.in_run() < u64::from(self.settings.reread)
        } else {
            true
        };
        (is_due && again.overdue >= 1.0).then_some(again)
    }

    /// Says once when the quota does not carry the promise.
    pub(super) fn say_if_slow(&mut self, every_s: i64, effects: &mut Vec<Effect>) {
        let is_slow = every_s > SLOW_S;
        if is_slow && !self.is_slow_reported {
            effects.push(Effect::Report(Report::Slow { every_s }));
        }
        // Not again before it was well for a while.
        self.is_slow_reported = is_slow || self.is_slow_reported && every_s > SLOW_S * 3 / 4;
    }

    /// A run that ends by itself does not wait for the budget to read again: what is left stays unsettled.
    pub(super) fn leave_what_would_wait(&mut self, now_ms: i64) {
        let is_spent = self.spent.in_run() >= u64::from(self.settings.reread);
        let waits = PASSES.map(|tier| is_spent || self.ready_ms(tier) > now_ms);
        self.lanes.retain(|lane| {
            let is_waiting = pass_of(lane.tier).is_some_and(|pass| waits[pass]);
            lane.asked.is_some() || !is_waiting
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages of the three passes of a tenant with so many rows a day, 5,000 a page.
    fn pages(rows_per_day: f64) -> [f64; 3] {
        [0.75, 5.0, 42.0].map(|hours| (rows_per_day / 24.0 * hours / 5_000.0).max(1.0))
    }

    fn cost(pages: [f64; 3], periods_s: [i64; 3]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "hours")]
        pages
            .iter()
            .zip(periods_s)
            .map(|(pages, period_s)| pages / period_s as f64 * 300.0)
            .sum()
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "hours")]
    fn the_quota_is_kept_and_used_where_it_helps() {
        for rows_per_day in [1e3, 1e4, 1e5, 1e6, 5e6, 1e7] {
            let pages = pages(rows_per_day);
            let periods = periods_s(pages, 45.0);
            let cost = cost(pages, periods);
            assert!(cost <= 45.0 + 1e-6, "{rows_per_day}: {cost} {periods:?}");
            let is_at_once = (0..3).all(|pass| periods[pass] as f64 <= SHORTEST_S[pass]);
            assert!(is_at_once || cost > 40.0, "{rows_per_day}: {cost} {periods:?}");
        }
    }

    #[test]
    fn the_promise_is_kept_as_long_as_the_quota_carries_it() {
        assert_eq!(periods_s(pages(1e4), 45.0), [60, 60, 780]);
        let [recent, sweep, _] = periods_s(pages(1e5), 45.0);
        assert!(recent == 60 && sweep <= 120, "{recent} {sweep}");
        assert!(periods_s(pages(1e6), 45.0)[0] <= 240);
        assert!(periods_s(pages(5e6), 45.0)[2] <= 18_000);
        assert!(
            periods_s(pages(2e7), 45.0)[2] > 6 * 3600,
            "it cannot be kept, and that is known"
        );
    }

    #[test]
    fn less_of_the_quota_makes_no_period_shorter() {
        let mut chance = fastrand::Rng::with_seed(7);
        for _ in 0..2_000 {
            let pages = pages(10_f64.powf(2.0 + chance.f64() * 6.0));
            let requests = 1.0 + chance.f64() * 89.0;
            let (more, less) = (periods_s(pages, requests), periods_s(pages, requests * 0.7));
            assert!(
                more.iter().zip(less).all(|(more, less)| less >= *more),
                "{pages:?} {requests}"
            );
        }
    }

    #[test]
    fn a_share_is_a_rolling_window() {
        let mut spent = Spent::default();
        assert_eq!(spent.ready_ms(2), i64::MIN);
        spent.charge(1_000);
        spent.charge(2_000);
        assert_eq!(spent.ready_ms(2), 1_000 + WINDOW_MS);
        assert_eq!(spent.ready_ms(1), 2_000 + WINDOW_MS);
        assert_eq!(spent.in_run(), 2);
    }
}
