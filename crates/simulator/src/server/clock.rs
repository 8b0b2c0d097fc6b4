//! The server's clock.

use std::time::Instant;

use chrono::{DateTime, Utc};

/// Which time it is for the simulated services.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    /// What the clock showed at `start`; `None`: the machine's own clock.
    from: Option<DateTime<Utc>>,
    speed: f64,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn wall() -> Self {
        Self {
            start: Instant::now(),
            from: None,
            speed: 1.0,
        }
    }

    /// A clock that shows `from` now and goes `speed` times as fast as the machine's.
    #[must_use]
    pub fn from(from: DateTime<Utc>, speed: f64) -> Self {
        Self {
            start: Instant::now(),
            from: Some(from),
            speed,
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        match self.from {
            None => Utc::now(),
            Some(from) => {
                let passed = self.start.elapsed().mul_f64(self.speed.max(0.0));
                from + chrono::Duration::from_std(passed).unwrap_or_default()
            }
        }
    }
}
