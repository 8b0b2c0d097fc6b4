//! The flags that say how a row becomes an event, the same for every command that makes events.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use message_trace::{Options, Target};

use crate::mail_domain;

/// How a row becomes an event, but for the target.
#[derive(Clone, Debug, clap::Args)]
pub struct EventArguments {
    /// A mail domain of the organization, for the direction of an e-mail; may be given several times
    #[arg(long = "organization-domain", value_name = "DOMAIN", value_parser = mail_domain)]
    organization_domains: Vec<String>,
    /// The tenant's id, for targets that have a field for it
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,
    /// Leave the raw line out of the event (`sekoia` always keeps it)
    #[arg(long)]
    no_original: bool,
}

impl EventArguments {
    /// The normalizer's options for a target, with lines of at most so many bytes.
    #[must_use]
    pub fn options(&self, target: Target, max_line_bytes: u32) -> Options {
        Options {
            target,
            organization_domains: self.organization_domains.clone(),
            tenant_id: self.tenant_id.clone(),
            keep_original: !self.no_original,
            max_line_bytes,
        }
    }
}

/// Takes the name of a target, and lists them all where it is none.
#[must_use]
pub fn target_parser() -> impl TypedValueParser<Value = Target> {
    PossibleValuesParser::new(Target::ALL.map(Target::name))
        .try_map(|name| Target::from_name(&name).ok_or("there is no such target"))
}
