//! A page on its way to the sink.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::asking::Told;
use crate::ledger::{Coverage, Entry, Key, Known, Span};
use message_trace_sources::{Page, Row};

/// A page that was received and is not committed yet.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) page: Page,
    /// When the window's reading began, in the service's seconds.
    pub(super) read_s: i64,
    /// What is delivered once this page is.
    pub(super) cover: Span,
    /// The window as it was asked for. Its end is inclusive: rows exactly on it belong to the next window.
    pub(super) start_s: i64,
    pub(super) end_s: i64,
    /// The second of the page's oldest row, if the window goes on in it.
    pub(super) tie_s: Option<i64>,
    /// Whether every key is kept: the window's order cannot be relied on, and it goes on.
    pub(super) keep_all: bool,
    /// The answer about its only row, where it is no page of a window.
    pub(super) told: Option<Told>,
}

/// Rows for the sink, in the order of the page.
#[derive(Debug)]
pub struct Delivery {
    page: Page,
    fresh: Vec<u32>,
    changed: Vec<(u32, Known)>,
    details: Option<Arc<str>>,
}

/// How many rows were delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows delivered for the first time.
    pub new: u64,
    /// Rows delivered again because they changed.
    pub changed: u64,
    /// Rows read again without a change.
    pub unchanged: u64,
    /// Pages read.
    pub pages: u64,
    /// Rows delivered again with their details.
    pub details: u64,
}

impl Delivery {
    /// Rows of a page, by their places: those that were never delivered, and those that changed, each as
    /// [`changed`](Self::changed) gives it. Places beyond the page are left out.
    #[must_use]
    pub fn new(page: Page, mut fresh: Vec<u32>, mut changed: Vec<(u32, Known)>) -> Self {
        let rows = page.rows().len();
        fresh.retain(|at| (*at as usize) < rows);
        changed.retain(|(at, _)| (*at as usize) < rows);
        Self {
            page,
            fresh,
            changed,
            details: None,
        }
    }

    /// The same of one row with what the service says happened to it, as it came.
    #[must_use]
    pub fn with_details(self, details: Arc<str>) -> Self {
        Self {
            details: Some(details),
            ..self
        }
    }

    /// What the service says happened to the one row, if that is what this delivers.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The rows that were never delivered.
    pub fn fresh(&self) -> impl Iterator<Item = &Row> {
        self.fresh.iter().map(|&at| &self.page.rows()[at as usize])
    }

    /// The rows that have a sequence number, each with what is known of it from now on: its sequence is the new one, its
    /// status the one delivered before. They were delivered before and have changed; or they may have been, from a
    /// ledger that is lost, and their status before is empty.
    pub fn changed(&self) -> impl Iterator<Item = (&Row, &Known)> {
        self.changed
            .iter()
            .map(|(at, before)| (&self.page.rows()[*at as usize], before))
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fresh.len() + self.changed.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows of the last pages that are settled, and whose keys the ledger therefore does not keep. A next link that leads to
/// the page it is on, or rows that move down while a window is paged, bring them again at once.
#[derive(Debug, Default)]
pub(super) struct Passing(VecDeque<HashMap<Key, Known>>);

impl Passing {
    /// Pages that are remembered: two for each window that may be read side by side.
    const PAGES: usize = 4;

    fn known(&self, key: &Key) -> Option<Known> {
        self.0.iter().rev().find_map(|page| page.get(key)).cloned()
    }

    /// Remembers the rows of a page, and forgets those of an earlier one.
    pub(super) fn add(&mut self, rows: HashMap<Key, Known>) {
        if rows.is_empty() {
            return;
        }
        if self.0.len() == Self::PAGES {
            self.0.pop_front();
        }
        self.0.push_back(rows);
    }
}

/// What a page comes to when it is held against the ledger.
pub(super) struct Sorted {
    pub(super) delivery: Delivery,
    pub(super) entries: Vec<Entry>,
    pub(super) passing: HashMap<Key, Known>,
    pub(super) unchanged: u64,
    /// Rows that were delivered before and have changed.
    pub(super) changed: u64,
}

/// How long after a ledger was given up rows may still be ones that it had delivered, in seconds: a clock may have been
/// behind.
const LOST_WITHIN_S: i64 = 86_400;

impl Held {
    pub(super) fn keys(&self) -> Vec<Key> {
        self.page.rows().iter().map(|row| row.key).collect()
    }

    /// Tells new and changed rows from known ones. `known` is in the order of the page's rows. A row that is not known
    /// begins with the sequence number `base`, if it may be one that a ledger before this one had delivered. One of a second
    /// that is settled was delivered, and its key forgotten: a window that this machine's wrong clock planned may reach there.
    pub(super) fn sort(
        self,
        known: Vec<Option<Known>>,
        passing: &Passing,
        settling_s: i64,
        base: u64,
        coverage: &Coverage,
    ) -> Sorted {
        let edge_us = self.end_s * 1_000_000;
        let settled_s = self.read_s - settling_s;
        let mut fresh = Vec::new();
        let mut changed = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        let mut on_page: HashMap<Key, usize> = HashMap::new();
        let mut passes: HashMap<Key, Known> = HashMap::new();
        let (mut unchanged, mut changes) = (0, 0);
        for ((at, row), mut before) in (0_u32..).zip(self.page.rows()).zip(known) {
            if row.received_us == Some(edge_us) {
                continue;
            }
            let earlier = on_page.get(&row.key).copied();
            if let Some(earlier) = earlier {
                before = Some(entries[earlier].known.clone());
            }
            before = before.or_else(|| passing.known(&row.key));
            // A time outside the window is not the service's; with it, the key would never be forgotten.
            let received_s = row
                .received_s()
                .unwrap_or(self.end_s - 1)
                .clamp(self.start_s, (self.end_s - 1).max(self.start_s));
            let sequence = match before {
                Some(before) if before.content == row.content => {
                    unchanged += 1;
                    if received_s < settled_s {
                        passes.insert(row.key, before);
                    }
                    continue;
                }
                Some(before) => {
                    let sequence = before.sequence + 1;
                    changes += 1;
                    changed.push((at, Known { sequence, ..before }));
                    sequence
                }
                None if coverage.is_settled(received_s) => {
                    unchanged += 1;
                    continue;
                }
                None if base > 0 && received_s < base.cast_signed().saturating_add(LOST_WITHIN_S) => {
                    let status = String::new();
                    changed.push((
                        at,
                        Known {
                            sequence: base,
                            status,
                            content: row.content,
                        },
                    ));
                    base
                }
                None => {
                    fresh.push(at);
                    0
                }
            };
            let entry = Entry {
                key: row.key,
                known: Known {
                    content: row.content,
                    sequence,
                    status: self.page.status(row),
                },
                received_s,
            };
            if received_s < settled_s {
                passes.insert(row.key, entry.known.clone());
            }
            if let Some(earlier) = earlier {
                entries[earlier] = entry;
            } else {
                on_page.insert(row.key, entries.len());
                entries.push(entry);
            }
        }
        entries.retain(|entry| {
            self.keep_all || entry.received_s >= settled_s || self.tie_s == Some(entry.received_s)
        });
        Sorted {
            delivery: Delivery {
                page: self.page,
                fresh,
                changed,
                details: None,
            },
            entries,
            passing: passes,
            unchanged,
            changed: changes,
        }
    }
}
