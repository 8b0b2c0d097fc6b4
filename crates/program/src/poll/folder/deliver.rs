//! Batches to the sinks and into the ledger, in this order.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use message_trace_collector::ledger::{Ledger as _, Mark, Renewal, Span, Transaction};
use message_trace_collector::poll::{Backoff, Delivery, Fault, Input};
use message_trace_folder::{Sorted, sort};
use message_trace_net::http::Pause as _;
use message_trace_remedy::Remedy;
use message_trace_rows::Page;

use super::super::handover::lock;
use super::{Run, Went, now_s, of_ledger};

/// How long a run that ends by itself, or one whose sinks have a wrong setting, bears that nothing is accepted.
const PATIENCE: Duration = Duration::from_mins(15);
/// The same where the sinks never accepted anything.
const FIRST_PATIENCE: Duration = Duration::from_mins(1);
/// The longest wait that a sink can ask for, in milliseconds: a day.
const MOST_TOLD_MS: i64 = 86_400_000;
/// How old the time may be at which the ledger saw a file last, in seconds.
const SEEN_S: i64 = 86_400;
/// How often what is long gone is forgotten.
const FORGETS: Duration = Duration::from_hours(6);
/// Marks that are written at once.
const MARKS: usize = 1_000;

impl Run<'_> {
    /// Delivers rows that are new or changed, and commits what is known of them, with the mark of their file if they are its
    /// last.
    pub(super) fn take(
        &mut self,
        rows: Vec<Vec<u8>>,
        mark: Option<Mark>,
        gone: &[String],
    ) -> Result<Went, Fault> {
        let page = Page::of_rows(&rows, &self.keys)
            .ok_or_else(|| Fault::new(Remedy::Report, "internal: a batch of rows is too large"))?;
        drop(rows);
        let (now, ledger) = (now_s(), &mut self.ledger);
        let mut look_up = |keys: &[_]| ledger.look_up(keys);
        let Sorted {
            delivery,
            entries,
            read_again,
            new,
            changed,
            known,
        } = sort(page, &self.keys, now, self.base, &mut look_up).map_err(of_ledger)?;
        if !delivery.is_empty() && self.deliver(&Arc::new(delivery))? == Went::Stopped {
            return Ok(Went::Stopped);
        }
        let renewal = Renewal {
            keys: read_again,
            at_s: now,
        };
        let change = Transaction {
            entries,
            renewal: (!renewal.keys.is_empty()).then_some(renewal),
            ..Transaction::default()
        };
        let marks: Vec<Mark> = mark.into_iter().collect();
        if self.commit(&change, &marks, gone)? == Went::Stopped {
            return Ok(Went::Stopped);
        }
        self.tally.new += new;
        self.tally.changed += changed;
        self.tally.known += known;
        Ok(Went::On)
    }

    /// Delivers until the sinks have accepted, as polling a service does.
    fn deliver(&mut self, delivery: &Arc<Delivery>) -> Result<Went, Fault> {
        let mut backoff = Backoff::new(fastrand::u64(..));
        let began = Instant::now();
        let mut remedy: Option<(Remedy, Instant)> = None;
        loop {
            let answer = self.handover.answer(delivery);
            self.note_accepted()?;
            if let Some(fault) = lock(&self.handover.news()).fatal.take() {
                return Err(fault);
            }
            let Input::NotDelivered {
                fault,
                retry_after_ms,
            } = answer
            else {
                self.is_proven = true;
                return Ok(Went::On);
            };
            let since = match remedy {
                Some((before, since)) if before == fault.remedy => since,
                _ => Instant::now(),
            };
            remedy = Some((fault.remedy, since));
            let once = self.setup.once;
            let patience = match fault.remedy {
                Remedy::Report => Some(Duration::ZERO),
                Remedy::Storage if once => Some(Duration::ZERO),
                Remedy::Retry | Remedy::Storage => None,
                Remedy::Configure | Remedy::Permit if self.is_proven => Some(PATIENCE),
                Remedy::Configure | Remedy::Permit => Some(FIRST_PATIENCE),
            };
            let asked = Duration::from_millis(retry_after_ms.unwrap_or(0).unsigned_abs());
            let is_over = patience.is_some_and(|patience| since.elapsed() >= patience)
                || once && began.elapsed() + asked >= PATIENCE;
            if is_over {
                return Err(fault);
            }
            let wait_ms = match retry_after_ms {
                Some(told_ms) => backoff.as_told_ms(told_ms.min(MOST_TOLD_MS)),
                None => backoff.after_failure_ms(),
            };
            if !self.wait(&fault, wait_ms) {
                return Ok(Went::Stopped);
            }
        }
    }

    /// Commits; waits for room on a disk where waiting is what there is to do.
    fn commit(&mut self, change: &Transaction, marks: &[Mark], gone: &[String]) -> Result<Went, Fault> {
        if change.is_empty() && marks.is_empty() && gone.is_empty() {
            return Ok(Went::On);
        }
        let mut backoff = Backoff::new(fastrand::u64(..));
        loop {
            let Err(error) = self.ledger.commit_marks(change, marks, gone) else {
                return Ok(Went::On);
            };
            let fault = of_ledger(error);
            let can_heal = match fault.remedy {
                Remedy::Retry => true,
                Remedy::Storage => !self.setup.once,
                Remedy::Configure | Remedy::Permit | Remedy::Report => false,
            };
            if !can_heal {
                return Err(fault);
            }
            if !self.wait(&fault, backoff.after_failure_ms()) {
                return Ok(Went::Stopped);
            }
        }
    }

    /// Says that something is tried again, and waits. False if the program is to stop.
    fn wait(&self, fault: &Fault, wait_ms: i64) -> bool {
        log::warn!(remedy:% = fault.remedy, wait_s = wait_ms.saturating_add(999) / 1_000; "{}", fault.sentence);
        self.stop.pause(Duration::from_millis(wait_ms.unsigned_abs()))
    }

    pub(super) fn note_accepted(&mut self) -> Result<(), Fault> {
        let accepted = lock(&self.handover.news()).accepted.clone();
        for key in accepted {
            if self.accepted.insert(key.clone()) {
                self.ledger.note_accepted(&key).map_err(of_ledger)?;
            }
        }
        Ok(())
    }

    /// Forgets rows that were not read for long, and files that are gone as long; notes which are still there.
    pub(super) fn forget(&mut self, there: &HashSet<String>) -> Result<Went, Fault> {
        if self.forgot.is_some_and(|forgot| forgot.elapsed() < FORGETS) {
            return Ok(Went::On);
        }
        self.forgot = Some(Instant::now());
        let now = now_s();
        let remember_s = i64::try_from(self.of.remember.as_secs()).unwrap_or(i64::MAX);
        let edge = now.saturating_sub(remember_s);
        let is_due = |mark: &&Mark| mark.seen_s < now - SEEN_S;
        let due: Vec<Mark> = self.marks.values().filter(is_due).cloned().collect();
        let (seen, unseen): (Vec<Mark>, Vec<Mark>) =
            due.into_iter().partition(|mark| there.contains(&mark.path));
        let gone: Vec<String> = unseen
            .into_iter()
            .filter(|mark| mark.seen_s < edge)
            .map(|mark| mark.path)
            .collect();
        let seen: Vec<Mark> = seen
            .into_iter()
            .map(|mark| Mark { seen_s: now, ..mark })
            .collect();
        let change = Transaction {
            forget: vec![Span::new(0, edge)],
            ..Transaction::default()
        };
        if self.commit(&change, &[], &gone)? == Went::Stopped {
            return Ok(Went::Stopped);
        }
        for path in gone {
            self.marks.remove(&path);
        }
        for marks in seen.chunks(MARKS) {
            if self.commit(&Transaction::default(), marks, &[])? == Went::Stopped {
                return Ok(Went::Stopped);
            }
        }
        self.marks
            .extend(seen.into_iter().map(|mark| (mark.path.clone(), mark)));
        Ok(Went::On)
    }
}
