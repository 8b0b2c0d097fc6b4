//! How long to wait after a failure.

/// The shortest wait after a failure, in milliseconds.
const BASE_MS: i64 = 1_000;
/// The longest wait after a failure, in milliseconds.
pub(super) const CAP_MS: i64 = 120_000;
/// The most that is added by chance to a wait that the service named, in milliseconds.
const MOST_JITTER_MS: i64 = 30_000;
/// The shortest wait after a refusal for too many requests that does not say how long, in milliseconds.
const THROTTLED_MS: i64 = 30_000;

/// Waits that grow with decorrelated jitter while failures follow each other.
#[derive(Clone, Debug)]
pub struct Backoff {
    last_ms: i64,
    chance: fastrand::Rng,
}

impl Backoff {
    /// Waits drawn from the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            last_ms: BASE_MS,
            chance: fastrand::Rng::with_seed(seed),
        }
    }

    /// After a success.
    pub fn reset(&mut self) {
        self.last_ms = BASE_MS;
    }

    /// How long to wait after a failure, in milliseconds.
    pub fn after_failure_ms(&mut self) -> i64 {
        self.last_ms = self.chance.i64(BASE_MS..=self.last_ms * 3).min(CAP_MS);
        self.last_ms
    }

    /// How long to wait after a 429 without `Retry-After`, in milliseconds.
    pub fn after_throttling_ms(&mut self) -> i64 {
        THROTTLED_MS.saturating_add(self.after_failure_ms())
    }

    /// How long to wait when the service says how long: as long as it says, and up to a fifth longer, 30 s at most, so
    /// that programs that were refused together do not come back together. Never shorter.
    pub fn as_told_ms(&mut self, told_ms: i64) -> i64 {
        let told_ms = told_ms.max(0);
        told_ms.saturating_add(self.chance.i64(0..=(told_ms / 5).min(MOST_JITTER_MS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_says_is_never_undercut() {
        let mut backoff = Backoff::new(1);
        let mut chance = fastrand::Rng::with_seed(2);
        for _ in 0..1_000_000 {
            let told = chance.i64(0..=i64::MAX) >> chance.u32(0..63);
            let waited = backoff.as_told_ms(told);
            assert!(waited >= told && waited <= told.saturating_add(told / 5));
        }
        assert_eq!(backoff.as_told_ms(i64::MIN), 0);
    }

    #[test]
    fn waits_grow_and_stay_in_bounds() {
        let mut backoff = Backoff::new(1);
        let mut longest = 0;
        for _ in 0..1000 {
            let waited = backoff.after_failure_ms();
            assert!((BASE_MS..=CAP_MS).contains(&waited));
            longest = longest.max(waited);
        }
        assert_eq!(longest, CAP_MS);
        backoff.reset();
        assert!(backoff.after_failure_ms() <= 3 * BASE_MS);
        assert!(backoff.after_throttling_ms() >= THROTTLED_MS);
    }
}
