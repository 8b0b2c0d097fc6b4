//! JSON as a tree that keeps the order of keys, the text of numbers and the span of every value.

use core::fmt::Write as _;
use core::ops::Range;

/// The deepest nesting that is read, in levels of brackets.
pub const MAX_DEPTH: usize = 64;

/// A JSON value. Objects keep every member in the order of the text, a key that appears twice included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as it was written: any length, any exponent.
    Number(String),
    /// A text. A lone surrogate escape reads as U+FFFD.
    Text(String),
    /// An array; each element with its bytes in the text.
    Array(Vec<(Range<usize>, Json)>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The grammar is broken at this byte.
    Syntax(usize),
    /// The first bracket beyond [`MAX_DEPTH`], at this byte.
    TooDeep(usize),
}

impl Json {
    /// Reads one value with nothing but white space around it.
    ///
    /// # Errors
    ///
    /// The first [`Fault`] in reading order. Bytes that are no UTF-8 are a fault of the grammar.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let (text, whole) = match core::str::from_utf8(bytes) {
            Ok(text) => (text, true),
            Err(fault) => {
                let valid = bytes.get(..fault.valid_up_to()).unwrap_or_default();
                (core::str::from_utf8(valid).unwrap_or_default(), false)
            }
        };
        let mut reader = Reader {
            text,
            at: 0,
            depth: 0,
        };
        reader.pass_white_space();
        let value = reader.value()?;
        reader.pass_white_space();
        if whole && reader.at == text.len() {
            Ok(value)
        } else {
            Err(Fault::Syntax(reader.at))
        }
    }

    /// The member of that key; of several the last.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The value as one line of text.
    #[must_use]
    pub fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None);
        out
    }

    /// The value over many lines, indented by four spaces a level, as the fixtures are kept.
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Some(0));
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, indent: Option<usize>) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => write_text(text, out),
            Self::Array(elements) => {
                write_members(out, indent, ['[', ']'], elements.len(), |index, inner, out| {
                    elements[index].1.write(out, inner);
                });
            }
            Self::Object(members) => {
                write_members(out, indent, ['{', '}'], members.len(), |index, inner, out| {
                    write_text(&members[index].0, out);
                    out.push_str(if inner.is_some() { ": " } else { ":" });
                    members[index].1.write(out, inner);
                });
            }
        }
    }
}

/// An array without spans, for values that were made and not read.
impl FromIterator<Json> for Json {
    fn from_iter<T: IntoIterator<Item = Self>>(elements: T) -> Self {
        Self::Array(elements.into_iter().map(|element| (0..0, element)).collect())
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<u64> for Json {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

fn write_members(
    out: &mut String,
    indent: Option<usize>,
    brackets: [char; 2],
    count: usize,
    mut member: impl FnMut(usize, Option<usize>, &mut String),
) {
    out.push(brackets[0]);
    let inner = indent.map(|indent| indent + 4);
    for index in 0..count {
        if index > 0 {
            out.push(',');
        }
        new_line(out, inner);
        member(index, inner, out);
    }
    if count > 0 {
        new_line(out, indent);
    }
    out.push(brackets[1]);
}

fn new_line(out: &mut String, indent: Option<usize>) {
    if let Some(indent) = indent {
        out.push('\n');
        out.extend(core::iter::repeat_n(' ', indent));
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Reads RFC 8259, one character after the other.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> Result<(), Fault> {
        if self.peek() == Some(expected) {
            self.at += 1;
            Ok(())
        } else {
            Err(Fault::Syntax(self.at))
        }
    }

    fn pass_white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Json, Fault> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => self.string().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(Fault::Syntax(self.at)),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Fault> {
        for expected in word.bytes() {
            self.take(expected)?;
        }
        Ok(value)
    }

    fn open(&mut self, bracket: u8) -> Result<(), Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Fault::TooDeep(self.at));
        }
        self.depth += 1;
        self.take(bracket)?;
        self.pass_white_space();
        Ok(())
    }

    fn close(&mut self, bracket: u8) -> Result<(), Fault> {
        self.take(bracket)?;
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self) -> Result<Json, Fault> {
        self.open(b'[')?;
        let mut elements = Vec::new();
        while self.peek() != Some(b']') || !elements.is_empty() {
            let start = self.at;
            let value = self.value()?;
            elements.push((start..self.at, value));
            self.pass_white_space();
            if self.peek() == Some(b']') {
                break;
            }
            self.take(b',')?;
            self.pass_white_space();
        }
        self.close(b']')?;
        Ok(Json::Array(elements))
    }

    fn object(&mut self) -> Result<Json, Fault> {
        self.open(b'{')?;
        let mut members = Vec::new();
        while self.peek() != Some(b'}') || !members.is_empty() {
            let key = self.string()?;
            self.pass_white_space();
            self.take(b':')?;
            self.pass_white_space();
            let value = self.value()?;
            members.push((key, value));
            self.pass_white_space();
            if self.peek() == Some(b'}') {
                break;
            }
            self.take(b',')?;
            self.pass_white_space();
        }
        self.close(b'}')?;
        Ok(Json::Object(members))
    }

    fn number(&mut self) -> Result<Json, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Json::Number(self.text[start..self.at].to_owned()))
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(Fault::Syntax(self.at));
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    /// Collects UTF-16 units, as escapes are written in them, and lets the standard library pair the surrogates.
    fn string(&mut self) -> Result<String, Fault> {
        self.take(b'"')?;
        let mut units: Vec<u16> = Vec::new();
        loop {
            let Some(letter) = self.text[self.at..].chars().next() else {
                return Err(Fault::Syntax(self.at));
            };
            match letter {
                '"' => {
                    self.at += 1;
                    return Ok(String::from_utf16_lossy(&units));
                }
                '\\' => {
                    self.at += 1;
                    units.push(self.escape()?);
                }
                '\0'..='\x1f' => return Err(Fault::Syntax(self.at)),
                _ => {
                    units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
                    self.at += letter.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<u16, Fault> {
        let unit = match self.peek() {
            Some(b'"') => 0x22,
            Some(b'\\') => 0x5c,
            Some(b'/') => 0x2f,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => 0x0a,
            Some(b'r') => 0x0d,
            Some(b't') => 0x09,
            Some(b'u') => {
                let hex = self.text.as_bytes().get(self.at + 1..self.at + 5);
                let hex = hex.filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
                let hex = hex.and_then(|hex| core::str::from_utf8(hex).ok());
                let unit = hex.and_then(|hex| u16::from_str_radix(hex, 16).ok());
                let unit = unit.ok_or(Fault::Syntax(self.at))?;
                self.at += 4;
                unit
            }
            _ => return Err(Fault::Syntax(self.at)),
        };
        self.at += 1;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Json};
    use crate::{Generator, Style};

    /// As `serde_json` sees it: objects by name, the last of equal keys, numbers as they read.
    fn as_value(json: &Json) -> Option<serde_json::Value> {
        Some(match json {
            Json::Null => serde_json::Value::Null,
            Json::Bool(value) => (*value).into(),
            Json::Number(number) => serde_json::from_str(number).ok()?,
            Json::Text(text) => text.as_str().into(),
            Json::Array(elements) => elements
                .iter()
                .map(|(_, element)| as_value(element))
                .collect::<Option<Vec<_>>>()?
                .into(),
            Json::Object(members) => {
                let mut map = serde_json::Map::new();
                for (name, value) in members {
                    map.insert(name.clone(), as_value(value)?);
                }
                map.into()
            }
        })
    }

    /// The reader here is held to a third one. They differ where a lone surrogate, a number beyond a double or deep
    /// nesting costs the whole text there.
    #[test]
    fn reads_what_serde_json_reads() {
        let mut generator = Generator::new(11, Style::Nasty);
        let (mut read, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let mut line = generator.row().into_bytes();
            for _ in 0..generator.below(3) {
                let at = generator.below(line.len());
                match generator.below(3) {
                    0 => line[at] = b"\"\\{}[],:0e-.tu \n\x80"[generator.below(17)],
                    1 => drop(line.remove(at)),
                    _ => line.insert(at, b"\"\\{}[],:0e-.tu \n\xc3"[generator.below(17)]),
                }
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            match (
                Json::read(&line),
                serde_json::from_slice::<serde_json::Value>(&line),
            ) {
                (Ok(ours), Ok(theirs)) => {
                    read += 1;
                    assert_eq!(as_value(&ours), Some(theirs), "{text}");
                }
                (Ok(ours), Err(error)) => {
                    let message = error.to_string();
                    let is_known = ["surrogate", "unexpected end of hex escape", "out of range"];
                    assert!(
                        is_known.iter().any(|known| message.contains(known)),
                        "{message}: {text}"
                    );
                    assert!(text.contains("\\u") || as_value(&ours).is_none(), "{text}");
                }
                (Err(Fault::Syntax(at)), Err(_)) => {
                    refused += 1;
                    assert!(at <= line.len());
                }
                (Err(fault), _) => unreachable!("{fault:?}: {text}"),
            }
        }
        assert!(read > 2000 && refused > 2000, "{read} read, {refused} refused");
    }
}
