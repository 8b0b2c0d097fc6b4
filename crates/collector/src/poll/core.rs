//! The core: what happened and the time go in, what is to be done comes out.

use std::collections::VecDeque;

use super::asking::Asking;
use super::backoff::{Backoff, CAP_MS};
use super::clock::ServiceClock;
use super::delivery::{Held, Passing, Tally};
use super::governor::Governor;
use super::lane::Lane;
use super::patience::Sinks;
use super::plan::{Rhythm, Tier, View};
use super::reread::{Pace, Spent};
use super::room::Room;
use super::settings::Settings;
use super::signal::{Call, Effect, Fault, Input, Outcome};
use super::work::Work;
use crate::ledger::{Coverage, Gap, Keys, Pause, Span, State, Transaction};
use message_trace_remedy::Remedy;
use message_trace_sources::write_time;

/// The most requests under way and pages not yet committed, together.
const MOST_IN_FLIGHT: usize = 2;
/// The most windows that are read side by side and are not urgent.
const MOST_PATIENT_LANES: usize = 2;
/// How many pages a window is cut to hold.
const PAGES_PER_WINDOW: f64 = 10.0;
/// How many pages a fresh window may cost before its overlap shrinks.
const FRESH_PAGES: f64 = 6.0;
/// The shortest overlap of a fresh window, in seconds.
const LEAST_OVERLAP_S: i64 = 120;

/// The state machine of polling. Single-threaded, without a clock and without I/O.
#[derive(Debug)]
pub struct Core {
    pub(super) settings: Settings,
    pub(super) keys: Keys,
    pub(super) coverage: Coverage,
    pub(super) gaps: Vec<Gap>,
    /// Where the coverage begins; until the service's clock is known, where it seems to.
    pub(super) floor_s: i64,
    /// Where it begins by the ledger.
    pub(super) stored_floor_s: Option<i64>,
    /// How far the service's clock was ahead when the ledger was last written.
    pub(super) stored_skew_ms: Option<i64>,
    pub(super) sequence_base: u64,
    pub(super) began_ms: i64,
    pub(super) governor: Governor,
    pub(super) backoff: Backoff,
    pub(super) lanes: Vec<Lane>,
    pub(super) held: VecDeque<Held>,
    pub(super) work: Work,
    /// The row that is asked about.
    pub(super) asking: Option<Asking>,
    /// The requests that asked for details.
    pub(super) asked_details: Spent,
    /// Whether rows are still to be asked about before a run that ends by itself may end.
    pub(super) asks_follow: bool,
    /// Changes of the ledger that no page brings along.
    pub(super) aside: Transaction,
    pub(super) tally: Tally,
    /// Rows in a second, as seen lately.
    pub(super) rows_per_s: Option<f64>,
    /// The same for each pass that reads again.
    pub(super) paces: [Pace; 3],
    pub(super) spent: Spent,
    pub(super) room: Room,
    pub(super) is_slow_reported: bool,
    pub(super) clock: ServiceClock,
    pub(super) is_skew_reported: bool,
    /// Windows refused while the service's clock is not known.
    pub(super) refused_windows: u32,
    pub(super) fresh_s: Option<i64>,
    /// Up to when a run that ends by itself has to deliver.
    pub(super) once_end_s: Option<i64>,
    pub(super) next_request: u64,
    pub(super) renewing: Option<u64>,
    /// The last request with the token before; `None` once the present token has worked.
    pub(super) token_from: Option<u64>,
    /// Tokens refused one after the other, each just given out.
    pub(super) refused_tokens: u32,
    /// Rows of the last pages whose keys are not kept.
    pub(super) passing: Passing,
    pub(super) hold_until_ms: i64,
    pub(super) last_success_ms: i64,
    pub(super) has_succeeded: bool,
    pub(super) refused_since_ms: Option<i64>,
    pub(super) trouble: Option<Fault>,
    pub(super) sinks: Sinks,
    pub(super) stopping: bool,
    pub(super) outcome: Option<Outcome>,
}

impl Core {
    /// A core that goes on from what a ledger holds.
    #[must_use]
    pub fn new(settings: Settings, keys: Keys, state: State, now_ms: i64) -> Self {
        let State {
            coverage,
            floor_s,
            gaps,
            charges_ms,
            pause,
            skew_ms,
            sequence_base,
        } = state;
        let since_s = settings.since_s;
        // A clock that was ahead when the end was written, and is right now, would make the silence longer.
        let is_too_long = pause.until_ms > now_ms.saturating_add(pause.told_ms);
        let pause = Pause {
            until_ms: pause.until_ms.min(now_ms.saturating_add(pause.told_ms)),
            ..pause
        };
        let aside = Transaction {
            pause: is_too_long.then_some(pause),
            ..Transaction::default()
        };
        Self {
            governor: Governor::new(settings.requests, &charges_ms, pause.until_ms, now_ms),
            room: Room::new(settings.requests),
            backoff: Backoff::new(settings.seed),
            sinks: Sinks::new(&settings),
            settings,
            keys,
            coverage,
            gaps,
            floor_s: floor_s.map_or(since_s, |floor_s| floor_s.min(since_s)),
            stored_floor_s: floor_s,
            stored_skew_ms: skew_ms,
            sequence_base,
            began_ms: now_ms,
            lanes: Vec::new(),
            held: VecDeque::new(),
            work: Work::Idle,
            asking: None,
            asked_details: Spent::default(),
            asks_follow: false,
            aside,
            tally: Tally::default(),
            rows_per_s: None,
            paces: [Pace::default(); 3],
            spent: Spent::default(),
            is_slow_reported: false,
            clock: ServiceClock::default(),
            is_skew_reported: false,
            refused_windows: 0,
            fresh_s: None,
            next_request: 0,
            renewing: None,
            token_from: None,
            refused_tokens: 0,
            passing: Passing::default(),
            once_end_s: None,
            hold_until_ms: 0,
            last_success_ms: now_ms,
            has_succeeded: false,
            refused_since_ms: None,
            trouble: None,
            stopping: false,
            outcome: None,
        }
    }

    /// Takes in what happened at `now_ms` (milliseconds since 1970-01-01 UTC, never going back) and says what is to be
    /// done, in this order.
    pub fn step(&mut self, now_ms: i64, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.outcome.is_some() {
            return effects;
        }
        self.room.pass(now_ms);
        self.governor.set_room(self.room.requests());
        match input {
            Input::Timer => {}
            Input::Answered { request, answer } => self.answered(now_ms, request, answer, &mut effects),
            Input::Failed { request, trouble } => self.failed(now_ms, request, trouble, &mut effects),
            Input::TokenRenewed => {
                self.renewing = None;
                self.token_from = Some(self.next_request);
            }
            Input::Stop => {
                self.stopping = true;
                self.lanes.clear();
                // What waits to be told is told; nothing is asked.
                if self.asking.as_ref().is_some_and(|asking| asking.asked.is_some()) {
                    self.asking = None;
                }
                self.renewing = None;
                // What waits to be tried again is tried by the next run.
                if self.work.again_ms().is_some() {
                    self.outcome = Some(Outcome::Stopped);
                }
            }
            Input::LookedUp(known) => self.looked_up(known, &mut effects),
            Input::Delivered => self.delivered(now_ms, &mut effects),
            Input::Committed => self.committed(now_ms, &mut effects),
            Input::Ask(ask) => self.begin_asking(ask),
            Input::NotDelivered {
                fault,
                retry_after_ms,
            } => self.not_delivered(now_ms, fault, retry_after_ms, &mut effects),
            Input::NotCommitted(fault) => self.stuck(now_ms, fault, &mut effects),
        }
        self.advance(now_ms, &mut effects);
        effects
    }

    /// The service's time in whole seconds, never later than it really is there.
    pub(super) fn service_s(&self, now_ms: i64) -> i64 {
        self.clock.now_s(now_ms)
    }

    pub(super) fn view<'a>(&'a self, now_s: i64, closed: &'a [Span]) -> View<'a> {
        let seconds_of = |pages: f64| {
            let seconds = self
                .rows_per_s
                .map(|rate| pages * f64::from(self.settings.page_rows) / rate.max(1e-9));
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float is cut to the range of the integer"
            )]
            seconds.map(|seconds| seconds as i64)
        };
        let overlap_s = self.settings.rhythm.fresh_overlap_s;
        let affordable_s =
            seconds_of(FRESH_PAGES).map_or(overlap_s, |s| s - self.settings.rhythm.fresh_every_s);
        let overlap_s = affordable_s.clamp(LEAST_OVERLAP_S.min(overlap_s), overlap_s);
        View {
            source: self.settings.source,
            now_s,
            fresh_s: if self.lanes.iter().any(|lane| lane.tier == Tier::Fresh) {
                Some(now_s)
            } else {
                self.fresh_s
            },
            coverage: &self.coverage,
            floor_s: self.floor_s,
            closed,
            window_s: seconds_of(PAGES_PER_WINDOW)
                .unwrap_or(86_400)
                .clamp(60, self.settings.source.longest_window_s()),
            overlap_s,
            every_s: self.every_s(now_s, overlap_s),
        }
    }

    /// Does all that can be done now.
    fn advance(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if self.outcome.is_none() {
            self.lanes.retain(|lane| lane.call.is_some());
            self.work_on(now_ms, effects);
        }
        if self.outcome.is_none() && !self.stopping {
            self.plan(now_ms, effects);
            self.ask(now_ms, effects);
            // A gap that was just found is not kept for later.
            if matches!(self.work, Work::Idle) {
                self.work_on(now_ms, effects);
            }
        }
        let is_idle = matches!(self.work, Work::Idle) && self.held.is_empty();
        if is_idle && self.aside.is_empty() {
            self.give_up(now_ms);
        }
        if self.outcome.is_none() && is_idle && self.stopping {
            self.outcome = Some(Outcome::Stopped);
        }
        let is_done = is_idle && self.lanes.is_empty() && self.asking.is_none() && !self.asks_follow;
        if self.outcome.is_none() && is_done && self.is_caught_up() {
            self.outcome = Some(Outcome::CaughtUp);
        }
        match &self.outcome {
            Some(outcome) => effects.push(Effect::Finish(outcome.clone())),
            None => effects.push(Effect::Wait {
                until_ms: self.next_ms(now_ms),
            }),
        }
    }

    /// Ends a run that ends by itself when the silence that was asked for is longer than its patience: the next run is
    /// not to find the ledger locked.
    fn give_up(&mut self, now_ms: i64) {
        let is_asking = self.renewing.is_some() || self.lanes.iter().any(|lane| lane.asked.is_some());
        let until_ms = self.governor.paused_until_ms().max(self.hold_until_ms);
        let patience_ms = self.last_success_ms.saturating_add(self.settings.give_up_ms);
        if self.outcome.is_some() || !self.settings.once || is_asking || self.is_caught_up() {
            return;
        }
        // A wait of our own is sat out; the answer after it decides.
        if until_ms > now_ms.saturating_add(CAP_MS) && until_ms > patience_ms {
            let mut when = "start again at ".to_owned();
            write_time(until_ms.div_euclid(1000) + 1, &mut when);
            let silent = Fault::new(Remedy::Retry, self.told("it asked not to be asked for now"));
            let fault = self.trouble.clone().unwrap_or(silent);
            self.outcome = Some(self.gave_up(now_ms, Fault::new(Remedy::Retry, fault.sentence), &when));
        }
    }

    /// Whether a run that ends by itself has delivered all up to its start.
    fn is_caught_up(&self) -> bool {
        let Some(end_s) = self
            .once_end_s
            .filter(|_| self.settings.once && self.fresh_s.is_some())
        else {
            return false;
        };
        let gaps = self.closed();
        let open = self.view(end_s, &gaps).open(Span::new(self.floor_s, end_s));
        open.into_iter()
            .all(|span| self.coverage.missing(span).is_empty())
    }

    fn closed(&self) -> Vec<Span> {
        let gaps = self.gaps.iter().map(|gap| gap.span);
        let lanes = self.lanes.iter().map(|lane| lane.planned);
        let held = self.held.iter().map(|held| held.cover);
        gaps.chain(lanes).chain(held).chain(self.work.cover()).collect()
    }

    /// Opens windows that are due.
    fn plan(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let now_s = self.service_s(now_ms);
        // This machine's clock decides nothing but what the first question is.
        let tiers = if self.clock.is_known() {
            for span in Rhythm::lost(&self.view(now_s, &self.closed())) {
                self.record_gap(now_ms, span, effects);
            }
            Tier::ALL.as_slice()
        } else {
            &[Tier::Fresh]
        };
        for &tier in tiers {
            let is_patient = |tier: Tier| matches!(tier, Tier::CatchUp | Tier::Backfill);
            let most = if is_patient(tier) { MOST_PATIENT_LANES } else { 1 };
            loop {
                let is_like = |lane: &&Lane| lane.tier == tier || is_patient(lane.tier) && is_patient(tier);
                if self.lanes.iter().filter(is_like).count() >= most {
                    break;
                }
                let closed = self.closed();
                let view = self.view(now_s, &closed);
                let (span, before_s) = if tier.is_again() {
                    let Some(again) = self.again(now_ms, tier, &view) else {
                        break;
                    };
                    (again.span, again.read_s)
                } else {
                    let Some(span) = self.settings.rhythm.next(tier, &view) else {
                        break;
                    };
                    (span, now_s)
                };
                if tier == Tier::Fresh {
                    self.fresh_s = Some(now_s);
                    if self.clock.is_known() {
                        self.once_end_s.get_or_insert(now_s);
                    }
                }
                let mut lane = Lane::new(tier, span, self.settings.page_rows);
                lane.before_s = before_s;
                self.lanes.push(lane);
            }
        }
        let every_s = self.view(now_s, &[]).every_s;
        self.lanes.sort_by_key(|lane| lane.order(now_s, every_s));
        self.say_if_slow(every_s[2], effects);
        if self.settings.once {
            self.leave_what_would_wait(now_ms);
        }
    }

    /// Sends the requests that the budget and the room for pages allow.
    fn ask(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let now_s = self.service_s(now_ms);
        if self.renewing.is_some() || self.hold_until_ms > now_ms {
            return;
        }
        let mut in_flight = self.in_flight();
        let most = if self.clock.is_known() { MOST_IN_FLIGHT } else { 1 };
        for at in 0..self.lanes.len() {
            if in_flight >= most {
                return;
            }
            let tier = self.lanes[at].tier;
            if !Self::is_before_details(tier) && self.ask_details(now_ms, effects) {
                in_flight += 1;
                if in_flight >= most {
                    return;
                }
            }
            if self.lanes[at].asked.is_some() || self.ready_ms(tier) > now_ms {
                continue;
            }
            let lane = &mut self.lanes[at];
            let Some(call) = lane.call.clone() else { continue };
            if matches!(call, Call::List(_)) {
                lane.read_s = now_s;
            }
            self.next_request += 1;
            lane.ask(self.next_request);
            in_flight += 1;
            let forget_before_ms = self.governor.charge(now_ms);
            if tier.is_again() {
                self.spent.charge(now_ms);
            }
            let request = self.next_request;
            effects.push(Effect::Request {
                request,
                call,
                at_ms: now_ms,
                forget_before_ms,
            });
        }
        if in_flight < most {
            self.ask_details(now_ms, effects);
        }
    }

    fn in_flight(&self) -> usize {
        let asked = self.lanes.iter().filter(|lane| lane.asked.is_some()).count();
        let asked = asked + usize::from(self.asking.as_ref().is_some_and(|asking| asking.asked.is_some()));
        asked + self.held.len() + usize::from(self.work.has_page())
    }

    /// When to look around again if nothing happens.
    fn next_ms(&self, now_ms: i64) -> i64 {
        let mut next_ms = self.work.again_ms().unwrap_or(i64::MAX);
        if self.stopping {
            return next_ms.max(now_ms + 1);
        }
        if self.renewing.is_none() && self.in_flight() < MOST_IN_FLIGHT {
            for lane in self.lanes.iter().filter(|lane| lane.asked.is_none()) {
                next_ms = next_ms.min(self.ready_ms(lane.tier).max(self.hold_until_ms));
            }
            next_ms = next_ms.min(self.details_ready_ms().unwrap_or(i64::MAX));
        }
        let now_s = self.service_s(now_ms);
        let due_s = self.settings.rhythm.due_s(&self.view(now_s, &[]));
        let due_ms = due_s.saturating_mul(1000).saturating_sub(self.clock.ahead_ms());
        next_ms.min(due_ms).max(now_ms + 1)
    }
}
