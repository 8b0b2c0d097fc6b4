//! Streams between polling and the SIEM: NATS JetStream.
//!
//! A stream lets any number of machines share the work: `poll --raw` puts raw rows on one stream, workers of
//! [`transform`](Worker) take them off, run the component, and put events on another. Which worker gets which row is the
//! stream's business; there is no coordination of our own.
//!
//! | promise | how |
//! |---|---|
//! | a row is acknowledged after its event is on the output | explicit acknowledgement, behind the publish's own |
//! | a row worked on twice is one event | message id = event id, within the stream's duplicate window |
//! | a row that gives no event is kept | the rejects subject, with the reason in a header |
//! | a message that is too large for the service is said | rejects too, as `too-large`; for a sink, the dead letter |
//!
//! Several workers share the rows of one stream, so that two changes of one row may change places: `event.sequence` says
//! which is the newer one.

mod address;
mod login;
mod stop;
mod work;
#[cfg(feature = "nats")]
mod nats;

pub use address::{Address, AddressError};
pub use login::Login;
#[cfg(feature = "nats")]
pub use nats::{JetStreamSink, transform};
pub use stop::Stop;
pub use work::{Body, Incoming, Outgoing, Tally, Worker};

use std::fmt;
use std::time::Duration;

use message_trace_remedy::Remedy;

/// The header of a raw row that was delivered before and has changed since: how often, from 1.
pub const SEQUENCE_HEADER: &str = "Message-Trace-Sequence";
/// The header of such a row with the status that it had before.
pub const PREVIOUS_STATUS_HEADER: &str = "Message-Trace-Previous-Status";
/// The header of a row that gave no event: why, such as `missing-field receivedDateTime`. Never text from the row.
pub const REASON_HEADER: &str = "Message-Trace-Reason";

/// How a worker runs.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where raw rows come from: a stream.
    pub input: Address,
    /// Where events go: a subject.
    pub output: Address,
    /// Where rows go that give no event: a subject of the output's service.
    pub rejects: String,
    /// Under what name workers share the input: a durable consumer.
    pub consumer: String,
    /// Most rows that are worked on together, 1 to 10,000.
    pub batch: usize,
    /// Whether to end when the input has nothing more.
    pub once: bool,
    /// How long a message may be with a worker before another one gets it.
    pub ack_wait: Duration,
    /// How often to say in the log how far the worker is.
    pub say_every: Duration,
    /// Who signs in.
    pub login: Login,
}

/// Why a stream cannot be used. Holds no row, no event and no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    remedy: Remedy,
    sentence: String,
}

impl StreamError {
    /// An error with what has to be done about it.
    pub(crate) fn new(remedy: Remedy, sentence: impl Into<String>) -> Self {
        Self {
            remedy,
            sentence: sentence.into(),
        }
    }

    /// What has to be done.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        self.remedy
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for StreamError {}
