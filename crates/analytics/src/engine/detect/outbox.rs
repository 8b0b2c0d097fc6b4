//! Alerts on their way to sinks. What is raised is first written into the state's file, then delivered, and leaves the file
//! when a sink has acknowledged it: whatever ends the program, nothing is lost, and what comes twice is the same event.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use chrono::NaiveDate;

use super::state::State;

/// How many alerts a sink is given at once, at most.
const AT_ONCE: usize = 500;

/// Sinks, each known by its name.
pub trait Outlets {
    /// The names of all sinks, no two alike.
    fn names(&self) -> Vec<String>;

    /// Delivers alerts to the sink of that name, and gives the places of those that it has acknowledged: all, none if it is
    /// away, and not those that it refuses. Remembers why, for the command to say.
    fn deliver(&mut self, to: &str, alerts: &[Notice]) -> Vec<usize>;
}

/// An alert as it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `event.id`: the same however often it is delivered.
    pub id: String,
    /// 0 where the alert was raised, 1 where it was closed.
    pub sequence: u32,
    /// The event of ECS, one line of JSON without its line feed.
    pub json: String,
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detected {
    /// New alerts.
    pub raised: usize,
    /// Alerts whose day is over.
    pub closed: usize,
    /// Alerts of earlier runs that a sink has now, and had not.
    pub caught_up: usize,
    /// Alerts that were not raised, because too many wait; a later run raises them.
    pub held_back: usize,
    /// Alerts that wait no longer for a sink, because that was asked for.
    pub forgotten: usize,
    /// What is wrong with Sigma rules, each with file and line; the others were evaluated.
    pub problems: Vec<String>,
    /// How many alerts wait for which sink. A sink may be one that is not set up any more.
    pub waiting: Vec<(String, usize)>,
}

impl Detected {
    /// Whether there is an alert that nobody had before.
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.raised + self.caught_up > 0
    }

    /// What there is to say of the run, but for what sinks did.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let counted = |count: usize, what: &str| {
            let alerts = if count == 1 { "alert" } else { "alerts" };
            (count > 0).then(|| what.replace("{}", &format!("{count} {alerts}")))
        };
        let new = if self.raised == 1 { "alert" } else { "alerts" };
        let mut sentences: Vec<String> = [
            (self.raised > 0).then(|| format!("{} new {new}", self.raised)),
            counted(self.caught_up, "{} had waited and are delivered"),
            counted(self.forgotten, "{} will not be delivered"),
            counted(
                self.held_back,
                "{} not raised yet, because too many wait for a sink; they are when it is back",
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        sentences.extend(self.problems.iter().cloned());
        if !self.problems.is_empty() {
            let left_out = self.problems.len();
            sentences.push(format!(
                "{left_out} of Sigma's rules left out; all others were evaluated"
            ));
        }
        sentences
    }
}

/// Delivers what waits for each of the sinks. `earlier` are the alerts that had waited before this run.
pub(super) fn deliver(
    state: &mut State,
    newest: NaiveDate,
    outlets: &mut dyn Outlets,
    mut earlier: BTreeSet<String>,
    detected: &mut Detected,
) -> Result<()> {
    for name in outlets.names() {
        // What is refused stays, and is passed over in this run.
        let mut passed = 0;
        loop {
            let places: Vec<usize> = state
                .waiting
                .iter()
                .enumerate()
                .filter(|(_, alert)| alert.to.contains(&name))
                .map(|(place, _)| place)
                .skip(passed)
                .take(AT_ONCE)
                .collect();
            let alerts: Vec<Notice> = places
                .iter()
                .filter_map(|&place| state.waiting.get(place))
                .map(|alert| Notice {
                    id: alert.id.clone(),
                    sequence: alert.sequence,
                    json: alert.event.to_string(),
                })
                .collect();
            if alerts.is_empty() {
                break;
            }
            let acknowledged = outlets.deliver(&name, &alerts);
            if acknowledged.is_empty() {
                break;
            }
            passed += alerts.len() - acknowledged.len();
            let mut had_waited = |at: &usize| alerts.get(*at).is_some_and(|alert| earlier.remove(&alert.id));
            detected.caught_up += acknowledged.iter().filter(|at| had_waited(at)).count();
            let acknowledged: Vec<usize> = acknowledged
                .iter()
                .filter_map(|&at| places.get(at).copied())
                .collect();
            state.acknowledge(&name, &acknowledged);
            state.write(newest)?;
        }
    }
    let mut waiting = BTreeMap::<String, usize>::new();
    for sink in state.waiting.iter().flat_map(|alert| &alert.to) {
        *waiting.entry(sink.clone()).or_default() += 1;
    }
    detected.waiting = waiting.into_iter().collect();
    Ok(())
}
