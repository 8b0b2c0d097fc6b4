//! One line in, one row out: an event of target `ecs` or `ocsf`, or a raw line.

use crate::schema::{COLUMNS, Kind};
use chrono::DateTime;
use message_trace::{Normalizer, Options, Rejection, Target};
use serde_json::Value as Json;
use std::fmt;

/// The values of one event, in the order of [`COLUMNS`].
pub type Row = Vec<Value>;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The event has none.
    Null,
    /// Text; addresses in lower case, so that one address is one sender.
    Text(String),
    /// A whole number; for times microseconds since 1970 UTC.
    Number(i64),
    /// True or false.
    Flag(bool),
}

/// Why a line gives no row. Holds nothing of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A raw line that the normalizer refuses, or no JSON at all.
    Rejected(Rejection),
    /// An event without a time that can be read.
    NoTime,
    /// An event of target `sekoia`: it lacks what the questions need.
    OtherTarget,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(rejection) => rejection.fmt(f),
            Self::NoTime => f.write_str("the event has no time"),
            Self::OtherTarget => f.write_str("an event of another target; use --target ecs or ocsf"),
        }
    }
}

/// Reads lines of any of the three kinds, mixed as they come.
#[derive(Debug)]
pub struct Reader {
    normalizer: Normalizer,
    event: Vec<u8>,
}

impl Reader {
    /// `domains` are the organization's: raw lines get their direction from them; events have theirs already.
    #[must_use]
    pub fn new(domains: Vec<String>) -> Self {
        let options = Options {
            target: Target::Ecs,
            organization_domains: domains,
            keep_original: false,
            ..Options::default()
        };
        Self {
            normalizer: Normalizer::new(options),
            event: Vec::new(),
        }
    }

    /// The row of `line`.
    ///
    /// # Errors
    ///
    /// [`Refused`] for what is neither a raw line nor an event of a target that can be asked about.
    pub fn row(&mut self, line: &[u8]) -> Result<Row, Refused> {
        if let Ok(event) = serde_json::from_slice::<Json>(line) {
            if at(&event, "ecs.version").is_some() {
                return row(&event, |column| column.ecs);
            }
            if at(&event, "class_uid").is_some() {
                return row(&event, |column| column.ocsf);
            }
            if at(&event, "event.action").is_some() {
                return Err(Refused::OtherTarget);
            }
        }
        self.event.clear();
        self.normalizer
            .normalize(line, &mut self.event)
            .map_err(Refused::Rejected)?;
        let event = serde_json::from_slice(&self.event).map_err(|_| Refused::NoTime)?;
        row(&event, |column| column.ecs)
    }
}

fn row(event: &Json, path: impl Fn(&crate::Column) -> &'static str) -> Result<Row, Refused> {
    COLUMNS
        .iter()
        .map(|column| {
            let found = at(event, path(column));
            let value = match column.kind {
                Kind::Time => found.and_then(micros).map(Value::Number).ok_or(Refused::NoTime)?,
                Kind::Number => found.and_then(Json::as_i64).map_or(Value::Null, Value::Number),
                Kind::Flag => Value::Flag(found.and_then(Json::as_bool).unwrap_or(false)),
                Kind::Text => text(column.name, found),
            };
            Ok(value)
        })
        .collect()
}

/// The value at `path`, the first one of an array.
fn at<'a>(event: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return None;
    }
    let found = path.split('.').try_fold(event, |value, key| value.get(key))?;
    if found.is_array() {
        found.get(0)
    } else {
        Some(found)
    }
}

fn micros(time: &Json) -> Option<i64> {
    match time {
        Json::Number(milliseconds) => milliseconds.as_i64()?.checked_mul(1000),
        Json::String(text) => Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros()),
        _ => None,
    }
}

/// Both targets in the words of `ecs`.
fn text(column: &str, found: Option<&Json>) -> Value {
    let text = match (column, found) {
        ("sender" | "recipient", Some(Json::String(address))) => Some(address.to_lowercase()),
        ("status", Some(Json::String(status))) => Some(hyphenated(status)),
        ("outcome", Some(Json::Number(id))) => Some(String::from(match id.as_i64() {
            Some(1) => "success",
            Some(2) => "failure",
            _ => "unknown",
        })),
        ("direction", Some(Json::Number(id))) => match id.as_i64() {
            Some(1) => Some(String::from("inbound")),
            Some(2) => Some(String::from("outbound")),
            Some(3) => Some(String::from("internal")),
            _ => None,
        },
        (_, Some(Json::String(text))) => Some(text.clone()),
        _ => None,
    };
    text.filter(|text| !text.is_empty())
        .map_or(Value::Null, Value::Text)
}

/// `filteredAsSpam` becomes `filtered-as-spam`, as target `ecs` has it.
fn hyphenated(status: &str) -> String {
    let mut word = String::with_capacity(status.len() + 3);
    for (at, letter) in status.char_indices() {
        if at > 0 && letter.is_uppercase() {
            word.push('-');
        }
        word.extend(letter.to_lowercase());
    }
    word
}
