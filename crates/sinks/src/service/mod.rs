//! What all services that take events over HTTP have in common, once: one request after another, of as many events as
//! the service takes; who is at fault where the service does not say; what is sent again, and what never is.
//!
//! A [`Service`] says how an event is written, how a request is sent and what an answer means. The rest is here, so that
//! a new service is one folder: `encode.rs` (an event as the service takes it), `answer.rs` (what an answer says of each
//! event) and `mod.rs` (options, requests, limits, each with its source).

mod answer;
mod body;
mod progress;
mod time;
mod wire;

use std::fmt;
use std::time::{Duration, Instant};

use secrecy::zeroize::Zeroizing;

pub(super) use answer::{expect_json, is_page, judge};
pub use body::{Bounds, Frame};
use body::{compressed, fill};
use progress::Progress;
pub(super) use time::event_time_us;
pub(super) use wire::Wire;

use super::{Batch, Check, Delivery, Event, Refused, RefusedReason, Sink, SinkError};

/// A service that takes events: what differs between one and the next.
pub trait Service: Send {
    /// For logs: `https://HOST`.
    fn name(&self) -> &str;

    /// What one request may hold.
    fn bounds(&self) -> Bounds;

    /// What stands around and between the events of a body.
    fn frame(&self) -> Frame<'_>;

    /// Why an event is refused that is larger than the bounds say.
    fn too_large(&self) -> RefusedReason {
        RefusedReason::TooLarge(self.bounds().max_event_bytes)
    }

    /// Writes an event as the service takes it.
    ///
    /// # Errors
    ///
    /// Why the service can never take it.
    fn encode(&self, event: Event<'_>, body: &mut Vec<u8>) -> Result<(), RefusedReason>;

    /// Sends a body of so many events, once, and reads the answer.
    ///
    /// # Errors
    ///
    /// Why there is no answer about the events. All of them are sent again later.
    fn send(&mut self, body: Zeroizing<Vec<u8>>, events: usize) -> Result<Answer, SinkError>;

    /// What became of these receipts by now. For services that answer [`Answer::Taken`].
    ///
    /// # Errors
    ///
    /// Why the service cannot be asked.
    fn acknowledged(&mut self, receipts: &[u64]) -> Result<Settled, SinkError> {
        Ok(Settled {
            accepted: receipts.to_vec(),
            lost: Vec::new(),
        })
    }

    /// How long an acknowledgement may take, for services that answer [`Answer::Taken`].
    fn patience(&self) -> Patience {
        Patience::default()
    }

    /// Proves what can be proved without sending an event.
    ///
    /// # Errors
    ///
    /// What is wrong.
    fn check(&mut self) -> Result<Check, SinkError>;
}

/// What a service says of the events of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All are accepted.
    Accepted,
    /// All are taken, and accepted once this receipt is acknowledged.
    Taken(u64),
    /// Some are at fault; the service does not say which.
    Guilty(RefusedReason),
    /// The one at this place, from 0, is at fault; nothing is known of the others.
    GuiltyAt(usize, RefusedReason),
    /// Each has a verdict, in the order of the request.
    Each(Vec<Verdict>, Option<Duration>),
}

/// What a service says of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has it.
    Accepted,
    /// It will never take it.
    Refused(RefusedReason),
    /// It does not take it now: its status.
    Later(u16),
}

/// What became of receipts; what is in neither list is still waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Acknowledged.
    pub accepted: Vec<u64>,
    /// Never to be acknowledged: what they stand for is sent again.
    pub lost: Vec<u64>,
}

/// How long acknowledgements are waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// In one go, while the batch is being delivered. Default: 10 s.
    pub at_once: Duration,
    /// Between two questions. Default: 200 ms.
    pub between: Duration,
    /// In all, before the events are sent again. Default: 5 min.
    pub in_all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            at_once: Duration::from_secs(10),
            between: Duration::from_millis(200),
            in_all: Duration::from_mins(5),
        }
    }
}

/// How many events a service may refuse that has never accepted one, before the batch is given back: it says more about the
/// sink than about the events.
const MOST_EARLY_REFUSALS: usize = 10;

/// A service as a sink.
///
/// What a service does not take for now is sent again when the batch comes again, and only that. No event is refused for
/// good before the service has accepted one; what was refused before that is sent once more.
pub struct ServiceSink<S> {
    service: S,
    /// Whether any event was ever accepted.
    has_accepted: bool,
    progress: Option<Progress>,
}

impl<S: Service> ServiceSink<S> {
    /// A sink of this service. Sends nothing yet.
    #[must_use]
    pub const fn of(service: S) -> Self {
        Self {
            service,
            has_accepted: false,
            progress: None,
        }
    }

    /// Sends what is to be sent, until each event has its verdict.
    fn go_on(&mut self, batch: &Batch, progress: &mut Progress) -> Result<(), SinkError> {
        loop {
            while let Some(group) = progress.next() {
                self.send(batch, progress, group)?;
                self.doubt(progress)?;
            }
            self.settle(progress)?;
            if !progress.is_through() {
                continue;
            }
            if !self.has_accepted
                && let Some(Refused { reason, .. }) = progress.refused.first()
            {
                return Err(SinkError::RefusesAll(reason.clone()));
            }
            if !progress.retry_early() {
                return Ok(());
            }
        }
    }

    /// Sends one request with the first events of a group. What is not sent, or has no verdict yet, goes back.
    fn send(
        &mut self,
        batch: &Batch,
        progress: &mut Progress,
        mut group: Vec<usize>,
    ) -> Result<(), SinkError> {
        let filled = match fill(&self.service, batch, &group) {
            Ok(filled) => filled,
            Err(reason) => {
                let index = group.remove(0);
                progress.put_back(group);
                progress.refuse(index, reason);
                return Ok(());
            }
        };
        let rest = group.split_off(filled.events);
        progress.put_back(rest);
        let answer = match self.service.send(filled.body, filled.events) {
            Ok(answer) => answer,
            Err(error) => {
                progress.put_back(group);
                return Err(error);
            }
        };
        match answer {
            Answer::Accepted => self.accept(progress),
            Answer::Taken(receipt) => progress.taken.push((receipt, group, Instant::now())),
            Answer::Guilty(reason) if group.len() == 1 => {
                progress.refuse(group.remove(0), reason);
                if !self.has_accepted {
                    // On at the other end: guilty events that stand together are no proof against the sink.
                    progress.turn_round();
                }
            }
            Answer::Guilty(_) => {
                let second = group.split_off(group.len() / 2);
                progress.put_back(second);
                progress.put_back(group);
            }
            Answer::GuiltyAt(place, reason) => {
                let place = place.min(group.len().saturating_sub(1));
                let after = group.split_off(place + 1);
                let guilty = group.pop();
                progress.put_back(after);
                progress.put_back(group);
                if let Some(index) = guilty {
                    progress.refuse(index, reason);
                }
            }
            Answer::Each(verdicts, retry_after) => {
                return self.take_each(progress, &group, verdicts, retry_after);
            }
        }
        Ok(())
    }

    fn take_each(
        &mut self,
        progress: &mut Progress,
        group: &[usize],
        verdicts: Vec<Verdict>,
        retry_after: Option<Duration>,
    ) -> Result<(), SinkError> {
        if verdicts.contains(&Verdict::Accepted) {
            self.accept(progress);
        }
        let mut later = Vec::new();
        let mut worst = None;
        for (&index, verdict) in group.iter().zip(verdicts) {
            match verdict {
                Verdict::Accepted => {}
                Verdict::Refused(reason) => progress.refuse(index, reason),
                Verdict::Later(status) => {
                    later.push(index);
                    worst = worst.max(Some(status));
                }
            }
        }
        progress.put_back(later);
        match worst {
            Some(status) => Err(SinkError::Unavailable { status, retry_after }),
            None => Ok(()),
        }
    }

    /// Waits for what is taken to be acknowledged. What waits for too long is sent again.
    fn settle(&mut self, progress: &mut Progress) -> Result<(), SinkError> {
        let patience = self.service.patience();
        let began = Instant::now();
        while !progress.taken.is_empty() {
            let receipts: Vec<u64> = progress.taken.iter().map(|(receipt, ..)| *receipt).collect();
            let Settled { accepted, lost } = self.service.acknowledged(&receipts)?;
            if !accepted.is_empty() {
                self.accept(progress);
            }
            progress.settle(&accepted, |receipt, since| {
                lost.contains(&receipt) || since.elapsed() >= patience.in_all
            });
            if !progress.is_sent() {
                return Ok(());
            }
            if progress.taken.is_empty() {
                break;
            }
            if began.elapsed() >= patience.at_once {
                let events = progress.taken.iter().map(|(_, group, _)| group.len()).sum();
                return Err(SinkError::NotYetAcknowledged { events });
            }
            std::thread::sleep(patience.between);
        }
        Ok(())
    }

    fn accept(&mut self, progress: &mut Progress) {
        if !self.has_accepted {
            self.has_accepted = true;
            progress.early = progress.refused.len();
        }
    }

    /// Gives the batch back if a service that never accepted anything has refused enough.
    fn doubt(&self, progress: &Progress) -> Result<(), SinkError> {
        match progress.refused.first() {
            Some(first) if !self.has_accepted && progress.refused.len() >= MOST_EARLY_REFUSALS => {
                Err(SinkError::RefusesAll(first.reason.clone()))
            }
            _ => Ok(()),
        }
    }
}

impl<S: Service> Sink for ServiceSink<S> {
    fn name(&self) -> &str {
        self.service.name()
    }

    fn deliver(&mut self, batch: &Batch) -> Result<Delivery, SinkError> {
        let resumed = self.progress.take();
        let mut progress = resumed
            .filter(|progress| progress.is_of(batch))
            .unwrap_or_else(|| Progress::begin(batch));
        match self.go_on(batch, &mut progress) {
            Ok(()) => {
                progress.refused.sort_by_key(|refused| refused.index);
                Ok(Delivery {
                    refused: progress.refused,
                })
            }
            Err(error) => {
                // Nothing was accepted: all of it is tried again.
                if !matches!(error, SinkError::RefusesAll(_)) {
                    self.progress = Some(progress);
                }
                Err(error)
            }
        }
    }

    fn has_accepted(&self) -> Option<bool> {
        Some(self.has_accepted)
    }

    fn note_accepted(&mut self) {
        self.has_accepted = true;
    }

    fn check(&mut self) -> Result<Check, SinkError> {
        self.service.check()
    }
}

impl<S: Service> fmt::Debug for ServiceSink<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServiceSink").field(&self.service.name()).finish()
    }
}
