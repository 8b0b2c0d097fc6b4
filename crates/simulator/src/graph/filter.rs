//! `$filter` as the service was measured to read it.
//!
//! Everything is joined with *and*; of several values for one property the last counts; `or`, `in`, `ne`, `not` and
//! the functions on addresses are accepted and change nothing.

use chrono::{DateTime, Utc};

use crate::tenant::{Row, State};

/// What a filter asks for, after the service has read it in its own way.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) from: Option<DateTime<Utc>>,
    pub(crate) to: Option<DateTime<Utc>>,
    id: Option<String>,
    message_id: Option<String>,
    status: Option<String>,
    recipient: Option<String>,
    sender: Option<String>,
    from_ip: Option<String>,
    to_ip: Option<String>,
    subject: Option<(SubjectTest, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SubjectTest {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

/// Why a filter cannot be read, as the text of a 400.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) String);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
}

impl Filter {
    pub(crate) fn read(text: &str) -> Result<Self, Unreadable> {
        let tokens = tokens(text)?;
        let mut filter = Self::default();
        let mut rest = tokens.as_slice();
        while let Some((token, after)) = rest.split_first() {
            rest = match token {
                Token::Open | Token::Close => after,
                Token::Word(word) if ["and", "or", "not"].contains(&word.as_str()) => after,
                Token::Word(word) => filter.clause(word, after)?,
                Token::Text(_) | Token::Comma => return Err(syntax()),
            };
        }
        Ok(filter)
    }

    fn clause<'a>(&mut self, word: &str, after: &'a [Token]) -> Result<&'a [Token], Unreadable> {
        let test = match word.to_ascii_lowercase().as_str() {
            "contains" => Some(SubjectTest::Contains),
            "startswith" => Some(SubjectTest::StartsWith),
            "endswith" => Some(SubjectTest::EndsWith),
            _ => None,
        };
        match (test, after) {
            (
                Some(test),
                [
                    Token::Open,
                    Token::Word(property),
                    Token::Comma,
                    Token::Text(value),
                    Token::Close,
                    rest @ ..,
                ],
            ) => {
                known(property)?;
                if property == "subject" {
                    self.subject = Some((test, value.to_lowercase()));
                }
                Ok(rest)
            }
            (None, [Token::Word(operator), Token::Open, rest @ ..]) if operator == "in" => {
                known(word)?;
                let end = rest
                    .iter()
                    .position(|token| *token == Token::Close)
                    .ok_or_else(syntax)?;
                Ok(&rest[end + 1..])
            }
            (
                None,
                [
                    Token::Word(operator),
                    Token::Text(value) | Token::Word(value),
                    rest @ ..,
                ],
            ) => {
                known(word)?;
                self.comparison(word, operator, value)?;
                Ok(rest)
            }
            _ => Err(syntax()),
        }
    }

    fn comparison(&mut self, property: &str, operator: &str, value: &str) -> Result<(), Unreadable> {
        if property == "receivedDateTime" {
            let time = DateTime::parse_from_rfc3339(value)
                .map_err(|_| syntax())?
                .with_timezone(&Utc);
            match operator {
                "ge" => self.from = Some(time),
                "le" => self.to = Some(time),
                "eq" | "ne" | "gt" | "lt" => {}
                _ => return Err(syntax()),
            }
            return Ok(());
        }
        match operator {
            "eq" => {}
            "ne" | "gt" | "lt" | "ge" | "le" => return Ok(()),
            _ => return Err(syntax()),
        }
        let value = Some(value.to_owned());
        match property {
            "id" => self.id = value,
            "messageId" => self.message_id = value,
            "status" => self.status = value,
            "recipientAddress" => self.recipient = value,
            "senderAddress" => self.sender = value,
            "fromIP" => self.from_ip = value,
            "toIP" => self.to_ip = value,
            // `subject eq` was seen to work, though not documented. Size is no filter at all.
            "subject" => self.subject = value.map(|value| (SubjectTest::Equals, value.to_lowercase())),
            _ => {}
        }
        Ok(())
    }

    /// Whether only time decides.
    pub(crate) fn is_time_only(&self) -> bool {
        let Self {
            from: _,
            to: _,
            id,
            message_id,
            status,
            recipient,
            sender,
            from_ip,
            to_ip,
            subject,
        } = self;
        let texts = [id, message_id, status, recipient, sender, from_ip, to_ip];
        texts.iter().all(|text| text.is_none()) && subject.is_none()
    }

    /// Whether a row in a state passes everything but the time bounds.
    pub(crate) fn passes(&self, row: &Row, state: &State, knows_all_words: bool) -> bool {
        let Self {
            from: _,
            to: _,
            id,
            message_id,
            status,
            recipient,
            sender,
            from_ip,
            to_ip,
            subject,
        } = self;
        let message = &row.message;
        same(id.as_deref(), Some(&message.id))
            && message_id
                .as_deref()
                .is_none_or(|wanted| message.message_id.as_deref() == Some(wanted))
            && same(status.as_deref(), Some(state.status.graph(knows_all_words)))
            && address(recipient.as_deref(), Some(&row.recipient))
            && address(sender.as_deref(), message.sender.as_deref())
            && same(from_ip.as_deref(), message.from_ip.as_deref())
            && same(to_ip.as_deref(), Some(&state.to_ip))
            && subject.as_ref().is_none_or(|(test, wanted)| {
                let text = message.subject.as_deref().unwrap_or_default().to_lowercase();
                match test {
                    SubjectTest::Equals => text == *wanted,
                    SubjectTest::Contains => text.contains(wanted.as_str()),
                    SubjectTest::StartsWith => text.starts_with(wanted.as_str()),
                    SubjectTest::EndsWith => text.ends_with(wanted.as_str()),
                }
            })
    }
}

fn same(wanted: Option<&str>, found: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| found.unwrap_or_default().eq_ignore_ascii_case(wanted))
}

/// An address, or a whole domain as `*@example.com`.
fn address(wanted: Option<&str>, found: Option<&str>) -> bool {
    let Some(domain) = wanted.and_then(|wanted| wanted.strip_prefix("*@")) else {
        return same(wanted, found);
    };
    found
        .unwrap_or_default()
        .rsplit_once('@')
        .is_some_and(|(_, found)| found.eq_ignore_ascii_case(domain))
}

fn known(property: &str) -> Result<(), Unreadable> {
    const PROPERTIES: [&str; 10] = [
        "id",
        "messageId",
        "status",
        "receivedDateTime",
        "recipientAddress",
        "senderAddress",
        "subject",
        "size",
        "fromIP",
        "toIP",
    ];
    if PROPERTIES.contains(&property) {
        return Ok(());
    }
    Err(Unreadable(format!(
        "Could not find a property named '{property}' on type 'microsoft.graph.exchangeMessageTrace'."
    )))
}

fn syntax() -> Unreadable {
    Unreadable("Invalid filter clause: Syntax error.".to_owned())
}

fn tokens(text: &str) -> Result<Vec<Token>, Unreadable> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '(' | ')' | ',' => {
                tokens.push(match first {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    _ => Token::Comma,
                });
                &rest[1..]
            }
            '\'' => {
                let (value, after) = quoted(&rest[1..]).ok_or_else(syntax)?;
                tokens.push(Token::Text(value));
                after
            }
            _ => {
                let end = rest.find([' ', '(', ')', ',', '\'']).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..end].to_owned()));
                &rest[end..]
            }
        };
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// Reads up to the closing apostrophe; a doubled one stands for itself.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let at = rest.find('\'')?;
        value.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((value, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(text: &str) -> Filter {
        Filter::read(text).unwrap()
    }

    #[test]
    fn both_bounds_with_and() {
        let filter = read(
            "receivedDateTime ge 2026-01-20T00:00:00Z and receivedDateTime le 2026-01-23T00:00:00.1234567Z",
        );
        assert_eq!(filter.from.unwrap().to_rfc3339(), "2026-01-20T00:00:00+00:00");
        assert_eq!(
            filter.to.unwrap().to_rfc3339(),
            "2026-01-23T00:00:00.123456700+00:00"
        );
        assert!(filter.is_time_only());
    }

    #[test]
    fn the_last_value_of_a_property_counts_whatever_joins_them() {
        let filter = read("senderAddress eq 'a@example.com' or senderAddress eq 'b@example.com'");
        assert_eq!(filter.sender.as_deref(), Some("b@example.com"));
    }

    #[test]
    fn in_ne_and_functions_on_addresses_change_nothing() {
        for text in [
            "senderAddress in ('a@example.com', 'b@example.com')",
            "status ne 'delivered'",
            "startswith(senderAddress, 'a')",
            "not(endswith(recipientAddress, 'x'))",
            "receivedDateTime gt 2026-01-20T00:00:00Z and receivedDateTime lt 2026-01-21T00:00:00Z",
        ] {
            assert_eq!(read(text), Filter::default(), "{text}");
        }
    }

    #[test]
    fn apostrophes_are_doubled() {
        assert_eq!(
            read("recipientAddress eq 'o''neil@example.com'")
                .recipient
                .unwrap(),
            "o'neil@example.com"
        );
    }

    #[test]
    fn domains_match_with_a_star_and_nothing_else_does() {
        assert!(address(Some("*@Example.com"), Some("a@example.com")));
        assert!(!address(Some("*@example.com"), Some("a@mail.example.com")));
        assert!(!address(Some("a*@example.com"), Some("anna@example.com")));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "receivedDateTime",
            "receivedDateTime ge yesterday",
            "id eq 'open",
            "colour eq 'red'",
            ", ,",
        ] {
            assert!(Filter::read(text).is_err(), "{text}");
        }
    }
}
