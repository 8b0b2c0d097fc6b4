//! NATS JetStream.
//!
//! | rule | source |
//! |---|---|
//! | a publish counts when the stream has acknowledged it | JetStream, "Publishing": `PubAck` |
//! | `Nats-Msg-Id` tells a repeat within the stream's duplicate window, two minutes by default | JetStream, "Message deduplication" |
//! | a message that is not acknowledged in time goes to another worker | JetStream, "Consumers": `AckWait` |
//! | the largest message is what the server says when it greets, 1 MiB by default | NATS protocol, `INFO`: `max_payload` |

mod sink;
mod transform;

pub use sink::JetStreamSink;
pub(crate) use transform::transform;

use std::future::IntoFuture as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::ConnectErrorKind;
use async_nats::connection::State;
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::{Context, ContextBuilder};
use message_trace_remedy::Remedy;
use secrecy::ExposeSecret as _;
use tokio::runtime::{Builder, Runtime};

use crate::{Address, Login, StreamError};

/// How long to wait for a connection, and for the acknowledgement of a batch.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ACK_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a batch may take, its acknowledgements included.
const BATCH_TIMEOUT: Duration = Duration::from_mins(1);
/// Publishes that wait for their acknowledgement at a time: more than a batch has.
const IN_FLIGHT: usize = 16_384;

/// What keeps a connection alive between two calls.
fn runtime() -> Result<Runtime, StreamError> {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|_| {
            StreamError::new(
                Remedy::Storage,
                "no thread can be started; free memory or processes",
            )
        })
}

/// Connects. Everywhere but on this machine the connection is encrypted.
async fn connect(address: &Address, login: &Login) -> Result<Context, StreamError> {
    let servers: Vec<String> = address
        .servers()
        .split(',')
        .map(|server| format!("nats://{server}"))
        .collect();
    let mut options = async_nats::ConnectOptions::new()
        .name("message-trace")
        .connection_timeout(CONNECT_TIMEOUT)
        .require_tls(!address.is_loopback());
    if let Some(file) = &login.ca_file {
        options = options.add_root_certificates(file.clone());
    }
    if let Some(file) = &login.credentials {
        options = options.credentials_file(file).await.map_err(|_| {
            let what = "the credentials file cannot be read; check its path, its rights and that it is a .creds file";
            StreamError::new(Remedy::Storage, what)
        })?;
    }
    if let (Some(user), Some(password)) = (&login.user, &login.password) {
        options = options.user_and_password(user.clone(), password.expose_secret().to_owned());
    }
    let client = options.connect(servers).await.map_err(|error| refused(&error))?;
    Ok(ContextBuilder::new()
        .timeout(ACK_TIMEOUT)
        .ack_timeout(ACK_TIMEOUT)
        .max_ack_inflight(IN_FLIGHT)
        .backpressure_on_inflight(true)
        .build(client))
}

fn refused(error: &async_nats::ConnectError) -> StreamError {
    let (remedy, sentence) = match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => (
            Remedy::Configure,
            "NATS refuses the credential; check the user and password, or the credentials file",
        ),
        ConnectErrorKind::Tls => (
            Remedy::Configure,
            "NATS: no encrypted connection; check that the server has TLS, its certificate and ca-file",
        ),
        ConnectErrorKind::ServerParse => (Remedy::Configure, "NATS: the address is none; check it"),
        ConnectErrorKind::Dns => (
            Remedy::Retry,
            "NATS: the host's name cannot be resolved; check it and the DNS",
        ),
        ConnectErrorKind::TimedOut => (
            Remedy::Retry,
            "NATS: no answer in time; check the address and the firewall",
        ),
        ConnectErrorKind::Io | ConnectErrorKind::MaxReconnects => (
            Remedy::Retry,
            "NATS: no connection to the host; check that it runs and that a firewall lets it through",
        ),
    };
    StreamError::new(remedy, sentence)
}

/// Publishes that wait for their acknowledgement. One whose connection was lost meanwhile will not come: it is not waited
/// for.
struct Acks<'a> {
    context: &'a Context,
    connects: u64,
}

/// How often to look whether the connection is still the same.
const LOOK: Duration = Duration::from_millis(250);

impl<'a> Acks<'a> {
    /// To be made before the first of the publishes. Without a connection nothing is queued: what is queued could come
    /// long after it was given up.
    fn begin(context: &'a Context) -> Result<Self, StreamError> {
        let acks = Self {
            context,
            connects: connects(context),
        };
        if acks.is_lost() { Err(lost()) } else { Ok(acks) }
    }

    fn is_lost(&self) -> bool {
        let is_same = connects(self.context) == self.connects;
        !is_same || self.context.client().connection_state() != State::Connected
    }

    /// Waits for one. `Ok(None)` for a message that is too large.
    async fn wait(&self, ack: PublishAckFuture) -> Result<Option<PublishAck>, StreamError> {
        let mut ack = ack.into_future();
        loop {
            tokio::select! {
                biased;
                done = &mut ack => return match done {
                    Ok(ack) => Ok(Some(ack)),
                    Err(error) => unpublished(&error).map_or(Ok(None), Err),
                },
                () = tokio::time::sleep(LOOK) => {
                    if self.is_lost() {
                        return Err(lost());
                    }
                }
            }
        }
    }
}

fn lost() -> StreamError {
    StreamError::new(
        Remedy::Retry,
        "NATS: the connection is lost, and not all is acknowledged; nothing is lost",
    )
}

/// Ends what takes longer than a batch may: a client without a connection waits for room to queue.
async fn in_time<T>(work: impl Future<Output = Result<T, StreamError>>) -> Result<T, StreamError> {
    tokio::time::timeout(BATCH_TIMEOUT, work)
        .await
        .unwrap_or_else(|_| Err(lost()))
}

fn connects(context: &Context) -> u64 {
    context.client().statistics().connects.load(Ordering::Relaxed)
}

/// What a publish that was not acknowledged means. `None` for a message that is too large.
fn unpublished(error: &async_nats::jetstream::context::PublishError) -> Option<StreamError> {
    use async_nats::jetstream::context::PublishErrorKind as Kind;
    let (remedy, sentence) = match error.kind() {
        Kind::MaxPayloadExceeded => return None,
        Kind::StreamNotFound => (
            Remedy::Configure,
            "NATS has no stream for the subject; create one that listens to it, and to its .rejects",
        ),
        Kind::TimedOut | Kind::BrokenPipe | Kind::MaxAckPending => (
            Remedy::Retry,
            "NATS has not acknowledged in time; nothing is lost",
        ),
        _ => (
            Remedy::Retry,
            "NATS failed to store a message for now; nothing is lost; check the stream's limits",
        ),
    };
    Some(StreamError::new(remedy, sentence))
}
