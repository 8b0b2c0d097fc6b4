//! Splunk, by the HTTP Event Collector (HEC).
//!
//! | rule or limit | source |
//! |---|---|
//! | `POST /services/collector/event`, `Authorization: Splunk TOKEN`, event objects one after another | [format events](https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector) |
//! | `time` is in seconds since 1970, with decimals; `fields` are indexed fields, flat | same page |
//! | a code in each answer; `invalid-event-number` is the first bad event, from 0 | [troubleshooting](https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector) |
//! | with indexer acknowledgement: a channel (GUID) for each client, an `ackId` for each request, which counts from 0; `POST /services/collector/ack` says `true` once, when all is indexed; an answer that is not `true` after minutes means: send again | [indexer acknowledgement](https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/about-http-event-collector-indexer-acknowledgment) |
//! | a load balancer must lead a channel to one and the same indexer | same page |
//! | an event has at most 5 MB (`maxEventSize` in inputs.conf); Splunk Cloud advises 1 MB a request | [inputs.conf](https://help.splunk.com/en/splunk-enterprise/administer/admin-manual/configuration-file-reference/inputs.conf) |
//!
//! A repeat is a second event with the same indexed field `event_id` (and `event_sequence`): `| dedup event_id`.
//! `integrations/splunk/` has the source type.

mod answer;
mod encode;

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method};
use secrecy::zeroize::Zeroizing;

use super::service::{Answer, Bounds, Frame, Patience, Service, Settled, Wire, judge};
use super::{Check, Event, RefusedReason, SinkError};
use answer::Receipts;
use message_trace_net::http::{Link, Origin, SecretHeader, Transport};

/// Most bytes in a request: what Splunk Cloud advises.
const MAX_BYTES: usize = 1_000_000;
/// Most bytes of an event: the default of Splunk's `maxEventSize`.
const MAX_EVENT_BYTES: usize = 5 * 1024 * 1024;

/// How Splunk is spoken to.
#[derive(Clone, Debug)]
pub struct SplunkOptions {
    /// The collector, such as `https://splunk.example.com:8088`.
    pub url: Origin,
    /// `Authorization: Splunk TOKEN`.
    pub token: SecretHeader,
    /// Whether an event counts as delivered only once it is indexed. The token must have indexer acknowledgement on.
    pub acknowledge: bool,
    /// How long acknowledgements are waited for.
    pub patience: Patience,
    /// The source of events. Default: `message-trace`.
    pub source: String,
    /// The source type. Default: `m365:message_trace`.
    pub sourcetype: String,
    /// The index; the token's own if none.
    pub index: Option<String>,
    /// Whether bodies are compressed. Default: true.
    pub gzip: bool,
    /// Most events in a request. Default: 1,000.
    pub max_events: usize,
}

/// Splunk's HTTP Event Collector.
pub struct Splunk {
    wire: Wire,
    event: Link,
    ack: Link,
    envelope: encode::Envelope,
    /// With acknowledgement: what was given out.
    receipts: Option<Receipts>,
    patience: Patience,
    max_events: usize,
}

impl Splunk {
    /// Makes the service. Sends nothing yet. `None` if the address has a path that no request can have.
    #[must_use]
    pub fn new(options: SplunkOptions, transport: Arc<dyn Transport>) -> Option<Self> {
        let event = options.url.link("/services/collector/event").ok()?;
        let channel = channel();
        let ack = options
            .url
            .link(&format!("/services/collector/ack?channel={channel}"))
            .ok()?;
        let mut headers = HeaderMap::new();
        if options.acknowledge {
            headers.insert("x-splunk-request-channel", HeaderValue::from_str(&channel).ok()?);
        }
        let wire = Wire::new(&event, transport, "application/json")
            .gzip(options.gzip)
            .headers(headers)
            .secrets([options.token]);
        Some(Self {
            wire,
            event,
            ack,
            envelope: encode::Envelope::new(&options.source, &options.sourcetype, options.index.as_deref()),
            receipts: options.acknowledge.then(Receipts::default),
            patience: options.patience,
            max_events: options.max_events,
        })
    }
}

/// A GUID for this client.
fn channel() -> String {
    let random = fastrand::u128(..);
    // Version 4, variant 1 (RFC 9562 §5.4).
    let random = random & !(0xf000 << 64) | 0x4000 << 64;
    let random = random & !(0xc000 << 48) | 0x8000 << 48;
    let digits = format!("{random:032x}");
    let part = |range| digits.get(range).unwrap_or_default();
    format!(
        "{}-{}-{}-{}-{}",
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32)
    )
}

impl Service for Splunk {
    fn name(&self) -> &str {
        self.wire.name()
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            max_events: self.max_events,
            max_bytes: MAX_BYTES,
            max_event_bytes: MAX_EVENT_BYTES,
        }
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            between: b"\n",
            ..Frame::default()
        }
    }

    fn encode(&self, event: Event<'_>, body: &mut Vec<u8>) -> Result<(), RefusedReason> {
        self.envelope.put(event, body);
        Ok(())
    }

    fn send(&mut self, body: Zeroizing<Vec<u8>>, _events: usize) -> Result<Answer, SinkError> {
        let answer = self.wire.post(&self.event, body)?;
        match answer::read(&answer)? {
            answer::Said::Guilty(None, reason) => Ok(Answer::Guilty(reason)),
            answer::Said::Guilty(Some(place), reason) => Ok(Answer::GuiltyAt(place, reason)),
            answer::Said::Taken(receipt) => match (&mut self.receipts, receipt) {
                (None, _) => Ok(Answer::Accepted),
                (Some(receipts), Some(id)) => Ok(Answer::Taken(receipts.take(id))),
                (Some(_), None) => Err(answer::NO_ACKNOWLEDGEMENT),
            },
        }
    }

    fn acknowledged(&mut self, receipts: &[u64]) -> Result<Settled, SinkError> {
        let Some(known) = &self.receipts else {
            return Ok(Settled::default());
        };
        let (lost, ids) = known.sort(receipts);
        if ids.is_empty() {
            let accepted = Vec::new();
            return Ok(Settled { accepted, lost });
        }
        let question = answer::question(&ids);
        let answer = self.wire.ask(Method::POST, &self.ack, question.as_bytes())?;
        let accepted = answer::acknowledged(&answer)?;
        let accepted = accepted.into_iter().map(|id| known.receipt(id)).collect();
        Ok(Settled { accepted, lost })
    }

    fn patience(&self) -> Patience {
        self.patience
    }

    /// Sends no data, which a collector answers with "No data" once it has looked at the token; and asks for no
    /// acknowledgement, which it answers if the token has them.
    fn check(&mut self) -> Result<Check, SinkError> {
        let answer = self.wire.ask(Method::POST, &self.event, b"")?;
        answer::no_data(&answer)?;
        if self.receipts.is_some() {
            let answer = self
                .wire
                .ask(Method::POST, &self.ack, answer::question(&[]).as_bytes())?;
            answer::acknowledged(&answer)?;
        } else if let Some(RefusedReason::Status(status)) = judge(&answer).unwrap_or_default()
            && status != 400
        {
            return Err(SinkError::Denied { status });
        }
        Ok(Check::Authorized)
    }
}

impl fmt::Debug for Splunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Splunk").field(&self.wire.name()).finish()
    }
}
