//! The playbook of an article on the Reporting Web Service: from the newest row that was ingested, and a millisecond.

use chrono::{DateTime, Duration, Utc};

use super::{Crash, Policy, Trouble, World};

const RETENTION: Duration = Duration::days(30);
/// The first try and the four retries that the playbook's HTTP action makes by itself.
const TRIES: u32 = 5;
const PAGE_ROWS: u32 = 2_000;

/// A high-water mark: once a day it asks from the newest time of receipt in its table and a millisecond to now, not further back
/// than 30 days. A run that fails ingests nothing. A second run repeats no row; a row that the service shows after a newer one was
/// ingested is never asked for.
///
/// The kinder reading of its description: it follows every page.
#[derive(Debug)]
pub struct Article {
    newest: DateTime<Utc>,
    every: Duration,
}

impl Article {
    /// Begins at a time, and runs in an interval; the article's is a day.
    #[must_use]
    pub fn new(from: DateTime<Utc>, every: Duration) -> Self {
        Self { newest: from, every }
    }
}

impl Policy for Article {
    fn name(&self) -> String {
        match self.every.num_hours() {
            24 => "Article's playbook, daily".to_owned(),
            hours => format!("Article's playbook, {hours} h"),
        }
    }

    fn pause(&self) -> Duration {
        self.every
    }

    fn round(&mut self, world: &mut World<'_>) -> Result<(), Crash> {
        let from = self.newest.max(world.now() - RETENTION) + Duration::milliseconds(1);
        let mut url = World::report_window(from, world.now(), PAGE_ROWS);
        let mut rows = Vec::new();
        loop {
            match world.page_with_retries(&url, TRIES, false) {
                Err(Trouble::Crash) => return Err(Crash),
                Err(_) => return Ok(()),
                Ok(page) => {
                    rows.extend(page.rows);
                    match page.next {
                        Some(next) if next != url => url = next,
                        _ => break,
                    }
                }
            }
        }
        world.deliver(&rows);
        let newest = rows.iter().map(|row| row.received_date_time).max();
        self.newest = self.newest.max(newest.unwrap_or(self.newest));
        Ok(())
    }

    // The table is the state.
    fn restart(&mut self) {}
}
