//! The plan against coverages of all kinds.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;
use message_trace_sources::graph::Graph;

const NOW: i64 = 1_800_000_000;

fn view<'a>(coverage: &'a Coverage, closed: &'a [Span]) -> View<'a> {
    View {
        source: &Graph,
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

/// A program was killed between the pages of a window that was read for the last time: its newest part is settled, what
/// is before and behind it is not.
#[test]
fn a_last_reading_ends_where_something_is_settled() {
    let rhythm = Rhythm::default();
    let settled_s = NOW - rhythm.settling_s;
    let mut coverage = Coverage::default();
    let begins = settled_s - 2 * LAST_READING_S;
    coverage.cover(Span::new(begins, NOW), NOW - 12 * 3600, rhythm.settling_s);
    let hole = Span::new(settled_s - LAST_READING_S, settled_s - LAST_READING_S / 2);
    coverage.cover(hole, NOW, rhythm.settling_s);
    let again = rhythm.again(Tier::Deep, &view(&coverage, &[])).unwrap();
    assert_eq!(again.span, Span::new(begins, hole.start_s));
}

#[test]
fn what_is_older_than_the_retention_is_lost() {
    let coverage = Coverage::default();
    let floor_s = NOW - 100 * 86_400;
    let lost = Rhythm::lost(&View {
        floor_s,
        ..view(&coverage, &[])
    });
    assert_eq!(lost, [Span::new(floor_s, Graph.retained_s(NOW))]);
    assert_eq!(
        Rhythm::lost(&View {
            floor_s: NOW - Graph.retention_s(),
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
            assert_eq!(
                coverage.unsettled_s(again.span),
                again.span.len_s(),
                "what is settled is not read again: its keys are forgotten"
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
