//! Sender and recipient in lower case, and what follows from their domains.

use crate::lanes::Out;
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
    pub(super) lower: &'a [u8],
    /// The part before the last `@`, as written; `None` where it is empty.
    pub(super) name: Option<Text<'a>>,
    /// The part behind the last `@`, in lower case, escaped for a JSON string; `None` where it is empty.
    pub(super) domain: Option<&'a [u8]>,
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
        if let Some(sender) = sender {
            put_lower(scratch, sender);
        }
        let between = scratch.len();
        if let Some(recipient) = record.recipient {
            put_lower(scratch, recipient);
        }
        let (sender_lower, recipient_lower) = scratch.as_slice().split_at(between);
        Self {
            sender: sender.map(|address| Party::new(address, sender_lower)),
            recipient: record
                .recipient
                .map(|address| Party::new(address, recipient_lower)),
            is_bounce: record.is_bounce(),
        }
    }

    /// The parties that are there, sender first.
    pub(super) fn iter(self) -> impl Iterator<Item = Party<'a>> {
        self.sender.into_iter().chain(self.recipient)
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

impl<'a> Party<'a> {
    fn new(address: Text<'a>, lower: &'a [u8]) -> Self {
        let at = memchr::memrchr(b'@', lower);
        let domain = at.map(|at| &lower[at + 1..]);
        let name = match at {
            // Neither lower case nor escapes can have moved the `@`.
            Some(at) if address.plain && address.bytes.is_ascii() => Some(&address.bytes[..at]),
            Some(_) => address.split_address().map(|(name, _)| name),
            None => None,
        };
        Self {
            address,
            lower,
            name: name
                .filter(|name| !name.is_empty())
                .map(|bytes| Text { bytes, ..address }),
            domain: domain.filter(|domain| !domain.is_empty()),
        }
    }

    fn is_inside(self, options: &Prepared) -> bool {
        let Some(domain) = self.domain else {
            return false;
        };
        options.organization_domains.iter().any(|own| {
            domain
                .strip_suffix(own.as_slice())
                .is_some_and(|sub| sub.is_empty() || sub.ends_with(b"."))
        })
    }
}

/// Writes text in lower case, escaped for a JSON string.
pub(super) fn put_lower(out: &mut Out, text: Text<'_>) {
    if text.plain && text.bytes.is_ascii() {
        let start = out.len();
        out.put(text.bytes);
        out.make_ascii_lowercase(start);
    } else {
        out.put_escaped(text.to_lowercase().as_bytes());
    }
}
