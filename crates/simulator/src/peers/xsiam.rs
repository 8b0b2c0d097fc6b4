//! Cortex XSIAM: from the newest time seen to now, every minute.

use std::collections::HashSet;

use chrono::{DateTime, Duration, DurationRound as _, Utc};

use super::{Crash, Policy, Trouble, World};

const ROWS_MOST: usize = 50_000;
const TRIES: u32 = 3;

/// A high-water mark: asks from the newest `receivedDateTime` seen to now and does not deliver again what it knows of
/// that second. When a later page fails, the newer rows it has are kept and the mark moves past the older ones.
///
/// The kinder reading of its description: the window ends now, not five minutes after the mark.
#[derive(Debug)]
pub struct Xsiam {
    mark: DateTime<Utc>,
    at_mark: HashSet<(String, String)>,
}

impl Xsiam {
    /// Begins at a time.
    #[must_use]
    pub fn new(from: DateTime<Utc>) -> Self {
        Self {
            mark: from,
            at_mark: HashSet::new(),
        }
    }
}

impl Policy for Xsiam {
    fn name(&self) -> String {
        "Cortex XSIAM".to_owned()
    }

    fn pause(&self) -> Duration {
        Duration::minutes(1)
    }

    fn round(&mut self, world: &mut World<'_>) -> Result<(), Crash> {
        let second = |time: DateTime<Utc>| time.duration_trunc(Duration::seconds(1)).unwrap_or(time);
        let mut url = World::window(second(self.mark), world.now(), 1_000);
        let mut rows = Vec::new();
        loop {
            match world.page_with_retries(&url, TRIES, false) {
                Err(Trouble::Crash) => return Err(Crash),
                Err(_) => break,
                Ok(page) => {
                    rows.extend(page.rows);
                    match page.next {
                        Some(next) if next != url => url = next,
                        _ => break,
                    }
                }
            }
        }
        rows.reverse();
        rows.truncate(ROWS_MOST);
        rows.retain(|row| !self.at_mark.contains(&row.key()));
        world.deliver(&rows);
        if let Some(newest) = rows.last() {
            if second(newest.received_date_time) > second(self.mark) {
                self.at_mark.clear();
            }
            self.mark = self.mark.max(newest.received_date_time);
            let mark = second(self.mark);
            let known = rows.iter().filter(|row| second(row.received_date_time) == mark);
            self.at_mark.extend(known.map(super::Fetched::key));
        }
        Ok(())
    }

    // Mark and keys are saved after each round; a round in flight is done again.
    fn restart(&mut self) {}
}
