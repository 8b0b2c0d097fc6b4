//! The worker: rows off a stream, events onto a subject.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::pull::FetchBuilder;
use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::{AckKind, Context, Message};
use bytes::Bytes;
use futures_util::StreamExt as _;
use message_trace_remedy::Remedy;
use tokio::time::timeout;

use super::sink::visible;
use super::{Acks, connect, in_time, runtime, unpublished};
use crate::work::{IDLE, drive};
use crate::{
    Body, Incoming, Job, Outgoing, PREVIOUS_STATUS_HEADER, REASON_HEADER, SEQUENCE_HEADER, Stop, StreamError,
    Tally, Worker,
};

/// How long an answer of the server may take.
const ANSWER: Duration = Duration::from_secs(5);
pub(crate) fn transform(job: &Job, mut worker: Worker, stop: &Stop) -> Result<Tally, StreamError> {
    let runtime = runtime()?;
    let (output, consumer) = runtime.block_on(async {
        let input = connect(&job.input, &job.login).await?;
        let output = if job.input.servers() == job.output.servers() {
            input.clone()
        } else {
            connect(&job.output, &job.login).await?
        };
        Ok((output, consumer(job, &input).await?))
    })?;
    let mut held = Vec::new();
    let done = drive(job, stop, || {
        runtime.block_on(step(job, &consumer, &output, &mut worker, &mut held))
    });
    runtime.block_on(give_back(&held));
    done
}

/// The next rows, worked on. `None` if there are none and the worker is to end then.
///
/// While the output acknowledges, the rows after them come; they are `held` for the next step.
async fn step(
    job: &Job,
    consumer: &PullConsumer,
    output: &Context,
    worker: &mut Worker,
    held: &mut Vec<Message>,
) -> Result<Option<Tally>, StreamError> {
    let mut messages = std::mem::take(held);
    if messages.is_empty() {
        messages = fetch(job, consumer).await?;
    }
    if messages.is_empty() {
        let is_over = job.once && is_done(consumer).await?;
        return Ok((!is_over).then(Tally::default));
    }
    let (next, handled) = tokio::join!(
        ready(consumer.fetch().max_messages(job.batch)),
        in_time(handle(job, output, worker, &messages))
    );
    // What failed here fails again in the next step, and is said there.
    *held = next.unwrap_or_default();
    if handled.is_err() {
        give_back(&messages).await;
    }
    handled.map(Some)
}

/// The consumer that workers of one name share.
async fn consumer(job: &Job, input: &Context) -> Result<PullConsumer, StreamError> {
    let missing = |what: String| StreamError::new(Remedy::Configure, what);
    let stream = input.get_stream(job.input.name()).await.map_err(|_| {
        missing(format!(
            "NATS has no stream {}; create it, or check the name",
            job.input.name()
        ))
    })?;
    let config = pull::Config {
        durable_name: Some(job.consumer.clone()),
        ack_policy: AckPolicy::Explicit,
        ack_wait: job.ack_wait,
        // As many as all workers together may hold.
        max_ack_pending: 100_000,
        ..pull::Config::default()
    };
    stream.get_or_create_consumer(&job.consumer, config).await.map_err(|_| {
        missing(format!(
            "NATS gives no consumer {} on the stream; it may be there with other settings: name another one",
            job.consumer
        ))
    })
}

/// The next messages: as many as there are, up to a batch; else the first that comes within a moment.
async fn fetch(job: &Job, consumer: &PullConsumer) -> Result<Vec<Message>, StreamError> {
    let found = ready(consumer.fetch().max_messages(job.batch)).await?;
    if !found.is_empty() {
        return Ok(found);
    }
    ready(consumer.fetch().max_messages(1).expires(IDLE)).await
}

/// What a request gives.
async fn ready(request: FetchBuilder<'_>) -> Result<Vec<Message>, StreamError> {
    let lost = || StreamError::new(Remedy::Retry, "NATS gives no rows for now; nothing is lost");
    let mut messages = request.messages().await.map_err(|_| lost())?;
    let mut found = Vec::new();
    // A server that dies meanwhile never says that there are no more.
    while let Some(message) = timeout(IDLE + ANSWER, messages.next())
        .await
        .map_err(|_| lost())?
    {
        found.push(message.map_err(|_| lost())?);
    }
    Ok(found)
}

/// Whether the stream has nothing more: nothing that waits, and nothing that is with a worker.
async fn is_done(consumer: &PullConsumer) -> Result<bool, StreamError> {
    let info = consumer.get_info().await;
    let info = info.map_err(|_| {
        StreamError::new(
            Remedy::Retry,
            "NATS does not say what is left for now; nothing is lost",
        )
    })?;
    Ok(info.num_pending == 0 && info.num_ack_pending == 0)
}

/// Transforms messages, publishes what they give, and acknowledges each behind it.
async fn handle(
    job: &Job,
    output: &Context,
    worker: &mut Worker,
    messages: &[Message],
) -> Result<Tally, StreamError> {
    let incoming: Vec<Incoming<'_>> = messages.iter().map(|message| incoming(job, message)).collect();
    let outgoing = worker.work(&incoming);
    let acks = Acks::begin(output)?;
    let mut tally = Tally::default();
    let mut waiting = Vec::with_capacity(outgoing.len());
    for out in &outgoing {
        waiting.push((out, publish(job, output, out, None).await?));
    }
    for (out, ack) in waiting {
        let ack = match ack {
            Some(ack) => acks.wait(ack).await?,
            None => None,
        };
        let ack = match ack {
            Some(ack) => ack,
            // An event that is larger than the service takes: its row is kept.
            None => {
                let instead = (incoming[out.of].payload, "too-large");
                let ack = publish(job, output, out, Some(instead))
                    .await?
                    .ok_or_else(no_room)?;
                acks.wait(ack).await?.ok_or_else(no_room)?
            }
        };
        tally.known += u64::from(ack.duplicate);
        match out.body {
            Body::Event(_) => tally.events += u64::from(!ack.duplicate),
            Body::Reject { .. } => tally.rejects += u64::from(!ack.duplicate),
        }
    }
    for message in messages {
        // One that is lost is asked for again: the message comes again and its event is known.
        let _ = message.ack().await;
        tally.messages += 1;
    }
    Ok(tally)
}

/// Publishes an event or a reject. `None` if it is too large for the service.
async fn publish(
    job: &Job,
    output: &Context,
    out: &Outgoing,
    instead: Option<(&[u8], &str)>,
) -> Result<Option<PublishAckFuture>, StreamError> {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_MESSAGE_ID, visible(&out.id));
    let (subject, payload) = match (&out.body, instead) {
        (Body::Event(json), None) => (job.output.name(), json.as_slice()),
        (Body::Reject { raw, reason }, None) => {
            headers.insert(REASON_HEADER, reason.as_str());
            (job.rejects.as_str(), raw.as_slice())
        }
        (_, Some((raw, reason))) => {
            headers.insert(REASON_HEADER, reason);
            (job.rejects.as_str(), raw)
        }
    };
    let payload = Bytes::copy_from_slice(payload);
    match output
        .publish_with_headers(subject.to_owned(), headers, payload)
        .await
    {
        Ok(ack) => Ok(Some(ack)),
        Err(error) => match unpublished(&error) {
            None => Ok(None),
            Some(error) => Err(error),
        },
    }
}

fn no_room() -> StreamError {
    StreamError::new(
        Remedy::Configure,
        "a row is larger than the output's largest message; raise max_payload there",
    )
}

fn incoming<'a>(job: &Job, message: &'a Message) -> Incoming<'a> {
    let header = |name: &str| {
        let headers = message.headers.as_ref()?;
        headers.get(name).map(|value| value.as_str().to_owned())
    };
    let sequence = message.info().map_or(0, |info| info.stream_sequence);
    Incoming {
        payload: &message.payload,
        place: format!("{}/{sequence}", job.input.name()),
        sequence: header(SEQUENCE_HEADER)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        previous_status: header(PREVIOUS_STATUS_HEADER),
    }
}

/// Lets other workers have the messages at once.
async fn give_back(messages: &[Message]) {
    for message in messages {
        // Without a connection they come again when their time is over.
        if timeout(IDLE, message.ack_with(AckKind::Nak(None))).await.is_err() {
            return;
        }
    }
}
