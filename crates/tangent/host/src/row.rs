//! A row as Tangent's host holds it, with the faults that come of it:
//!
//! - strings are unescaped in place, so the text of a row with an escape is another one afterwards;
//! - of a key that appears twice the first one counts;
//! - `null`, arrays and objects are no scalars, and numbers above 2^63-1 become negative;
//! - the keys of the row itself cannot be listed.

use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A row that was read.
#[derive(Clone, Debug)]
pub struct Row {
    value: Value,
    text: Vec<u8>,
}

impl Row {
    /// Reads a line; `None` where it is no JSON, and would cost Tangent the batch before any plug-in saw it.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        let FirstWins(value) = serde_json::from_slice(line).ok()?;
        Some(Self {
            value,
            text: line.to_vec(),
        })
    }

    /// What stands at a path: a key of the row as it is, or keys with dots between and `[n]` behind them.
    #[must_use]
    pub fn lookup(&self, path: &str) -> Option<&Value> {
        if let Some(value) = self.value.get(path) {
            return Some(value);
        }
        path.split('.').try_fold(&self.value, |value, segment| {
            let mut parts = segment.split('[');
            let value = value.get(parts.next()?)?;
            parts.try_fold(value, |value, index| {
                value.get(index.strip_suffix(']')?.parse::<usize>().ok()?)
            })
        })
    }

    /// The row's text after its strings were unescaped in place: what an escape took more than its character stays
    /// behind as a rest. Where that rest is no UTF-8, Tangent's worker ends.
    #[must_use]
    pub fn corrupted_text(&self) -> String {
        let mut text = self.text.clone();
        let mut at = 0;
        while let Some(open) = text[at..]
            .iter()
            .position(|byte| *byte == b'"')
            .map(|len| at + len)
        {
            let mut close = open + 1;
            while text.get(close).is_some_and(|byte| *byte != b'"') {
                close += if text[close] == b'\\' { 2 } else { 1 };
            }
            let Some(string) = text.get(open..=close) else {
                break;
            };
            if let Ok(plain) = serde_json::from_slice::<String>(string) {
                text[open + 1..=open + plain.len()].copy_from_slice(plain.as_bytes());
            }
            at = close + 1;
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// A JSON value in which the first of two members with one key counts.
struct FirstWins(Value);

impl<'de> Deserialize<'de> for FirstWins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(FirstWins(element)) = elements.next_element()? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, FirstWins(value))) = members.next_entry::<String, _>()? {
            object.entry(key).or_insert(value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::Row;

    #[test]
    fn a_text_with_escapes_is_corrupted() {
        let text = |line: &str| Row::read(line.as_bytes()).unwrap().corrupted_text();
        assert_eq!(
            text(r#"{"Subject":"FW: \"urgent\" request #6189"}"#),
            r#"{"Subject":"FW: "urgent" request #618989"}"#
        );
        assert_eq!(text(r#"{"a":"b","c":1}"#), r#"{"a":"b","c":1}"#);
    }

    #[test]
    fn the_first_of_two_counts_and_paths_go_down() {
        let row = Row::read(br#"{"a":1,"a":2,"b.c":3,"b":{"c":4,"d":[5,{"e":6}]}}"#).unwrap();
        for (path, value) in [("a", 1), ("b.c", 3), ("b.d[0]", 5), ("b.d[1].e", 6)] {
            assert_eq!(row.lookup(path).unwrap(), value, "{path}");
        }
        assert!(row.lookup("b.d[2]").is_none());
        assert!(row.lookup("").is_none());
    }
}
