//! `MessageTraceReport`: coverage page by page, and the last four hours read again in every run.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use super::{Crash, Fetched, Policy, Trouble, World};

const SETTLING: Duration = Duration::hours(4);
const TRIES: u32 = 6;

/// Runs every ten minutes: reads what is not covered yet and the last four hours again, newest first, and keeps each
/// page; a row is known by trace id and recipient, and one that differs is stored again.
#[derive(Debug)]
pub struct MessageTraceReport {
    covered_to: DateTime<Utc>,
    rows: HashMap<(String, String), (String, u64, String)>,
}

impl MessageTraceReport {
    /// Begins at a time.
    #[must_use]
    pub fn new(from: DateTime<Utc>) -> Self {
        Self {
            covered_to: from,
            rows: HashMap::new(),
        }
    }

    /// Keeps a page and gives back the rows that are new or differ.
    fn keep(&mut self, page: &[Fetched]) -> Vec<Fetched> {
        page.iter()
            .filter(|row| {
                let seen = (
                    row.status.clone(),
                    row.size,
                    row.to_ip.clone().unwrap_or_default(),
                );
                self.rows.insert(row.key(), seen.clone()) != Some(seen)
            })
            .cloned()
            .collect()
    }
}

impl Policy for MessageTraceReport {
    fn name(&self) -> String {
        "MessageTraceReport 4 h".to_owned()
    }

    fn pause(&self) -> Duration {
        Duration::minutes(10)
    }

    fn round(&mut self, world: &mut World<'_>) -> Result<(), Crash> {
        let to = world.now();
        let from = self.covered_to.min(to - SETTLING);
        let mut url = World::window(from, to, 5_000);
        loop {
            match world.page_with_retries(&url, TRIES, true) {
                Err(Trouble::Crash) => return Err(Crash),
                // What is not covered is read in the next run.
                Err(_) => return Ok(()),
                Ok(page) => {
                    let changed = self.keep(&page.rows);
                    world.deliver(&changed);
                    match page.next {
                        Some(next) => url = next,
                        None => break,
                    }
                }
            }
        }
        self.covered_to = to;
        Ok(())
    }

    // Rows and coverage are in its database.
    fn restart(&mut self) {}
}
