//! Everything that a report tells, out of an archive.

use anyhow::Result;
use chrono::NaiveDate;

use super::super::archive::is_gone;
use super::super::place::Place;
use super::super::store::StoreFault;
use super::super::view::{self, Opened};
use super::detect::sigma::{self, Pack};
use super::detect::{self, Detection, Thresholds};
use super::quality::{Days, Ledger, Quality};
use super::query::{imitations, internal_domains, newest_day, texts};
use super::rows::Rows;
use super::summary::Summary;
use super::tables::Tables;
use super::words::days_in_words;
use super::{Arguments, number};

/// Alerts of a report.
const MOST_ALERTS: usize = 1_000;

/// The answers.
pub(super) struct Gathered {
    pub(super) title: String,
    /// When it is made, in milliseconds since 1970 UTC.
    pub(super) made: i64,
    pub(super) domains: Vec<String>,
    pub(super) protected: Vec<String>,
    pub(super) rows: Rows,
    pub(super) summary: Summary,
    /// Newest first; `None` if the rules could not be asked.
    pub(super) detections: Option<Vec<Detection>>,
    pub(super) quality: Quality,
}

impl Gathered {
    pub(super) async fn of(
        arguments: &Arguments,
        rules: &Pack,
        place: &Place,
        ledger: Option<&Ledger>,
        made: i64,
    ) -> Result<Self> {
        let thresholds = detect::thresholds(arguments.thresholds.as_deref())?;
        let archive = view::open(place).await?;
        archive.hold_changed().await?;
        let days = Days {
            since: arguments.since,
            until: arguments.until,
        };
        // The rules look at the days before as well, to know what is usual.
        narrow(&archive, None, days.until).await?;
        let domains = domains(arguments, &archive).await?;
        let protected = if arguments.protect.is_empty() {
            domains.clone()
        } else {
            lower(&arguments.protect)
        };
        if !protected.is_empty() {
            imitations(&archive, &protected).await?;
        }
        let asked = Asked {
            since: arguments.since,
            until: arguments.until,
            thresholds: &thresholds,
            rules,
        };
        let detections = asked.alerts(place, &archive).await;
        narrow(&archive, days.since, None).await?;
        mail(&archive).await?;
        let summary = Summary::of(&archive, !arguments.no_subjects).await?;
        // Tables alone need no rows.
        let most = if arguments.output.is_some() {
            arguments.rows
        } else {
            0
        };
        let rows = Rows::read(&archive, usize::try_from(most)?).await?;
        archive.still_there().await?;
        let mut quality = Quality::of(days, &summary, ledger, made);
        quality.notes.extend(rules.problems());
        if arguments.no_subjects {
            quality.notes.push("Subjects were left out.".to_owned());
        }
        let detections = match detections {
            Ok((own, of_sigma)) => Some(cut(own, of_sigma, &mut quality.notes)),
            Err(error) if is_gone(&error) || StoreFault::behind(&error).is_some() => return Err(error),
            Err(error) => {
                eprintln!(
                    "message-trace: detections are left out: {error:#}; a later day with --since asks less"
                );
                let left_out = "Detections were left out: the rules could not be asked.";
                quality.notes.push(left_out.to_owned());
                None
            }
        };
        Ok(Self {
            title: title(arguments, &domains, &summary),
            made,
            domains,
            protected,
            rows,
            summary,
            detections,
            quality,
        })
    }

    pub(super) fn tables(&self) -> Tables {
        let detections = self.detections.as_deref();
        Tables::of(&self.title, &self.summary, detections, &self.quality)
    }
}

/// Both kinds of alerts, newest first, as many as a report shows. The program's own go first: Sigma's rules may find thousands.
fn cut(mut own: Vec<Detection>, mut of_sigma: Vec<Detection>, notes: &mut Vec<String>) -> Vec<Detection> {
    let mut room = MOST_ALERTS;
    for (alerts, kind) in [(&mut own, "alerts"), (&mut of_sigma, "alerts of Sigma's rules")] {
        alerts.sort_by_key(|alert| std::cmp::Reverse(alert.time));
        if alerts.len() > room {
            let (shown, all) = (number(room), number(alerts.len()));
            notes.push(format!("The newest {shown} of {all} {kind}."));
            alerts.truncate(room);
        }
        room -= alerts.len();
    }
    own.append(&mut of_sigma);
    own.sort_by_key(|alert| std::cmp::Reverse(alert.time));
    own
}

/// Takes days away from the tables `events` and `records`.
async fn narrow(archive: &Opened, since: Option<NaiveDate>, until: Option<NaiveDate>) -> Result<()> {
    let since = since.map(|day| format!("day >= CAST('{day}' AS DATE)"));
    let until = until.map(|day| format!("day <= CAST('{day}' AS DATE)"));
    let bounds: Vec<String> = since.into_iter().chain(until).collect();
    if bounds.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT * FROM events WHERE {}", bounds.join(" AND "));
    let narrowed = archive.context.sql(&sql).await?;
    archive.context.deregister_table("events")?;
    archive.context.register_table("events", narrowed.into_view())?;
    view::records(&archive.context).await?;
    archive.hold_changed().await
}

/// The view `mail`: records with `writer`, which is the sender or `<>` for a bounce.
async fn mail(archive: &Opened) -> Result<()> {
    let sql =
        "SELECT *, CASE WHEN sender IS NULL AND is_bounce THEN '<>' ELSE sender END AS writer FROM records";
    let mail = archive.context.sql(sql).await?;
    archive.context.register_table("mail", mail.into_view())?;
    Ok(())
}

async fn domains(arguments: &Arguments, archive: &Opened) -> Result<Vec<String>> {
    if !arguments.domains.is_empty() {
        return Ok(lower(&arguments.domains));
    }
    let mut domains = internal_domains(archive).await?;
    domains.sort_unstable();
    domains.dedup();
    Ok(domains)
}

fn lower(domains: &[String]) -> Vec<String> {
    domains
        .iter()
        .map(|domain| domain.trim().to_lowercase())
        .collect()
}

/// What the rules are asked.
struct Asked<'a> {
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
    thresholds: &'a Thresholds,
    /// Those of Sigma, beside the program's own.
    rules: &'a Pack,
}

impl Asked<'_> {
    /// What the rules of `detect` find in these days: the program's own, and Sigma's. Nothing is kept of it.
    async fn alerts(&self, place: &Place, archive: &Opened) -> Result<(Vec<Detection>, Vec<Detection>)> {
        let first = texts(archive, "SELECT MIN(day) AS day FROM events").await?;
        let Some(first) = first.first() else {
            return Ok(Default::default());
        };
        let since = match self.since {
            Some(since) => since,
            None => first.parse()?,
        };
        let newest = newest_day(archive).await?;
        let own = detect::alerts(archive, since, self.thresholds).await?;
        let own = own.iter().map(|alert| alert.detection(newest)).collect();
        let hits = sigma::find(place, since, self.until, self.rules).await?;
        Ok((own, hits.detections(newest, self.rules, self.thresholds)))
    }
}

/// The heading: the domains and the days.
fn title(arguments: &Arguments, domains: &[String], summary: &Summary) -> String {
    if let Some(title) = &arguments.title {
        // One line.
        return title.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let of = match domains {
        [] => "Message trace".to_owned(),
        [only] => format!("Mail of {only}"),
        [one, other] => format!("Mail of {one} and {other}"),
        [first, more @ ..] => format!("Mail of {first} and {} more domains", more.len()),
    };
    match (summary.from, summary.to) {
        (Some(from), Some(to)) => format!("{of}, {}", days_in_words(from, to)),
        _ => of,
    }
}
