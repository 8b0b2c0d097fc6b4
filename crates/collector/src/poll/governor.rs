//! The budget: how many requests a rolling window of time allows, and when the service asked for silence.

use std::collections::VecDeque;

/// Requests a governor lets through in its window, unless the settings say otherwise. The service allows 100 to all
/// programs of a tenant together.
pub const DEFAULT_REQUESTS: u32 = 90;
/// The rolling window, in milliseconds: five minutes.
pub const WINDOW_MS: i64 = 300_000;

/// One budget for all requests to the tenant's rows.
///
/// All times are milliseconds since 1970-01-01 UTC.
#[derive(Clone, Debug)]
pub struct Governor {
    requests: u32,
    /// How many of them are made when nothing is urgent.
    room: u32,
    charges_ms: VecDeque<i64>,
    paused_until_ms: i64,
}

impl Governor {
    /// A governor that remembers what was sent before it began. Charges later than `now_ms` (the clock went back) count
    /// as sent now: never too many, at worst five minutes too few.
    #[must_use]
    pub fn new(requests: u32, charges_ms: &[i64], paused_until_ms: i64, now_ms: i64) -> Self {
        let mut charges_ms: Vec<i64> = charges_ms.iter().map(|charge| (*charge).min(now_ms)).collect();
        charges_ms.sort_unstable();
        Self {
            requests: requests.max(1),
            room: requests.max(1),
            charges_ms: charges_ms.into(),
            paused_until_ms,
        }
    }

    /// Moves what was sent before it began by so many milliseconds: this machine's clock was set meanwhile. Charges that
    /// come out later than `now_ms` count as sent now.
    pub fn shift(&mut self, by_ms: i64, began_ms: i64, now_ms: i64) {
        for charge in &mut self.charges_ms {
            if *charge < began_ms {
                *charge = charge.saturating_add(by_ms).min(now_ms);
            }
        }
        self.charges_ms.make_contiguous().sort_unstable();
    }

    /// How many requests the window may hold before what can wait for others does; at most the budget.
    pub fn set_room(&mut self, room: u32) {
        self.room = room.clamp(1, self.requests);
    }

    /// When the next request may be sent; `now_ms` or before if at once.
    ///
    /// What is not urgent is spread over the window as soon as a third of it is used, so that an urgent request never
    /// finds the whole budget spent at once.
    #[must_use]
    pub fn ready_ms(&self, is_urgent: bool) -> i64 {
        self.ready_of(self.requests as usize, is_urgent)
    }

    /// When the next request may be sent that other programs of the tenant go before.
    #[must_use]
    pub fn ready_within_room_ms(&self) -> i64 {
        self.ready_of(self.room as usize, false)
    }

    fn ready_of(&self, limit: usize, is_urgent: bool) -> i64 {
        let count = self.charges_ms.len();
        let mut ready = self.paused_until_ms;
        if count >= limit {
            ready = ready.max(self.charges_ms[count - limit].saturating_add(WINDOW_MS));
        }
        if !is_urgent && let Some(&last) = self.charges_ms.back() {
            let begin = self
                .charges_ms
                .partition_point(|&charge| charge <= last - WINDOW_MS);
            let used = count - begin;
            if used >= limit.div_ceil(3) && used < limit {
                // What is left is spread until the oldest request leaves the window.
                let room_ms = self.charges_ms[begin] + WINDOW_MS - last;
                ready = ready.max(last + room_ms / i64::try_from(limit - used + 1).unwrap_or(i64::MAX));
            }
        }
        ready
    }

    /// Counts a request that is sent at `now_ms`. Gives the time before which requests no longer count.
    pub fn charge(&mut self, now_ms: i64) -> i64 {
        let forget_before_ms = now_ms - WINDOW_MS;
        while self
            .charges_ms
            .front()
            .is_some_and(|&charge| charge < forget_before_ms)
        {
            self.charges_ms.pop_front();
        }
        self.charges_ms.push_back(now_ms);
        forget_before_ms
    }

    /// Sends nothing before `until_ms`. An earlier end than the one in force changes nothing. Gives the end in force.
    pub fn pause(&mut self, until_ms: i64) -> i64 {
        self.paused_until_ms = self.paused_until_ms.max(until_ms);
        self.paused_until_ms
    }

    /// Until when the service asked for silence.
    #[must_use]
    pub fn paused_until_ms(&self) -> i64 {
        self.paused_until_ms
    }

    /// How many requests the window up to `now_ms` holds.
    #[must_use]
    pub fn used(&self, now_ms: i64) -> usize {
        self.charges_ms
            .iter()
            .filter(|&&charge| charge > now_ms - WINDOW_MS)
            .count()
    }

    /// How many requests the window allows.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most requests in any half-open rolling window.
    fn most(sent_ms: &[i64]) -> usize {
        sent_ms
            .iter()
            .map(|&end| {
                sent_ms
                    .iter()
                    .filter(|&&sent| sent > end - WINDOW_MS && sent <= end)
                    .count()
            })
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn no_rolling_window_holds_more_than_the_budget_whatever_the_restarts() {
        let mut chance = fastrand::Rng::with_seed(1);
        for _ in 0..50 {
            let mut now = 0;
            let mut sent = Vec::new();
            let mut governor = Governor::new(90, &[], 0, now);
            for _ in 0..600 {
                now = now.max(governor.ready_ms(chance.bool()));
                governor.charge(now);
                sent.push(now);
                if chance.u8(..) < 8 {
                    governor = Governor::new(90, &sent, 0, now);
                }
                now += chance.i64(0..3000);
            }
            assert!(most(&sent) <= 90);
        }
    }

    #[test]
    fn backfill_uses_the_whole_budget() {
        let mut governor = Governor::new(90, &[], 0, 0);
        let mut sent = Vec::new();
        let mut now = 0;
        while now < 10 * WINDOW_MS {
            sent.push(now);
            governor.charge(now);
            now = now.max(governor.ready_ms(false));
        }
        for window in 0..9 {
            let range = window * WINDOW_MS..(window + 1) * WINDOW_MS;
            assert!(
                sent.iter().filter(|sent| range.contains(sent)).count() >= 89,
                "window {window}"
            );
        }
    }

    #[test]
    fn an_urgent_request_never_waits_long_behind_backfill() {
        let mut governor = Governor::new(90, &[], 0, 0);
        let mut now = 0;
        while now < 4 * WINDOW_MS {
            governor.charge(now);
            assert!(governor.ready_ms(true) - now <= 2 * WINDOW_MS / 90, "at {now}");
            now = now.max(governor.ready_ms(false));
        }
    }

    #[test]
    fn a_pause_is_never_shortened() {
        let mut governor = Governor::new(90, &[], 5_000, 0);
        assert_eq!(governor.pause(3_000), 5_000);
        assert_eq!(governor.ready_ms(true), 5_000);
        assert_eq!(governor.pause(i64::MAX), i64::MAX);
        assert_eq!(governor.ready_ms(true), i64::MAX);
    }

    #[test]
    fn charges_from_the_future_count_as_now() {
        let governor = Governor::new(2, &[900_000, 950_000], 0, 1_000);
        assert_eq!(governor.ready_ms(true), 301_000);
    }
}
