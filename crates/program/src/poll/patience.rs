//! Trying again what a sink does not take for now.

use std::time::{Duration, Instant};

use message_trace_collector::poll::Backoff;
use message_trace_net::http::{Pause as _, Stop};
use message_trace_remedy::Remedy;
use message_trace_sinks::{SinkError, SinkFailure};

/// Tries until it works, as often as waiting may heal it and the waits are within `patience`. `None` if it was told to stop
/// meanwhile.
pub(crate) fn with_patience<T>(
    patience: Duration,
    stop: &Stop,
    mut attempt: impl FnMut() -> Result<T, SinkFailure>,
) -> Result<Option<T>, SinkFailure> {
    let began = Instant::now();
    let mut backoff = Backoff::new(fastrand::u64(..));
    loop {
        let failure = match attempt() {
            Ok(done) => return Ok(Some(done)),
            Err(failure) => failure,
        };
        let wait_ms = match failure.error.retry_after() {
            Some(told) => backoff.as_told_ms(i64::try_from(told.as_millis()).unwrap_or(i64::MAX)),
            None => backoff.after_failure_ms(),
        };
        let wait = Duration::from_millis(wait_ms.unsigned_abs());
        let can_heal = failure.error.remedy() == Remedy::Retry && failure.error != SinkError::Closed;
        if !can_heal || began.elapsed().saturating_add(wait) > patience {
            return Err(failure);
        }
        log::warn!(wait_s = wait.as_secs() + 1; "{failure}");
        if !stop.pause(wait) {
            return Ok(None);
        }
    }
}
