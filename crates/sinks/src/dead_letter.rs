//! The dead letter: what a sink refused for good, kept on disk.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::de::IgnoredAny;

use super::file::Appender;
use super::{Batch, Delivery, Sink, SinkError};

/// An NDJSON file of refused events.
///
/// Each line is `{"time":"…","sink":"…","reason":"…","id":"…","sequence":0,"event":{…}}`; `event` is text where it is not
/// JSON. The file is private (0600), and made with its first line.
#[derive(Debug)]
pub struct DeadLetter {
    path: PathBuf,
    appender: Option<Appender>,
}

impl DeadLetter {
    /// The dead letter at that path. Touches nothing yet.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path, appender: None }
    }

    /// Keeps the refused events of a batch; on disk when it returns.
    ///
    /// # Errors
    ///
    /// If the file cannot be written. Then the batch is not to be acknowledged.
    pub fn keep(&mut self, sink: &str, batch: &Batch, delivery: &Delivery) -> Result<(), SinkError> {
        if delivery.refused.is_empty() {
            return Ok(());
        }
        let now = SystemTime::now();
        let lines = lines(now, sink, batch, delivery)
            .map_err(|_| SinkError::Internal("a refused event is not in its batch"))?;
        let appender = match &mut self.appender {
            Some(appender) => {
                appender.follow(now)?;
                appender
            }
            none => none.insert(Appender::open(&self.path, now)?),
        };
        appender.append(&lines, now)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn lines(now: SystemTime, sink: &str, batch: &Batch, delivery: &Delivery) -> serde_json::Result<Vec<u8>> {
    let mut lines = Vec::new();
    let missing = || serde_json::Error::io(std::io::ErrorKind::NotFound.into());
    for refused in &delivery.refused {
        let event = batch.event(refused.index).ok_or_else(missing)?;
        let text = |text: &str| serde_json::to_string(text);
        write!(
            lines,
            r#"{{"time":{},"sink":{},"reason":{},"id":{},"sequence":{},"event":"#,
            text(&message_trace_rows::utc(now))?,
            text(sink)?,
            text(&refused.reason.to_string())?,
            text(&event.key.id)?,
            event.key.sequence
        )
        .map_err(serde_json::Error::io)?;
        if serde_json::from_slice::<IgnoredAny>(event.json).is_ok() {
            lines.extend_from_slice(event.json);
        } else {
            lines.extend_from_slice(text(&String::from_utf8_lossy(event.json))?.as_bytes());
        }
        lines.extend_from_slice(b"}\n");
    }
    Ok(lines)
}

/// A sink whose refused events are on disk before a batch is acknowledged.
#[derive(Debug)]
pub struct WithDeadLetter<S> {
    sink: S,
    dead_letter: DeadLetter,
}

impl<S: Sink> WithDeadLetter<S> {
    /// Puts a sink and its dead letter together.
    #[must_use]
    pub const fn new(sink: S, dead_letter: DeadLetter) -> Self {
        Self { sink, dead_letter }
    }
}

impl<S: Sink> Sink for WithDeadLetter<S> {
    fn name(&self) -> &str {
        self.sink.name()
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        let delivery = self.sink.deliver(batch)?;
        self.dead_letter.keep(self.sink.name(), batch, &delivery)?;
        if let Some(first) = delivery.refused.first() {
            log::error!(
                sink = self.sink.name(),
                events = delivery.refused.len(),
                first_reason:% = first.reason,
                dead_letter:% = self.dead_letter.path().display();
                "the sink refused events for good; they are kept in the dead letter"
            );
        }
        Ok(delivery)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.sink.flush()
    }

    fn close(&mut self) -> Result<(), SinkError> {
        self.sink.close()
    }
}
