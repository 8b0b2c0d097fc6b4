//! A sink that upserts by event id, and remembers what it was told.

use std::collections::HashMap;

use message_trace::{Normalizer, Options, Revision, Target};
use message_trace_collector::poll::Delivery;

use crate::asking::Asked;

/// What the sink holds of one event id.
#[derive(Clone, Debug)]
pub struct Held {
    /// The raw line, as the event keeps it.
    pub line: Vec<u8>,
    /// When the id was first accepted, in the service's milliseconds.
    pub first_ms: i64,
    /// Its last place among all events accepted: later is newer.
    pub order: u64,
    /// Its sequence number, if the event has one.
    pub sequence: Option<u64>,
    /// When it came last without its details.
    pub since_ms: i64,
    /// When its details came first, in the service's milliseconds; none if it came again without.
    pub details_ms: Option<i64>,
}

impl Held {
    /// Whether its row is one that details are wanted of.
    pub fn is_asked_about(&self, asked: Asked) -> bool {
        let row: serde_json::Value = serde_json::from_slice(&self.line).expect("a row is JSON");
        let status = ["status", "Status"].iter().find_map(|name| row[name].as_str());
        asked.has(status.expect("a row has a status"))
    }
}

pub struct Sink {
    normalizer: Normalizer,
    pub held: HashMap<String, Held>,
    /// Events accepted, repeats included.
    pub accepted: u64,
    /// Events with the id and the line of one that is there already.
    pub repeats: u64,
    /// Lines that gave no event.
    pub rejected: u64,
    /// Events whose sequence is lower than what is there. An equal one is what a kill between the sink and the ledger
    /// leaves, when the row changed meanwhile.
    pub disorder: u64,
}

impl Sink {
    pub fn new() -> Self {
        let options = Options {
            target: Target::Ecs,
            ..Options::default()
        };
        Self {
            normalizer: Normalizer::new(options),
            held: HashMap::new(),
            accepted: 0,
            repeats: 0,
            rejected: 0,
            disorder: 0,
        }
    }

    /// Accepts the first `most` events of a delivery.
    pub fn accept(&mut self, delivery: &Delivery, now_ms: i64, most: usize) {
        let page = delivery.page();
        let fresh = delivery.fresh().map(|row| (page.line(row), None));
        let changed = delivery
            .changed()
            .map(|(row, before)| (page.line(row), Some(before)));
        for (line, before) in fresh.chain(changed).take(most) {
            let mut event = Vec::new();
            let done = match before {
                None => self.normalizer.normalize(line, &mut event),
                Some(known) => {
                    let revision = Revision {
                        sequence: known.sequence,
                        previous_status: Some(known.status.as_str()).filter(|status| !status.is_empty()),
                        details: delivery.details(),
                    };
                    self.normalizer.normalize_revision(line, &revision, &mut event)
                }
            };
            if done.is_err() {
                self.rejected += 1;
                continue;
            }
            self.upsert(line, &event, now_ms);
        }
    }

    fn upsert(&mut self, line: &[u8], event: &[u8], now_ms: i64) {
        let event: serde_json::Value = serde_json::from_slice(event).expect("an event is JSON");
        let id = event["event"]["id"]
            .as_str()
            .expect("an event has an id")
            .to_owned();
        let original = event["event"]["original"]
            .as_str()
            .expect("an event has its line")
            .as_bytes();
        assert_eq!(original, line, "an event's line is the row's own bytes");
        let sequence = event["event"]["sequence"].as_u64();
        let trace = &event["m365"]["message_trace"];
        // A row that failed has its cause, whatever else has its steps.
        let is_told = match event["event"]["action"].as_str() {
            Some("failed") => trace["cause"].is_string(),
            _ => trace["steps"].is_array(),
        };
        self.accepted += 1;
        let order = self.accepted;
        match self.held.get_mut(&id) {
            Some(held) => {
                if held.line == line && held.sequence == sequence {
                    self.repeats += 1;
                } else if sequence < held.sequence {
                    self.disorder += 1;
                }
                held.line = line.to_vec();
                held.order = order;
                held.sequence = sequence;
                if !is_told {
                    held.since_ms = now_ms;
                }
                held.details_ms = is_told.then(|| held.details_ms.unwrap_or(now_ms));
            }
            None => {
                self.held.insert(
                    id,
                    Held {
                        line: line.to_vec(),
                        first_ms: now_ms,
                        order,
                        sequence,
                        since_ms: now_ms,
                        details_ms: is_told.then_some(now_ms),
                    },
                );
            }
        }
    }
}
