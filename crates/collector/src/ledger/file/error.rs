//! Why a ledger cannot be used, with the way out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use message_trace_remedy::Remedy;

/// Why a ledger cannot be used. Each is one sentence with the fix.
#[derive(Debug)]
pub enum LedgerError {
    /// Another program has it open.
    InUse(PathBuf),
    /// Another program has opened it since; this one lost its lock.
    Fenced(PathBuf),
    /// It is of another tenant or source.
    OtherOwner(PathBuf),
    /// It was written by a later version of the program.
    TooNew(PathBuf),
    /// It was written before the program's first release.
    TooOld(PathBuf),
    /// It is damaged, or no ledger at all.
    Damaged(PathBuf),
    /// A file beside the ledger is damaged, with what it loses whoever goes on without it.
    DamagedBeside(PathBuf, &'static str),
    /// The file is no ledger, and none that was damaged.
    NotALedger(PathBuf),
    /// Nothing is wrong with it.
    Healthy(PathBuf),
    /// There is none.
    Missing(PathBuf),
    /// The disk is full.
    Full(PathBuf),
    /// The file or its folder cannot be read or written.
    Unusable(PathBuf, io::ErrorKind),
}

impl LedgerError {
    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::InUse(_)
            | Self::Fenced(_)
            | Self::OtherOwner(_)
            | Self::TooNew(_)
            | Self::TooOld(_)
            | Self::NotALedger(_)
            | Self::Healthy(_)
            | Self::Missing(_) => Remedy::Configure,
            Self::Damaged(_) | Self::DamagedBeside(..) | Self::Full(_) | Self::Unusable(..) => {
                Remedy::Storage
            }
        }
    }

    pub(in crate::ledger) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as C;
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(C::DiskFull) => Self::Full(path),
            Some(C::ReadOnly | C::PermissionDenied) => Self::Unusable(path, io::ErrorKind::PermissionDenied),
            Some(C::CannotOpen | C::SystemIoFailure) => Self::Unusable(path, io::ErrorKind::Other),
            Some(C::DatabaseBusy | C::DatabaseLocked) => Self::InUse(path),
            _ => Self::Damaged(path),
        }
    }

    /// The same for a file beside the ledger: nothing recovers it.
    pub(in crate::ledger) fn beside(path: &Path, error: &rusqlite::Error, lost: &'static str) -> Self {
        match Self::of(path, error) {
            Self::Damaged(path) => Self::DamagedBeside(path, lost),
            other => other,
        }
    }

    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path.to_owned()),
            kind => Self::Unusable(path.to_owned(), kind),
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => {
                write!(
                    f,
                    "another program has the ledger {} open; end it, or give this one a ledger of its own",
                    path.display()
                )
            }
            Self::Fenced(path) => write!(
                f,
                "another program has taken over the ledger {}; this one has stopped and delivered nothing further",
                path.display()
            ),
            Self::OtherOwner(path) => write!(
                f,
                "the ledger {} is of another tenant or source; give each tenant and source a ledger of its own",
                path.display()
            ),
            Self::TooNew(path) => {
                write!(
                    f,
                    "the ledger {} is of a later version of this program; use that version",
                    path.display()
                )
            }
            Self::TooOld(path) => write!(
                f,
                "the ledger {} was written before this program's first release; begin a new one: what is not settled is \
                 delivered again under the same event ids",
                path.display()
            ),
            Self::Damaged(path) => write!(
                f,
                "the ledger {0} is damaged or no ledger; `message-trace ledger --recover {0}` keeps what can be trusted \
                 and sets the damaged file aside",
                path.display()
            ),
            Self::DamagedBeside(path, lost) => write!(
                f,
                "{} beside the ledger is damaged; move it away and start again: {lost}",
                path.display()
            ),
            Self::NotALedger(path) => write!(
                f,
                "{0} is no ledger; nothing was changed. Check the path; if a ledger was there, move the file away, and \
                 the next poll begins anew",
                path.display()
            ),
            Self::Healthy(path) => write!(
                f,
                "the ledger {0} is whole, there is nothing to recover; `message-trace ledger {0}` shows it. To begin anew \
                 with its settled spans all the same, add --force",
                path.display()
            ),
            Self::Missing(path) => write!(
                f,
                "there is no ledger {}; `message-trace poll --ledger` makes one",
                path.display()
            ),
            Self::Full(path) => {
                write!(
                    f,
                    "the disk of the ledger {} is full; free some space, nothing is lost meanwhile",
                    path.display()
                )
            }
            Self::Unusable(path, kind) => write!(
                f,
                "the ledger {} cannot be used ({kind}); check that its folder exists and that this user may read and \
                 write there",
                path.display()
            ),
        }
    }
}

impl std::error::Error for LedgerError {}
