//! What is known of a row that was delivered before: it travels in the record, as options do.

use message_trace::Revision;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::quoted;

/// The key under which a record says what is known of its row: a JSON object with `sequence`, `previous_status` and
/// `details`, or the text of one. It is the record's last key, but for the options.
pub const REVISION_KEY: &str = "message_trace_revision";

/// A revision that owns its texts.
pub(crate) struct Known {
    sequence: u64,
    previous_status: Option<String>,
    details: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object<'a> {
    sequence: u64,
    previous_status: Option<String>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
}

impl Known {
    /// Reads a value of the key; where it is none, why, and never its text.
    #[cold]
    pub(crate) fn parse(value: &[u8]) -> Result<Self, String> {
        let mut text = Vec::new();
        let json = match value {
            [b'"', content @ ..] => {
                quoted::decode(content, &mut text);
                &text
            }
            object => object,
        };
        let object: Object<'_> = serde_json::from_slice(json).map_err(|error| {
            format!(
                "{REVISION_KEY}: expected a JSON object with sequence, previous_status, details, but found something else \
                 at column {}",
                error.column()
            )
        })?;
        // The answer as it came, or the text of it.
        let details = object
            .details
            .map(|details| match details.get().strip_prefix('"') {
                Some(_) => serde_json::from_str(details.get()).unwrap_or_default(),
                None => details.get().to_owned(),
            });
        Ok(Self {
            sequence: object.sequence,
            previous_status: object.previous_status,
            details,
        })
    }

    pub(crate) fn revision(&self) -> Revision<'_> {
        Revision {
            sequence: self.sequence,
            previous_status: self.previous_status.as_deref(),
            details: self.details.as_deref(),
        }
    }
}
