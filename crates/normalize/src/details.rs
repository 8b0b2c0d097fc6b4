//! `--details FILE`: the saved details of messages, put to the rows that they belong to.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use message_trace::{EventIds, Revised, Revision};
use message_trace_remedy::{Code, Failure};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Details by the row they belong to.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// By trace id and recipient, as event ids have them.
    by_row: HashMap<String, String>,
    /// Answers that name no recipient: by trace id.
    by_message: HashMap<String, String>,
    /// How many rows took details.
    rows: AtomicU64,
    /// How many of them failed for a cause that no line of the table knows.
    unknown: AtomicU64,
}

/// A line of the file: an answer with what it was asked for, or an answer alone.
#[derive(Deserialize)]
struct Asked<'a> {
    id: Option<String>,
    #[serde(rename = "recipientAddress")]
    recipient: Option<String>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
    value: Option<Vec<Step>>,
    d: Option<Results>,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Step>,
}

/// What a step says of the row.
#[derive(Deserialize)]
struct Step {
    #[serde(alias = "MessageTraceId")]
    id: Option<String>,
    #[serde(rename = "RecipientAddress")]
    recipient: Option<String>,
}

impl Saved {
    /// Reads a file of one JSON object a line.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or a line says neither what it was asked for nor holds steps that do.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("cannot read {name}"));
        let file = file.map_err(|error| Failure::new(Code::IO, error))?;
        let mut saved = Self::default();
        let mut ids = EventIds::default();
        for (line, number) in BufReader::new(file).lines().zip(1..) {
            let line = line.with_context(|| format!("cannot read {name}"));
            let line = line.map_err(|error| Failure::new(Code::IO, error))?;
            if line.trim().is_empty() {
                continue;
            }
            if saved.take(&line, &mut ids).is_none() {
                return Err(Failure::new(
                    Code::NotATrace,
                    anyhow::anyhow!(
                        "{name}:{number}: expected an answer of getDetailsByRecipient, or {{\"id\": …, \"recipientAddress\": \
                         …, \"details\": …}} with one"
                    ),
                ));
            }
        }
        Ok(saved)
    }

    fn take(&mut self, line: &str, ids: &mut EventIds) -> Option<()> {
        let asked: Asked<'_> = serde_json::from_str(line).ok()?;
        let steps = asked.value.or(asked.d.map(|d| d.results)).unwrap_or_default();
        let of_step = steps.into_iter().find(|step| step.id.is_some());
        let (step_id, step_recipient) = of_step.map_or((None, None), |step| (step.id, step.recipient));
        let details = asked.details.map_or(line, RawValue::get).to_owned();
        let id = asked.id.or(step_id)?;
        let recipient = asked.recipient.or(step_recipient);
        // Through the rules that write event ids: however the ids are spelled, one row has one.
        let row = serde_json::json!({
            "id": id,
            "recipientAddress": recipient,
            "receivedDateTime": "2000-01-01T00:00:00Z"
        });
        let key = ids.read(row.to_string().as_bytes())?.row().to_owned();
        let known = if recipient.is_some() {
            &mut self.by_row
        } else {
            &mut self.by_message
        };
        known.insert(key, details);
        Some(())
    }

    /// What is known of a row.
    fn of(&self, row: &[u8], ids: &mut EventIds) -> Option<Revision<'_>> {
        let id = ids.read(row)?;
        let of_message = || {
            let (message, _) = id.row().split_once('/')?;
            self.by_message.get(&format!("{message}/"))
        };
        let details = self.by_row.get(id.row()).or_else(of_message)?;
        self.rows.fetch_add(1, Ordering::Relaxed);
        Some(Revision {
            sequence: 1,
            details: Some(details),
            ..Revision::default()
        })
    }

    /// What is known of the lines of a batch.
    pub(super) fn revised(&self, lines: &[u8], ids: &mut EventIds) -> Vec<Revised<'_>> {
        let lines = lines.split(|byte| *byte == b'\n').zip(1_u32..);
        lines
            .filter_map(|(row, line)| {
                let revision = self.of(row, ids)?;
                Some(Revised { line, revision })
            })
            .collect()
    }

    /// What is known of one row.
    pub(super) fn revision(&self, row: &[u8], ids: &mut EventIds) -> Option<Revision<'_>> {
        self.of(row, ids)
    }

    /// Looks at events for causes that the table does not know.
    pub(super) fn look_at(&self, events: &[u8]) {
        // Text cannot look like it: a quote in text has a backslash before it.
        let unknown = memchr::memmem::find_iter(events, b"\"cause\":\"other\"").count();
        self.unknown.fetch_add(unknown as u64, Ordering::Relaxed);
    }

    /// The counts in words.
    pub(super) fn summary(&self) -> String {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let answers = self.by_row.len() + self.by_message.len();
        let unknown = match count(&self.unknown) {
            0 => String::new(),
            unknown => format!("; {unknown} failed for a cause that is not known, event.reason says why"),
        };
        format!(
            "{} of {answers} answers' rows have details{unknown}",
            count(&self.rows)
        )
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{EventIds, Saved};

    const ROW: &[u8] =
        br#"{"id":"{4451A062-48CB-480D-8196-330437AE6000}","recipientAddress":"Bob@example.org","receivedDateTime":"2026-01-20T10:30:00Z"}"#;

    #[test]
    fn answers_find_their_rows_however_ids_are_spelled() {
        for line in [
            r#"{"id":"4451a06248cb480d8196330437ae6000","recipientAddress":"bob@EXAMPLE.org","details":{"value":[]}}"#,
            r#"{"value":[{"id":"4451a062-48cb-480d-8196-330437ae6000","event":"Fail"}]}"#,
            r#"{"d":{"results":[{"MessageTraceId":"4451a062-48cb-480d-8196-330437ae6000","RecipientAddress":"bob@example.org"}]}}"#,
        ] {
            let (mut saved, mut ids) = (Saved::default(), EventIds::default());
            saved.take(line, &mut ids).unwrap();
            assert!(saved.revision(ROW, &mut ids).unwrap().details.is_some(), "{line}");
        }
        let (mut saved, mut ids) = (Saved::default(), EventIds::default());
        assert!(saved.take(r#"{"value":[]}"#, &mut ids).is_none());
        assert!(saved.take("[]", &mut ids).is_none());
        assert!(saved.revision(ROW, &mut ids).is_none());
    }
}
