//! One message, and its rows as Graph writes them.

use std::fmt::Write as _;
use std::rc::Rc;

use chrono::NaiveDate;

use crate::chance::mix;

/// What became of a message at one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Delivered,
    Failed,
    Quarantined,
    FilteredAsSpam,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
            Self::FilteredAsSpam => "filteredAsSpam",
        }
    }
}

/// One message to some recipients.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// Seconds since midnight, UTC.
    pub(crate) at: u32,
    /// `None` is a report of the mail system, which has no sender.
    pub(crate) sender: Option<Rc<str>>,
    pub(crate) to: Vec<(Rc<str>, Status)>,
    pub(crate) size: u32,
    pub(crate) subject: &'static str,
}

impl Mail {
    /// A message that arrives at one recipient.
    pub(crate) fn new(at: u32, sender: &Rc<str>, to: &Rc<str>, size: u32, subject: &'static str) -> Self {
        Self {
            at: at.min(86_399),
            sender: Some(Rc::clone(sender)),
            to: vec![(Rc::clone(to), Status::Delivered)],
            size,
            subject,
        }
    }

    /// The report that a message did not arrive, some seconds later.
    pub(crate) fn bounce(at: u32, to: &Rc<str>) -> Self {
        Self {
            sender: None,
            ..Self::new(at, to, to, 24_000, "Undeliverable: your message")
        }
    }

    pub(crate) fn status(mut self, status: Status) -> Self {
        for (_, one) in &mut self.to {
            *one = status;
        }
        self
    }

    /// Appends a row for each recipient, each ended by LF. `number` is the message's own among all of the tenant's.
    pub(crate) fn push_rows(&self, out: &mut String, date: NaiveDate, seed: u64, number: u64) {
        let (high, low) = (mix(number), mix(mix(seed) ^ number));
        let (hours, minutes, seconds) = (self.at / 3_600, self.at / 60 % 60, self.at % 60);
        let net = if self.sender.is_some() { 113 } else { 114 };
        for (to, status) in &self.to {
            // Writing to a String cannot fail. No address or subject here has a letter that JSON escapes.
            let _ = writeln!(
                out,
                concat!(
                    r#"{{"id":"{:08x}-{:04x}-{:04x}-{:04x}-{:012x}","senderAddress":"{}","recipientAddress":"{}","#,
                    r#""messageId":"<{:016x}@mail.example>","receivedDateTime":"{}T{:02}:{:02}:{:02}Z","subject":"{}","#,
                    r#""size":{},"fromIP":"203.0.{}.{}","toIP":"","status":"{}"}}"#
                ),
                high >> 32,
                (high >> 16) & 0xFFFF,
                high & 0xFFFF,
                low >> 48,
                low & 0xFFFF_FFFF_FFFF,
                self.sender.as_deref().unwrap_or("<>"),
                to,
                low,
                date,
                hours,
                minutes,
                seconds,
                self.subject,
                self.size,
                net,
                low % 254 + 1,
                status.word(),
            );
        }
    }
}
