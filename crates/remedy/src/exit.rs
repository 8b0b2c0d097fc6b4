//! How a command ends: its exit code, and the error that led to it.

use std::fmt;
use std::process::ExitCode;

use crate::Remedy;

/// A failure with the exit code that tells a caller what to do about it.
#[derive(Debug)]
pub struct Failure {
    /// The process's exit code.
    pub code: Code,
    /// What went wrong, with the chain of what led to it. Holds nothing from a line and no secret.
    pub error: anyhow::Error,
}

/// What a process ends with when not all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 1, with `--strict`: something was rejected.
    Rejected,
    /// 2: the command line asks for something that cannot be.
    Usage,
    /// 65: there was something to read, and nothing of it is a message trace.
    NotATrace,
    /// 128 and the signal's number: Ctrl-C gives 130, SIGTERM 143.
    Signal(u8),
    /// What has to be done, as its own number.
    Remedy(Remedy),
}

impl Code {
    /// A file or stream could not be read or written.
    pub const IO: Self = Self::Remedy(Remedy::Storage);

    /// The exit code.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Rejected => 1,
            Self::Usage => 2,
            Self::NotATrace => 65,
            Self::Signal(signal) => 128_u8.saturating_add(signal),
            Self::Remedy(remedy) => remedy.code(),
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code.number())
    }
}

impl Failure {
    /// A failure under a code.
    pub fn new(code: Code, error: impl Into<anyhow::Error>) -> Self {
        Self {
            code,
            error: error.into(),
        }
    }

    /// A sentence under a code.
    pub fn say(code: Code, sentence: impl fmt::Display + fmt::Debug + Send + Sync + 'static) -> Self {
        Self {
            code,
            error: anyhow::Error::msg(sentence),
        }
    }
}

impl From<anyhow::Error> for Failure {
    /// What has no code of its own is a fault of the program.
    fn from(error: anyhow::Error) -> Self {
        Self {
            code: Code::Remedy(Remedy::Report),
            error,
        }
    }
}
