//! How long a sink that does not accept is borne, and when it is tried again.

use std::sync::Arc;

use super::backoff::Backoff;
use super::core::Core;
use super::settings::Settings;
use super::signal::{Effect, Fault, Outcome, Report};
use super::work::Work;
use message_trace_remedy::Remedy;

/// The longest wait that a sink can ask for, in milliseconds: a day. What asks for more is asked again after it.
const MOST_TOLD_MS: i64 = 86_400_000;

/// What polling knows of the sinks.
#[derive(Debug)]
pub(super) struct Sinks {
    backoff: Backoff,
    /// Whether they have accepted something before: a setting that never worked is borne for a moment only.
    is_proven: bool,
    /// Since when nothing was accepted, in milliseconds.
    failing_since_ms: Option<i64>,
    /// What has to be done about it, and since when it is that.
    remedy: Option<(Remedy, i64)>,
    /// What is wrong, until the next acceptance: pages that come meanwhile do not mend it.
    pub(super) trouble: Option<Fault>,
}

impl Sinks {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            // Not the jitter of the service's side.
            backoff: Backoff::new(settings.seed ^ 0x5349_4e4b),
            is_proven: settings.is_sink_proven,
            failing_since_ms: None,
            remedy: None,
            trouble: None,
        }
    }

    /// They have accepted a delivery.
    pub(super) fn accepted(&mut self) {
        self.backoff.reset();
        self.is_proven = true;
        self.failing_since_ms = None;
        self.remedy = None;
        self.trouble = None;
    }
}

impl Core {
    /// A sink has not accepted. Nothing is lost: it is tried again, at once if it takes that, or when it says. A run ends
    /// where no waiting helps, or once it has waited long enough for a person to be needed.
    pub(super) fn not_delivered(
        &mut self,
        now_ms: i64,
        fault: Fault,
        told_ms: Option<i64>,
        effects: &mut Vec<Effect>,
    ) {
        let (delivery, change) = match std::mem::replace(&mut self.work, Work::Idle) {
            Work::Delivering(delivery, change) => (delivery, change),
            work => {
                self.work = work;
                return;
            }
        };
        if self.stopping {
            self.outcome = Some(Outcome::Stopped);
            return;
        }
        let sinks = &mut self.sinks;
        let failing_ms = now_ms - *sinks.failing_since_ms.get_or_insert(now_ms);
        let since_ms = match sinks.remedy {
            Some((remedy, since_ms)) if remedy == fault.remedy => since_ms,
            _ => now_ms,
        };
        sinks.remedy = Some((fault.remedy, since_ms));
        let wait_ms = match told_ms {
            Some(told_ms) => sinks.backoff.as_told_ms(told_ms.min(MOST_TOLD_MS)),
            None => sinks.backoff.after_failure_ms(),
        };
        let settings = &self.settings;
        let patience_ms = match fault.remedy {
            Remedy::Report => Some(0),
            Remedy::Storage if settings.once => Some(0),
            Remedy::Retry | Remedy::Storage => None,
            Remedy::Configure | Remedy::Permit if sinks.is_proven => Some(settings.patience_ms),
            Remedy::Configure | Remedy::Permit => Some(settings.first_patience_ms),
        };
        // A run that ends by itself does not sit out what is longer than it would wait.
        let is_over = patience_ms.is_some_and(|patience_ms| now_ms - since_ms >= patience_ms)
            || settings.once && failing_ms + told_ms.unwrap_or(0) >= settings.give_up_ms;
        sinks.trouble = Some(fault.clone());
        if is_over {
            let sentence = match (failing_ms, told_ms) {
                (..1_000, Some(told_ms)) => {
                    format!("{}; it asks to wait {}", fault.sentence, length(told_ms))
                }
                (..1_000, None) => fault.sentence,
                _ => {
                    let lasted = length(failing_ms);
                    format!("{}; so it went for {lasted}", fault.sentence)
                }
            };
            self.outcome = Some(Outcome::Failed(Fault::new(fault.remedy, sentence)));
            return;
        }
        self.work = Work::DeliverAgain(Arc::clone(&delivery), change, now_ms.saturating_add(wait_ms));
        effects.push(Effect::Report(Report::Retrying { fault, wait_ms }));
    }
}

/// A length of time for people.
fn length(ms: i64) -> String {
    match ms / 1000 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test fails by panicking")]

    use crate::ledger::{Keys, State};
    use crate::poll::{Answer, Call, Core, Effect, Fault, Input, Outcome, Report, Settings};
    use message_trace_remedy::Remedy;

    const NOW_MS: i64 = 1_800_000_000_000;
    const MINUTE_MS: i64 = 60_000;

    /// A core with a page in the sink's hands, and the request that it sent meanwhile.
    fn delivering(change: impl FnOnce(&mut Settings)) -> (Core, u64) {
        let mut settings = Settings::new(NOW_MS / 1000 - 600, 1);
        change(&mut settings);
        let mut core = Core::new(settings, Keys::new("tenant", [1; 32]), State::default(), NOW_MS);
        let request = asked(&core.step(NOW_MS, Input::Timer)).unwrap_or_else(|| panic!("no request"));
        let page = br#"{"value":[{"id":"1","recipientAddress":"r","receivedDateTime":"2027-01-15T07:59:55Z","status":"delivered"}],"@odata.nextLink":"more"}"#;
        core.step(NOW_MS, answered(request, page.to_vec()));
        // What the page changes beside it is committed first or later; the page is looked up.
        core.step(NOW_MS, Input::Committed);
        let effects = core.step(NOW_MS, Input::LookedUp(vec![None]));
        assert!(is_delivery(&effects), "{effects:?}");
        (core, request + 1)
    }

    fn answered(request: u64, body: Vec<u8>) -> Input {
        let answer = Answer {
            status: 200,
            content_type: None,
            retry_after_ms: None,
            date_ms: None,
            body,
        };
        Input::Answered { request, answer }
    }

    fn asked(effects: &[Effect]) -> Option<u64> {
        effects.iter().find_map(|effect| match effect {
            Effect::Request { request, .. } => Some(*request),
            _ => None,
        })
    }

    fn is_delivery(effects: &[Effect]) -> bool {
        effects.iter().any(|effect| matches!(effect, Effect::Deliver(_)))
    }

    fn refused(remedy: Remedy, retry_after_ms: Option<i64>) -> Input {
        Input::NotDelivered {
            fault: Fault::new(remedy, "the sink refuses"),
            retry_after_ms,
        }
    }

    /// Lets the sink refuse until the core ends; gives when it does, and how.
    fn refuse_until_the_end(core: &mut Core, remedy: Remedy) -> (i64, Fault) {
        let mut now_ms = NOW_MS;
        for _ in 0..10_000 {
            let effects = core.step(now_ms, refused(remedy, None));
            if let Some(Effect::Finish(Outcome::Failed(fault))) = effects.last() {
                return (now_ms - NOW_MS, fault.clone());
            }
            while !is_delivery(&core.step(now_ms, Input::Timer)) {
                now_ms += 1_000;
            }
        }
        panic!("no end")
    }

    #[test]
    fn a_wrong_setting_is_borne_for_fifteen_minutes_and_a_new_one_for_a_minute() {
        for (is_proven, patience_ms) in [(true, 15 * MINUTE_MS), (false, MINUTE_MS)] {
            for once in [true, false] {
                let (mut core, _) = delivering(|settings| {
                    settings.is_sink_proven = is_proven;
                    settings.once = once;
                });
                let (lasted_ms, fault) = refuse_until_the_end(&mut core, Remedy::Configure);
                assert!(
                    (patience_ms..patience_ms + 3 * MINUTE_MS).contains(&lasted_ms),
                    "{lasted_ms}"
                );
                assert_eq!(fault.remedy, Remedy::Configure);
                assert!(fault.sentence.starts_with("the sink refuses; so it went for "));
            }
        }
    }

    #[test]
    fn one_refusal_ends_nothing_and_an_acceptance_forgets_it() {
        for remedy in [Remedy::Configure, Remedy::Permit, Remedy::Retry, Remedy::Storage] {
            let (mut core, _) = delivering(|_| {});
            let effects = core.step(NOW_MS, refused(remedy, None));
            assert!(
                effects
                    .iter()
                    .any(|effect| matches!(effect, Effect::Report(Report::Retrying { .. })))
            );
            assert!(is_delivery(&core.step(NOW_MS + 3 * MINUTE_MS, Input::Timer)));
            core.step(NOW_MS + 3 * MINUTE_MS, Input::Delivered);
            assert_eq!(core.status(NOW_MS + 3 * MINUTE_MS).trouble, None);
        }
        let (mut core, _) = delivering(|_| {});
        let (lasted_ms, _) = refuse_until_the_end(&mut core, Remedy::Report);
        assert_eq!(lasted_ms, 0, "a fault of the program's own is not waited for");
    }

    #[test]
    fn a_day_that_the_sink_asks_for_stops_nothing_but_the_sink() {
        let (mut core, request) = delivering(|_| {});
        let day_ms = 24 * 60 * MINUTE_MS;
        for told_ms in [day_ms, i64::MAX] {
            core.step(NOW_MS, refused(Remedy::Retry, Some(told_ms)));
            let page = br#"{"value":[]}"#;
            core.step(NOW_MS + 1_000, answered(request, page.to_vec()));
            let trouble = core.status(NOW_MS + 1_000).trouble;
            assert!(trouble.is_some(), "a page does not mend the sink");
            assert!(
                !is_delivery(&core.step(NOW_MS + day_ms - 1, Input::Timer)),
                "never undercut"
            );
            let at_ms = NOW_MS + day_ms * 6 / 5;
            assert!(
                is_delivery(&core.step(at_ms, Input::Timer)),
                "a day, and a fifth of it"
            );
        }
    }

    #[test]
    fn a_run_that_ends_by_itself_does_not_sit_out_a_day() {
        let (mut core, _) = delivering(|settings| settings.once = true);
        let effects = core.step(NOW_MS, refused(Remedy::Retry, Some(24 * 60 * MINUTE_MS)));
        let Some(Effect::Finish(Outcome::Failed(fault))) = effects.last() else {
            panic!("{effects:?}")
        };
        assert_eq!(fault.remedy, Remedy::Retry);
        assert_eq!(fault.sentence, "the sink refuses; it asks to wait 24 h");
        let (mut core, _) = delivering(|settings| settings.once = true);
        let (lasted_ms, _) = refuse_until_the_end(&mut core, Remedy::Retry);
        assert!(
            (15 * MINUTE_MS..18 * MINUTE_MS).contains(&lasted_ms),
            "{lasted_ms}"
        );
    }

    #[test]
    fn a_stop_does_not_wait_for_a_sink_that_is_away() {
        let (mut core, _) = delivering(|_| {});
        core.step(NOW_MS, refused(Remedy::Retry, Some(24 * 60 * MINUTE_MS)));
        let effects = core.step(NOW_MS + 1, Input::Stop);
        assert!(
            matches!(effects.last(), Some(Effect::Finish(Outcome::Stopped))),
            "{effects:?}"
        );
        let (mut core, _) = delivering(|_| {});
        let effects = core.step(NOW_MS, Input::Stop);
        assert!(
            !matches!(effects.last(), Some(Effect::Finish(_))),
            "the page in flight is finished"
        );
        let effects = core.step(NOW_MS + 1, refused(Remedy::Retry, None));
        assert!(
            matches!(effects.last(), Some(Effect::Finish(Outcome::Stopped))),
            "{effects:?}"
        );
        assert!(!matches!(
            effects.first(),
            Some(Effect::Request {
                call: Call::List(_),
                ..
            })
        ));
    }
}
