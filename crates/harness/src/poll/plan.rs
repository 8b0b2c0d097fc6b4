//! Which window to read next.
//!
//! Nothing is remembered between two plans: what is due follows from the coverage alone, so that a crash at any moment
//! changes nothing but the time.

use super::reread::{PASSES, pass_of};
use crate::graph::{MAX_WINDOW_S, RETENTION_S};
use crate::ledger::{Coverage, Span};

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
            Tier::CatchUp if self.order == Order::OldestFirst => {
                self.missing(view, Span::new(view.floor_s.max(retained_s(end_s)), newest_s))
            }
            Tier::CatchUp => self.missing(view, Span::new(unsettled_s.max(view.floor_s), newest_s)),
            Tier::Backfill => self.missing(
                view,
                Span::new(view.floor_s.max(retained_s(end_s)), unsettled_s.min(newest_s)),
            ),
        }
    }

    /// What can no longer be had: missing, and before the service's retention.
    pub(super) fn lost(view: &View<'_>) -> Vec<Span> {
        let within = Span::new(view.floor_s, retained_s(view.now_s));
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
            // All that can be read for the last time comes along.
            let end_s = view.now_s - self.settling_s;
            again.span.end_s = end_s.min(again.span.start_s + view.window_s.clamp(1, MAX_WINDOW_S));
            again.overdue = again.overdue.max(LAST_READING_WORTH);
            return view.open(again.span).first().map(|&span| Again { span, ..again });
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
        let end_s = stretch
            .end_s
            .min(stretch.start_s + view.window_s.clamp(1, MAX_WINDOW_S));
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
        let window_s = view.window_s.clamp(1, MAX_WINDOW_S);
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

/// The first second the service still has rows of. It counts its ninety days from the beginning of the day.
fn retained_s(now_s: i64) -> i64 {
    now_s - now_s.rem_euclid(86_400) - RETENTION_S
}

impl View<'_> {
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
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn view<'a>(coverage: &'a Coverage, closed: &'a [Span]) -> View<'a> {
        View {
            now_s: NOW,
            fresh_s: Some(NOW),
            coverage,
            floor_s: NOW - 5 * 86_400,
            closed,
            window_s: 86_400,
            overlap_s: 900,
            every_s: [60, 900, 6 * 3600],
        }
    }

    fn first(rhythm: &Rhythm, view: &View<'_>) -> Option<(Tier, Span)> {
        Tier::ALL
            .into_iter()
            .find_map(|tier| Some((tier, rhythm.next(tier, view)?)))
    }

    #[test]
    fn live_goes_before_sweep_before_backfill() {
        let rhythm = Rhythm::default();
        let mut coverage = Coverage::default();
        let fresh = View {
            fresh_s: None,
            ..view(&coverage, &[])
        };
        assert_eq!(
            first(&rhythm, &fresh),
            Some((Tier::Fresh, Span::new(NOW - 900, NOW)))
        );
        coverage.cover(Span::new(NOW - 20 * 3600, NOW), NOW - 7 * 3600, rhythm.settling_s);
        let mut steps = Vec::new();
        while let Some((tier, span)) = first(&rhythm, &view(&coverage, &[])) {
            coverage.cover(span, NOW, rhythm.settling_s);
            steps.push((tier, (NOW - span.start_s) / 60, (NOW - span.end_s) / 60));
            if tier == Tier::Backfill {
                break;
            }
        }
        let hours = |hours: i64| hours * 60;
        assert_eq!(
            steps,
            [
                (Tier::Recent, 60, 15),
                (Tier::Sweep, hours(6), 60),
                (Tier::Deep, hours(20), hours(6)),
                (Tier::CatchUp, hours(44), hours(20)),
                (Tier::CatchUp, hours(48), hours(44)),
                (Tier::Backfill, hours(72), hours(48)),
            ]
        );
        let mut coverage = Coverage::default();
        coverage.cover(Span::new(NOW - 48 * 3600, NOW), NOW, rhythm.settling_s);
        let oldest = Rhythm {
            order: Order::OldestFirst,
            ..rhythm
        };
        let (_, span) = first(&oldest, &view(&coverage, &[])).unwrap();
        assert_eq!(span, Span::new(NOW - 120 * 3600, NOW - 96 * 3600));
    }

    #[test]
    fn gaps_and_windows_being_read_are_left_alone() {
        let mut coverage = Coverage::default();
        coverage.cover(Span::new(NOW - 3600, NOW), NOW, 48 * 3600);
        let gap = [Span::new(NOW - 10 * 86_400, NOW - 3600)];
        assert_eq!(first(&Rhythm::default(), &view(&coverage, &gap)), None);
    }

    #[test]
    fn what_was_not_settled_before_an_outage_is_read_after_it() {
        let rhythm = Rhythm::default();
        let mut coverage = Coverage::default();
        let stopped = NOW - 4 * 86_400;
        coverage.cover(Span::new(stopped - 86_400, stopped), stopped, rhythm.settling_s);
        coverage.cover(Span::new(stopped, NOW), NOW, rhythm.settling_s);
        let (tier, span) = first(&rhythm, &view(&coverage, &[])).unwrap();
        assert_eq!((tier, span), (Tier::Deep, Span::new(stopped - 86_400, stopped)));
    }

    #[test]
    fn what_is_older_than_the_retention_is_lost() {
        let coverage = Coverage::default();
        let floor_s = NOW - 100 * 86_400;
        let lost = Rhythm::lost(&View {
            floor_s,
            ..view(&coverage, &[])
        });
        assert_eq!(lost, [Span::new(floor_s, retained_s(NOW))]);
        assert_eq!(
            Rhythm::lost(&View {
                floor_s: NOW - RETENTION_S,
                ..view(&coverage, &[])
            }),
            []
        );
    }

    /// A coverage of readings at random times, with holes, and spans that are being read.
    fn random(chance: &mut fastrand::Rng) -> (Coverage, Vec<Span>) {
        let mut coverage = Coverage::default();
        let span = |chance: &mut fastrand::Rng, most_h: i64| {
            let start_s = NOW - chance.i64(60..60 * 3600);
            Span::new(start_s, (start_s + chance.i64(60..most_h * 3600)).min(NOW))
        };
        for _ in 0..chance.usize(1..30) {
            let read = span(chance, 12);
            let read_s = chance.i64(read.end_s..=NOW);
            coverage.cover(read, read_s, 48 * 3600);
        }
        let closed = (0..chance.usize(0..3)).map(|_| span(chance, 3)).collect();
        (coverage, closed)
    }

    #[test]
    fn no_window_is_read_while_one_that_is_more_overdue_waits_in_its_pass() {
        let mut chance = fastrand::Rng::with_seed(5);
        let rhythm = Rhythm::default();
        let mut looked = 0;
        for _ in 0..3_000 {
            let (coverage, closed) = random(&mut chance);
            let every_s = [(); 3].map(|()| chance.i64(60..20_000));
            let view = View {
                every_s,
                window_s: chance.i64(60..86_400),
                ..view(&coverage, &closed)
            };
            for (pass, tier) in PASSES.into_iter().enumerate() {
                let reach = rhythm.reach(tier, &view);
                let readings = view
                    .open(reach)
                    .into_iter()
                    .filter_map(|span| coverage.oldest_reading_s(span));
                let oldest_s = readings.min();
                let Some(again) = rhythm.again(tier, &view) else {
                    assert_eq!(oldest_s, None, "what is unsettled and free is found");
                    continue;
                };
                looked += 1;
                assert!(!again.span.is_empty() && again.span.len_s() <= view.window_s);
                assert_eq!(
                    view.open(again.span),
                    [again.span],
                    "nothing is read that is closed"
                );
                if again.span.start_s >= NOW - rhythm.settling_s - LAST_READING_S {
                    assert_eq!(oldest_s, Some(again.read_s));
                    assert!(
                        coverage.oldest_reading_s(again.span) <= oldest_s,
                        "it is in the window"
                    );
                    #[expect(clippy::cast_precision_loss, reason = "ages of days")]
                    let overdue = (NOW - again.read_s) as f64 / every_s[pass] as f64;
                    assert!((again.overdue - overdue).abs() < 1e-9);
                }
            }
        }
        assert!(looked > 3_000);
    }

    #[test]
    fn every_unsettled_second_is_read_again_within_two_periods() {
        let mut chance = fastrand::Rng::with_seed(6);
        let rhythm = Rhythm::default();
        for _ in 0..30 {
            let (mut coverage, _) = random(&mut chance);
            let window_s = chance.i64(3_600..86_400);
            // Each window takes a minute, as with ten pages and half of the budget; a period suffices for all windows twice.
            let windows = 48 * 3600 / window_s + 30;
            let every_s = [2 * 60 * windows; 3];
            let mut now_s = NOW;
            while now_s < NOW + 12 * 60 * windows {
                let view = View {
                    now_s,
                    window_s,
                    every_s,
                    ..view(&coverage, &[])
                };
                let due = PASSES.into_iter().filter_map(|tier| rhythm.again(tier, &view));
                let due = due.filter(|again| again.overdue >= 1.0);
                let next = due.max_by(|one, other| one.overdue.total_cmp(&other.overdue));
                if let Some(again) = next {
                    coverage.cover(again.span, now_s, rhythm.settling_s);
                }
                now_s += 60;
                let unsettled = Span::new(NOW - 60 * 3600, NOW - 2 * 3600);
                if now_s > NOW + 6 * 60 * windows
                    && let Some(read_s) = coverage.oldest_reading_s(unsettled)
                {
                    assert!(now_s - read_s <= 4 * 60 * windows);
                }
            }
        }
    }
}
