//! What a client tells while it works.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

/// Keeps what a client tells until somebody asks.
#[derive(Default)]
pub(super) struct Context {
    told: Mutex<Told>,
    rebalances: AtomicU64,
}

#[derive(Default)]
struct Told {
    /// Which message, and why it was not stored.
    reports: Vec<(usize, Option<Code>)>,
    trouble: Option<Code>,
}

impl Context {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reports since the last call.
    pub(super) fn reports(&self) -> Vec<(usize, Option<Code>)> {
        std::mem::take(&mut self.told().reports)
    }

    /// What is wrong with the connection, if something is.
    pub(super) fn trouble(&self) -> Option<Code> {
        self.told().trouble
    }

    /// Whether no server is there.
    pub(super) fn is_away(&self) -> bool {
        self.trouble() == Some(Code::AllBrokersDown)
    }

    /// What was wrong is over.
    pub(super) fn forget_trouble(&self) {
        self.told().trouble = None;
    }

    /// How often partitions were given or taken.
    pub(super) fn rebalances(&self) -> u64 {
        self.rebalances.load(Ordering::Acquire)
    }
}

impl ClientContext for Context {
    /// The library's own words are for whoever looks for a fault in it.
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, text: &str) {
        log::debug!("librdkafka {facility}: {text}");
    }

    fn error(&self, error: KafkaError, _reason: &str) {
        let Some(code) = error.rdkafka_error_code() else {
            return;
        };
        let mut told = self.told();
        // That no server is left says less than why.
        let says_why = matches!(
            told.trouble,
            Some(Code::Authentication | Code::SSL | Code::Resolve)
        );
        if !says_why {
            told.trouble = Some(code);
        }
    }
}

impl ProducerContext for Context {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        let error = result.as_ref().err().map(|(error, _)| super::code(error));
        self.told().reports.push((index, error));
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, _: &Rebalance<'_>) {
        self.rebalances.fetch_add(1, Ordering::AcqRel);
    }
}
