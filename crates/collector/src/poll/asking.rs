//! Asking what happened to a message: one question at a time, in the room that rows leave.
//!
//! Which rows are asked about, and when, is for whoever drives the core to say ([`Input::Ask`](super::Input::Ask)): it keeps
//! them on disk. A question goes out after fresh windows, re-reading and catching up, before backfill, and takes half of the
//! budget at the most. Its answer is delivered as the row's next revision; the row itself never waited for it.

use std::sync::Arc;

use super::clock::Witness;
use super::core::Core;
use super::delivery::{Delivery, Held};
use super::plan::Tier;
use super::signal::{Answer, Call, Effect, Fault};
use super::work::{Change, Work};
use crate::ledger::{Entry, Key, Known, Span};
use message_trace_remedy::Remedy;
use message_trace_sources::{DetailsQuery, Page, Verdict};

/// The longest answer that is taken, in bytes: as much as is read of it.
pub const MAX_DETAILS_BYTES: usize = 1_048_576;
/// How often a question that got no answer at all is repeated at once.
const MOST_FAILURES: u32 = 3;

/// A row whose details are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which row.
    pub key: Key,
    /// What to ask.
    pub query: DetailsQuery,
    /// The row, byte for byte.
    pub line: Vec<u8>,
    /// The sequence of its last delivery.
    pub sequence: u64,
}

/// Where a question stands.
#[derive(Debug)]
pub(super) struct Asking {
    ask: Ask,
    /// The request under way.
    pub(super) asked: Option<u64>,
    failures: u32,
}

/// What comes with an answer on its way to the sinks.
#[derive(Clone, Debug)]
pub(super) struct Told {
    details: Arc<str>,
    sequence: u64,
}

impl Core {
    /// Whether a row may be asked about now.
    #[must_use]
    pub fn is_free_to_ask(&self) -> bool {
        self.asking.is_none() && !self.stopping && self.clock.is_known()
    }

    /// Says whether rows are still to be asked about in this run: one that ends by itself waits for them. Gives what was
    /// said before.
    pub fn let_asks_follow(&mut self, asks_follow: bool) -> bool {
        std::mem::replace(&mut self.asks_follow, asks_follow)
    }

    /// The first second of which the service still has rows, and so their details, by its own clock: this machine's may be
    /// months off. In seconds since 1970-01-01 UTC.
    #[must_use]
    pub fn retained_s(&self, now_ms: i64) -> i64 {
        self.settings.source.retained_s(self.clock.now_s(now_ms))
    }

    pub(super) fn begin_asking(&mut self, ask: Ask) {
        if self.is_free_to_ask() {
            self.asking = Some(Asking {
                ask,
                asked: None,
                failures: 0,
            });
        }
    }

    /// When a question that waits may go out.
    pub(super) fn details_ready_ms(&self) -> Option<i64> {
        let asking = self.asking.as_ref()?;
        if asking.asked.is_some() || self.is_told(asking.ask.key) {
            return None;
        }
        let half = (self.settings.requests as usize / 2).max(1);
        let ready_ms = self.governor.ready_within_room_ms();
        Some(
            ready_ms
                .max(self.asked_details.ready_ms(half))
                .max(self.hold_until_ms),
        )
    }

    /// Whether the answer about a row is on its way to the sinks.
    fn is_told(&self, key: Key) -> bool {
        self.held
            .iter()
            .any(|held| held.told.is_some() && held.keys() == [key])
            || self.work.is_told()
    }

    /// Sends the question that waits, if the budget has room for it.
    pub(super) fn ask_details(&mut self, now_ms: i64, effects: &mut Vec<Effect>) -> bool {
        if self.details_ready_ms().is_none_or(|ready_ms| ready_ms > now_ms) {
            return false;
        }
        self.next_request += 1;
        let request = self.next_request;
        let Some(asking) = &mut self.asking else {
            return false;
        };
        asking.asked = Some(request);
        let call = Call::Details(asking.ask.query.clone());
        let forget_before_ms = self.governor.charge(now_ms);
        self.asked_details.charge(now_ms);
        effects.push(Effect::Request {
            request,
            call,
            at_ms: now_ms,
            forget_before_ms,
        });
        true
    }

    /// Whether backfill goes before nothing but this.
    pub(super) fn is_before_details(tier: Tier) -> bool {
        tier != Tier::Backfill
    }

    /// Takes in the answer to a question. False if it answers something else.
    pub(super) fn details_answered(
        &mut self,
        now_ms: i64,
        request: u64,
        answer: &mut Answer,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let Some(asking) = self
            .asking
            .as_mut()
            .filter(|asking| asking.asked == Some(request))
        else {
            return false;
        };
        asking.asked = None;
        let source = self.settings.source;
        let body = std::mem::take(&mut answer.body);
        let verdict = source.judge(answer.status, answer.content_type.as_deref(), &body);
        let is_refusal = source.is_refusal(answer.content_type.as_deref(), &body);
        let by = if is_refusal {
            Witness::Refusal
        } else {
            Witness::Stranger
        };
        match verdict {
            Verdict::Body => {
                self.backoff.reset();
                self.token_from = None;
                self.last_success_ms = now_ms;
                let text = String::from_utf8(body).ok();
                let text = text.filter(|text| text.len() <= MAX_DETAILS_BYTES && source.has_steps(text));
                match text {
                    Some(details) => self.tell(details, effects),
                    None => self.ask_later(effects),
                }
            }
            Verdict::Throttled if by == Witness::Refusal => {
                let fault = Fault::new(
                    Remedy::Retry,
                    self.told("the quota for the tenant is used up by all programs together"),
                );
                self.throttled(now_ms, answer.retry_after_ms, fault, effects);
            }
            Verdict::Unauthorized => {
                self.renew(effects);
                self.count_failure(effects);
            }
            Verdict::Transient | Verdict::NotJson | Verdict::Throttled => {
                self.details_failed(now_ms, effects);
            }
            // The service does not give these details, or not yet. Rows go on.
            _ => self.ask_later(effects),
        }
        true
    }

    /// A question got no answer.
    pub(super) fn details_failed(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let wait_ms = self.backoff.after_failure_ms();
        self.hold(now_ms, wait_ms);
        self.count_failure(effects);
    }

    fn count_failure(&mut self, effects: &mut Vec<Effect>) {
        let Some(asking) = &mut self.asking else { return };
        asking.asked = None;
        asking.failures += 1;
        if asking.failures >= MOST_FAILURES {
            self.ask_later(effects);
        }
    }

    fn ask_later(&mut self, effects: &mut Vec<Effect>) {
        if let Some(asking) = self.asking.take() {
            let Ask { key, sequence, .. } = asking.ask;
            effects.push(Effect::AskLater { key, sequence });
        }
    }

    /// The answer is there: it goes the way of a page.
    fn tell(&mut self, details: String, effects: &mut Vec<Effect>) {
        let Some(asking) = &self.asking else { return };
        // As a page of the service: what may change of a row is told as it is there.
        let body = [b"{\"value\":[", asking.ask.line.as_slice(), b"]}"].concat();
        let page = self.settings.source.page(body, &self.keys);
        let Some(page) = page.filter(|page| page.rows().len() == 1) else {
            return self.ask_later(effects);
        };
        let told = Told {
            details: details.into(),
            sequence: asking.ask.sequence,
        };
        self.held.push_back(Held::told(page, told));
    }

    /// The row was looked up: its revision goes out, unless the row has changed since it was asked about.
    pub(super) fn told_looked_up(
        &mut self,
        page: Page,
        told: Told,
        known: Option<Known>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(row) = page.rows().first() else { return };
        let status = page.status(row);
        let (key, content) = (row.key, row.content);
        let received_s = row.received_s();
        let is_committed = |received_s| known.is_some() || self.coverage.is_settled(received_s);
        if !received_s.is_some_and(is_committed) {
            // The last run died before it committed the row, which comes again: nothing goes out before it.
            return self.ask_later(effects);
        }
        let is_same = |known: &Known| known.status == status && known.content == content;
        if known.as_ref().is_some_and(|known| !is_same(known)) {
            // Its line would take the place of a newer one. It was noted anew when it changed, maybe under the same number:
            // what is noted now is not done.
            return self.ask_later(effects);
        }
        let before = known.as_ref().map_or(0, |known| known.sequence);
        let sequence = before.max(told.sequence).max(self.sequence_base) + 1;
        let next = Known {
            content: known.as_ref().map_or(content, |known| known.content),
            sequence,
            status,
        };
        let mut change = Change::told(key, told.sequence);
        if let (Some(_), Some(received_s)) = (known, received_s) {
            change.remember(Entry {
                key,
                known: next.clone(),
                received_s,
            });
        }
        change.count_details();
        let delivery = Arc::new(Delivery::new(page, Vec::new(), vec![(0, next)]).with_details(told.details));
        effects.push(Effect::Deliver(Arc::clone(&delivery)));
        self.work = Work::Delivering(delivery, change);
    }

    /// A revision is delivered and durable: the row is not asked about any more.
    pub(super) fn told_done(&mut self, (key, sequence): (Key, u64), effects: &mut Vec<Effect>) {
        if self.asking.as_ref().is_some_and(|asking| asking.ask.key == key) {
            self.asking = None;
        }
        effects.push(Effect::Asked { key, sequence });
    }
}

impl Held {
    fn told(page: Page, told: Told) -> Self {
        let nothing = Span::new(0, 0);
        Self {
            page,
            read_s: 0,
            cover: nothing,
            start_s: 0,
            end_s: 0,
            tie_s: None,
            keep_all: true,
            told: Some(told),
        }
    }
}
