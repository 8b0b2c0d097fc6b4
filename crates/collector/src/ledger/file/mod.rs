//! The ledger as one `SQLite` file.
//!
//! The file is guarded three times. A lock on a file beside it keeps a second program out. An epoch in it, raised at
//! every opening and checked in every commit, stops a program that lost its lock without knowing. Digests over its
//! tables, kept up to date in every transaction, tell a damaged file from a whole one: what `SQLite`'s own checks cannot
//! see, a flipped bit in a value, is seen as well. Every opening checks the digest over everything but the row keys,
//! which takes the same time for any number of rows; [`FileLedger::check`] reads the row keys too. A file that fails a
//! check is refused with the way out, and never replaced in silence.

mod digest;
mod error;
mod examine;
mod marks;
mod notes;
mod open;
mod recover;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use digest::{Digest, of_row};
pub use error::LedgerError;
pub use examine::{Examined, examine, told_apart};
pub use marks::Mark;
pub use notes::Notes;
pub use recover::{Recovery, recover};

use super::{
    Coverage, Entry, Gap, GapReason, Key, Keys, Known, Ledger, Pause, Renewal, Segment, Span, State,
    Transaction,
};

/// Marks a `SQLite` file as a ledger: the letters `MTL1`.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"MTL1");
/// The version of the file's tables.
const SCHEMA_VERSION: i32 = 2;

/// A ledger in a file.
#[derive(Debug)]
pub struct FileLedger {
    connection: Connection,
    path: PathBuf,
    epoch: i64,
    keys: Keys,
    /// The digest of all row keys, as of the last commit.
    rows: Digest,
    /// Held as long as the ledger is open.
    _lock: File,
}

/// Everything of a ledger but the row keys, for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// Coverage, gaps and budget.
    pub state: State,
    /// How many rows are remembered.
    pub rows: u64,
    /// How often the ledger was opened for polling.
    pub epoch: i64,
}

impl FileLedger {
    /// Opens the ledger of a tenant and source, or makes it if there is none.
    ///
    /// # Errors
    ///
    /// When another program has it open, it is of another tenant or source, it is damaged, or its folder or file
    /// cannot be used.
    pub fn open(path: &Path, tenant: &str, source: &str) -> Result<Self, LedgerError> {
        open::open(path, tenant, source)
    }

    /// Reads a ledger without changing it, also while a program polls into it. Takes the same time for any number of
    /// rows: their keys are not read.
    ///
    /// # Errors
    ///
    /// When there is none, it is damaged, or it cannot be read.
    pub fn survey(path: &Path) -> Result<Survey, LedgerError> {
        open::survey(path, open::Depth::State)
    }

    /// Reads all of a ledger and holds it against its digests, also while a program polls into it.
    ///
    /// # Errors
    ///
    /// When there is none, it is damaged, or it cannot be read.
    pub fn check(path: &Path) -> Result<Survey, LedgerError> {
        open::survey(path, open::Depth::Rows)
    }

    /// The keys of this ledger's rows.
    #[must_use]
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// Forgets gaps that the service still has rows of, so that polling tries them again. Gives what was forgotten.
    ///
    /// # Errors
    ///
    /// As [`FileLedger::open`], and when there is none.
    pub fn refill(path: &Path, retained_s: i64) -> Result<Vec<Gap>, LedgerError> {
        let mut ledger = open::reopen(path)?;
        let mut state = ledger.load()?;
        let (again, mut lost): (Vec<Gap>, Vec<Gap>) =
            state.gaps.drain(..).partition(|gap| gap.span.end_s > retained_s);
        for gap in &again {
            // What is older than the service's rows stays a gap.
            let span = Span::new(gap.span.start_s, gap.span.end_s.min(retained_s));
            if !span.is_empty() {
                lost.push(Gap { span, ..gap.clone() });
            }
        }
        ledger.write(|transaction, _| {
            transaction.execute("DELETE FROM gap", [])?;
            insert_gaps(transaction, &lost)
        })?;
        Ok(again)
    }

    /// Does one transaction: all of it, sealed, or nothing.
    fn write(
        &mut self,
        change: impl FnOnce(&rusqlite::Transaction<'_>, &mut Digest) -> rusqlite::Result<()>,
    ) -> Result<(), LedgerError> {
        let path = &self.path;
        let mut rows = self.rows;
        let transaction = self
            .connection
            .transaction()
            .map_err(|error| LedgerError::of(path, &error))?;
        change(&transaction, &mut rows).map_err(|error| LedgerError::of(path, &error))?;
        let is_ours = seal(&transaction, self.epoch, rows).map_err(|error| LedgerError::of(path, &error))?;
        if !is_ours {
            return Err(LedgerError::Fenced(path.clone()));
        }
        transaction
            .commit()
            .map_err(|error| LedgerError::of(path, &error))?;
        self.rows = rows;
        Ok(())
    }
}

impl Ledger for FileLedger {
    type Error = LedgerError;

    fn load(&mut self) -> Result<State, LedgerError> {
        read_state(&self.connection).map_err(|error| LedgerError::of(&self.path, &error))
    }

    fn look_up(&mut self, keys: &[Key]) -> Result<Vec<Option<Known>>, LedgerError> {
        let look_up = || -> rusqlite::Result<_> {
            let mut known = Vec::with_capacity(keys.len());
            let mut statement = self
                .connection
                .prepare_cached("SELECT content, sequence, status FROM row WHERE key = ?1")?;
            for Key(key) in keys {
                known.push(statement.query_row([key.as_slice()], read_known).optional()?);
            }
            Ok(known)
        };
        look_up().map_err(|error| LedgerError::of(&self.path, &error))
    }

    fn charge(&mut self, at_ms: i64, forget_before_ms: i64) -> Result<(), LedgerError> {
        self.write(|transaction, _| {
            transaction
                .prepare_cached("DELETE FROM charge WHERE at_ms < ?1")?
                .execute([forget_before_ms])?;
            transaction
                .prepare_cached("INSERT INTO charge (at_ms) VALUES (?1)")?
                .execute([at_ms])?;
            Ok(())
        })
    }

    fn commit(&mut self, change: &Transaction) -> Result<(), LedgerError> {
        self.write(|transaction, rows| apply(transaction, change, rows))
    }
}

fn read_known(row: &rusqlite::Row<'_>) -> rusqlite::Result<Known> {
    let content: i64 = row.get(0)?;
    let sequence: i64 = row.get(1)?;
    Ok(Known {
        content: content.cast_unsigned(),
        sequence: sequence.cast_unsigned(),
        status: row.get(2)?,
    })
}

fn apply(
    transaction: &rusqlite::Transaction<'_>,
    change: &Transaction,
    rows: &mut Digest,
) -> rusqlite::Result<()> {
    let Transaction {
        entries,
        renewal,
        coverage,
        forget,
        floor_s,
        gaps,
        pause,
        skew_ms,
    } = change;
    for span in forget {
        let mut statement = transaction.prepare_cached(
            "DELETE FROM row WHERE received_s >= ?1 AND received_s < ?2 \
             RETURNING content, sequence, status, key, received_s",
        )?;
        let mut deleted = statement.query([span.start_s, span.end_s])?;
        while let Some(row) = deleted.next()? {
            rows.remove(&of_row(
                &row.get::<_, [u8; 16]>(3)?,
                &read_known(row)?,
                row.get(4)?,
            ));
        }
    }
    let mut before =
        transaction.prepare_cached("SELECT content, sequence, status, received_s FROM row WHERE key = ?1")?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO row (key, content, sequence, status, received_s) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (key) DO UPDATE SET content = ?2, sequence = ?3, status = ?4, received_s = ?5",
    )?;
    for Entry {
        key: Key(key),
        known,
        received_s,
    } in entries
    {
        let old = before
            .query_row([key.as_slice()], |row| Ok((read_known(row)?, row.get(3)?)))
            .optional()?;
        if let Some((old, old_received_s)) = old {
            rows.remove(&of_row(key, &old, old_received_s));
        }
        rows.add(&of_row(key, known, *received_s));
        let (content, sequence) = (known.content.cast_signed(), known.sequence.cast_signed());
        insert.execute(params![
            key.as_slice(),
            content,
            sequence,
            known.status,
            received_s
        ])?;
    }
    if let Some(renewal) = renewal {
        renew(transaction, renewal, rows)?;
    }
    if let Some(coverage) = coverage {
        transaction.execute("DELETE FROM coverage", [])?;
        let mut statement = transaction
            .prepare_cached("INSERT INTO coverage (start_s, end_s, read_s) VALUES (?1, ?2, ?3)")?;
        for segment in coverage.segments() {
            statement.execute([segment.span.start_s, segment.span.end_s, segment.read_s])?;
        }
    }
    insert_gaps(transaction, gaps)?;
    if let Some(floor_s) = floor_s {
        transaction.execute("UPDATE ledger SET floor_s = ?1", [floor_s])?;
    }
    if let Some(Pause { until_ms, told_ms }) = pause {
        transaction.execute(
            "UPDATE ledger SET paused_until_ms = ?1, paused_for_ms = ?2",
            [until_ms, told_ms],
        )?;
    }
    if let Some(skew_ms) = skew_ms {
        transaction.execute("UPDATE ledger SET skew_ms = ?1", [skew_ms])?;
    }
    Ok(())
}

fn renew(
    transaction: &rusqlite::Transaction<'_>,
    Renewal { keys, at_s }: &Renewal,
    rows: &mut Digest,
) -> rusqlite::Result<()> {
    let mut due = transaction.prepare_cached(
        "SELECT content, sequence, status, received_s FROM row WHERE key = ?1 AND received_s <= ?2",
    )?;
    let mut update = transaction.prepare_cached("UPDATE row SET received_s = ?2 WHERE key = ?1")?;
    for Key(key) in keys {
        let known = due
            .query_row(params![key.as_slice(), at_s - Renewal::AFTER_S], |row| {
                Ok((read_known(row)?, row.get(3)?))
            })
            .optional()?;
        if let Some((known, received_s)) = known {
            rows.remove(&of_row(key, &known, received_s));
            rows.add(&of_row(key, &known, *at_s));
            update.execute(params![key.as_slice(), at_s])?;
        }
    }
    Ok(())
}

fn insert_gaps(transaction: &rusqlite::Transaction<'_>, gaps: &[Gap]) -> rusqlite::Result<()> {
    for Gap {
        span,
        reason,
        found_ms,
    } in gaps
    {
        transaction.execute(
            "INSERT INTO gap (start_s, end_s, reason, found_ms) VALUES (?1, ?2, ?3, ?4)",
            params![span.start_s, span.end_s, reason.name(), found_ms],
        )?;
    }
    Ok(())
}

/// Writes the digests. False if the ledger is no longer of this epoch.
fn seal(transaction: &rusqlite::Transaction<'_>, epoch: i64, rows: Digest) -> rusqlite::Result<bool> {
    let own: i64 = transaction.query_row("SELECT epoch FROM ledger", [], |row| row.get(0))?;
    if own != epoch {
        return Ok(false);
    }
    transaction
        .prepare_cached("UPDATE ledger SET rows_digest = ?1")?
        .execute([rows.to_bytes().as_slice()])?;
    let state = digest::of_state(transaction)?;
    transaction
        .prepare_cached("UPDATE ledger SET state_digest = ?1")?
        .execute([state.as_slice()])?;
    Ok(true)
}

/// Reads everything but the row keys. Values that no commit could have written are a damaged file.
fn read_state(connection: &Connection) -> rusqlite::Result<State> {
    let damaged = || rusqlite::Error::InvalidQuery;
    let segments = connection
        .prepare("SELECT start_s, end_s, read_s FROM coverage ORDER BY start_s")?
        .query_map([], |row| {
            Ok(Segment {
                span: Span::new(row.get(0)?, row.get(1)?),
                read_s: row.get(2)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let gaps = connection
        .prepare("SELECT start_s, end_s, reason, found_ms FROM gap ORDER BY start_s, end_s, found_ms")?
        .query_map([], |row| {
            let reason = GapReason::from_name(&row.get::<_, String>(2)?).ok_or_else(damaged)?;
            Ok(Gap {
                span: Span::new(row.get(0)?, row.get(1)?),
                reason,
                found_ms: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let charges_ms = connection
        .prepare("SELECT at_ms FROM charge ORDER BY at_ms, rowid")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let coverage = Coverage::from_segments(segments).ok_or_else(damaged)?;
    connection.query_row(
        "SELECT floor_s, paused_until_ms, paused_for_ms, skew_ms, sequence_base FROM ledger",
        [],
        |row| {
            Ok(State {
                coverage,
                floor_s: row.get(0)?,
                gaps,
                charges_ms,
                pause: Pause {
                    until_ms: row.get(1)?,
                    told_ms: row.get(2)?,
                },
                skew_ms: row.get(3)?,
                sequence_base: row.get::<_, i64>(4)?.cast_unsigned(),
            })
        },
    )
}
