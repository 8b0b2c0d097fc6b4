//! The rows whose details are wanted, until they are delivered.
//!
//! A file beside the ledger, made when there is a first row: the ledger itself holds no row. A row comes into it when the sinks
//! have it and before the ledger counts it as delivered, so that no kill can lose it; it goes out when its details are
//! delivered, when it has changed to a status that is not asked about, or when it has been asked about often enough.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};

use super::behind::connect_with;
use super::{Key, LedgerError};
use crate::poll::Ask;
use message_trace_sources::DetailsQuery;

/// Most rows that wait for their details. Beyond it no row is added until others are done; it is counted.
pub const MAX_WANTED: u64 = 100_000;
/// How often a row is asked about before it is given up. The pauses between double from a minute to six hours: with this many a
/// row is asked about for a day and a half.
pub const MOST_TRIES: u32 = 14;
/// How long after its delivery a row is first asked about, in milliseconds: its details follow it.
pub const FIRST_MS: i64 = 60_000;
const SHORTEST_PAUSE_MS: i64 = 60_000;
const LONGEST_PAUSE_MS: i64 = 6 * 3_600_000;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS wanted (
    key BLOB PRIMARY KEY,
    line BLOB NOT NULL,
    trace_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    received_s INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS wanted_due ON wanted (due_ms);
";

/// What became of a row that got no details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// It is asked about again.
    Again,
    /// It was asked about often enough.
    GivenUp,
    /// It is not wanted any more.
    Gone,
}

/// The rows whose details are wanted.
#[derive(Debug)]
pub struct Wanted {
    path: PathBuf,
    /// None as long as there is no file.
    connection: Option<Connection>,
    /// Rows that were not added because too many wait.
    left_out: u64,
}

impl Wanted {
    /// Where it is for a ledger.
    #[must_use]
    pub fn path_of(ledger: &Path) -> PathBuf {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".details.db");
        name.into()
    }

    /// Opens the file at a path, if there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, LedgerError> {
        let connection = path
            .exists()
            .then(|| connect_with(&path, TABLES, failed))
            .transpose()?;
        Ok(Self {
            path,
            connection,
            left_out: 0,
        })
    }

    /// How many rows were not added because too many wait.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many rows wait.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn count(&self) -> Result<u64, LedgerError> {
        let Some(connection) = &self.connection else {
            return Ok(0);
        };
        let count: i64 = connection
            .query_row("SELECT count(*) FROM wanted", [], |row| row.get(0))
            .map_err(|error| failed(&self.path, &error))?;
        Ok(count.cast_unsigned())
    }

    /// Takes rows in that were delivered just now, each in the place of what was known of it, and others out. On disk when it
    /// returns.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Then the page may not be committed.
    pub fn change(&mut self, add: &[Ask], remove: &[Key], now_ms: i64) -> Result<(), LedgerError> {
        if add.is_empty() && (remove.is_empty() || self.connection.is_none()) {
            return Ok(());
        }
        let mut room = MAX_WANTED.saturating_sub(self.count()?);
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(connect_with(&self.path, TABLES, failed)?),
        };
        let mut left_out = 0;
        let mut change = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            let mut delete = transaction.prepare_cached("DELETE FROM wanted WHERE key = ?1")?;
            let mut insert =
                transaction.prepare_cached("INSERT INTO wanted VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)")?;
            // What was known of a row makes room for what is known now, also where nothing else has any.
            for key in remove.iter().chain(add.iter().map(|ask| &ask.key)) {
                room += delete.execute([key.0])? as u64;
            }
            for (ask, number) in add.iter().zip(0_u64..) {
                if number >= room {
                    left_out += 1;
                    continue;
                }
                insert.execute(params![
                    ask.key.0,
                    ask.line,
                    ask.query.trace_id,
                    ask.query.recipient,
                    ask.query.received_s,
                    ask.sequence.cast_signed(),
                    now_ms.saturating_add(FIRST_MS)
                ])?;
            }
            drop((delete, insert));
            transaction.commit()
        };
        change().map_err(|error| failed(&self.path, &error))?;
        self.left_out += left_out;
        Ok(())
    }

    /// The row that is due longest; with `untried`, one that was never asked about counts as due. So does one that is due later
    /// than any pause lasts: the clock was wrong when it was noted.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn next(&self, now_ms: i64, untried: bool) -> Result<Option<Ask>, LedgerError> {
        const NEXT: &str = "SELECT key, line, trace_id, recipient, received_s, sequence FROM wanted
            WHERE due_ms <= ?1 OR due_ms > ?3 OR (?2 AND tries = 0) ORDER BY due_ms LIMIT 1";
        let latest_ms = now_ms.saturating_add(LONGEST_PAUSE_MS);
        let Some(connection) = &self.connection else {
            return Ok(None);
        };
        let read = || -> rusqlite::Result<Option<Ask>> {
            let mut statement = connection.prepare_cached(NEXT)?;
            let ask = statement.query_row(params![now_ms, untried, latest_ms], |row| {
                let sequence: i64 = row.get(5)?;
                Ok(Ask {
                    key: Key(row.get(0)?),
                    line: row.get(1)?,
                    query: DetailsQuery {
                        trace_id: row.get(2)?,
                        recipient: row.get(3)?,
                        received_s: row.get(4)?,
                    },
                    sequence: sequence.cast_unsigned(),
                })
            });
            ask.optional()
        };
        read().map_err(|error| failed(&self.path, &error))
    }

    /// When the next row is due, in milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn next_due_ms(&self) -> Result<Option<i64>, LedgerError> {
        let Some(connection) = &self.connection else {
            return Ok(None);
        };
        connection
            .query_row("SELECT min(due_ms) FROM wanted", [], |row| row.get(0))
            .map_err(|error| failed(&self.path, &error))
    }

    /// A row's details are delivered, or not wanted any more. One that changed meanwhile, and was noted with a higher sequence
    /// than was asked about, stays.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Then it is asked about again, and delivered again under the same id.
    pub fn done(&mut self, key: Key, sequence: u64) -> Result<(), LedgerError> {
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        connection
            .execute(
                "DELETE FROM wanted WHERE key = ?1 AND sequence <= ?2",
                params![key.0, sequence.cast_signed()],
            )
            .map(drop)
            .map_err(|error| failed(&self.path, &error))
    }

    /// There are no details of a row for now. One that the service keeps no longer is given up, and one that changed meanwhile
    /// is left as it is.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written.
    pub fn later(
        &mut self,
        (key, sequence): (Key, u64),
        now_ms: i64,
        retained_s: i64,
    ) -> Result<Later, LedgerError> {
        let Some(connection) = &self.connection else {
            return Ok(Later::Gone);
        };
        let of = |error: rusqlite::Error| failed(&self.path, &error);
        let known: Option<(u32, i64, i64)> = connection
            .query_row(
                "SELECT tries, received_s, sequence FROM wanted WHERE key = ?1",
                [key.0],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()
            .map_err(of)?;
        let Some((tries, received_s, noted)) = known else {
            return Ok(Later::Gone);
        };
        if noted.cast_unsigned() > sequence {
            return Ok(Later::Again);
        }
        let tries = tries + 1;
        if tries >= MOST_TRIES || received_s < retained_s {
            self.done(key, sequence)?;
            return Ok(Later::GivenUp);
        }
        let pause_ms = (SHORTEST_PAUSE_MS << (tries - 1).min(20)).min(LONGEST_PAUSE_MS);
        connection
            .execute(
                "UPDATE wanted SET tries = ?2, due_ms = ?3 WHERE key = ?1",
                params![key.0, tries, now_ms.saturating_add(pause_ms)],
            )
            .map_err(of)?;
        Ok(Later::Again)
    }
}

fn failed(path: &Path, error: &rusqlite::Error) -> LedgerError {
    LedgerError::beside(path, error, "the rows that wait in it go without their details")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const SEQUENCE: u64 = i64::MAX as u64 - 1;

    fn ask(number: u32) -> Ask {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.to_be_bytes());
        Ask {
            key: Key(key),
            query: DetailsQuery {
                trace_id: number.to_string(),
                recipient: "bob@example.org".to_owned(),
                received_s: 1_000,
            },
            line: b"{}".to_vec(),
            sequence: SEQUENCE,
        }
    }

    fn open() -> (tempfile::TempDir, Wanted) {
        let folder = tempfile::tempdir().unwrap();
        let path = Wanted::path_of(&folder.path().join("ledger.db"));
        let wanted = Wanted::open(path.clone()).unwrap();
        assert!(!path.exists(), "no file without a row");
        (folder, wanted)
    }

    #[test]
    fn a_row_waits_until_it_is_due_and_until_it_is_done() {
        let (_folder, mut wanted) = open();
        assert_eq!(
            (wanted.next(0, true).unwrap(), wanted.next_due_ms().unwrap()),
            (None, None)
        );
        wanted.change(&[ask(1), ask(2)], &[], 5).unwrap();
        // As another run finds it.
        let mut wanted = Wanted::open(wanted.path.clone()).unwrap();
        assert_eq!(wanted.next(FIRST_MS, false).unwrap(), None);
        assert_eq!(
            wanted.next(0, true).unwrap(),
            Some(ask(1)),
            "a run that ends by itself does not wait"
        );
        assert_eq!(wanted.next(FIRST_MS + 5, false).unwrap(), Some(ask(1)));
        assert_eq!(
            wanted.later((ask(1).key, SEQUENCE), FIRST_MS + 5, 0).unwrap(),
            Later::Again
        );
        assert_eq!(wanted.next(FIRST_MS + 5, true).unwrap(), Some(ask(2)));
        wanted.done(ask(2).key, SEQUENCE).unwrap();
        assert_eq!(wanted.next(FIRST_MS + 5, true).unwrap(), None);
        assert_eq!(
            wanted.next_due_ms().unwrap(),
            Some(FIRST_MS + 5 + SHORTEST_PAUSE_MS)
        );
        // It changed: it is asked about anew.
        wanted.change(&[ask(1)], &[], 7).unwrap();
        assert_eq!(
            (wanted.next_due_ms().unwrap(), wanted.count().unwrap()),
            (Some(FIRST_MS + 7), 1)
        );
        wanted.change(&[], &[ask(1).key], 8).unwrap();
        assert_eq!(wanted.count().unwrap(), 0);
    }

    #[test]
    fn a_row_is_asked_about_for_a_day_and_a_half_at_the_most() {
        let (_folder, mut wanted) = open();
        wanted.change(&[ask(1)], &[], 0).unwrap();
        let (mut now_ms, mut tries) = (0, 0);
        while let Some(due_ms) = wanted.next_due_ms().unwrap() {
            now_ms = due_ms;
            tries += 1;
            let _ = wanted.later((ask(1).key, SEQUENCE), now_ms, 0).unwrap();
        }
        assert_eq!(tries, MOST_TRIES);
        assert!((30 * 3_600_000..48 * 3_600_000).contains(&now_ms), "{now_ms}");
        // Out of the service's reach.
        wanted.change(&[ask(1)], &[], 0).unwrap();
        assert_eq!(
            wanted.later((ask(1).key, SEQUENCE), 0, 1_001).unwrap(),
            Later::GivenUp
        );
        assert_eq!(wanted.count().unwrap(), 0);
    }

    #[test]
    fn a_row_that_changed_while_it_was_asked_about_stays() {
        let (_folder, mut wanted) = open();
        let changed = Ask {
            sequence: SEQUENCE + 1,
            ..ask(1)
        };
        wanted.change(&[ask(1)], &[], 0).unwrap();
        wanted.change(std::slice::from_ref(&changed), &[], 0).unwrap();
        wanted.done(ask(1).key, SEQUENCE).unwrap();
        let later = wanted.later((ask(1).key, SEQUENCE), 0, i64::MAX).unwrap();
        assert_eq!(later, Later::Again);
        assert_eq!(wanted.next(FIRST_MS, false).unwrap(), Some(changed));
        wanted.done(ask(1).key, SEQUENCE + 1).unwrap();
        assert_eq!(wanted.count().unwrap(), 0);
        let later = wanted.later((ask(1).key, SEQUENCE + 1), 0, 0).unwrap();
        assert_eq!(later, Later::Gone, "that is none that was given up");
    }

    #[test]
    fn a_clock_that_was_far_ahead_holds_no_row_back() {
        let (_folder, mut wanted) = open();
        let year_ms = 365 * 86_400_000;
        wanted.change(&[ask(1)], &[], year_ms).unwrap();
        assert_eq!(wanted.next(0, false).unwrap(), Some(ask(1)));
        assert_eq!(wanted.later((ask(1).key, SEQUENCE), 0, 0).unwrap(), Later::Again);
        assert_eq!(wanted.next(0, false).unwrap(), None);
        assert_eq!(wanted.next(SHORTEST_PAUSE_MS, false).unwrap(), Some(ask(1)));
    }

    #[test]
    fn a_damaged_file_says_what_goes_on_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = Wanted::path_of(&folder.path().join("ledger.db"));
        std::fs::write(&path, "no database at all").unwrap();
        let error = Wanted::open(path).unwrap_err();
        assert!(matches!(error, LedgerError::DamagedBeside(..)), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("move it away") && !text.contains("--recover"),
            "{text}"
        );
    }

    #[test]
    fn there_is_an_end_to_what_waits() {
        let (_folder, mut wanted) = open();
        let all: Vec<Ask> = (0..u32::try_from(MAX_WANTED).unwrap() + 3).map(ask).collect();
        wanted.change(&all, &[], 0).unwrap();
        assert_eq!((wanted.count().unwrap(), wanted.left_out()), (MAX_WANTED, 3));
        wanted.change(&[], &[ask(0).key], 0).unwrap();
        wanted.change(&all[all.len() - 2..], &[], 0).unwrap();
        assert_eq!((wanted.count().unwrap(), wanted.left_out()), (MAX_WANTED, 4));
        // A row that waits already and has changed is no row more.
        let changed = Ask {
            line: b"{\"changed\":1}".to_vec(),
            ..ask(1)
        };
        wanted.change(std::slice::from_ref(&changed), &[], -1).unwrap();
        assert_eq!((wanted.count().unwrap(), wanted.left_out()), (MAX_WANTED, 4));
        assert_eq!(wanted.next(FIRST_MS - 1, false).unwrap(), Some(changed));
    }
}
