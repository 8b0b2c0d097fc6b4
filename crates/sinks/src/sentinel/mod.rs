//! Microsoft Sentinel, by the Logs Ingestion API of Azure Monitor. For events of target `ecs`.
//!
//! | rule or limit | source |
//! |---|---|
//! | `POST ENDPOINT/dataCollectionRules/RULE/streams/STREAM?api-version=2023-01-01` with a JSON array; 204 | [Logs Ingestion API](https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview) |
//! | a bearer token for `https://monitor.azure.com`; the application is a *Monitoring Metrics Publisher* on the rule, 403 otherwise | same page |
//! | a call has at most 1 MB, compressed and uncompressed; 413 beyond | [service limits](https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#logs-ingestion-api) |
//! | 2 GB and 12,000 calls a minute for a rule, 429 with `Retry-After` beyond | same page |
//! | a field longer than 64 KB is cut there | same page |
//! | `TimeGenerated` more than two days old becomes the time of arrival; `EventStartTime` keeps the row's own | [standard columns](https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns#timegenerated) |
//! | the columns | [ASIM e-mail event schema 1.0.0](https://learn.microsoft.com/azure/sentinel/normalization-schema-email) |
//!
//! A repeat is a second record with the same `EventUid` and `EventSequence`: `| summarize arg_max(EventSequence, *) by
//! EventUid`. `integrations/sentinel/` has the table and the rule, made of the same columns as [`COLUMNS`].

mod columns;
mod encode;
mod files;

use std::fmt;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;

pub use columns::{COLUMNS, Column, Kind, Origin as ColumnOrigin};
pub use files::{rule_template, table_schema};

use super::service::{Answer, Bounds, Frame, Service, Wire, judge};
use super::{Check, Event, RefusedReason, SinkError};
use message_trace_net::auth::{AuthError, Authenticator};
use message_trace_net::http::{Bearer, Link, Origin, Transport};

/// Most bytes in a call, before compression.
const MAX_BYTES: usize = 1_000_000;

/// How Sentinel is spoken to.
#[derive(Debug)]
pub struct SentinelOptions {
    /// The data collection endpoint, such as `https://NAME.westeurope-1.ingest.monitor.azure.com`.
    pub endpoint: Origin,
    /// The data collection rule's immutable id, `dcr-…`.
    pub rule_id: String,
    /// The stream of the rule, such as `Custom-MessageTrace_CL`.
    pub stream: String,
    /// Who signs in, for the scope of Azure Monitor.
    pub authenticator: Authenticator,
    /// Whether bodies are compressed. Default: true.
    pub gzip: bool,
    /// Most bytes in a call, before compression, at most 1 MB. Default: 1 MB.
    pub max_bytes: usize,
}

/// Microsoft Sentinel.
pub struct Sentinel {
    wire: Wire,
    stream: Link,
    authenticator: Authenticator,
    max_bytes: usize,
}

impl Sentinel {
    /// The cloud's scope, by the endpoint's host. Anything but Microsoft's own hosts stands for the worldwide cloud.
    #[must_use]
    pub fn scope(endpoint: &Origin) -> &'static str {
        let name = endpoint.name();
        if name.ends_with(".monitor.azure.us") {
            "https://monitor.azure.us/.default"
        } else if name.ends_with(".monitor.azure.cn") {
            "https://monitor.azure.cn/.default"
        } else {
            "https://monitor.azure.com/.default"
        }
    }

    /// Makes the service. Sends nothing yet. `None` if rule and stream make no address.
    #[must_use]
    pub fn new(options: SentinelOptions, transport: Arc<dyn Transport>) -> Option<Self> {
        let SentinelOptions {
            endpoint,
            rule_id,
            stream,
            authenticator,
            gzip,
            max_bytes,
        } = options;
        let path = format!("/dataCollectionRules/{rule_id}/streams/{stream}?api-version=2023-01-01");
        let stream = endpoint.link(&path).ok()?;
        Some(Self {
            wire: Wire::new(&stream, transport, "application/json").gzip(gzip),
            stream,
            authenticator,
            max_bytes: max_bytes.min(MAX_BYTES),
        })
    }
}

impl Service for Sentinel {
    fn name(&self) -> &str {
        self.wire.name()
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            max_events: usize::MAX,
            max_bytes: self.max_bytes,
            max_event_bytes: self.max_bytes.saturating_sub(2),
        }
    }

    fn frame(&self) -> Frame<'_> {
        Frame {
            open: b"[",
            between: b",",
            close: b"]",
        }
    }

    fn encode(&self, event: Event<'_>, body: &mut Vec<u8>) -> Result<(), RefusedReason> {
        encode::put(event, body)
    }

    fn send(&mut self, body: Zeroizing<Vec<u8>>, _events: usize) -> Result<Answer, SinkError> {
        let bearer = self.authenticator.token().map_err(no_token)?;
        let mut answer = self.wire.post_as(&self.stream, &body, &bearer)?;
        if answer.status() == 401 {
            // It may have been revoked before its time: once more with another.
            let bearer: Bearer = self.authenticator.replace(&bearer).map_err(no_token)?;
            answer = self.wire.post_as(&self.stream, &body, &bearer)?;
        }
        match answer.status().as_u16() {
            403 => Err(SinkError::Misset(
                "Sentinel refuses the application; make it a Monitoring Metrics Publisher on the data collection rule \
                 (rights take up to half an hour)",
            )),
            404 => Err(SinkError::Misset(
                "there is no such data collection rule or stream; check endpoint, rule-id and stream",
            )),
            _ => Ok(judge(&answer)?.map_or(Answer::Accepted, Answer::Guilty)),
        }
    }

    /// Signs in, and asks the endpoint with a request without a body, which it refuses, as somebody who is there.
    fn check(&mut self) -> Result<Check, SinkError> {
        self.authenticator.token().map_err(no_token)?;
        let answer = self.wire.ask(http::Method::GET, &self.stream, b"")?;
        match judge(&answer) {
            Err(error @ SinkError::Unavailable { .. }) => Err(error),
            _ => Ok(Check::Reachable(
                "the sign-in works and the endpoint answers; whether the application may write to the rule cannot be \
                 asked without an event",
            )),
        }
    }
}

fn no_token(error: AuthError) -> SinkError {
    SinkError::NoToken {
        sentence: error.to_string(),
        remedy: error.remedy(),
        retry_after: error.retry_after(),
    }
}

impl fmt::Debug for Sentinel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sentinel").field(&self.wire.name()).finish()
    }
}
