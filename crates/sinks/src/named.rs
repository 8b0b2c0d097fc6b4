//! A sink by the name that its setup gives it.

use super::{Batch, Check, Delivery, Sink, SinkError};

/// A sink with a name of its own, for logs, the ledger and the dead letter.
#[derive(Debug)]
pub struct Named<S> {
    name: String,
    sink: S,
}

impl<S: Sink> Named<S> {
    /// Gives a sink that name.
    #[must_use]
    pub const fn new(name: String, sink: S) -> Self {
        Self { name, sink }
    }
}

impl<S: Sink> Sink for Named<S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        self.sink.deliver(batch)
    }

    fn has_accepted(&self) -> Option<bool> {
        self.sink.has_accepted()
    }

    fn note_accepted(&mut self) {
        self.sink.note_accepted();
    }

    fn check(&mut self) -> Result<Check, SinkError> {
        self.sink.check()
    }
}
