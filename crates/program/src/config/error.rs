//! What is wrong with a setup: where, which key, and the fix.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use message_trace_remedy::Remedy;

/// Where a setting was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A flag of the command line.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// The file, at a line from 1.
    File(PathBuf, usize),
    /// Nowhere: the setting is missing.
    Missing,
}

impl Place {
    /// How far away the layer is: the nearer counts.
    pub(super) const fn distance(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Variable(_) => 1,
            Self::File(..) => 2,
            Self::Missing => 3,
        }
    }
}

/// An error of the setup. Never repeats a value: it may be a secret in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    place: Place,
    key: String,
    what: String,
    remedy: Remedy,
}

impl ConfigError {
    pub(super) fn new(place: Place, key: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place,
            key: key.into(),
            what: what.into(),
            remedy: Remedy::Configure,
        }
    }

    /// A file or folder cannot be read or made: nothing is wrong with what is set.
    pub(super) fn storage(key: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            remedy: Remedy::Storage,
            ..Self::new(Place::Missing, key, what)
        }
    }

    /// Where.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// The key, empty if the file as a whole is meant.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// [`Remedy::Configure`], or [`Remedy::Storage`] where a file or folder cannot be read or made.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        self.remedy
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            key,
            what,
            remedy: _,
        } = self;
        match place {
            Place::Flag(flag) => write!(f, "{flag}: {what}"),
            Place::Variable(name) => write!(f, "{name}: {what}"),
            Place::File(path, line) if key.is_empty() => write!(f, "{}:{line}: {what}", path.display()),
            Place::File(path, line) => write!(f, "{}:{line}: {key}: {what}", path.display()),
            Place::Missing => write!(f, "{key}: {what}"),
        }
    }
}

impl Error for ConfigError {}
