//! A row as Tangent's host holds it: read by the same library, in place. What comes of that:
//!
//! - strings are unescaped in place, so the text of a row with an escape is another one afterwards;
//! - of a key that appears twice the first one counts;
//! - `null`, arrays and objects are no scalars, and numbers above 2^63-1 become negative;
//! - the keys of the row itself cannot be listed.

use simd_json::OwnedValue;
use simd_json::prelude::{ValueAsArray as _, ValueObjectAccess as _};

/// A row that was read.
#[derive(Clone, Debug)]
pub struct Row {
    value: OwnedValue,
    /// The line after its strings were unescaped in it.
    text: Vec<u8>,
}

impl Row {
    /// Reads a line; `None` where it is no JSON, and would cost Tangent the batch before any plug-in saw it.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<Self> {
        let mut text = line.to_vec();
        let value = simd_json::to_owned_value(&mut text).ok()?;
        Some(Self { value, text })
    }

    /// What stands at a path: a key of the row as it is, or keys with dots between and `[n]` behind them.
    #[must_use]
    pub fn lookup(&self, path: &str) -> Option<&OwnedValue> {
        if let Some(value) = self.value.get(path) {
            return Some(value);
        }
        path.split('.').try_fold(&self.value, |value, segment| {
            let mut parts = segment.split('[');
            let value = value.get(parts.next()?)?;
            parts.try_fold(value, |value, index| {
                let index = index.strip_suffix(']')?.parse::<usize>().ok()?;
                value.as_array()?.get(index)
            })
        })
    }

    /// The row's text after its strings were unescaped in place: what an escape took more than its character stays
    /// behind as a rest. Where that rest is no UTF-8, Tangent's worker ends.
    #[must_use]
    pub fn corrupted_text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
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
            assert_eq!(*row.lookup(path).unwrap(), value, "{path}");
        }
        assert!(row.lookup("b.d[2]").is_none());
        assert!(row.lookup("").is_none());
    }
}
