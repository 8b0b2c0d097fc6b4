//! Messages onto a topic, each acknowledged.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use message_trace_remedy::Remedy;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::context::Context;
use super::{LOOK, MESSAGE_TIMEOUT, failed, refused};
use crate::{ID_HEADER, PREVIOUS_STATUS_HEADER, REASON_HEADER, SEQUENCE_HEADER, StreamError};

/// A producer. To be dropped after an error: what it still holds then never comes.
pub(super) type Producer = BaseProducer<Context>;

/// How much longer than a message's own time to wait for its report.
const GRACE: Duration = Duration::from_secs(10);

/// A message to be.
pub(super) struct Record<'a> {
    pub(super) topic: &'a str,
    /// Who the row is, whatever its status: its changes stay in order.
    pub(super) key: &'a str,
    pub(super) id: Cow<'a, str>,
    /// 0 for a row that was not delivered before.
    pub(super) sequence: u64,
    /// The status before, of a row that changed.
    pub(super) previous_status: Option<&'a str>,
    /// Why a row gave no event.
    pub(super) reason: Option<&'a str>,
    pub(super) payload: &'a [u8],
}

impl Record<'_> {
    fn headers(&self) -> OwnedHeaders {
        let mut headers = OwnedHeaders::new_with_capacity(2);
        let sequence = self.sequence.to_string();
        let pairs = [
            (ID_HEADER, Some(&*self.id)),
            (SEQUENCE_HEADER, (self.sequence > 0).then_some(sequence.as_str())),
            (PREVIOUS_STATUS_HEADER, self.previous_status),
            (REASON_HEADER, self.reason),
        ];
        for (key, value) in pairs {
            if value.is_some() {
                headers = headers.insert(Header { key, value });
            }
        }
        headers
    }
}

/// Sends records and waits until each is stored. Gives the places of those that are too large for the topic.
pub(super) fn publish(producer: &Producer, records: &[Record<'_>]) -> Result<Vec<usize>, StreamError> {
    let every: Vec<usize> = (0..records.len()).collect();
    let mut outcome = send(producer, records, &every)?;
    // A topic with a smaller limit refuses what the client packed together: whose fault it is shows one by one.
    for index in std::mem::take(&mut outcome.packed_too_large) {
        let alone = send(producer, records, &[index])?;
        outcome.too_large.extend(alone.too_large);
        outcome.too_large.extend(alone.packed_too_large);
    }
    outcome.too_large.sort_unstable();
    Ok(outcome.too_large)
}

#[derive(Default)]
struct Outcome {
    too_large: Vec<usize>,
    packed_too_large: Vec<usize>,
}

fn send(producer: &Producer, records: &[Record<'_>], which: &[usize]) -> Result<Outcome, StreamError> {
    let context = producer.context();
    context.forget_trouble();
    let mut outcome = Outcome::default();
    let mut sent = 0;
    let deadline = Instant::now() + MESSAGE_TIMEOUT + GRACE;
    for &index in which {
        let record = &records[index];
        let mut message = BaseRecord::with_opaque_to(record.topic, index)
            .key(record.key)
            .payload(record.payload)
            .headers(record.headers());
        loop {
            match producer.send(message) {
                Ok(()) => {
                    sent += 1;
                    break;
                }
                Err((KafkaError::MessageProduction(Code::MessageSizeTooLarge), _)) => {
                    outcome.too_large.push(index);
                    break;
                }
                Err((KafkaError::MessageProduction(Code::QueueFull), again)) if Instant::now() < deadline => {
                    producer.poll(LOOK);
                    message = again;
                }
                Err((error, _)) => return Err(failed(&error)),
            }
        }
    }
    let mut reported = 0;
    let mut error = None;
    while reported < sent {
        producer.poll(LOOK);
        for (index, fault) in context.reports() {
            reported += 1;
            match fault {
                None => {}
                Some(Code::MessageSizeTooLarge | Code::MessageBatchTooLarge) => {
                    outcome.packed_too_large.push(index);
                }
                Some(code) => error = Some(code),
            }
        }
        let trouble = context.trouble().map(refused);
        if let Some(trouble) = trouble.filter(|trouble| trouble.remedy() == Remedy::Configure) {
            return Err(trouble);
        }
        // Nobody is there: the caller knows better when to try again. What waits is dropped with the producer.
        if context.is_away() || Instant::now() > deadline {
            return Err(refused(context.trouble().unwrap_or(Code::MessageTimedOut)));
        }
    }
    match error {
        Some(code) => Err(refused(code)),
        None => Ok(outcome),
    }
}
