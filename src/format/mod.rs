//! Stage one: a raw line becomes a trace record, or a rejection. What comes later rejects nothing.
//!
//! A format is a file with a table of the keys that it has for the record's fields. A line in the list in `table.rs`
//! makes it known.

mod table;
mod graph;
mod reporting;
mod envelope;
mod line;
mod shape;
mod interpreted;

pub(crate) use envelope::rows;
pub(crate) use line::Line;
pub(crate) use shape::{Matched, Shapes};
pub use table::Format;

use table::fields;

use crate::Rejection;
use crate::json::decode_into;
use crate::lanes::Span;
use crate::record::{Field, Instant, Ip, Problems, Report, Text, TraceRecord};

/// Where a field's value stands, and what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Slot {
    kind: Kind,
    start: u32,
    end: u32,
}

/// As wide as the places, so that empty slots are zeros and nothing else.
#[repr(u32)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// A string without a backslash, or one that is copied with them.
    Plain,
    /// A string with backslashes, each before what an event escapes too and in the same way.
    PlainlyEscaped,
    /// A string with other escapes.
    Escaped,
    Number,
    /// Neither text nor number.
    Other,
}

/// The slot of each field.
pub(crate) type Slots = [Slot; Field::COUNT];

impl Slot {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "lines are at most u32::MAX bytes long"
    )]
    fn new(kind: Kind, start: usize, end: usize) -> Self {
        Self {
            kind,
            start: start as u32,
            end: end as u32,
        }
    }

    /// Decodes a value with escapes; the slot then says where it stands in `decoded`.
    #[inline]
    fn decode(&mut self, line: &[u8], decoded: &mut Vec<u8>) {
        if matches!(self.kind, Kind::PlainlyEscaped | Kind::Escaped) {
            let start = decoded.len();
            decode_into(&line[self.range()], decoded);
            *self = Self::new(Kind::Escaped, start, decoded.len());
        }
    }

    fn range(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The values of a row, while they become a record.
pub(crate) struct Values<'a> {
    line: &'a [u8],
    decoded: &'a [u8],
    slots: &'a Slots,
    has_report: bool,
    problems: Problems,
}

/// The time of receipt, read and as it was written.
pub(crate) struct Received<'a> {
    instant: Instant,
    as_written: Text<'a>,
}

impl<'a> Values<'a> {
    /// The values of a row that stand in `line` where `slots` say. Values with escapes are decoded into `decoded`, and
    /// `slots` says where they stand there.
    #[inline]
    pub(crate) fn new(line: &'a [u8], slots: &'a mut Slots, decoded: &'a mut Vec<u8>) -> Self {
        decoded.clear();
        // A subject is only ever copied.
        let subject = &mut slots[Field::Subject as usize];
        if subject.kind == Kind::PlainlyEscaped {
            subject.kind = Kind::Plain;
        }
        for slot in &mut slots[..Field::BEFORE_REPORT] {
            slot.decode(line, decoded);
        }
        // Nearly no row has these: one look at all of them together.
        let of_report = &mut slots[Field::BEFORE_REPORT..];
        let has_report = of_report.iter().fold(0, |kinds, slot| kinds | slot.kind as u32) != 0;
        if has_report {
            for slot in of_report {
                slot.decode(line, decoded);
            }
        }
        Self {
            line,
            decoded,
            slots,
            has_report,
            problems: Problems::default(),
        }
    }

    /// The time of receipt.
    ///
    /// # Errors
    ///
    /// `missing-field` and `invalid-field`. No other field can cause a rejection.
    #[inline]
    pub(crate) fn received(&mut self, format: Format) -> Result<Received<'a>, Rejection> {
        let time_key = format.time_key();
        let as_written = match self.slots[Field::Received as usize].kind {
            Kind::Number | Kind::Other => return Err(Rejection::InvalidField(time_key)),
            _ => self
                .text(Field::Received)
                .ok_or(Rejection::MissingField(time_key))?,
        };
        let instant = format
            .instant(as_written.bytes())
            .ok_or(Rejection::InvalidField(time_key))?;
        Ok(Received { instant, as_written })
    }

    /// The record.
    #[inline]
    pub(crate) fn record(mut self, format: Format, received: Received<'a>) -> TraceRecord<'a> {
        // Each field is written where it stays: a record that is put together of parts is copied.
        let mut record = TraceRecord {
            format,
            received: received.instant,
            received_as_written: received.as_written,
            trace_id: None,
            message_id: None,
            sender: None,
            recipient: None,
            subject: None,
            size_bytes: None,
            from_ip: None,
            to_ip: None,
            status: None,
            organization: None,
            report: None,
            problems: Problems::default(),
        };
        record.trace_id = self.text(Field::TraceId);
        record.message_id = self.text(Field::MessageId);
        record.sender = self.text(Field::Sender);
        record.recipient = self.text(Field::Recipient);
        record.subject = self.text(Field::Subject);
        record.size_bytes = self.size();
        record.from_ip = self.ip(Field::FromIp);
        record.to_ip = self.ip(Field::ToIp);
        record.status = self.text(Field::Status);
        record.organization = self.text(Field::Organization);
        if self.has_report {
            record.report = Some(self.report());
        }
        record.problems = self.problems;
        record
    }

    /// What only a report has.
    #[cold]
    fn report(&mut self) -> Report<'a> {
        Report {
            custom_data: self.text(Field::CustomData),
            original_client_ip: self.ip(Field::OriginalClientIp),
            directionality: self.text(Field::Directionality),
            connector_id: self.text(Field::ConnectorId),
            delivery_priority: self.text(Field::DeliveryPriority),
        }
    }

    /// The field's text; `None` where it is absent, empty, or no text.
    // Shared, so that an interpreter runs the same few instructions often: those stay in the processor's caches.
    #[cfg_attr(feature = "interpreted", inline(never))]
    #[cfg_attr(not(feature = "interpreted"), inline)]
    fn text(&mut self, field: Field) -> Option<Text<'a>> {
        let slot = self.slots[field as usize];
        let plain = slot.kind == Kind::Plain;
        let buffer = match slot.kind {
            Kind::Plain => self.line,
            Kind::Absent => return None,
            Kind::PlainlyEscaped | Kind::Escaped => self.decoded,
            Kind::Number | Kind::Other => {
                self.problems.add(field);
                return None;
            }
        };
        if slot.start == slot.end {
            return None;
        }
        let span = Span::within(buffer, slot.range())?;
        Some(Text { span, plain })
    }

    /// The size: digits, as a number or as a string.
    fn size(&mut self) -> Option<u64> {
        let slot = self.slots[Field::Size as usize];
        let digits = match slot.kind {
            Kind::Number => &self.line[slot.range()],
            _ => self.text(Field::Size)?.bytes(),
        };
        let size = size_bytes(digits);
        if size.is_none() {
            self.problems.add(Field::Size);
        }
        size
    }

    fn ip(&mut self, field: Field) -> Option<Ip<'a>> {
        let text = self.text(field)?;
        let ip = Ip::parse(text.span);
        if ip.is_none() {
            self.problems.add(field);
        }
        ip
    }
}

/// The number that `digits` write, 0 to 2^63 - 1; `None` if they write none.
fn size_bytes(digits: &[u8]) -> Option<u64> {
    // So many digits fit into an i64, whatever they are: one pass is enough.
    if (1..=18).contains(&digits.len()) {
        return digits.iter().try_fold(0, |size, byte| {
            let digit = byte.wrapping_sub(b'0');
            (digit < 10).then(|| size * 10 + u64::from(digit))
        });
    }
    let significant = &digits[digits.iter().take_while(|&&digit| digit == b'0').count()..];
    // 19 digits fit into a u64, whatever they are: nothing can overflow.
    if digits.is_empty() || significant.len() > 19 || !significant.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = significant
        .iter()
        .fold(0, |size, digit| size * 10 + u64::from(digit - b'0'));
    i64::try_from(size).is_ok().then_some(size)
}
