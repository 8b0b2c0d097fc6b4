//! JetStream as a sink.

use async_nats::HeaderMap;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::PublishAckFuture;
use bytes::Bytes;
use message_trace_sinks::{Batch, Check, Delivery, EventKey, Refused, RefusedReason, Sink, SinkError};
use tokio::runtime::Runtime;

use super::{Acks, connect, in_time, runtime, unpublished};
use crate::{Address, Login, PREVIOUS_STATUS_HEADER, SEQUENCE_HEADER, StreamError};

/// Publishes events on a subject that a stream listens to. An event is accepted when the stream has acknowledged it.
pub struct JetStreamSink {
    name: String,
    address: Address,
    login: Login,
    runtime: Runtime,
    context: Option<Context>,
    has_accepted: bool,
}

impl JetStreamSink {
    /// A sink for a subject. Connects with its first batch.
    ///
    /// # Errors
    ///
    /// If this machine has no thread left.
    pub fn new(address: Address, login: Login) -> Result<Self, StreamError> {
        Ok(Self {
            name: format!("nats://{}", address.servers()),
            address,
            login,
            runtime: runtime()?,
            context: None,
            has_accepted: false,
        })
    }

    fn context(&mut self) -> Result<Context, SinkError> {
        if let Some(context) = &self.context {
            return Ok(context.clone());
        }
        let context = self.runtime.block_on(connect(&self.address, &self.login))?;
        self.context = Some(context.clone());
        Ok(context)
    }
}

impl Sink for JetStreamSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        let context = self.context()?;
        let subject = self.address.name().to_owned();
        let largest = context.client().server_info().max_payload;
        let verdict = self
            .runtime
            .block_on(in_time(publish(&context, &subject, batch, largest)))?;
        let are_all_refused = verdict.refused.len() == batch.len();
        if let (false, true, Some(refused)) = (self.has_accepted, are_all_refused, verdict.refused.first()) {
            return Err(SinkError::RefusesAll(refused.reason.clone()));
        }
        self.has_accepted |= !are_all_refused;
        Ok(verdict)
    }

    fn has_accepted(&self) -> Option<bool> {
        Some(self.has_accepted)
    }

    fn note_accepted(&mut self) {
        self.has_accepted = true;
    }

    fn check(&mut self) -> Result<Check, SinkError> {
        let context = self.context()?;
        let found = self
            .runtime
            .block_on(async { context.stream_by_subject(self.address.name()).await });
        match found {
            Ok(_) => Ok(Check::Reachable(
                "a stream listens to the subject; whether this user may publish there cannot be asked",
            )),
            Err(_) => Err(StreamError::new(
                message_trace_remedy::Remedy::Configure,
                "NATS has no stream for the subject; create one that listens to it",
            )
            .into()),
        }
    }
}

async fn publish(
    context: &Context,
    subject: &str,
    batch: &Batch,
    largest: usize,
) -> Result<Delivery, StreamError> {
    let acks = Acks::begin(context)?;
    let mut verdict = Delivery::default();
    let mut waiting: Vec<(usize, PublishAckFuture)> = Vec::with_capacity(batch.len());
    let too_large = |index: usize| Refused {
        index,
        reason: RefusedReason::TooLarge(largest),
    };
    for (index, event) in batch.events().enumerate() {
        let payload = Bytes::copy_from_slice(event.json);
        match context
            .publish_with_headers(subject.to_owned(), headers(event.key), payload)
            .await
        {
            Ok(ack) => waiting.push((index, ack)),
            Err(error) => match unpublished(&error) {
                None => verdict.refused.push(too_large(index)),
                Some(error) => return Err(error),
            },
        }
    }
    for (index, ack) in waiting {
        if acks.wait(ack).await?.is_none() {
            verdict.refused.push(too_large(index));
        }
    }
    verdict.refused.sort_by_key(|refused| refused.index);
    Ok(verdict)
}

/// What an event is known by: its id, with the number of the change for a change.
fn headers(key: &EventKey) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if key.sequence == 0 {
        headers.insert(async_nats::header::NATS_MESSAGE_ID, visible(&key.id));
    } else {
        let id = format!("{}#{}", key.id, key.sequence);
        headers.insert(async_nats::header::NATS_MESSAGE_ID, visible(&id));
        headers.insert(SEQUENCE_HEADER, key.sequence.to_string());
    }
    if let Some(status) = &key.previous_status {
        headers.insert(PREVIOUS_STATUS_HEADER, visible(status));
    }
    headers
}

/// A header holds no line feed; an id that does is still another one afterwards.
pub(super) fn visible(id: &str) -> String {
    if id.contains(['\r', '\n', '%']) {
        return id.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    }
    id.to_owned()
}

impl From<StreamError> for SinkError {
    fn from(error: StreamError) -> Self {
        Self::Stream {
            remedy: error.remedy(),
            sentence: error.to_string(),
        }
    }
}
