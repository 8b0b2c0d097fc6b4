//! The way of a page: looked up in the ledger, delivered to the sink, committed. One page at a time.

use std::collections::HashMap;
use std::sync::Arc;

use super::core::Core;
use super::delivery::{Delivery, Held, Sorted, Tally};
use super::signal::{Effect, Fault, Outcome};
use crate::ledger::{Coverage, Entry, Key, Known, Span, Transaction};
use message_trace_remedy::Remedy;

/// What is being done with the page at the front.
#[derive(Debug)]
pub(super) enum Work {
    Idle,
    LookingUp(Held),
    Delivering(Arc<Delivery>, Change),
    Committing(Arc<Transaction>, Change),
    /// The sink has refused for now; it is tried again at a time in milliseconds.
    DeliverAgain(Arc<Delivery>, Change, i64),
    /// The ledger has refused for now; it is tried again at a time in milliseconds.
    CommitAgain(Arc<Transaction>, Change, i64),
}

/// What a commit brings about in the core.
#[derive(Debug, Default)]
pub(super) struct Change {
    transaction: Transaction,
    coverage: Option<Coverage>,
    cover: Option<Span>,
    passing: HashMap<Key, Known>,
    tally: Tally,
    /// The row whose details this delivers, and the sequence of the delivery that was asked about.
    told: Option<(Key, u64)>,
}

impl Change {
    /// What the details of a row bring about.
    pub(super) fn told(key: Key, sequence: u64) -> Self {
        Self {
            told: Some((key, sequence)),
            cover: Some(Span::new(0, 0)),
            ..Self::default()
        }
    }

    pub(super) fn count_details(&mut self) {
        self.tally.details = 1;
    }

    pub(super) fn remember(&mut self, entry: Entry) {
        self.transaction.entries.push(entry);
    }
}

impl Work {
    /// Whether it delivers details.
    pub(super) fn is_told(&self) -> bool {
        match self {
            Self::Idle => false,
            Self::LookingUp(held) => held.told.is_some(),
            Self::Delivering(_, change)
            | Self::Committing(_, change)
            | Self::DeliverAgain(_, change, _)
            | Self::CommitAgain(_, change, _) => change.told.is_some(),
        }
    }

    /// The span the page at work covers.
    pub(super) fn cover(&self) -> Option<Span> {
        match self {
            Self::Idle => None,
            Self::LookingUp(held) => Some(held.cover),
            Self::Delivering(_, change)
            | Self::Committing(_, change)
            | Self::DeliverAgain(_, change, _)
            | Self::CommitAgain(_, change, _) => change.cover,
        }
    }

    /// Whether it holds a page in memory.
    pub(super) fn has_page(&self) -> bool {
        self.cover().is_some()
    }

    /// When it is to be tried again.
    pub(super) fn again_ms(&self) -> Option<i64> {
        match self {
            Self::DeliverAgain(_, _, again_ms) | Self::CommitAgain(_, _, again_ms) => Some(*again_ms),
            _ => None,
        }
    }
}

impl Core {
    /// Takes the next step on the page at the front, or the next page.
    pub(super) fn work_on(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Idle => {
                if let Some(held) = self.held.pop_front() {
                    effects.push(Effect::LookUp(held.keys()));
                    self.work = Work::LookingUp(held);
                } else if !self.aside.is_empty() {
                    self.commit(Change::default(), effects);
                }
            }
            Work::DeliverAgain(delivery, change, again_ms) if again_ms <= now_ms => {
                effects.push(Effect::Deliver(Arc::clone(&delivery)));
                self.work = Work::Delivering(delivery, change);
            }
            Work::CommitAgain(transaction, change, again_ms) if again_ms <= now_ms => {
                effects.push(Effect::Commit(Arc::clone(&transaction)));
                self.work = Work::Committing(transaction, change);
            }
            work => self.work = work,
        }
    }

    pub(super) fn looked_up(&mut self, known: Vec<Option<Known>>, effects: &mut Vec<Effect>) {
        let mut held = match std::mem::replace(&mut self.work, Work::Idle) {
            Work::LookingUp(held) if held.page.rows().len() == known.len() => held,
            work => {
                self.work = work;
                return;
            }
        };
        if let Some(told) = held.told.take() {
            let known = known.into_iter().next().flatten();
            return self.told_looked_up(held.page, told, known, effects);
        }
        let settling_s = self.settings.rhythm.settling_s;
        let (cover, read_s) = (held.cover, held.read_s);
        let Sorted {
            delivery,
            entries,
            passing,
            unchanged,
            changed,
        } = held.sort(
            known,
            &self.passing,
            settling_s,
            self.sequence_base,
            &self.coverage,
        );
        let mut change = Change {
            cover: Some(cover),
            passing,
            ..Change::default()
        };
        change.tally.unchanged = unchanged;
        change.tally.new = delivery.len() as u64 - changed;
        change.tally.changed = changed;
        change.transaction.entries = entries;
        if !cover.is_empty() {
            let mut coverage = self.coverage.clone();
            coverage.cover(cover, read_s, settling_s);
            let settled = Span::new(cover.start_s, cover.end_s.min(read_s - settling_s));
            if !settled.is_empty() {
                change.transaction.forget.push(settled);
            }
            change.transaction.coverage = Some(coverage.clone());
            change.coverage = Some(coverage);
        }
        if delivery.is_empty() {
            self.commit(change, effects);
        } else {
            let delivery = Arc::new(delivery);
            effects.push(Effect::Deliver(Arc::clone(&delivery)));
            self.work = Work::Delivering(delivery, change);
        }
    }

    pub(super) fn delivered(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Delivering(_, change) => {
                self.last_success_ms = now_ms;
                self.sinks.accepted();
                self.commit(change, effects);
            }
            work => self.work = work,
        }
    }

    pub(super) fn committed(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Committing(_, change) => {
                if let Some(coverage) = change.coverage {
                    self.coverage = coverage;
                }
                self.trouble = None;
                self.passing.add(change.passing);
                self.tally.new += change.tally.new;
                self.tally.changed += change.tally.changed;
                self.tally.unchanged += change.tally.unchanged;
                self.tally.details += change.tally.details;
                self.last_success_ms = now_ms;
                if let Some(told) = change.told {
                    self.told_done(told, effects);
                }
            }
            work => self.work = work,
        }
    }

    /// The ledger has refused. A run that goes on waits for room on a disk too; nothing is lost meanwhile.
    pub(super) fn stuck(&mut self, now_ms: i64, fault: Fault, effects: &mut Vec<Effect>) {
        let can_heal = match fault.remedy {
            Remedy::Retry => true,
            Remedy::Storage => !self.settings.once,
            Remedy::Configure | Remedy::Permit | Remedy::Report => false,
        };
        if !can_heal {
            self.trouble = Some(fault.clone());
            self.outcome = Some(Outcome::Failed(fault));
            return;
        }
        let wait_ms = self.backoff.after_failure_ms();
        let again_ms = now_ms.saturating_add(wait_ms);
        self.work = match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Committing(transaction, change) => Work::CommitAgain(transaction, change, again_ms),
            work => work,
        };
        self.retrying(now_ms, fault, wait_ms, effects);
    }

    pub(super) fn commit(&mut self, mut change: Change, effects: &mut Vec<Effect>) {
        let aside = std::mem::take(&mut self.aside);
        let page = std::mem::take(&mut change.transaction);
        let transaction = Transaction {
            floor_s: aside.floor_s,
            gaps: aside.gaps,
            pause: aside.pause,
            skew_ms: aside.skew_ms,
            ..page
        };
        if transaction.is_empty() {
            self.tally.unchanged += change.tally.unchanged;
            self.tally.details += change.tally.details;
            self.passing.add(change.passing);
            if let Some(told) = change.told {
                self.told_done(told, effects);
            }
            return;
        }
        let transaction = Arc::new(transaction);
        effects.push(Effect::Commit(Arc::clone(&transaction)));
        self.work = Work::Committing(transaction, change);
    }
}
