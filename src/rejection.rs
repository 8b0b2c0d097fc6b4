//! Why a line was refused. Never text from the line.

use core::fmt;

use crate::format::Format;

/// Why a line gives no event. Holds a name, a count or an offset, never text from the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// Not one JSON object, not UTF-8, or text after the object; the byte offset where reading stopped.
    Syntax(u32),
    /// JSON, but neither a row of a known format nor an envelope.
    UnknownFormat,
    /// A row without its time of receipt; the field as the format spells it.
    MissingField(&'static str),
    /// A time of receipt that is none; the field as the format spells it.
    InvalidField(&'static str),
    /// An envelope where one row was expected; how many rows it holds.
    Envelope(u32),
    /// Longer than the limit; the limit in bytes.
    TooLong(u32),
    /// Nested deeper than the limit; the limit in levels.
    TooDeep(u32),
}

impl Rejection {
    /// The reason's name, as WIT, the rejects file and the fixtures spell it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "syntax",
            Self::UnknownFormat => "unknown-format",
            Self::MissingField(_) => "missing-field",
            Self::InvalidField(_) => "invalid-field",
            Self::Envelope(_) => "envelope",
            Self::TooLong(_) => "too-long",
            Self::TooDeep(_) => "too-deep",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(offset) => write!(
                f,
                "expected one JSON object, but reading stopped at byte {offset}"
            ),
            Self::UnknownFormat => {
                f.write_str("expected a message-trace row, but found ")?;
                for (index, format) in Format::ALL.into_iter().enumerate() {
                    f.write_str(if index == 0 { "neither " } else { " nor " })?;
                    f.write_str(format.time_key())?;
                }
                Ok(())
            }
            Self::MissingField(field) => write!(f, "{field} is missing"),
            Self::InvalidField(field) => write!(f, "{field}: expected a time"),
            Self::Envelope(rows) => write!(f, "expected one row, but found an envelope of {rows}"),
            Self::TooLong(limit) => write!(f, "longer than {limit} bytes"),
            Self::TooDeep(limit) => write!(f, "nested deeper than {limit} levels"),
        }
    }
}

impl core::error::Error for Rejection {}

/// A line of a batch that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Rejected {
    /// The line in the batch, counted from 1. All rows of an envelope have the number of its line.
    pub line: u32,
    /// Why.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub reason: Rejection,
}

/// `{"reason": …, "detail": …, "message": …}`; the detail is a name, a count or an offset, and none for
/// `unknown-format`. The message is the sentence for people, as [`Display`](fmt::Display) gives it.
#[cfg(feature = "serde")]
impl serde::Serialize for Rejection {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("reason", self.name())?;
        match self {
            Self::UnknownFormat => {}
            Self::MissingField(detail) | Self::InvalidField(detail) => {
                map.serialize_entry("detail", detail)?;
            }
            Self::Syntax(detail) | Self::Envelope(detail) | Self::TooLong(detail) | Self::TooDeep(detail) => {
                map.serialize_entry("detail", detail)?;
            }
        }
        map.serialize_entry("message", &format_args!("{self}"))?;
        map.end()
    }
}
