//! `message-trace detect`: alerts, as events of ECS.

mod alert;
mod attack;
mod detection;
mod outbox;
mod rules;
pub(super) mod sigma;
mod state;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::json::{WriterBuilder, writer::LineDelimited};
use serde_json::{Map, Value as Json};

use super::place::Place;
use super::query::{imitations, last_days, newest_day, texts};
use super::store::StoreFault;
use super::view::{self, Opened};
use super::{runtime, steps, told};
use alert::{Alert, CLOSED, Found, RAISED};
pub(super) use detection::Detection;
pub use outbox::{Detected, Notice, Outlets};
pub(super) use rules::Thresholds;
use rules::{RULES, Rule};
pub use state::Busy;
use state::{Keeping, State};

/// Raise alerts about an archive
///
/// Asks the questions that have a threshold, and raises an alert once for each rule, address or domain, and day. It is closed
/// when the archive has a later day. What was raised is kept in a file beside the days, in a folder as in a store. With --sink
/// or --config alerts go to sinks: each is delivered at least once, under the same event id however often, and waits in that
/// file until a sink has it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The archive, as `message-trace archive` writes it: a folder, or `s3://`, `az://`, `abfss://` or `gs://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// The first day to look at, such as 2026-11-20 [default: the last seven days of the archive]
    #[arg(long, value_name = "DAY")]
    since: Option<NaiveDate>,
    /// A domain that others may imitate; repeatable [default: those that sent or got what is internal]
    #[arg(long = "protect", value_name = "DOMAIN")]
    protect: Vec<String>,
    /// Evaluate Sigma rules too: a file, a folder of them, or builtin for those that this program brings; repeatable
    #[arg(long, value_name = "FILE|DIR|builtin")]
    sigma: Vec<String>,
    /// Leave the program's own rules out
    #[arg(long, requires = "sigma")]
    sigma_only: bool,
    /// A TOML file with thresholds, and with whom to leave alone
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// Where to keep what was raised [default: detect-state.json in the archive; with sinks detect-sinks.json]
    #[arg(long, value_name = "FILE", conflicts_with = "no_state")]
    state: Option<PathBuf>,
    /// Raise everything, and keep nothing
    #[arg(long)]
    no_state: bool,
    /// Print each alert as an event of ECS, one a line
    #[arg(long)]
    json: bool,
    /// Say in words why
    #[arg(long)]
    explain: bool,
    /// Forget the alerts that wait for a sink of that name, then go on
    #[arg(long, value_name = "NAME", conflicts_with = "no_state")]
    forget: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  message-trace detect --archive archive
  message-trace detect --archive archive --since 2026-11-20 --no-state --explain
  message-trace detect --archive archive --protect contoso.com --json >> alerts.ndjson
  message-trace detect --archive archive --sigma builtin --sigma rules/ --explain
  message-trace detect --archive archive --config alerts.toml
  message-trace detect --archive archive --config alerts.toml --check-sinks

Thresholds, a file for --thresholds (every rule and what it counts: message-trace detect --archive archive --explain):
  [allow]
  users = [\"newsletter@contoso.com\"]
  domains = [\"partner.example\"]
  [rules.fan-out]
  at-least = 200
  [rules.backscatter]
  enabled = false

Exit codes:
    0  no new alert
    1  alerts were raised, or had waited for a sink and were delivered
    2  the command line or the file of thresholds cannot be read
   74  a file could not be read or written
   75  a sink or a store fails for now, or another detect is at work: start again later, nothing is lost
   77  a store denies access
   78  a setting, a credential, a store's name or a Sigma rule is wrong, or a sink refuses an alert: fix what the sentence names";

/// Event ids that an alert names.
const EVIDENCE: usize = 20;

/// Raises alerts: on `out`, or to sinks if there are any.
///
/// # Errors
///
/// An archive or a file that cannot be read or written; [`Busy`] if another run has the file of what was raised. A sink that
/// does not take an alert is no error: what waits for it is in [`Detected`].
pub fn run(
    arguments: &Arguments,
    outlets: Option<&mut dyn Outlets>,
    out: &mut impl Write,
) -> Result<Detected> {
    told(raise(arguments, outlets, out))
}

fn raise(arguments: &Arguments, outlets: Option<&mut dyn Outlets>, out: &mut impl Write) -> Result<Detected> {
    let thresholds = thresholds(arguments.thresholds.as_deref())?;
    let archive = Place::of(&arguments.archive)?;
    let runtime = runtime()?;
    // Before anything is kept beside it.
    archive.is_there()?;
    let name = if outlets.is_some() {
        "detect-sinks.json"
    } else {
        "detect-state.json"
    };
    let mut state = if arguments.no_state {
        State::default()
    } else {
        let keeping = Keeping::of(arguments.state.as_deref(), &archive, name, runtime.handle())?;
        State::read(keeping)?
    };
    let mut detected = Detected {
        forgotten: arguments.forget.iter().map(|sink| state.forget(sink)).sum(),
        ..Detected::default()
    };
    let earlier = state.raised_and_waiting();
    let pack = sigma::Pack::load(&arguments.sigma)?;
    detected.problems = pack.problems();
    let (since, newest, mut found) =
        archive.read(|is_first| runtime.block_on(find(arguments, &archive, &thresholds, is_first)))?;
    let hits = runtime.block_on(sigma::find(&archive, since, None, &pack))?;
    hits.into_found(&pack, &thresholds, &mut found);
    let names = outlets.as_ref().map(|outlets| outlets.names());
    for alert in found {
        let id = &alert.id;
        if state.knows(id) {
            if let Some(open) = state.open.get_mut(id) {
                *open = alert.event;
            }
            continue;
        }
        match &names {
            None => alert.tell(arguments.json, arguments.explain, out)?,
            Some(names) if state.has_room() => state.post(id, RAISED, alert.event.clone(), names),
            // The next run finds it again.
            Some(_) => {
                detected.held_back += 1;
                continue;
            }
        }
        state.open.insert(alert.id, alert.event);
        detected.raised += 1;
    }
    if !arguments.no_state {
        for (id, event) in state.over(newest)? {
            match &names {
                None if arguments.json => writeln!(out, "{event}")?,
                None => {}
                Some(names) => state.post(&id, CLOSED, event, names),
            }
            detected.closed += 1;
        }
    }
    // First the alerts, then that they were raised: after a crash in between they are raised again.
    out.flush()?;
    if !arguments.no_state {
        state.write(newest)?;
    }
    if let Some(outlets) = outlets {
        outbox::deliver(&mut state, newest, outlets, earlier, &mut detected)?;
    }
    Ok(detected)
}

/// The file of thresholds; without one the rules' own.
pub(super) fn thresholds(path: Option<&Path>) -> Result<Thresholds> {
    let Some(path) = path else {
        return Ok(Thresholds::default());
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let thresholds: Thresholds = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
    if let Some(name) = thresholds.unknown() {
        let known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        bail!(
            "{} names a rule {name} that there is not; there are {}",
            path.display(),
            known.join(", ")
        );
    }
    Ok(thresholds)
}

/// The first day that the question is about, the newest, and everything that the program's own rules find.
async fn find(
    arguments: &Arguments,
    place: &Place,
    thresholds: &Thresholds,
    is_first: bool,
) -> Result<(NaiveDate, NaiveDate, Vec<Found>)> {
    let archive = view::open(place).await?;
    let since = match arguments.since {
        Some(since) => since,
        None => last_days(&archive).await?,
    };
    let newest = newest_day(&archive).await?;
    let mut found = Vec::new();
    if !arguments.sigma_only {
        if is_first {
            archive.hold_changed().await?;
        }
        own(arguments, &archive, since, thresholds, &mut found).await?;
    }
    archive.still_there().await?;
    Ok((since, newest, found))
}

/// What the program's own rules find.
async fn own(
    arguments: &Arguments,
    archive: &Opened,
    since: NaiveDate,
    thresholds: &Thresholds,
    found: &mut Vec<Found>,
) -> Result<()> {
    if let Err(error) = imitations(archive, &arguments.protect).await {
        if super::archive::is_gone(&error) || StoreFault::behind(&error).is_some() {
            return Err(error);
        }
        eprintln!("message-trace: rule lookalike-domain left out: {error}");
    }
    for mut alert in alerts(archive, since, thresholds).await? {
        alert.evidence = evidence(archive, alert.rule, &alert.who, alert.day).await?;
        found.push(alert.found());
    }
    Ok(())
}

/// Everything that the rules find from a day on, without its evidence. The rule of look-alikes needs the table of
/// [`imitations`], and finds nothing without it.
pub(super) async fn alerts(
    archive: &Opened,
    since: NaiveDate,
    thresholds: &Thresholds,
) -> Result<Vec<Alert>> {
    let mut found = Vec::new();
    for rule in RULES {
        let Some(at_least) = thresholds.of(rule) else {
            continue;
        };
        if rule.question == "lookalikes" && !archive.context.table_exist("lookalike_domains")? {
            continue;
        }
        let sql = rule.sql.replace("$since", &format!("'{since}'"));
        for facts in rows(archive, &sql).await? {
            let text = |column: &str| facts.get(column).and_then(Json::as_str);
            let (Some(who), Some(day)) = (
                text(rule.who),
                text("day").and_then(|day| day.get(..10)?.parse().ok()),
            ) else {
                continue;
            };
            let day: NaiveDate = day;
            let observed = facts.get(rule.observed).and_then(Json::as_i64).unwrap_or(0);
            if day < since || observed < at_least || thresholds.allows(rule, who) {
                continue;
            }
            let id = format!("{}/{who}/{day}", rule.id);
            // Several hours of one day are one alert: the first row says most.
            if found.iter().any(|alert: &Alert| alert.id == id) {
                continue;
            }
            let who = who.to_owned();
            let unit = text("unit").unwrap_or(rule.unit).to_owned();
            found.push(Alert {
                rule,
                id,
                who,
                day,
                observed,
                unit,
                at_least,
                facts,
                evidence: Vec::new(),
            });
        }
    }
    Ok(found)
}

/// An answer's rows.
async fn rows(archive: &Opened, sql: &str) -> Result<Vec<Map<String, Json>>> {
    objects(&steps::answer(&archive.context, sql).await?)
}

/// Rows as objects.
fn objects(batches: &[RecordBatch]) -> Result<Vec<Map<String, Json>>> {
    let mut writer = WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, LineDelimited>(Vec::new());
    for batch in batches {
        writer.write(batch)?;
    }
    writer.finish()?;
    let lines = writer.into_inner();
    let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

/// Ids of events that an alert comes from.
async fn evidence(archive: &Opened, rule: &Rule, who: &str, day: NaiveDate) -> Result<Vec<String>> {
    let who = who.replace('\'', "''");
    let sql = format!(
        "SELECT event_id FROM records WHERE day = CAST('{day}' AS DATE) AND {} = '{who}' AND event_id IS NOT NULL
         ORDER BY COALESCE(size, 0) DESC, event_id LIMIT {EVIDENCE}",
        rule.evidence
    );
    texts(archive, &sql).await
}
