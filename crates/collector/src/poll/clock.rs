//! The service's clock, as its answers tell it.
//!
//! Gaps, where the coverage begins and which windows are due depend on it, and some of that is written down for good. So
//! this machine's own clock decides nothing that lasts, and neither does an answer that something in between gave.

/// Dates that are no further apart than this agree, in milliseconds: they are cut to the second, and answers take their
/// time.
const AGREEMENT_MS: i64 = 5_000;
/// A date that is this much later than the clock is said to be changes nothing, in milliseconds.
const TOLERANCE_MS: i64 = 2_000;

/// Who gave an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// The service: the answer is a page of rows.
    Page,
    /// Most likely the service: the answer is a refusal in its form.
    Refusal,
    /// Anybody.
    Stranger,
}

/// How far the service's clock is ahead of this machine's.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ServiceClock {
    ahead_ms: Option<i64>,
    /// What a single answer said that is not believed yet.
    hint_ms: Option<i64>,
}

impl ServiceClock {
    /// Whether an answer of the service has told the time.
    pub(super) fn is_known(self) -> bool {
        self.ahead_ms.is_some()
    }

    /// How far it is ahead of this machine's, in milliseconds; 0 until it is known.
    pub(super) fn ahead_ms(self) -> i64 {
        self.ahead_ms.unwrap_or(0)
    }

    /// The service's time in whole seconds, never later than it really is there once it is known.
    pub(super) fn now_s(self, now_ms: i64) -> i64 {
        now_ms.saturating_add(self.ahead_ms()).div_euclid(1000)
    }

    /// Takes in what an answer that came at `now_ms` said. True if the clock is another one now.
    ///
    /// The first page is believed at once. Whatever else says a time that is far from what is known (a refusal, a page
    /// out of a cache, the first answer after this machine was suspended) needs a second answer that agrees.
    pub(super) fn learn(&mut self, witness: Witness, date_ms: Option<i64>, now_ms: i64) -> bool {
        let Some(date_ms) = date_ms else {
            // A service that tells no time leaves this machine's.
            let is_first = witness == Witness::Page && self.ahead_ms.is_none();
            if is_first {
                self.ahead_ms = Some(0);
            }
            return is_first;
        };
        if witness == Witness::Stranger {
            return false;
        }
        let said_ms = date_ms.saturating_sub(now_ms);
        let agrees = |other_ms: i64| said_ms.abs_diff(other_ms) <= AGREEMENT_MS.unsigned_abs();
        let is_believed = match self.ahead_ms {
            // `Date` is cut to the second, and an answer takes its time to come: the true time there is never earlier
            // than it says. The lower of two that are close is kept, so that no window ends in the service's future.
            Some(known_ms) if (known_ms..=known_ms + TOLERANCE_MS).contains(&said_ms) => {
                self.hint_ms = None;
                return false;
            }
            Some(known_ms) => agrees(known_ms),
            None => witness == Witness::Page,
        };
        if is_believed || self.hint_ms.is_some_and(agrees) {
            self.hint_ms = None;
            self.ahead_ms = Some(said_ms);
            return true;
        }
        self.hint_ms = Some(said_ms);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const DAY: i64 = 86_400_000;

    #[test]
    fn the_first_page_is_believed_and_a_stranger_never() {
        let mut clock = ServiceClock::default();
        assert!(!clock.learn(Witness::Stranger, Some(NOW + 90 * DAY), NOW));
        assert!(!clock.learn(Witness::Stranger, Some(NOW + 90 * DAY), NOW));
        assert!(!clock.is_known());
        assert!(clock.learn(Witness::Page, Some(NOW - DAY), NOW));
        assert_eq!(clock.now_s(NOW), (NOW - DAY) / 1000);
        assert!(!clock.learn(Witness::Stranger, Some(NOW), NOW));
        assert_eq!(clock.ahead_ms(), -DAY);
    }

    #[test]
    fn a_refusal_needs_a_second_one_that_agrees() {
        let mut clock = ServiceClock::default();
        assert!(!clock.learn(Witness::Refusal, Some(NOW + DAY), NOW));
        assert!(!clock.learn(Witness::Refusal, Some(NOW + 2 * DAY), NOW + 1000));
        assert!(!clock.is_known());
        assert!(clock.learn(Witness::Refusal, Some(NOW + 2 * DAY + 3000), NOW + 4000));
        assert_eq!(clock.ahead_ms(), 2 * DAY - 1000);
    }

    #[test]
    fn one_page_out_of_a_cache_moves_nothing_and_a_clock_that_was_set_is_followed() {
        let mut clock = ServiceClock::default();
        clock.learn(Witness::Page, Some(NOW), NOW);
        assert!(!clock.learn(Witness::Page, Some(NOW - DAY), NOW));
        assert!(!clock.learn(Witness::Page, Some(NOW), NOW));
        assert!(
            !clock.learn(Witness::Page, Some(NOW - DAY), NOW),
            "the one before is forgotten"
        );
        assert!(clock.learn(Witness::Page, Some(NOW - DAY + 1000), NOW + 1000));
        assert_eq!(clock.ahead_ms(), -DAY);
    }

    #[test]
    fn the_lower_of_two_that_are_close_is_kept() {
        let mut clock = ServiceClock::default();
        clock.learn(Witness::Page, Some(NOW), NOW);
        assert!(!clock.learn(Witness::Page, Some(NOW + 1_999), NOW));
        assert!(clock.learn(Witness::Page, Some(NOW - 3_000), NOW));
        assert_eq!(clock.ahead_ms(), -3_000);
    }

    #[test]
    fn a_service_without_a_clock_leaves_this_machines() {
        let mut clock = ServiceClock::default();
        assert!(!clock.learn(Witness::Refusal, None, NOW));
        assert!(!clock.is_known());
        assert!(clock.learn(Witness::Page, None, NOW));
        assert_eq!(clock.now_s(NOW), NOW / 1000);
    }
}
