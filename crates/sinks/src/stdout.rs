//! Standard output.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::{Batch, Delivery, Sink, SinkError};

/// Writes events to standard output, flushed before they are acknowledged.
///
/// What the reader does with them is out of sight: an event in a pipe may be lost with its reader.
#[derive(Debug)]
pub struct StdoutSink<W = io::Stdout> {
    out: W,
}

impl StdoutSink {
    /// The sink on this process's standard output.
    #[must_use]
    pub fn new() -> Self {
        Self { out: io::stdout() }
    }
}

impl Default for StdoutSink {
    fn default() -> Self {
        Self::new()
    }
}

impl<W: Write + Send> StdoutSink<W> {
    /// The sink on any writer.
    pub const fn on(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Sink for StdoutSink<W> {
    fn name(&self) -> &'static str {
        "stdout"
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        self.out
            .write_all(batch.ndjson())
            .and_then(|()| self.out.flush())
            .map_err(|error| match error.kind() {
                ErrorKind::BrokenPipe => SinkError::Closed,
                _ => SinkError::storage(Path::new("standard output"), &error),
            })?;
        Ok(Delivery::default())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind, Write};

    use super::StdoutSink;
    use crate::{Batch, Delivery, EventKey, Sink, SinkError};
    use message_trace_remedy::Remedy;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    fn batch() -> Batch {
        let mut batch = Batch::default();
        assert!(batch.push(EventKey::new("1", 0), b"{}").is_ok());
        batch
    }

    #[test]
    fn events_are_flushed_before_they_are_acknowledged() {
        let mut out = Vec::new();
        assert_eq!(
            StdoutSink::on(&mut out).deliver(&batch()),
            Ok(Delivery::default())
        );
        assert_eq!(out, b"{}\n");
    }

    #[test]
    fn a_broken_pipe_is_no_acknowledgement() {
        let mut sink = StdoutSink::on(Broken(ErrorKind::BrokenPipe));
        assert_eq!(sink.deliver(&batch()), Err(SinkError::Closed));
        assert_eq!(SinkError::Closed.remedy(), Remedy::Retry);
        let full = StdoutSink::on(Broken(ErrorKind::StorageFull)).deliver(&batch());
        assert!(matches!(
            full,
            Err(SinkError::Storage {
                kind: ErrorKind::StorageFull,
                ..
            })
        ));
    }
}
