//! The tables of a report: what a reader without JavaScript sees, and a terminal.

use super::super::detect::Detection;
use super::super::print::visible;
use super::quality::Quality;
use super::summary::{OfDay, Rate, Summary, Top};
use super::words::{day, direction_name, number, several, share, size, span, status_name, time};

/// Lines of a list.
const LISTED: usize = 25;
/// Days, and alerts.
const MOST: usize = 50;
/// Lines that a terminal shows of a table.
const ON_TERMINAL: usize = 10;
const DAYS_ON_TERMINAL: usize = 31;

/// A table, its texts as they are shown.
pub(super) struct Table {
    pub(super) title: &'static str,
    /// A sentence above it.
    pub(super) lead: Option<String>,
    pub(super) head: Vec<Head>,
    pub(super) rows: Vec<Vec<String>>,
    /// What a bar on a terminal is drawn for: a number for each row.
    pub(super) bars: Option<Vec<i64>>,
    /// How many rows a terminal shows, the last ones if these are the newest.
    pub(super) on_terminal: usize,
    pub(super) is_newest_last: bool,
}

/// A column's name, and whether it has numbers.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) name: &'static str,
    pub(super) is_number: bool,
}

/// Everything that a report says without its page.
pub(super) struct Tables {
    pub(super) title: String,
    /// The span and the number of messages.
    pub(super) lead: String,
    pub(super) all: Vec<Table>,
    pub(super) notes: Vec<String>,
}

const fn text(name: &'static str) -> Head {
    let is_number = false;
    Head { name, is_number }
}

const fn count(name: &'static str) -> Head {
    let is_number = true;
    Head { name, is_number }
}

impl Tables {
    pub(super) fn of(
        title: &str,
        summary: &Summary,
        detections: Option<&[Detection]>,
        quality: &Quality,
    ) -> Self {
        let mut tables = vec![
            parts(
                "Status",
                summary
                    .statuses
                    .iter()
                    .map(|of| (status_name(&of.name), of.count)),
                summary.messages,
            ),
            parts(
                "Direction",
                summary
                    .directions
                    .iter()
                    .map(|of| (direction_name(&of.name), of.count)),
                summary.messages,
            ),
            days(&summary.days),
        ];
        tables.extend(detections.map(alerts));
        tables.extend(lookalikes(summary));
        tables.extend([
            tops("Top senders", "Sender", &summary.top_senders),
            tops("Top recipients", "Recipient", &summary.top_recipients),
            tops("Top domains of senders", "Domain", &summary.top_sender_domains),
            tops(
                "Top domains of recipients",
                "Domain",
                &summary.top_recipient_domains,
            ),
            tops("Top IPs", "IP", &summary.top_ips),
            largest(summary),
            rates("Failures by domain", "Domain", &summary.failures.domains),
            rates("Failures by sender", "Sender", &summary.failures.senders),
            parts(
                "Failures by cause",
                summary
                    .failures
                    .causes
                    .iter()
                    .map(|of| (of.name.clone(), of.count)),
                summary.failures.count,
            ),
        ]);
        tables.extend(spans(quality));
        tables.retain(|table| !table.rows.is_empty() || table.lead.is_some());
        Self {
            title: visible(title),
            lead: lead(summary),
            all: tables,
            notes: quality.notes.clone(),
        }
    }
}

fn lead(summary: &Summary) -> String {
    let (Some(from), Some(to)) = (summary.from, summary.to) else {
        return "The archive has no message of this time.".to_owned();
    };
    format!(
        "{}, {}, from {} to {}; {} to {}. Times are in UTC.",
        several(summary.messages, "message"),
        size(summary.bytes),
        several(summary.senders, "sender"),
        several(summary.recipients, "recipient"),
        time(from),
        time(to),
    )
}

fn table(title: &'static str, head: Vec<Head>, rows: Vec<Vec<String>>) -> Table {
    Table {
        title,
        lead: None,
        head,
        rows,
        bars: None,
        on_terminal: ON_TERMINAL,
        is_newest_last: false,
    }
}

/// Names and their part of a whole.
fn parts(title: &'static str, of: impl Iterator<Item = (String, i64)>, whole: i64) -> Table {
    let (names, counts): (Vec<_>, Vec<_>) = of.take(LISTED).unzip();
    let rows = names
        .iter()
        .zip(&counts)
        .map(|(name, &messages)| vec![visible(name), number(messages), share(messages, whole)]);
    let head = vec![text("Name"), count("Messages"), count("Share")];
    Table {
        bars: Some(counts.clone()),
        ..table(title, head, rows.collect())
    }
}

fn days(days: &[OfDay]) -> Table {
    let shown = days.get(days.len().saturating_sub(MOST)..).unwrap_or_default();
    let rows = shown.iter().map(|of| {
        vec![
            of.day.clone(),
            number(of.messages),
            size(of.bytes),
            number(of.failed),
        ]
    });
    let head = vec![text("Day"), count("Messages"), count("Size"), count("Failed")];
    Table {
        lead: (shown.len() < days.len()).then(|| format!("The last {MOST} of {} days.", number(days.len()))),
        bars: Some(shown.iter().map(|of| of.messages).collect()),
        on_terminal: DAYS_ON_TERMINAL,
        is_newest_last: true,
        ..table("Messages by day", head, rows.collect())
    }
}

fn tops(title: &'static str, of: &'static str, list: &[Top]) -> Table {
    let list = list.get(..LISTED).unwrap_or(list);
    let rows = list
        .iter()
        .map(|top| vec![visible(&top.name), number(top.count), size(top.bytes)]);
    let head = vec![text(of), count("Messages"), count("Size")];
    Table {
        bars: Some(list.iter().map(|top| top.count).collect()),
        ..table(title, head, rows.collect())
    }
}

fn largest(summary: &Summary) -> Table {
    let list = summary.largest.get(..LISTED).unwrap_or(&summary.largest);
    let has_subjects = list.iter().any(|large| !large.subject.is_empty());
    let rows = list.iter().map(|large| {
        let mut cells = vec![
            time(large.time),
            size(large.size),
            visible(&large.sender),
            visible(&large.recipient),
        ];
        cells.extend(has_subjects.then(|| visible(&large.subject)));
        cells
    });
    let mut head = vec![text("Time"), count("Size"), text("Sender"), text("Recipient")];
    head.extend(has_subjects.then_some(text("Subject")));
    table("Largest messages", head, rows.collect())
}

fn rates(title: &'static str, of: &'static str, list: &[Rate]) -> Table {
    let list = list.get(..LISTED).unwrap_or(list);
    let rows = list.iter().map(|rate| {
        vec![
            visible(&rate.name),
            number(rate.count),
            number(rate.all),
            share(rate.count, rate.all),
        ]
    });
    let head = vec![text(of), count("Failed"), count("Of"), count("Share")];
    Table {
        bars: Some(list.iter().map(|rate| rate.count).collect()),
        ..table(title, head, rows.collect())
    }
}

fn alerts(list: &[Detection]) -> Table {
    let rows = list.iter().take(MOST).map(|alert| {
        let observed = match alert.unit.as_str() {
            "bytes" => size(alert.observed),
            unit => format!("{} {unit}", number(alert.observed)),
        };
        vec![
            visible(&alert.entity),
            visible(&alert.rule.name),
            alert.level.to_owned(),
            day(alert.time),
            observed,
        ]
    });
    let head = vec![
        text("Concerns"),
        text("Rule"),
        text("Level"),
        text("Day"),
        text("Observed"),
    ];
    Table {
        lead: match list.len() {
            0 => Some("No rule raised an alert.".to_owned()),
            all if all > MOST => Some(format!("The newest {MOST} of {}.", number(all))),
            _ => None,
        },
        ..table("Detections", head, rows.collect())
    }
}

fn lookalikes(summary: &Summary) -> Option<Table> {
    let list = summary.lookalikes.as_ref()?;
    let rows = list.iter().take(LISTED).map(|found| {
        vec![
            visible(&found.domain),
            visible(&found.resembles),
            found.family.clone(),
            number(found.count),
            number(found.recipients),
            day(found.first),
            day(found.last),
        ]
    });
    let head = vec![
        text("Domain"),
        text("Looks like"),
        text("By"),
        count("Messages"),
        count("Written to"),
        text("First"),
        text("Last"),
    ];
    Some(Table {
        lead: list
            .is_empty()
            .then(|| "No domain among these messages looks like yours.".to_owned()),
        ..table("Look-alike domains", head, rows.collect())
    })
}

fn spans(quality: &Quality) -> [Table; 2] {
    let coverage = quality.coverage.iter();
    let coverage = coverage.map(|of| vec![span(of.from, of.to)]);
    let gaps = quality.gaps.iter();
    let gaps = gaps.map(|of| vec![span(of.from, of.to), visible(&of.reason)]);
    [
        table(
            "Coverage",
            vec![text("Read without a gap")],
            coverage.take(MOST).collect(),
        ),
        table(
            "Gaps",
            vec![text("Missing"), text("Why")],
            gaps.take(MOST).collect(),
        ),
    ]
}
