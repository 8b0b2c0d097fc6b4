//! Against the mock cluster of librdkafka: brokers on loopback that store messages, keep groups, and fail as they are told.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it found"
)]

mod cluster;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cluster::Cluster;
use message_trace::{Options, Target};
use message_trace_host::Host;
use message_trace_remedy::Remedy;
use message_trace_sinks::{Batch, Check, EventKey, RefusedReason, Sink as _, SinkError};
use message_trace_streams::{Address, Job, KafkaSink, Login, Stop, Tally, transform};
use rdkafka::types::{RDKafkaApiKey as Request, RDKafkaRespErr as Answer};

const ROW: &str = r#"{"id":"ID","receivedDateTime":"2025-06-13T10:30:00Z","senderAddress":"a@example.com","recipientAddress":"b@example.org","subject":"s","size":1,"fromIP":"192.0.2.1","toIP":"","status":"delivered"}"#;

fn row(number: usize) -> String {
    ROW.replace("\"ID\"", &format!("\"{number:08x}-48cb-e80d-e8c0-196330437ae6\""))
}

fn rows(count: usize) -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    (0..count).map(|number| (row(number), Vec::new())).collect()
}

fn push(batch: &mut Batch, id: &str, sequence: u32, json: &str) {
    let id = id.to_owned();
    batch.push(EventKey::new(id, sequence), json.as_bytes()).unwrap();
}

fn batch(ids: impl IntoIterator<Item = String>) -> Batch {
    let mut batch = Batch::default();
    for id in ids {
        push(&mut batch, &id, 0, &format!("{{\"id\":\"{id}\"}}"));
    }
    batch
}

fn ids(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("trace-{number}/b@example.org/delivered"))
}

fn job(cluster: &Cluster, once: bool) -> Job {
    Job {
        input: cluster.address("rows"),
        output: cluster.address("events"),
        rejects: "events.rejects".to_owned(),
        consumer: "message-trace".to_owned(),
        batch: 256,
        once,
        transactions: false,
        ack_wait: Duration::from_secs(6),
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

/// How often each id is on a topic.
fn counts(cluster: &Cluster, topic: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for message in cluster.messages(topic) {
        *counts
            .entry(message.header("Message-Trace-Id").unwrap())
            .or_insert(0) += 1;
    }
    counts
}

/// Changes of a row share its key, so they are in one partition, in order; the headers tell them apart.
#[test]
fn a_batch_is_accepted_when_the_cluster_has_it() {
    let cluster = Cluster::start(&[("events", 4)]);
    let mut sink = KafkaSink::new(cluster.address("events"), Login::default());
    assert_eq!(sink.has_accepted(), Some(false));
    assert!(matches!(sink.check().unwrap(), Check::Reachable(_)));
    let mut events = batch(ids(1_000));
    let changed = EventKey {
        previous_status: Some("delivered".to_owned()),
        ..EventKey::new("trace-7/b@example.org/failed", 1)
    };
    events.push(changed, b"{\"changed\":1}").unwrap();
    assert_eq!(sink.deliver(&events).unwrap().refused, []);
    assert_eq!(sink.has_accepted(), Some(true));
    let stored = cluster.messages("events");
    assert_eq!(stored.len(), 1_001);
    let of_row: Vec<_> = stored
        .iter()
        .filter(|message| message.key == b"trace-7/b@example.org")
        .collect();
    assert_eq!(of_row.len(), 2);
    assert_eq!(of_row[0].partition, of_row[1].partition);
    assert_eq!(of_row[1].payload, b"{\"changed\":1}");
    assert_eq!(of_row[1].header("Message-Trace-Sequence").as_deref(), Some("1"));
    assert_eq!(
        of_row[1].header("Message-Trace-Previous-Status").as_deref(),
        Some("delivered")
    );
    assert_eq!(
        of_row[1].header("Message-Trace-Id").as_deref(),
        Some("trace-7/b@example.org/failed#1")
    );
    assert_eq!(of_row[0].header("Message-Trace-Sequence"), None);
    let partitions: std::collections::BTreeSet<i32> =
        stored.iter().map(|message| message.partition).collect();
    assert_eq!(partitions.len(), 4);
}

#[test]
fn an_event_that_is_too_large_is_refused_alone() {
    let cluster = Cluster::start(&[("events", 1)]);
    let large = |batch: &mut Batch| {
        let json = format!("{{\"x\":\"{}\"}}", "x".repeat(2 << 20));
        push(batch, "large/b/failed", 0, &json);
    };
    let mut sink = KafkaSink::new(cluster.address("events"), Login::default());
    let mut alone = Batch::default();
    large(&mut alone);
    let refused = sink.deliver(&alone).unwrap_err();
    assert!(
        matches!(refused, SinkError::RefusesAll(RefusedReason::TooLarge(1_000_000))),
        "nothing is refused for good before something was accepted: {refused}"
    );
    let mut mixed = batch(ids(3));
    large(&mut mixed);
    let verdict = sink.deliver(&mixed).unwrap();
    assert_eq!(verdict.refused.len(), 1);
    assert_eq!(verdict.refused[0].index, 3);
    assert_eq!(cluster.messages("events").len(), 3);
}

/// A topic may take less than the client packs together: then what is small enough is sent one by one.
#[test]
fn innocents_that_were_packed_with_a_large_event_are_not_refused() {
    let cluster = Cluster::start(&[("events", 1)]);
    let mut sink = KafkaSink::new(cluster.address("events"), Login::default());
    sink.deliver(&batch(ids(1))).unwrap();
    // The pack as a whole, then the second message alone.
    let (large, fine) = (
        Answer::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
        Answer::RD_KAFKA_RESP_ERR_NO_ERROR,
    );
    cluster.fail(Request::Produce, &[large, fine, large, fine]);
    let verdict = sink.deliver(&batch(ids(3))).unwrap();
    assert_eq!(
        verdict
            .refused
            .iter()
            .map(|refused| refused.index)
            .collect::<Vec<_>>(),
        [1]
    );
}

#[test]
fn what_is_wrong_is_a_sentence_with_its_remedy() {
    let nobody: Address = "kafka://127.0.0.1:9/events".parse().unwrap();
    let began = Instant::now();
    let error = KafkaSink::new(nobody, Login::default())
        .deliver(&batch(ids(1)))
        .unwrap_err();
    assert_eq!(error.remedy(), Remedy::Retry, "{error}");
    assert!(error.to_string().contains("no connection to the host"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let cluster = Cluster::start(&[("events", 1)]);
    let away = Job {
        output: "kafka://127.0.0.1:9/events".parse().unwrap(),
        ..job(&cluster, true)
    };
    let error = transform(&away, ecs(), &Stop::default()).unwrap_err();
    assert_eq!(
        error.remedy(),
        Remedy::Retry,
        "a first connection is not waited for: {error}"
    );
    cluster.topic_error("missing", Answer::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    let mut sink = KafkaSink::new(cluster.address("missing"), Login::default());
    for error in [
        sink.deliver(&batch(ids(1))).unwrap_err(),
        sink.check().unwrap_err(),
    ] {
        assert_eq!(error.remedy(), Remedy::Configure, "{error}");
        assert!(error.to_string().contains("no such topic"), "{error}");
    }
    let mut sink = KafkaSink::new(cluster.address("events"), Login::default());
    sink.deliver(&batch(ids(1))).unwrap();
    cluster.fail(
        Request::Produce,
        &[Answer::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 3],
    );
    let error = sink.deliver(&batch(ids(1))).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Configure, "{error}");
    assert!(!error.to_string().contains("trace-0"), "{error}");
}

/// Errors of the brokers, and brokers that go and come back: nothing is lost, and what is there twice has one id.
/// `FAULTS=2000` for more of them.
#[test]
fn faults_on_the_way_lose_nothing() {
    let cluster = Cluster::start(&[("events", 3)]);
    let errors = [
        Answer::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        Answer::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        Answer::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        Answer::RD_KAFKA_RESP_ERR__TRANSPORT,
        Answer::RD_KAFKA_RESP_ERR_UNKNOWN,
    ];
    let mut sink = KafkaSink::new(cluster.address("events"), Login::default());
    let mut random = fastrand::Rng::with_seed(7);
    let wanted = std::env::var("FAULTS").map_or(90, |text| text.parse().unwrap());
    let (mut part, mut faults_so_far) = (0, 0);
    while faults_so_far < wanted {
        let events = batch((0..50).map(|number| format!("{part}-{number}/b/delivered")));
        let faults: Vec<Answer> = (0..random.usize(0..4))
            .map(|_| errors[random.usize(0..errors.len())])
            .collect();
        faults_so_far += faults.len();
        cluster.fail(Request::Produce, &faults);
        let is_away = part % 20 == 19;
        if is_away {
            cluster.down();
        }
        let is_done = (0..50).any(|round| {
            if is_away && round == 1 {
                cluster.up();
            }
            match sink.deliver(&events) {
                Ok(verdict) => verdict.refused.is_empty(),
                Err(error) => {
                    assert_eq!(error.remedy(), Remedy::Retry, "{error}");
                    false
                }
            }
        });
        assert!(is_done, "part {part}");
        part += 1;
    }
    let counts = counts(&cluster, "events");
    assert_eq!(counts.len(), part * 50);
    let twice = counts.values().filter(|&&times| times > 1).count();
    println!(
        "{faults_so_far} faults, {} events, 0 lost, {twice} there twice under one id",
        counts.len()
    );
}

/// Rows, an envelope, changes and poison in; events and rejects out, each with its reason. With and without transactions.
#[test]
fn a_worker_turns_rows_into_events_and_keeps_what_gives_none() {
    for transactions in [false, true] {
        let cluster = Cluster::start(&[("rows", 3), ("events", 3), ("events.rejects", 1)]);
        let mut messages = rows(1_000);
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
        cluster.publish("rows", &messages);
        let job = Job {
            transactions,
            ..job(&cluster, true)
        };
        let done = transform(&job, ecs(), &Stop::default()).unwrap();
        assert_eq!(
            done,
            Tally {
                messages: 1_004,
                events: 1_003,
                rejects: 2,
                known: 0
            }
        );
        let counts = counts(&cluster, "events");
        assert_eq!(counts.len(), 1_003);
        assert!(counts.values().all(|&times| times == 1));
        let mut rejects: Vec<(Vec<u8>, Option<String>)> = cluster
            .messages("events.rejects")
            .iter()
            .map(|message| (message.payload.clone(), message.header("Message-Trace-Reason")))
            .collect();
        rejects.sort_by_key(|(payload, _)| payload.len());
        assert_eq!(rejects[0], (b"no row".to_vec(), Some("syntax 0".to_owned())));
        assert_eq!(rejects[1].1.as_deref(), Some("missing-field receivedDateTime"));
        let stored = cluster.messages("events");
        let changed = stored
            .iter()
            .find(|message| message.header("Message-Trace-Sequence").as_deref() == Some("1"))
            .unwrap();
        let event: serde_json::Value = serde_json::from_slice(&changed.payload).unwrap();
        assert_eq!(event["event"]["sequence"], 1);
        assert_eq!(event["m365"]["message_trace"]["previous_status"], "delivered");
        if !transactions {
            // A second run has nothing to do. (The mock cluster does not keep what a transaction commits.)
            let again = transform(&job, ecs(), &Stop::default()).unwrap();
            assert_eq!(again, Tally::default());
        }
    }
}

/// A commit that fails is done again from the place before, with new ends.
#[test]
fn a_commit_that_fails_is_done_again() {
    for (transactions, request) in [(false, Request::OffsetCommit), (true, Request::EndTxn)] {
        let cluster = Cluster::start(&[("rows", 2), ("events", 2), ("events.rejects", 1)]);
        cluster.publish("rows", &rows(1_000));
        let answer = if transactions {
            Answer::RD_KAFKA_RESP_ERR_INVALID_TXN_STATE
        } else {
            Answer::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION
        };
        cluster.fail(request, &[answer]);
        let job = Job {
            transactions,
            ..job(&cluster, true)
        };
        let done = transform(&job, ecs(), &Stop::default()).unwrap();
        assert_eq!((done.messages, done.rejects), (1_000, 0));
        assert_eq!(counts(&cluster, "events").len(), 1_000);
    }
}

/// Two workers share the rows; one dies; the other one takes over what it held. What is there twice has one id.
#[test]
fn a_worker_that_dies_costs_nothing() {
    // The mock cluster keeps 5 MB of a partition.
    let cluster = Cluster::start(&[("rows", 8), ("events", 8), ("events.rejects", 1)]);
    cluster.publish("rows", &rows(20_000));
    let mut dies = cluster::worker(&cluster);
    let stays = cluster::worker(&cluster);
    assert!(
        (0..3_000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            cluster.count("events") > 2_000
        }),
        "the workers work"
    );
    dies.kill().unwrap();
    dies.wait().unwrap();
    let done = stays.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let counts = counts(&cluster, "events");
    assert_eq!(counts.len(), 20_000);
    let twice = counts.values().filter(|&&times| times > 1).count();
    assert!(twice <= 256, "{twice} events are there twice; a batch at most");
}

/// What [`cluster::worker`] starts: this test as a process of its own, which can be killed.
#[test]
fn worker_process() {
    let Ok(servers) = std::env::var("STREAMS_TEST_WORKER") else {
        return;
    };
    let address = |topic: &str| format!("kafka://{servers}/{topic}").parse().unwrap();
    let job = Job {
        input: address("rows"),
        output: address("events"),
        ..job(&Cluster::start(&[]), true)
    };
    transform(&job, ecs(), &Stop::default()).unwrap();
}
