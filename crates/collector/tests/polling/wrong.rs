//! What is wrong from outside: clocks, dates, waits, orders.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use message_trace_collector::ledger::Pause;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// What Graph says to a window that ends in its future.
const REFUSED: &str = "{\"error\":{\"code\":\"BadRequest\",\"message\":\"Invalid EndDate value.\"}}";

/// A bench whose machine's clock is ahead of the service's, with two days covered up to now.
fn ahead(ahead_ms: i64) -> Bench {
    let mut coverage = Coverage::default();
    coverage.cover(Span::new(NOW_S - 2 * 86_400, NOW_S - 60), NOW_S - 60, 48 * 3600);
    let state = State {
        coverage,
        floor_s: Some(NOW_S - 2 * 86_400),
        ..State::default()
    };
    let mut bench = Bench::at(state, NOW_MS + ahead_ms, |settings| {
        settings.once = false;
        settings.since_s = NOW_S + ahead_ms / 1000 - 2 * 86_400;
    });
    bench.ahead_ms = ahead_ms;
    bench
}

impl Bench {
    /// An answer with the time of the service's clock, as it comes.
    fn answer_dated(&mut self, request: u64, status: u16, kind: &str, body: &str, date_ms: i64) {
        let answer = Answer {
            status,
            content_type: Some(kind.to_owned()),
            retry_after_ms: None,
            date_ms: Some(date_ms),
            body: body.as_bytes().to_vec(),
        };
        self.tell(Input::Answered { request, answer });
    }

    fn service_ms(&self) -> i64 {
        self.now_ms - self.ahead_ms
    }
}

#[test]
fn a_clock_that_is_ninety_days_ahead_writes_no_gap() {
    let mut bench = ahead(95 * DAY_MS);
    let (request, _) = bench.wait_for_request();
    assert!(bench.ledger.load().unwrap().gaps.is_empty());
    // The service cuts a window at its own time: nothing is in it.
    let now_ms = bench.service_ms();
    bench.answer_dated(request, 200, "application/json", &page(&[], None), now_ms);
    let (_, call) = bench.wait_for_request();
    assert_eq!(list(&call).end_s, NOW_S, "the service's time is used");
    let state = bench.ledger.load().unwrap();
    assert_eq!(state.gaps, []);
    assert_eq!(bench.core.floor_s(), NOW_S - 2 * 86_400);
    assert!(
        bench
            .reports
            .iter()
            .any(|report| matches!(report, Report::Skewed(_)))
    );
}

/// A row's details are given up when the service keeps them no longer, not when this machine thinks so.
#[test]
fn what_the_service_still_has_is_told_by_its_own_clock() {
    for ahead_ms in [95 * DAY_MS, -95 * DAY_MS, 0] {
        let mut bench = ahead(ahead_ms);
        let (request, _) = bench.wait_for_request();
        let now_ms = bench.service_ms();
        bench.answer_dated(request, 200, "application/json", &page(&[], None), now_ms);
        let retained_s = bench.core.retained_s(bench.now_ms);
        let expected_s = message_trace_sources::Source::retained_s(
            &message_trace_sources::graph::Graph,
            bench.service_ms() / 1000,
        );
        assert!(retained_s.abs_diff(expected_s) <= 1, "ahead by {ahead_ms} ms");
    }
}

/// The first window of a clock that is days behind lies where all is settled and the keys are forgotten.
#[test]
fn a_clock_that_is_days_behind_delivers_nothing_again() {
    let mut coverage = Coverage::default();
    coverage.cover(Span::new(NOW_S - 10 * 86_400, NOW_S), NOW_S, 48 * 3600);
    let state = State {
        coverage,
        floor_s: Some(NOW_S - 10 * 86_400),
        ..State::default()
    };
    let mut bench = Bench::at(state, NOW_MS - 3 * DAY_MS, |settings| settings.once = false);
    bench.ahead_ms = -3 * DAY_MS;
    let (request, call) = bench.wait_for_request();
    let planned = list(&call);
    assert!(planned.end_s < NOW_S - 2 * 86_400, "{planned:?}");
    let rows = [NOW_S - planned.end_s + 60, NOW_S - planned.end_s + 90];
    let now_ms = bench.service_ms();
    bench.answer_dated(request, 200, "application/json", &page(&rows, None), now_ms);
    bench.wait_for_request();
    let tally = bench.core.status(bench.now_ms).tally;
    assert_eq!((tally.new, tally.changed), (0, 0));
}

#[test]
fn a_service_that_refuses_the_future_is_believed_about_the_time_when_it_says_so_twice() {
    for ahead_ms in [95 * DAY_MS, -95 * DAY_MS, 2 * HOUR_MS] {
        let mut bench = ahead(ahead_ms);
        for _ in 0..2 {
            let (request, _) = bench.wait_for_request();
            let now_ms = bench.service_ms();
            bench.answer_dated(request, 400, "application/json", REFUSED, now_ms);
            assert_eq!(bench.outcome, None);
        }
        let (_, call) = bench.wait_for_request();
        // Planned when the second refusal came, asked for after the wait that follows it.
        let now_s = bench.service_ms() / 1000;
        assert!(
            (now_s - 10..=now_s).contains(&list(&call).end_s),
            "ahead by {ahead_ms} ms"
        );
        assert_eq!(bench.ledger.load().unwrap().gaps, []);
    }
}

#[test]
fn a_date_that_something_in_between_gives_is_not_the_services() {
    let mut bench = ahead(0);
    for _ in 0..3 {
        let (request, _) = bench.wait_for_request();
        let wrong_ms = bench.service_ms() + 200 * DAY_MS;
        bench.answer_dated(request, 502, "text/html", "<html>", wrong_ms);
    }
    let (request, call) = bench.wait_for_request();
    assert_eq!(list(&call).end_s, NOW_S, "the window that was asked for first");
    assert_eq!(
        bench.ledger.load().unwrap(),
        State::default(),
        "nothing is written"
    );
    // One in Graph's form, from a cache: alone it moves nothing either.
    let now_ms = bench.service_ms();
    bench.answer_dated(request, 200, "application/json", &page(&[5], None), now_ms);
    let (request, _) = bench.wait_for_request();
    let wrong_ms = bench.service_ms() + 200 * DAY_MS;
    bench.answer_dated(request, 503, "application/json", THROTTLED, wrong_ms);
    let (_, call) = bench.wait_for_request();
    assert!(list(&call).end_s <= bench.service_ms() / 1000);
    assert_eq!(bench.ledger.load().unwrap().gaps, []);
}

#[test]
fn a_silence_that_something_in_between_asks_for_is_short_and_not_kept() {
    for (status, kind) in [
        (429, "text/html"),
        (503, "text/html"),
        (200, "text/html"),
        (429, "application/json"),
    ] {
        let mut bench = Bench::new(State::default(), |settings| settings.once = false);
        let (request, _) = bench.wait_for_request();
        let answer = Answer {
            status,
            content_type: Some(kind.to_owned()),
            retry_after_ms: Some(i64::MAX),
            date_ms: None,
            body: b"{}".to_vec(),
        };
        bench.tell(Input::Answered { request, answer });
        let _ = bench.wait_for_request();
        let waited_ms = bench.now_ms - NOW_MS;
        assert!(
            (HOUR_MS..=HOUR_MS + 30_000).contains(&waited_ms),
            "{status} {kind}: {waited_ms}"
        );
        assert_eq!(bench.ledger.load().unwrap().pause, Pause::default());
    }
}

#[test]
fn a_silence_that_graph_asks_for_is_kept_for_a_day_at_the_most() {
    let mut bench = Bench::new(State::default(), |settings| settings.once = false);
    let (request, _) = bench.wait_for_request();
    bench.answer_with(request, 429, THROTTLED, Some(i64::MAX));
    let pause = bench.ledger.load().unwrap().pause;
    assert!((DAY_MS..=DAY_MS + 30_000).contains(&pause.told_ms), "{pause:?}");
    assert_eq!(pause.until_ms, NOW_MS + pause.told_ms);
}

#[test]
fn a_silence_written_by_a_clock_that_was_ahead_is_no_longer_than_it_was_asked_for() {
    let pause = Pause {
        until_ms: NOW_MS + 5 * HOUR_MS,
        told_ms: 40_000,
    };
    let state = State {
        pause,
        ..State::default()
    };
    let mut bench = Bench::new(state, |_| {});
    let kept = bench.ledger.load().unwrap().pause;
    assert_eq!(
        kept.until_ms,
        NOW_MS + 40_000,
        "the next run does not begin it again"
    );
    let _ = bench.wait_for_request();
    assert_eq!(bench.now_ms, NOW_MS + 40_000);
}

#[test]
fn a_run_that_ends_by_itself_does_not_sit_out_a_long_silence() {
    let mut bench = Bench::new(State::default(), |_| {});
    let (request, _) = bench.wait_for_request();
    bench.answer_with(request, 429, THROTTLED, Some(2 * HOUR_MS));
    let Some(Outcome::Failed(fault)) = &bench.outcome else {
        panic!("{:?}", bench.outcome)
    };
    assert_eq!(fault.remedy, Remedy::Retry);
    assert!(
        fault.sentence.contains("start again at 2027-01-15T10:"),
        "{}",
        fault.sentence
    );
    // The next one finds the silence, says so, and lets go of the ledger too.
    let state = bench.ledger.load().unwrap();
    let bench = Bench::new(state, |_| {});
    assert!(matches!(&bench.outcome, Some(Outcome::Failed(fault)) if fault.remedy == Remedy::Retry));
    assert_eq!(bench.asked, []);
}

#[test]
fn sequence_numbers_after_a_lost_ledger_are_above_those_before() {
    let base = u64::try_from(NOW_S).unwrap() - 60;
    let state = State {
        sequence_base: base,
        ..State::default()
    };
    let mut bench = Bench::new(state, |_| {});
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[100], None));
    assert_eq!(bench.sequences, [base], "it may have been delivered before");
    assert_eq!(bench.core.status(bench.now_ms).tally.new, 1);
}

#[test]
fn a_settled_window_in_no_order_leaves_no_key_behind() {
    let mut coverage = Coverage::default();
    coverage.cover(Span::new(NOW_S - 9 * 86_400, NOW_S), NOW_S, 48 * 3600);
    let state = State {
        coverage,
        floor_s: Some(NOW_S - 10 * 86_400),
        ..State::default()
    };
    let mut bench = Bench::new(state, |settings| settings.since_s = NOW_S - 10 * 86_400);
    let old = 9 * 86_400;
    let mut is_before = false;
    while bench.outcome.is_none() {
        let (request, call) = bench.wait_for_request();
        let body = match &call {
            Call::List(query) if query.end_s < NOW_S - 8 * 86_400 => {
                page(&[old + 10, old + 40, old + 30], Some("next"))
            }
            Call::List(_) => page(&[], None),
            Call::Details(_) => panic!("no details are wanted"),
            Call::Next(_) => {
                is_before = bench.ledger.rows() > 0;
                page(&[old + 20, old + 50], None)
            }
        };
        bench.answer(request, 200, &body);
    }
    assert!(is_before, "while it is read, the keys are kept");
    assert_eq!(bench.delivered, 5);
    assert_eq!(bench.ledger.rows(), 0);
}
