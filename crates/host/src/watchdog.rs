//! A deadline for the component that the program carries.
//!
//! Deadlines inside compiled code cost 16 to 36 %. This one stands outside and costs two stores a call: a thread looks
//! once a second whether the same call is still under way. It cannot stop the call; it can end the program, and it has to:
//! a program that hangs says nothing, and nobody starts it again. Nothing is lost: what a call was to give is not
//! committed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use anyhow::Result;

/// How long the embedded component may work on one call. It takes a millisecond for a batch.
pub const EMBEDDED_DEADLINE: Duration = Duration::from_mins(1);
/// The exit code that asks for a report, as the program has it.
const REPORT: i32 = 70;
/// How often the thread looks.
const TICK: Duration = Duration::from_secs(1);

/// Watches calls; clones watch together.
#[derive(Clone)]
pub(super) struct Watchdog(Arc<Mutex<Vec<Weak<AtomicU64>>>>);

/// The calls of one thread.
pub(super) struct Watched {
    /// Counts beginnings and ends: odd while a call is under way.
    steps: Arc<AtomicU64>,
}

impl Watchdog {
    /// Starts the thread. `overrun` is called from it, once for each call that takes longer than `limit`.
    pub(super) fn start(limit: Duration, overrun: impl Fn() + Send + 'static) -> Result<Self> {
        Self::start_with(limit, TICK, overrun)
    }

    fn start_with(limit: Duration, tick: Duration, overrun: impl Fn() + Send + 'static) -> Result<Self> {
        let watched: Arc<Mutex<Vec<Weak<AtomicU64>>>> = Arc::default();
        let all = Arc::downgrade(&watched);
        std::thread::Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || {
                // What each thread was at, since when, and whether that was said.
                let mut seen: Vec<(Weak<AtomicU64>, u64, Instant, bool)> = Vec::new();
                while let Some(all) = all.upgrade() {
                    for new in all.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                        seen.push((new, 0, Instant::now(), false));
                    }
                    drop(all);
                    seen.retain_mut(|(steps, at, since, is_said)| {
                        let Some(steps) = steps.upgrade() else {
                            return false;
                        };
                        let now_at = steps.load(Ordering::Relaxed);
                        if now_at != *at {
                            (*at, *since, *is_said) = (now_at, Instant::now(), false);
                        } else if now_at % 2 == 1 && !*is_said && since.elapsed() >= limit {
                            *is_said = true;
                            overrun();
                        }
                        true
                    });
                    std::thread::sleep(tick);
                }
            })?;
        Ok(Self(watched))
    }

    /// Watches one more thread.
    pub(super) fn watch(&self) -> Watched {
        let steps = Arc::new(AtomicU64::new(0));
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push(Arc::downgrade(&steps));
        Watched { steps }
    }
}

impl Watched {
    /// Makes a call under the watchdog's eyes.
    pub(super) fn call<T>(&self, call: impl FnOnce() -> T) -> T {
        // An end that is skipped by a panic would look like a call without end.
        struct End<'a>(&'a AtomicU64);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.steps.fetch_add(1, Ordering::Relaxed);
        let _end = End(&self.steps);
        call()
    }
}

/// Ends the program.
pub(super) fn end_program() {
    let sentence = "the component inside the program has worked on the same rows for a minute; report it, and start with \
                    --component dist/message-trace.wasm meanwhile: a component from a file is stopped after two seconds, \
                    and only the row that it hangs on is refused";
    eprintln!("message-trace: {sentence}");
    std::process::exit(REPORT);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use std::sync::mpsc::channel;

    const LIMIT: Duration = Duration::from_millis(50);
    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_call_without_end_is_said_once_and_others_never() {
        let (said, heard) = channel();
        let watchdog = Watchdog::start_with(LIMIT, MS, move || said.send(()).unwrap()).unwrap();
        let quick = watchdog.watch();
        let hanging = watchdog.watch();
        let (release, released) = channel::<()>();
        let hangs = std::thread::spawn(move || hanging.call(|| released.recv()));
        // Many calls, none of them long, for as long as the other one hangs.
        while heard.try_recv().is_err() {
            quick.call(|| ());
            std::thread::yield_now();
        }
        std::thread::sleep(LIMIT * 3);
        assert!(heard.try_recv().is_err(), "once");
        release.send(()).unwrap();
        hangs.join().unwrap().unwrap();
    }

    #[test]
    fn idleness_is_no_call_and_the_thread_ends_with_its_watchdog() {
        let (said, heard) = channel();
        let watchdog = Watchdog::start_with(MS, MS, move || said.send(()).unwrap()).unwrap();
        let watched = watchdog.watch();
        assert_eq!(watched.call(|| 7), 7);
        std::thread::sleep(LIMIT);
        drop((watchdog, watched));
        // Nobody said anything, and the thread, which holds the sender, is gone.
        assert!(heard.recv().is_err());
    }
}
