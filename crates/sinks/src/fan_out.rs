//! Several sinks as one.

use super::{Batch, Check, Refused, Sink, SinkError, SinkFailure};

/// A sink among others.
pub struct Member {
    /// Where the sink is and how it is spoken to, as a hash: what it accepted counts for this setting alone.
    pub key: String,
    /// The sink.
    pub sink: Box<dyn Sink>,
}

/// An event that one of the sinks will never take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The sink's name.
    pub sink: String,
    /// Which event, and why.
    pub refused: Refused,
}

/// What became of a batch at each sink by itself.
#[derive(Debug, Default)]
pub struct Apart {
    /// How many sinks have it.
    pub accepted: usize,
    /// The sinks that do not, with whether they have ever accepted an event.
    pub failed: Vec<(SinkFailure, bool)>,
}

/// Delivers each batch to every sink; acknowledged when all have.
///
/// A batch delivered again after an error goes only to those that have not acknowledged it.
pub struct FanOut {
    name: String,
    members: Vec<Member>,
    /// Which batch each member has acknowledged, in their order.
    acknowledged: Vec<Option<u64>>,
    /// What the sinks that have acknowledged the batch refused of it.
    refused: Vec<Refusal>,
}

impl FanOut {
    /// Puts sinks together, in this order.
    #[must_use]
    pub fn new(members: Vec<Member>) -> Self {
        let names: Vec<_> = members.iter().map(|member| member.sink.name()).collect();
        Self {
            name: names.join(", "),
            acknowledged: vec![None; members.len()],
            members,
            refused: Vec::new(),
        }
    }

    /// The sinks' names.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of each sink, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names = self.members.iter().map(|member| member.sink.name().to_owned());
        names.collect()
    }

    /// Whether there is a sink of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.sink.name() == name)
    }

    /// Tells the sinks whose keys these are that they accepted events in an earlier run.
    pub fn note_accepted(&mut self, keys: &[String]) {
        for member in self
            .members
            .iter_mut()
            .filter(|member| keys.contains(&member.key))
        {
            member.sink.note_accepted();
        }
    }

    /// The keys of the sinks that might refuse events, and have accepted one.
    #[must_use]
    pub fn accepted(&self) -> Vec<String> {
        let have_accepted = |member: &&Member| member.sink.has_accepted() == Some(true);
        self.members
            .iter()
            .filter(have_accepted)
            .map(|member| member.key.clone())
            .collect()
    }

    /// Whether each of the sinks is known to work: it has accepted an event, or it never refuses one.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.members
            .iter()
            .all(|member| member.sink.has_accepted() != Some(false))
    }

    /// Delivers a batch to all sinks, or to those of one name. Gives what they refused for good.
    ///
    /// # Errors
    ///
    /// The first sink's that did not answer.
    pub fn deliver(&mut self, batch: &Batch, to: Option<&str>) -> Result<Vec<Refusal>, SinkFailure> {
        let fingerprint = batch.fingerprint();
        if !self.acknowledged.contains(&Some(fingerprint)) {
            self.refused.clear();
        }
        for (Member { sink, .. }, acknowledged) in self.members.iter_mut().zip(&mut self.acknowledged) {
            let name = sink.name().to_owned();
            if *acknowledged == Some(fingerprint) || to.is_some_and(|to| to != name) {
                continue;
            }
            let delivery = sink.deliver(batch).map_err(|error| SinkFailure {
                sink: name.clone(),
                error,
            })?;
            let refused = delivery.refused.into_iter();
            self.refused.extend(refused.map(|refused| Refusal {
                sink: name.clone(),
                refused,
            }));
            *acknowledged = Some(fingerprint);
        }
        // The next batch may be the same one on purpose, when a window is read again.
        Ok(self.forget())
    }

    /// Delivers a batch to each sink that is not left out and has not acknowledged it yet, whatever becomes of the others.
    ///
    /// What has acknowledged it is remembered until [`FanOut::forget`].
    pub fn deliver_apart(&mut self, batch: &Batch, is_left_out: &dyn Fn(&str) -> bool) -> Apart {
        let fingerprint = batch.fingerprint();
        if !self.acknowledged.contains(&Some(fingerprint)) {
            self.refused.clear();
        }
        let mut apart = Apart::default();
        for (Member { sink, .. }, acknowledged) in self.members.iter_mut().zip(&mut self.acknowledged) {
            let name = sink.name().to_owned();
            if is_left_out(&name) {
                continue;
            }
            if *acknowledged == Some(fingerprint) {
                apart.accepted += 1;
                continue;
            }
            match sink.deliver(batch) {
                Ok(delivery) => {
                    let refused = delivery.refused.into_iter();
                    self.refused.extend(refused.map(|refused| Refusal {
                        sink: name.clone(),
                        refused,
                    }));
                    *acknowledged = Some(fingerprint);
                    apart.accepted += 1;
                }
                Err(error) => {
                    let is_proven = sink.has_accepted() != Some(false);
                    apart.failed.push((SinkFailure { sink: name, error }, is_proven));
                }
            }
        }
        apart
    }

    /// Forgets who has the batch, which is through; gives what was refused of it.
    pub fn forget(&mut self) -> Vec<Refusal> {
        self.acknowledged.fill(None);
        let mut refused = std::mem::take(&mut self.refused);
        refused.sort_by_key(|refusal| refusal.refused.index);
        refused
    }

    /// Asks each sink what [`Sink::check`] asks, in their order, with their names.
    pub fn check(&mut self) -> Vec<(String, Result<Check, SinkError>)> {
        self.members
            .iter_mut()
            .map(|member| (member.sink.name().to_owned(), member.sink.check()))
            .collect()
    }
}

impl std::fmt::Debug for FanOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FanOut").field(&self.name).finish()
    }
}
