//! Opening: lock, check, fence.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use super::digest::{Digest, of_rows, of_state};
use super::{APPLICATION_ID, FileLedger, LedgerError, SCHEMA_VERSION, Survey, read_state, recover, seal};
use crate::ledger::Keys;

const TABLES: &str = "
CREATE TABLE ledger (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    owner BLOB NOT NULL,
    salt BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    floor_s INTEGER,
    paused_until_ms INTEGER NOT NULL,
    paused_for_ms INTEGER NOT NULL,
    skew_ms INTEGER,
    sequence_base INTEGER NOT NULL,
    rows_digest BLOB NOT NULL,
    state_digest BLOB NOT NULL
) STRICT;
CREATE TABLE coverage (
    start_s INTEGER PRIMARY KEY,
    end_s INTEGER NOT NULL,
    read_s INTEGER NOT NULL
) STRICT;
CREATE TABLE row (
    key BLOB PRIMARY KEY,
    content INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    status TEXT NOT NULL,
    received_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX row_received ON row (received_s);
CREATE TABLE gap (
    start_s INTEGER NOT NULL,
    end_s INTEGER NOT NULL,
    reason TEXT NOT NULL,
    found_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE charge (at_ms INTEGER NOT NULL) STRICT;
";

/// Whom a ledger belongs to, as a hash: neither the tenant nor the source can be read from the file.
fn owner(tenant: &str, source: &str) -> [u8; 32] {
    let text = format!("message-trace ledger\n{}\n{source}", tenant.to_lowercase());
    *blake3::hash(text.as_bytes()).as_bytes()
}

pub(super) fn open(path: &Path, tenant: &str, source: &str) -> Result<FileLedger, LedgerError> {
    make_folder(path)?;
    // What is no ledger is left alone, and nothing is put beside it.
    if exists(path)? {
        check_header(path)?;
    }
    let lock = lock(path)?;
    if !exists(path)? {
        // A journal without its file is what is left of a ledger, not the beginning of one.
        if exists(&beside(path, "-wal"))? {
            return Err(LedgerError::Damaged(path.to_owned()));
        }
        let base = if recover::follows_a_lost_one(path)? {
            recover::next_base(0)
        } else {
            0
        };
        create(path, owner(tenant, source), [0; 32], base, |_| Ok(()))?;
    }
    open_locked(path, lock, Some((tenant, source)))
}

/// Opens a ledger that is there, whomever it belongs to, for a change that concerns no row.
pub(super) fn reopen(path: &Path) -> Result<FileLedger, LedgerError> {
    if !exists(path)? {
        return Err(LedgerError::Missing(path.to_owned()));
    }
    open_locked(path, lock(path)?, None)
}

fn open_locked(path: &Path, lock: File, of: Option<(&str, &str)>) -> Result<FileLedger, LedgerError> {
    check_header(path)?;
    restrict(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let rows = check(&connection, path, Depth::State)?;
    let (found, salt): (Vec<u8>, [u8; 32]) = connection
        .query_row("SELECT owner, salt FROM ledger", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(|error| LedgerError::of(path, &error))?;
    if of.is_some_and(|(tenant, source)| found != owner(tenant, source)) {
        return Err(LedgerError::OtherOwner(path.to_owned()));
    }
    let keys = Keys::new(of.map_or("", |(tenant, _)| tenant), salt);
    let mut ledger = FileLedger {
        connection,
        path: path.to_owned(),
        epoch: 0,
        keys,
        rows,
        _lock: lock,
    };
    ledger.raise_epoch()?;
    Ok(ledger)
}

pub(super) fn survey(path: &Path, depth: Depth) -> Result<Survey, LedgerError> {
    if !exists(path)? {
        return Err(LedgerError::Missing(path.to_owned()));
    }
    check_header(path)?;
    // Read-write, because a journal that a killed program left has to be taken in before anything can be read; nothing
    // is written by it.
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let of = |error: rusqlite::Error| LedgerError::of(path, &error);
    // One snapshot for all that is read, while a program may go on writing.
    connection.execute_batch("BEGIN").map_err(of)?;
    let rows = check(&connection, path, depth)?.rows();
    let state = read_state(&connection).map_err(of)?;
    let epoch = connection
        .query_row("SELECT epoch FROM ledger", [], |row| row.get(0))
        .map_err(of)?;
    connection.execute_batch("COMMIT").map_err(of)?;
    Ok(Survey { state, rows, epoch })
}

impl FileLedger {
    fn raise_epoch(&mut self) -> Result<(), LedgerError> {
        let rows = self.rows;
        let mut raise = || -> rusqlite::Result<i64> {
            let transaction = self.connection.transaction()?;
            transaction.execute("UPDATE ledger SET epoch = epoch + 1", [])?;
            let epoch = transaction.query_row("SELECT epoch FROM ledger", [], |row| row.get(0))?;
            seal(&transaction, epoch, rows)?;
            transaction.commit()?;
            Ok(epoch)
        };
        self.epoch = raise().map_err(|error| LedgerError::of(&self.path, &error))?;
        Ok(())
    }
}

/// Makes a whole new ledger under another name first, so that a file under the ledger's name is never half made.
pub(super) fn create(
    path: &Path,
    owner: [u8; 32],
    salt: [u8; 32],
    sequence_base: u64,
    fill: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
) -> Result<(), LedgerError> {
    let new = beside(path, ".new");
    let salt = if salt == [0; 32] { random(path)? } else { salt };
    for stale in [
        new.clone(),
        beside(&new, "-wal"),
        beside(&new, "-shm"),
        beside(&new, "-journal"),
    ] {
        if exists(&stale)? {
            fs::remove_file(&stale).map_err(|error| LedgerError::io(path, &error))?;
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    options
        .open(&new)
        .map_err(|error| LedgerError::io(path, &error))?;
    let make = || -> rusqlite::Result<()> {
        let mut connection = Connection::open_with_flags(&new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.execute(
            "INSERT INTO ledger VALUES (1, ?1, ?2, 0, NULL, 0, 0, NULL, ?3, ?4, x'')",
            params![
                owner.as_slice(),
                salt.as_slice(),
                sequence_base.cast_signed(),
                Digest::default().to_bytes().as_slice(),
            ],
        )?;
        fill(&transaction)?;
        seal(&transaction, 0, Digest::default())?;
        transaction.commit()?;
        connection.close().map_err(|(_, error)| error)
    };
    make().map_err(|error| LedgerError::of(path, &error))?;
    let io = |error: io::Error| LedgerError::io(path, &error);
    File::open(&new).and_then(|file| file.sync_all()).map_err(io)?;
    fs::rename(&new, path).map_err(io)?;
    sync_folder(path).map_err(io)
}

pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, LedgerError> {
    let set_up = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        connection.pragma_update(None, "cell_size_check", "ON")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        Ok(connection)
    };
    set_up().map_err(|error| LedgerError::of(path, &error))
}

/// How much of a ledger is held against its digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Everything but the row keys. Takes the same time for any number of rows.
    State,
    /// Everything, which reads the whole file.
    Rows,
}

/// Holds the file against its digests. Gives the digest of its rows, as it was written.
fn check(connection: &Connection, path: &Path, depth: Depth) -> Result<Digest, LedgerError> {
    let read = || -> rusqlite::Result<Option<Digest>> {
        let application_id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let (rows_digest, state_digest): (Vec<u8>, Vec<u8>) =
            connection.query_row("SELECT rows_digest, state_digest FROM ledger", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let count: i64 = connection.query_row("SELECT count(*) FROM ledger", [], |row| row.get(0))?;
        let rows = Digest::from_bytes(&rows_digest);
        let is_whole = application_id == APPLICATION_ID
            && count == 1
            && state_digest == of_state(connection)?
            && read_state(connection).is_ok();
        match rows {
            Some(rows) if is_whole && (depth == Depth::State || are_rows_whole(connection, rows)?) => {
                Ok(Some(rows))
            }
            _ => Ok(None),
        }
    };
    match read() {
        Ok(Some(rows)) => Ok(rows),
        Ok(None) => Err(LedgerError::Damaged(path.to_owned())),
        Err(error) => Err(LedgerError::of(path, &error)),
    }
}

fn are_rows_whole(connection: &Connection, digest: Digest) -> rusqlite::Result<bool> {
    let verdict: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    // The index is read by itself where keys are forgotten: it must hold what the table holds.
    let (table, index): (i64, i64) = connection.query_row(
        "SELECT (SELECT count(*) FROM row NOT INDEXED), (SELECT count(*) FROM row INDEXED BY row_received WHERE \
         received_s > -9223372036854775808)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(verdict == "ok" && table == index && digest == of_rows(connection)?)
}

/// `SQLite` takes an empty file for a new database: here it is a damaged one. The version is looked at before anything
/// is opened.
pub(super) fn check_header(path: &Path) -> Result<(), LedgerError> {
    let mut header = [0; 100];
    let mut file = File::open(path).map_err(|error| LedgerError::io(path, &error))?;
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3\0") {
        return Err(LedgerError::Damaged(path.to_owned()));
    }
    let word = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    match (word(68), word(60)) {
        (APPLICATION_ID, SCHEMA_VERSION) => Ok(()),
        (APPLICATION_ID, version) if version > SCHEMA_VERSION && version < 1000 => {
            Err(LedgerError::TooNew(path.to_owned()))
        }
        (APPLICATION_ID, 1) => Err(LedgerError::TooOld(path.to_owned())),
        _ => Err(LedgerError::Damaged(path.to_owned())),
    }
}

/// Keeps a second program out. The lock is on a file of its own: closing any handle on the database's own file would
/// drop `SQLite`'s locks.
pub(super) fn lock(path: &Path) -> Result<File, LedgerError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    private(&mut options);
    let file = options
        .open(beside(path, ".lock"))
        .map_err(|error| LedgerError::io(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(LedgerError::io(path, &error)),
    }
}

pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn exists(path: &Path) -> Result<bool, LedgerError> {
    path.try_exists().map_err(|error| LedgerError::io(path, &error))
}

fn random(path: &Path) -> Result<[u8; 32], LedgerError> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(|_| LedgerError::Unusable(path.to_owned(), io::ErrorKind::Other))?;
    Ok(salt)
}

/// Makes the ledger's folder, for this user alone, if there is none. One that is there is left as it is.
fn make_folder(path: &Path) -> Result<(), LedgerError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| LedgerError::io(path, &error))
}

fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

/// The file is for this user alone, also if somebody copied it here. `SQLite` gives its journal the same rights.
fn restrict(path: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(path).map_err(|error| LedgerError::io(path, &error))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
                .map_err(|error| LedgerError::io(path, &error))?;
        }
    }
    Ok(())
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}
