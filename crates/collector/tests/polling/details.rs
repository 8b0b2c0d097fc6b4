//! Questions about messages, between the pages.

use super::*;
use message_trace_sources::{DetailsQuery, Page};

const ANSWER: &str = r#"{"value":[{"event":"Fail"}]}"#;

/// A question about the first row of a page made by [`page`], at so many seconds before now.
fn ask(second: i64) -> Ask {
    let body = page(&[second], None);
    let line = body
        .strip_prefix("{\"value\":[")
        .unwrap()
        .strip_suffix("]}")
        .unwrap();
    let line = line.as_bytes().to_vec();
    let keys = Keys::new("tenant", [1; 32]);
    let page = Page::of_rows(std::slice::from_ref(&line), &keys).unwrap();
    Ask {
        key: page.rows()[0].key,
        query: DetailsQuery {
            trace_id: second.to_string(),
            recipient: "r0".to_owned(),
            received_s: NOW_S - second,
        },
        line,
        sequence: 0,
    }
}

/// A core that polls for ever, and has read its first page: a row, ten seconds old.
fn begun(change: impl FnOnce(&mut Settings)) -> Bench {
    let mut bench = Bench::new(State::default(), |settings| {
        settings.once = false;
        change(settings);
    });
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[10], None));
    assert!(bench.core.is_free_to_ask());
    bench
}

/// Answers pages with nothing until something is asked about a message.
fn question(bench: &mut Bench) -> u64 {
    for _ in 0..50 {
        let (request, call) = bench.wait_for_request();
        if matches!(call, Call::Details(_)) {
            return request;
        }
        bench.answer(request, 200, &page(&[], None));
    }
    panic!("nothing was asked");
}

#[test]
fn an_answer_is_the_rows_next_revision() {
    let mut bench = begun(|_| {});
    bench.tell(Input::Ask(ask(10)));
    assert!(!bench.core.is_free_to_ask(), "one question at a time");
    let request = question(&mut bench);
    bench.answer(request, 200, ANSWER);
    assert_eq!(
        (bench.details.as_slice(), bench.sequences.as_slice()),
        ([ANSWER.to_owned()].as_slice(), [1].as_slice())
    );
    assert_eq!(bench.settled, [true]);
    assert_eq!(bench.core.status(bench.now_ms).tally.details, 1);
    // The ledger knows the number: what follows has a higher one.
    bench.tell(Input::Ask(ask(10)));
    let request = question(&mut bench);
    bench.answer(request, 200, ANSWER);
    assert_eq!(bench.sequences, [1, 2]);
}

#[test]
fn a_row_that_has_changed_since_is_not_told_of_as_it_was() {
    // Its status, and its size alone. It was noted anew under the same number, and is still to be asked about.
    for (now, then) in [("delivered", "pending"), ("}", ",\"size\":7}")] {
        let mut bench = begun(|_| {});
        let mut old = ask(10);
        old.line = String::from_utf8(old.line)
            .unwrap()
            .replace(now, then)
            .into_bytes();
        bench.tell(Input::Ask(old));
        let request = question(&mut bench);
        bench.answer(request, 200, ANSWER);
        assert_eq!(
            (bench.details.len(), bench.settled.as_slice()),
            (0, [false].as_slice()),
            "{then}"
        );
        assert!(bench.core.is_free_to_ask());
    }
}

#[test]
fn what_is_no_row_any_more_is_not_asked_about_for_ever() {
    for line in ["", "{", "{},{}"] {
        let mut bench = begun(|_| {});
        bench.tell(Input::Ask(Ask {
            line: line.as_bytes().to_vec(),
            ..ask(10)
        }));
        let request = question(&mut bench);
        bench.answer(request, 200, ANSWER);
        assert_eq!(
            (bench.details.len(), bench.settled.as_slice()),
            (0, [false].as_slice()),
            "{line}"
        );
    }
}

/// A core whose ledger has read some seconds before now, the last two days of which may still change.
fn covered(days: i64) -> Bench {
    let mut coverage = Coverage::default();
    coverage.cover(Span::new(NOW_S - days * 86_400, NOW_S - 600), NOW_S, 48 * 3600);
    let state = State {
        coverage,
        ..State::default()
    };
    let mut bench = Bench::new(state, |settings| {
        settings.once = false;
        settings.since_s = NOW_S - days * 86_400;
    });
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[10], None));
    bench
}

#[test]
fn a_row_that_the_ledger_has_forgotten_goes_on_from_its_last_delivery() {
    let mut bench = covered(4);
    bench.tell(Input::Ask(Ask {
        sequence: 4,
        ..ask(3 * 86_400)
    }));
    let request = question(&mut bench);
    bench.answer(request, 200, ANSWER);
    assert_eq!(bench.sequences, [5]);
}

#[test]
fn a_row_that_the_last_run_delivered_and_did_not_commit_comes_again_first() {
    let mut bench = covered(4);
    bench.tell(Input::Ask(ask(3600)));
    let request = question(&mut bench);
    bench.answer(request, 200, ANSWER);
    assert_eq!(
        (bench.details.len(), bench.settled.as_slice()),
        (0, [false].as_slice())
    );
    assert!(bench.core.is_free_to_ask());
}

#[test]
fn what_is_no_answer_is_asked_for_later_and_ends_nothing() {
    let too_long = format!(r#"{{"value":[{{"event":"{}"}}]}}"#, "x".repeat(MAX_DETAILS_BYTES));
    for (status, body) in [
        (200, r#"{"value":[]}"#),
        (200, "not JSON"),
        (200, too_long.as_str()),
        (404, r#"{"error":{"code":"NotFound"}}"#),
        (403, r#"{"error":{"code":"Forbidden"}}"#),
        (400, r#"{"error":{"code":"BadRequest"}}"#),
    ] {
        let mut bench = begun(|_| {});
        bench.tell(Input::Ask(ask(10)));
        let request = question(&mut bench);
        bench.answer(request, status, body);
        assert_eq!(bench.settled, [false], "{status}");
        assert_eq!((bench.details.len(), &bench.outcome), (0, &None), "{status}");
        assert!(bench.core.is_free_to_ask());
    }
}

#[test]
fn a_service_that_fails_is_asked_again_and_then_later() {
    let mut bench = begun(|_| {});
    bench.tell(Input::Ask(ask(10)));
    for _ in 0..2 {
        let request = question(&mut bench);
        bench.answer(request, 503, "{}");
        assert!(bench.settled.is_empty());
    }
    let request = question(&mut bench);
    bench.tell(Input::Failed {
        request,
        trouble: Trouble::Network(Fault::new(Remedy::Retry, "away")),
    });
    assert_eq!(bench.settled, [false]);
}

#[test]
fn silence_is_kept_and_a_token_renewed_for_a_question_as_for_a_page() {
    let mut bench = begun(|_| {});
    bench.tell(Input::Ask(ask(10)));
    let request = question(&mut bench);
    bench.answer_with(request, 429, THROTTLED, Some(120_000));
    assert!(bench.ledger.load().unwrap().pause.until_ms >= bench.now_ms + 120_000);
    let before_ms = bench.now_ms;
    let request = question(&mut bench);
    assert!(bench.now_ms >= before_ms + 120_000);
    bench.answer(request, 401, r#"{"error":{"code":"InvalidAuthenticationToken"}}"#);
    assert_eq!(bench.renewals.len(), 1);
    bench.tell(Input::TokenRenewed);
    let request = question(&mut bench);
    bench.answer(request, 200, ANSWER);
    assert_eq!(bench.settled, [true]);
}

/// Backfill of weeks, and rows enough to ask about: questions take half of the budget, and never more.
#[test]
fn questions_go_before_backfill_and_take_half_of_the_budget() {
    let mut bench = begun(|settings| {
        settings.since_s = NOW_S - 80 * 86_400;
        settings.requests = 40;
    });
    let (mut questions, mut windows) = (Vec::new(), 0_u32);
    let end_ms = bench.now_ms + 30 * 60_000;
    while bench.now_ms < end_ms {
        if bench.core.is_free_to_ask() {
            bench.tell(Input::Ask(ask(10)));
        }
        let (request, call) = bench.wait_for_request();
        if let Call::Details(_) = call {
            questions.push(bench.now_ms);
            bench.answer(request, 200, ANSWER);
        } else {
            windows += 1;
            bench.answer(request, 200, &page(&[], None));
        }
        bench.now_ms += 50;
    }
    for &sent in &questions {
        let of_window = questions
            .iter()
            .filter(|&&other| (sent - WINDOW_MS + 1..=sent).contains(&other));
        assert!(of_window.count() <= 20);
    }
    assert!(questions.len() > 80, "{} questions", questions.len());
    assert!(windows > 80, "{windows} windows");
}

#[test]
fn a_run_that_ends_by_itself_waits_for_what_is_to_be_asked() {
    let mut bench = Bench::new(State::default(), |_| {});
    let _ = bench.core.let_asks_follow(true);
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[10], None));
    assert_eq!(bench.outcome, None);
    bench.tell(Input::Ask(ask(10)));
    let request = question(&mut bench);
    let _ = bench.core.let_asks_follow(false);
    bench.answer(request, 200, ANSWER);
    bench.tell(Input::Timer);
    assert_eq!(bench.outcome, Some(Outcome::CaughtUp));
    assert_eq!(bench.settled, [true]);
}
