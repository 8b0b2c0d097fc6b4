//! What answers mean for a window, and what is done about failures.

use super::clock::Witness;
use super::core::Core;
use super::faults::{no_permission, no_service_principal, refused_token, unknown_address};
use super::lane::{Lane, Turn};
use super::plan::Tier;
use super::reread::pass_of;
use super::signal::{Answer, Effect, Fault, Outcome, Report, Trouble};
use crate::ledger::{Gap, GapReason, Pause, Span};
use message_trace_remedy::Remedy;
use message_trace_sources::{Page, Verdict};

/// Clocks further apart than this are reported, in milliseconds.
const SKEW_TO_REPORT_MS: i64 = 300_000;
/// How many tokens in a row may be refused, each just given out, before a run that has seen no row yet gives up.
const MOST_REFUSED_TOKENS: u32 = 3;
/// How many windows may be refused by a service that does not say what time it is there.
const MOST_REFUSED_WINDOWS: u32 = 5;
/// How far a clock may be off for the first window to be the one that was meant, in seconds.
const CLOSE_S: i64 = 120;
/// The longest silence that is kept when the service asks for it, in milliseconds: a day. Its window is of five minutes.
const LONGEST_PAUSE_MS: i64 = 86_400_000;
/// The longest silence that something in between can ask for, in milliseconds: an hour. It is not kept for the next run.
const LONGEST_HOLD_MS: i64 = 3_600_000;

impl Core {
    pub(super) fn answered(
        &mut self,
        now_ms: i64,
        request: u64,
        mut answer: Answer,
        effects: &mut Vec<Effect>,
    ) {
        if self.details_answered(now_ms, request, &mut answer, effects) {
            return;
        }
        let Some(at) = self.lanes.iter().position(|lane| lane.asked == Some(request)) else {
            return;
        };
        self.lanes[at].asked = None;
        let Answer {
            status,
            content_type,
            retry_after_ms: told_ms,
            date_ms,
            body,
        } = answer;
        let source = self.settings.source;
        let verdict = source.judge(status, content_type.as_deref(), &body);
        let by = if verdict != Verdict::Body && source.is_refusal(content_type.as_deref(), &body) {
            Witness::Refusal
        } else {
            Witness::Stranger
        };
        let page = if verdict == Verdict::Body {
            source.page(body, &self.keys)
        } else {
            None
        };
        let was_known = self.clock.is_known();
        self.learn_clock(
            now_ms,
            if page.is_some() { Witness::Page } else { by },
            date_ms,
            effects,
        );
        let is_at_start = self.lanes[at].is_at_start();
        match verdict {
            Verdict::Body => match page {
                Some(page) => self.turn(now_ms, at, page, effects),
                None => self.hiccup(now_ms, at, told_ms, by, "an answer was cut short", effects),
            },
            Verdict::NotJson => {
                let text = "something in between answered in its place";
                self.hiccup(now_ms, at, told_ms, by, text, effects);
            }
            Verdict::Transient => self.hiccup(now_ms, at, told_ms, by, "failed for now", effects),
            Verdict::Throttled if by == Witness::Stranger => {
                let text = "something between it and this machine refuses requests for now";
                let told_ms = told_ms.or_else(|| Some(self.backoff.after_throttling_ms()));
                self.hiccup(now_ms, at, told_ms, by, text, effects);
            }
            Verdict::Throttled => {
                let fault = Fault::new(
                    Remedy::Retry,
                    self.told("the quota for the tenant is used up by all programs together"),
                );
                self.throttled(now_ms, told_ms, fault, effects);
            }
            Verdict::Refused | Verdict::Gone if !is_at_start => {
                self.restart(now_ms, at, "the next link has died", effects);
            }
            // Planned by this machine's clock, which may be far off. What the service says the time is needs a second
            // answer.
            Verdict::Refused | Verdict::TooOld
                if !was_known && self.refused_windows < MOST_REFUSED_WINDOWS =>
            {
                self.refused_windows += 1;
                self.give_up_lane(at);
                let wait_ms = self.backoff.after_failure_ms();
                self.hold(now_ms, wait_ms);
            }
            Verdict::TooOld => self.clip(now_ms, at, effects),
            // The window ended after the service's now: this machine's clock was believed, and is ahead.
            Verdict::Refused if self.lanes[at].planned.end_s > self.service_s(now_ms) => {
                self.give_up_lane(at);
            }
            Verdict::Refused => {
                let fault = Fault::new(
                    Remedy::Report,
                    self.told("a window of time was refused; please report it with the log"),
                );
                self.refused(now_ms, fault, effects);
            }
            Verdict::Unauthorized if self.token_from.is_none() => self.renew(effects),
            // Sent before the token was renewed.
            Verdict::Unauthorized if self.token_from.is_some_and(|from| request <= from) => {}
            Verdict::Unauthorized if !self.has_succeeded && self.refused_tokens + 1 < MOST_REFUSED_TOKENS => {
                self.refused_tokens += 1;
                let wait_ms = self.backoff.after_failure_ms();
                self.hold(now_ms, wait_ms);
                self.renew(effects);
            }
            Verdict::Unauthorized => self.refused(now_ms, refused_token(source), effects),
            Verdict::Gone => self.refused(now_ms, unknown_address(source), effects),
            Verdict::NoServicePrincipal => self.refused(now_ms, no_service_principal(), effects),
            Verdict::Forbidden => self.refused(now_ms, no_permission(source), effects),
        }
    }

    pub(super) fn failed(&mut self, now_ms: i64, request: u64, trouble: Trouble, effects: &mut Vec<Effect>) {
        if self
            .asking
            .as_ref()
            .is_some_and(|asking| asking.asked == Some(request))
        {
            return self.details_failed(now_ms, effects);
        }
        let lane = self.lanes.iter_mut().position(|lane| lane.asked == Some(request));
        if let Some(at) = lane {
            self.lanes[at].asked = None;
        } else if self.renewing == Some(request) {
            self.renewing = None;
        } else {
            return;
        }
        match (trouble, lane) {
            (Trouble::LinkElsewhere, Some(at)) => {
                self.restart(
                    now_ms,
                    at,
                    "the next link points to another address; it was not followed",
                    effects,
                );
            }
            (Trouble::Network(fault), at)
                if fault.remedy == Remedy::Retry
                    || fault.remedy == Remedy::Storage && !self.settings.once =>
            {
                if let Some(at) = at {
                    self.lanes[at].failures += 1;
                    if self.lanes[at].failures.is_multiple_of(3) {
                        self.lanes[at].halve();
                    }
                }
                let wait_ms = self.backoff.after_failure_ms();
                self.hold(now_ms, wait_ms);
                self.retrying(now_ms, fault, wait_ms, effects);
            }
            (
                Trouble::NoToken {
                    fault,
                    retry_after_ms,
                },
                _,
            ) if fault.remedy == Remedy::Retry => {
                let wait_ms = match retry_after_ms {
                    Some(told_ms) => self.backoff.as_told_ms(told_ms.min(LONGEST_HOLD_MS)),
                    None => self.backoff.after_failure_ms(),
                };
                self.hold(now_ms, wait_ms);
                self.retrying(now_ms, fault, wait_ms, effects);
            }
            (Trouble::Network(fault) | Trouble::NoToken { fault, .. }, _) => {
                self.refused(now_ms, fault, effects);
            }
            (Trouble::LinkElsewhere, None) => {}
        }
    }

    /// A page has come.
    fn turn(&mut self, now_ms: i64, at: usize, page: Page, effects: &mut Vec<Effect>) {
        self.backoff.reset();
        self.room.answered(now_ms, self.governor.used(now_ms));
        self.token_from = None;
        self.refused_since_ms = None;
        self.trouble = None;
        self.last_success_ms = now_ms;
        self.has_succeeded = true;
        self.tally.pages += 1;
        let rows = page.rows().len();
        // Before the service's clock was known, the window may have been planned into its future.
        let now_s = self.service_s(now_ms);
        let (mut held, again) = match self.lanes[at].turn(page) {
            Turn::On(held) => (held, None),
            Turn::Again(held, reason) => (held, Some(reason)),
        };
        held.cover.end_s = held.cover.end_s.min(now_s);
        held.read_s = held.read_s.min(now_s);
        if let Some(pass) = pass_of(self.lanes[at].tier) {
            let memory_s = [3_600, 6 * 3_600, 48 * 3_600][pass];
            self.paces[pass].add(rows, held.cover.len_s(), memory_s);
        }
        if held.cover.len_s() >= 10 || rows >= self.settings.page_rows as usize {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a rate of rows needs no more than 52 bits"
            )]
            let rate = rows as f64 / held.cover.len_s().max(1) as f64;
            self.rows_per_s = Some(self.rows_per_s.map_or(rate, |before| before * 0.8 + rate * 0.2));
        }
        self.held.push_back(held);
        if let Some(reason) = again {
            self.restart(now_ms, at, reason, effects);
        }
    }

    /// Begins a window again from its last delivered row.
    fn restart(&mut self, now_ms: i64, at: usize, reason: &'static str, effects: &mut Vec<Effect>) {
        let lane = &mut self.lanes[at];
        lane.restarts += 1;
        lane.restart();
        if lane.restarts > 1 {
            let wait_ms = self.backoff.after_failure_ms();
            self.hold(now_ms, wait_ms);
        }
        effects.push(Effect::Report(Report::Restarted { reason }));
    }

    /// Something failed that a second try may heal.
    fn hiccup(
        &mut self,
        now_ms: i64,
        at: usize,
        told_ms: Option<i64>,
        by: Witness,
        text: &str,
        effects: &mut Vec<Effect>,
    ) {
        let lane = &mut self.lanes[at];
        lane.failures += 1;
        if lane.failures.is_multiple_of(3) {
            lane.halve();
        }
        let wait_ms = match told_ms {
            Some(told_ms) if by == Witness::Refusal => {
                let wait_ms = self.backoff.as_told_ms(told_ms.min(LONGEST_PAUSE_MS));
                self.pause(now_ms, wait_ms);
                wait_ms
            }
            Some(told_ms) => self.backoff.as_told_ms(told_ms.min(LONGEST_HOLD_MS)),
            None => self.backoff.after_failure_ms(),
        };
        self.hold(now_ms, wait_ms);
        self.retrying(
            now_ms,
            Fault::new(Remedy::Retry, self.told(text)),
            wait_ms,
            effects,
        );
    }

    /// The service asks for silence.
    pub(super) fn throttled(
        &mut self,
        now_ms: i64,
        told_ms: Option<i64>,
        fault: Fault,
        effects: &mut Vec<Effect>,
    ) {
        let wait_ms = match told_ms {
            Some(told_ms) => self.backoff.as_told_ms(told_ms.min(LONGEST_PAUSE_MS)),
            None => self.backoff.after_throttling_ms(),
        };
        self.pause(now_ms, wait_ms);
        self.make_room(now_ms, effects);
        self.retrying(now_ms, fault, wait_ms, effects);
    }

    /// Other programs of the tenant use its quota: this one makes fewer requests for a while.
    fn make_room(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if self.room.refused(now_ms, self.governor.used(now_ms)) {
            let room = self.room.requests();
            effects.push(Effect::Report(Report::Shared { room }));
        }
    }

    /// Nothing is sent before the wait is over.
    pub(super) fn hold(&mut self, now_ms: i64, wait_ms: i64) {
        self.hold_until_ms = self.hold_until_ms.max(now_ms.saturating_add(wait_ms));
    }

    /// Nothing is sent before the wait is over, not even by the next program. Only what the service itself asked for.
    fn pause(&mut self, now_ms: i64, wait_ms: i64) {
        let until_ms = self.governor.pause(now_ms.saturating_add(wait_ms));
        let told_ms = until_ms.saturating_sub(now_ms);
        self.aside.pause = Some(Pause { until_ms, told_ms });
    }

    pub(super) fn retrying(&mut self, now_ms: i64, fault: Fault, wait_ms: i64, effects: &mut Vec<Effect>) {
        self.trouble = Some(fault.clone());
        if self.settings.once && now_ms - self.last_success_ms > self.settings.give_up_ms {
            self.outcome = Some(self.gave_up(now_ms, fault, "start again later"));
            return;
        }
        effects.push(Effect::Report(Report::Retrying { fault, wait_ms }));
    }

    /// How a run that ends by itself ends without having caught up; `when` says when to try again.
    pub(super) fn gave_up(&self, now_ms: i64, fault: Fault, when: &str) -> Outcome {
        let minutes = (now_ms - self.last_success_ms) / 60_000;
        let after = match minutes {
            ..=1 => "gave up".to_owned(),
            minutes => format!("gave up after {minutes} minutes without success"),
        };
        let sentence = format!(
            "{after} ({}); what is delivered stays delivered: {when}",
            fault.sentence
        );
        Outcome::Failed(Fault::new(fault.remedy, sentence))
    }

    /// Something failed that a person has to mend. A run that has seen rows bears it for a while: services contradict
    /// themselves for minutes.
    fn refused(&mut self, now_ms: i64, fault: Fault, effects: &mut Vec<Effect>) {
        let since_ms = *self.refused_since_ms.get_or_insert(now_ms);
        if !self.has_succeeded || now_ms - since_ms > self.settings.patience_ms {
            self.trouble = Some(fault.clone());
            self.outcome = Some(Outcome::Failed(fault));
            return;
        }
        self.token_from = None;
        let wait_ms = self.backoff.after_failure_ms();
        self.hold(now_ms, wait_ms);
        self.retrying(now_ms, fault, wait_ms, effects);
    }

    pub(super) fn renew(&mut self, effects: &mut Vec<Effect>) {
        if self.renewing.is_none() {
            self.next_request += 1;
            self.renewing = Some(self.next_request);
            effects.push(Effect::RenewToken {
                request: self.next_request,
            });
        }
    }

    /// The service has no rows from the window's beginning any more: an hour of it is a gap.
    fn clip(&mut self, now_ms: i64, at: usize, effects: &mut Vec<Effect>) {
        let lane = self.give_up_lane(at);
        let start_s = lane.planned.start_s.max(self.floor_s);
        let span = Span::new(start_s, (start_s + 3600).min(lane.planned.end_s));
        if !span.is_empty() {
            self.record_gap(now_ms, span, effects);
        }
    }

    /// Takes a window out without its end: it is planned again.
    fn give_up_lane(&mut self, at: usize) -> Lane {
        let lane = self.lanes.remove(at);
        if lane.tier == Tier::Fresh {
            self.fresh_s = None;
        }
        lane
    }

    pub(super) fn record_gap(&mut self, now_ms: i64, span: Span, effects: &mut Vec<Effect>) {
        let gap = Gap {
            span,
            reason: GapReason::OlderThanRetention,
            found_ms: now_ms,
        };
        self.gaps.push(gap.clone());
        self.aside.gaps.push(gap.clone());
        effects.push(Effect::Report(Report::Gap(gap)));
    }

    /// Takes in what an answer says the time is. Nothing that lasts was decided before the first one that is believed.
    fn learn_clock(&mut self, now_ms: i64, by: Witness, date_ms: Option<i64>, effects: &mut Vec<Effect>) {
        let was_known = self.clock.is_known();
        if !self.clock.learn(by, date_ms, now_ms) {
            return;
        }
        let ahead_ms = self.clock.ahead_ms();
        if self
            .stored_skew_ms
            .is_none_or(|stored_ms| (stored_ms - ahead_ms).abs() > CLOSE_S * 1000)
        {
            if let Some(stored_ms) = self.stored_skew_ms.filter(|_| !was_known) {
                self.governor.shift(stored_ms - ahead_ms, self.began_ms, now_ms);
            }
            self.stored_skew_ms = Some(ahead_ms);
            self.aside.skew_ms = Some(ahead_ms);
        }
        if !was_known {
            self.clock_is_known(now_ms);
        }
        if ahead_ms.abs() >= SKEW_TO_REPORT_MS && !self.is_skew_reported {
            self.is_skew_reported = true;
            effects.push(Effect::Report(Report::Skewed(ahead_ms)));
        }
    }

    /// The beginning that was asked for is one of the service's time from now on, and the first window may have been
    /// one of another time.
    fn clock_is_known(&mut self, now_ms: i64) {
        let ahead_s = self.clock.ahead_ms().div_euclid(1000);
        let since_s = self.settings.since_s.saturating_add(ahead_s);
        let floor_s = self
            .stored_floor_s
            .map_or(since_s, |stored_s| stored_s.min(since_s));
        if self.stored_floor_s != Some(floor_s) {
            self.aside.floor_s = Some(floor_s);
        }
        self.floor_s = floor_s;
        let now_s = self.service_s(now_ms);
        let first = self.lanes.iter().find(|lane| lane.tier == Tier::Fresh);
        match first.map(|lane| lane.planned.end_s) {
            Some(end_s) if ahead_s.abs() <= CLOSE_S => {
                self.fresh_s = Some(end_s.min(now_s));
                self.once_end_s = Some(end_s.min(now_s));
            }
            _ => self.fresh_s = None,
        }
    }
}
