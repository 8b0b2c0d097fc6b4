//! From record to event.

mod tree;
pub(crate) use tree::Tree;
mod sekoia;
mod ecs;
mod ocsf;

use crate::json::Json;
use crate::record::Record;
use message_trace::{Options, Revision, Target};

/// The event of a record, in the shape the options ask for.
pub(crate) fn event(record: &Record, raw: &str, options: &Options, revision: Option<&Revision<'_>>) -> Json {
    match options.target {
        Target::Sekoia => sekoia::event(record, raw, revision),
        Target::Ecs => ecs::event(record, raw, options, revision),
        Target::Ocsf => ocsf::event(record, raw, options, revision),
    }
}
