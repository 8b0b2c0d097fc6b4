//! How to poll, and how far polling is.

use super::core::Core;
use super::delivery::Tally;
use super::governor::DEFAULT_REQUESTS;
use super::plan::Rhythm;
use super::signal::Fault;
use crate::ledger::Span;
use message_trace_sources::{Source, graph::Graph};

/// How to poll.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the coverage is to begin, in seconds since 1970-01-01 UTC by this machine's clock; it is translated to the
    /// service's. What the ledger knows of an earlier beginning stays.
    pub since_s: i64,
    /// Whether to end when all up to now is delivered.
    pub once: bool,
    /// The service that is polled.
    pub source: &'static dyn Source,
    /// The rhythm of reading.
    pub rhythm: Rhythm,
    /// Rows asked for in a page, 1 to what the service allows.
    pub page_rows: u32,
    /// Requests in a rolling five minutes.
    pub requests: u32,
    /// Requests in a rolling five minutes that may be made to read again what may still change.
    pub reread: u32,
    /// How long to go on without one success before a run that ends by itself gives up, in milliseconds.
    pub give_up_ms: i64,
    /// How long a refusal (permission, credential) is borne by a run that has seen rows before, in milliseconds.
    pub patience_ms: i64,
    /// How long a sink's refusal is borne while the sinks have never accepted anything, in milliseconds.
    pub first_patience_ms: i64,
    /// Whether the sinks have accepted something in an earlier run.
    pub is_sink_proven: bool,
    /// The seed of all jitter.
    pub seed: u64,
}

impl Settings {
    /// Settings that poll Graph for ever from `since_s` on.
    #[must_use]
    pub fn new(since_s: i64, seed: u64) -> Self {
        Self {
            source: &Graph,
            since_s,
            once: false,
            rhythm: Rhythm::default(),
            page_rows: Graph.page_rows(),
            requests: DEFAULT_REQUESTS,
            reread: DEFAULT_REQUESTS / 2,
            give_up_ms: 15 * 60_000,
            patience_ms: 15 * 60_000,
            first_patience_ms: 60_000,
            is_sink_proven: true,
            seed,
        }
    }
}

/// How far polling is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Up to when all is delivered without a break from the beginning, in the service's seconds.
    pub complete_s: i64,
    /// The newest delivered second.
    pub newest_s: Option<i64>,
    /// The service's time, in seconds.
    pub now_s: i64,
    /// How many seconds are still to be delivered.
    pub missing_s: i64,
    /// Requests in the rolling window.
    pub used: usize,
    /// Requests it allows.
    pub requests: u32,
    /// Until when the service asked for silence, if it did; milliseconds since 1970-01-01 UTC.
    pub paused_until_ms: Option<i64>,
    /// How old the oldest reading is of what may still change in the last hour, the last six hours, and in all, in
    /// seconds.
    pub freshness_s: [Option<i64>; 3],
    /// How often these three are read again now, in seconds.
    pub every_s: [i64; 3],
    /// Requests that are made when nothing is urgent, if other programs of the tenant take some of the budget.
    pub room: Option<u32>,
    /// Rows delivered in this run.
    pub tally: Tally,
    /// What stands in the way, if something does.
    pub trouble: Option<Fault>,
    /// Gaps, all that are recorded.
    pub gaps: usize,
}

impl Core {
    /// Where the coverage begins, in the service's seconds.
    #[must_use]
    pub const fn floor_s(&self) -> i64 {
        self.floor_s
    }

    /// How far polling is.
    #[must_use]
    pub fn status(&self, now_ms: i64) -> Status {
        let now_s = self.service_s(now_ms);
        let closed: Vec<Span> = self.gaps.iter().map(|gap| gap.span).collect();
        let view = self.view(now_s, &closed);
        let open = view.open(Span::new(self.floor_s, now_s));
        let missing: Vec<Span> = open
            .into_iter()
            .flat_map(|span| self.coverage.missing(span))
            .collect();
        Status {
            complete_s: missing.first().map_or(now_s, |span| span.start_s),
            newest_s: self.coverage.end_s(),
            now_s,
            missing_s: missing.iter().map(|span| span.len_s()).sum(),
            used: self.governor.used(now_ms),
            requests: self.governor.requests(),
            paused_until_ms: Some(self.governor.paused_until_ms()).filter(|&until_ms| until_ms > now_ms),
            freshness_s: self.coverage.freshness_s(now_s),
            every_s: view.every_s,
            room: self.room.is_shared().then(|| self.room.requests()),
            tally: self.tally,
            trouble: self.sinks.trouble.clone().or_else(|| self.trouble.clone()),
            gaps: self.gaps.len(),
        }
    }
}
