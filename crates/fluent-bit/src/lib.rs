//! The normalizer as a filter of Fluent Bit: a core module with the C ABI of its `wasm` filter.
//!
//! No mapping is here. [`Filter`] finds the line and the options in a record and hands the line on; `abi` is what
//! Fluent Bit calls. The README says how a pipeline is set up.

mod filter;
mod options;
mod quoted;
mod revision;
pub mod heap;
#[cfg(target_family = "wasm")]
mod abi;

pub use filter::Filter;
pub use options::OPTIONS_KEY;
pub use revision::REVISION_KEY;
