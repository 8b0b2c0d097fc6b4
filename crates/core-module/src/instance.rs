//! One normalizer and the answers it gives.

use crate::memory::Memory;
use message_trace::{Normalizer, Options, Rejected, Rejection, Revision};

/// What a call gave, as the host reads it: six numbers of one word each (32 bits, little-endian on wasm). It stays
/// where it is until the next call.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Answer {
    /// How many events.
    pub count: usize,
    /// The address of the events.
    pub events: usize,
    /// Their length in bytes.
    pub events_len: usize,
    /// How many rejections.
    pub rejected: usize,
    /// The address of the rejections: a JSON array.
    pub rejections: usize,
    /// Its length in bytes; 0 where nothing was rejected.
    pub rejections_len: usize,
}

/// What is behind an instance of the module.
#[derive(Debug)]
pub struct Instance {
    /// The room that the host asked for.
    pub memory: Memory,
    normalizer: Normalizer,
    /// The events and rejections of the last call.
    events: Vec<u8>,
    rejected: Vec<Rejected>,
    rejections: Vec<u8>,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            memory: Memory::default(),
            normalizer: Normalizer::new(Options::default()),
            events: Vec::new(),
            rejected: Vec::new(),
            rejections: Vec::new(),
        }
    }
}

/// Buffers longer than this are not kept for the next call, in bytes.
const MAX_KEPT: usize = 1 << 25;

impl Instance {
    /// Takes options. `None` where `alloc` gave no such room, as in every call here.
    pub fn configure(&mut self, at: usize, len: usize, answer: &mut Answer) -> Option<()> {
        self.clear();
        let options = self.memory.read(at, len)?;
        let count = match Options::from_json(options) {
            Ok(options) => {
                self.normalizer = Normalizer::new(options);
                1
            }
            Err(error) => {
                self.rejections.extend_from_slice(error.as_bytes());
                0
            }
        };
        self.answer(count, answer);
        Some(())
    }

    /// Turns one line into one event.
    pub fn normalize(&mut self, at: usize, len: usize, answer: &mut Answer) -> Option<()> {
        self.clear();
        let line = self.memory.read(at, len)?;
        let result = self.normalizer.normalize(line, &mut self.events);
        self.one(result, answer);
        Some(())
    }

    /// Turns one line that was delivered before into its next event.
    pub fn normalize_revision(
        &mut self,
        line: (usize, usize),
        sequence: u64,
        status: (usize, usize),
        details: (usize, usize),
        answer: &mut Answer,
    ) -> Option<()> {
        self.clear();
        let line = self.memory.read(line.0, line.1)?;
        // The outer one: whether there was such room. The inner one: whether there is a text.
        let text = |(at, len): (usize, usize)| {
            if at == 0 {
                return Some(None);
            }
            let text = core::str::from_utf8(self.memory.read(at, len)?).ok()?;
            Some(Some(text))
        };
        let revision = Revision {
            sequence,
            previous_status: text(status)?,
            details: text(details)?,
        };
        let result = self
            .normalizer
            .normalize_revision(line, &revision, &mut self.events);
        self.one(result, answer);
        Some(())
    }

    /// Turns lines into events.
    pub fn normalize_batch(&mut self, at: usize, len: usize, answer: &mut Answer) -> Option<()> {
        self.clear();
        let lines = self.memory.read(at, len)?;
        let count = self
            .normalizer
            .normalize_batch(lines, &mut self.events, &mut self.rejected);
        self.write_rejections();
        self.answer(count as usize, answer);
        Some(())
    }

    fn clear(&mut self) {
        self.events.clear();
        self.events.shrink_to(MAX_KEPT);
        self.rejected.clear();
        self.rejected.shrink_to(MAX_KEPT / size_of::<Rejected>());
        self.rejections.clear();
        self.rejections.shrink_to(MAX_KEPT);
    }

    fn one(&mut self, result: Result<(), Rejection>, answer: &mut Answer) {
        if let Err(reason) = result {
            self.rejected.push(Rejected { line: 1, reason });
            self.write_rejections();
        }
        self.answer(usize::from(result.is_ok()), answer);
    }

    fn write_rejections(&mut self) {
        if !self.rejected.is_empty() {
            // Numbers and names that are known beforehand: nothing in it can fail to be written.
            self.rejections = serde_json::to_vec(&self.rejected).unwrap_or_default();
        }
    }

    fn answer(&self, count: usize, answer: &mut Answer) {
        *answer = Answer {
            count,
            events: self.events.as_ptr().expose_provenance(),
            events_len: self.events.len(),
            rejected: self.rejected.len(),
            rejections: self.rejections.as_ptr().expose_provenance(),
            rejections_len: self.rejections.len(),
        };
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Answer, Instance, MAX_KEPT};
    use message_trace_reference as reference;

    const ROW: &[u8] = br#"{"receivedDateTime":"2026-01-02T03:04:05Z","status":"failed"}"#;

    /// Every fixture with its own options, through addresses, against the library.
    #[test]
    fn lines_are_what_the_library_makes_of_them() {
        for case in reference::cases().unwrap() {
            let mut instance = Instance::default();
            let mut answer = Answer::default();
            let options = serde_json::to_vec(&case.options).unwrap();
            let at = instance.memory.put(&options);
            instance.configure(at, options.len(), &mut answer).unwrap();
            assert_eq!(answer.count, 1, "{}", case.name);
            let at = instance.memory.put(&case.input);
            let mut event = Vec::new();
            let mut normalizer = message_trace::Normalizer::new(case.options.clone());
            let result = match &case.revision {
                Some(known) => {
                    let mut put = |text: &Option<String>| match text.as_deref().unwrap_or_default() {
                        "" => (0, 0),
                        text => (instance.memory.put(text.as_bytes()), text.len()),
                    };
                    let (status, details) = (put(&known.previous_status), put(&known.details));
                    let line = (at, case.input.len());
                    let done =
                        instance.normalize_revision(line, known.sequence, status, details, &mut answer);
                    done.unwrap();
                    normalizer.normalize_revision(&case.input, &known.revision(), &mut event)
                }
                None => {
                    instance.normalize(at, case.input.len(), &mut answer).unwrap();
                    normalizer.normalize(&case.input, &mut event)
                }
            };
            assert_eq!(instance.events, event, "{}", case.name);
            assert_eq!(
                (answer.count, answer.rejected),
                (usize::from(result.is_ok()), usize::from(result.is_err()))
            );
            assert_eq!(answer.events_len, event.len(), "{}", case.name);
        }
    }

    #[test]
    fn options_that_are_none_change_nothing() {
        let mut instance = Instance::default();
        let mut answer = Answer::default();
        let at = instance.memory.put(br#"{"target":"splunk"}"#);
        instance.configure(at, 19, &mut answer).unwrap();
        assert_eq!(answer.count, 0);
        assert!(
            core::str::from_utf8(&instance.rejections)
                .unwrap()
                .contains("splunk")
        );
        let at = instance.memory.put(ROW);
        instance.normalize(at, ROW.len(), &mut answer).unwrap();
        assert!(instance.events.starts_with(br#"{"message""#));
    }

    #[test]
    fn a_batch_says_what_it_refused() {
        let mut instance = Instance::default();
        let mut answer = Answer::default();
        let lines = [ROW, b"[", ROW].join(&b'\n');
        let at = instance.memory.put(&lines);
        instance.normalize_batch(at, lines.len(), &mut answer).unwrap();
        assert_eq!((answer.count, answer.rejected), (2, 1));
        assert_eq!(
            instance.rejections,
            br#"[{"line":2,"reason":"syntax","detail":1,"message":"expected one JSON object, but reading stopped at byte 1"}]"#
        );
        assert_eq!(answer.rejections_len, instance.rejections.len());
        instance.normalize_batch(at, 0, &mut answer).unwrap();
        assert_eq!((answer.count, answer.rejected, answer.rejections_len), (0, 0, 0));
    }

    #[test]
    fn room_that_was_not_given_is_refused() {
        let mut instance = Instance::default();
        let mut answer = Answer::default();
        assert_eq!(instance.normalize_batch(0xdead_0000, 5, &mut answer), None);
        let at = instance.memory.put(b"{}");
        assert_eq!(instance.normalize(at, 3, &mut answer), None);
        assert_eq!(
            instance.normalize_revision((at, 2), 1, (at + 1, 1), (0, 0), &mut answer),
            None
        );
    }

    #[test]
    fn a_great_answer_is_not_kept() {
        let mut instance = Instance::default();
        let mut answer = Answer::default();
        let rows = MAX_KEPT / ROW.len() + 1;
        let lines = [ROW, b"\n"].concat().repeat(rows);
        let at = instance.memory.put(&lines);
        instance.normalize_batch(at, lines.len(), &mut answer).unwrap();
        assert!(instance.events.capacity() > MAX_KEPT);
        instance.normalize_batch(at, 0, &mut answer).unwrap();
        assert!(instance.events.capacity() <= MAX_KEPT);
    }
}
