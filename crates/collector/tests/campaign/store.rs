//! The ledger of a simulated run.

use message_trace_collector::ledger::{
    FileLedger, Key, Keys, Known, Ledger as _, MemoryLedger, State, Transaction,
};

/// In memory or in a file.
pub enum Store {
    Memory(Box<MemoryLedger>, Keys),
    File(Option<Box<FileLedger>>, tempfile::TempDir),
}

impl Store {
    pub fn path(folder: &tempfile::TempDir) -> std::path::PathBuf {
        folder.path().join("ledger.db")
    }

    /// What a program that starts finds.
    pub fn open(&mut self) -> (Keys, State) {
        match self {
            Self::Memory(ledger, keys) => (keys.clone(), ledger.load().expect("memory")),
            Self::File(ledger, folder) => {
                // The program that held it is dead, and its lock with it.
                *ledger = None;
                let mut open =
                    FileLedger::open(&Self::path(folder), "tenant", "graph").expect("the ledger opens");
                let state = open.load().expect("the ledger loads");
                let keys = open.keys();
                *ledger = Some(Box::new(open));
                (keys, state)
            }
        }
    }

    pub fn look_up(&mut self, keys: &[Key]) -> Vec<Option<Known>> {
        match self {
            Self::Memory(ledger, _) => ledger.look_up(keys).expect("memory"),
            Self::File(ledger, _) => ledger.as_mut().expect("open").look_up(keys).expect("look up"),
        }
    }

    pub fn charge(&mut self, at_ms: i64, forget_before_ms: i64) {
        match self {
            Self::Memory(ledger, _) => ledger.charge(at_ms, forget_before_ms).expect("memory"),
            Self::File(ledger, _) => ledger
                .as_mut()
                .expect("open")
                .charge(at_ms, forget_before_ms)
                .expect("charge"),
        }
    }

    pub fn commit(&mut self, transaction: &Transaction) {
        match self {
            Self::Memory(ledger, _) => ledger.commit(transaction).expect("memory"),
            Self::File(ledger, _) => ledger
                .as_mut()
                .expect("open")
                .commit(transaction)
                .expect("commit"),
        }
    }
}

/// A folder for a ledger; in memory where the system has one, for a disk would take a minute for each day.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a folder")
}
