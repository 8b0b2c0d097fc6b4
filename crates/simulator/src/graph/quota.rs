//! The rolling quota of a tenant.

use std::collections::VecDeque;

use chrono::{DateTime, Duration, Utc};

use crate::settings::Quota;

/// Requests answered within the last window.
#[derive(Debug, Default)]
pub(crate) struct Window {
    answered: VecDeque<DateTime<Utc>>,
    peak: usize,
    refused: u64,
}

impl Window {
    /// Takes a request into the window, or says how long until the next one fits. A refused request does not count.
    pub(crate) fn admit(&mut self, now: DateTime<Utc>, quota: &Quota) -> Result<(), Duration> {
        while self
            .answered
            .front()
            .is_some_and(|oldest| *oldest + quota.window <= now)
        {
            self.answered.pop_front();
        }
        let limit = usize::try_from(quota.requests).unwrap_or(usize::MAX);
        if self.answered.len() >= limit {
            self.refused += 1;
            return Err(self
                .answered
                .front()
                .map_or(quota.window, |oldest| *oldest + quota.window - now));
        }
        self.answered.push_back(now);
        self.peak = self.peak.max(self.answered.len());
        Ok(())
    }

    /// The most requests that ever were in one window.
    pub(crate) fn peak(&self) -> usize {
        self.peak
    }

    /// Requests refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }
}
