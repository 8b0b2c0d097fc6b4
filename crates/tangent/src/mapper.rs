//! Rows in, events out.

use message_trace::{Normalizer, Options, Revision};

use crate::view::{View, ViewValue, line_of, push_escaped};

/// Turns rows into events.
#[derive(Debug)]
pub struct Mapper {
    /// The normalizer, or why there is none.
    normalizer: Result<Normalizer, String>,
    has_revisions: bool,
    line: Vec<u8>,
}

impl Mapper {
    /// Makes a mapper; without options that can be used, every row is refused for that reason.
    #[must_use]
    pub fn new(options: Result<Options, String>) -> Self {
        Self {
            normalizer: options.map(Normalizer::new),
            has_revisions: false,
            line: Vec::new(),
        }
    }

    /// Whether rows may say under [`REVISION_KEY`] what is known of them. Looking costs a call for each row.
    #[must_use]
    pub fn with_revisions(self, has_revisions: bool) -> Self {
        Self {
            has_revisions,
            ..self
        }
    }

    /// Appends the event of a row and a line feed to `out`. A row that is refused gives its line, marked and with the
    /// reason.
    pub fn push_event(&mut self, view: &impl View, out: &mut Vec<u8>) {
        line_of(view, &mut self.line);
        let known = Some(view).filter(|_| self.has_revisions).and_then(Known::of);
        let refused = match &mut self.normalizer {
            Ok(normalizer) => match &known {
                None => normalizer.normalize(&self.line, out),
                Some(known) => normalizer.normalize_revision(&self.line, &known.revision(), out),
            }
            .map_err(|rejection| rejection.to_string()),
            Err(problem) => Err(problem.clone()),
        };
        if let Err(reason) = refused {
            out.extend_from_slice(b"{\"log\":\"");
            push_escaped(&String::from_utf8_lossy(&self.line), out);
            out.extend_from_slice(b"\",\"error\":{\"message\":\"");
            push_escaped(&reason, out);
            out.extend_from_slice(b"\"},\"event\":{\"kind\":\"pipeline_error\"}}");
        }
        out.push(b'\n');
    }
}

/// The key under which a row says what is known of it: an object with `sequence`, `previous_status` and `details`, the last
/// as text.
pub const REVISION_KEY: &str = "message_trace_revision";

/// A revision that owns its texts.
struct Known {
    sequence: u64,
    previous_status: Option<String>,
    details: Option<String>,
}

impl Known {
    /// What a row says; `None` of one that says no number.
    fn of(view: &impl View) -> Option<Self> {
        let ViewValue::Integer(sequence) = view.value(&format!("{REVISION_KEY}.sequence")) else {
            return None;
        };
        let text = |name: &str| match view.value(&format!("{REVISION_KEY}.{name}")) {
            ViewValue::Text(text) => Some(text),
            _ => None,
        };
        Some(Self {
            // Those above 2^63-1 come as negative ones.
            sequence: sequence.cast_unsigned(),
            previous_status: text("previous_status"),
            details: text("details"),
        })
    }

    fn revision(&self) -> Revision<'_> {
        Revision {
            sequence: self.sequence,
            previous_status: self.previous_status.as_deref(),
            details: self.details.as_deref(),
        }
    }
}
