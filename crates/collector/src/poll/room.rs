//! What other programs of the tenant leave of the quota.

/// The part of our use at a refusal that is used from then on.
const BACK_OFF: f64 = 0.85;
/// A refusal at a count that passed within this time is not due to our use, in milliseconds.
const MEMORY_MS: i64 = 900_000;
/// The least that is ever left, as a part of the budget: the newest rows and the last readings need it.
const LEAST: f64 = 1.0 / 6.0;
/// By how much of the budget the use grows after the first quiet hour; twice that after the next, and so on.
const STEP: f64 = 1.0 / 18.0;
const HOUR_MS: i64 = 3_600_000;

/// How many requests in the rolling window are made when nothing is urgent. Less than the budget after the service
/// refused although our own count was within it: back at once, forward slowly.
#[derive(Clone, Debug)]
pub(super) struct Room {
    budget: f64,
    requests: f64,
    step: f64,
    since_ms: i64,
    /// The highest count of ours that was answered lately, and when.
    passed: (usize, i64),
}

impl Room {
    pub(super) fn new(budget: u32) -> Self {
        let budget = f64::from(budget.max(1));
        Self {
            budget,
            requests: budget,
            step: 0.0,
            since_ms: 0,
            passed: (0, 0),
        }
    }

    /// The service has answered when `used` requests were in the window.
    pub(super) fn answered(&mut self, now_ms: i64, used: usize) {
        if used >= self.passed.0 || now_ms - self.passed.1 > MEMORY_MS {
            self.passed = (used, now_ms);
        }
    }

    /// The service has refused when `used` requests were in the window. True if there was no refusal in force.
    pub(super) fn refused(&mut self, now_ms: i64, used: usize) -> bool {
        let is_first = self.requests >= self.budget;
        if used < self.passed.0 && now_ms - self.passed.1 <= MEMORY_MS {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "at most some hundred requests")]
        let used = used as f64;
        if used < self.budget * LEAST {
            // It was not our use, and less of it would not help: the wait that was asked for has to do.
            return false;
        }
        let requests = (used * BACK_OFF).clamp(self.budget * LEAST, self.budget);
        // Two requests under way are refused together.
        self.requests = requests.min(self.requests);
        self.step = self.budget * STEP;
        self.since_ms = now_ms;
        is_first
    }

    /// Lets it grow.
    pub(super) fn pass(&mut self, now_ms: i64) {
        while self.requests < self.budget && now_ms - self.since_ms >= HOUR_MS {
            self.requests = (self.requests + self.step).min(self.budget);
            self.step *= 2.0;
            self.since_ms += HOUR_MS;
        }
    }

    /// How many requests there is room for.
    pub(super) fn requests(&self) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the budget"
        )]
        let requests = self.requests.floor() as u32;
        requests.max(1)
    }

    /// Whether others take some of the budget.
    pub(super) fn is_shared(&self) -> bool {
        self.requests < self.budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shrinks_at_once_and_grows_slowly() {
        let mut room = Room::new(90);
        assert!(!room.is_shared());
        assert!(room.refused(0, 40));
        assert_eq!(room.requests(), 34);
        assert!(!room.refused(1, 41), "said once");
        assert_eq!(room.requests(), 34);
        let after = |hours: i64| {
            let mut room = room.clone();
            room.pass(hours * HOUR_MS + 1);
            room.requests()
        };
        assert_eq!(
            [after(0), after(1), after(2), after(3), after(4)],
            [34, 39, 49, 69, 90]
        );
    }

    #[test]
    fn a_refusal_out_of_the_blue_is_not_our_use() {
        let mut room = Room::new(90);
        assert!(!room.refused(0, 14));
        assert!(!room.is_shared());
        assert!(room.refused(0, 16));
        assert_eq!(room.requests(), 15, "the least that is left");
        // More passed some minutes ago.
        let mut room = Room::new(90);
        room.answered(0, 60);
        room.answered(1, 50);
        assert!(!room.refused(MEMORY_MS, 59));
        assert!(room.refused(MEMORY_MS + 1, 59));
        assert_eq!(Room::new(0).requests(), 1);
    }
}
