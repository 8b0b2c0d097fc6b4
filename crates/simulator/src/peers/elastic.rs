//! Elastic's CEL input: one window after the other, up to an age.

use chrono::{DateTime, Duration, Utc};

use super::{Crash, Policy, Trouble, World};

/// Windows from the last end to some age before now, without overlap; the place among the pages is saved with each
/// page, and an error waits for the next interval and asks for the same page again.
#[derive(Debug)]
pub struct Elastic {
    least_age: Duration,
    read_to: DateTime<Utc>,
    /// The page in flight and the end of its window.
    next: Option<(String, DateTime<Utc>)>,
}

impl Elastic {
    /// Begins at a time; rows younger than `least_age` are not asked for.
    #[must_use]
    pub fn new(from: DateTime<Utc>, least_age: Duration) -> Self {
        Self {
            least_age,
            read_to: from,
            next: None,
        }
    }
}

impl Policy for Elastic {
    fn name(&self) -> String {
        format!("Elastic min_age {} m", self.least_age.num_minutes())
    }

    fn pause(&self) -> Duration {
        Duration::minutes(5)
    }

    fn round(&mut self, world: &mut World<'_>) -> Result<(), Crash> {
        loop {
            let (url, to) = if let Some(next) = self.next.clone() {
                next
            } else {
                // 100 ns on, so that the last row is not read twice.
                let from = self.read_to + Duration::nanoseconds(100);
                let to = (from + Duration::hours(240)).min(world.now() - self.least_age);
                if to <= from {
                    return Ok(());
                }
                (World::window(from, to, 1_000), to)
            };
            match world.page(&url) {
                Err(Trouble::Crash) => return Err(Crash),
                Err(_) => return Ok(()),
                Ok(page) => {
                    world.deliver(&page.rows);
                    let Some(next) = page.next else {
                        self.next = None;
                        self.read_to = to;
                        return Ok(());
                    };
                    self.next = Some((next, to));
                }
            }
        }
    }

    // The place is saved after the output has acknowledged.
    fn restart(&mut self) {}
}
