//! Sekoia's Graph connector: a minute at a time, five minutes behind, each minute read once.

use std::collections::{HashSet, VecDeque};

use chrono::{DateTime, Duration, Utc};

use super::{Crash, Policy, Trouble, World};

const REMEMBERED: usize = 2_000;
const TRIES: u32 = 5;

/// Windows of 60 seconds that end five minutes ago, without overlap; the last 2,000 trace ids, without recipients, are
/// not delivered again; an empty page ends a window; the end of the window is saved even when reading it failed.
#[derive(Debug)]
pub struct Sekoia {
    read_to: DateTime<Utc>,
    order: VecDeque<String>,
    known: HashSet<String>,
}

impl Sekoia {
    /// Begins at a time.
    #[must_use]
    pub fn new(from: DateTime<Utc>) -> Self {
        Self {
            read_to: from,
            order: VecDeque::new(),
            known: HashSet::new(),
        }
    }

    fn remember(&mut self, id: &str) {
        if self.known.insert(id.to_owned()) {
            self.order.push_back(id.to_owned());
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    fn read(&mut self, world: &mut World<'_>, to: DateTime<Utc>) -> Result<(), Trouble> {
        let mut url = World::window(self.read_to, to, 1_000);
        loop {
            let page = world.page_with_retries(&url, TRIES, false)?;
            if page.rows.is_empty() {
                return Ok(());
            }
            // All rows of a page are compared with what was known before it, then become known.
            let fresh = page
                .rows
                .iter()
                .filter(|row| !self.known.contains(&row.id))
                .collect::<Vec<_>>();
            world.deliver(fresh.iter().copied());
            for row in &fresh {
                self.remember(&row.id);
            }
            match page.next {
                Some(next) => url = next,
                None => return Ok(()),
            }
        }
    }
}

impl Policy for Sekoia {
    fn name(&self) -> String {
        "Sekoia Graph".to_owned()
    }

    fn pause(&self) -> Duration {
        Duration::seconds(10)
    }

    fn round(&mut self, world: &mut World<'_>) -> Result<(), Crash> {
        let to = self.read_to + Duration::seconds(60);
        if to > world.now() - Duration::minutes(5) {
            return Ok(());
        }
        if self.read(world, to) == Err(Trouble::Crash) {
            return Err(Crash);
        }
        // Saved in any case.
        self.read_to = to;
        Ok(())
    }

    // Everything is saved with each window; a window in flight is read again.
    fn restart(&mut self) {}
}
