//! What a program notes about its surroundings: which sinks have accepted an event, and where the dead letter is.
//!
//! A table beside those that are sealed, made when there is something to note. Whoever loses it loses nothing but the
//! knowledge that a sink works.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::open::{check_header, connect, exists};
use super::{FileLedger, LedgerError};

/// The notes of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Hashes of the sinks that have accepted an event of this ledger, as they were set up.
    pub accepted: Vec<String>,
    /// Where the program that polled last keeps its dead letter.
    pub dead_letter: Option<PathBuf>,
}

const SINK: &str = "sink";
const DEAD_LETTER: &str = "dead-letter";

impl FileLedger {
    /// Reads the notes.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn notes(&self) -> Result<Notes, LedgerError> {
        read(&self.connection).map_err(|error| LedgerError::of(&self.path, &error))
    }

    /// Reads the notes of the ledger at a path, also while a program polls into it. None if there is no ledger.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn notes_of(path: &Path) -> Result<Notes, LedgerError> {
        if !exists(path)? {
            return Ok(Notes::default());
        }
        check_header(path)?;
        // Read-write for a journal that a killed program left.
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        read(&connection).map_err(|error| LedgerError::of(path, &error))
    }

    /// Notes that a sink has accepted an event.
    ///
    /// # Errors
    ///
    /// As a commit.
    pub fn note_accepted(&mut self, key: &str) -> Result<(), LedgerError> {
        self.note(SINK, key)
    }

    /// Notes where the dead letter is.
    ///
    /// # Errors
    ///
    /// As a commit.
    pub fn note_dead_letter(&mut self, path: &Path) -> Result<(), LedgerError> {
        if self.notes()?.dead_letter.as_deref() == Some(path) {
            return Ok(());
        }
        self.write(|transaction, _| {
            transaction.execute_batch(TABLE)?;
            transaction
                .execute("DELETE FROM note WHERE kind = ?1", [DEAD_LETTER])
                .map(drop)
        })?;
        self.note(DEAD_LETTER, &path.to_string_lossy())
    }

    fn note(&mut self, kind: &str, value: &str) -> Result<(), LedgerError> {
        self.write(|transaction, _| {
            transaction.execute_batch(TABLE)?;
            transaction
                .execute(
                    "INSERT OR IGNORE INTO note (kind, value) VALUES (?1, ?2)",
                    [kind, value],
                )
                .map(drop)
        })
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS note (kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, value)) \
                     STRICT, WITHOUT ROWID;";

fn read(connection: &Connection) -> rusqlite::Result<Notes> {
    let mut notes = Notes::default();
    let is_there = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'note'";
    if connection.query_row(is_there, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(notes);
    }
    let mut statement = connection.prepare("SELECT kind, value FROM note ORDER BY kind, value")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let value: String = row.get(1)?;
        match row.get_ref(0)?.as_str()? {
            SINK => notes.accepted.push(value),
            DEAD_LETTER => notes.dead_letter = Some(value.into()),
            _ => {}
        }
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::path::Path;

    use super::{FileLedger, Notes};

    #[test]
    fn notes_are_kept_and_the_ledger_stays_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        assert_eq!(FileLedger::notes_of(&path).unwrap(), Notes::default());
        let mut ledger = FileLedger::open(&path, "tenant", "graph").unwrap();
        assert_eq!(ledger.notes().unwrap(), Notes::default());
        for _ in 0..2 {
            ledger.note_accepted("b").unwrap();
            ledger.note_accepted("a").unwrap();
            ledger.note_dead_letter(Path::new("/first")).unwrap();
            ledger.note_dead_letter(Path::new("/second")).unwrap();
        }
        let expected = Notes {
            accepted: vec!["a".to_owned(), "b".to_owned()],
            dead_letter: Some("/second".into()),
        };
        assert_eq!(FileLedger::notes_of(&path).unwrap(), expected);
        drop(ledger);
        let ledger = FileLedger::open(&path, "tenant", "graph").unwrap();
        assert_eq!(ledger.notes().unwrap(), expected);
        assert!(FileLedger::survey(&path).is_ok());
    }
}
