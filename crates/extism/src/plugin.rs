//! What the plug-in does, apart from Extism.

use message_trace::{Normalizer, Options, Rejected, Revision};

/// One normalizer, and what its last batch refused.
#[derive(Debug)]
pub struct Plugin {
    /// The options as the host wrote them.
    options: Option<String>,
    normalizer: Normalizer,
    rejected: Vec<Rejected>,
}

impl Default for Plugin {
    fn default() -> Self {
        Self {
            options: None,
            normalizer: Normalizer::new(Options::default()),
            rejected: Vec::new(),
        }
    }
}

/// What `normalize_revision` is given, as JSON.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    line: String,
    sequence: u64,
    #[serde(default)]
    previous_status: Option<String>,
    #[serde(default)]
    details: Option<String>,
}

impl Plugin {
    /// Takes the options of the call that follows; nothing happens where they are those of the call before.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn configure(&mut self, options: Option<&str>) -> Result<(), String> {
        if options != self.options.as_deref() {
            let parsed = match options {
                Some(text) => {
                    Options::from_json(text.as_bytes()).map_err(|error| format!("options: {error}"))?
                }
                None => Options::default(),
            };
            self.normalizer = Normalizer::new(parsed);
            self.options = options.map(str::to_owned);
        }
        Ok(())
    }

    /// Turns one line into one event.
    ///
    /// # Errors
    ///
    /// The rejection, as JSON.
    pub fn normalize(&mut self, line: &[u8]) -> Result<Vec<u8>, String> {
        let mut event = Vec::new();
        let result = self.normalizer.normalize(line, &mut event);
        result.map(|()| event).map_err(|rejection| json(&rejection))
    }

    /// Turns a line that was delivered before into its next event. The input is JSON: `line`, `sequence` and, where it
    /// are known, `previous_status` and `details`, as text.
    ///
    /// # Errors
    ///
    /// The rejection, as JSON, or what is wrong with the input.
    pub fn normalize_revision(&mut self, input: &[u8]) -> Result<Vec<u8>, String> {
        let changed: Changed =
            serde_json::from_slice(input).map_err(|error| format!("revision: {:?}", error.classify()))?;
        let revision = Revision {
            sequence: changed.sequence,
            previous_status: changed.previous_status.as_deref(),
            details: changed.details.as_deref(),
        };
        let mut event = Vec::new();
        let result = self
            .normalizer
            .normalize_revision(changed.line.as_bytes(), &revision, &mut event);
        result.map(|()| event).map_err(|rejection| json(&rejection))
    }

    /// Turns lines into events, each with a line feed, and keeps what was refused.
    pub fn normalize_batch(&mut self, lines: &[u8]) -> Vec<u8> {
        self.rejected.clear();
        let mut events = Vec::new();
        self.normalizer
            .normalize_batch(lines, &mut events, &mut self.rejected);
        events
    }

    /// What the batch before refused: a JSON array of `line`, `reason`, `detail` and `message`.
    #[must_use]
    pub fn rejections(&self) -> Vec<u8> {
        json(&self.rejected).into_bytes()
    }
}

/// Numbers and names that are known beforehand: nothing in them can fail to be written.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::Plugin;

    const ROW: &str = r#"{"receivedDateTime":"2026-01-02T03:04:05Z","status":"failed"}"#;

    #[test]
    fn options_hold_until_others_come() {
        let mut plugin = Plugin::default();
        plugin.configure(Some(r#"{"target":"ecs"}"#)).unwrap();
        assert!(
            plugin
                .normalize(ROW.as_bytes())
                .unwrap()
                .starts_with(br#"{"@timestamp""#)
        );
        assert!(
            plugin
                .configure(Some(r#"{"targte":"ecs"}"#))
                .unwrap_err()
                .starts_with("options: ")
        );
        plugin.configure(None).unwrap();
        assert!(
            plugin
                .normalize(ROW.as_bytes())
                .unwrap()
                .starts_with(br#"{"message""#)
        );
    }

    #[test]
    fn a_batch_keeps_its_refusals_until_the_next() {
        let mut plugin = Plugin::default();
        assert_eq!(plugin.rejections(), b"[]");
        let events = plugin.normalize_batch(format!("{ROW}\n[\n{ROW}").as_bytes());
        assert_eq!(events.split(|byte| *byte == b'\n').count() - 1, 2);
        assert_eq!(
            plugin.rejections(),
            br#"[{"line":2,"reason":"syntax","detail":1,"message":"expected one JSON object, but reading stopped at byte 1"}]"#
        );
        plugin.normalize_batch(b"");
        assert_eq!(plugin.rejections(), b"[]");
    }

    #[test]
    fn a_rejection_is_the_error_and_no_text_of_the_line() {
        let mut plugin = Plugin::default();
        let error = plugin
            .normalize(br#"{"Received":"alice@example.com"}"#)
            .unwrap_err();
        assert_eq!(
            error,
            r#"{"reason":"invalid-field","detail":"Received","message":"Received: expected a time"}"#
        );
        let error = plugin
            .normalize_revision(br#"{"line":"alice@example.com","sequence":"x"}"#)
            .unwrap_err();
        assert_eq!(error, "revision: Data");
    }
}
