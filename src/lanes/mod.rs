//! Sixteen bytes at a time: the only module with `unsafe` code.
//!
//! Two things are too slow byte by byte: finding the end of a JSON string, and copying short pieces of text (a
//! `memory.copy` is a call out of the compiled code in most WebAssembly hosts). Both are done here in blocks of 16
//! bytes, with the instructions of the target: `simd128`, SSE2, or two machine words. Everything offered is safe to
//! call: bounds are checked here, once for many blocks, and every `unsafe` block names the check it rests on.
#![allow(unsafe_code, reason = "the one room for it: see the module's first lines")]

#[cfg(any(
    feature = "interpreted-anywhere",
    not(any(
        target_arch = "x86_64",
        all(target_arch = "wasm32", target_feature = "simd128")
    ))
))]
#[path = "words.rs"]
mod block;
#[cfg(all(
    target_arch = "wasm32",
    target_feature = "simd128",
    not(feature = "interpreted-anywhere")
))]
#[path = "simd128.rs"]
mod block;
#[cfg(all(target_arch = "x86_64", not(feature = "interpreted-anywhere")))]
#[path = "sse2.rs"]
mod block;
#[cfg(all(test, target_arch = "x86_64"))]
#[path = "words.rs"]
mod words;

mod copy;
mod mark;
mod out;
mod pen;
mod scan;
mod text;
mod window;
#[cfg(test)]
mod tests;

pub(crate) use mark::Mark;
pub(crate) use out::Out;
pub(crate) use pen::Pen;
#[cfg(any(test, all(target_family = "wasm", feature = "component")))]
pub(crate) use scan::into_text;
pub(crate) use scan::{is_plain, plain_len};
pub(crate) use text::{Fragment, Literal, Span};
pub(crate) use window::{LOOK, WINDOW, digits, plain_end, plain_start, window};

use block::{AT_ONCE, Block};

/// Whether a block is one register. Where it is not, as many moves as needed are better than one too many.
const VECTORS: bool = AT_ONCE > 1;

/// Whether this build is for an interpreter, which pays for each instruction and copies any length in one: fewest
/// instructions win there, and pieces are copied by `memory.copy`. Feature `interpreted` alone leaves native code as it
/// is: one build of the workspace has the filter of Fluent Bit in it, and the program.
pub(crate) const INTERPRETED: bool = cfg!(any(
    feature = "interpreted-anywhere",
    all(
        feature = "interpreted",
        target_family = "wasm",
        not(target_feature = "simd128")
    )
));

/// The size of a block, in bytes.
pub(crate) const BLOCK: usize = 16;
/// How much is looked through at once, in bytes.
const STRIDE: usize = AT_ONCE * BLOCK;
/// How much of a text is copied at once, in bytes, where so much can be read: its length, which nobody can predict,
/// then decides no branch.
pub(crate) const WIDE: usize = 4 * BLOCK;

/// Sixteen set bytes, then sixteen clear ones: the mask of the first `n` bytes starts at `16 - n`.
static MASKS: [u8; 2 * BLOCK] = {
    let mut masks = [0; 2 * BLOCK];
    let mut i = 0;
    while i < BLOCK {
        masks[i] = 0xFF;
        i += 1;
    }
    masks
};
