//! Which delivered rows are to be asked about, and when.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Deserialize;

use crate::config::Statuses;
use message_trace_collector::ledger::{Key, Later, LedgerError, Wanted};
use message_trace_collector::poll::{Ask, Delivery};
use message_trace_sources::DetailsQuery;

/// The rows whose details are wanted, shared by what delivers rows and what asks about them.
#[derive(Clone)]
pub(super) struct Details {
    statuses: Statuses,
    wanted: Arc<Mutex<Wanted>>,
    /// Whether a run that ends by itself asks: then nothing rests first.
    once: bool,
    /// Events whose cause is none that is known.
    unknown: Arc<AtomicU64>,
}

/// What a row says that is asked with.
#[derive(Deserialize)]
struct Named {
    #[serde(alias = "MessageTraceId")]
    id: Option<String>,
    #[serde(rename = "recipientAddress", alias = "RecipientAddress")]
    recipient: Option<String>,
}

impl Details {
    pub(super) fn new(statuses: Statuses, wanted: Wanted, once: bool) -> Self {
        Self {
            statuses,
            wanted: Arc::new(Mutex::new(wanted)),
            once,
            unknown: Arc::default(),
        }
    }

    /// Looks at an event with details for a cause that the table of causes does not know.
    pub(super) fn look_at(&self, event: &str) {
        // Text cannot look like it: a quote in text has a backslash before it.
        if event.contains("\"cause\":\"other\"") {
            self.unknown.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the rows of a delivery that the sinks have: those to be asked about, and those that are not any more. On disk
    /// when it returns.
    pub(super) fn note(&self, delivery: &Delivery) -> Result<(), LedgerError> {
        if delivery.details().is_some() {
            return Ok(());
        }
        let page = delivery.page();
        let fresh = delivery.fresh().map(|row| (row, 0));
        let changed = delivery.changed().map(|(row, known)| (row, known.sequence));
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for (row, sequence) in fresh.chain(changed) {
            let line = page.line(row);
            let ask = self
                .statuses
                .has(&page.status(row))
                .then(|| ask(row.key, line, row.received_s(), sequence));
            match ask.flatten() {
                Some(ask) => add.push(ask),
                // A row that was never delivered is not in there.
                None if sequence > 0 => remove.push(row.key),
                None => {}
            }
        }
        let mut wanted = self.lock();
        let before = wanted.left_out();
        wanted.change(&add, &remove, now_ms())?;
        if before == 0 && wanted.left_out() > 0 {
            log::warn!(
                "too many rows wait for their details; until some are done, rows go out without: ask for fewer statuses"
            );
        }
        Ok(())
    }

    /// The next row to be asked about, if one is due.
    pub(super) fn next(&self) -> Option<Ask> {
        let next = self.lock().next(now_ms(), self.once);
        next.unwrap_or_else(|error| {
            log::warn!("{error}");
            None
        })
    }

    /// Whether a run that ends by itself is to ask about a row before it ends.
    pub(super) fn follow(&self) -> bool {
        self.once && self.next().is_some()
    }

    /// When the next row is due.
    pub(super) fn next_due_ms(&self) -> Option<i64> {
        self.lock().next_due_ms().ok().flatten()
    }

    pub(super) fn done(&self, key: Key, sequence: u64) {
        if let Err(error) = self.lock().done(key, sequence) {
            // It is asked about again, and its event has the same id.
            log::warn!("{error}");
        }
    }

    /// Whether it was given up.
    pub(super) fn later(&self, asked: (Key, u64), retained_s: i64) -> bool {
        let later = self.lock().later(asked, now_ms(), retained_s);
        match later {
            Ok(later) => later == Later::GivenUp,
            Err(error) => {
                log::warn!("{error}");
                false
            }
        }
    }

    /// Says what became of the rows that were asked about.
    pub(super) fn tell(&self, delivered: u64, given_up: u64) {
        let waiting = self.lock().count().unwrap_or(0);
        let unknown_cause = self.unknown.load(Ordering::Relaxed);
        log::info!(delivered, waiting, given_up, unknown_cause; "details of messages");
    }
}

fn ask(key: Key, line: &[u8], received_s: Option<i64>, sequence: u64) -> Option<Ask> {
    let Named { id, recipient } = serde_json::from_slice(line).ok()?;
    Some(Ask {
        key,
        query: DetailsQuery {
            trace_id: id?,
            recipient: recipient?,
            received_s: received_s?,
        },
        line: line.to_vec(),
        sequence,
    })
}

fn now_ms() -> i64 {
    let passed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_cause_that_is_not_known_is_counted_and_a_subject_is_none() {
        let folder = std::env::temp_dir().join("message-trace-no-such-folder");
        let wanted = Wanted::open(folder.join("details.db")).unwrap();
        let details = Details::new(Statuses::All, wanted, false);
        details.look_at(r#"{"m365":{"message_trace":{"cause":"other"}}}"#);
        details.look_at(r#"{"m365":{"message_trace":{"cause":"spf"}}}"#);
        details.look_at(r#"{"email":{"subject":"\"cause\":\"other\""}}"#);
        assert_eq!(details.unknown.load(Ordering::Relaxed), 1);
    }
}
