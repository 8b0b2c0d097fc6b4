//! From rows to the sinks: transformed, batched, acknowledged; what is refused goes into the dead letter.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use message_trace::Revision;

use super::details::Details;
use super::lagging::{Lagging, of_ledger};
use message_trace_collector::ledger::Behind;
use message_trace_collector::poll::{Delivery, Fault, Input};
use message_trace_host::{BATCH_BYTES, Reason, Transform};
use message_trace_sinks::{
    Batch, DeadLetter, EventKey, FanOut, Letter, Refusal, SinkError, SinkFailure, TRANSFORM,
};

/// The transform, the sinks, and the one dead letter.
pub(super) struct Handover {
    transform: Box<dyn Transform>,
    sinks: FanOut,
    dead_letter: DeadLetter,
    news: Arc<Mutex<News>>,
    /// A delivery that the sinks have accepted, and what of it is still to be kept: the disk was full.
    accepted: Option<(Arc<Delivery>, Vec<Letter>)>,
    /// The sinks that are behind.
    pub(super) lagging: Lagging,
    /// Which rows are to be asked about.
    details: Option<Details>,
}

/// What a handover tells beside its answers.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The keys of all sinks that have accepted an event.
    pub(super) accepted: Vec<String>,
    /// How many letters are in the dead letter.
    pub(super) dead_letters: u64,
    /// Why nothing can be delivered any more.
    pub(super) fatal: Option<Fault>,
}

/// A row for the sinks.
pub(super) struct Item<'a> {
    /// The row, byte for byte.
    pub(super) line: &'a [u8],
    /// The event's id.
    pub(super) id: String,
    /// 0 for a row that was never delivered.
    pub(super) sequence: u64,
    /// The status that was delivered before, if it was another.
    pub(super) previous_status: Option<String>,
    /// What the service says happened to the message.
    pub(super) details: Option<&'a str>,
}

/// What became of items: the places of those that gave no event, and what the sinks refused. All else is accepted.
#[derive(Default)]
pub(super) struct Handed {
    pub(super) rejected: Vec<(usize, Reason)>,
    pub(super) refused: Vec<Refusal>,
}

/// Events so far, and which items they are of.
#[derive(Default)]
struct Events {
    bytes: Vec<u8>,
    keys: Vec<EventKey>,
    places: Vec<usize>,
    rejected: Vec<(usize, Reason)>,
}

impl Handover {
    pub(super) fn new(
        transform: Box<dyn Transform>,
        sinks: FanOut,
        dead_letter: DeadLetter,
        behind: Behind,
    ) -> Self {
        Self {
            lagging: Lagging::of(behind),
            transform,
            sinks,
            dead_letter,
            news: Arc::default(),
            accepted: None,
            details: None,
        }
    }

    /// Notes from now on which rows are to be asked about.
    pub(super) fn note_details(&mut self, details: Details) {
        self.details = Some(details);
    }

    /// Which rows those are, if any are noted.
    pub(super) fn details(&self) -> Option<Details> {
        self.details.clone()
    }

    pub(super) fn sinks(&mut self) -> &mut FanOut {
        &mut self.sinks
    }

    pub(super) fn has_sink(&self, name: &str) -> bool {
        self.sinks.has(name)
    }

    pub(super) fn dead_letter(&mut self) -> &mut DeadLetter {
        &mut self.dead_letter
    }

    pub(super) fn news(&self) -> Arc<Mutex<News>> {
        Arc::clone(&self.news)
    }

    /// Hands a delivery over, and says how that ended in the core's words.
    pub(super) fn answer(&mut self, delivery: &Arc<Delivery>) -> Input {
        let delivered = self.deliver(delivery);
        let mut news = lock(&self.news);
        news.accepted = self.sinks.accepted();
        news.dead_letters = self.dead_letter.count().unwrap_or(news.dead_letters);
        match delivered {
            Ok(()) => Input::Delivered,
            Err(failure) => {
                let fault = Fault::new(failure.error.remedy(), failure.to_string());
                if failure.error == SinkError::Closed {
                    // Nobody reads again what is written to a closed pipe.
                    news.fatal = Some(fault);
                    return Input::Timer;
                }
                let retry_after = failure.error.retry_after();
                Input::NotDelivered {
                    fault,
                    retry_after_ms: retry_after
                        .map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
                }
            }
        }
    }

    /// Hands the rows of a page over. `Ok` means that each is accepted by the sinks, or in the dead letter with its
    /// reason. What is refused is kept after the sinks have accepted the rest, so that a sink that is away for hours
    /// leaves one letter, not one for each try.
    fn deliver(&mut self, delivery: &Arc<Delivery>) -> Result<(), SinkFailure> {
        let letters = match self.accepted.take() {
            Some((accepted, letters)) if Arc::ptr_eq(&accepted, delivery) => letters,
            _ => {
                let items = items(delivery);
                let handed = self.hand_over_apart(&items)?;
                letters(&items, handed)
            }
        };
        let kept = self.keep(&letters).and_then(|()| match &self.details {
            Some(details) => details.note(delivery).map_err(of_ledger),
            None => Ok(()),
        });
        if kept.is_err() {
            self.accepted = Some((Arc::clone(delivery), letters));
        }
        kept
    }

    /// Keeps letters, and says so in the log.
    pub(super) fn keep(&mut self, letters: &[Letter]) -> Result<(), SinkFailure> {
        let kept = self.dead_letter.keep(letters)?;
        if let Some(first) = letters.first().filter(|_| kept > 0) {
            log::error!(
                rows = kept, by = first.sink, first_reason = first.reason, all = self.dead_letter.count()?,
                dead_letter:% = self.dead_letter.path().display();
                "rows were refused for good; they are kept in the dead letter, and delivered by dead-letter replay"
            );
        }
        Ok(())
    }

    /// Transforms items and delivers their events to each sink that keeps up. A sink that fails falls behind, if another has
    /// them; those that are behind get them later.
    fn hand_over_apart(&mut self, items: &[Item<'_>]) -> Result<Handed, SinkFailure> {
        self.catch_up()?;
        let lags = self.lags()?;
        let (batch, places, rejected) = self.events(items)?;
        let mut refused = Vec::new();
        if !batch.is_empty() {
            let is_behind = |name: &str| lags.iter().any(|lag| lag.sink == name);
            let apart = self.sinks.deliver_apart(&batch, &is_behind);
            self.put_behind(apart, &lags, items)?;
            refused = self.sinks.forget();
        }
        of_items(refused, &places).map(|refused| Handed { rejected, refused })
    }

    /// Transforms items and delivers their events, to all sinks or to those of one name.
    pub(super) fn hand_over(&mut self, items: &[Item<'_>], to: Option<&str>) -> Result<Handed, SinkFailure> {
        let (batch, places, rejected) = self.events(items)?;
        let refused = if batch.is_empty() {
            Vec::new()
        } else {
            self.sinks.deliver(&batch, to)?
        };
        of_items(refused, &places).map(|refused| Handed { rejected, refused })
    }

    /// The events of items, which item each is of, and which items gave none.
    #[expect(
        clippy::type_complexity,
        reason = "three parts of one answer, taken apart at once"
    )]
    fn events(
        &mut self,
        items: &[Item<'_>],
    ) -> Result<(Batch, Vec<usize>, Vec<(usize, Reason)>), SinkFailure> {
        let Events {
            bytes,
            keys,
            places,
            rejected,
        } = self.transform(items);
        let batch = Batch::from_ndjson(bytes, keys)
            .map_err(|_| SinkError::Internal("the component's events do not match their lines"))?;
        Ok((batch, places, rejected))
    }

    fn transform(&mut self, items: &[Item<'_>]) -> Events {
        let mut events = Events::default();
        let mut chunk = Vec::with_capacity(BATCH_BYTES);
        let mut rows = Vec::new();
        for (place, item) in items.iter().enumerate() {
            if item.is_changed() || item.line.contains(&b'\n') {
                self.batch(&chunk, &rows, items, &mut events);
                chunk.clear();
                rows.clear();
                let done = self.one(item);
                events.take(place, item, done);
                continue;
            }
            if chunk.len() + item.line.len() >= BATCH_BYTES {
                self.batch(&chunk, &rows, items, &mut events);
                chunk.clear();
                rows.clear();
            }
            chunk.extend_from_slice(item.line);
            chunk.push(b'\n');
            rows.push(place);
        }
        self.batch(&chunk, &rows, items, &mut events);
        events
    }

    fn one(&mut self, item: &Item<'_>) -> Result<String, Reason> {
        if !item.is_changed() {
            return self.transform.normalize(item.line);
        }
        let revision = Revision {
            sequence: item.sequence,
            previous_status: item.previous_status.as_deref(),
            details: item.details,
        };
        let event = self.transform.normalize_revision(item.line, &revision)?;
        if let (Some(details), Some(_)) = (&self.details, item.details) {
            details.look_at(&event);
        }
        Ok(event)
    }

    /// Normalizes the rows at these places, whose lines are in `chunk`, in order.
    fn batch(&mut self, chunk: &[u8], rows: &[usize], items: &[Item<'_>], events: &mut Events) {
        if rows.is_empty() {
            return;
        }
        let batch = self.transform.normalize_batch(chunk);
        let given = batch.count as usize + batch.refused.len();
        let is_one_by_one = batch.refused.windows(2).all(|pair| pair[0].line < pair[1].line);
        let of = rows.iter().filter_map(|&place| Some((place, items.get(place)?)));
        if given != rows.len() || !is_one_by_one {
            // A row that is itself an envelope gives another number of events: line by line, then.
            for (place, item) in of {
                let done = self.one(item);
                events.take(place, item, done);
            }
            return;
        }
        events.bytes.extend_from_slice(&batch.events);
        let mut refused = batch.refused.into_iter().peekable();
        for (line, (place, item)) in (1_u32..).zip(of) {
            match refused.next_if(|found| found.line == line) {
                Some(found) => events.rejected.push((place, found.reason)),
                None => events.add(place, item),
            }
        }
    }
}

impl Item<'_> {
    /// Whether something is known of it: it is no line like others.
    fn is_changed(&self) -> bool {
        self.sequence > 0 || self.previous_status.is_some() || self.details.is_some()
    }
}

impl Events {
    fn take(&mut self, place: usize, item: &Item<'_>, done: Result<String, Reason>) {
        match done {
            Ok(event) => {
                self.bytes.extend_from_slice(event.as_bytes());
                self.bytes.push(b'\n');
                self.add(place, item);
            }
            Err(reason) => self.rejected.push((place, reason)),
        }
    }

    fn add(&mut self, place: usize, item: &Item<'_>) {
        self.places.push(place);
        self.keys.push(EventKey {
            id: item.id.clone(),
            sequence: u32::try_from(item.sequence).unwrap_or(u32::MAX),
            previous_status: item.previous_status.clone(),
        });
    }
}

/// Refusals of events, as refusals of items.
fn of_items(mut refused: Vec<Refusal>, places: &[usize]) -> Result<Vec<Refusal>, SinkFailure> {
    for refusal in &mut refused {
        let place = places.get(refusal.refused.index);
        refusal.refused.index = *place.ok_or(SinkError::Internal("a sink refused what it was not given"))?;
    }
    Ok(refused)
}

pub(super) fn lock(news: &Mutex<News>) -> MutexGuard<'_, News> {
    news.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rows of a delivery, the new ones first.
fn items(delivery: &Delivery) -> Vec<Item<'_>> {
    let page = delivery.page();
    let fresh = delivery.fresh().map(|row| Item {
        line: page.line(row),
        id: page.event_id(row),
        sequence: 0,
        previous_status: None,
        details: None,
    });
    let changed = delivery.changed().map(|(row, known)| {
        let is_told = !known.status.is_empty() && known.status != page.status(row);
        Item {
            line: page.line(row),
            id: page.event_id(row),
            sequence: known.sequence,
            previous_status: is_told.then(|| known.status.clone()),
            details: delivery.details(),
        }
    });
    fresh.chain(changed).collect()
}

/// What is to be kept of items: those that gave no event, and those that a sink refused.
pub(super) fn letters(items: &[Item<'_>], handed: Handed) -> Vec<Letter> {
    let letter = |place: usize, sink: &str, reason: String| {
        let item = items.get(place)?;
        Some(Letter {
            time: String::new(),
            sink: sink.to_owned(),
            reason,
            id: item.id.clone(),
            sequence: item.sequence,
            previous_status: item.previous_status.clone(),
            details: item.details.map(str::to_owned),
            row: item.line.to_vec(),
        })
    };
    let rejected = handed.rejected.iter();
    let rejected = rejected.filter_map(|(place, reason)| letter(*place, TRANSFORM, reason.name().to_owned()));
    let refused = handed
        .refused
        .iter()
        .filter_map(|Refusal { sink, refused }| letter(refused.index, sink, refused.reason.to_string()));
    rejected.chain(refused).collect()
}
