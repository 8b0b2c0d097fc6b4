//! Several sinks as one.

use super::{Batch, Delivery, Refused, Sink, SinkError};

/// Delivers each batch to every sink; acknowledged when all have.
///
/// A batch delivered again after an error goes only to those that have not acknowledged it.
pub struct FanOut {
    name: String,
    sinks: Vec<(Box<dyn Sink>, Option<u64>)>,
    /// What the sinks that have acknowledged the batch refused of it.
    refused: Vec<Refused>,
}

impl FanOut {
    /// Puts sinks together, in this order.
    #[must_use]
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        let name = sinks.iter().map(Sink::name).collect::<Vec<_>>().join(", ");
        Self {
            name,
            sinks: sinks.into_iter().map(|sink| (sink, None)).collect(),
            refused: Vec::new(),
        }
    }
}

impl std::fmt::Debug for FanOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FanOut").field(&self.name).finish()
    }
}

impl Sink for FanOut {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        let fingerprint = batch.fingerprint();
        if !self
            .sinks
            .iter()
            .any(|(_, acknowledged)| *acknowledged == Some(fingerprint))
        {
            self.refused.clear();
        }
        for (sink, acknowledged) in &mut self.sinks {
            if *acknowledged != Some(fingerprint) {
                self.refused.extend(sink.deliver(batch)?.refused);
                *acknowledged = Some(fingerprint);
            }
        }
        // The next batch may be the same one on purpose, when a window is read again.
        for (_, acknowledged) in &mut self.sinks {
            *acknowledged = None;
        }
        let mut refused = std::mem::take(&mut self.refused);
        refused.sort_by_key(|refused| refused.index);
        refused.dedup_by_key(|refused| refused.index);
        Ok(Delivery { refused })
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.sinks
            .iter_mut()
            .map(|(sink, _)| sink.flush())
            .fold(Ok(()), Result::and)
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.sinks
            .iter_mut()
            .map(|(sink, _)| sink.close())
            .fold(Ok(()), Result::and)
    }
}
