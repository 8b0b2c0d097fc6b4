//! CSV reports of the cmdlets and of the admin center: each row becomes `reporting` lines.

use std::cell::Cell;
use std::io::{self, Read};

use csv::{ByteRecord, Position, ReaderBuilder, StringRecord};

use super::job::Work;
use super::lines::Stop;

mod dates;
mod order;
mod row;
#[cfg(test)]
mod tests;

pub use dates::Dates;

/// What a column is in a `reporting` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Received,
    Sender,
    /// One address, or several with `;` between.
    Recipient,
    /// `address##Event, Event;address##…`: recipients and what happened to the message for each.
    RecipientStatus,
    Subject,
    Status,
    /// A step of the extended report; the last word on a message is one of them.
    EventId,
    FromIp,
    /// Where there is no better source address.
    ClientIp,
    ToIp,
    Size,
    MessageId,
    TraceId,
    Organization,
}

/// Every column that is read, matched without case. The first name of each is the cmdlets'; then come those of the admin
/// center's enhanced summary and extended report. Of two columns for one thing the first that is not empty counts.
const COLUMNS: [(&str, Column); 25] = [
    ("Received", Column::Received),
    ("origin_timestamp", Column::Received),
    ("origin_timestamp_utc", Column::Received),
    ("date_time_utc", Column::Received),
    ("SenderAddress", Column::Sender),
    ("sender_address", Column::Sender),
    ("RecipientAddress", Column::Recipient),
    ("recipient_address", Column::Recipient),
    ("recipient_status", Column::RecipientStatus),
    ("Subject", Column::Subject),
    ("message_subject", Column::Subject),
    ("Status", Column::Status),
    ("event_id", Column::EventId),
    ("FromIP", Column::FromIp),
    ("original_client_ip", Column::FromIp),
    ("client_ip", Column::ClientIp),
    ("ToIP", Column::ToIp),
    ("server_ip", Column::ToIp),
    ("Size", Column::Size),
    ("total_bytes", Column::Size),
    ("MessageId", Column::MessageId),
    ("message_id", Column::MessageId),
    ("MessageTraceId", Column::TraceId),
    ("network_message_id", Column::TraceId),
    ("Organization", Column::Organization),
];

/// The columns of the admin center's reports that are kept as they are, under their own names. They are matched exactly:
/// what a person called so in a table of their own is no such column.
const KEPT: [&str; 5] = [
    "custom_data",
    "original_client_ip",
    "directionality",
    "connector_id",
    "delivery_priority",
];

/// What a header says: for each column what it is, and where the columns stand that are kept.
#[derive(Debug)]
struct Header {
    columns: Vec<Option<Column>>,
    kept: [Option<usize>; KEPT.len()],
}

impl Header {
    fn new(names: &StringRecord) -> Self {
        let kept = KEPT.map(|kept| names.iter().position(|name| name.trim() == kept));
        let columns = names.iter().map(|name| column(name.trim())).collect();
        Self { columns, kept }
    }
}

/// The layout of a CSV report, from its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    delimiter: u8,
    /// Whether a `#TYPE` line stands before the header.
    has_type_line: bool,
    /// Whether lines end with CR LF. The reader of records then counts a line feed with the record after it.
    has_cr: bool,
}

impl Table {
    /// Recognises a report by a header with a time and a recipient among its columns.
    pub(super) fn detect(first: &[u8]) -> Option<Self> {
        let has_type_line = first.starts_with(b"#TYPE");
        let header = first
            .split(|byte| *byte == b'\n')
            .nth(usize::from(has_type_line))?;
        let header = std::str::from_utf8(header).ok()?;
        b",;\t".iter().find_map(|&delimiter| {
            let columns: Vec<_> = header
                .split(char::from(delimiter))
                .filter_map(|name| column(name.trim().trim_matches('"')))
                .collect();
            let has = |wanted: &[Column]| wanted.iter().any(|column| columns.contains(column));
            (has(&[Column::Received]) && has(&[Column::Recipient, Column::RecipientStatus])).then_some(Self {
                delimiter,
                has_type_line,
                has_cr: header.ends_with('\r'),
            })
        })
    }
}

fn column(name: &str) -> Option<Column> {
    COLUMNS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, column)| *column)
}

/// Reads a report and sends its rows as `reporting` lines, numbered by their line in the report.
///
/// A row longer than `limit` bytes ends it: what looks like one is a quote that was never closed, and no row after it
/// can be told from text.
pub(super) fn read(
    source: &mut impl Read,
    table: &Table,
    limit: u32,
    order: Option<Dates>,
    send: &mut dyn FnMut(Work) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut source = source;
    if table.has_type_line {
        skip_line(&mut source)?;
    }
    let lines_before = u64::from(table.has_type_line) + u64::from(table.has_cr);
    let since_row = Cell::new(0);
    let bounded = Bounded {
        inner: source,
        since_row: &since_row,
        limit: u64::from(limit),
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(table.delimiter)
        .flexible(true)
        .from_reader(bounded);
    let header = Header::new(reader.headers().map_err(stop)?);
    let mut lines = order::Lines::new(&header, order, send);
    let mut record = ByteRecord::new();
    let ended = loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(stop(error)),
        }
        since_row.set(0);
        let line = lines_before + record.position().map_or(0, Position::line);
        let text = StringRecord::from_byte_record_lossy(std::mem::take(&mut record));
        lines.push(text, line)?;
    };
    // What came before the failure is whole.
    lines.finish()?;
    ended
}

/// Ends a source that gives more bytes than a row may have, and no row.
struct Bounded<'a, R> {
    inner: R,
    since_row: &'a Cell<u64>,
    limit: u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since_row.get() > self.limit {
            let sentence = format!("a row is longer than {} bytes: is a quote left open?", self.limit);
            return Err(io::Error::new(io::ErrorKind::InvalidData, sentence));
        }
        let read = self.inner.read(buffer)?;
        self.since_row.set(self.since_row.get() + read as u64);
        Ok(read)
    }
}

fn stop(error: csv::Error) -> Stop {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Stop::Io(error),
        other => Stop::Io(std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("{other:?}"),
        )),
    }
}

fn skip_line(source: &mut impl Read) -> io::Result<()> {
    let mut byte = [0];
    while source.read(&mut byte)? == 1 && byte != *b"\n" {}
    Ok(())
}
