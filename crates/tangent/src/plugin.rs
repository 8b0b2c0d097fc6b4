//! What Tangent calls.

use core::cell::RefCell;

use crate::view::{View, ViewValue};
use crate::{Mapper, TIME_KEYS, options};

#[expect(
    unsafe_code,
    clippy::same_length_and_capacity,
    reason = "generated from wit/processor.wit"
)]
mod bindings {
    wit_bindgen::generate!({ world: "processor", path: "wit" });
    export!(Plugin);
    use super::Plugin;
}

use bindings::exports::tangent::logs::mapper::{Guest, Meta, Pred, Selector};
use bindings::tangent::logs::config;
use bindings::tangent::logs::log::{Logview, Scalar};

struct Plugin;

thread_local! {
    /// Made at the first batch: a plug-in's configuration does not change while it runs.
    static MAPPER: RefCell<Option<Mapper>> = const { RefCell::new(None) };
}

impl Guest for Plugin {
    fn metadata() -> Meta {
        Meta {
            name: "message-trace".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    fn probe() -> Vec<Selector> {
        let selector = |key: &str| Selector {
            any: Vec::new(),
            all: vec![Pred::Has(key.to_owned())],
            none: Vec::new(),
        };
        TIME_KEYS.map(selector).to_vec()
    }

    fn process_logs(input: Vec<Logview>) -> Result<Vec<u8>, String> {
        let mut events = Vec::new();
        MAPPER.with_borrow_mut(|mapper| {
            let mapper = mapper.get_or_insert_with(|| {
                let has_revisions = config::get("revisions").is_some_and(|value| value == "true");
                Mapper::new(options(config::get)).with_revisions(has_revisions)
            });
            for view in &input {
                mapper.push_event(view, &mut events);
            }
        });
        Ok(events)
    }
}

impl View for Logview {
    fn value(&self, key: &str) -> ViewValue {
        match self.get(key) {
            Some(Scalar::Str(text)) => ViewValue::Text(text),
            Some(Scalar::Int(number)) => ViewValue::Integer(number),
            Some(Scalar::Float(number)) => ViewValue::Float(number),
            Some(Scalar::Boolean(truth)) => ViewValue::Boolean(truth),
            Some(Scalar::Bytes(bytes)) => ViewValue::Text(String::from_utf8_lossy(&bytes).into_owned()),
            None if !self.has(key) => ViewValue::Absent,
            None if self.len(key).is_some() || self.get_map(key).is_some() => ViewValue::Container,
            None => ViewValue::Null,
        }
    }
}
