//! At the quota's ceiling: full pages without end, three seconds each, ninety requests in five minutes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write as _;

use message_trace_collector::ledger::{Keys, Ledger as _, MemoryLedger};
use message_trace_collector::poll::{Answer, Call, Core, Effect, Input, Settings, WINDOW_MS};
use message_trace_sources::write_time;

const ROWS: usize = 5_000;
const LATENCY_MS: i64 = 3_000;
const NOW_S: i64 = 1_800_000_000;

/// A page of full length: a hundred rows in each second, newest first, and a link to what is older.
fn page(newest_s: i64, serial: &mut u64) -> Vec<u8> {
    let mut body = String::from("{\"value\":[");
    let mut second = newest_s;
    for row in 0..ROWS {
        second = newest_s - i64::try_from(row / 100).unwrap();
        *serial += 1;
        let comma = if row == 0 { "" } else { "," };
        write!(
            body,
            "{comma}{{\"id\":\"{serial:032x}\",\"recipientAddress\":\"a@example.com\",\"receivedDateTime\":\""
        )
        .unwrap();
        write_time(second, &mut body);
        body.push_str("\",\"size\":1,\"status\":\"delivered\"}");
    }
    write!(
        body,
        "],\"@odata.nextLink\":\"https://graph.microsoft.com/{}\"}}",
        second - 1
    )
    .unwrap();
    body.into_bytes()
}

#[test]
fn the_quota_is_used_up_and_never_overdrawn() {
    let now_ms = NOW_S * 1000;
    let settings = Settings::new(NOW_S - 80 * 86_400, 1);
    let mut ledger = MemoryLedger::default();
    let mut core = Core::new(
        settings,
        Keys::new("tenant", [1; 32]),
        ledger.load().unwrap(),
        now_ms,
    );
    let mut serial = 0;
    let mut sent_ms = Vec::new();
    let mut due: BinaryHeap<Reverse<(i64, u64, i64)>> = BinaryHeap::new();
    let mut now = now_ms;
    let mut wake_ms = now_ms;
    let mut most_waiting = 0;
    while now < now_ms + 8 * WINDOW_MS {
        let next_ms = due.peek().map_or(i64::MAX, |Reverse((at_ms, ..))| *at_ms);
        let mut inputs = if next_ms <= wake_ms {
            now = now.max(next_ms);
            let Reverse((_, request, newest_s)) = due.pop().unwrap();
            let answer = Answer {
                status: 200,
                content_type: Some("application/json".to_owned()),
                retry_after_ms: None,
                date_ms: None,
                body: page(newest_s, &mut serial),
            };
            vec![Input::Answered { request, answer }]
        } else {
            now = now.max(wake_ms);
            vec![Input::Timer]
        };
        while let Some(input) = inputs.pop() {
            for effect in core.step(now, input) {
                match effect {
                    Effect::Request {
                        request,
                        call,
                        at_ms,
                        forget_before_ms,
                    } => {
                        ledger.charge(at_ms, forget_before_ms).unwrap();
                        sent_ms.push(now);
                        let newest_s = match call {
                            Call::List(query) => query.end_s - 1,
                            Call::Next(link) => link.rsplit('/').next().unwrap().parse().unwrap(),
                            Call::Details(_) => unreachable!("nothing is asked about"),
                        };
                        due.push(Reverse((now + LATENCY_MS, request, newest_s)));
                        most_waiting = most_waiting.max(due.len());
                    }
                    Effect::LookUp(keys) => inputs.push(Input::LookedUp(ledger.look_up(&keys).unwrap())),
                    Effect::Deliver(_) => inputs.push(Input::Delivered),
                    Effect::Commit(transaction) => {
                        ledger.commit(&transaction).unwrap();
                        inputs.push(Input::Committed);
                    }
                    Effect::Wait { until_ms } => wake_ms = until_ms,
                    Effect::RenewToken { .. }
                    | Effect::Report(_)
                    | Effect::Asked { .. }
                    | Effect::AskLater { .. }
                    | Effect::Finish(_) => {}
                }
            }
        }
    }
    for window in 1..8 {
        let range = now_ms + window * WINDOW_MS..now_ms + (window + 1) * WINDOW_MS;
        let used = sent_ms.iter().filter(|sent| range.contains(sent)).count();
        assert!(used * 100 >= 90 * 99, "window {window}: {used} of 90");
    }
    let most = sent_ms
        .iter()
        .map(|end| {
            sent_ms
                .iter()
                .filter(|sent| (end - WINDOW_MS + 1..=*end).contains(sent))
                .count()
        })
        .max();
    assert_eq!(most, Some(90));
    assert!(most_waiting <= 2, "{most_waiting} pages in flight");
}
