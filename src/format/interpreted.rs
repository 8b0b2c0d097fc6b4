//! A line of a known shape, read in few instructions: for interpreters, which pay for each of them.
//!
//! The same as [`super::shape`] does in blocks. What is done for a value is in one loop that is as short as can be.

use crate::json::escape_len;
use crate::lanes::{LOOK, Literal, Mark, Out, Pen, WINDOW, digits, plain_end, plain_start, window};
use crate::record::Field;

use super::shape::read_scalar;
use super::{Kind, Slot, Slots};

/// A shape, as far as an interpreter's reader needs it.
#[derive(Debug, PartialEq)]
pub(super) struct InterpretedShape {
    steps: Vec<Step>,
    last: Between,
    /// The length of all text between values, escaped, and of two quotes for each value.
    room: usize,
}

/// The text before a value, and the field that the value is for.
#[derive(Debug, PartialEq)]
struct Step {
    before: Between,
    field: Option<Field>,
}

/// Text between values.
#[derive(Debug, PartialEq)]
struct Between {
    raw: Mark,
    escaped: Box<[u8]>,
}

impl InterpretedShape {
    /// Makes a shape of the text before each value, raw and escaped, and of that behind the last; `None` where a text
    /// is too long.
    pub(super) fn new<'a>(
        values: impl Iterator<Item = (&'a Literal, &'a Literal, Option<Field>)>,
        last: (&Literal, &Literal),
    ) -> Option<Self> {
        let mut room = last.1.len();
        let steps = values
            .map(|(raw, escaped, field)| {
                room += escaped.len() + 4;
                let before = Between::new(raw, escaped)?;
                Some(Step { before, field })
            })
            .collect::<Option<_>>()?;
        Some(Self {
            steps,
            last: Between::new(last.0, last.1)?,
            room,
        })
    }

    /// Reads the line that `bytes` starts with if it fits the shape, and appends it, escaped for a JSON string. Returns
    /// where it ends. Where `None`, `out` is as it was, but `slots` may hold what was read until then.
    pub(super) fn read(&self, bytes: &[u8], out: &mut Out, slots: &mut Slots) -> Option<usize> {
        // A text doubles at most where it is escaped once more.
        let mut pen = out.pen(2 * bytes.len() + self.room);
        let mut at = 0;
        for Step { before, field } in &self.steps {
            let ahead: &[u8; WINDOW] = window(bytes, at)?;
            if !before.raw.stands_in(ahead) {
                return None;
            }
            pen.put(&before.escaped)?;
            let first = before.raw.len();
            at += usize::from(first);
            let slot;
            if ahead[usize::from(first)] == b'"' {
                at += 1;
                let end = match plain_start(ahead, usize::from(first) + 1) {
                    Some(len) => at + len,
                    None => long_end(bytes, at + LOOK)?,
                };
                if *bytes.get(end)? == b'"' {
                    slot = Slot::new(Kind::Plain, at, end);
                    pen.put_in_quotes(bytes.get(at..end)?)?;
                    at = end + 1;
                } else {
                    (slot, pen) = string(bytes, at, pen)?;
                    at = slot.end as usize + 1;
                }
            } else {
                slot = match digits(ahead, usize::from(first)) {
                    Some(len) => Slot::new(Kind::Number, at, at + len),
                    None if ahead[usize::from(first)..].starts_with(b"null") => {
                        Slot::new(Kind::Absent, at, at + 4)
                    }
                    None => read_scalar(bytes, at)?,
                };
                let end = slot.end as usize;
                pen.put(bytes.get(at..end)?)?;
                at = end;
            }
            if let Some(field) = *field {
                slots[field as usize] = slot;
            }
        }
        if !self.last.raw.stands_in(window(bytes, at)?) {
            return None;
        }
        pen.put(&self.last.escaped)?;
        pen.put_down();
        Some(at + usize::from(self.last.raw.len()))
    }
}

impl Between {
    fn new(raw: &Literal, escaped: &Literal) -> Option<Self> {
        Some(Self {
            raw: Mark::new(raw.as_slice())?,
            escaped: escaped.as_slice().into(),
        })
    }
}

/// Where the first byte from `at` on stands that is not plain or not ASCII.
#[inline]
fn long_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    loop {
        let ahead: &[u8; WINDOW] = window(bytes, at)?;
        if let Some(len) = plain_start(ahead, 0) {
            return Some(at + len);
        }
        at += LOOK;
    }
}

/// Reads the rest of a string from `start` on, which has escapes or is not ASCII, and appends it, escaped once more
/// and in quotes.
#[inline(never)]
fn string<'a>(bytes: &[u8], start: usize, mut pen: Pen<'a>) -> Option<(Slot, Pen<'a>)> {
    let mut at = start;
    let mut kind = Kind::Plain;
    let mut non_ascii = false;
    pen.put(b"\\\"")?;
    loop {
        let (end, more) = plain_end(bytes, at);
        pen.put(bytes.get(at..end)?)?;
        non_ascii |= more;
        at = end;
        match *bytes.get(at)? {
            b'"' => break,
            b'\\' => {
                let len = escape_len(bytes.get(at..)?)?;
                if kind == Kind::Plain {
                    kind = Kind::PlainlyEscaped;
                }
                match bytes.get(at + 1)? {
                    b'"' => pen.put(br#"\\\""#)?,
                    b'\\' => pen.put(br"\\\\")?,
                    escape => {
                        if matches!(escape, b'/' | b'u') {
                            kind = Kind::Escaped;
                        }
                        pen.put(b"\\")?;
                        pen.put(bytes.get(at..at + len)?)?;
                    }
                }
                at += len;
            }
            _ => return None,
        }
    }
    if non_ascii && core::str::from_utf8(&bytes[start..at]).is_err() {
        return None;
    }
    pen.put(b"\\\"")?;
    Some((Slot::new(kind, start, at), pen))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::{Out, Slots, WINDOW};
    use crate::format::line::{Line, Seen, read};
    use crate::format::shape::Shape;

    /// A value as it may stand in a line, and some that may not.
    fn value() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            8 => "[a-zA-Z0-9@<>.:/ -]{0,90}",
            1 => Just(r#"\""#.to_owned()),
            1 => Just(r"\\".to_owned()),
            1 => Just(r"\u00e4\n".to_owned()),
            1 => Just("\u{e4}\u{20ac}\u{1f389}".to_owned()),
            1 => Just(r"\x".to_owned()),
            1 => Just("\u{1}".to_owned()),
            1 => Just("\"".to_owned()),
        ];
        let text = proptest::collection::vec(piece, 0..4);
        prop_oneof![
            8 => text.prop_map(|pieces| format!("\"{}\"", pieces.concat())),
            2 => "[0-9]{1,12}",
            1 => "-?[0-9]{1,3}[.e][0-9]{1,3}",
            1 => Just("null".to_owned()),
            1 => Just("true".to_owned()),
            1 => Just("nul".to_owned()),
        ]
    }

    fn line(values: &[String]) -> Vec<u8> {
        let [id, time, subject, size, long, nested, last] = values else {
            return Vec::new();
        };
        format!(
            "{{\"id\":{id}, \"receivedDateTime\":{time},\"subject\":{subject},\"size\":{size},\
             \"a key that is longer than two machine words\":{long},\"__metadata\":{{\"uri\":{nested}}},\"z\":{last}}}"
        )
        .into_bytes()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 1024 }, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_read_is_what_blocks_read(
            values in proptest::collection::vec(value(), 7),
            cut in proptest::option::weighted(0.1, any::<usize>()),
        ) {
            let learned = ["\"1\"", "\"2\"", "\"3\"", "4", "\"5\"", "\"6\"", "null"].map(str::to_owned);
            let (learned, mut seen) = (line(&learned), Seen::default());
            let Line::Row(format, _) = read(&learned, &mut seen).unwrap() else { unreachable!("a row") };
            let shape = Shape::of(&learned, format, &seen).unwrap();
            let mut bytes = line(&values);
            if let Some(cut) = cut {
                bytes.truncate(cut % bytes.len());
            }
            bytes.resize(bytes.len() + WINDOW, 0);
            let (mut blocks, mut blocks_slots) = (Out::new(b"before".to_vec()), Slots::default());
            let expected = shape.read_in_blocks(&bytes, &mut blocks, &mut blocks_slots);
            let (mut words, mut words_slots) = (Out::new(b"before".to_vec()), Slots::default());
            let end = shape.interpreted().unwrap().read(&bytes, &mut words, &mut words_slots);
            prop_assert_eq!(end, expected);
            if end.is_some() {
                prop_assert_eq!(words.as_slice(), blocks.as_slice());
                prop_assert_eq!(words_slots, blocks_slots);
            } else {
                // What the other one leaves here is its caller's to take back.
                prop_assert_eq!(words.as_slice(), b"before");
            }
        }
    }
}
