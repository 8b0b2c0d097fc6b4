//! Sinks: where events go.
//!
//! A sink answers a batch only when every event of it is where it belongs: written and synced, or accepted by a service,
//! or refused for good. What is refused is kept in the dead letter, which the program has one of, and then the page is
//! committed. A batch that was not answered is delivered again, with the same event ids: at least once, and effectively
//! once by id. No sink waits: how long to wait after a failure is for polling to say, which has other work meanwhile.
//!
//! To add a service that takes events over HTTP: a folder here with a type that implements [`Service`], and a line in
//! the program's `config/services/mod.rs`. Anything else implements [`Sink`] itself. CONTRIBUTING says how.

mod batch;
mod dead_letter;
mod error;
mod fan_out;
mod named;
mod stdout;
mod file;
pub mod service;
mod http;
pub mod elasticsearch;
pub mod sekoia;
pub mod sentinel;
pub mod splunk;

use std::borrow::Cow;
use std::fmt;

pub use self::http::{BodyFormat, Http, HttpOptions, HttpSink};
pub use batch::{Batch, BatchError, Event, EventKey};
pub use dead_letter::{DeadLetter, Letter, LetterKey, TRANSFORM, count_letters};
pub use error::{SinkError, SinkFailure};
pub use fan_out::{Apart, FanOut, Member, Refusal};
pub use file::{FileOptions, FileSink};
pub use named::Named;
pub use service::{Service, ServiceSink};
pub use stdout::StdoutSink;

/// Where events go.
pub trait Sink: Send {
    /// What the sink is, for logs: `stdout`, `file:PATH`, `https://HOST`. Holds no path, query or secret of a URL.
    fn name(&self) -> &str;

    /// Delivers a batch. `Ok` means that each event is durable, accepted, or named in [`Delivery::refused`].
    ///
    /// Tries once and never waits. Called again with the same batch after an error, it goes on where it stopped if it can.
    /// Between two batches a sink holds nothing back, so that there is nothing to flush at the end.
    ///
    /// # Errors
    ///
    /// Why the batch cannot be acknowledged. Nothing of it may be committed; parts may have arrived.
    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError>;

    /// Whether the sink has accepted an event so far; until then it refuses none for good. `None` for a sink that never
    /// refuses an event.
    fn has_accepted(&self) -> Option<bool> {
        None
    }

    /// Tells the sink that it accepted an event in an earlier run.
    fn note_accepted(&mut self) {}

    /// Proves what can be proved without sending an event: that the sink is there, and takes what this program would send.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn check(&mut self) -> Result<Check, SinkError> {
        Ok(Check::Authorized)
    }
}

impl<S: Sink + ?Sized> Sink for Box<S> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        (**self).deliver(batch)
    }

    fn has_accepted(&self) -> Option<bool> {
        (**self).has_accepted()
    }

    fn note_accepted(&mut self) {
        (**self).note_accepted();
    }

    fn check(&mut self) -> Result<Check, SinkError> {
        (**self).check()
    }
}

/// What is known of a sink without an event sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is there and takes what this program would send.
    Authorized,
    /// It is there. The sentence says what could not be asked.
    Reachable(&'static str),
}

/// The verdict on a batch: all events are accepted but those named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The events refused for good, in the order of the batch.
    pub refused: Vec<Refused>,
}

/// An event that the sink will never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The event's place in the batch, from 0.
    pub index: usize,
    /// Why.
    pub reason: RefusedReason,
}

/// Why a sink will never take an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusedReason {
    /// The service answered with this status for this event alone.
    Status(u16),
    /// The service's own code for this event, such as a mapping error. Never text that may hold the event's values.
    Code(Cow<'static, str>),
    /// The event alone is larger than the sink's limit, in bytes.
    TooLarge(usize),
}

impl fmt::Display for RefusedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            Self::Code(code) => f.write_str(code),
            Self::TooLarge(limit) => write!(f, "larger than {limit} bytes"),
        }
    }
}
