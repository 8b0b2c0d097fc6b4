//! How far a batch got.

use std::collections::VecDeque;
use std::time::Instant;

use super::super::{Batch, Refused, RefusedReason};

/// How far a batch got. Events are known by their place in it.
pub(super) struct Progress {
    fingerprint: u64,
    /// What is still to be sent: no request holds events of two groups.
    todo: VecDeque<Vec<usize>>,
    /// What is taken and not acknowledged yet: the receipt, the events, and since when.
    pub(super) taken: Vec<(u64, Vec<usize>, Instant)>,
    pub(super) refused: Vec<Refused>,
    /// How many of them were refused before the service had accepted anything.
    pub(super) early: usize,
}

impl Progress {
    pub(super) fn begin(batch: &Batch) -> Self {
        let mut progress = Self {
            fingerprint: batch.fingerprint(),
            todo: VecDeque::new(),
            taken: Vec::new(),
            refused: Vec::new(),
            early: 0,
        };
        progress.put_back((0..batch.len()).collect());
        progress
    }

    pub(super) fn is_of(&self, batch: &Batch) -> bool {
        self.fingerprint == batch.fingerprint()
    }

    /// Takes the group that is next.
    pub(super) fn next(&mut self) -> Option<Vec<usize>> {
        self.todo.pop_front()
    }

    /// Makes a group the next one.
    pub(super) fn put_back(&mut self, group: Vec<usize>) {
        if !group.is_empty() {
            self.todo.push_front(group);
        }
    }

    /// Makes the last group the next one, and the other way round.
    pub(super) fn turn_round(&mut self) {
        self.todo.make_contiguous().reverse();
    }

    pub(super) fn is_through(&self) -> bool {
        self.todo.is_empty() && self.taken.is_empty()
    }

    /// Notes that the service will never take an event.
    pub(super) fn refuse(&mut self, index: usize, reason: RefusedReason) {
        self.refused.push(Refused { index, reason });
    }

    /// Whether all is sent, if not acknowledged.
    pub(super) fn is_sent(&self) -> bool {
        self.todo.is_empty()
    }

    /// Forgets what is acknowledged, and puts back what is given up, in the order of the batch.
    pub(super) fn settle(&mut self, accepted: &[u64], is_given_up: impl Fn(u64, Instant) -> bool) {
        for (receipt, group, since) in std::mem::take(&mut self.taken).into_iter().rev() {
            if accepted.contains(&receipt) {
                continue;
            }
            if is_given_up(receipt, since) {
                self.todo.push_front(group);
            } else {
                self.taken.insert(0, (receipt, group, since));
            }
        }
    }

    /// Puts back what was refused before anything was accepted, each by itself. False if there is nothing.
    pub(super) fn retry_early(&mut self) -> bool {
        let early = self
            .refused
            .drain(..self.early)
            .map(|refused| vec![refused.index]);
        self.todo.extend(early);
        self.early = 0;
        !self.todo.is_empty()
    }
}
