//! Reads any line: strictly, from front to back, whatever the order of its keys.

use crate::Rejection;
use crate::json::{Reader, Scalar, StringSpan, Trail, Value, decode_into};
use crate::record::Field;

use super::{Format, Kind, Slot, Slots};

/// What a line is.
#[derive(Debug)]
pub(crate) enum Line {
    /// A row of a format.
    Row(Format, Slots),
    /// An envelope; where the bracket of its array of rows stands, and how many brackets are around it.
    Envelope(usize, u32),
}

/// What reading a line left behind: all that a shape of it is made of.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) trail: Trail,
    /// The members of the line's own object, in order; as many as the trail holds values at most.
    pub(super) members: Vec<Member>,
}

/// A member of the line's own object.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: StringSpan,
    /// The first value of the trail that stands in this member; where it holds none, that of a member behind it.
    pub(super) first: usize,
    /// Whether it is a value that holds no others, and not an object or an array.
    pub(super) is_scalar: bool,
}

/// Reads a line to its end and says what it is. Fills `seen` anew.
///
/// # Errors
///
/// `syntax`, `too-deep` and `unknown-format`.
pub(super) fn read(line: &[u8], seen: &mut Seen) -> Result<Line, Rejection> {
    seen.members.clear();
    let mut reader = Reader::with_trail(line, &mut seen.trail);
    if reader.peek() == Some(b'[') {
        let start = reader.at();
        reader.value()?;
        reader.end()?;
        return Ok(Line::Envelope(start, 0));
    }
    let mut members = Members::default();
    reader.open(b'{')?;
    let mut first = true;
    while reader.more(b'}', first)? {
        first = false;
        let key = reader.key()?;
        let first = reader.seen();
        let value = reader.value()?;
        with_text(line, key, |key| members.add(key, value));
        if seen.members.len() < Trail::MOST {
            seen.members.push(Member {
                key,
                first,
                is_scalar: matches!(value, Value::Scalar(_)),
            });
        } else {
            reader.cut_trail();
        }
    }
    reader.end()?;
    members.line(line).ok_or(Rejection::UnknownFormat)
}

/// The members of an object that tell what it is.
#[derive(Default)]
struct Members {
    /// For each format, where a row of it has its values.
    slots: [Slots; Format::ALL.len()],
    /// For each format, whether the key that tells it is there, whatever its value.
    timed: [bool; Format::ALL.len()],
    value: Option<Value>,
    d: Option<Value>,
}

impl Members {
    fn add(&mut self, key: &[u8], value: Value) {
        for format in Format::ALL {
            if let Some(field) = format.field_of(key) {
                self.slots[format as usize][field as usize] = slot_of(value);
                self.timed[format as usize] |= field == Field::Received;
            }
        }
        match key {
            b"value" => self.value = Some(value),
            b"d" => self.d = Some(value),
            _ => {}
        }
    }

    fn line(&self, line: &[u8]) -> Option<Line> {
        for format in Format::ALL {
            if self.timed[format as usize] {
                return Some(Line::Row(format, self.slots[format as usize]));
            }
        }
        match (self.value, self.d) {
            (Some(Value::Array(start)), _) | (_, Some(Value::Array(start))) => Some(Line::Envelope(start, 1)),
            (_, Some(Value::Object(start))) => results(line, start).map(|start| Line::Envelope(start, 2)),
            _ => None,
        }
    }
}

pub(super) fn slot_of(value: Value) -> Slot {
    match value {
        Value::Scalar(Scalar::String(StringSpan { start, end, escaped })) => {
            Slot::new(if escaped { Kind::Escaped } else { Kind::Plain }, start, end)
        }
        Value::Scalar(Scalar::Number(start, end)) => Slot::new(Kind::Number, start, end),
        Value::Scalar(Scalar::Null) => Slot::default(),
        Value::Scalar(Scalar::Bool) | Value::Array(_) | Value::Object(_) => Slot::new(Kind::Other, 0, 0),
    }
}

/// Calls `use_text` with a string's text, decoded where it has to be.
pub(super) fn with_text<T>(line: &[u8], span: StringSpan, use_text: impl FnOnce(&[u8]) -> T) -> T {
    let raw = &line[span.start..span.end];
    if span.escaped {
        let mut decoded = Vec::new();
        decode_into(raw, &mut decoded);
        use_text(&decoded)
    } else {
        use_text(raw)
    }
}

/// Where the array under `results` stands in the object at `start`, which was read before.
fn results(line: &[u8], start: usize) -> Option<usize> {
    let mut reader = Reader::resume(line, start, 1);
    reader.open(b'{').ok()?;
    let mut found = None;
    let mut first = true;
    while reader.more(b'}', first).ok()? {
        first = false;
        let key = reader.key().ok()?;
        let value = reader.value().ok()?;
        if with_text(line, key, |key| key == b"results") {
            found = match value {
                Value::Array(start) => Some(start),
                _ => None,
            };
        }
    }
    found
}
