//! The core, told by hand what happened.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod details;
mod wrong;

use std::fmt::Write as _;
use std::sync::Arc;

use message_trace_collector::ledger::{Coverage, GapReason, Keys, Ledger as _, MemoryLedger, Span, State};
use message_trace_collector::poll::*;
use message_trace_remedy::Remedy;
use message_trace_sources::{Query, write_time};

const NOW_S: i64 = 1_800_000_000;
const NOW_MS: i64 = NOW_S * 1000;

/// A core with a ledger in memory and a sink that takes everything.
struct Bench {
    core: Core,
    ledger: MemoryLedger,
    now_ms: i64,
    asked: Vec<(u64, Call)>,
    renewals: Vec<u64>,
    reports: Vec<Report>,
    delivered: usize,
    sequences: Vec<u64>,
    /// The details that were delivered.
    details: Vec<String>,
    /// What became of questions: whether each is answered for good.
    settled: Vec<bool>,
    outcome: Option<Outcome>,
    wake_ms: i64,
    /// How far this machine's clock is ahead of the service's.
    ahead_ms: i64,
}

impl Bench {
    fn new(state: State, change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(state, NOW_MS, change)
    }

    fn at(state: State, now_ms: i64, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::new(NOW_S - 600, 1);
        settings.once = true;
        change(&mut settings);
        let core = Core::new(settings, Keys::new("tenant", [1; 32]), state, now_ms);
        let mut bench = Self {
            core,
            ledger: MemoryLedger::default(),
            now_ms,
            asked: Vec::new(),
            renewals: Vec::new(),
            reports: Vec::new(),
            delivered: 0,
            sequences: Vec::new(),
            details: Vec::new(),
            settled: Vec::new(),
            outcome: None,
            wake_ms: 0,
            ahead_ms: 0,
        };
        bench.tell(Input::Timer);
        bench
    }

    fn tell(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.core.step(self.now_ms, input) {
                match effect {
                    Effect::Request { request, call, .. } => self.asked.push((request, call)),
                    Effect::RenewToken { request } => self.renewals.push(request),
                    Effect::LookUp(keys) => inputs.push(Input::LookedUp(self.ledger.look_up(&keys).unwrap())),
                    Effect::Deliver(delivery) => {
                        self.delivered += delivery.len();
                        self.details.extend(delivery.details().map(str::to_owned));
                        self.sequences
                            .extend(delivery.changed().map(|(_, known)| known.sequence));
                        inputs.push(Input::Delivered);
                    }
                    Effect::Commit(transaction) => {
                        self.ledger.commit(&transaction).unwrap();
                        inputs.push(Input::Committed);
                    }
                    Effect::Wait { until_ms } => self.wake_ms = until_ms,
                    Effect::Asked { .. } => self.settled.push(true),
                    Effect::AskLater { .. } => self.settled.push(false),
                    Effect::Report(report) => self.reports.push(report),
                    Effect::Finish(outcome) => self.outcome = Some(outcome),
                }
            }
        }
    }

    /// Lets time pass until the core asks for something.
    fn wait_for_request(&mut self) -> (u64, Call) {
        for _ in 0..100 {
            if !self.asked.is_empty() {
                return self.asked.remove(0);
            }
            self.now_ms = self.now_ms.max(self.wake_ms);
            self.tell(Input::Timer);
        }
        panic!("no request; {:?}", self.outcome);
    }

    fn answer(&mut self, request: u64, status: u16, body: &str) {
        self.answer_with(request, status, body, None);
    }

    fn answer_with(&mut self, request: u64, status: u16, body: &str, retry_after_ms: Option<i64>) {
        let answer = Answer {
            status,
            content_type: Some("application/json".to_owned()),
            retry_after_ms,
            date_ms: None,
            body: body.as_bytes().to_vec(),
        };
        self.tell(Input::Answered { request, answer });
    }

    fn coverage(&mut self) -> Vec<Span> {
        self.ledger
            .load()
            .unwrap()
            .coverage
            .segments()
            .iter()
            .map(|segment| segment.span)
            .collect()
    }
}

/// A page with a row at each of these seconds before now.
fn page(seconds: &[i64], next_link: Option<&str>) -> String {
    let mut body = String::from("{\"value\":[");
    for (number, second) in seconds.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(
            body,
            "{comma}{{\"id\":\"{second}\",\"recipientAddress\":\"r{number}\",\"receivedDateTime\":\""
        )
        .unwrap();
        write_time(NOW_S - second, &mut body);
        body.push_str("\",\"status\":\"delivered\"}");
    }
    body.push(']');
    if let Some(link) = next_link {
        write!(body, ",\"@odata.nextLink\":\"{link}\"").unwrap();
    }
    body.push('}');
    body
}

/// What Graph says with status 429.
const THROTTLED: &str = "{\"error\":{\"code\":\"TooManyRequests\",\"message\":\"later\"}}";

fn list(call: &Call) -> Query {
    match call {
        Call::List(query) => *query,
        Call::Next(_) | Call::Details(_) => panic!("a first page was expected"),
    }
}

#[test]
fn every_page_is_committed_down_to_just_after_its_oldest_row() {
    let mut bench = Bench::new(State::default(), |_| {});
    let (request, call) = bench.wait_for_request();
    assert_eq!(list(&call).end_s, NOW_S);
    bench.answer(request, 200, &page(&[10, 20, 30], Some("a")));
    assert_eq!(
        bench.coverage(),
        [Span::new(NOW_S - 29, NOW_S)],
        "more rows of the oldest second may follow"
    );
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[30, 40], None));
    assert_eq!(bench.coverage()[0].end_s, NOW_S);
    assert_eq!(bench.delivered, 5);
}

#[test]
fn a_dead_link_begins_the_window_again_at_the_last_delivered_row() {
    for (status, link) in [(400, "dead"), (410, "dead"), (404, "dead")] {
        let mut bench = Bench::new(State::default(), |_| {});
        let (request, _) = bench.wait_for_request();
        bench.answer(request, 200, &page(&[10, 20, 30], Some(link)));
        let (request, call) = bench.wait_for_request();
        assert_eq!(call, Call::Next(link.to_owned()));
        bench.answer(request, status, "{}");
        let (_, call) = bench.wait_for_request();
        assert_eq!(list(&call).end_s, NOW_S - 29);
        assert!(
            bench
                .reports
                .iter()
                .any(|report| matches!(report, Report::Restarted { .. }))
        );
    }
}

#[test]
fn a_link_that_leads_in_a_circle_or_elsewhere_is_left() {
    let mut bench = Bench::new(State::default(), |_| {});
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[10, 20], Some("same")));
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[30, 40], Some("same")));
    let (request, call) = bench.wait_for_request();
    assert_eq!(list(&call).end_s, NOW_S - 39);
    bench.answer(request, 200, &page(&[50, 60], Some("elsewhere")));
    let (request, _) = bench.wait_for_request();
    bench.tell(Input::Failed {
        request,
        trouble: Trouble::LinkElsewhere,
    });
    let (_, call) = bench.wait_for_request();
    assert_eq!(list(&call).end_s, NOW_S - 59);
}

#[test]
fn an_empty_page_with_a_link_is_not_the_end() {
    let mut bench = Bench::new(State::default(), |_| {});
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[], Some("more")));
    assert_eq!(bench.coverage(), []);
    let (request, call) = bench.wait_for_request();
    assert_eq!(call, Call::Next("more".to_owned()));
    bench.answer(request, 200, &page(&[5], None));
    assert_eq!(bench.delivered, 1);
    assert_eq!(bench.coverage().last().unwrap().end_s, NOW_S);
}

#[test]
fn an_order_that_cannot_be_relied_on_covers_nothing_before_the_end() {
    let mut bench = Bench::new(State::default(), |_| {});
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[10, 40, 30], Some("a")));
    assert_eq!(bench.coverage(), []);
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[20, 50], None));
    assert_eq!(bench.coverage().last().unwrap().end_s, NOW_S);
    assert_eq!(bench.delivered, 5);
}

#[test]
fn what_the_service_says_to_wait_is_waited_and_remembered() {
    let mut bench = Bench::new(State::default(), |_| {});
    let (request, _) = bench.wait_for_request();
    bench.answer_with(request, 429, THROTTLED, Some(315_000));
    assert!(
        bench.ledger.load().unwrap().pause.until_ms >= NOW_MS + 315_000,
        "the next program waits too"
    );
    let _ = bench.wait_for_request();
    assert!(bench.now_ms >= NOW_MS + 315_000);
    assert!(bench.now_ms <= NOW_MS + 315_000 * 6 / 5);
}

#[test]
fn the_budget_of_the_program_before_counts() {
    let charges_ms = (0..90).map(|second| NOW_MS - 100_000 + second).collect();
    let mut bench = Bench::new(
        State {
            charges_ms,
            ..State::default()
        },
        |_| {},
    );
    let _ = bench.wait_for_request();
    assert_eq!(bench.now_ms, NOW_MS - 100_000 + WINDOW_MS);
}

#[test]
fn a_refused_token_is_renewed() {
    let mut bench = Bench::new(State::default(), |_| {});
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 401, "{}");
    assert_eq!(bench.renewals.len(), 1, "once");
    assert!(bench.asked.is_empty(), "nothing is asked with the refused token");
    for _ in 0..3 {
        assert_eq!(bench.outcome, None);
        bench.tell(Input::TokenRenewed);
        let (request, _) = bench.wait_for_request();
        bench.answer(request, 401, "{}");
    }
    assert_eq!(
        bench.renewals.len(),
        3,
        "a service that refuses every token is not asked for ever"
    );
    assert!(matches!(&bench.outcome, Some(Outcome::Failed(fault)) if fault.remedy == Remedy::Configure));
}

#[test]
fn a_missing_service_principal_is_told_by_its_app_id() {
    for status in [401, 403] {
        let mut bench = Bench::new(State::default(), |_| {});
        let (request, _) = bench.wait_for_request();
        bench.answer(
            request,
            status,
            "{\"error\":\"8bd644d1-64a1-4d4b-ae52-2e0cbf64e373 was not found\"}",
        );
        assert!(matches!(&bench.outcome, Some(Outcome::Failed(fault)) if fault.remedy == Remedy::Permit));
        assert!(bench.renewals.is_empty());
    }
}

#[test]
fn a_run_that_saw_rows_bears_a_refusal_for_a_while() {
    let mut bench = Bench::new(State::default(), |settings| settings.once = false);
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[5], None));
    let refused_ms = bench.now_ms;
    while bench.outcome.is_none() {
        let (request, _) = bench.wait_for_request();
        bench.answer(request, 403, "{}");
    }
    assert!(bench.now_ms - refused_ms > 15 * 60_000);
}

#[test]
fn a_run_that_ends_by_itself_says_that_it_gave_up_and_after_how_long() {
    let mut bench = Bench::new(State::default(), |_| {});
    let began_ms = bench.now_ms;
    while bench.outcome.is_none() {
        let (request, _) = bench.wait_for_request();
        bench.answer(request, 503, "{}");
    }
    assert!(bench.now_ms - began_ms > 15 * 60_000);
    let Some(Outcome::Failed(fault)) = &bench.outcome else {
        panic!("{:?}", bench.outcome)
    };
    assert_eq!(fault.remedy, Remedy::Retry);
    assert!(
        fault
            .sentence
            .starts_with("gave up after 15 minutes without success (")
            && fault.sentence.ends_with("start again later"),
        "{}",
        fault.sentence
    );
}

#[test]
fn rows_beyond_the_retention_are_a_gap_and_not_silence() {
    let mut coverage = Coverage::default();
    let stopped_s = NOW_S - 100 * 86_400;
    coverage.cover(Span::new(stopped_s - 86_400, stopped_s), NOW_S, 48 * 3600);
    let state = State {
        coverage,
        floor_s: Some(stopped_s - 86_400),
        ..State::default()
    };
    let mut bench = Bench::new(state, |_| {});
    assert_eq!(
        bench.ledger.load().unwrap(),
        State::default(),
        "before any answer nothing is written"
    );
    let (request, _) = bench.wait_for_request();
    bench.answer(request, 200, &page(&[5], None));
    let gap = bench.ledger.load().unwrap().gaps.first().cloned().unwrap();
    assert_eq!(gap.span.start_s, stopped_s);
    assert!((NOW_S - 91 * 86_400..=NOW_S - 90 * 86_400).contains(&gap.span.end_s));
    assert_eq!(gap.reason, GapReason::OlderThanRetention);
    assert_eq!(bench.reports, [Report::Gap(gap)]);
}

#[test]
fn a_stop_finishes_what_is_here_and_begins_nothing() {
    let mut bench = Bench::new(State::default(), |settings| settings.once = false);
    let (request, _) = bench.wait_for_request();
    bench.tell(Input::Stop);
    assert_eq!(bench.outcome, Some(Outcome::Stopped));
    bench.answer(request, 200, &page(&[5], None));
    assert_eq!(bench.delivered, 0);
}

fn not_delivered(remedy: Remedy) -> Input {
    Input::NotDelivered {
        fault: Fault::new(remedy, "away"),
        retry_after_ms: None,
    }
}

#[test]
fn a_sink_that_refuses_is_asked_again_with_the_same_rows() {
    let mut settings = Settings::new(NOW_S - 600, 1);
    settings.once = true;
    let state = State {
        floor_s: Some(NOW_S - 600),
        ..State::default()
    };
    let mut core = Core::new(settings, Keys::new("tenant", [1; 32]), state, NOW_MS);
    let effects = core.step(NOW_MS, Input::Timer);
    let Effect::Request { request, .. } = &effects[0] else {
        panic!("{effects:?}")
    };
    let answer = Answer {
        status: 200,
        content_type: None,
        retry_after_ms: None,
        date_ms: None,
        body: page(&[5], None).into_bytes(),
    };
    core.step(
        NOW_MS,
        Input::Answered {
            request: *request,
            answer,
        },
    );
    let first = core.step(NOW_MS, Input::LookedUp(vec![None]));
    let Some(Effect::Deliver(first)) = first.first() else {
        panic!("{first:?}")
    };
    let first = Arc::clone(first);
    let waits = core.step(NOW_MS, not_delivered(Remedy::Retry));
    assert!(
        !waits.iter().any(|effect| matches!(effect, Effect::Commit(_))),
        "nothing is committed"
    );
    let again = core.step(NOW_MS + 600_000, Input::Timer);
    assert!(
        again
            .iter()
            .any(|effect| matches!(effect, Effect::Deliver(again) if Arc::ptr_eq(again, &first)))
    );
    let ends = core.step(NOW_MS + 600_000, not_delivered(Remedy::Storage));
    assert!(
        matches!(ends.last(), Some(Effect::Finish(Outcome::Failed(_)))),
        "a run that ends does not wait for room"
    );
}
