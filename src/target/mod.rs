//! Stage two: a trace record becomes an event. Nothing fails here.
//!
//! A target is a file with one function that writes a record. It is listed in [`writer`].

mod sekoia;
mod ecs;
mod ocsf;
mod party;
mod write;

use crate::lanes::Out;
use crate::options::{Prepared, Target};
use crate::record::{Revision, TraceRecord};

/// All that an event is made of.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) record: &'a TraceRecord<'a>,
    /// The raw line, escaped for a JSON string; empty where it stands in the event already.
    pub(crate) original: &'a [u8],
    pub(crate) options: &'a Prepared,
    pub(crate) revision: Option<Revision<'a>>,
}

/// How a target is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    /// What stands before the raw line, for a target that begins with it: it is then escaped right into the event.
    pub(crate) before_original: Option<&'static [u8]>,
    /// Writes the event, or what follows the raw line. `scratch` is empty, and may be left as it pleases.
    pub(crate) write: fn(&Event<'_>, out: &mut Out, scratch: &mut Out),
}

/// The list of targets.
pub(crate) const fn writer(target: Target) -> Writer {
    match target {
        Target::Sekoia => sekoia::WRITER,
        Target::Ecs => ecs::WRITER,
        Target::Ocsf => ocsf::WRITER,
    }
}
