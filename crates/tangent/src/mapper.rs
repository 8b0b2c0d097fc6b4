//! Rows in, events out.

use message_trace::{Normalizer, Options};

use crate::view::{View, line_of, push_escaped};

/// Turns rows into events.
#[derive(Debug)]
pub struct Mapper {
    /// The normalizer, or why there is none.
    normalizer: Result<Normalizer, String>,
    line: Vec<u8>,
}

impl Mapper {
    /// Makes a mapper; without options that can be used, every row is refused for that reason.
    #[must_use]
    pub fn new(options: Result<Options, String>) -> Self {
        Self {
            normalizer: options.map(Normalizer::new),
            line: Vec::new(),
        }
    }

    /// Appends the event of a row and a line feed to `out`. A row that is refused gives its line, marked and with the
    /// reason.
    pub fn push_event(&mut self, view: &impl View, out: &mut Vec<u8>) {
        line_of(view, &mut self.line);
        let refused = match &mut self.normalizer {
            Ok(normalizer) => normalizer
                .normalize(&self.line, out)
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
