//! An event as a record of columns.

use std::fmt::Write as _;

use message_trace_rows::write_time;
use serde_json::{Map, Value};

use super::super::service::event_time_us;
use super::super::{Event, RefusedReason};
use super::columns::{COLUMNS, Column, Kind, Origin};

/// Appends an event as a record.
///
/// # Errors
///
/// If it is no JSON object, which no event is.
pub(super) fn put(event: Event<'_>, body: &mut Vec<u8>) -> Result<(), RefusedReason> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(event.json) else {
        return Err(RefusedReason::Code("not-an-object".into()));
    };
    let mut rest = Value::Object(fields.clone());
    let fields = Value::Object(fields);
    let mut record = Map::new();
    for Column { name, kind, origin } in COLUMNS {
        let value = match origin {
            Origin::Time => event_time_us(event.json).map(|time| written(time).into()),
            Origin::Uid => Some(event.key.id.clone().into()),
            Origin::Sequence => Some(event.key.sequence.into()),
            Origin::Always(text) if *kind == Kind::Int => text.parse::<i32>().ok().map(Into::into),
            Origin::Always(text) => Some((*text).into()),
            Origin::First(paths) => paths.iter().find_map(|path| one(find(&fields, path)?, *kind)),
            Origin::Word(path, words, none) => Some(word(&fields, path, words).unwrap_or(none).into()),
            Origin::Words(path, words) => word(&fields, path, words).map(Into::into),
            Origin::Severity(path) => Some(severity(find(&fields, path)).into()),
            Origin::Rest => None,
        };
        if let Some(value) = value {
            if let Origin::First(paths) = origin {
                paths.iter().for_each(|path| take(&mut rest, path));
            }
            record.insert((*name).to_owned(), value);
        }
    }
    for path in ["@timestamp", "event.id", "event.sequence"] {
        take(&mut rest, path);
    }
    record.insert("AdditionalFields".to_owned(), rest);
    // Writing into a vector never fails.
    let _ = serde_json::to_writer(&mut *body, &record);
    Ok(())
}

/// A time as Log Analytics reads it.
fn written(time_us: i64) -> String {
    let mut text = String::new();
    write_time(time_us.div_euclid(1_000_000), &mut text);
    let micros = time_us.rem_euclid(1_000_000);
    if micros > 0 {
        text.pop();
        // Writing into a string never fails.
        let _ = write!(text, ".{micros:06}Z");
    }
    text
}

fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// A value as a column of that kind holds it.
fn one(value: &Value, kind: Kind) -> Option<Value> {
    match (kind, value) {
        (Kind::Dynamic, value) => Some(value.clone()),
        (Kind::Long | Kind::Int, Value::Number(number)) => Some(number.clone().into()),
        (Kind::Text, Value::Array(values)) => values.first().and_then(|value| one(value, kind)),
        (Kind::Text, Value::String(text)) => Some(text.clone().into()),
        _ => None,
    }
}

fn word(fields: &Value, path: &str, words: &[(&str, &'static str)]) -> Option<&'static str> {
    let found = find(fields, path)?.as_str()?;
    words.iter().find(|(from, _)| *from == found).map(|(_, to)| *to)
}

/// A severity as Elastic's rules have it, 21 low, 47 medium, 73 high, in a word.
fn severity(number: Option<&Value>) -> &'static str {
    match number.and_then(Value::as_u64) {
        None => "Informational",
        Some(..35) => "Low",
        Some(35..60) => "Medium",
        Some(60..) => "High",
    }
}

/// Takes a path out, and the objects that are empty without it.
fn take(value: &mut Value, path: &str) {
    let Some(object) = value.as_object_mut() else {
        return;
    };
    match path.split_once('.') {
        None => {
            object.remove(path);
        }
        Some((key, below)) => {
            if let Some(inner) = object.get_mut(key) {
                take(inner, below);
                if inner.as_object().is_some_and(Map::is_empty) {
                    object.remove(key);
                }
            }
        }
    }
}
