//! Splunk: the collector with and without indexer acknowledgement.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use message_trace_net::http::{Client, ClientOptions, Origin, SecretHeader, Transport};
use message_trace_sinks::service::Patience;
use message_trace_sinks::splunk::{Splunk, SplunkOptions};
use message_trace_sinks::{Check, ServiceSink, Sink as _, SinkError};
use serde_json::{Value, json};

use super::fake::{Arrived, Call, Fake, Reply, batch, event, is_poison, serve};

/// The largest event that is taken.
const MAX_EVENT_BYTES: usize = 5 * 1024 * 1024;

#[derive(Default)]
pub(super) struct FakeSplunk {
    pub(super) acknowledges: bool,
    pub(super) arrived: Arrived,
    /// Taken and not indexed yet, by request.
    pub(super) waiting: BTreeMap<u64, Arrived>,
    /// Indexed, and not told yet.
    pub(super) indexed: Vec<u64>,
    pub(super) next: u64,
    /// How often in a hundred a question it restarts, and loses what is not indexed.
    pub(super) restart_percent: u8,
    pub(super) never_indexes: bool,
}

impl Fake for FakeSplunk {
    fn answer(&mut self, call: &Call, random: &mut fastrand::Rng) -> Reply {
        let said = |status, code: u32| (status, None, json!({ "text": "text", "code": code }).to_string());
        if call.header("authorization") != Some("Splunk canary-token") {
            return said(403, 4);
        }
        let channel = call.header("x-splunk-request-channel");
        if self.acknowledges && channel.is_none_or(|channel| channel.len() != 36) {
            return said(400, 10);
        }
        if call.path.starts_with("/services/collector/ack?channel=") {
            return if self.acknowledges {
                self.acknowledge(&call.body, random)
            } else {
                said(400, 14)
            };
        }
        assert_eq!(call.path, "/services/collector/event");
        if call.body.is_empty() {
            return said(400, 5);
        }
        let events: Vec<Value> = serde_json::Deserializer::from_slice(&call.body)
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let is_bad = |event: &Value| {
            is_poison(&event["event"].to_string()) || event.to_string().len() > MAX_EVENT_BYTES
        };
        let taken = |event: &Value| {
            assert_eq!(event["time"], 1_749_810_600);
            assert_eq!(event["sourcetype"], "m365:message_trace");
            let fields = &event["fields"];
            (
                fields["event_id"].as_str().unwrap().to_owned(),
                fields["event_sequence"].as_u64().unwrap(),
            )
        };
        if let Some(bad) = events.iter().position(is_bad) {
            // What stands before it is indexed all the same, and never acknowledged.
            self.arrived.extend(events[..bad].iter().map(taken));
            let body = json!({ "text": "Invalid data format", "code": 6, "invalid-event-number": bad });
            return (400, None, body.to_string());
        }
        let taken: Arrived = events.iter().map(taken).collect();
        if !self.acknowledges {
            self.arrived.extend(taken);
            return said(200, 0);
        }
        let id = self.next;
        self.next += 1;
        self.waiting.insert(id, taken);
        (
            200,
            None,
            json!({ "text": "Success", "code": 0, "ackId": id }).to_string(),
        )
    }

    fn arrived(&self) -> Arrived {
        self.arrived.clone()
    }
}

impl FakeSplunk {
    fn acknowledge(&mut self, body: &[u8], random: &mut fastrand::Rng) -> Reply {
        if random.u8(0..100) < self.restart_percent {
            (self.next, self.waiting, self.indexed) = (0, BTreeMap::new(), Vec::new());
        }
        let asked: Value = serde_json::from_slice(body).unwrap();
        let asked: Vec<u64> = asked["acks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|id| id.as_u64().unwrap())
            .collect();
        // Half of what waits is indexed between two questions.
        let ready: Vec<u64> = self.waiting.keys().copied().filter(|_| random.bool()).collect();
        for id in ready.into_iter().filter(|_| !self.never_indexes) {
            self.arrived.extend(self.waiting.remove(&id).unwrap());
            self.indexed.push(id);
        }
        let acks: BTreeMap<String, bool> = asked
            .iter()
            .map(|id| (id.to_string(), self.indexed.contains(id)))
            .collect();
        // Told once.
        self.indexed.retain(|id| !asked.contains(id));
        (200, None, json!({ "acks": acks }).to_string())
    }
}

pub(super) fn sink(
    url: &str,
    acknowledge: bool,
    patience: Patience,
    transport: Arc<dyn Transport>,
) -> ServiceSink<Splunk> {
    let options = SplunkOptions {
        url: Origin::parse(url).unwrap(),
        token: SecretHeader::new(AUTHORIZATION, "Splunk canary-token".into()).unwrap(),
        acknowledge,
        patience,
        source: "message-trace".to_owned(),
        sourcetype: "m365:message_trace".to_owned(),
        index: None,
        gzip: true,
        max_events: 7,
    };
    ServiceSink::of(Splunk::new(options, transport).unwrap())
}

/// Does not wait within a delivery.
pub(super) fn hasty() -> Patience {
    Patience {
        at_once: Duration::ZERO,
        between: Duration::ZERO,
        in_all: Duration::from_millis(4),
    }
}

fn client() -> Arc<dyn Transport> {
    Arc::new(Client::new(ClientOptions::default()).unwrap())
}

#[test]
fn delivered_means_acknowledged() {
    let (server, shared) = serve(FakeSplunk {
        acknowledges: true,
        never_indexes: true,
        ..FakeSplunk::default()
    });
    let patience = Patience {
        in_all: Duration::from_mins(5),
        ..hasty()
    };
    let mut sink = sink(&server.url(""), true, patience, client());
    assert_eq!(sink.check(), Ok(Check::Authorized));
    let events: Vec<_> = (0..20).map(|row| event(row, 0, "delivered", "")).collect();
    let events = batch(&events);
    assert_eq!(
        sink.deliver(&events),
        Err(SinkError::NotYetAcknowledged { events: 20 })
    );
    assert!(shared.lock().unwrap().0.arrived().is_empty());
    shared.lock().unwrap().0.never_indexes = false;
    let sent = |calls: &[Call]| calls.iter().filter(|call| call.path.ends_with("/event")).count();
    let before = sent(&shared.lock().unwrap().1);
    assert!((0..1000).any(|_| sink.deliver(&events).is_ok()));
    let shared = shared.lock().unwrap();
    // Nothing is sent a second time.
    assert_eq!((shared.0.arrived().len(), sent(&shared.1)), (20, before));
}

#[test]
fn a_token_of_the_other_kind_is_said() {
    for (acknowledges, acknowledge) in [(true, false), (false, true)] {
        let (server, _) = serve(FakeSplunk {
            acknowledges,
            ..FakeSplunk::default()
        });
        let mut sink = sink(&server.url(""), acknowledge, hasty(), client());
        assert!(matches!(sink.check(), Err(SinkError::Misset(_))));
        let error = sink.deliver(&batch(&[event(1, 0, "delivered", "")])).unwrap_err();
        assert!(
            matches!(error, SinkError::Misset(what) if what.contains("acknowledge = ")),
            "{error}"
        );
    }
}
