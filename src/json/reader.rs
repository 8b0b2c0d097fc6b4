//! Walks over JSON text and says where its values lie.

use core::ops::Range;

use crate::lanes::plain_len;
use crate::{MAX_DEPTH, Rejection};

use super::text::escape_len;

/// A string's content: the bytes between its quotes, as they stand in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StringSpan {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a backslash stands in it.
    pub(crate) escaped: bool,
}

/// A value that holds no others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar {
    String(StringSpan),
    /// Start and end of a number.
    Number(usize, usize),
    Bool,
    Null,
}

/// A value as the reader found it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    Scalar(Scalar),
    /// An array; where its bracket stands.
    Array(usize),
    /// An object; where its bracket stands.
    Object(usize),
}

/// Reads JSON text from front to back. Every offset in a rejection counts from the text's first byte.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
    /// Where each value that holds no others is written down, if anywhere.
    trail: Option<&'a mut Trail>,
}

/// Where the values of a text stand that hold no others, at any depth, in order: start and end of each. Those of
/// strings are the places of their quotes. Holds a number of them at most.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) values: Vec<Range<usize>>,
    /// Whether there were more.
    pub(crate) is_cut: bool,
}

impl Trail {
    /// The most values that are kept.
    pub(crate) const MOST: usize = 64;

    fn add(&mut self, value: Range<usize>) {
        if self.values.len() < Self::MOST {
            self.values.push(value);
        } else {
            self.is_cut = true;
        }
    }
}

impl<'a> Reader<'a> {
    /// Starts at the text's first byte.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self::resume(text, 0, 0)
    }

    /// The same, and writes down in `trail` where the values stand.
    pub(crate) fn with_trail(text: &'a [u8], trail: &'a mut Trail) -> Self {
        trail.values.clear();
        trail.is_cut = false;
        Self {
            trail: Some(trail),
            ..Self::new(text)
        }
    }

    /// Goes on at `at`, which is `depth` brackets deep.
    pub(crate) fn resume(text: &'a [u8], at: usize, depth: u32) -> Self {
        Self {
            text,
            at,
            depth,
            trail: None,
        }
    }

    /// How many values were written down.
    pub(crate) fn seen(&self) -> usize {
        self.trail.as_ref().map_or(0, |trail| trail.values.len())
    }

    /// Says that the trail does not hold all.
    pub(crate) fn cut_trail(&mut self) {
        if let Some(trail) = &mut self.trail {
            trail.is_cut = true;
        }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    #[cold]
    fn fail<T>(&self) -> Result<T, Rejection> {
        Err(syntax(self.at))
    }

    /// The next byte that is no white space, without taking it.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `byte` behind any white space, or fails there.
    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Rejection> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            self.fail()
        }
    }

    /// Takes an opening bracket.
    pub(crate) fn open(&mut self, bracket: u8) -> Result<(), Rejection> {
        self.expect(bracket)?;
        if self.depth == MAX_DEPTH {
            return Err(Rejection::TooDeep(MAX_DEPTH));
        }
        self.depth += 1;
        Ok(())
    }

    /// Whether another member or element follows; takes the comma before it, or the closing bracket.
    pub(crate) fn more(&mut self, close: u8, first: bool) -> Result<bool, Rejection> {
        match self.peek() {
            Some(byte) if byte == close => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => self.fail(),
        }
    }

    /// Takes a member's key and its colon.
    pub(crate) fn key(&mut self) -> Result<StringSpan, Rejection> {
        if self.peek() != Some(b'"') {
            return self.fail();
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// Takes one value with all that is in it.
    pub(crate) fn value(&mut self) -> Result<Value, Rejection> {
        match self.peek() {
            Some(b'{') => {
                let start = self.at;
                self.skip_container().map(|()| Value::Object(start))
            }
            Some(b'[') => {
                let start = self.at;
                self.skip_container().map(|()| Value::Array(start))
            }
            _ => self.scalar().map(Value::Scalar),
        }
    }

    /// Takes one value that holds no others.
    pub(crate) fn scalar(&mut self) -> Result<Scalar, Rejection> {
        let first = self.peek();
        let start = self.at;
        let scalar = match first {
            Some(b'"') => self.string().map(Scalar::String),
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Scalar::Number(start, self.at)),
            Some(b't') => self.word(b"true").map(|()| Scalar::Bool),
            Some(b'f') => self.word(b"false").map(|()| Scalar::Bool),
            Some(b'n') => self.word(b"null").map(|()| Scalar::Null),
            _ => self.fail(),
        }?;
        if let Some(trail) = &mut self.trail {
            trail.add(start..self.at);
        }
        Ok(scalar)
    }

    /// Succeeds where nothing but white space follows.
    pub(crate) fn end(&mut self) -> Result<(), Rejection> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fail(),
        }
    }

    /// Takes an object or array without recursion: nesting is bounded, so one bit for each level is enough.
    fn skip_container(&mut self) -> Result<(), Rejection> {
        let floor = self.depth;
        // Bit n: whether the container n levels up is an object.
        let mut objects: u64 = 0;
        let mut first = true;
        let mut bracket = self.text[self.at];
        loop {
            if first {
                self.open(bracket)?;
                objects = objects << 1 | u64::from(bracket == b'{');
            }
            let close = if objects & 1 == 1 { b'}' } else { b']' };
            if self.more(close, first)? {
                if objects & 1 == 1 {
                    self.key()?;
                }
                match self.peek() {
                    Some(next @ (b'{' | b'[')) => {
                        bracket = next;
                        first = true;
                        continue;
                    }
                    _ => self.scalar()?,
                };
            } else {
                objects >>= 1;
                if self.depth == floor {
                    return Ok(());
                }
            }
            first = false;
        }
    }

    /// Takes a string; its first quote is the next byte.
    fn string(&mut self) -> Result<StringSpan, Rejection> {
        let start = self.at + 1;
        let mut escaped = false;
        self.at = start;
        loop {
            self.at += plain_len(self.text, self.at);
            match self.text.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    let Some(len) = escape_len(&self.text[self.at..]) else {
                        self.utf8(start)?;
                        return self.fail();
                    };
                    self.at += len;
                }
                _ => {
                    self.utf8(start)?;
                    return self.fail();
                }
            }
        }
        self.utf8(start)?;
        let end = self.at;
        self.at += 1;
        Ok(StringSpan { start, end, escaped })
    }

    /// Fails at the first byte from `start` up to here that is not UTF-8.
    fn utf8(&mut self, start: usize) -> Result<(), Rejection> {
        match core::str::from_utf8(&self.text[start..self.at]) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.at = start + error.valid_up_to();
                self.fail()
            }
        }
    }

    fn number(&mut self) -> Result<(), Rejection> {
        if self.text[self.at] == b'-' {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Takes one digit or more.
    fn digits(&mut self) -> Result<(), Rejection> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { self.fail() } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Rejection> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            self.fail()
        }
    }
}

/// A rejection for its offset. A line is far shorter than 4 GiB wherever its length was checked first.
pub(crate) fn syntax(at: usize) -> Rejection {
    Rejection::Syntax(u32::try_from(at).unwrap_or(u32::MAX))
}
