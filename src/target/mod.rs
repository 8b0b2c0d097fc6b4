//! Stage two: a trace record becomes an event. Nothing fails here.
//!
//! A target is a file with a table of rules that writes a record. A line in the list at the end of this file makes it
//! known.

mod sekoia;
mod ecs;
mod ocsf;
mod party;
mod steps;
mod write;

pub(crate) use ecs::EVENT_ID;

use crate::details::Details;
use crate::lanes::Out;
use crate::options::Prepared;
use crate::record::{Field, Revision, TraceRecord};

/// All that an event is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    pub(crate) record: &'a TraceRecord<'a>,
    /// The raw line, escaped for a JSON string; empty where it stands in the event already.
    pub(crate) original: &'a [u8],
    pub(crate) options: &'a Prepared,
    pub(crate) revision: Option<&'a Revision<'a>>,
    /// What the revision's details say; `None` without them.
    pub(crate) details: Option<&'a Details<'a>>,
}

impl<'a> Event<'a> {
    /// The status of the delivery before, if it was another one and is known.
    fn previous_status(&self) -> Option<&'a str> {
        let status = self.revision.and_then(|revision| revision.previous_status);
        status.filter(|status| !status.is_empty())
    }

    /// What is wrong with the optional fields of the row, then with its details.
    fn problems(&self) -> impl Iterator<Item = &'static str> {
        let fields = self.record.problems.iter().map(Field::problem);
        fields.chain(self.details.and_then(|details| details.problem))
    }
}

/// How a target is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer {
    /// What stands before the raw line, for a target that begins with it: it is then escaped right into the event.
    pub(crate) before_original: Option<&'static [u8]>,
    /// Writes the event, or what follows the raw line. `scratch` is empty, and may be left as it pleases.
    pub(crate) write: fn(&Event<'_>, out: &mut Out, scratch: &mut Out),
}

/// `a, b or c`, as a sentence lists names.
macro_rules! listed {
    ($last:literal) => { $last };
    ($name:literal, $last:literal) => { concat!($name, " or ", $last) };
    ($name:literal, $($rest:literal),+) => { concat!($name, ", ", listed!($($rest),+)) };
}

/// Makes the list of targets: the public enum, and what is known by name.
macro_rules! targets {
    ($($(#[$attribute:meta])* $variant:ident = $name:literal in $file:ident, $schema:expr;)+) => {
        /// The shape of the events.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum Target {
            $($(#[$attribute])* #[cfg_attr(feature = "serde", serde(rename = $name))] $variant,)+
        }

        impl Target {
            /// All targets, in the order in which the component's interface lists them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The names of all targets as a sentence lists them: `sekoia, ecs or ocsf`.
            pub const LISTED: &'static str = listed!($($name),+);

            /// What is said of a name that no target has.
            #[cfg(all(target_family = "wasm", feature = "component"))]
            pub(crate) const EXPECTED: &'static str = concat!("target: expected ", listed!($($name),+));

            /// The target's name, as options and file names spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The target of that name, if there is one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|target| target.name() == name)
            }

            /// The version of the schema that its events keep, where there is one.
            #[must_use]
            pub const fn schema_version(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => $schema,)+
                }
            }

            pub(crate) const fn writer(self) -> Writer {
                match self {
                    $(Self::$variant => $file::WRITER,)+
                }
            }
        }
    };
}

targets! {
    /// The intake format of Sekoia.
    #[default]
    Sekoia = "sekoia" in sekoia, None;
    /// Elastic Common Schema 9.4, strict.
    Ecs = "ecs" in ecs, Some(crate::ECS_VERSION);
    /// OCSF 1.8 Email Activity.
    Ocsf = "ocsf" in ocsf, Some(crate::OCSF_VERSION);
}
