//! Which window to read next.
//!
//! Nothing is remembered between two plans: what is due follows from the coverage alone, so that a crash at any moment
//! changes nothing but the time.

use super::reread::{PASSES, pass_of};
use crate::ledger::{Coverage, Span};
use message_trace_sources::Source;

/// Why a window is read, most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// What has just come in: every minute, with the quarter of an hour before it again.
    Fresh,
    /// The last hour again, as often as the quota allows, at most once a minute.
    Recent,
    /// The last six hours again, as often as the quota allows, at most once a minute.
    Sweep,
    /// All that is not settled, again: every quarter of an hour to every five hours.
    Deep,
    /// What is missing of the last days.
    CatchUp,
    /// What is missing of earlier days.
    Backfill,
}

impl Tier {
    /// All tiers, most urgent first.
    pub const ALL: [Self; 6] = [
        Self::Fresh,
        Self::Recent,
        Self::Sweep,
        Self::Deep,
        Self::CatchUp,
        Self::Backfill,
    ];

    /// Whether its requests go before the spreading of the budget.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::Fresh)
    }

    /// Whether it reads what was read before.
    #[must_use]
    pub const fn is_again(self) -> bool {
        matches!(self, Self::Recent | Self::Sweep | Self::Deep)
    }
}

/// From which end missing spans are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest missing window first.
    #[default]
    NewestFirst,
    /// The oldest missing window first.
    OldestFirst,
}

/// The rhythm of reading. All spans are in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// How often the newest rows are asked for.
    pub fresh_every_s: i64,
    /// How much before them is read again each time.
    pub fresh_overlap_s: i64,
    /// How much a fresh window reads at most; what is missing before it is caught up with later.
    pub fresh_most_s: i64,
    /// How far back the recent pass reaches.
    pub recent_s: i64,
    /// How far back the sweep reaches.
    pub sweep_s: i64,
    /// The age at which a row counts as settled.
    pub settling_s: i64,
    /// From which end missing spans are read.
    pub order: Order,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            fresh_every_s: 60,
            fresh_overlap_s: 15 * 60,
            fresh_most_s: 3600,
            recent_s: 3600,
            sweep_s: 6 * 3600,
            settling_s: 48 * 3600,
            order: Order::NewestFirst,
        }
    }
}

/// What a plan is made from.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// The service that is polled.
    pub(super) source: &'static dyn Source,
    /// The service's time, in seconds.
    pub(super) now_s: i64,
    /// When the newest rows were last asked for; `None` if not in this run.
    pub(super) fresh_s: Option<i64>,
    /// What is delivered or on its way.
    pub(super) coverage: &'a Coverage,
    /// Where the coverage is to begin.
    pub(super) floor_s: i64,
    /// Spans that are not to be read: gaps, and windows that are being read.
    pub(super) closed: &'a [Span],
    /// How many seconds a window should have so that it holds a handful of pages.
    pub(super) window_s: i64,
    /// How many seconds of overlap the fresh window can afford.
    pub(super) overlap_s: i64,
    /// The periods of the passes that read again, in seconds.
    pub(super) every_s: [i64; 3],
}

/// How long after it may be settled a second is read for the last time at the latest, in seconds. Until then the ledger
/// keeps the keys of its rows.
const LAST_READING_S: i64 = 3 * 3600;
/// How many times its period a last reading that is late counts as overdue.
const LAST_READING_WORTH: f64 = 8.0;

/// A window to read again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Again {
    pub(super) span: Span,
    /// When the oldest of its readings was, in seconds.
    pub(super) read_s: i64,
    /// How many times its period that is ago.
    pub(super) overdue: f64,
}

impl Rhythm {
    /// The next window of a tier, if one is due.
    pub(super) fn next(&self, tier: Tier, view: &View<'_>) -> Option<Span> {
        let end_s = view.now_s;
        let unsettled_s = end_s - self.settling_s;
        // What is newer than all that is delivered is the business of the fresh window.
        let newest_s = view.coverage.end_s().unwrap_or(i64::MIN).min(end_s);
        match tier {
            Tier::Fresh => {
                let is_due = view
                    .fresh_s
                    .is_none_or(|fresh_s| end_s - fresh_s >= self.fresh_every_s || end_s < fresh_s);
                let read_from_s = view.coverage.end_s().unwrap_or(end_s).min(end_s) - view.overlap_s;
                let span = Span::new(
                    read_from_s.max(end_s - self.fresh_most_s).max(view.floor_s),
                    end_s,
                );
                (is_due && !span.is_empty()).then_some(span)
            }
            Tier::Recent | Tier::Sweep | Tier::Deep => self
                .again(tier, view)
                .filter(|again| again.overdue >= 1.0)
                .map(|again| again.span),
            Tier::CatchUp if self.order == Order::OldestFirst => self.missing(
                view,
                Span::new(view.floor_s.max(view.source.retained_s(end_s)), newest_s),
            ),
            Tier::CatchUp => self.missing(view, Span::new(unsettled_s.max(view.floor_s), newest_s)),
            Tier::Backfill => self.missing(
                view,
                Span::new(
                    view.floor_s.max(view.source.retained_s(end_s)),
                    unsettled_s.min(newest_s),
                ),
            ),
        }
    }

    /// What can no longer be had: missing, and before the service's retention.
    pub(super) fn lost(view: &View<'_>) -> Vec<Span> {
        let within = Span::new(view.floor_s, view.source.retained_s(view.now_s));
        view.open(within)
            .into_iter()
            .flat_map(|span| view.coverage.missing(span))
            .collect()
    }

    /// When the next window that is not due yet will be due, in seconds.
    pub(super) fn due_s(&self, view: &View<'_>) -> i64 {
        let end_s = view.now_s;
        let fresh_s = view.fresh_s.map_or(end_s, |fresh_s| fresh_s + self.fresh_every_s);
        let again_s = PASSES.iter().zip(view.every_s).filter_map(|(&tier, every_s)| {
            let read_s = view.coverage.oldest_reading_s(self.reach(tier, view))?;
            // What is due already is being read, or waits for something else than the time.
            Some(read_s.saturating_add(every_s)).filter(|&due_s| due_s > end_s)
        });
        again_s.chain([fresh_s]).min().unwrap_or(fresh_s).max(end_s + 1)
    }

    /// What a pass reads again.
    fn reach(&self, tier: Tier, view: &View<'_>) -> Span {
        let end_s = view.now_s;
        let (from_s, to_s) = match tier {
            Tier::Recent => (end_s - self.recent_s, end_s - view.overlap_s),
            Tier::Sweep => (end_s - self.sweep_s, end_s - self.recent_s),
            _ => (view.floor_s, end_s - self.sweep_s),
        };
        Span::new(from_s.max(view.floor_s), to_s)
    }

    /// What a pass reads next: the stretch that was read longest ago, from its oldest reading on. What can be read for
    /// the last time goes first once that is late.
    pub(super) fn again(&self, tier: Tier, view: &View<'_>) -> Option<Again> {
        let every_s = view.every_s[pass_of(tier)?].max(1);
        let late_s = view.now_s - self.settling_s - LAST_READING_S;
        let last = (tier == Tier::Deep).then(|| Span::new(view.floor_s, late_s));
        if let Some(mut again) = last.and_then(|within| Self::oldest(view, within, every_s)) {
            // All that can be read for the last time comes along, up to what is settled: the keys of its rows are
            // forgotten, and they would be taken for new ones.
            let end_s = view.now_s - self.settling_s;
            again.span.end_s = end_s.min(again.span.start_s + view.longest_s());
            let open = view.open(again.span).first().copied()?;
            again.span = view.coverage.stale(open, i64::MAX).first().copied()?;
            again.overdue = again.overdue.max(LAST_READING_WORTH);
            return Some(again);
        }
        Self::oldest(view, self.reach(tier, view), every_s)
    }

    /// The window of `within` with the oldest reading.
    fn oldest(view: &View<'_>, within: Span, every_s: i64) -> Option<Again> {
        let open = view.open(within);
        let (read_s, open) = open
            .into_iter()
            .filter_map(|span| Some((view.coverage.oldest_reading_s(span)?, span)))
            .min_by_key(|(read_s, span)| (*read_s, span.start_s))?;
        let start_s = view.coverage.stale(open, read_s).first()?.start_s;
        // What was read in the second half of the period is left for later.
        let limit_s = read_s.max(view.now_s - every_s / 2);
        // What is due beyond the pass's younger end comes along: that end moves, and would cut off a sliver each time.
        let beyond = Span::new(start_s, view.now_s - view.overlap_s);
        let from = view.open(beyond).first().copied().unwrap_or(open);
        let stretch = *view.coverage.stale(from, limit_s).first()?;
        let end_s = stretch.end_s.min(stretch.start_s + view.longest_s());
        #[expect(clippy::cast_precision_loss, reason = "ages of days")]
        let overdue = (view.now_s - read_s) as f64 / every_s as f64;
        Some(Again {
            span: Span::new(stretch.start_s, end_s),
            read_s,
            overdue,
        })
    }

    /// The first missing window of `within`.
    fn missing(&self, view: &View<'_>, within: Span) -> Option<Span> {
        let window_s = view.longest_s();
        let missing = view
            .open(within)
            .into_iter()
            .flat_map(|span| view.coverage.missing(span));
        match self.order {
            Order::NewestFirst => missing
                .max_by_key(|span| span.end_s)
                .map(|span| Span::new(span.start_s.max(span.end_s - window_s), span.end_s)),
            Order::OldestFirst => missing
                .min_by_key(|span| span.start_s)
                .map(|span| Span::new(span.start_s, span.end_s.min(span.start_s + window_s))),
        }
    }
}

impl View<'_> {
    /// How long a window may be, in seconds.
    fn longest_s(&self) -> i64 {
        self.window_s.clamp(1, self.source.longest_window_s())
    }

    /// The parts of `within` that may be read.
    pub(super) fn open(&self, within: Span) -> Vec<Span> {
        let mut open = if within.is_empty() {
            Vec::new()
        } else {
            vec![within]
        };
        for closed in self.closed {
            open = open
                .into_iter()
                .flat_map(|span| {
                    [
                        Span::new(span.start_s, span.end_s.min(closed.start_s)),
                        Span::new(span.start_s.max(closed.end_s), span.end_s),
                    ]
                })
                .filter(|span| !span.is_empty())
                .collect();
        }
        open
    }
}

#[cfg(test)]
mod tests;
