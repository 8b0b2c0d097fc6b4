//! Sekoia.io: the intake's batches.

use std::sync::Arc;

use message_trace_net::http::{Client, ClientOptions, Origin, Transport};
use message_trace_sinks::sekoia::{Sekoia, SekoiaOptions};
use message_trace_sinks::{RefusedReason, ServiceSink, Sink as _, SinkError};
use serde_json::{Value, json};

use super::fake::{Arrived, Call, Fake, Reply, batch, event, identity, is_poison, serve};

const MAX_BYTES: usize = 10 * 1024 * 1024;

#[derive(Default)]
pub(super) struct FakeSekoia {
    pub(super) arrived: Arrived,
}

impl Fake for FakeSekoia {
    fn answer(&mut self, call: &Call, random: &mut fastrand::Rng) -> Reply {
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/batch"));
        assert_eq!(call.header("content-type"), Some("application/json"));
        if call.body.len() > MAX_BYTES {
            return (413, None, String::new());
        }
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        if body["intake_key"] != "canary-key" {
            return (403, None, String::new());
        }
        let texts: Vec<&str> = body["jsons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap())
            .collect();
        if texts.iter().any(|text| is_poison(text)) {
            return (400, None, String::new());
        }
        assert!(texts.iter().all(|text| text.len() <= 250_000));
        let events = texts
            .iter()
            .map(|text| identity(&serde_json::from_str(text).unwrap()));
        self.arrived.extend(events);
        let ids: Vec<String> = texts.iter().map(|_| random.u64(..).to_string()).collect();
        (200, None, json!({ "event_ids": ids }).to_string())
    }

    fn arrived(&self) -> Arrived {
        self.arrived.clone()
    }
}

pub(super) fn sink(url: &str, key: &str, transport: Arc<dyn Transport>) -> ServiceSink<Sekoia> {
    let options = SekoiaOptions {
        url: Origin::parse(url).unwrap(),
        intake_key: key.into(),
        gzip: true,
    };
    ServiceSink::of(Sekoia::new(options, transport).unwrap())
}

#[test]
fn events_are_texts_beside_the_key_and_too_large_ones_are_refused_alone() {
    let client: Arc<dyn Transport> = Arc::new(Client::new(ClientOptions::default()).unwrap());
    let (server, shared) = serve(FakeSekoia::default());
    let pad = format!(r#","pad":"{}""#, "x".repeat(250_000));
    let events = [
        event(0, 0, "delivered", ""),
        event(1, 0, "delivered", &pad),
        event(2, 0, "delivered", ""),
    ];
    for address in ["", "/batch"] {
        let mut sink = sink(&server.url(address), "canary-key", Arc::clone(&client));
        let delivery = sink.deliver(&batch(&events)).unwrap();
        assert_eq!(delivery.refused.len(), 1);
        assert_eq!(delivery.refused[0].reason, RefusedReason::TooLarge(250_000));
        assert!(!format!("{sink:?}").contains("canary"));
    }
    assert_eq!(shared.lock().unwrap().0.arrived().len(), 4);
    let mut wrong = sink(&server.url(""), "other", client);
    let refused = wrong.deliver(&batch(&events));
    assert_eq!(refused, Err(SinkError::Denied { status: 403 }));
}
