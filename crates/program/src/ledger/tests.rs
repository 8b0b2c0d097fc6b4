//! The words of `ledger` against coverages with holes.
use super::*;
use message_trace_collector::ledger::{Coverage, GapReason};

const NOW: i64 = 1_800_000_000;
const HOUR: i64 = 3_600;

/// Delivered: 72 to 60 hours ago (settled), 47 to 40 (read an hour ago), 2 to 0. A gap from 60 to 58.
fn with_holes() -> State {
    let mut coverage = Coverage::default();
    let span = |from: i64, to: i64| Span::new(NOW - from * HOUR, NOW - to * HOUR);
    coverage.cover(span(72, 60), NOW - HOUR, 48 * HOUR);
    coverage.cover(span(47, 40), NOW - HOUR, 48 * HOUR);
    coverage.cover(span(2, 0), NOW - 30, 48 * HOUR);
    State {
        coverage,
        floor_s: Some(NOW - 72 * HOUR),
        gaps: vec![Gap {
            span: span(60, 58),
            reason: GapReason::OlderThanRetention,
            found_ms: 0,
        }],
        ..State::default()
    }
}

#[test]
fn each_figure_is_true_alone_while_hours_are_missing() {
    let mut state = with_holes();
    let figures = |state: &State| super::figures(state, NOW * 1000);
    let found = figures(&state);
    let hours = |span: &Span| ((NOW - span.start_s) / HOUR, (NOW - span.end_s) / HOUR);
    assert_eq!(
        found.missing.iter().map(hours).collect::<Vec<_>>(),
        [(58, 47), (40, 2)]
    );
    assert_eq!(found.complete_s, Some(NOW - 58 * HOUR), "the gap is no news");
    assert_eq!(found.lag_s, Some(58 * HOUR));
    assert_eq!(
        found.settled_s, found.complete_s,
        "never later than what is complete"
    );
    assert_eq!(found.freshness_s, [Some(30), Some(30), Some(HOUR)]);
    // The last hole but one is read: it moves to the next.
    state
        .coverage
        .cover(Span::new(NOW - 58 * HOUR, NOW - 47 * HOUR), NOW, 48 * HOUR);
    let found = figures(&state);
    assert_eq!(found.complete_s, Some(NOW - 40 * HOUR));
    assert_eq!(
        found.settled_s,
        Some(NOW - 48 * HOUR),
        "younger rows may still change"
    );
    state
        .coverage
        .cover(Span::new(NOW - 40 * HOUR, NOW - 2 * HOUR), NOW, 48 * HOUR);
    let found = figures(&state);
    assert_eq!((found.missing, found.lag_s), (vec![], Some(0)));
}

#[test]
fn a_gap_inside_of_what_is_missing_leaves_both_sides() {
    let mut state = with_holes();
    state.gaps[0].span = Span::new(NOW - 30 * HOUR, NOW - 20 * HOUR);
    let hours = |span: &Span| ((NOW - span.start_s) / HOUR, (NOW - span.end_s) / HOUR);
    let missing = figures(&state, NOW * 1000).missing;
    assert_eq!(
        missing.iter().map(hours).collect::<Vec<_>>(),
        [(60, 47), (40, 30), (20, 2)]
    );
}

#[test]
fn an_empty_ledger_claims_nothing() {
    let Figures {
        missing,
        complete_s,
        lag_s,
        settled_s,
        freshness_s,
        used,
    } = figures(&State::default(), NOW * 1000);
    assert_eq!(
        (missing.len(), complete_s, lag_s, settled_s, used),
        (0, None, None, None, 0)
    );
    assert_eq!(freshness_s, [None; 3]);
}
