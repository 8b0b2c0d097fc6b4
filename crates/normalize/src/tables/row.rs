//! One row of a report → one `reporting` line for each recipient.

use csv::StringRecord;
use serde::Serialize;

use super::super::job::Rows;
use super::dates::{Ambiguous, Dates, iso};
use super::{Column, Header};

/// What happened to a message, as the reports say it, and the status of a trace record that means the same.
const STATUSES: [(&str, &str); 11] = [
    ("deliver", "Delivered"),
    ("send", "Delivered"),
    ("sendexternal", "Delivered"),
    ("fail", "Failed"),
    ("drop", "Failed"),
    ("expand", "Expanded"),
    ("resolve", "Resolved"),
    ("quarantine", "Quarantined"),
    ("defer", "Pending"),
    ("receive", "GettingStatus"),
    ("submit", "GettingStatus"),
];

/// The columns of a row.
pub(super) struct Row<'a> {
    header: &'a Header,
    record: &'a StringRecord,
}

/// A line of format `reporting`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    message_id: Option<&'a str>,
    received: Option<String>,
    sender_address: Option<&'a str>,
    recipient_address: Option<&'a str>,
    subject: Option<&'a str>,
    status: Option<String>,
    #[serde(rename = "ToIP")]
    to_ip: Option<&'a str>,
    #[serde(rename = "FromIP")]
    from_ip: Option<&'a str>,
    size: Option<Size<'a>>,
    message_trace_id: Option<&'a str>,
    #[serde(flatten)]
    kept: Kept<'a>,
}

/// The columns that are kept, in the order of [`super::KEPT`] and under the same names.
#[derive(Clone, Copy, Serialize)]
struct Kept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_client_ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directionality: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connector_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_priority: Option<&'a str>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
enum Size<'a> {
    Bytes(u64),
    /// As it is, so that the event names it as unusable.
    Text(&'a str),
}

impl<'a> Row<'a> {
    pub(super) const fn new(header: &'a Header, record: &'a StringRecord) -> Self {
        Self { header, record }
    }

    /// The time of receipt as the report has it.
    pub(super) fn received(&self) -> Option<&'a str> {
        self.value(Column::Received)
    }

    /// Appends the row's lines.
    pub(super) fn push(&self, rows: &mut Rows, line: u64, order: Option<Dates>) -> Result<(), Ambiguous> {
        let received = self.received().map(|text| iso(text, order)).transpose()?;
        self.push_received(rows, line, received);
        Ok(())
    }

    /// Appends the row's lines with this time of receipt.
    pub(super) fn push_received(&self, rows: &mut Rows, line: u64, received: Option<String>) {
        for (recipient, status) in self.recipients() {
            let row = Line {
                organization: self.value(Column::Organization),
                message_id: self.value(Column::MessageId),
                received: received.clone(),
                sender_address: self.value(Column::Sender),
                recipient_address: recipient,
                subject: self.value(Column::Subject),
                status,
                to_ip: self.value(Column::ToIp),
                from_ip: self
                    .value(Column::FromIp)
                    .or_else(|| self.value(Column::ClientIp)),
                size: self
                    .value(Column::Size)
                    .map(|text| text.parse().map_or(Size::Text(text), Size::Bytes)),
                message_trace_id: self.value(Column::TraceId),
                kept: self.kept(),
            };
            // Writing text and numbers to memory cannot fail.
            rows.push(&serde_json::to_vec(&row).unwrap_or_default(), line);
        }
    }

    /// The first value under a column that is not empty.
    fn value(&self, wanted: Column) -> Option<&'a str> {
        self.header
            .columns
            .iter()
            .zip(self.record)
            .filter(|(column, _)| **column == Some(wanted))
            .map(|(_, value)| value.trim())
            .find(|value| !value.is_empty())
    }

    fn kept(&self) -> Kept<'a> {
        let [
            custom_data,
            original_client_ip,
            directionality,
            connector_id,
            delivery_priority,
        ] = self.header.kept.map(|at| {
            let value = self.record.get(at?)?.trim();
            (!value.is_empty()).then_some(value)
        });
        Kept {
            custom_data,
            original_client_ip,
            directionality,
            connector_id,
            delivery_priority,
        }
    }

    /// The row's recipients, each with its status; one without an address if the row has none.
    fn recipients(&self) -> Vec<(Option<&'a str>, Option<String>)> {
        let status = || self.value(Column::Status).map(str::to_owned);
        // The extended report has both columns: there the addresses are in one, and the other is a server's answer.
        if let Some(addresses) = self.value(Column::Recipient) {
            let of_row = self
                .value(Column::EventId)
                .map_or_else(status, |event| Some(status_of(event)));
            return split(addresses)
                .map(|address| (Some(address), of_row.clone()))
                .collect();
        }
        let Some(recipients) = self.value(Column::RecipientStatus) else {
            return vec![(
                None,
                self.value(Column::EventId)
                    .map_or_else(status, |event| Some(status_of(event))),
            )];
        };
        split(recipients)
            .map(|recipient| match recipient.split_once("##") {
                Some((address, events)) => {
                    let last = events.rsplit(',').map(str::trim).find(|event| !event.is_empty());
                    (Some(address.trim()), last.map(status_of))
                }
                None => (Some(recipient), status()),
            })
            .collect()
    }
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(';').map(str::trim).filter(|part| !part.is_empty())
}

/// The status that an event's word stands for; a word that is not known stays as it is.
fn status_of(event: &str) -> String {
    let known = STATUSES
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(event.trim()));
    known.map_or(event.trim(), |(_, status)| status).to_owned()
}
