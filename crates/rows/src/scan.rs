//! Finds where values begin and end in JSON, without judging them.
//!
//! A page is cut into its rows by brackets and strings alone: a row with a bad number, bad UTF-8 or an unknown shape is
//! still cut out whole, so that one malformed row never costs its page. The component judges the row.

use std::ops::Range;

/// Reads forward over one JSON text.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Passes over `byte` if it comes next.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Whether nothing but whitespace is left.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Passes over a string whose opening quote is at the current place.
    fn pass_string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let found = memchr::memchr2(b'"', b'\\', self.text.get(self.at..)?)?;
            self.at += found;
            if self.text[self.at] == b'"' {
                self.at += 1;
                return Some(());
            }
            self.at += 2;
        }
    }

    /// Passes over one value; where it stands. `None` if the text ends before the value does.
    pub(super) fn value(&mut self) -> Option<Range<usize>> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => self.pass_string()?,
            b'{' | b'[' => self.pass_nested()?,
            b',' | b':' | b'}' | b']' => return None,
            _ => {
                let rest = &self.text[self.at..];
                let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
                self.at += rest.iter().position(is_end)?;
            }
        }
        Some(start..self.at)
    }

    fn pass_nested(&mut self) -> Option<()> {
        let mut depth = 0_u32;
        loop {
            match self.text.get(self.at)? {
                b'"' => {
                    self.pass_string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Some(());
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Passes over the members of an object, each given as key (without quotes) and value, then over its end.
    pub(super) fn members(&mut self, mut each: impl FnMut(Range<usize>, Range<usize>)) -> Option<()> {
        self.take(b'{').then_some(())?;
        if self.take(b'}') {
            return Some(());
        }
        loop {
            (self.peek()? == b'"').then_some(())?;
            let key = self.value()?;
            self.take(b':').then_some(())?;
            let value = self.value()?;
            each(key.start + 1..key.end - 1, value);
            if self.take(b'}') {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    /// Passes over the items of an array, then over its end.
    pub(super) fn items(&mut self, mut each: impl FnMut(Range<usize>)) -> Option<()> {
        self.take(b'[').then_some(())?;
        if self.take(b']') {
            return Some(());
        }
        loop {
            each(self.value()?);
            if self.take(b']') {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }
}
