//! `poll --raw`: rows as they came, for workers that turn them into events elsewhere.

use message_trace::{Revised, Revision};
use message_trace_host::{Batch, Reason, Transform};

/// Gives each row back as one line.
pub(super) struct Raw;

impl Transform for Raw {
    fn normalize_revised_batch(&mut self, lines: &[u8], _revised: &[Revised<'_>]) -> Batch {
        let mut events = lines.to_vec();
        if events.last().is_some_and(|&last| last != b'\n') {
            events.push(b'\n');
        }
        // The last one ends with a line feed, too.
        let count = events.split(|&byte| byte == b'\n').count().saturating_sub(1);
        Batch {
            count: u32::try_from(count).unwrap_or(u32::MAX),
            events,
            refused: Vec::new(),
        }
    }

    /// White space between the parts of a row may be a line feed, which ends a row here; a space stands for it as well.
    fn normalize(&mut self, line: &[u8]) -> Result<String, Reason> {
        let line = std::str::from_utf8(line)
            .map_err(|error| Reason::Syntax(u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX)))?;
        Ok(line.replace(['\n', '\r'], " "))
    }

    fn normalize_revision(&mut self, line: &[u8], _revision: &Revision<'_>) -> Result<String, Reason> {
        self.normalize(line)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::{Raw, Transform as _};

    #[test]
    fn a_row_is_one_line_with_its_bytes() {
        let batch = Raw.normalize_batch(b"{\"a\":1}\n{\"b\":\"\xff\"}");
        assert_eq!(
            (batch.events.as_slice(), batch.count),
            (b"{\"a\":1}\n{\"b\":\"\xff\"}\n".as_slice(), 2)
        );
        assert_eq!(Raw.normalize(b"{\n \"a\": 1\r\n}").unwrap(), "{  \"a\": 1  }");
        assert!(Raw.normalize(b"{\"a\":\n\"\xff\"}").is_err());
    }
}
