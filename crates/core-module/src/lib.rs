//! The normalizer as a plain core module, for hosts that load no components: bytes in, bytes out, over the module's
//! own linear memory. It imports nothing. `README.md` beside this crate is the contract; [`Instance`] is what is
//! behind it, and the exported functions only hand their numbers on.
//!
//! Compiled for another machine than wasm the functions are not exported, so that tests can link the crate.

mod instance;
mod memory;

pub use instance::{Answer, Instance};

use core::cell::RefCell;
use core::ptr;

/// The version of this contract: raised when a host that keeps to the old one would break.
pub const ABI: u32 = 2;

thread_local! {
    /// A module's instance has one thread and one normalizer.
    static INSTANCE: RefCell<Instance> = RefCell::default();
    /// Where every call leaves its answer.
    static ANSWER: RefCell<Answer> = RefCell::default();
}

/// Declares the exported functions: on wasm under their own names, elsewhere as ordinary ones (a native `free` would
/// replace the machine's own).
macro_rules! exports {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident),*) -> usize $body:block)*) => {$(
        $(#[$doc])*
        #[must_use]
        #[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
        #[cfg_attr(
            target_family = "wasm",
            expect(unsafe_code, reason = "an unmangled name; no other item of the module has it")
        )]
        pub extern "C" fn $name($($arg: usize),*) -> usize $body
    )*};
}

exports! {
    /// The version of the contract this module keeps, [`ABI`].
    fn abi() -> usize {
        ABI as usize
    }

    /// Makes room for `len` bytes, zeroed. Returns its address, or 0 where there is none left.
    fn alloc(len) -> usize {
        INSTANCE.with_borrow_mut(|instance| instance.memory.alloc(len))
    }

    /// Gives back what `alloc` gave. Returns 1, or 0 where there is no such room.
    fn free(at, len) -> usize {
        usize::from(INSTANCE.with_borrow_mut(|instance| instance.memory.free(at, len)))
    }

    /// Takes options as JSON and forgets the ones before. In the answer `count` is 1 where they are taken; else they
    /// stay as they were, and `rejections` says what is wrong, as text.
    fn configure(at, len) -> usize {
        answer(|instance, answer| instance.configure(at, len, answer))
    }

    /// One line into one event.
    fn normalize(at, len) -> usize {
        answer(|instance, answer| instance.normalize(at, len, answer))
    }

    /// One line that was delivered before into its next event. The status before is at `status_at`, the details, as they
    /// came, at `details_at`; both numbers 0 for none. The sequence number comes in two halves of 32 bits.
    fn normalize_revision(
        at, len, sequence_low, sequence_high, status_at, status_len, details_at, details_len
    ) -> usize {
        let sequence = (sequence_high as u64) << 32 | (sequence_low as u64 & 0xffff_ffff);
        answer(|instance, answer| {
            let (status, details) = ((status_at, status_len), (details_at, details_len));
            instance.normalize_revision((at, len), sequence, status, details, answer)
        })
    }

    /// Lines into events, each with a line feed.
    fn normalize_batch(at, len) -> usize {
        answer(|instance, answer| instance.normalize_batch(at, len, answer))
    }
}

/// Runs one call and returns the address of its answer, the same for every call; 0 where the call named room that
/// `alloc` did not give.
fn answer(call: impl FnOnce(&mut Instance, &mut Answer) -> Option<()>) -> usize {
    INSTANCE.with_borrow_mut(|instance| {
        ANSWER.with_borrow_mut(|answer| {
            call(instance, answer).map_or(0, |()| ptr::from_ref(answer).expose_provenance())
        })
    })
}
