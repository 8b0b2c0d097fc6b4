//! The trace record, where all formats meet: one message, delivered or not, to one recipient.

mod id;
mod ip;
mod time;

pub(crate) use id::TraceId;
pub(crate) use ip::Ip;
pub(crate) use time::Instant;

use core::ops::Range;

use crate::lanes::Span;

/// What a poller knows of a row that it delivers again: because it changed, or because its details came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revision<'a> {
    /// Written as the event's sequence number: higher than that of every earlier delivery of the row.
    pub sequence: u64,
    /// The status of the delivery before, as it was written; `None` or empty if it is the same or not known.
    pub previous_status: Option<&'a str>,
    /// What happened to the message: the answer of `getDetailsByRecipient` or `MessageTraceDetail`, as JSON, as it came.
    /// At most 1,048,576 bytes are read. `None` or empty if it was not asked for.
    pub details: Option<&'a str>,
}

/// A line of a batch that was delivered before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revised<'a> {
    /// The line in the batch, counted from 1.
    pub line: u32,
    /// What is known of it.
    pub revision: Revision<'a>,
}

/// Decoded Unicode text, never empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// UTF-8.
    pub(crate) span: Span<'a>,
    /// Whether it can stand between the quotes of a JSON string as it is.
    pub(crate) plain: bool,
}

impl<'a> Text<'a> {
    #[inline]
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.span.bytes()
    }

    /// The text without what encloses it; itself where it is not enclosed, `None` where nothing is left.
    #[inline]
    pub(crate) fn without(self, open: u8, close: u8) -> Option<Self> {
        match self.bytes() {
            [first, inner @ .., last] if (*first, *last) == (open, close) => {
                (!inner.is_empty()).then_some(self.part(1..inner.len() + 1))
            }
            _ => Some(self),
        }
    }

    /// A part of the text.
    #[inline]
    pub(crate) fn part(self, range: Range<usize>) -> Self {
        Self {
            span: self.span.part(range),
            ..self
        }
    }

    /// The text in lower case, for text that is not ASCII.
    pub(crate) fn to_lowercase(self) -> String {
        String::from_utf8_lossy(self.bytes()).to_lowercase()
    }
}

/// Makes the list of a record's fields, each with what is wrong with a value of it that cannot be used.
macro_rules! record_fields {
    ($($field:ident = $problem:literal,)+) => {
        /// The fields of a record, in the order in which problems are named.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Field {
            $($field,)+
        }

        impl Field {
            pub(crate) const COUNT: usize = Self::ALL.len();

            const ALL: [Self; [$($problem),+].len()] = [$(Self::$field),+];

            /// How many come before those that only reports have.
            pub(crate) const BEFORE_REPORT: usize = Self::CustomData as usize;

            /// What is wrong with a value of this field that cannot be used.
            pub(crate) const fn problem(self) -> &'static str {
                match self {
                    $(Self::$field => $problem,)+
                }
            }
        }
    };
}

record_fields! {
    Received = "received: expected a time",
    TraceId = "trace_id: expected text",
    MessageId = "message_id: expected text",
    Sender = "sender: expected text",
    Recipient = "recipient: expected text",
    Subject = "subject: expected text",
    Size = "size: expected a whole number of bytes",
    FromIp = "from_ip: expected an IP address",
    ToIp = "to_ip: expected an IP address",
    Status = "status: expected text",
    Organization = "organization: expected text",
    // From here on: what only the admin center's reports have.
    CustomData = "custom_data: expected text",
    OriginalClientIp = "original_client_ip: expected an IP address",
    Directionality = "directionality: expected text",
    ConnectorId = "connector_id: expected text",
    DeliveryPriority = "delivery_priority: expected text",
}

/// The optional fields whose values could not be used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Problems(u16);

impl Problems {
    pub(crate) fn add(&mut self, field: Field) {
        self.0 |= 1 << field as u16;
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL
            .into_iter()
            .filter(move |&field| self.0 & 1 << field as u16 != 0)
    }
}

/// A status that Microsoft documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::enum_variant_names, reason = "the words are Microsoft's")]
pub(crate) enum Status {
    GettingStatus,
    Pending,
    Failed,
    Delivered,
    Expanded,
    Quarantined,
    FilteredAsSpam,
    Recalled,
    Resolved,
    None,
    UnknownFutureValue,
}

impl Status {
    /// The known word, compared without case.
    pub(crate) fn known(word: &[u8]) -> Option<Self> {
        const WORDS: [(&[u8], Status); 11] = [
            (b"delivered", Status::Delivered),
            (b"failed", Status::Failed),
            (b"expanded", Status::Expanded),
            (b"pending", Status::Pending),
            (b"gettingstatus", Status::GettingStatus),
            (b"filteredasspam", Status::FilteredAsSpam),
            (b"quarantined", Status::Quarantined),
            (b"resolved", Status::Resolved),
            (b"recalled", Status::Recalled),
            (b"none", Status::None),
            (b"unknownfuturevalue", Status::UnknownFutureValue),
        ];
        WORDS
            .into_iter()
            .find(|(known, _)| word.eq_ignore_ascii_case(known))
            .map(|(_, status)| status)
    }

    /// The word in lower case, a hyphen before each inner capital.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::GettingStatus => "getting-status",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Expanded => "expanded",
            Self::Quarantined => "quarantined",
            Self::FilteredAsSpam => "filtered-as-spam",
            Self::Recalled => "recalled",
            Self::Resolved => "resolved",
            Self::None => "none",
            Self::UnknownFutureValue => "unknown-future-value",
        }
    }

    /// Whether the message reached what it was sent to; `None` where that is open.
    pub(crate) const fn succeeded(self) -> Option<bool> {
        match self {
            Self::Delivered | Self::Expanded | Self::Resolved => Some(true),
            Self::Failed | Self::Quarantined | Self::FilteredAsSpam | Self::None => Some(false),
            Self::GettingStatus | Self::Pending | Self::Recalled | Self::UnknownFutureValue => None,
        }
    }
}

/// One message, delivered or not, to one recipient. Absent, `null` and empty are the same: `None`.
#[derive(Debug)]
pub(crate) struct TraceRecord<'a> {
    pub(crate) format: crate::format::Format,
    /// When the service received the message.
    pub(crate) received: Instant,
    /// The time of receipt as it was written.
    pub(crate) received_as_written: Text<'a>,
    /// The trace's id: a GUID in any spelling, or another text.
    pub(crate) trace_id: Option<Text<'a>>,
    /// The Internet Message-ID, with its brackets.
    pub(crate) message_id: Option<Text<'a>>,
    /// The envelope sender; `<>` is the null reverse path of a bounce.
    pub(crate) sender: Option<Text<'a>>,
    pub(crate) recipient: Option<Text<'a>>,
    pub(crate) subject: Option<Text<'a>>,
    /// 0 to 2^63 - 1.
    pub(crate) size_bytes: Option<u64>,
    pub(crate) from_ip: Option<Ip<'a>>,
    pub(crate) to_ip: Option<Ip<'a>>,
    /// The status as written: any word.
    pub(crate) status: Option<Text<'a>>,
    pub(crate) organization: Option<Text<'a>>,
    /// What only a report has; `None` for a row that has nothing of it, as nearly all.
    pub(crate) report: Option<Report<'a>>,
    /// Optional fields that were there and could not be used.
    pub(crate) problems: Problems,
}

/// The columns of the admin center's reports that no other source has.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) custom_data: Option<Text<'a>>,
    pub(crate) original_client_ip: Option<Ip<'a>>,
    pub(crate) directionality: Option<Text<'a>>,
    pub(crate) connector_id: Option<Text<'a>>,
    pub(crate) delivery_priority: Option<Text<'a>>,
}

impl<'a> TraceRecord<'a> {
    /// Whether the sender is the null reverse path.
    pub(crate) fn is_bounce(&self) -> bool {
        self.sender.is_some_and(|sender| sender.bytes() == b"<>")
    }

    /// The sender, unless it is the null reverse path.
    pub(crate) fn sender_address(&self) -> Option<Text<'a>> {
        self.sender.filter(|sender| sender.bytes() != b"<>")
    }

    /// The IPs that are there, each once, source first.
    pub(crate) fn ips(&self) -> impl Iterator<Item = &Ip<'a>> {
        let to = self.to_ip.as_ref().filter(|to| self.from_ip.as_ref() != Some(to));
        self.from_ip.iter().chain(to)
    }
}
