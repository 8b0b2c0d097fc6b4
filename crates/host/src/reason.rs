//! Why a line gave no event. Never text from the line.

use std::fmt;

use message_trace::Rejection;

use super::limits::{MAX_MEMORY_BYTES, MAX_TABLE_ELEMENTS};

/// A line of a batch that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The line in the batch, counted from 1.
    pub line: u32,
    /// Why.
    pub reason: Reason,
}

/// Why a line gave no event: the normalizer refused it, or the component failed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not one JSON object, not UTF-8, or text after the object; the byte offset where reading stopped.
    Syntax(u32),
    /// JSON, but neither a row of a known format nor an envelope.
    UnknownFormat,
    /// A row without its time of receipt; the field as the format spells it.
    MissingField(String),
    /// A time of receipt that is none; the field as the format spells it.
    InvalidField(String),
    /// A date of a CSV report that may be day-first or month-first.
    AmbiguousDate,
    /// An envelope where one row was expected; how many rows it holds.
    Envelope(u32),
    /// Longer than the limit; the limit in bytes.
    TooLong(u32),
    /// Nested deeper than the limit; the limit in levels.
    TooDeep(u32),
    /// The component failed on the line.
    Fault(Fault),
}

/// How a component failed. It was replaced by a fresh instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It worked longer than the deadline; the deadline in milliseconds.
    Deadline(u128),
    /// It wanted more memory than [`MAX_MEMORY_BYTES`].
    Memory,
    /// It wanted a larger table than [`MAX_TABLE_ELEMENTS`].
    Table,
    /// It gave more than the program takes in one call.
    OutputSize,
    /// It trapped; the trap's name.
    Trap(&'static str),
    /// It gave something that is no answer: what was expected of it.
    Output(&'static str),
    /// A fresh instance did not start.
    Start,
}

impl Reason {
    /// The reason's name, as WIT and the rejects file spell it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "syntax",
            Self::UnknownFormat => "unknown-format",
            Self::MissingField(_) => "missing-field",
            Self::InvalidField(_) => "invalid-field",
            Self::AmbiguousDate => "ambiguous-date",
            Self::Envelope(_) => "envelope",
            Self::TooLong(_) => "too-long",
            Self::TooDeep(_) => "too-deep",
            Self::Fault(_) => "component-fault",
        }
    }

    /// What the reason holds: a field's name, a number, or how the component failed.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Syntax(number) | Self::Envelope(number) | Self::TooLong(number) | Self::TooDeep(number) => {
                Some(number.to_string())
            }
            Self::UnknownFormat | Self::AmbiguousDate => None,
            Self::MissingField(field) | Self::InvalidField(field) => Some(field.clone()),
            Self::Fault(fault) => Some(fault.to_string()),
        }
    }
}

/// The library's sentence, so that the program says what every other host says.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rejection = match self {
            Self::Syntax(offset) => Rejection::Syntax(*offset),
            Self::UnknownFormat => Rejection::UnknownFormat,
            Self::MissingField(field) => Rejection::MissingField(known(field)),
            Self::InvalidField(field) => Rejection::InvalidField(known(field)),
            Self::AmbiguousDate => {
                return f.write_str(
                    "the date may be day-first or month-first; --dates dmy or --dates mdy says which",
                );
            }
            Self::Envelope(rows) => Rejection::Envelope(*rows),
            Self::TooLong(limit) => Rejection::TooLong(*limit),
            Self::TooDeep(limit) => Rejection::TooDeep(*limit),
            Self::Fault(fault) => return write!(f, "the component failed: {fault}"),
        };
        rejection.fmt(f)
    }
}

/// The field of that name. Another component may name anything: its words are not repeated.
fn known(field: &str) -> &'static str {
    ["receivedDateTime", "Received"]
        .into_iter()
        .find(|known| *known == field)
        .unwrap_or("the time of receipt")
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(millis) => write!(f, "time limit of {millis} ms"),
            Self::Memory => write!(f, "memory limit of {} MiB", MAX_MEMORY_BYTES / (1024 * 1024)),
            Self::Table => write!(f, "table limit of {MAX_TABLE_ELEMENTS} elements"),
            Self::OutputSize => f.write_str("output limit"),
            Self::Trap(name) => write!(f, "trap: {name}"),
            Self::Output(expected) => write!(f, "broken output: expected {expected}"),
            Self::Start => f.write_str("a fresh instance did not start"),
        }
    }
}

impl From<Rejection> for Reason {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Syntax(offset) => Self::Syntax(offset),
            Rejection::UnknownFormat => Self::UnknownFormat,
            Rejection::MissingField(field) => Self::MissingField(field.to_owned()),
            Rejection::InvalidField(field) => Self::InvalidField(field.to_owned()),
            Rejection::Envelope(rows) => Self::Envelope(rows),
            Rejection::TooLong(limit) => Self::TooLong(limit),
            Rejection::TooDeep(limit) => Self::TooDeep(limit),
        }
    }
}
