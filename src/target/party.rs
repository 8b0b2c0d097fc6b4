//! Sender and recipient in lower case, and what follows from their domains.

use crate::lanes::{Out, Span, WIDE};
use crate::options::Prepared;
use crate::record::{Text, TraceRecord};

/// Sender and recipient of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parties<'a> {
    /// The sender, unless it is the null reverse path.
    pub(super) sender: Option<Party<'a>>,
    pub(super) recipient: Option<Party<'a>>,
    is_bounce: bool,
}

/// An address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Party<'a> {
    /// The address as written.
    pub(super) address: Text<'a>,
    /// The address in lower case, escaped for a JSON string.
    pub(super) lower: Span<'a>,
    /// The part before the last `@`, as written; `None` where it is empty.
    pub(super) name: Option<Text<'a>>,
    /// The part behind the last `@`, in lower case, escaped for a JSON string; `None` where it is empty.
    pub(super) domain: Option<Span<'a>>,
}

/// Where a message came from and went to, seen from the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Inbound,
    Outbound,
    Internal,
    External,
}

impl<'a> Parties<'a> {
    /// Writes both addresses in lower case to `scratch` and looks at them.
    pub(super) fn of(record: &'a TraceRecord<'a>, scratch: &'a mut Out) -> Self {
        let sender = record.sender_address();
        scratch.truncate(0);
        let sender_at = sender.and_then(|sender| put_lower(scratch, sender));
        let between = scratch.len();
        let recipient_at = record
            .recipient
            .and_then(|recipient| put_lower(scratch, recipient));
        let end = scratch.len();
        // A whole block can be read behind the last address.
        scratch.put_array(&[0; WIDE]);
        let lower = scratch.as_slice();
        Self {
            sender: sender.map(|address| Party::new(address, Span::new(lower, 0..between), sender_at)),
            recipient: record
                .recipient
                .map(|address| Party::new(address, Span::new(lower, between..end), recipient_at)),
            is_bounce: record.is_bounce(),
        }
    }

    /// Both domains in lower case, each once, the sender's first.
    pub(super) fn domains(self) -> impl Iterator<Item = Span<'a>> {
        each_once(
            self.sender.and_then(|party| party.domain),
            self.recipient.and_then(|party| party.domain),
        )
    }

    /// Both addresses in lower case, each once, the sender's first.
    pub(super) fn addresses(self) -> impl Iterator<Item = Span<'a>> {
        each_once(
            self.sender.map(|party| party.lower),
            self.recipient.map(|party| party.lower),
        )
    }

    /// `None` where no domains are given, or where one of the two is missing. A bounce comes from outside.
    pub(super) fn direction(&self, options: &Prepared) -> Option<Direction> {
        if options.organization_domains.is_empty() || (self.sender.is_none() && !self.is_bounce) {
            return None;
        }
        let from_inside = self.sender.is_some_and(|sender| sender.is_inside(options));
        let to_inside = self.recipient?.is_inside(options);
        Some(match (from_inside, to_inside) {
            (false, true) => Direction::Inbound,
            (true, false) => Direction::Outbound,
            (true, true) => Direction::Internal,
            (false, false) => Direction::External,
        })
    }
}

/// Both texts, or one where they are the same.
fn each_once<'a>(one: Option<Span<'a>>, two: Option<Span<'a>>) -> impl Iterator<Item = Span<'a>> {
    let two = two.filter(|two| !one.is_some_and(|one| one.is(*two)));
    [one, two].into_iter().flatten()
}

impl<'a> Party<'a> {
    /// `ats` says where the last `@` is, in the address and in lower case.
    #[inline]
    fn new(address: Text<'a>, lower: Span<'a>, ats: Option<Ats>) -> Self {
        let name = ats.map(|ats| address.part(0..ats.address));
        let domain = ats.map(|ats| lower.part(ats.lower + 1..lower.len()));
        Self {
            address,
            lower,
            name: name.filter(|name| !name.span.is_empty()),
            domain: domain.filter(|domain| !domain.is_empty()),
        }
    }

    fn is_inside(self, options: &Prepared) -> bool {
        let Some(domain) = self.domain.map(Span::bytes) else {
            return false;
        };
        options.organization_domains.iter().any(|own| {
            domain
                .strip_suffix(own.as_slice())
                .is_some_and(|sub| sub.is_empty() || sub.ends_with(b"."))
        })
    }
}

/// Where the last `@` of an address is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ats {
    address: usize,
    lower: usize,
}

/// Writes text in lower case, escaped for a JSON string, and returns where its last `@` is.
#[inline]
pub(super) fn put_lower(out: &mut Out, text: Text<'_>) -> Option<Ats> {
    if text.plain
        && let Ok(at) = out.put_lower(text.span)
    {
        return at.map(|at| Ats {
            address: at,
            lower: at,
        });
    }
    put_lower_of_any(out, text)
}

#[cold]
fn put_lower_of_any(out: &mut Out, text: Text<'_>) -> Option<Ats> {
    let start = out.len();
    out.put_escaped(text.to_lowercase().as_bytes());
    let written = out.as_slice().get(start..).unwrap_or_default();
    // Neither lower case nor escapes bring or take an `@`.
    Some(Ats {
        address: memchr::memrchr(b'@', text.bytes())?,
        lower: memchr::memrchr(b'@', written)?,
    })
}
