//! How far files of a folder are read.
//!
//! A table beside those that are sealed, made when there is a file to note. Whoever loses it loses nothing: the files are
//! read again, and their rows are known.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use super::open::{check_header, connect, exists};
use super::{FileLedger, LedgerError, Transaction, apply};

/// How far a file is read: a whole number of rows from its beginning, all of them delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Where the file was found.
    pub path: String,
    /// Its bytes, as far as they were read.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970-01-01 UTC.
    pub changed_ns: i64,
    /// The hash of its first bytes, 4096 at the most.
    pub head: [u8; 32],
    /// The hash of all bytes that were read.
    pub whole: [u8; 32],
    /// Rows that are delivered and whose end is known.
    pub rows: u64,
    /// Whether something follows them that waits for its rest.
    pub is_open: bool,
    /// When it was seen last, in seconds since 1970-01-01 UTC; a day may pass before it is written anew.
    pub seen_s: i64,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, \
                     changed_ns INTEGER NOT NULL, head BLOB NOT NULL, whole BLOB NOT NULL, rows INTEGER NOT NULL, \
                     is_open INTEGER NOT NULL, seen_s INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

impl FileLedger {
    /// The marks of all files.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    pub fn marks(&self) -> Result<Vec<Mark>, LedgerError> {
        read(&self.connection).map_err(|error| LedgerError::of(&self.path, &error))
    }

    /// The marks in the ledger at a path, also while a program polls into it. None if there is no ledger.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn marks_of(path: &Path) -> Result<Vec<Mark>, LedgerError> {
        if !exists(path)? {
            return Ok(Vec::new());
        }
        check_header(path)?;
        // Read-write for a journal that a killed program left.
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        read(&connection).map_err(|error| LedgerError::of(path, &error))
    }

    /// Commits a change together with the marks of files, all of it or nothing, and forgets the marks of others.
    ///
    /// # Errors
    ///
    /// As a commit.
    pub fn commit_marks(
        &mut self,
        change: &Transaction,
        marks: &[Mark],
        gone: &[String],
    ) -> Result<(), LedgerError> {
        self.write(|transaction, rows| {
            transaction.execute_batch(TABLE)?;
            apply(transaction, change, rows)?;
            for path in gone {
                transaction.execute("DELETE FROM file WHERE path = ?1", [path])?;
            }
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            for mark in marks {
                insert.execute(params![
                    mark.path,
                    mark.bytes.cast_signed(),
                    mark.changed_ns,
                    mark.head.as_slice(),
                    mark.whole.as_slice(),
                    mark.rows.cast_signed(),
                    mark.is_open,
                    mark.seen_s,
                ])?;
            }
            Ok(())
        })
    }
}

fn read(connection: &Connection) -> rusqlite::Result<Vec<Mark>> {
    let is_there = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'file'";
    if connection.query_row(is_there, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Vec::new());
    }
    connection
        .prepare("SELECT path, bytes, changed_ns, head, whole, rows, is_open, seen_s FROM file")?
        .query_map([], |row| {
            Ok(Mark {
                path: row.get(0)?,
                bytes: row.get::<_, i64>(1)?.cast_unsigned(),
                changed_ns: row.get(2)?,
                head: row.get(3)?,
                whole: row.get(4)?,
                rows: row.get::<_, i64>(5)?.cast_unsigned(),
                is_open: row.get(6)?,
                seen_s: row.get(7)?,
            })
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fmt::Debug;

    use super::*;
    use crate::ledger::{Entry, Key, Known, Ledger, MemoryLedger, Renewal, Span};

    #[test]
    fn marks_are_kept_with_what_they_stand_for_and_the_ledger_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        assert_eq!(FileLedger::marks_of(&path).unwrap(), []);
        let mut ledger = FileLedger::open(&path, "folder", "folder").unwrap();
        assert_eq!(ledger.marks().unwrap(), []);
        let mark = |path: &str, rows: u64| Mark {
            path: path.to_owned(),
            bytes: u64::MAX,
            rows,
            is_open: true,
            ..Mark::default()
        };
        let nothing = Transaction::default();
        ledger
            .commit_marks(&nothing, &[mark("a", 1), mark("b", 2)], &[])
            .unwrap();
        ledger
            .commit_marks(&nothing, &[mark("a", 3)], &["b".to_owned()])
            .unwrap();
        assert_eq!(ledger.marks().unwrap(), [mark("a", 3)]);
        let forget = Transaction {
            forget: vec![Span::new(0, 10)],
            ..Transaction::default()
        };
        ledger.commit_marks(&forget, &[], &[]).unwrap();
        drop(ledger);
        assert_eq!(FileLedger::marks_of(&path).unwrap(), [mark("a", 3)]);
        assert!(FileLedger::check(&path).is_ok());
    }

    /// Which of four rows are known after two of them, and one that nobody knows, were read again `later_s` later, and
    /// what is older than that was forgotten.
    fn renewed<L: Ledger<Error: Debug>>(ledger: &mut L, later_s: i64) -> Vec<u8> {
        let key = |number: u8| Key([number; 16]);
        let entry = |number: u8| Entry {
            key: key(number),
            known: Known {
                content: 7,
                sequence: u64::from(number),
                status: "delivered".to_owned(),
            },
            received_s: 100,
        };
        let read = Transaction {
            entries: (0..4).map(entry).collect(),
            ..Transaction::default()
        };
        let again = Transaction {
            renewal: Some(Renewal {
                keys: vec![key(1), key(3), key(9)],
                at_s: 100 + later_s,
            }),
            ..Transaction::default()
        };
        let forget = Transaction {
            forget: vec![Span::new(0, 100 + later_s)],
            ..Transaction::default()
        };
        for change in [read, again, forget] {
            ledger.commit(&change).unwrap();
        }
        let numbers: Vec<u8> = (0..10).collect();
        let keys: Vec<Key> = numbers.iter().copied().map(key).collect();
        let known = ledger.look_up(&keys).unwrap();
        let kept = numbers.into_iter().zip(known);
        kept.filter_map(|(number, known)| known.map(|known| (number, known)))
            .map(|(number, known)| {
                assert_eq!(known, entry(number).known);
                number
            })
            .collect()
    }

    #[test]
    fn a_row_that_is_read_again_is_remembered_from_then_but_written_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        for (later_s, kept) in [(Renewal::AFTER_S - 1, vec![]), (Renewal::AFTER_S, vec![1, 3])] {
            let mut ledger = FileLedger::open(&path, "folder", "folder").unwrap();
            assert_eq!(renewed(&mut ledger, later_s), kept);
            drop(ledger);
            assert!(FileLedger::check(&path).is_ok());
            assert_eq!(renewed(&mut MemoryLedger::default(), later_s), kept);
        }
    }
}
