//! The facts of a step: XML of one form, `<root><MEP Name="RcptCount" Integer="1"/>…</root>`.
//!
//! The attribute beside `Name` is the value, and its name is the value's type. Anything else (another structure, text between
//! the elements, comments, a DTD, entities but the five of XML and numbered characters, broken XML) is not read at all: the
//! caller keeps the text. So nothing can be expanded, nested or referred to.
//!
//! A library for all of XML would be a twelfth of the component. Tests hold this reader to one (quick-xml), on every fixture and on answers that
//! are broken at random.

/// The most facts that one step has.
pub const MAX_FACTS: usize = 256;

/// Names and values, in the order of the names; those of one name in the order in which they came.
pub(crate) type Facts = Vec<(String, String)>;

/// Reads the facts; `None` if the text has another form.
#[inline(never)]
pub(crate) fn facts(text: &str) -> Option<Facts> {
    let mut xml = Xml { text, at: 0 };
    let mut facts = Facts::new();
    let mut count = 0;
    xml.blank();
    let (root, mut is_open) = xml.tag(None)?;
    while is_open {
        xml.blank();
        if xml.end(root) {
            is_open = false;
        } else {
            let (mut name, mut value) = (None, None);
            let (element, has_end) = xml.tag(Some((&mut name, &mut value)))?;
            if has_end {
                xml.blank();
                if !xml.end(element) {
                    return None;
                }
            }
            count += 1;
            if count > MAX_FACTS {
                return None;
            }
            add(&mut facts, name?, value?);
        }
    }
    xml.blank();
    (xml.at == text.len()).then_some(facts)
}

/// A fact without a name or a value says nothing.
fn add(facts: &mut Facts, name: String, value: String) {
    if name.is_empty() || value.is_empty() {
        return;
    }
    let place = facts.iter().take_while(|(known, _)| *known <= name).count();
    facts.insert(place, (name, value));
}

/// Where the name and the value of a fact belong.
type Wanted<'a> = (&'a mut Option<String>, &'a mut Option<String>);

/// XML that is read from front to back.
struct Xml<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Xml<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is_there = self
            .text
            .as_bytes()
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(wanted.as_bytes()));
        if is_there {
            self.at += wanted.len();
        }
        is_there
    }

    /// A name as the service writes them: letters, digits, `_`, `-` and dots.
    fn name(&mut self) -> Option<&'a str> {
        let start = self.at;
        while self
            .byte()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
        {
            self.at += 1;
        }
        let name = self.text.get(start..self.at)?;
        name.as_bytes()
            .first()
            .is_some_and(u8::is_ascii_alphabetic)
            .then_some(name)
    }

    /// A start tag with the attributes of a fact, or without any: its name, and whether its end is to come.
    fn tag(&mut self, mut wanted: Option<Wanted<'_>>) -> Option<(&'a str, bool)> {
        if !self.take("<") {
            return None;
        }
        let element = self.name()?;
        let mut is_first = true;
        loop {
            let before = self.at;
            self.blank();
            if self.take("/>") {
                return Some((element, false));
            }
            if self.take(">") {
                return Some((element, true));
            }
            if is_first && self.at == before {
                return None;
            }
            is_first = false;
            let (name, value) = wanted.as_mut()?;
            let place = if self.name()? == "Name" { name } else { value };
            self.blank();
            if place.is_some() || !self.take("=") {
                return None;
            }
            self.blank();
            **place = Some(self.quoted()?);
        }
    }

    fn end(&mut self, element: &str) -> bool {
        let before = self.at;
        if self.take("</") && self.take(element) {
            self.blank();
            if self.take(">") {
                return true;
            }
        }
        self.at = before;
        false
    }

    /// The value of an attribute.
    fn quoted(&mut self) -> Option<String> {
        let quote = self.byte().filter(|quote| b"\"'".contains(quote))?;
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            while self.byte().is_some_and(|byte| byte != quote && byte != b'&') {
                if self.byte() == Some(b'<') {
                    return None;
                }
                self.at += 1;
            }
            text.push_str(self.text.get(start..self.at)?);
            let byte = self.byte()?;
            self.at += 1;
            if byte == quote {
                return Some(text);
            }
            text.push(self.entity(quote)?);
        }
    }

    /// The character that an entity stands for; its `&` was taken.
    fn entity(&mut self, quote: u8) -> Option<char> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte != b';' && byte != quote) {
            self.at += 1;
        }
        let name = self.text.get(start..self.at)?;
        if !self.take(";") {
            return None;
        }
        match name {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match name.strip_prefix("#x") {
                Some(digits) => character(digits, 16),
                None => character(name.strip_prefix('#')?, 10),
            },
        }
    }
}

fn character(digits: &str, radix: u32) -> Option<char> {
    let mut number: u32 = 0;
    for digit in digits.chars() {
        // Nothing above the last character: no digit can overflow it.
        number = number * radix + digit.to_digit(radix)?;
        if number > 0x10_ffff {
            return None;
        }
    }
    char::from_u32(number).filter(|letter| *letter != '\0' && !digits.is_empty())
}
