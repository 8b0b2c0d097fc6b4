//! Options: one record, the same in every host.

use crate::DEFAULT_MAX_LINE_BYTES;
use crate::lanes::Out;
use crate::target::{Target, Writer};

/// How lines become events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Options {
    /// The shape of the events. Default: `sekoia`.
    pub target: Target,
    /// The organization's own mail domains, compared without case; a sub-domain belongs to its domain. White space
    /// around a domain, `@` and dots before it and dots behind it do not count; a domain of which nothing is left counts
    /// as not given, and where none is left no direction is written. Default: none.
    pub organization_domains: Vec<String>,
    /// The tenant's id, written into every event by targets that have a field for it; an empty one counts as not given.
    /// Default: none.
    pub tenant_id: Option<String>,
    /// Whether the event keeps the raw line. `sekoia` always keeps it. Default: true.
    pub keep_original: bool,
    /// The longest line that is read, in bytes, without its line feed. Default: 1 048 576.
    pub max_line_bytes: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            target: Target::default(),
            organization_domains: Vec::new(),
            tenant_id: None,
            keep_original: true,
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
        }
    }
}

impl Options {
    /// A mail domain without what does not count in it: white space around it, `@` and dots before it, dots behind it.
    /// Empty where nothing is left; such a domain counts as not given.
    #[must_use]
    pub fn bare_domain(domain: &str) -> &str {
        let mut domain = domain.trim();
        while let Some(rest) = domain.strip_prefix(['@', '.']) {
            domain = rest;
        }
        while let Some(rest) = domain.strip_suffix('.') {
            domain = rest;
        }
        domain
    }
}

/// Options, made ready for the lines.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) writer: Writer,
    /// In lower case, without a leading `@` or dot and without a trailing dot; escaped for a JSON string.
    pub(crate) organization_domains: Vec<Vec<u8>>,
    /// Escaped for a JSON string; not empty.
    pub(crate) tenant_id: Option<Vec<u8>>,
    pub(crate) keep_original: bool,
    pub(crate) max_line_bytes: u32,
}

impl Prepared {
    pub(crate) fn new(options: Options) -> Self {
        let Options {
            target,
            organization_domains,
            tenant_id,
            keep_original,
            max_line_bytes,
        } = options;
        let domains = organization_domains
            .iter()
            .map(|domain| escaped(&Options::bare_domain(domain).to_lowercase()));
        Self {
            writer: target.writer(),
            organization_domains: domains.filter(|domain| !domain.is_empty()).collect(),
            tenant_id: tenant_id.map(|id| escaped(&id)).filter(|id| !id.is_empty()),
            keep_original,
            max_line_bytes,
        }
    }
}

fn escaped(text: &str) -> Vec<u8> {
    let mut out = Out::default();
    out.put_escaped(text.as_bytes());
    out.into_inner()
}
