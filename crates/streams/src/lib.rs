//! Streams between polling and the SIEM: NATS JetStream and Kafka.
//!
//! A stream lets any number of machines share the work: `poll --raw` puts raw rows on one stream, workers of
//! [`transform`](Worker) take them off, run the component, and put events on another. Which worker gets which row is the
//! stream's business; there is no coordination of our own.
//!
//! | promise | how |
//! |---|---|
//! | a row is acknowledged after its event is on the output | explicit acknowledgement, behind the publish's own |
//! | a row worked on twice is one event | NATS: message id = event id, within the stream's duplicate window; Kafka: the same id in a header, or `Job::transactions` |
//! | a row that gives no event is kept | the rejects subject, with the reason in a header |
//! | a message that is too large for the service is said | rejects too, as `too-large`; for a sink, the dead letter |
//!
//! Several workers share the rows of one stream, so that two changes of one row may change places: `event.sequence` says
//! which is the newer one.

mod address;
mod login;
mod stop;
mod work;
#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;

pub use address::{Address, AddressError, Service};
#[cfg(feature = "kafka")]
pub use kafka::KafkaSink;
pub use login::{Login, Mechanism};
#[cfg(feature = "nats")]
pub use nats::JetStreamSink;
pub use stop::Stop;
pub use work::{Body, Incoming, Outgoing, Tally, Worker};

use std::fmt;
use std::time::Duration;

use message_trace_host::Transform;
use message_trace_remedy::Remedy;

/// The header of a message of Kafka with what it is known by: the event's id, with `#SEQUENCE` for a change. NATS has a
/// header of its own for it, `Nats-Msg-Id`.
pub const ID_HEADER: &str = "Message-Trace-Id";
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
    /// Under what name workers share the input: a durable consumer, a consumer group.
    pub consumer: String,
    /// Most rows that are worked on together, 1 to 10,000.
    pub batch: usize,
    /// Whether to end when the input has nothing more.
    pub once: bool,
    /// Kafka: whether events and the place that was read to are one transaction, so that readers of committed messages see
    /// each event once. Input and output have to be one cluster.
    pub transactions: bool,
    /// How long a message may be with a worker that is gone before another one gets it.
    pub ack_wait: Duration,
    /// How often to say in the log how far the worker is.
    pub say_every: Duration,
    /// Who signs in.
    pub login: Login,
}

/// Works until told to stop, or with `job.once` until the stream has nothing more.
///
/// A row is acknowledged after all that it gives is on the output. A worker that is killed leaves its rows to the others
/// after `job.ack_wait`; what it had published before is known by its id.
///
/// # Errors
///
/// Why it cannot go on. Rows that are not acknowledged stay on the stream.
pub fn transform(job: &Job, transform: Box<dyn Transform>, stop: &Stop) -> Result<Tally, StreamError> {
    let wrong = |what| Err(StreamError::new(Remedy::Configure, what));
    if job.input.service() != job.output.service() {
        return wrong(
            "the input and the output are not of one service; name both with nats:// or both with kafka://",
        );
    }
    let worker = Worker::new(transform);
    match job.input.service() {
        #[cfg(feature = "nats")]
        Service::Nats => nats::transform(job, worker, stop),
        #[cfg(feature = "kafka")]
        Service::Kafka => kafka::transform(job, worker, stop),
        #[cfg(not(all(feature = "nats", feature = "kafka")))]
        _ => {
            drop((worker, stop));
            wrong(
                "this program was built without that stream; build one with ./build.sh program --features kafka",
            )
        }
    }
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
