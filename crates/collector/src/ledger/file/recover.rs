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
/// the ids they had, with sequence numbers above all that were sent before.
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
    let stamp = now_s();
    let aside = beside(path, &format!("{LOST}{stamp}"));
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
    let kept =
        match trusted {
            Some((owner, salt, state)) => {
                create(path, owner, salt, next_base(state.sequence_base), |transaction| {
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
                    "UPDATE ledger SET floor_s = ?1, paused_until_ms = ?2, paused_for_ms = ?3, skew_ms = ?4",
                    (state.floor_s, state.pause.until_ms, state.pause.told_ms, state.skew_ms),
                )?;
                    Ok(())
                })?;
                Some(state)
            }
            None => None,
        };
    Ok(Recovery { aside, kept })
}

/// What the name of a ledger that was set aside goes on with.
const LOST: &str = ".damaged-";
/// By how much a base of sequence numbers is above the one before at least: more than a row can change in a lifetime.
const BASE_STEP: u64 = 10_000_000;

/// The base of the sequence numbers of a ledger that takes the place of one whose own are lost. The time in seconds: no
/// row changes as often, so that what comes later is higher, whatever was sent before.
pub(super) fn next_base(before: u64) -> u64 {
    let after = if before == 0 { 0 } else { before + BASE_STEP };
    now_s().max(after)
}

/// Whether a ledger of this name was set aside without one that took its place.
pub(super) fn follows_a_lost_one(path: &Path) -> Result<bool, LedgerError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(false);
    };
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let start = format!("{}{LOST}", name.to_string_lossy());
    let entries = fs::read_dir(folder).map_err(|error| LedgerError::io(path, &error))?;
    Ok(entries
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_string_lossy().starts_with(&start)))
}

fn now_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
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
