//! Sekoia.io, by the intake over HTTPS. For events of target `sekoia`.
//!
//! | rule or limit | source |
//! |---|---|
//! | `POST /batch` with `{"intake_key": …, "jsons": […]}`, each event as text; the answer has an id for each: `{"event_ids": […]}` | [formatting options](https://docs.sekoia.io/integration/ingestion_methods/https/format/) |
//! | `https://intake.sekoia.io`; other regions `https://intake.REGION.sekoia.io/api/v1/intake-http` | same page |
//! | gzip by `Content-Encoding` | [compression](https://docs.sekoia.io/integration/ingestion_methods/https/compression/) |
//! | a request has at most 10 MiB (10,485,760 bytes), an event at most 250,000 bytes: not in the manual, so taken from what Sekoia's own connectors keep to | [SEKOIA-IO/sekoia-automation-sdk and its connectors](https://github.com/SEKOIA-IO/automation-library) |
//!
//! A repeat is a second event with the same `message`; the intake has no id of ours to tell it by.

mod encode;

use std::fmt;
use std::sync::Arc;

use http::Method;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::service::{Answer, Bounds, Frame, Service, Wire, expect_json, judge};
use super::{Check, Event, RefusedReason, SinkError};
use message_trace_net::http::{Link, Origin, Transport};

/// Most bytes in a request.
const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Most bytes of an event, before it is made a text of JSON.
const MAX_EVENT_BYTES: usize = 250_000;
/// Most events in a request. Not limited there; what is lost with a failed request is sent again.
const MAX_EVENTS: usize = 1000;

/// How Sekoia.io is spoken to.
#[derive(Clone, Debug)]
pub struct SekoiaOptions {
    /// The intake of the region. Default: `https://intake.sekoia.io`.
    pub url: Origin,
    /// The intake's key.
    pub intake_key: SecretString,
    /// Whether bodies are compressed. Default: true.
    pub gzip: bool,
}

/// Sekoia.io's intake.
pub struct Sekoia {
    wire: Wire,
    batch: Link,
    root: Link,
    /// `{"intake_key":"…","jsons":[`
    open: Zeroizing<Vec<u8>>,
}

#[derive(Deserialize)]
struct Taken {
    event_ids: Vec<IgnoredAny>,
}

impl Sekoia {
    /// Makes the service. Sends nothing yet. `None` if the address has a path that no request can have.
    #[must_use]
    pub fn new(options: SekoiaOptions, transport: Arc<dyn Transport>) -> Option<Self> {
        // The whole address of the endpoint will do as well.
        let path = if options.url.prefix().ends_with("/batch") {
            ""
        } else {
            "/batch"
        };
        let batch = options.url.link(path).ok()?;
        let root = options.url.link("").ok()?;
        Some(Self {
            wire: Wire::new(&batch, transport, "application/json").gzip(options.gzip),
            batch,
            root,
            open: encode::open(options.intake_key.expose_secret()),
        })
    }
}

impl Service for Sekoia {
    fn name(&self) -> &str {
        self.wire.name()
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            max_events: MAX_EVENTS,
            max_bytes: MAX_BYTES,
            max_event_bytes: MAX_BYTES - 256,
        }
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            open: &self.open,
            between: b",",
            close: b"]}",
        }
    }

    fn encode(&self, event: Event<'_>, body: &mut Vec<u8>) -> Result<(), RefusedReason> {
        if event.json.len() > MAX_EVENT_BYTES {
            return Err(RefusedReason::TooLarge(MAX_EVENT_BYTES));
        }
        encode::put(event.json, body)
    }

    fn send(&mut self, body: Zeroizing<Vec<u8>>, events: usize) -> Result<Answer, SinkError> {
        let answer = self.wire.post(&self.batch, body)?;
        if let Some(reason) = judge(&answer)? {
            return Ok(Answer::Guilty(reason));
        }
        let Taken { event_ids } = expect_json(&answer)?;
        if event_ids.len() == events {
            return Ok(Answer::Accepted);
        }
        Err(SinkError::NotAcknowledged {
            status: answer.status().as_u16(),
            is_page: false,
        })
    }

    /// The intake has no question to ask without an event: any answer shows that it is there.
    fn check(&mut self) -> Result<Check, SinkError> {
        let answer = self.wire.ask(Method::GET, &self.root, b"")?;
        match judge(&answer) {
            Err(error @ SinkError::Unavailable { .. }) => Err(error),
            _ => Ok(Check::Reachable(
                "it answers; whether the intake key is good cannot be asked without an event",
            )),
        }
    }
}

impl fmt::Debug for Sekoia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sekoia").field(&self.wire.name()).finish()
    }
}
