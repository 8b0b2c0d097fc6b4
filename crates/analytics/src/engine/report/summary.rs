//! Numbers over all messages.

use std::cmp::Reverse;

use anyhow::Result;
use serde::Serialize;

use super::super::view::Opened;
use super::answer::Answer;
use super::flow::{Flow, flow};
use super::rows::DIRECTIONS;

/// Names in a list.
const LISTED: usize = 100;

/// `summary` of the payload: what the page computes from rows where it has all of them.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) messages: i64,
    pub(super) bytes: i64,
    pub(super) senders: i64,
    pub(super) recipients: i64,
    /// Times of the first and of the last message, in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) to: Option<i64>,
    pub(super) statuses: Vec<Count>,
    pub(super) directions: Vec<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) flow: Option<Flow>,
    pub(super) top_senders: Vec<Top>,
    pub(super) top_recipients: Vec<Top>,
    pub(super) top_sender_domains: Vec<Top>,
    pub(super) top_recipient_domains: Vec<Top>,
    pub(super) top_ips: Vec<Top>,
    pub(super) largest: Vec<Large>,
    pub(super) failures: Failures,
    /// `None` where it is not known which domains to protect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lookalikes: Option<Vec<Lookalike>>,
    /// For the tables: each day that has a message.
    #[serde(skip)]
    pub(super) days: Vec<OfDay>,
}

#[derive(Serialize)]
pub(super) struct Count {
    pub(super) name: String,
    pub(super) count: i64,
}

#[derive(Serialize)]
pub(super) struct Top {
    pub(super) name: String,
    pub(super) count: i64,
    pub(super) bytes: i64,
}

/// A large message; `time` in milliseconds since 1970 UTC.
#[derive(Serialize)]
pub(super) struct Large {
    pub(super) time: i64,
    pub(super) size: i64,
    pub(super) sender: String,
    pub(super) recipient: String,
    pub(super) subject: String,
    status: String,
    direction: &'static str,
}

#[derive(Default, Serialize)]
pub(super) struct Failures {
    pub(super) count: i64,
    pub(super) domains: Vec<Rate>,
    pub(super) senders: Vec<Rate>,
    hours: Vec<i64>,
    pub(super) causes: Vec<Count>,
}

/// How many of all failed.
#[derive(Serialize)]
pub(super) struct Rate {
    pub(super) name: String,
    pub(super) count: i64,
    pub(super) all: i64,
}

/// A domain that imitates one; `recipients` is a count.
#[derive(Serialize)]
pub(super) struct Lookalike {
    pub(super) domain: String,
    pub(super) resembles: String,
    pub(super) family: String,
    distance: i64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: i64,
    pub(super) recipients: i64,
}

pub(super) struct OfDay {
    pub(super) day: String,
    pub(super) messages: i64,
    pub(super) bytes: i64,
    pub(super) failed: i64,
}

impl Summary {
    /// Asks the view `mail`, and for look-alikes the table of imitations, if there is one.
    pub(super) async fn of(archive: &Opened, has_subjects: bool) -> Result<Self> {
        let totals = "SELECT COUNT(*), SUM(size), COUNT(DISTINCT writer), COUNT(DISTINCT recipient),
            CAST(MIN(time) AS BIGINT), CAST(MAX(time) AS BIGINT) FROM mail";
        let totals = Answer::of(archive, totals).await?;
        let millisecond = |column| {
            let micros: Option<i64> = totals.some_number(0, column);
            micros.map(|micros| micros.div_euclid(1000))
        };
        let (from, to) = (millisecond(4), millisecond(5));
        let mut summary = Self {
            messages: totals.number(0, 0),
            bytes: totals.number(0, 1),
            senders: totals.number(0, 2),
            recipients: totals.number(0, 3),
            from,
            to,
            ..Self::default()
        };
        let (Some(from), Some(to)) = (from, to) else {
            return Ok(summary);
        };
        summary.statuses = counts(archive, "COALESCE(status, '')", "TRUE").await?;
        summary.directions = counts(archive, "COALESCE(direction, '')", "TRUE").await?;
        let names = summary.statuses.iter().map(|status| status.name.clone());
        summary.flow = Some(flow(archive, from, to, names.collect()).await?);
        summary.top_senders = top(archive, "writer").await?;
        summary.top_recipients = top(archive, "recipient").await?;
        summary.top_sender_domains = top(archive, "sender_domain").await?;
        summary.top_recipient_domains = top(archive, "recipient_domain").await?;
        summary.top_ips = top_ips(archive).await?;
        summary.largest = largest(archive, has_subjects).await?;
        summary.failures = failures(archive).await?;
        if archive.context.table_exist("lookalike_domains")? {
            summary.lookalikes = Some(lookalikes(archive).await?);
        }
        summary.days = days(archive).await?;
        Ok(summary)
    }
}

async fn counts(archive: &Opened, name: &str, only: &str) -> Result<Vec<Count>> {
    let sql = format!(
        "SELECT {name} AS name, COUNT(*) AS messages FROM mail WHERE {only} GROUP BY 1 ORDER BY messages DESC, name
        LIMIT {LISTED}"
    );
    let answer = Answer::of(archive, &sql).await?;
    let count = |row| Count {
        name: answer.text(row, 0).to_owned(),
        count: answer.number(row, 1),
    };
    Ok((0..answer.rows).map(count).collect())
}

async fn top(archive: &Opened, column: &str) -> Result<Vec<Top>> {
    tops(archive, column, "mail").await
}

/// IPs of both sides; a message counts once for an IP.
async fn top_ips(archive: &Opened) -> Result<Vec<Top>> {
    let both = "(SELECT source_ip AS ip, size FROM mail UNION ALL
        SELECT destination_ip AS ip, size FROM mail WHERE destination_ip IS DISTINCT FROM source_ip)";
    tops(archive, "ip", both).await
}

async fn tops(archive: &Opened, column: &str, of: &str) -> Result<Vec<Top>> {
    let sql = format!(
        "SELECT {column} AS name, COUNT(*) AS messages, SUM(size) AS bytes FROM {of} AS sided WHERE {column} IS NOT NULL
        GROUP BY {column} ORDER BY messages DESC, name LIMIT {LISTED}"
    );
    let answer = Answer::of(archive, &sql).await?;
    let top = |row| Top {
        name: answer.text(row, 0).to_owned(),
        count: answer.number(row, 1),
        bytes: answer.number(row, 2),
    };
    Ok((0..answer.rows).map(top).collect())
}

/// The largest of each direction, all together the largest first: the page shows them by direction too.
async fn largest(archive: &Opened, has_subjects: bool) -> Result<Vec<Large>> {
    let subject = if has_subjects { "subject" } else { "''" };
    let mut found = Vec::new();
    for name in DIRECTIONS {
        let sql = format!(
            "SELECT CAST(time AS BIGINT) AS micros, size, writer, recipient, {subject} AS shown, status
            FROM mail WHERE size IS NOT NULL AND COALESCE(direction, '') = '{name}'
            ORDER BY size DESC, time, recipient, event_id LIMIT {}",
            LISTED / DIRECTIONS.len()
        );
        let answer = Answer::of(archive, &sql).await?;
        let text = |row, column| answer.text(row, column).to_owned();
        found.extend((0..answer.rows).map(|row| Large {
            time: answer.number(row, 0).div_euclid(1000),
            size: answer.number(row, 1),
            sender: text(row, 2),
            recipient: text(row, 3),
            subject: text(row, 4),
            status: text(row, 5),
            direction: name,
        }));
    }
    found.sort_by_key(|large| (Reverse(large.size), large.time));
    Ok(found)
}

async fn failures(archive: &Opened) -> Result<Failures> {
    let sql = "SELECT CAST(EXTRACT(HOUR FROM time) AS BIGINT), COUNT(*) FROM mail WHERE status = 'failed' GROUP BY 1";
    let answer = Answer::of(archive, sql).await?;
    let mut hours = vec![0; 24];
    for row in 0..answer.rows {
        let hour = usize::try_from(answer.number(row, 0)).unwrap_or_default();
        if let Some(count) = hours.get_mut(hour) {
            *count = answer.number(row, 1);
        }
    }
    Ok(Failures {
        count: hours.iter().sum(),
        domains: rates(archive, "recipient_domain").await?,
        senders: rates(archive, "writer").await?,
        hours,
        causes: counts(archive, "cause", "status = 'failed' AND cause IS NOT NULL").await?,
    })
}

async fn rates(archive: &Opened, column: &str) -> Result<Vec<Rate>> {
    let sql = format!(
        "SELECT name, failed, messages FROM (
            SELECT {column} AS name, COUNT(*) FILTER (WHERE status = 'failed') AS failed, COUNT(*) AS messages
            FROM mail WHERE {column} IS NOT NULL GROUP BY {column}
        ) AS rates WHERE failed > 0 ORDER BY failed DESC, name LIMIT {LISTED}"
    );
    let answer = Answer::of(archive, &sql).await?;
    let rate = |row| Rate {
        name: answer.text(row, 0).to_owned(),
        count: answer.number(row, 1),
        all: answer.number(row, 2),
    };
    Ok((0..answer.rows).map(rate).collect())
}

async fn lookalikes(archive: &Opened) -> Result<Vec<Lookalike>> {
    let sql = format!(
        "SELECT l.domain, l.protected, l.family, l.distance, CAST(MIN(e.time) AS BIGINT), CAST(MAX(e.time) AS BIGINT),
            COUNT(*) AS messages, COUNT(DISTINCT CASE WHEN e.wrote THEN e.recipient END)
        FROM (
            SELECT time, recipient, sender_domain AS domain, TRUE AS wrote FROM mail
            UNION ALL
            SELECT time, recipient, recipient_domain AS domain, FALSE AS wrote FROM mail
            WHERE recipient_domain IS DISTINCT FROM sender_domain
        ) AS e JOIN lookalike_domains AS l ON e.domain = l.domain
        GROUP BY l.domain, l.protected, l.family, l.distance ORDER BY messages DESC, l.domain LIMIT {LISTED}"
    );
    let answer = Answer::of(archive, &sql).await?;
    let text = |row, column| answer.text(row, column).to_owned();
    let found = |row| Lookalike {
        domain: text(row, 0),
        resembles: text(row, 1),
        family: text(row, 2),
        distance: answer.number(row, 3),
        first: answer.number(row, 4).div_euclid(1000),
        last: answer.number(row, 5).div_euclid(1000),
        count: answer.number(row, 6),
        recipients: answer.number(row, 7),
    };
    Ok((0..answer.rows).map(found).collect())
}

async fn days(archive: &Opened) -> Result<Vec<OfDay>> {
    let sql =
        "SELECT CAST(day AS VARCHAR) AS date, COUNT(*), SUM(size), COUNT(*) FILTER (WHERE status = 'failed')
        FROM mail GROUP BY day ORDER BY day";
    let answer = Answer::of(archive, sql).await?;
    let of_day = |row| OfDay {
        day: answer.text(row, 0).to_owned(),
        messages: answer.number(row, 1),
        bytes: answer.number(row, 2),
        failed: answer.number(row, 3),
    };
    Ok((0..answer.rows).map(of_day).collect())
}
