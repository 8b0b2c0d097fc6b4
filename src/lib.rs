//! Turns raw Microsoft 365 message-trace rows into events for a SIEM.
//!
//! A *line* is one raw JSON object as Microsoft wrote it; an *event* is what becomes of it. The way of a line is
//! short: `format` reads it into a trace record or refuses it, `target` writes the record. No I/O, no clock, and
//! no state that a line could see: the same line and options give the same bytes.
//!
//! ```
//! let line = r#"{"id": "4451a062-48cb-e80d-e8c0-196330437ae6", "receivedDateTime": "2025-06-13T10:30:00Z",
//!     "senderAddress": "alice@example.com", "recipientAddress": "bob@example.org", "status": "delivered"}"#;
//! let event = message_trace::normalize(line)?;
//! assert!(event.contains(r#""event":{"action":"delivered","category":["email"],"type":["info"]}"#));
//! # Ok::<(), message_trace::Rejection>(())
//! ```

#[cfg(all(target_family = "wasm", feature = "component"))]
mod component;
mod normalizer;
mod event_id;
mod format;
mod record;
mod details;
mod target;
mod rejection;
mod options;
#[cfg(feature = "serde")]
mod options_json;
mod json;
mod lanes;

pub use event_id::{EventId, EventIds};
pub use format::Format;
pub use normalizer::{Normalizer, normalize};
pub use options::Options;
pub use record::{Revised, Revision};
pub use rejection::{Rejected, Rejection};
pub use target::Target;

/// The ECS version that target `ecs` writes.
pub const ECS_VERSION: &str = "9.4.0";
/// The OCSF version that target `ocsf` writes.
pub const OCSF_VERSION: &str = "1.8.0";
/// The longest line that is read unless the options say otherwise, in bytes.
pub const DEFAULT_MAX_LINE_BYTES: u32 = 1_048_576;
/// The deepest nesting that is read, in levels; the line's own brackets are the first.
pub const MAX_DEPTH: u32 = 64;
