//! Virtual time: the core that ships, a simulated service, a sink and a ledger, and somebody who kills the program.

mod sending;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Utc};
use message_trace_collector::ledger::{Key, Keys};
use message_trace_collector::poll::{Core, Delivery, Effect, Fault, Input, Outcome, Trouble as NoAnswer};
use message_trace_net::http::Origin;
use message_trace_remedy::Remedy;
use message_trace_simulator::Simulator;
use message_trace_sources::Source;

use crate::asking::Asking;
use crate::between::skew;
use crate::scenario::Scenario;
use crate::sink::Sink;
use crate::store::{Store, folder};

const TOKEN_LIFE_MS: i64 = 3_599_000;
const CLIENT_TIMEOUT_MS: i64 = 120_000;

/// An input that is on its way, in the order of its time.
struct Due(Reverse<(i64, u64)>, Input);

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

/// Why an effect was not carried out to its end.
enum Death {
    Killed,
    Ended(Outcome),
}

pub struct World {
    scenario: Scenario,
    pub simulator: Simulator,
    pub sink: Sink,
    store: Store,
    chance: fastrand::Rng,
    source: &'static dyn Source,
    tracing: Origin,
    /// The service's time, in milliseconds.
    now_ms: i64,
    core: Option<Core>,
    due: BinaryHeap<Due>,
    wake_ms: i64,
    number: u64,
    token: Option<(String, i64)>,
    /// When requests were sent, in the service's milliseconds.
    pub sent_ms: Vec<i64>,
    pub kills: u64,
    pub restarts: u64,
    pub gaps: u64,
    pub failures: Vec<Fault>,
    /// Bytes of all pages.
    pub bytes: u64,
    /// The most keys that the ledger held.
    pub most_keys: usize,
    /// How old the oldest reading ever was of what was not settled, in seconds.
    pub oldest_reading_s: i64,
    /// When the service refused for its quota, in its milliseconds.
    pub refused_ms: Vec<i64>,
    sample_ms: i64,
    /// How far this machine's clock is from the service's, in milliseconds.
    skew_ms: i64,
    /// Events that were accepted and are not committed yet.
    uncommitted: u64,
    /// Events that may come again: accepted, and then the program died before it committed, or the sink took back its word.
    pub may_repeat: u64,
    /// Answers that something in between gave.
    pub strangers: u64,
    /// Windows, not links, that the service refused as wrong.
    pub refused_windows: u64,
    /// The rows that are asked about.
    pub asking: Option<Asking>,
    /// When the next of them is due, by this machine's clock.
    due_ms: i64,
}

impl World {
    pub fn new(scenario: Scenario) -> Self {
        let source = scenario.polling.source;
        let store = if scenario.is_file {
            Store::File(None, folder())
        } else {
            Store::Memory(
                Box::default(),
                Keys::new("tenant", [scenario.seed.to_le_bytes()[0]; 32]),
            )
        };
        Self {
            simulator: Simulator::new(scenario.simulated.clone()),
            sink: Sink::new(),
            store,
            chance: fastrand::Rng::with_seed(scenario.seed ^ 0x6b69_6c6c),
            source,
            tracing: Origin::parse(if source.name() == "graph" {
                "https://graph.microsoft.com"
            } else {
                "https://reports.office365.com"
            })
            .map(|origin| origin.under(&source.base("v1.0")).expect("a path"))
            .expect("an origin"),
            now_ms: scenario.start.timestamp_millis(),
            core: None,
            due: BinaryHeap::new(),
            wake_ms: 0,
            number: 0,
            token: None,
            sent_ms: Vec::new(),
            kills: 0,
            restarts: 0,
            gaps: 0,
            failures: Vec::new(),
            bytes: 0,
            most_keys: 0,
            oldest_reading_s: 0,
            refused_ms: Vec::new(),
            sample_ms: 0,
            skew_ms: scenario.skew_ms,
            uncommitted: 0,
            may_repeat: 0,
            strangers: 0,
            refused_windows: 0,
            asking: scenario.asked.map(Asking::new),
            due_ms: i64::MAX,
            scenario,
        }
    }

    /// This machine's time, in milliseconds.
    fn local_ms(&self) -> i64 {
        self.now_ms + self.skew_ms
    }

    fn service_now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.now_ms).expect("a time")
    }

    /// Runs until the service's time `until`.
    pub fn run(&mut self, until: DateTime<Utc>) {
        let until_ms = until.timestamp_millis();
        while self.now_ms < until_ms {
            self.step();
        }
    }

    /// Runs on for as long as rows wait for their details, at most until `until`, with the program left alone: who was killed
    /// all the time had no room to ask, for rows go first. What waits is then told.
    pub fn wait_for_details(&mut self, until: DateTime<Utc>) {
        self.scenario.kills_per_million = 0;
        self.scenario.clocks_per_mille = 0;
        self.scenario.strangers_per_mille = 0;
        let until_ms = until.timestamp_millis();
        while self.now_ms < until_ms && self.asking.as_ref().is_some_and(|asking| asking.waiting > 0) {
            self.step();
        }
    }

    fn step(&mut self) {
        if self.core.is_none() {
            return self.start();
        }
        let timer_ms = self.wake_ms.min(self.due_ms).saturating_sub(self.skew_ms);
        let next_ms = self
            .due
            .peek()
            .map_or(i64::MAX, |Due(Reverse((at_ms, _)), _)| *at_ms);
        let input = if next_ms <= timer_ms {
            self.now_ms = self.now_ms.max(next_ms);
            self.due.pop().map_or(Input::Timer, |Due(_, input)| input)
        } else {
            self.now_ms = self.now_ms.max(timer_ms);
            Input::Timer
        };
        self.feed(input);
        self.ask_next();
        self.sample();
    }

    /// The service's time.
    pub fn now(&self) -> DateTime<Utc> {
        self.service_now()
    }

    /// Looks at ledger and status every ten minutes.
    fn sample(&mut self) {
        if self.now_ms < self.sample_ms {
            return;
        }
        self.sample_ms = self.now_ms + 600_000;
        if let Store::Memory(ledger, _) = &self.store {
            self.most_keys = self.most_keys.max(ledger.rows());
        }
        let local_ms = self.local_ms();
        if let Some(age_s) = self
            .core
            .as_ref()
            .and_then(|core| core.status(local_ms).freshness_s[2])
        {
            self.oldest_reading_s = self.oldest_reading_s.max(age_s);
        }
    }

    fn start(&mut self) {
        self.may_repeat += std::mem::take(&mut self.uncommitted);
        if self.chance.u32(0..1000) < self.scenario.clocks_per_mille {
            self.skew_ms = skew(&mut self.chance);
        }
        let (keys, state) = self.store.open();
        let mut polling = self.scenario.polling.clone();
        polling.seed ^= self.restarts;
        polling.since_s += self.skew_ms.div_euclid(1000);
        self.core = Some(Core::new(polling, keys, state, self.local_ms()));
        if let Some(asking) = &mut self.asking {
            asking.open();
        }
        self.due.clear();
        self.token = None;
        self.restarts += 1;
        self.feed(Input::Timer);
    }

    /// Lets the core ask about a row that is due.
    fn ask_next(&mut self) {
        let local_ms = self.local_ms();
        self.due_ms = i64::MAX;
        let (Some(asking), Some(core)) = (&self.asking, &self.core) else {
            return;
        };
        if core.is_free_to_ask() {
            match asking.next(local_ms) {
                Ok(ask) => self.feed(Input::Ask(ask)),
                Err(due_ms) => self.due_ms = due_ms,
            }
        }
    }

    /// Notes which rows of a delivery are to be asked about, once the sink has them.
    fn note(&mut self, delivery: &Delivery) -> Result<(), Death> {
        let local_ms = self.local_ms();
        if let Some(asking) = &mut self.asking {
            asking.note(delivery, local_ms);
            self.dies()?;
        }
        Ok(())
    }

    fn ask_later(&mut self, asked: (Key, u64)) {
        let local_ms = self.local_ms();
        if let (Some(asking), Some(core)) = (&mut self.asking, &self.core) {
            let retained_s = core.retained_s(local_ms);
            asking.later(asked, local_ms, retained_s);
        }
    }

    fn feed(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            let local_ms = self.local_ms();
            let Some(core) = &mut self.core else { return };
            for effect in core.step(local_ms, input) {
                match self.act(effect) {
                    Ok(None) => {}
                    Ok(Some(input)) => inputs.insert(0, input),
                    Err(Death::Killed) => {
                        self.kills += 1;
                        self.core = None;
                        self.now_ms += self.chance.i64(0..=self.scenario.longest_death_s) * 1000;
                        return;
                    }
                    Err(Death::Ended(outcome)) => {
                        if let Outcome::Failed(fault) = outcome {
                            self.failures.push(fault);
                        }
                        self.core = None;
                        self.now_ms += 300_000;
                        return;
                    }
                }
            }
        }
    }

    fn dies(&mut self) -> Result<(), Death> {
        let kills = self.scenario.kills_per_million;
        if kills > 0 && self.chance.u32(0..1_000_000) < kills {
            Err(Death::Killed)
        } else {
            Ok(())
        }
    }

    fn later(&mut self, after_ms: i64, input: Input) {
        self.number += 1;
        self.due
            .push(Due(Reverse((self.now_ms + after_ms, self.number)), input));
    }

    /// Does what the core wants done. What is answered at once is given back; the rest comes later.
    fn act(&mut self, effect: Effect) -> Result<Option<Input>, Death> {
        match effect {
            Effect::Request {
                request,
                call,
                at_ms,
                forget_before_ms,
            } => {
                self.dies()?;
                self.store.charge(at_ms, forget_before_ms);
                self.dies()?;
                self.send(request, &call);
            }
            Effect::RenewToken { request } => {
                self.token = None;
                let input = if self.chance.u8(0..10) == 0 && self.scenario.refusals_per_mille > 0 {
                    let fault = Fault::new(Remedy::Retry, "no token for now");
                    Input::Failed {
                        request,
                        trouble: NoAnswer::NoToken {
                            fault,
                            retry_after_ms: None,
                        },
                    }
                } else {
                    Input::TokenRenewed
                };
                self.later(200, input);
            }
            Effect::LookUp(keys) => {
                self.dies()?;
                return Ok(Some(Input::LookedUp(self.store.look_up(&keys))));
            }
            Effect::Deliver(delivery) => {
                self.dies()?;
                let refuses = self.chance.u32(0..1000) < self.scenario.refusals_per_mille;
                let all = delivery.len();
                let most = if refuses { self.chance.usize(0..=all) } else { all };
                let before = self.sink.accepted;
                if let Some(asking) = &mut self.asking {
                    asking.hold_against(&delivery);
                }
                self.sink.accept(&delivery, self.now_ms, most);
                self.uncommitted += self.sink.accepted - before;
                self.dies()?;
                if refuses {
                    self.may_repeat += std::mem::take(&mut self.uncommitted);
                } else {
                    self.note(&delivery)?;
                }
                let after_ms = self.chance.i64(5..200);
                let waits = self.chance.bool().then(|| self.chance.i64(0..600_000));
                let not_delivered = || Input::NotDelivered {
                    fault: Fault::new(Remedy::Retry, "the sink is away"),
                    retry_after_ms: waits,
                };
                self.later(
                    after_ms,
                    if refuses {
                        not_delivered()
                    } else {
                        Input::Delivered
                    },
                );
            }
            Effect::Commit(transaction) => {
                self.dies()?;
                if self.chance.u32(0..1000) < self.scenario.commit_failures_per_mille {
                    self.later(
                        5,
                        Input::NotCommitted(Fault::new(Remedy::Storage, "the disk is full")),
                    );
                    return Ok(None);
                }
                self.store.commit(&transaction);
                self.uncommitted = 0;
                self.dies()?;
                self.later(5, Input::Committed);
            }
            Effect::Wait { until_ms } => self.wake_ms = until_ms,
            Effect::Report(message_trace_collector::poll::Report::Gap(_)) => self.gaps += 1,
            Effect::Report(_) => {}
            Effect::Asked { key, sequence } => {
                self.dies()?;
                self.asking
                    .iter_mut()
                    .for_each(|asking| asking.done(key, sequence));
            }
            Effect::AskLater { key, sequence } => {
                self.dies()?;
                self.ask_later((key, sequence));
            }
            Effect::Finish(outcome) => return Err(Death::Ended(outcome)),
        }
        Ok(None)
    }
}
