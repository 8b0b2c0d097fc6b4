//! Against a real `nats-server` on this machine. Without one the tests say so and pass; CI installs one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod relay;
mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use message_trace::{Options, Target};
use message_trace_host::Host;
use message_trace_remedy::Remedy;
use message_trace_sinks::{Batch, EventKey, RefusedReason, Sink as _, SinkError};
use message_trace_streams::{Address, JetStreamSink, Job, Login, Stop, Tally, transform};
use server::Nats;

const ROW: &str = r#"{"id":"ID","receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"a@example.com","recipientAddress":"b@example.org","subject":"s","size":1,"fromIP":"192.0.2.1","toIP":"","status":"delivered"}"#;

fn row(number: usize) -> String {
    ROW.replace("\"ID\"", &format!("\"{number:08x}-48cb-e80d-e8c0-196330437ae6\""))
}

fn batch(events: &[(String, u32)]) -> Batch {
    let mut batch = Batch::default();
    for (id, sequence) in events {
        let key = EventKey::new(id.clone(), *sequence);
        let json = format!("{{\"id\":\"{id}\",\"sequence\":{sequence}}}");
        batch.push(key, json.as_bytes()).unwrap();
    }
    batch
}

fn keys(count: usize) -> Vec<(String, u32)> {
    (0..count).map(|number| (format!("event-{number}"), 0)).collect()
}

fn job(nats: &Nats, input: &str, output: &str) -> Job {
    Job {
        input: nats.address(input),
        output: nats.address(output),
        rejects: format!("{output}.rejects"),
        consumer: "message-trace".to_owned(),
        batch: 256,
        once: true,
        transactions: false,
        ack_wait: Duration::from_secs(2),
        say_every: Duration::from_mins(1),
        login: Login::default(),
    }
}

fn ecs() -> Box<dyn message_trace_host::Transform> {
    let options = Options {
        target: Target::Ecs,
        ..Options::default()
    };
    Host::native().transform(&options).unwrap()
}

/// A batch is there once, however often it is delivered; a change of a row is another message.
#[test]
fn a_batch_is_accepted_when_the_stream_has_it_and_a_repeat_is_known() {
    let Some(nats) = Nats::start() else { return };
    nats.stream("EVENTS", &["events.>"]);
    let mut sink = JetStreamSink::new(nats.address("events.m365"), Login::default()).unwrap();
    assert_eq!(sink.has_accepted(), Some(false));
    let mut events = batch(&keys(1_000));
    let changed = EventKey {
        previous_status: Some("delivered".to_owned()),
        ..EventKey::new("event-7", 1)
    };
    events.push(changed, b"{}").unwrap();
    for _ in 0..3 {
        assert_eq!(sink.deliver(&events).unwrap().refused, []);
    }
    assert_eq!(sink.has_accepted(), Some(true));
    let stored = nats.messages("EVENTS");
    assert_eq!(stored.len(), 1_001);
    assert_eq!(
        stored[1_000].header("Message-Trace-Sequence"),
        Some("1".to_owned())
    );
    assert_eq!(
        stored[1_000].header("Message-Trace-Previous-Status"),
        Some("delivered".to_owned())
    );
    assert_eq!(stored[1_000].header("Nats-Msg-Id"), Some("event-7#1".to_owned()));
    assert_eq!(stored[3].payload, br#"{"id":"event-3","sequence":0}"#);
}

#[test]
fn an_event_that_is_larger_than_the_server_takes_is_refused_alone() {
    let Some(nats) = Nats::start() else { return };
    nats.stream("EVENTS", &["events"]);
    let mut sink = JetStreamSink::new(nats.address("events"), Login::default()).unwrap();
    let large = |batch: &mut Batch| {
        let key = EventKey::new("large", 0);
        batch
            .push(key, format!("{{\"x\":\"{}\"}}", "x".repeat(2 << 20)).as_bytes())
            .unwrap();
    };
    let mut alone = Batch::default();
    large(&mut alone);
    let refused = sink.deliver(&alone).unwrap_err();
    assert!(
        matches!(refused, SinkError::RefusesAll(RefusedReason::TooLarge(_))),
        "nothing is refused for good before something was accepted: {refused}"
    );
    let mut mixed = batch(&keys(3));
    large(&mut mixed);
    let verdict = sink.deliver(&mixed).unwrap();
    assert_eq!(verdict.refused.len(), 1);
    assert_eq!(verdict.refused[0].index, 3);
    assert_eq!(nats.messages("EVENTS").len(), 3);
}

#[test]
fn what_is_wrong_is_a_sentence_with_its_remedy() {
    let nobody: Address = "nats://127.0.0.1:9/events".parse().unwrap();
    let mut sink = JetStreamSink::new(nobody, Login::default()).unwrap();
    let error = sink.deliver(&batch(&keys(1))).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Retry, "{error}");
    let Some(nats) = Nats::start_with(&["--user", "poller", "--pass", "right"]) else {
        return;
    };
    let login = |password: &str| Login {
        user: Some("poller".to_owned()),
        password: Some(password.to_owned().into()),
        ..Login::default()
    };
    let mut sink = JetStreamSink::new(nats.address("events"), login("wrong-password")).unwrap();
    let error = sink.deliver(&batch(&keys(1))).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Configure, "{error}");
    assert!(!format!("{error} {error:?}").contains("wrong-password"));
    let mut sink = JetStreamSink::new(nats.address("events"), login("right")).unwrap();
    for error in [
        sink.deliver(&batch(&keys(1))).unwrap_err(),
        sink.check().unwrap_err(),
    ] {
        assert_eq!(error.remedy(), Remedy::Configure);
        assert!(error.to_string().contains("no stream for the subject"), "{error}");
    }
}

/// Resets before and after the acknowledgements, a server that is killed and comes back: nothing is lost, nothing is there
/// twice.
#[test]
fn faults_on_the_way_lose_nothing_and_repeat_nothing() {
    let Some(mut nats) = Nats::start() else { return };
    nats.stream("EVENTS", &["events"]);
    for seed in 0..10 {
        let relay = relay::Relay::start(nats.port, seed);
        let address = format!("nats://127.0.0.1:{}/events", relay.port).parse().unwrap();
        let mut sink = JetStreamSink::new(address, Login::default()).unwrap();
        for part in 0..10 {
            let events: Vec<_> = (0..50)
                .map(|number| (format!("{seed}/{part}/{number}"), 0))
                .collect();
            let events = batch(&events);
            let is_done = (0..50).any(|_| match sink.deliver(&events) {
                Ok(verdict) => verdict.refused.is_empty(),
                Err(error) => {
                    assert_eq!(error.remedy(), Remedy::Retry, "{error}");
                    std::thread::sleep(Duration::from_millis(50));
                    false
                }
            });
            assert!(is_done, "seed {seed}");
        }
        if seed == 5 {
            nats.kill_and_restart();
        }
    }
    let mut ids = BTreeMap::new();
    for message in nats.messages("EVENTS") {
        *ids.entry(message.header("Nats-Msg-Id").unwrap()).or_insert(0) += 1;
    }
    assert_eq!(ids.len(), 10 * 10 * 50);
    assert!(ids.values().all(|&times| times == 1));
}

/// While the server is away a batch of any size is an error at once, and nothing of it comes by itself later.
#[test]
fn a_server_that_is_away_holds_nobody_up() {
    let Some(mut nats) = Nats::start() else { return };
    nats.stream("EVENTS", &["events"]);
    let mut sink = JetStreamSink::new(nats.address("events"), Login::default()).unwrap();
    assert_eq!(sink.deliver(&batch(&keys(10))).unwrap().refused, []);
    nats.kill();
    std::thread::sleep(Duration::from_millis(500));
    let large: Vec<_> = (0..6_000).map(|number| (format!("late-{number}"), 0)).collect();
    let began = std::time::Instant::now();
    for _ in 0..3 {
        let error = sink.deliver(&batch(&large)).unwrap_err();
        assert_eq!(error.remedy(), Remedy::Retry, "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    nats.restart();
    let is_done = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(200));
        sink.deliver(&batch(&large)).is_ok()
    });
    assert!(is_done);
    assert_eq!(nats.count("EVENTS"), 6_010);
    assert_eq!(nats.ids("EVENTS").len(), 6_010);
}

/// Rows, an envelope, changes and poison in; events and rejects out, each once and with its reason.
#[test]
fn a_worker_turns_rows_into_events_and_keeps_what_gives_none() {
    let Some(nats) = Nats::start() else { return };
    nats.stream("ROWS", &["rows"]);
    nats.stream("EVENTS", &["events", "events.rejects"]);
    let mut messages: Vec<(String, Vec<(&str, &str)>)> =
        (0..1_000).map(|number| (row(number), Vec::new())).collect();
    messages.push((
        format!("{{\"value\":[{},{}]}}", row(2_000), row(2_001)),
        Vec::new(),
    ));
    messages.push((
        row(3).replace("delivered", "failed"),
        vec![
            ("Message-Trace-Sequence", "1"),
            ("Message-Trace-Previous-Status", "delivered"),
        ],
    ));
    messages.push(("no row".to_owned(), Vec::new()));
    messages.push((row(5).replace("\"2025-06-13T10:30:00Z\"", "null"), Vec::new()));
    nats.publish("rows", &messages);
    let done = transform(&job(&nats, "ROWS", "events"), ecs(), &Stop::default()).unwrap();
    assert_eq!(
        done,
        Tally {
            messages: 1_004,
            events: 1_003,
            rejects: 2,
            known: 0
        }
    );
    let stored = nats.messages("EVENTS");
    let rejects: Vec<_> = stored
        .iter()
        .filter(|message| message.subject == "events.rejects")
        .collect();
    assert_eq!(rejects[0].payload, b"no row");
    assert_eq!(
        rejects[0].header("Message-Trace-Reason"),
        Some("syntax 0".to_owned())
    );
    assert_eq!(
        rejects[1].header("Message-Trace-Reason").as_deref(),
        Some("missing-field receivedDateTime")
    );
    let changed = stored
        .iter()
        .find(|message| {
            message
                .header("Nats-Msg-Id")
                .is_some_and(|id| id.ends_with("/failed#1"))
        })
        .unwrap();
    let event: serde_json::Value = serde_json::from_slice(&changed.payload).unwrap();
    assert_eq!(event["event"]["sequence"], 1);
    assert_eq!(event["m365"]["message_trace"]["previous_status"], "delivered");
    // A second run has nothing to do.
    let again = transform(&job(&nats, "ROWS", "events"), ecs(), &Stop::default()).unwrap();
    assert_eq!(again, Tally::default());
}

/// Two workers share the rows; one dies between publishing and acknowledging; the other one takes over what it held, and
/// every row is in the result once.
#[test]
fn a_worker_that_dies_costs_nothing() {
    let Some(nats) = Nats::start() else { return };
    nats.stream("ROWS", &["rows"]);
    nats.stream("EVENTS", &["events", "events.rejects"]);
    let rows: Vec<(String, Vec<(&str, &str)>)> =
        (0..20_000).map(|number| (row(number), Vec::new())).collect();
    nats.publish("rows", &rows);
    let mut dies = server::worker(&nats, "ROWS", "events");
    let stays = server::worker(&nats, "ROWS", "events");
    assert!(
        (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            nats.count("EVENTS") > 2_000
        }),
        "the workers work"
    );
    dies.kill().unwrap();
    dies.wait().unwrap();
    let done = stays.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let stored = nats.messages("EVENTS");
    let mut ids = BTreeMap::new();
    for message in &stored {
        *ids.entry(message.header("Nats-Msg-Id").unwrap()).or_insert(0) += 1;
    }
    assert_eq!(ids.len(), 20_000);
    assert!(ids.values().all(|&times| times == 1));
}

/// The server is killed while a worker works, and comes back some seconds later: the worker goes on by itself.
#[test]
fn a_worker_outlives_its_server() {
    let Some(mut nats) = Nats::start() else { return };
    nats.stream("ROWS", &["rows"]);
    nats.stream("EVENTS", &["events", "events.rejects"]);
    let rows: Vec<(String, Vec<(&str, &str)>)> =
        (0..30_000).map(|number| (row(number), Vec::new())).collect();
    nats.publish("rows", &rows);
    let job = job(&nats, "ROWS", "events");
    let worker = std::thread::spawn(move || transform(&job, ecs(), &Stop::default()));
    assert!(
        (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            nats.count("EVENTS") > 1_000
        }),
        "the worker works"
    );
    nats.kill_and_restart();
    let done = worker.join().unwrap();
    assert!(done.is_ok(), "{done:?}");
    let mut ids = BTreeMap::new();
    for message in nats.messages("EVENTS") {
        *ids.entry(message.header("Nats-Msg-Id").unwrap()).or_insert(0) += 1;
    }
    assert_eq!(ids.len(), 30_000);
    assert!(ids.values().all(|&times| times == 1));
}

/// What [`server::worker`] starts: this test as a process of its own, which can be killed.
#[test]
fn worker_process() {
    let Ok(spec) = std::env::var("STREAMS_TEST_WORKER") else {
        return;
    };
    let (port, names) = spec.split_once(' ').unwrap();
    let (input, output) = names.split_once(' ').unwrap();
    let nats = Nats::at(port.parse().unwrap());
    transform(&job(&nats, input, output), ecs(), &Stop::default()).unwrap();
}
