//! The module inside the npm package: the normalizer behind two buffers.
//!
//! JavaScript writes lines into the input buffer, calls, and reads events from the output buffer, all in the module's
//! memory. Strings are made on the JavaScript side, where each host has a faster way than the generated glue knows.
//! What the package offers to its users is in `package/`; no mapping is here or there.

use message_trace::{Normalizer, Options, Rejected, Rejection, Revision};
use wasm_bindgen::prelude::wasm_bindgen;

/// One normalizer and its buffers.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Core {
    normalizer: Normalizer,
    /// As long as the longest input so far; only the part that a call names is read.
    input: Vec<u8>,
    events: Vec<u8>,
    /// Why lines were refused, as a JSON array.
    rejections: Vec<u8>,
    count: u32,
}

#[wasm_bindgen]
impl Core {
    /// Makes a normalizer from options as JSON; an absent option has its default.
    ///
    /// # Errors
    ///
    /// Options that are none, in words. They name an option, never a value of a line.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &str) -> Result<Self, String> {
        let options = Options::from_json(options.as_bytes())?;
        Ok(Self {
            normalizer: Normalizer::new(options),
            input: Vec::new(),
            events: Vec::new(),
            rejections: Vec::new(),
            count: 0,
        })
    }

    /// Makes room for `length` bytes of input and says where it is. May move the module's memory.
    pub fn input(&mut self, length: usize) -> *mut u8 {
        if self.input.len() < length {
            self.input.clear();
            self.input.resize(length, 0);
        }
        self.input.as_mut_ptr()
    }

    /// Turns the first `length` bytes of the input, one line, into one event. False if the line is refused.
    pub fn normalize(&mut self, length: usize) -> bool {
        let Self {
            normalizer,
            input,
            events,
            ..
        } = self;
        events.clear();
        let result = normalizer.normalize(input.get(..length).unwrap_or_default(), events);
        self.one(result)
    }

    /// The same for a line that was delivered before, and has changed since, or whose details came.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "strings cross into the module by value"
    )]
    pub fn normalize_revision(
        &mut self,
        length: usize,
        sequence: u64,
        previous_status: Option<String>,
        details: Option<String>,
    ) -> bool {
        let Self {
            normalizer,
            input,
            events,
            ..
        } = self;
        events.clear();
        let revision = Revision {
            sequence,
            previous_status: previous_status.as_deref(),
            details: details.as_deref(),
        };
        let result =
            normalizer.normalize_revision(input.get(..length).unwrap_or_default(), &revision, events);
        self.one(result)
    }

    /// Turns the first `length` bytes of the input into events, each with a line feed. False if any line is refused.
    pub fn normalize_batch(&mut self, length: usize) -> bool {
        self.events.clear();
        let mut rejected = Vec::new();
        let lines = self.input.get(..length).unwrap_or_default();
        self.count = self
            .normalizer
            .normalize_batch(lines, &mut self.events, &mut rejected);
        self.rejections.clear();
        write(&rejected, &mut self.rejections);
        rejected.is_empty()
    }

    /// Where the events of the last call are.
    #[must_use]
    pub fn events(&self) -> *const u8 {
        self.events.as_ptr()
    }

    /// How many bytes they have.
    #[must_use]
    pub fn events_length(&self) -> usize {
        self.events.len()
    }

    /// Whether they are all ASCII, so that a host can make its string without decoding.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.events.is_ascii()
    }

    /// How many events the last batch gave.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The rejections of the last call, as a JSON array of `{line, reason, detail, message}`.
    #[must_use]
    pub fn rejections(&self) -> String {
        String::from_utf8_lossy(&self.rejections).into_owned()
    }

    fn one(&mut self, result: Result<(), Rejection>) -> bool {
        self.count = u32::from(result.is_ok());
        self.rejections.clear();
        if let Err(reason) = result {
            write(&[Rejected { line: 1, reason }], &mut self.rejections);
        }
        result.is_ok()
    }
}

/// Writes rejections as a JSON array, the form in which they cross into JavaScript: they are rare, and an object each
/// there.
fn write(rejected: &[Rejected], out: &mut Vec<u8>) {
    // Numbers and fixed words to memory: nothing of it can fail.
    if !rejected.is_empty() && serde_json::to_writer(&mut *out, rejected).is_err() {
        out.clear();
    }
}

/// What this module is, as JSON: version, versions of the targets' schemas, formats and targets by name.
#[wasm_bindgen]
#[must_use]
pub fn about() -> String {
    serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "ecsVersion": message_trace::ECS_VERSION,
        "ocsfVersion": message_trace::OCSF_VERSION,
        "formats": message_trace::Format::ALL.map(message_trace::Format::name),
        "targets": message_trace::Target::ALL.map(message_trace::Target::name),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const LINE: &[u8] = br#"{"receivedDateTime":"2025-06-13T10:30:00Z","status":"delivered"}"#;

    fn with_input(lines: &[u8], options: &str) -> Core {
        let mut core = Core::new(options).unwrap();
        core.input(lines.len());
        core.input[..lines.len()].copy_from_slice(lines);
        core
    }

    #[test]
    fn refused_line_leaves_no_event_and_says_why() {
        let mut core = with_input(br#"{"receivedDateTime":null}"#, "{}");
        assert!(!core.normalize(25));
        assert_eq!(core.events_length(), 0);
        let expected = r#"[{"line":1,"reason":"missing-field","detail":"receivedDateTime","message":"receivedDateTime is missing"}]"#;
        assert_eq!(core.rejections(), expected);
    }

    #[test]
    fn shorter_input_after_a_longer_one_reads_only_its_own_bytes() {
        let mut core = with_input(LINE, "{}");
        assert!(core.normalize(LINE.len()));
        core.input(2);
        core.input[..2].copy_from_slice(b"{}");
        assert!(!core.normalize(2));
        assert!(core.rejections().contains("unknown-format"));
    }

    #[test]
    fn length_beyond_the_input_is_an_empty_line() {
        let mut core = with_input(LINE, "{}");
        assert!(!core.normalize(LINE.len() + 1));
    }

    #[test]
    fn unknown_option_is_named() {
        let error = Core::new(r#"{"colour":"red"}"#).unwrap_err();
        assert!(error.contains("colour"), "{error}");
    }
}
