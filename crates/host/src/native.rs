//! The library itself, without a component between.

use message_trace::{Normalizer, Options, Revised, Revision};

use super::{About, Batch, Reason, Refused, Transform};

pub(super) struct Native(Normalizer);

impl Native {
    pub(super) fn new(options: &Options) -> Self {
        Self(Normalizer::new(options.clone()))
    }
}

impl Transform for Native {
    fn normalize_revised_batch(&mut self, lines: &[u8], revised: &[Revised<'_>]) -> Batch {
        let mut events = Vec::with_capacity(lines.len() * 5 / 2 + 512);
        let mut rejections = Vec::new();
        let count =
            self.0
                .normalize_revised_batch(lines, revised.iter().copied(), &mut events, &mut rejections);
        let refused = rejections
            .into_iter()
            .map(|message_trace::Rejected { line, reason }| Refused {
                line,
                reason: reason.into(),
            })
            .collect();
        Batch {
            events,
            count,
            refused,
        }
    }

    fn normalize(&mut self, line: &[u8]) -> Result<String, Reason> {
        let line = super::component::as_text(line)?;
        let mut event = Vec::new();
        self.0.normalize(line.as_bytes(), &mut event)?;
        Ok(into_text(event))
    }

    fn normalize_revision(&mut self, line: &[u8], revision: &Revision<'_>) -> Result<String, Reason> {
        let line = super::component::as_text(line)?;
        let mut event = Vec::new();
        self.0.normalize_revision(line.as_bytes(), revision, &mut event)?;
        Ok(into_text(event))
    }
}

/// As the component does it: events are UTF-8 by construction.
fn into_text(event: Vec<u8>) -> String {
    match String::from_utf8(event) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

pub(super) fn about() -> About {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ecs_version: message_trace::ECS_VERSION.to_owned(),
        ocsf_version: message_trace::OCSF_VERSION.to_owned(),
        formats: owned(&message_trace::Format::ALL.map(message_trace::Format::name)),
        targets: owned(&message_trace::Target::ALL.map(message_trace::Target::name)),
        imports: Vec::new(),
        exports: Vec::new(),
        sha256: None,
        size_bytes: None,
    }
}
