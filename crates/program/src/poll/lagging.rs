//! Sinks that are down: each falls behind alone, and catches up from what was kept for it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::handover::{Handover, Item, letters};
use message_trace_collector::ledger::{Behind, Lag, LedgerError, MAX_BEHIND_BYTES, Waiting};
use message_trace_collector::poll::Backoff;
use message_trace_remedy::Remedy;
use message_trace_sinks::{Apart, SinkError, SinkFailure};

/// Most pages that a sink catches up with in one go, so that new pages are not kept waiting for old ones.
const PAGES_AT_ONCE: usize = 50;

/// The sinks that are behind, and when each is tried again.
pub(super) struct Lagging {
    pub(super) behind: Behind,
    waits: HashMap<String, Wait>,
}

struct Wait {
    backoff: Backoff,
    until: Instant,
    /// Why it is waited for; none if it was found behind at the start.
    failure: Option<SinkFailure>,
}

impl Wait {
    fn begin() -> Self {
        Self {
            backoff: Backoff::new(fastrand::u64(..)),
            until: Instant::now(),
            failure: None,
        }
    }

    fn failed(&mut self, failure: SinkFailure) {
        let told = failure.error.retry_after().unwrap_or_default();
        let wait_ms = match i64::try_from(told.as_millis()).unwrap_or(i64::MAX) {
            0 => self.backoff.after_failure_ms(),
            // What asks for more than a day is asked again after it.
            told_ms => self.backoff.as_told_ms(told_ms.min(86_400_000)),
        };
        self.until = Instant::now() + Duration::from_millis(wait_ms.unsigned_abs());
        self.failure = Some(failure);
    }
}

impl Lagging {
    pub(super) fn of(behind: Behind) -> Self {
        Self {
            behind,
            waits: HashMap::new(),
        }
    }
}

impl Handover {
    /// The sinks that are behind and still set up.
    pub(super) fn lags(&self) -> Result<Vec<Lag>, SinkFailure> {
        let lags = self.lagging.behind.lags().map_err(of_ledger)?;
        Ok(lags.into_iter().filter(|lag| self.has_sink(&lag.sink)).collect())
    }

    /// What follows from a delivery to each sink by itself: a sink that fails is put behind, if another has the page.
    ///
    /// # Errors
    ///
    /// Why the page is not delivered: nobody has it, or a sink fails in a way that no keeping helps.
    pub(super) fn put_behind(
        &mut self,
        apart: Apart,
        lags: &[Lag],
        items: &[Item<'_>],
    ) -> Result<(), SinkFailure> {
        let Apart { accepted, failed } = apart;
        if failed.is_empty() && lags.is_empty() {
            return Ok(());
        }
        for (failure, is_proven) in &failed {
            let can_wait = *is_proven
                && failure.error != SinkError::Closed
                && matches!(
                    failure.error.remedy(),
                    Remedy::Retry | Remedy::Configure | Remedy::Permit
                );
            if accepted == 0 || !can_wait {
                return Err(failure.clone());
            }
        }
        if accepted == 0 {
            // Nobody is left that keeps up: polling waits for the first that comes back.
            return Err(self.why(lags));
        }
        let mut names: Vec<&str> = lags.iter().map(|lag| lag.sink.as_str()).collect();
        names.extend(failed.iter().map(|(failure, _)| failure.sink.as_str()));
        let rows: Vec<Waiting> = items
            .iter()
            .map(|item| Waiting {
                line: item.line.to_vec(),
                id: item.id.clone(),
                sequence: item.sequence,
                previous_status: item.previous_status.clone(),
                details: item.details.map(str::to_owned),
            })
            .collect();
        self.lagging.behind.add(&names, &rows).map_err(of_ledger)?;
        for (failure, _) in failed {
            log::error!(
                sink = failure.sink, rows = rows.len(), file:% = self.lagging.behind.path().display();
                "{failure}; it falls behind alone: its rows are kept, and follow when it is back"
            );
            let wait = self
                .lagging
                .waits
                .entry(failure.sink.clone())
                .or_insert_with(Wait::begin);
            wait.failed(failure);
        }
        Ok(())
    }

    /// Lets each sink that is behind and due take some of what waits for it.
    ///
    /// # Errors
    ///
    /// If what waits cannot be read or written, or more waits than may.
    pub(super) fn catch_up(&mut self) -> Result<(), SinkFailure> {
        for Lag { sink, .. } in self.lags()? {
            let wait = self.lagging.waits.entry(sink.clone()).or_insert_with(Wait::begin);
            if wait.until > Instant::now() {
                continue;
            }
            for _ in 0..PAGES_AT_ONCE {
                let Some((page, rows)) = self.lagging.behind.next(&sink).map_err(of_ledger)? else {
                    break;
                };
                if let Err(failure) = self.one_page(&sink, &rows) {
                    log::warn!(sink = failure.sink; "{failure}; it stays behind");
                    if let Some(wait) = self.lagging.waits.get_mut(&sink) {
                        wait.failed(failure);
                    }
                    break;
                }
                self.lagging.behind.acknowledge(&sink, page).map_err(of_ledger)?;
                if let Some(wait) = self.lagging.waits.get_mut(&sink) {
                    wait.backoff.reset();
                }
            }
            if !self.lags()?.iter().any(|lag| lag.sink == sink) {
                self.lagging.waits.remove(&sink);
                log::info!(sink = sink; "the sink has caught up");
            }
        }
        let lags = self.lags()?;
        if !lags.is_empty() && self.lagging.behind.bytes().map_err(of_ledger)? >= MAX_BEHIND_BYTES {
            return Err(self.why(&lags));
        }
        Ok(())
    }

    /// Hands a page that waited to one sink. What that refuses goes into the dead letter; what gave no event is there.
    fn one_page(&mut self, sink: &str, rows: &[Waiting]) -> Result<(), SinkFailure> {
        let items: Vec<Item<'_>> = rows
            .iter()
            .map(|row| Item {
                line: &row.line,
                id: row.id.clone(),
                sequence: row.sequence,
                previous_status: row.previous_status.clone(),
                details: row.details.as_deref(),
            })
            .collect();
        let mut handed = self.hand_over(&items, Some(sink))?;
        handed.rejected.clear();
        self.keep(&letters(&items, handed))
    }

    /// Why a sink is behind.
    fn why(&self, lags: &[Lag]) -> SinkFailure {
        let failure = lags
            .iter()
            .find_map(|lag| self.lagging.waits.get(&lag.sink)?.failure.clone());
        failure.unwrap_or_else(|| SinkFailure {
            sink: lags.first().map_or_else(String::new, |lag| lag.sink.clone()),
            error: SinkError::NotYetAcknowledged { events: 0 },
        })
    }
}

/// A failure of the file beside the ledger.
pub(super) fn of_ledger(error: LedgerError) -> SinkFailure {
    let remedy = error.remedy();
    SinkFailure::from(SinkError::NotKept {
        sentence: error.to_string(),
        remedy,
    })
}
