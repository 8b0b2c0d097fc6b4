//! One row: a message to one recipient, and what it says over time.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::json::{Escapes, push_number, push_optional, push_text};

/// What all rows of one message share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The message trace id, a GUID in lower case with dashes.
    pub id: String,
    /// The Internet Message-ID in its brackets.
    pub message_id: Option<String>,
    /// When the service received the message; no finer than `fraction_digits`.
    pub received: DateTime<Utc>,
    /// Digits of the fraction of a second in a row's text: 0, 3, 6 or 7.
    pub fraction_digits: u8,
    /// The sender: an address, `<>`, an empty text, or nothing.
    pub sender: Option<String>,
    /// The subject, decoded.
    pub subject: Option<String>,
    /// The address the message came from: IPv4 or IPv6, an empty text, or nothing.
    pub from_ip: Option<String>,
    /// How the row's texts are escaped.
    pub escapes: Escapes,
    /// What the message is for.
    pub kind: Kind,
}

/// Why a message is in the traffic. Never part of a row: for tests of detections and reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Between two people.
    Ordinary,
    /// The same subject to many mailboxes.
    Newsletter,
    /// A report that an earlier message could not be delivered.
    Bounce,
    /// To a distribution group: a row `expanded` and a row for each member.
    Group,
    /// Many messages of one sender within minutes.
    Burst,
    /// A colleague who sends much to a private mailbox.
    Exfiltration,
    /// From a domain that looks like the tenant's own.
    LookAlike,
    /// The same Message-ID again under a second trace id, as after a round trip through another system.
    RoundTrip,
}

/// What can differ between a message's rows, and within one row over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// From when on the row looks like this.
    pub at: DateTime<Utc>,
    /// The status.
    pub status: Status,
    /// Bytes; 0 is possible.
    pub size: u32,
    /// The address the message went to; empty for incoming mail.
    pub to_ip: String,
}

/// One message to one recipient.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it shares with the message's other rows.
    pub message: Arc<Message>,
    /// The recipient's address, as written.
    pub recipient: String,
    pub(super) first: State,
    pub(super) later: Vec<State>,
    /// The row's text up to the size, written once.
    pub(super) head: Box<[u8]>,
}

impl Row {
    pub(super) fn new(message: Arc<Message>, recipient: String, first: State, later: Vec<State>) -> Self {
        let mut row = Self {
            message,
            recipient,
            first,
            later,
            head: Box::default(),
        };
        row.head = row.write_head().into_boxed_slice();
        row
    }

    /// When the row can first be listed.
    #[must_use]
    pub fn visible_at(&self) -> DateTime<Utc> {
        self.first.at
    }

    /// Everything the row ever says, oldest first; the first is what it says when it becomes visible.
    pub fn states(&self) -> impl Iterator<Item = &State> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// What the row says in the end.
    #[must_use]
    pub fn last(&self) -> &State {
        self.later.last().unwrap_or(&self.first)
    }

    /// What the row says at a time; `None` before it is visible.
    #[must_use]
    pub fn state_at(&self, now: DateTime<Utc>) -> Option<&State> {
        if self.first.at > now {
            return None;
        }
        Some(
            self.later
                .iter()
                .rev()
                .find(|state| state.at <= now)
                .unwrap_or(&self.first),
        )
    }

    /// The row's key: trace id and recipient in lower case.
    #[must_use]
    pub fn key(&self) -> (&str, String) {
        (&self.message.id, self.recipient.to_lowercase())
    }

    /// The row as Graph writes it in a state, to a client that knows every status word or not.
    #[must_use]
    pub fn graph_line(&self, state: &State, knows_all_words: bool) -> String {
        let mut out = Vec::with_capacity(self.head.len() + 96);
        self.push_graph(&mut out, state, knows_all_words);
        String::from_utf8(out).unwrap_or_default()
    }

    pub(crate) fn push_graph(&self, out: &mut Vec<u8>, state: &State, knows_all_words: bool) {
        out.push(b'{');
        self.push_graph_members(out, state, state.status.graph(knows_all_words));
    }

    /// The documented look of beta: a type in front and a status that begins with a capital.
    pub(crate) fn push_graph_beta(&self, out: &mut Vec<u8>, state: &State, knows_all_words: bool) {
        out.extend_from_slice(b"{\"@odata.type\":\"#microsoft.graph.exchangeMessageTrace\",");
        let word = state.status.graph(knows_all_words);
        let pascal = word[..1].to_ascii_uppercase() + &word[1..];
        self.push_graph_members(out, state, &pascal);
    }

    fn push_graph_members(&self, out: &mut Vec<u8>, state: &State, status: &str) {
        out.extend_from_slice(&self.head);
        push_number(out, i64::from(state.size));
        out.extend_from_slice(b",\"fromIP\":");
        push_optional(out, self.message.from_ip.as_deref(), Escapes::Plain);
        out.extend_from_slice(b",\"toIP\":");
        push_text(out, &state.to_ip, Escapes::Plain);
        out.extend_from_slice(b",\"status\":\"");
        out.extend_from_slice(status.as_bytes());
        out.extend_from_slice(b"\"}");
    }

    fn write_head(&self) -> Vec<u8> {
        let message = &*self.message;
        let mut out = Vec::with_capacity(320);
        out.extend_from_slice(b"\"id\":\"");
        out.extend_from_slice(message.id.as_bytes());
        out.extend_from_slice(b"\",\"senderAddress\":");
        push_optional(&mut out, message.sender.as_deref(), message.escapes);
        out.extend_from_slice(b",\"recipientAddress\":");
        push_text(&mut out, &self.recipient, message.escapes);
        out.extend_from_slice(b",\"messageId\":");
        push_optional(&mut out, message.message_id.as_deref(), message.escapes);
        out.extend_from_slice(b",\"receivedDateTime\":\"");
        push_time(&mut out, message.received, message.fraction_digits);
        out.extend_from_slice(b"Z\",\"subject\":");
        push_optional(&mut out, message.subject.as_deref(), message.escapes);
        out.extend_from_slice(b",\"size\":");
        out
    }
}

/// Appends `2026-01-20T00:00:00.123` with a number of fraction digits and no zone.
pub(crate) fn push_time(out: &mut Vec<u8>, time: DateTime<Utc>, fraction_digits: u8) {
    let mut two = |value: u32, before: &[u8]| {
        out.extend_from_slice(before);
        out.push(b'0' + u8::try_from(value / 10 % 10).unwrap_or(0));
        out.push(b'0' + u8::try_from(value % 10).unwrap_or(0));
    };
    let year = time.year().unsigned_abs();
    two(year / 100, b"");
    two(year % 100, b"");
    two(time.month(), b"-");
    two(time.day(), b"-");
    two(time.hour(), b"T");
    two(time.minute(), b":");
    two(time.second(), b":");
    if fraction_digits > 0 {
        out.push(b'.');
        let mut unit = 100_000_000;
        for _ in 0..fraction_digits {
            out.push(b'0' + u8::try_from(time.nanosecond() / unit % 10).unwrap_or(0));
            unit /= 10;
        }
    }
}

/// A row's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Recently received; the status is still being worked out.
    GettingStatus,
    /// Delivery is tried again.
    Pending,
    /// Not delivered.
    Failed,
    /// Delivered.
    Delivered,
    /// A group that became its members.
    Expanded,
    /// Held back.
    Quarantined,
    /// Held to be spam.
    FilteredAsSpam,
    /// Taken back by the sender after delivery.
    Recalled,
}

impl Status {
    /// Whether the row still waits for its status.
    #[must_use]
    pub fn is_provisional(self) -> bool {
        matches!(self, Self::GettingStatus | Self::Pending)
    }

    /// Graph's word. `recalled` is newer than the enumeration: clients that do not ask for unknown members get
    /// `unknownFutureValue`.
    #[must_use]
    pub fn graph(self, knows_all_words: bool) -> &'static str {
        match self {
            Self::GettingStatus => "gettingStatus",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Expanded => "expanded",
            Self::Quarantined => "quarantined",
            Self::FilteredAsSpam => "filteredAsSpam",
            Self::Recalled if knows_all_words => "recalled",
            Self::Recalled => "unknownFutureValue",
        }
    }

    /// The Reporting Web Service's word. It is older than recalls and goes on saying `Delivered`.
    #[must_use]
    pub fn reporting(self) -> &'static str {
        match self {
            Self::GettingStatus => "GettingStatus",
            Self::Pending => "Pending",
            Self::Failed => "Failed",
            Self::Delivered | Self::Recalled => "Delivered",
            Self::Expanded => "Expanded",
            Self::Quarantined => "Quarantined",
            Self::FilteredAsSpam => "FilteredAsSpam",
        }
    }
}
