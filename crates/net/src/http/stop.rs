//! Waiting that can be ended.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Something that waits. Tests give one that only counts.
pub trait Pause: Send + Sync {
    /// Waits that long. False if it was told to stop, before or while waiting.
    fn pause(&self, duration: Duration) -> bool;
}

/// A request to stop, shared by threads. Waiting on it ends at once when it is made.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    state: Arc<(Mutex<bool>, Condvar)>,
}

impl Stop {
    /// Asks all that wait, and all that will, to stop. Cannot be taken back.
    pub fn request(&self) {
        let (stopped, changed) = &*self.state;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
    }

    /// Whether stopping was asked for.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pause for Stop {
    fn pause(&self, duration: Duration) -> bool {
        let (stopped, changed) = &*self.state;
        // A wait beyond what the clock can add up is a wait for the stop.
        let end = Instant::now().checked_add(duration);
        let mut guard = stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*guard {
            let left = end.map_or(Duration::from_hours(1), |end| {
                end.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                return true;
            }
            guard = changed
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Pause, Stop};

    #[test]
    fn a_stop_ends_the_longest_wait() {
        let stop = Stop::default();
        assert!(stop.pause(Duration::from_millis(1)));
        let other = stop.clone();
        let began = Instant::now();
        let waiting = std::thread::spawn(move || other.pause(Duration::MAX));
        std::thread::sleep(Duration::from_millis(20));
        stop.request();
        assert!(matches!(waiting.join(), Ok(false)));
        assert!(began.elapsed() < Duration::from_secs(10));
        assert!(stop.is_requested() && !stop.pause(Duration::ZERO));
    }
}
