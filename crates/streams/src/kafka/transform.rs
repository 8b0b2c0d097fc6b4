//! The worker: rows off a topic as one of a consumer group, events onto another.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use message_trace_remedy::Remedy;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::producer::Producer as _;
use rdkafka::{Offset, TopicPartitionList};

use super::context::Context;
use super::publish::{Producer, Record, publish};
use super::{ANSWER, CONNECT_TIMEOUT, MESSAGE_TIMEOUT, code, config, failed, find_topic, misset, producing};
use crate::work::{IDLE, drive};
use crate::{
    Body, Incoming, Job, Outgoing, PREVIOUS_STATUS_HEADER, SEQUENCE_HEADER, Stop, StreamError, Tally, Worker,
};

/// The shortest time that a broker lets a worker be silent, by default.
const SHORTEST_SESSION: Duration = Duration::from_secs(6);
/// How long a transaction may be open: one of a worker that died ends by itself then.
const TRANSACTION_TIMEOUT: Duration = Duration::from_mins(1);

pub(crate) fn transform(job: &Job, mut worker: Worker, stop: &Stop) -> Result<Tally, StreamError> {
    if job.transactions && job.input.servers() != job.output.servers() {
        return Err(StreamError::new(
            Remedy::Configure,
            "a transaction is of one cluster; name the same servers for input and output, or leave --transactions out",
        ));
    }
    // A first connection that fails is said at once; later ones are waited for.
    let mut ends = Some(Ends::open(job)?);
    drive(job, stop, || {
        // After an error both ends are made anew: the place to go on is what was committed.
        let mut current = match ends.take() {
            Some(ends) => ends,
            None => Ends::open(job)?,
        };
        let done = current.step(job, &mut worker)?;
        ends = Some(current);
        Ok(done)
    })
}

/// A consumer and a producer.
struct Ends {
    consumer: BaseConsumer<Context>,
    producer: Producer,
    partitions: Vec<i32>,
    /// Partitions that were read to their end.
    ended: BTreeSet<i32>,
    rebalances: u64,
}

impl Ends {
    fn open(job: &Job) -> Result<Self, StreamError> {
        let mut producing = producing(config(&job.output, &job.login));
        if job.transactions {
            let nonce = RandomState::new().build_hasher().finish();
            producing
                .set("transactional.id", format!("{}-{nonce:016x}", job.consumer))
                .set(
                    "transaction.timeout.ms",
                    TRANSACTION_TIMEOUT.as_millis().to_string(),
                );
        }
        let producer: Producer = producing
            .create_with_context(Context::default())
            .map_err(misset)?;
        let serve = || producer.poll(Duration::ZERO);
        for topic in [job.output.name(), &job.rejects] {
            find_topic(producer.client(), topic, serve)?;
        }
        if job.transactions {
            producer
                .init_transactions(CONNECT_TIMEOUT)
                .map_err(|error| failed(&error))?;
        }
        let session = job.ack_wait.max(SHORTEST_SESSION);
        let consumer: BaseConsumer<Context> = config(&job.input, &job.login)
            .set("group.id", &job.consumer)
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            .set("session.timeout.ms", session.as_millis().to_string())
            .set(
                "heartbeat.interval.ms",
                (session / 3).min(Duration::from_secs(3)).as_millis().to_string(),
            )
            .set(
                "max.poll.interval.ms",
                session.max(Duration::from_mins(5)).as_millis().to_string(),
            )
            // What waits here, in KiB: some batches.
            .set("queued.max.messages.kbytes", "16384")
            .create_with_context(Context::default())
            .map_err(misset)?;
        let partitions = find_topic(consumer.client(), job.input.name(), || {})?;
        consumer
            .subscribe(&[job.input.name()])
            .map_err(|error| failed(&error))?;
        Ok(Self {
            consumer,
            producer,
            partitions,
            ended: BTreeSet::new(),
            rebalances: 0,
        })
    }

    /// The next rows, worked on. `None` if there are none and the worker is to end then.
    fn step(&mut self, job: &Job, worker: &mut Worker) -> Result<Option<Tally>, StreamError> {
        let Self {
            consumer,
            producer,
            partitions,
            ended,
            rebalances,
        } = self;
        let messages = gather(job, consumer, ended)?;
        let now = consumer.context().rebalances();
        if *rebalances != now {
            // What was gathered may be another worker's by now, and comes again if it is not.
            *rebalances = now;
            ended.clear();
            return Ok(Some(Tally::default()));
        }
        if messages.is_empty() {
            let is_over = job.once && is_done(job, consumer, partitions, ended)?;
            return Ok((!is_over).then(Tally::default));
        }
        handle(job, consumer, producer, worker, &messages).map(Some)
    }
}

/// The next messages: as many as there are, up to a batch; none after a moment.
fn gather<'c>(
    job: &Job,
    consumer: &'c BaseConsumer<Context>,
    ended: &mut BTreeSet<i32>,
) -> Result<Vec<BorrowedMessage<'c>>, StreamError> {
    let mut found = Vec::with_capacity(job.batch);
    let mut wait = IDLE;
    while found.len() < job.batch {
        match consumer.poll(wait) {
            Some(Ok(message)) => {
                ended.remove(&message.partition());
                found.push(message);
                wait = Duration::ZERO;
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                ended.insert(partition);
                wait = Duration::ZERO;
            }
            Some(Err(error)) => {
                // A server alone that is gone costs nothing: the client finds another one, or the same again.
                let failed = failed(&error);
                if failed.remedy() != Remedy::Retry || code(&error) == Code::AllBrokersDown {
                    return Err(failed);
                }
                break;
            }
            None => break,
        }
    }
    Ok(found)
}

/// Whether the topic has nothing more: every partition is committed to its end, or read to it by this worker.
fn is_done(
    job: &Job,
    consumer: &BaseConsumer<Context>,
    partitions: &[i32],
    ended: &BTreeSet<i32>,
) -> Result<bool, StreamError> {
    let topic = job.input.name();
    let mut asked = TopicPartitionList::new();
    for &partition in partitions.iter().filter(|partition| !ended.contains(partition)) {
        asked.add_partition(topic, partition);
    }
    if asked.count() == 0 {
        return Ok(true);
    }
    let committed = consumer
        .committed_offsets(asked, ANSWER)
        .map_err(|error| failed(&error))?;
    for place in committed.elements() {
        let (low, high) = consumer
            .fetch_watermarks(topic, place.partition(), ANSWER)
            .map_err(|error| failed(&error))?;
        let is_read = matches!(place.offset(), Offset::Offset(next) if next >= high);
        if low < high && !is_read {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Transforms messages, publishes what they give, and commits their places behind it.
fn handle(
    job: &Job,
    consumer: &BaseConsumer<Context>,
    producer: &Producer,
    worker: &mut Worker,
    messages: &[BorrowedMessage<'_>],
) -> Result<Tally, StreamError> {
    let incoming: Vec<Incoming<'_>> = messages.iter().map(|message| incoming(job, message)).collect();
    let outgoing = worker.work(&incoming);
    if job.transactions {
        producer.begin_transaction().map_err(|error| failed(&error))?;
    }
    let records: Vec<Record<'_>> = outgoing.iter().map(|out| record(job, out, &incoming)).collect();
    let too_large = publish(producer, &records)?;
    // An event that is larger than the topic takes: its row is kept.
    let instead: Vec<Record<'_>> = too_large
        .iter()
        .map(|&index| Record {
            topic: &job.rejects,
            reason: Some("too-large"),
            payload: incoming[outgoing[index].of].payload,
            ..record(job, &outgoing[index], &incoming)
        })
        .collect();
    if !publish(producer, &instead)?.is_empty() {
        return Err(StreamError::new(
            Remedy::Configure,
            "a row is larger than the output's largest message; raise max.message.bytes there",
        ));
    }
    let places = places(messages)?;
    if job.transactions {
        let group = consumer.group_metadata().ok_or_else(lost)?;
        producer
            .send_offsets_to_transaction(&places, &group, MESSAGE_TIMEOUT)
            .and_then(|()| producer.commit_transaction(MESSAGE_TIMEOUT))
            .map_err(|error| failed(&error))?;
    } else {
        consumer
            .commit(&places, CommitMode::Sync)
            .map_err(|error| failed(&error))?;
    }
    let rejects = outgoing
        .iter()
        .filter(|out| matches!(out.body, Body::Reject { .. }))
        .count()
        + instead.len();
    Ok(Tally {
        messages: messages.len() as u64,
        events: (outgoing.len() - rejects) as u64,
        rejects: rejects as u64,
        known: 0,
    })
}

fn record<'a>(job: &'a Job, out: &'a Outgoing, incoming: &[Incoming<'_>]) -> Record<'a> {
    let (topic, payload, reason) = match &out.body {
        Body::Event(json) => (job.output.name(), json.as_slice(), None),
        Body::Reject { raw, reason } => (job.rejects.as_str(), raw.as_slice(), Some(reason.as_str())),
    };
    Record {
        topic,
        key: &out.row,
        id: Cow::Borrowed(&out.id),
        sequence: incoming[out.of].sequence,
        previous_status: None,
        reason,
        payload,
    }
}

/// The places to go on from: behind the last message of each partition.
fn places(messages: &[BorrowedMessage<'_>]) -> Result<TopicPartitionList, StreamError> {
    let mut next = BTreeMap::new();
    for message in messages {
        next.insert((message.topic(), message.partition()), message.offset() + 1);
    }
    let mut places = TopicPartitionList::new();
    for ((topic, partition), offset) in next {
        places
            .add_partition_offset(topic, partition, Offset::Offset(offset))
            .map_err(|error| failed(&error))?;
    }
    Ok(places)
}

fn lost() -> StreamError {
    StreamError::new(
        Remedy::Retry,
        "Kafka: this worker is in no group for now; nothing is lost",
    )
}

fn incoming<'a>(job: &Job, message: &'a BorrowedMessage<'_>) -> Incoming<'a> {
    let header = |name: &str| {
        let headers = message.headers()?;
        let found = headers.iter().find(|header| header.key == name)?;
        String::from_utf8(found.value?.to_vec()).ok()
    };
    Incoming {
        payload: message.payload().unwrap_or_default(),
        place: format!(
            "{}/{}/{}",
            job.input.name(),
            message.partition(),
            message.offset()
        ),
        sequence: header(SEQUENCE_HEADER)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        previous_status: header(PREVIOUS_STATUS_HEADER),
    }
}
