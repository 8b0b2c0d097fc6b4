//! A look at a file before it is recovered: what it is, and what a recovery would keep.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::open::{beside, exists};
use super::recover::read_trusted;
use super::{APPLICATION_ID, FileLedger, LedgerError};
use crate::ledger::State;

/// What a ledger is worth.
#[derive(Clone, Debug)]
pub struct Examined {
    /// Whether nothing is wrong with it.
    pub is_healthy: bool,
    /// What a recovery keeps. `None` if nothing can be trusted: polling begins anew.
    pub kept: Option<State>,
}

/// Looks at a file that is to be recovered. Changes nothing.
///
/// # Errors
///
/// When there is none, it is no ledger, it is of a later version, or it cannot be read.
pub fn examine(path: &Path) -> Result<Examined, LedgerError> {
    if !exists(path)? {
        // A journal without its file is what is left of a ledger.
        return if exists(&beside(path, "-wal"))? {
            Ok(Examined {
                is_healthy: false,
                kept: None,
            })
        } else {
            Err(LedgerError::Missing(path.to_owned()))
        };
    }
    if !is_ours(path)? {
        return Err(LedgerError::NotALedger(path.to_owned()));
    }
    let is_healthy = match FileLedger::check(path) {
        Ok(_) => true,
        Err(LedgerError::Damaged(_)) => false,
        Err(error) => return Err(error),
    };
    Ok(Examined {
        is_healthy,
        kept: read_trusted(path).map(|(_, _, state)| state),
    })
}

/// The same error, but for a file that is no ledger where it was taken for a damaged one.
#[must_use]
pub fn told_apart(error: LedgerError) -> LedgerError {
    match error {
        LedgerError::Damaged(path) if path.is_file() && is_ours(&path).is_ok_and(|is_ours| !is_ours) => {
            LedgerError::NotALedger(path)
        }
        error => error,
    }
}

/// Whether the file begins as an `SQLite` file with this program's mark: whatever happened to the rest of it, it was a
/// ledger.
fn is_ours(path: &Path) -> Result<bool, LedgerError> {
    let io = |error: std::io::Error| LedgerError::io(path, &error);
    let mut header = Vec::new();
    File::open(path)
        .and_then(|file| file.take(100).read_to_end(&mut header))
        .map_err(io)?;
    let mark = header
        .get(68..72)
        .and_then(|mark| mark.try_into().ok())
        .map(i32::from_be_bytes);
    Ok(header.starts_with(b"SQLite format 3\0") && mark == Some(APPLICATION_ID))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;

    use super::examine;
    use crate::ledger::FileLedger;
    use crate::ledger::file::LedgerError;

    #[test]
    fn what_is_no_ledger_is_told_from_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cc.toml");
        let other = {
            let path = folder.path().join("other.db");
            let connection = rusqlite::Connection::open(&path).unwrap();
            connection.execute_batch("CREATE TABLE a (b)").unwrap();
            fs::read(&path).unwrap()
        };
        for content in [
            b"".as_slice(),
            b"tenant-id = \"x\"\n",
            b"SQLite format 3\0",
            &other,
        ] {
            fs::write(&path, content).unwrap();
            assert!(matches!(examine(&path), Err(LedgerError::NotALedger(_))));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(examine(&path), Err(LedgerError::Missing(_))));

        let path = folder.path().join("ledger.db");
        drop(FileLedger::open(&path, "tenant", "graph").unwrap());
        let examined = examine(&path).unwrap();
        assert!(examined.is_healthy && examined.kept.is_some());
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, bytes.get(..bytes.len() / 2).unwrap()).unwrap();
        assert!(!examine(&path).unwrap().is_healthy);
    }
}
