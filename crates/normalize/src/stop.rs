//! Ctrl-C and SIGTERM: the first ends the run in order, a second one at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use message_trace_remedy::Code;

/// Whether the run is to stop, and by which signal.
#[derive(Debug, Default)]
pub(super) struct Stopping {
    signal: Arc<AtomicUsize>,
}

impl Stopping {
    /// Listens from now on. Where signals cannot be watched they end the program as they always do.
    pub(super) fn listen() -> Self {
        let stopping = Self::default();
        let is_second = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal only marks that the next one is the second.
            let watched =
                flag::register_conditional_shutdown(signal, exit_code(signal), Arc::clone(&is_second))
                    .and_then(|_| flag::register(signal, Arc::clone(&is_second)))
                    .and_then(|_| {
                        flag::register_usize(
                            signal,
                            Arc::clone(&stopping.signal),
                            usize::try_from(signal).unwrap_or(usize::MAX),
                        )
                    });
            if watched.is_err() {
                break;
            }
        }
        stopping
    }

    /// Whether somebody asked to stop.
    pub(super) fn is_asked(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// The exit code that shells give a program that a signal ended.
    pub(super) fn code(&self) -> Code {
        Code::Signal(u8::try_from(self.signal.load(Ordering::Relaxed)).unwrap_or_default())
    }
}

const fn exit_code(signal: i32) -> i32 {
    128 + signal
}
