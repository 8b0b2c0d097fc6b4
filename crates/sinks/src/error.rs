//! Why a batch cannot be acknowledged.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use message_trace_net::http::TransportError;
use message_trace_remedy::Remedy;

/// Why a batch cannot be acknowledged. Holds no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkError {
    /// The reader of standard output went away. The program ends, quietly, without a commit.
    Closed,
    /// The program was told to stop while it waited to try again.
    Stopped,
    /// The service cannot be reached.
    Unreachable(TransportError),
    /// The service fails for now, and went on failing for as long as the sink tries.
    Unavailable {
        /// Its last status.
        status: u16,
        /// The wait it asked for, if any. The sink itself sits it out before its next request.
        retry_after: Option<Duration>,
    },
    /// The service refuses the request whatever its events: wrong credential, wrong address, a redirect.
    Denied {
        /// Its status.
        status: u16,
    },
    /// The service refused each event of a batch before it accepted any: the sink, not the events, is mis-set.
    RefusesAll {
        /// The status it gave.
        status: u16,
    },
    /// A file or folder cannot be written.
    Storage {
        /// Which.
        path: PathBuf,
        /// What the system said.
        kind: ErrorKind,
    },
    /// Another program writes to the file.
    Locked(PathBuf),
    /// The program broke a rule of its own.
    Internal(&'static str),
}

impl SinkError {
    /// A failure of a file or folder.
    #[must_use]
    pub fn storage(path: &Path, error: &io::Error) -> Self {
        Self::Storage {
            path: path.to_owned(),
            kind: error.kind(),
        }
    }

    /// What has to be done. `None` if nothing is wrong: the program was told to end.
    #[must_use]
    pub const fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Closed | Self::Stopped => None,
            Self::Unreachable(error) => Some(error.remedy()),
            Self::Unavailable { .. } => Some(Remedy::Retry),
            Self::Denied { .. } | Self::RefusesAll { .. } | Self::Locked(_) => Some(Remedy::Configure),
            Self::Storage { .. } => Some(Remedy::Storage),
            Self::Internal(_) => Some(Remedy::Report),
        }
    }

    /// The wait that the service asked for, if any.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the reader of standard output went away"),
            Self::Stopped => f.write_str("stopped while waiting for the sink"),
            Self::Unreachable(error) => write!(f, "the sink cannot be reached: {error}"),
            Self::Unavailable { status, .. } => {
                write!(
                    f,
                    "the sink answers {status} and asks to try later; nothing is lost, start again when it is back"
                )
            }
            Self::Denied { status: 401 | 403 } => {
                f.write_str("the sink refuses the credential; check the sink's secret-headers")
            }
            Self::Denied { status: 300..=399 } => f.write_str(
                "the sink redirects, which is not followed; set the sink's url to its final address",
            ),
            Self::Denied { status } => {
                write!(f, "the sink answers {status}; check the sink's url and format")
            }
            Self::RefusesAll { status } => {
                write!(
                    f,
                    "the sink refuses every event with {status}; check the sink's url, format and the target"
                )
            }
            Self::Storage { path, kind } => {
                let path = path.display();
                match kind {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                        write!(
                            f,
                            "{path}: no space left; free some, then start again, nothing is lost"
                        )
                    }
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                        write!(
                            f,
                            "{path}: cannot be written; give this user the right to write there"
                        )
                    }
                    ErrorKind::NotFound => write!(f, "{path}: its folder does not exist; create it"),
                    kind => write!(f, "{path}: {kind}"),
                }
            }
            Self::Locked(path) => {
                write!(
                    f,
                    "{}: another program writes to it; end that one, or name another file",
                    path.display()
                )
            }
            Self::Internal(what) => write!(f, "internal: {what}; please report it"),
        }
    }
}

impl Error for SinkError {}
