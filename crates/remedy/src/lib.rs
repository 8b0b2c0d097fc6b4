//! What a person or a service manager has to do about an error, and the exit code that says so.
//!
//! | exit code | remedy | what it means | what to do |
//! |---|---|---|---|
//! | 0 | – | the work is done, or the program was asked to stop | nothing |
//! | 2 | – | the command line cannot be read | `--help` |
//! | 70 | [`Remedy::Report`] | the program or a service broke its own contract | report it, with the log |
//! | 74 | [`Remedy::Storage`] | a disk is full, or a file or folder cannot be read or written | free space, fix the rights |
//! | 75 | [`Remedy::Retry`] | a service or the network fails for now, or the reader of standard output went away | start again later; nothing is lost |
//! | 77 | [`Remedy::Permit`] | an administrator has to grant or provision something | grant it, then start again |
//! | 78 | [`Remedy::Configure`] | the configuration or a credential is wrong | fix what the sentence names |
//!
//! The numbers are those of `sysexits.h`, so that a service manager can be told to restart on 75 alone. The README has the same table, and a test of it.

mod exit;

use std::fmt;
use std::process::ExitCode;

pub use exit::{Code, Failure};

/// What has to be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Try again later: nothing has to be changed.
    Retry,
    /// Change the configuration or a credential.
    Configure,
    /// Have an administrator grant a permission or provision a service.
    Permit,
    /// Free space, or fix the rights of a file or folder.
    Storage,
    /// Report it: somebody broke a contract.
    Report,
}

impl Remedy {
    /// All remedies, in the order of their exit codes.
    pub const ALL: [Self; 5] = [
        Self::Report,
        Self::Storage,
        Self::Retry,
        Self::Permit,
        Self::Configure,
    ];

    /// The exit code, from `sysexits.h`.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Report => 70,
            Self::Storage => 74,
            Self::Retry => 75,
            Self::Permit => 77,
            Self::Configure => 78,
        }
    }

    /// One word for logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Storage => "storage",
            Self::Retry => "retry",
            Self::Permit => "permit",
            Self::Configure => "configure",
        }
    }
}

impl From<Remedy> for ExitCode {
    fn from(remedy: Remedy) -> Self {
        Self::from(remedy.code())
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
