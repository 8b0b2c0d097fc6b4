//! Shapes: what the lines of one writer have in common.
//!
//! A writer gives the same keys in the same order with the same white space on every line; only the values differ. A
//! shape holds the text between the values, raw and as it looks escaped inside a JSON string. A line of a known shape
//! is read in one pass: the text between is compared and its escaped form copied, and each value is copied while its
//! end is looked for. No key is looked up, and nothing is escaped but what a value has escaped itself.
//!
//! A shape only ever saves work: a line that fits none is read by [`super::read`], with the same result.

use crate::json::{Reader, Scalar, Value, escape_len};
use crate::lanes::{INTERPRETED, Literal, Out, is_plain};
use crate::record::Field;

use super::few::Few;
use super::line::{field_of, slot_of, with_text};
use super::{Format, Kind, Line, Slot, Slots, read};

/// How many shapes are remembered. A stream has one or two.
const MAX_SHAPES: usize = 8;
/// The longest text between two values that a shape holds, in bytes.
const MAX_LITERAL: usize = 256;
/// The deepest nesting that a shape holds: a walk goes down by calls, and some hosts give 8 KiB of stack.
const MAX_NESTING: u32 = 4;
/// The most values of a line that a shape holds.
const MAX_VALUES: usize = 64;

/// The shapes of the lines seen before. Holds keys, punctuation and white space, never a value.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    shapes: Vec<Shape>,
    /// Which shape is forgotten next, once there are too many.
    oldest: usize,
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
    few: Option<Few>,
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
    /// Reads the line that starts at `start` of `bytes` if it fits a shape, and appends it, escaped for a JSON string,
    /// to `out`; `slots`, which are empty, say where its values are. The line ends where the shape ends: `ends` says
    /// whether that is right, told the place and whether the line holds a line feed, as only a line that did not come
    /// out of a batch may. Where `None`, `out` and `slots` are as they were.
    #[inline]
    pub(crate) fn read(
        &self,
        bytes: &[u8],
        start: usize,
        out: &mut Out,
        slots: &mut Slots,
        ends: impl Fn(usize, bool) -> bool,
    ) -> Option<Matched> {
        let before = out.len();
        for shape in &self.shapes {
            let end = shape.read(bytes, start, out, slots);
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

    /// Remembers the shape of a row that was read before, if it can be one.
    pub(crate) fn learn(&mut self, row: &[u8]) {
        let Some(shape) = Shape::of(row) else {
            return;
        };
        if self.shapes.contains(&shape) {
            return;
        }
        if self.shapes.len() < MAX_SHAPES {
            self.shapes.push(shape);
        } else {
            self.shapes[self.oldest] = shape;
            self.oldest = (self.oldest + 1) % MAX_SHAPES;
        }
    }
}

impl Shape {
    #[inline]
    pub(super) fn read(&self, bytes: &[u8], start: usize, out: &mut Out, slots: &mut Slots) -> Option<usize> {
        if let Some(few) = self.few.as_ref().filter(|_| INTERPRETED) {
            return few.read(bytes, start, out, slots);
        }
        let mut at = start;
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

    /// The shape of a row; `None` if it holds too much, or a field that is no single value.
    pub(super) fn of(row: &[u8]) -> Option<Self> {
        let Ok(Line::Row(format, _)) = read(row) else {
            return None;
        };
        let mut walk = Walk {
            row,
            reader: Reader::new(row),
            format,
            before: 0,
            values: Vec::new(),
        };
        walk.container(0)?;
        let rest = row.get(walk.before..)?;
        if rest.len() > MAX_LITERAL {
            return None;
        }
        let mut shape = Self {
            format,
            last: Literal::new(rest),
            last_escaped: Literal::new(&escaped(rest)),
            few: None,
            line_feed: row.contains(&b'\n'),
            values: walk.values,
        };
        if INTERPRETED {
            shape.few = shape.few();
        }
        Some(shape)
    }

    /// The shape for an interpreter.
    pub(super) fn few(&self) -> Option<Few> {
        let values = self
            .values
            .iter()
            .map(|step| (&step.raw, &step.escaped, step.field));
        Few::new(values, (&self.last, &self.last_escaped))
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

/// A walk over a row that was read before, from value to value.
struct Walk<'a> {
    row: &'a [u8],
    reader: Reader<'a>,
    format: Format,
    /// Where the value before ended.
    before: usize,
    values: Vec<Step>,
}

impl Walk<'_> {
    /// Takes the object or array that comes next, `depth` brackets deep.
    fn container(&mut self, depth: u32) -> Option<()> {
        if depth > MAX_NESTING {
            return None;
        }
        let open = self.reader.peek()?;
        let close = if open == b'{' { b'}' } else { b']' };
        self.reader.open(open).ok()?;
        let mut first = true;
        while self.reader.more(close, first).ok()? {
            first = false;
            let field = if open == b'{' {
                let key = self.reader.key().ok()?;
                with_text(self.row, key, |key| field_of(self.format, key)).filter(|_| depth == 0)
            } else {
                None
            };
            match self.reader.peek()? {
                b'{' | b'[' if field.is_some() => return None,
                b'{' | b'[' => self.container(depth + 1)?,
                _ => self.value(field)?,
            }
        }
        Some(())
    }

    fn value(&mut self, field: Option<Field>) -> Option<()> {
        let start = self.reader.at();
        let before = self.row.get(self.before..start)?;
        if before.len() > MAX_LITERAL || self.values.len() == MAX_VALUES {
            return None;
        }
        self.reader.scalar().ok()?;
        self.before = self.reader.at();
        self.values.push(Step {
            raw: Literal::new(before),
            escaped: Literal::new(&escaped(before)),
            field,
        });
        Some(())
    }
}
