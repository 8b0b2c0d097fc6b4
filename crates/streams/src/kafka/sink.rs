//! Kafka as a sink.

use std::borrow::Cow;

use message_trace_sinks::{Batch, Check, Delivery, Refused, RefusedReason, Sink, SinkError};
use rdkafka::producer::Producer as _;

use super::publish::{Producer, Record, publish};
use super::{LARGEST, config, context::Context, find_topic, misset, producing};
use crate::{Address, Login, StreamError};

/// Publishes events on a topic. An event is accepted when every replica in sync has it.
///
/// The key of a message is who the row is, so that its changes are in one partition and in order. A batch that is sent
/// again after an error is there again, with the same ids in the header.
pub struct KafkaSink {
    name: String,
    address: Address,
    login: Login,
    producer: Option<Producer>,
    has_accepted: bool,
}

impl KafkaSink {
    /// A sink for a topic. Connects with its first batch.
    #[must_use]
    pub fn new(address: Address, login: Login) -> Self {
        Self {
            name: format!("kafka://{}", address.servers()),
            address,
            login,
            producer: None,
            has_accepted: false,
        }
    }

    /// Connects, and looks for the topic.
    fn connect(&self) -> Result<Producer, StreamError> {
        let producer: Producer = producing(config(&self.address, &self.login))
            .create_with_context(Context::default())
            .map_err(misset)?;
        find_topic(producer.client(), self.address.name(), || {
            producer.poll(std::time::Duration::ZERO);
        })?;
        Ok(producer)
    }
}

impl Sink for KafkaSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => self.connect()?,
        };
        let records: Vec<Record<'_>> = batch
            .events()
            .map(|event| Record {
                topic: self.address.name(),
                key: row(&event.key.id),
                id: match event.key.sequence {
                    0 => Cow::Borrowed(&event.key.id),
                    change => Cow::Owned(format!("{}#{change}", event.key.id)),
                },
                sequence: event.key.sequence.into(),
                previous_status: event.key.previous_status.as_deref(),
                reason: None,
                payload: event.json,
            })
            .collect();
        let too_large = publish(&producer, &records)?;
        // Only one that has done all is used again.
        self.producer = Some(producer);
        let reason = RefusedReason::TooLarge(LARGEST);
        if !self.has_accepted && !too_large.is_empty() && too_large.len() == records.len() {
            return Err(SinkError::RefusesAll(reason));
        }
        self.has_accepted |= too_large.len() < records.len();
        let refused = too_large.into_iter().map(|index| Refused {
            index,
            reason: reason.clone(),
        });
        Ok(Delivery {
            refused: refused.collect(),
        })
    }

    fn has_accepted(&self) -> Option<bool> {
        Some(self.has_accepted)
    }

    fn note_accepted(&mut self) {
        self.has_accepted = true;
    }

    fn check(&mut self) -> Result<Check, SinkError> {
        self.producer = Some(self.connect()?);
        Ok(Check::Reachable(
            "the topic is there; whether this user may write to it cannot be asked",
        ))
    }
}

/// Who the row is: its event's id without the status at the end.
fn row(id: &str) -> &str {
    id.rsplit_once('/').map_or(id, |(row, _)| row)
}
