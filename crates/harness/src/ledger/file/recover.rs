//! The way out of a damaged ledger.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OpenFlags};

use super::digest::of_state;
use super::open::{beside, create, exists, lock};
use super::{LedgerError, insert_gaps, read_state};
use crate::ledger::{Gap, State};

/// What a recovery did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Where the damaged file is now.
    pub aside: PathBuf,
    /// What the new ledger begins with: settled coverage, beginning, gaps and budget. `None` if nothing in the damaged
    /// file could be trusted: polling begins anew.
    pub kept: Option<State>,
}

/// Sets a damaged ledger aside and makes a new one from what can be trusted in it.
///
/// Trusted is what its digest vouches for: the settled spans, where the coverage begins, the gaps and the budget. Row
/// keys are not kept. What is not settled is read again, so that rows of the last two days are delivered again, under
/// the ids they had.
///
/// # Errors
///
/// When there is none, a program has it open, or the folder cannot be written.
pub fn recover(path: &Path) -> Result<Recovery, LedgerError> {
    if !exists(path)? && !exists(&beside(path, "-wal"))? {
        return Err(LedgerError::Missing(path.to_owned()));
    }
    let _lock = lock(path)?;
    let trusted = if exists(path)? { read_trusted(path) } else { None };
    let stamp = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let aside = beside(path, &format!(".damaged-{stamp}"));
    let io = |error: std::io::Error| LedgerError::io(path, &error);
    // The journal goes first: a ledger without its file but with a journal is refused, one with neither is new.
    for suffix in ["-wal", "-shm"] {
        if exists(&beside(path, suffix))? {
            fs::rename(beside(path, suffix), beside(&aside, suffix)).map_err(io)?;
        }
    }
    if exists(path)? {
        fs::rename(path, &aside).map_err(io)?;
    }
    let kept = match trusted {
        Some((owner, salt, state)) => {
            create(path, owner, salt, |transaction| {
                for segment in state.coverage.segments() {
                    transaction.execute(
                        "INSERT INTO coverage VALUES (?1, ?2, ?3)",
                        [segment.span.start_s, segment.span.end_s, segment.read_s],
                    )?;
                }
                let gaps: &[Gap] = &state.gaps;
                insert_gaps(transaction, gaps)?;
                for charge in &state.charges_ms {
                    transaction.execute("INSERT INTO charge VALUES (?1)", [charge])?;
                }
                transaction.execute(
                    "UPDATE ledger SET floor_s = ?1, paused_until_ms = ?2",
                    (state.floor_s, state.paused_until_ms),
                )?;
                Ok(())
            })?;
            Some(state)
        }
        None => None,
    };
    Ok(Recovery { aside, kept })
}

/// Owner, salt and state, if the digest over them holds.
pub(super) fn read_trusted(path: &Path) -> Option<([u8; 32], [u8; 32], State)> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    let (owner, salt, digest): ([u8; 32], [u8; 32], Vec<u8>) = connection
        .query_row("SELECT owner, salt, state_digest FROM ledger", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .ok()?;
    if digest != of_state(&connection).ok()? {
        return None;
    }
    let mut state = read_state(&connection).ok()?;
    state.coverage.keep_settled();
    Some((owner, salt, state))
}
