//! The rows that are asked about in a simulated run: what waits is in the file that ships, what was answered is remembered.

use std::collections::{HashMap, HashSet};

use message_trace_collector::ledger::{Key, Later, Wanted};
use message_trace_collector::poll::{Ask, Delivery};
use message_trace_sources::DetailsQuery;

use crate::store::folder;

/// Which rows are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Those that were not delivered, or not yet.
    Undelivered,
    /// Every row.
    All,
}

impl Asked {
    /// Whether a row of a status, as either service writes it, is asked about.
    pub fn has(self, status: &str) -> bool {
        let status = status.to_lowercase();
        let undelivered = ["failed", "quarantined", "filteredasspam", "pending"];
        self == Self::All || undelivered.contains(&status.as_str())
    }
}

pub struct Asking {
    pub asked: Asked,
    folder: tempfile::TempDir,
    wanted: Wanted,
    pub waiting: u64,
    /// The answers about each row, by trace id and recipient.
    answers: HashMap<(String, String), HashSet<String>>,
    /// When questions were sent, in the service's milliseconds.
    pub sent_ms: Vec<i64>,
    /// Details that no answer about their row had.
    pub foreign: u64,
    /// Rows that were asked about often enough.
    pub given_up: u64,
}

impl Asking {
    pub fn new(asked: Asked) -> Self {
        let folder = folder();
        let wanted = open(&folder);
        Self {
            asked,
            folder,
            wanted,
            waiting: 0,
            answers: HashMap::new(),
            sent_ms: Vec::new(),
            foreign: 0,
            given_up: 0,
        }
    }

    /// A program that starts finds what the one before left.
    pub fn open(&mut self) {
        self.wanted = open(&self.folder);
        self.count();
    }

    fn count(&mut self) {
        self.waiting = self.wanted.count().expect("it counts");
    }

    /// Notes the rows of a delivery that the sink has.
    pub fn note(&mut self, delivery: &Delivery, local_ms: i64) {
        if delivery.details().is_some() {
            return;
        }
        let page = delivery.page();
        let fresh = delivery.fresh().map(|row| (row, 0));
        let changed = delivery.changed().map(|(row, known)| (row, known.sequence));
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        for (row, sequence) in fresh.chain(changed) {
            if !self.asked.has(&page.status(row)) {
                remove.push(row.key);
                continue;
            }
            let line = page.line(row).to_vec();
            let (trace_id, recipient) = name(&line);
            add.push(Ask {
                key: row.key,
                query: DetailsQuery {
                    trace_id,
                    recipient,
                    received_s: row.received_s().expect("a row has a time"),
                },
                line,
                sequence,
            });
        }
        if !add.is_empty() || self.waiting > 0 {
            self.wanted.change(&add, &remove, local_ms).expect("it is noted");
            self.count();
        }
    }

    /// The row to be asked about, or when the next one is due.
    pub fn next(&self, local_ms: i64) -> Result<Ask, i64> {
        if self.waiting == 0 {
            return Err(i64::MAX);
        }
        let due_ms = || self.wanted.next_due_ms().expect("it reads").unwrap_or(i64::MAX);
        self.wanted
            .next(local_ms, false)
            .expect("it reads")
            .ok_or_else(due_ms)
    }

    pub fn done(&mut self, key: Key, sequence: u64) {
        self.wanted.done(key, sequence).expect("it is written");
        self.count();
    }

    pub fn later(&mut self, asked: (Key, u64), local_ms: i64, retained_s: i64) {
        let later = self
            .wanted
            .later(asked, local_ms, retained_s)
            .expect("it is written");
        self.given_up += u64::from(later == Later::GivenUp);
        self.count();
    }

    /// What the service answered about a row.
    pub fn answered(&mut self, query: &DetailsQuery, body: &[u8]) {
        let about = (query.trace_id.clone(), query.recipient.to_lowercase());
        let text = String::from_utf8_lossy(body).into_owned();
        self.answers.entry(about).or_default().insert(text);
    }

    /// Holds details on their way to the sink against the answers.
    pub fn hold_against(&mut self, delivery: &Delivery) {
        let Some(details) = delivery.details() else { return };
        for (row, _) in delivery.changed() {
            let (trace_id, recipient) = name(delivery.page().line(row));
            let about = (trace_id, recipient.to_lowercase());
            let is_known = self.answers.get(&about).is_some_and(|all| all.contains(details));
            self.foreign += u64::from(!is_known);
        }
    }
}

fn open(folder: &tempfile::TempDir) -> Wanted {
    Wanted::open(Wanted::path_of(&folder.path().join("ledger.db"))).expect("it opens")
}

/// The trace id and the recipient of a row of either service.
fn name(line: &[u8]) -> (String, String) {
    let row: serde_json::Value = serde_json::from_slice(line).expect("a row is JSON");
    let text = |names: [&str; 2]| {
        let found = names.into_iter().find_map(|name| row[name].as_str());
        found.expect("a row has a name").to_owned()
    };
    (
        text(["id", "MessageTraceId"]),
        text(["recipientAddress", "RecipientAddress"]),
    )
}
