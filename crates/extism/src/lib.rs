//! The normalizer as an Extism plug-in: bytes in, bytes out, for the hosts that Extism has a library for.
//!
//! `README.md` beside this crate says what a host calls. What is called is in [`Plugin`]; the exported functions exist
//! on wasm only, because the host's kernel does.

mod plugin;
#[cfg(target_family = "wasm")]
mod exports;

pub use plugin::Plugin;
