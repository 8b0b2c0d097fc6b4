//! Elasticsearch: `_bulk` into data streams and indexes, item by item.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use message_trace_net::http::{Client, ClientOptions, Origin, SecretHeader, Transport};
use message_trace_sinks::elasticsearch::{Destination, Elasticsearch, ElasticsearchOptions};
use message_trace_sinks::{Check, RefusedReason, ServiceSink, Sink as _, SinkError};
use serde_json::{Value, json};

use super::fake::{Arrived, Call, Fake, Reply, batch, event, identity, is_poison, serve};

pub(super) const MAX_BYTES: usize = 64 * 1024;

#[derive(Default)]
pub(super) struct FakeElastic {
    /// By `_id`: the version and the document.
    pub(super) documents: HashMap<String, (u64, Value)>,
    pub(super) arrived: Arrived,
    /// Items of a hundred that are turned away for now.
    pub(super) busy_percent: u8,
}

impl Fake for FakeElastic {
    fn answer(&mut self, call: &Call, random: &mut fastrand::Rng) -> Reply {
        if call.path == "/_security/user/_has_privileges" {
            return (200, None, json!({ "has_all_requested": true }).to_string());
        }
        assert!(call.path.starts_with("/_bulk?"), "{}", call.path);
        assert_eq!(call.header("content-type"), Some("application/x-ndjson"));
        if call.header("authorization") != Some("ApiKey canary-key") {
            return (401, None, String::new());
        }
        if call.body.len() > MAX_BYTES {
            return (413, None, String::new());
        }
        let text = String::from_utf8(call.body.clone()).unwrap();
        assert!(text.ends_with('\n'));
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let items: Vec<Value> = lines
            .chunks(2)
            .map(|pair| self.item(&pair[0], &pair[1], random))
            .collect();
        (200, None, json!({ "errors": true, "items": items }).to_string())
    }

    fn arrived(&self) -> Arrived {
        self.arrived.clone()
    }
}

impl FakeElastic {
    fn item(&mut self, action: &Value, document: &Value, random: &mut fastrand::Rng) -> Value {
        let (verb, meta) = action.as_object().unwrap().iter().next().unwrap();
        let failed = |status: u16, class: &str| {
            let reason = format!("about {}", document["email"]["to"]["address"][0]);
            json!({ verb: { "status": status, "error": { "type": class, "reason": reason } } })
        };
        if random.u8(0..100) < self.busy_percent {
            return failed(429, "es_rejected_execution_exception");
        }
        if is_poison(&document.to_string()) {
            return failed(400, "document_parsing_exception");
        }
        let id = meta["_id"].as_str().unwrap();
        assert!(id.len() <= 512);
        let version = meta["version"].as_u64().unwrap_or_default();
        let is_taken = match self.documents.get(id) {
            None => false,
            Some((known, _)) => verb == "create" || version <= *known,
        };
        if is_taken {
            return failed(409, "version_conflict_engine_exception");
        }
        assert_eq!(meta.get("version_type").is_some(), verb == "index");
        self.documents.insert(id.to_owned(), (version, document.clone()));
        self.arrived.push(identity(document));
        json!({ verb: { "status": 201 } })
    }
}

pub(super) fn sink(
    url: &[&str],
    destination: Destination,
    transport: Arc<dyn Transport>,
) -> ServiceSink<Elasticsearch> {
    let options = ElasticsearchOptions {
        nodes: url.iter().map(|url| Origin::parse(url).unwrap()).collect(),
        destination,
        authorization: SecretHeader::new(AUTHORIZATION, "ApiKey canary-key".into()),
        gzip: true,
        max_events: 7,
        max_bytes: MAX_BYTES,
    };
    ServiceSink::of(Elasticsearch::new(options, transport).unwrap())
}

pub(super) fn stream() -> Destination {
    Destination::DataStream("logs-m365.message_trace-default".to_owned())
}

fn client() -> Arc<dyn Transport> {
    Arc::new(Client::new(ClientOptions::default()).unwrap())
}

#[test]
fn a_repeat_is_the_same_document_and_a_bad_one_is_named_by_its_class_alone() {
    let (server, shared) = serve(FakeElastic::default());
    let mut sink = sink(&[&server.url("")], stream(), client());
    assert_eq!(sink.check(), Ok(Check::Authorized));
    let mut events: Vec<_> = (0..20).map(|row| event(row, 0, "delivered", "")).collect();
    events[4] = event(4, 0, "delivered", r#","poison":1"#);
    for _ in 0..2 {
        let delivery = sink.deliver(&batch(&events)).unwrap();
        assert_eq!(delivery.refused.len(), 1);
        assert_eq!(delivery.refused[0].index, 4);
        let reason = RefusedReason::Code("document_parsing_exception".into());
        assert_eq!(delivery.refused[0].reason, reason);
    }
    assert_eq!(shared.lock().unwrap().0.documents.len(), 19);
    assert!(!format!("{sink:?}").contains("canary"));
}

#[test]
fn only_what_was_turned_away_is_sent_again() {
    let (server, shared) = serve(FakeElastic {
        busy_percent: 40,
        ..FakeElastic::default()
    });
    let mut sink = sink(&[&server.url("")], stream(), client());
    let events: Vec<_> = (0..7).map(|row| event(row, 0, "delivered", "")).collect();
    let error = sink.deliver(&batch(&events)).unwrap_err();
    assert_eq!(
        error,
        SinkError::Unavailable {
            status: 429,
            retry_after: None
        }
    );
    let taken = shared.lock().unwrap().0.documents.len();
    assert!((1..7).contains(&taken));
    shared.lock().unwrap().0.busy_percent = 0;
    sink.deliver(&batch(&events)).unwrap();
    let calls = shared.lock().unwrap().1.clone();
    let again = String::from_utf8_lossy(&calls.last().unwrap().body)
        .lines()
        .count()
        / 2;
    assert_eq!((calls.len(), again), (2, 7 - taken));
}

#[test]
fn a_changed_row_replaces_its_predecessor_and_an_old_one_never_wins() {
    let (server, shared) = serve(FakeElastic::default());
    let index = Destination::Index("mail".to_owned());
    let mut sink = sink(&[&server.url("")], index, client());
    for (sequence, status) in [(0, "pending"), (2, "delivered"), (1, "failed"), (2, "delivered")] {
        sink.deliver(&batch(&[event(1, sequence, status, "")])).unwrap();
    }
    let documents = &shared.lock().unwrap().0.documents;
    assert_eq!(documents.len(), 1);
    assert_eq!(
        documents["trace-1/user1@example.com"].1["event"]["action"],
        "delivered"
    );
}

#[test]
fn the_next_node_is_asked_when_one_is_down() {
    let (server, shared) = serve(FakeElastic::default());
    // Nothing listens there.
    let mut sink = sink(&["http://127.0.0.1:9", &server.url("")], stream(), client());
    let events = batch(&[event(1, 0, "delivered", "")]);
    assert!(matches!(sink.deliver(&events), Err(SinkError::Unreachable(_))));
    assert!(sink.deliver(&events).is_ok());
    assert_eq!(shared.lock().unwrap().0.documents.len(), 1);
}
