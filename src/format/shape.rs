//! Shapes: what the lines of one writer have in common.
//!
//! A writer gives the same keys in the same order with the same white space on every line; only the values differ. A
//! shape holds the text between the values, raw and as it looks escaped inside a JSON string. A line of a known shape
//! is read in one pass: the text between is compared and its escaped form copied, and each value is copied while its
//! end is looked for. No key is looked up, and nothing is escaped but what a value has escaped itself.
//!
//! A shape only ever saves work: a line that fits none is read by [`super::line`], with the same result.

use crate::Rejection;
use crate::json::{Reader, Scalar, Value, escape_len};
use crate::lanes::{INTERPRETED, Literal, Out, is_plain};
use crate::record::Field;

use super::interpreted::InterpretedShape;
use super::line::{Line, Seen, read, slot_of, with_text};
use super::{Format, Kind, Slot, Slots};

/// How many shapes are remembered. A stream has one or two.
const MAX_SHAPES: usize = 8;
/// How many lines that fit none come before one of them takes a remembered shape's place. To learn costs more than to
/// read: where there are more shapes than places, most lines of the shapes that have one still fit, and a new writer's
/// lines are learned soon.
const MISSES_A_SHAPE: u32 = 16;
/// The longest text between two values that a shape holds, in bytes.
const MAX_LITERAL: usize = 256;

/// The shapes of the lines seen before. Holds keys, punctuation and white space, never a value.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    known: Vec<Shape>,
    /// Which shape is forgotten next, once there are too many.
    oldest: usize,
    /// How many rows fitted none since the last one that was to take a shape's place.
    misses: u32,
    /// What reading the last line left behind; room that is used again.
    seen: Seen,
}

/// A line that fitted a shape.
#[derive(Debug)]
pub(crate) struct Matched {
    pub(crate) format: Format,
    /// Where the line ends.
    pub(crate) end: usize,
}

#[derive(Debug, PartialEq)]
pub(super) struct Shape {
    format: Format,
    values: Vec<Step>,
    /// What follows the last value.
    last: Literal,
    last_escaped: Literal,
    /// The same for an interpreter.
    interpreted: Option<InterpretedShape>,
    /// Whether a line feed stands between values.
    line_feed: bool,
}

/// The text before a value, and what the value is.
#[derive(Debug, PartialEq)]
struct Step {
    raw: Literal,
    escaped: Literal,
    field: Option<Field>,
}

impl Shapes {
    /// Reads the line that `bytes` starts with if it fits a shape, and appends it, escaped for a JSON string, to `out`;
    /// `slots`, which are empty, say where its values are. The line ends where the shape ends: `ends` says whether that
    /// is right, told the place and whether the line holds a line feed, as only a line that did not come out of a batch
    /// may. Where `None`, `out` and `slots` are as they were.
    #[inline]
    pub(crate) fn read_known(
        &self,
        bytes: &[u8],
        out: &mut Out,
        slots: &mut Slots,
        ends: impl Fn(usize, bool) -> bool,
    ) -> Option<Matched> {
        let before = out.len();
        for shape in &self.known {
            let end = shape.read(bytes, out, slots);
            if let Some(end) = end.filter(|&end| ends(end, shape.line_feed)) {
                return Some(Matched {
                    format: shape.format,
                    end,
                });
            }
            *slots = Slots::default();
            out.truncate(before);
        }
        None
    }

    /// Reads a line that fits no shape, key by key, and remembers the shape of a row.
    ///
    /// # Errors
    ///
    /// `syntax`, `too-deep` and `unknown-format`.
    pub(crate) fn read_any(&mut self, line: &[u8]) -> Result<Line, Rejection> {
        let found = self.read_without_learning(line)?;
        if let Line::Row(format, _) = found {
            self.learn(line, format);
        }
        Ok(found)
    }

    /// The same, and remembers nothing.
    ///
    /// # Errors
    ///
    /// `syntax`, `too-deep` and `unknown-format`.
    pub(crate) fn read_without_learning(&mut self, line: &[u8]) -> Result<Line, Rejection> {
        read(line, &mut self.seen)
    }

    /// Remembers the shape of the row that was read last, if it can be one.
    fn learn(&mut self, row: &[u8], format: Format) {
        let is_full = self.known.len() == MAX_SHAPES;
        if is_full && self.misses < MISSES_A_SHAPE {
            self.misses += 1;
            return;
        }
        self.misses = 0;
        let Some(shape) = Shape::of(row, format, &self.seen).filter(|shape| !self.known.contains(shape))
        else {
            return;
        };
        if is_full {
            self.known[self.oldest] = shape;
            self.oldest = (self.oldest + 1) % MAX_SHAPES;
        } else {
            self.known.push(shape);
        }
    }
}

impl Shape {
    /// Reads the line that `bytes` starts with if it fits the shape: where it ends. Where `None`, `out` and `slots` may
    /// hold what was read until then.
    #[inline]
    pub(super) fn read(&self, bytes: &[u8], out: &mut Out, slots: &mut Slots) -> Option<usize> {
        if let Some(interpreted) = self.interpreted.as_ref().filter(|_| INTERPRETED) {
            return interpreted.read(bytes, out, slots);
        }
        self.read_in_blocks(bytes, out, slots)
    }

    #[inline]
    pub(super) fn read_in_blocks(&self, bytes: &[u8], out: &mut Out, slots: &mut Slots) -> Option<usize> {
        let mut at = 0;
        for step in &self.values {
            if !step.raw.stands_in(bytes, at) {
                return None;
            }
            at += step.raw.len();
            out.put_literal(&step.escaped);
            let slot = if *bytes.get(at)? == b'"' {
                out.put_array(b"\\\"");
                let slot = read_string(bytes, at + 1, out)?;
                out.put_array(b"\\\"");
                at = slot.end as usize + 1;
                slot
            } else {
                let slot = read_scalar(bytes, at)?;
                let end = slot.end as usize;
                out.put(&bytes[at..end]);
                at = end;
                slot
            };
            if let Some(field) = step.field {
                slots[field as usize] = slot;
            }
        }
        if !self.last.stands_in(bytes, at) {
            return None;
        }
        out.put_literal(&self.last_escaped);
        Some(at + self.last.len())
    }

    /// The shape of a row that was read before and left `seen`; `None` if it holds too much, or a field that is no single
    /// value.
    pub(super) fn of(row: &[u8], format: Format, seen: &Seen) -> Option<Self> {
        if seen.trail.is_cut {
            return None;
        }
        let mut values: Vec<Step> = Vec::with_capacity(seen.trail.values.len());
        let mut before = 0;
        for value in &seen.trail.values {
            let between = row.get(before..value.start)?;
            if between.len() > MAX_LITERAL {
                return None;
            }
            values.push(Step {
                raw: Literal::new(between),
                escaped: Literal::new(&escaped(between)),
                field: None,
            });
            before = value.end;
        }
        for member in &seen.members {
            let field = with_text(row, member.key, |key| format.field_of(key));
            if field.is_some() {
                values.get_mut(member.first).filter(|_| member.is_scalar)?.field = field;
            }
        }
        let rest = row.get(before..)?;
        if rest.len() > MAX_LITERAL {
            return None;
        }
        let mut shape = Self {
            format,
            last: Literal::new(rest),
            last_escaped: Literal::new(&escaped(rest)),
            interpreted: None,
            line_feed: row.contains(&b'\n'),
            values,
        };
        if INTERPRETED {
            shape.interpreted = shape.interpreted();
        }
        Some(shape)
    }

    /// The shape for an interpreter.
    pub(super) fn interpreted(&self) -> Option<InterpretedShape> {
        let values = self
            .values
            .iter()
            .map(|step| (&step.raw, &step.escaped, step.field));
        InterpretedShape::new(values, (&self.last, &self.last_escaped))
    }
}

/// Reads the rest of a string from `start` on, which is behind its quote, and appends it, escaped once more.
#[inline]
fn read_string(bytes: &[u8], start: usize, out: &mut Out) -> Option<Slot> {
    let (mut at, mut non_ascii) = out.put_plain(bytes, start);
    let mut kind = Kind::Plain;
    loop {
        match *bytes.get(at)? {
            b'"' => break,
            b'\\' => {
                let len = escape_len(bytes.get(at..)?)?;
                match bytes[at + 1] {
                    b'"' => out.put_array(br#"\\\""#),
                    b'\\' => out.put_array(br"\\\\"),
                    escape => {
                        if matches!(escape, b'/' | b'u') {
                            kind = Kind::Escaped;
                        }
                        out.put_byte(b'\\');
                        out.put(&bytes[at..at + len]);
                    }
                }
                if kind == Kind::Plain {
                    kind = Kind::PlainlyEscaped;
                }
                at += len;
            }
            byte if is_plain(byte) => {
                // Few bytes are left.
                out.put_byte(byte);
                non_ascii |= !byte.is_ascii();
                at += 1;
                continue;
            }
            _ => return None,
        }
        let (stop, more) = out.put_plain(bytes, at);
        at = stop;
        non_ascii |= more;
    }
    if non_ascii && core::str::from_utf8(&bytes[start..at]).is_err() {
        return None;
    }
    Some(Slot::new(kind, start, at))
}

/// Reads a number, `true`, `false` or `null`.
#[inline]
pub(super) fn read_scalar(bytes: &[u8], at: usize) -> Option<Slot> {
    let first = *bytes.get(at)?;
    // A size: digits without a leading zero. All else is left to the reader.
    let digits = bytes[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits > 0
        && (digits == 1 || first != b'0')
        && !matches!(bytes.get(at + digits), Some(b'.' | b'e' | b'E'))
    {
        return Some(Slot::new(Kind::Number, at, at + digits));
    }
    // White space before a value belongs to the text between values, so there is none here.
    if first <= b' ' {
        return None;
    }
    let mut reader = Reader::resume(bytes, at, 0);
    Some(match reader.scalar().ok()? {
        Scalar::Null => Slot::new(Kind::Absent, at, reader.at()),
        Scalar::Bool => Slot::new(Kind::Other, at, reader.at()),
        scalar => slot_of(Value::Scalar(scalar)),
    })
}

fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Out::default();
    out.put_escaped(text);
    out.into_inner()
}
