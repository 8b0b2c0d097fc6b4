//! The way back out of the dead letter: rows are transformed and delivered exactly as the first time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::handover::{Handed, Handover, Item, letters};
use super::patience::with_patience;
use super::run::{transform, watch_signals};
use crate::config::{Setup, open_sinks};
use message_trace_collector::ledger::{Behind, FileLedger};
use message_trace_collector::poll::Fault;
use message_trace_net::auth::take_variable;
use message_trace_net::http::{Client, Stop, Transport};
use message_trace_remedy::Remedy;
use message_trace_sinks::{DeadLetter, Letter, LetterKey, SinkFailure, TRANSFORM};

/// How many rows are handed over at once.
const ROWS: usize = 1_000;
/// How long a sink that fails for now is borne.
const PATIENCE: Duration = Duration::from_mins(15);

/// What a replay came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Rows that arrived, and are no longer in the dead letter.
    pub delivered: u64,
    /// Rows that were refused again, and stay.
    pub refused: u64,
    /// Lines that are no letters, and stay.
    pub unreadable: u64,
    /// Whether it was told to stop before all were tried.
    pub is_stopped: bool,
}

/// Delivers the letters that are wanted: each to the sink that refused it, and to all sinks where that one is no longer
/// set up, or where it was the transform that gave no event. What arrives leaves the dead letter.
///
/// # Errors
///
/// Why it could not go on: one sentence with the fix. What had arrived by then has left the dead letter.
pub fn replay(setup: &Setup, is_wanted: &dyn Fn(&Letter) -> bool) -> Result<Replayed, Fault> {
    let fault = |remedy: Remedy, error: &dyn ToString| Fault::new(remedy, error.to_string());
    let client = Client::new(setup.client.clone()).map_err(|error| fault(Remedy::Configure, &error))?;
    let transport: Arc<dyn Transport> = Arc::new(client);
    let mut sinks = open_sinks(&setup.outward(), &take_variable, &transport)
        .map_err(|error| fault(error.remedy(), &error))?;
    let notes = FileLedger::notes_of(&setup.ledger).map_err(|error| fault(error.remedy(), &error))?;
    sinks.note_accepted(&notes.accepted);
    let stop = Stop::default();
    let stopping = stop.clone();
    watch_signals(move || stopping.request());
    let dead_letter = DeadLetter::new(setup.dead_letter.clone());
    let mut replay = Replay {
        handover: Handover::new(
            transform(setup)?,
            sinks,
            DeadLetter::new(setup.dead_letter.clone()),
            Behind::open(Behind::path_of(&setup.ledger)).map_err(|error| fault(error.remedy(), &error))?,
        ),
        stop,
        waiting: Vec::new(),
        arrived: HashSet::new(),
        replayed: Replayed::default(),
    };
    let mut ended = Ok(());
    let read = dead_letter.read(&mut |letter| {
        match letter {
            None => replay.replayed.unreadable += 1,
            Some(letter) if is_wanted(&letter) => replay.waiting.push(letter),
            Some(_) => {}
        }
        if replay.waiting.len() >= ROWS {
            ended = replay.deliver();
        }
        ended.is_ok() && !replay.stop.is_requested()
    });
    if ended.is_ok() {
        ended = read.map_err(SinkFailure::from).and_then(|()| replay.deliver());
    }
    // Whatever happened: what has arrived is not delivered a second time.
    let arrived = &replay.arrived;
    let removed = replay
        .handover
        .dead_letter()
        .remove(&|letter| letter.is_some_and(|letter| arrived.contains(&letter.key())));
    let removed = removed.map_err(SinkFailure::from);
    ended
        .and(removed.map(drop))
        .map_err(|failure| fault(failure.error.remedy(), &failure))?;
    replay.replayed.is_stopped = replay.stop.is_requested();
    Ok(replay.replayed)
}

struct Replay {
    handover: Handover,
    stop: Stop,
    waiting: Vec<Letter>,
    arrived: HashSet<LetterKey>,
    replayed: Replayed,
}

impl Replay {
    /// Delivers what is waiting, grouped by where it goes.
    fn deliver(&mut self) -> Result<(), SinkFailure> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut seen = HashSet::new();
        waiting.retain(|letter| seen.insert(letter.key()));
        while let Some(first) = waiting.first() {
            let to = self.target(first).map(str::to_owned);
            let (group, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut waiting)
                .into_iter()
                .partition(|letter| self.target(letter) == to.as_deref());
            waiting = rest;
            self.group(&group, to.as_deref())?;
        }
        Ok(())
    }

    /// The one sink that a letter goes to; `None` for all.
    fn target<'a>(&self, letter: &'a Letter) -> Option<&'a str> {
        let sink = letter.sink.as_str();
        (sink != TRANSFORM && self.handover.has_sink(sink)).then_some(sink)
    }

    fn group(&mut self, group: &[Letter], to: Option<&str>) -> Result<(), SinkFailure> {
        let items: Vec<Item<'_>> = group
            .iter()
            .map(|letter| Item {
                line: &letter.row,
                id: letter.id.clone(),
                sequence: letter.sequence,
                previous_status: letter.previous_status.clone(),
                details: letter.details.as_deref(),
            })
            .collect();
        let Some(handed) = self.hand_over(&items, to)? else {
            return Ok(());
        };
        let rejected = handed.rejected.iter().map(|(place, _)| *place);
        let refused = handed.refused.iter().map(|refusal| refusal.refused.index);
        let again: HashSet<usize> = rejected.clone().chain(refused).collect();
        self.replayed.refused += again.len() as u64;
        self.replayed.delivered += (group.len() - again.len()) as u64;
        let stays: HashSet<usize> = if to.is_some() {
            again
        } else {
            // From now on it is the letter of the sink that refuses, not the transform's or that of a sink that is gone.
            let stays = rejected.collect();
            let refused = Handed {
                rejected: Vec::new(),
                refused: handed.refused,
            };
            self.handover.keep(&letters(&items, refused))?;
            stays
        };
        for (place, letter) in group.iter().enumerate() {
            if !stays.contains(&place) {
                self.arrived.insert(letter.key());
            }
        }
        Ok(())
    }

    /// Hands over, as often as it takes. `None` if it was told to stop meanwhile.
    fn hand_over(&mut self, items: &[Item<'_>], to: Option<&str>) -> Result<Option<Handed>, SinkFailure> {
        let Self { handover, stop, .. } = self;
        with_patience(PATIENCE, stop, || handover.hand_over(items, to))
    }
}
