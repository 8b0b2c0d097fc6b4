//! `message-trace query`: a question to an archive.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::execution::context::SQLOptions;
use datafusion::physical_plan::execute_stream;
use message_trace_lookalike::Lookalikes;

use super::archive::is_gone;
use super::cluster::Cluster;
use super::place::Place;
use super::print::{Form, Printer};
use super::view::{self, Opened};
use super::{runtime, told};
use crate::{QUESTIONS, Question};

/// Ask an archive a question
///
/// A question is one of those that this program brings (--list), or a file with SQL over the tables events
/// (every status that a row had) and records (each row as it is now).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The question's name, a file with SQL, or `-` for SQL on standard input
    #[arg(value_name = "NAME|FILE|-", required_unless_present = "list")]
    question: Option<String>,
    /// Say which questions there are
    #[arg(long)]
    list: bool,
    /// The archive, as `message-trace archive` writes it: a folder, or `s3://`, `az://`, `abfss://` or `gs://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR", required_unless_present = "list")]
    archive: Option<PathBuf>,
    /// The first day that a question is about, such as 2026-11-20 [default: the last seven days of the archive]
    #[arg(long, value_name = "DAY")]
    since: Option<NaiveDate>,
    /// A domain that others may imitate; repeatable [default: those that sent or got what is internal]
    #[arg(long = "protect", value_name = "DOMAIN")]
    protect: Vec<String>,
    /// Let a Ballista cluster answer; all its machines see the archive under the same path
    #[arg(long, value_name = "df://HOST:PORT")]
    cluster: Option<Cluster>,
    /// Print one JSON object a line
    #[arg(long, conflicts_with_all = ["csv", "parquet"])]
    json: bool,
    /// Print CSV with a head
    #[arg(long, conflicts_with = "parquet")]
    csv: bool,
    /// Write Parquet to a file
    #[arg(long, value_name = "FILE")]
    parquet: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  message-trace query --list
  message-trace query top-senders --archive archive
  message-trace query baseline --archive archive --since 2026-11-20 --json
  message-trace query lookalikes --archive archive --protect contoso.com
  message-trace query top-senders --archive s3://mail/archive
  message-trace query top-senders --archive /mnt/archive --cluster df://scheduler:50050
  echo 'SELECT COUNT(*) AS messages FROM events' | message-trace query - --archive archive --csv

Exit codes:
    0  answered
    2  there is no such question, or its SQL cannot be run
   74  a file could not be read or written, or nobody listens where the cluster's scheduler is to be
   75  a store fails for now: try again later
   77  a store denies access
   78  a store, its region or its credential is not as it is named";

/// How many days a question is about where none is named.
const DAYS: i64 = 7;

/// Answers on `out`.
///
/// # Errors
///
/// A question that there is not, SQL that cannot be run, and files that cannot be read or written.
pub fn run(arguments: &Arguments, input: impl Read, out: &mut impl Write) -> Result<()> {
    if arguments.list {
        return list(out);
    }
    let (Some(question), Some(archive)) = (&arguments.question, &arguments.archive) else {
        bail!("name a question and an archive");
    };
    let sql = sql(question, input)?;
    let place = Place::of(archive)?;
    if let (Some(_), Place::Store(_)) = (&arguments.cluster, &place) {
        bail!(
            "a cluster reads a folder that all its machines see, no store: leave --cluster out, or name the folder"
        );
    }
    let runtime = runtime()?;
    // Before a file is made for the answer. What is not there at all did not go away meanwhile.
    place.is_there()?;
    let form = match (&arguments.parquet, arguments.json, arguments.csv) {
        (Some(path), ..) => {
            Form::Parquet(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        }
        (None, true, _) => Form::Json,
        (None, false, true) => Form::Csv,
        (None, false, false) => Form::Table,
    };
    let mut printer = Printer::new(form, out);
    for left in (0..place.tries()).rev() {
        let answered = runtime.block_on(async {
            let archive = view::open_on(&place, arguments.cluster.as_ref()).await?;
            // Beside a compaction what is read first is gone the sooner: then without.
            let is_first = left + 1 == place.tries();
            if is_first && sql.contains("records") {
                archive.hold_changed().await?;
            }
            answer(arguments, &archive, &sql, is_first, &mut printer).await
        });
        match answered {
            Err(error) if left > 0 && is_gone(&error) && !printer.has_begun() => place.wait(),
            Err(error) if is_gone(&error) => {
                return told(Err(error).context("the archive changed meanwhile; ask again"));
            }
            done => return told(done),
        }
    }
    Ok(())
}

fn list(out: &mut impl Write) -> Result<()> {
    let width = QUESTIONS
        .iter()
        .map(|question| question.name.len())
        .max()
        .unwrap_or(0);
    for question in QUESTIONS {
        writeln!(out, "{:<width$}  {}", question.name, question.purpose())?;
    }
    Ok(())
}

/// The SQL of a question.
fn sql(name: &str, mut input: impl Read) -> Result<String> {
    if name == "-" {
        let mut sql = String::new();
        input
            .read_to_string(&mut sql)
            .context("cannot read SQL from standard input")?;
        return Ok(sql);
    }
    if let Some(Question { sql, .. }) = QUESTIONS.iter().find(|question| question.name == name) {
        return Ok((*sql).to_owned());
    }
    let is_file = name.rsplit_once('.').is_some_and(|(_, end)| end == "sql")
        || name.contains(std::path::MAIN_SEPARATOR);
    if is_file {
        return std::fs::read_to_string(name).with_context(|| format!("cannot read {name}"));
    }
    let near = |question: &&Question| strsim::jaro_winkler(question.name, name);
    let nearest = QUESTIONS.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
    match nearest.filter(|question| near(question) > 0.8) {
        Some(question) => bail!(
            "there is no question {name}; is it {}? All: message-trace query --list",
            question.name
        ),
        None => bail!(
            "there is no question {name}; see message-trace query --list, or name a file that ends in .sql"
        ),
    }
}

async fn answer(
    arguments: &Arguments,
    archive: &Opened,
    sql: &str,
    is_first: bool,
    printer: &mut Printer<'_, impl Write>,
) -> Result<()> {
    let mut sql = sql.trim().trim_end_matches(';').to_owned();
    if sql.contains("$since") {
        let since = match arguments.since {
            Some(since) => since,
            None => last_days(archive).await?,
        };
        // A date holds nothing that SQL could take for more.
        sql = sql.replace("$since", &format!("'{since}'"));
    }
    if sql.contains("lookalike_domains") {
        imitations(archive, &arguments.protect).await?;
    }
    let reads_only = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    let frame = archive.plan(&sql, reads_only, is_first).await?;
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let plan = frame.create_physical_plan().await?;
    archive.still_there().await?;
    let mut rows = execute_stream(plan, archive.context.task_ctx())?;
    while let Some(batch) = archive.next(&mut rows).await? {
        if !printer.take(&batch)? {
            return Ok(());
        }
    }
    printer.finish(&schema)
}

/// Where the last days of the archive begin.
pub(super) async fn last_days(archive: &Opened) -> Result<NaiveDate> {
    let since = newest_day(archive).await? - chrono::TimeDelta::days(DAYS - 1);
    eprintln!("message-trace: since {since}; another day: --since");
    Ok(since)
}

/// The last day of the archive.
pub(super) async fn newest_day(archive: &Opened) -> Result<NaiveDate> {
    let last = texts(archive, "SELECT MAX(day) AS day FROM events").await?;
    Ok(last.first().context("the archive is empty")?.parse()?)
}

/// The first column of an answer.
pub(super) async fn texts(archive: &Opened, sql: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let batches = archive.context.sql(sql).await?.collect().await?;
    archive.still_there().await?;
    for batch in batches {
        let texts = ArrayFormatter::try_new(batch.column(0), &FormatOptions::default())?;
        found.extend((0..batch.num_rows()).map(|row| texts.value(row).to_string()));
    }
    found.retain(|text| !text.is_empty());
    Ok(found)
}

/// The domains of senders and recipients of internal mail.
pub(super) async fn internal_domains(archive: &Opened) -> Result<Vec<String>> {
    let ours = "SELECT sender_domain FROM events WHERE direction = 'internal' AND sender_domain IS NOT NULL
        UNION SELECT recipient_domain FROM events WHERE direction = 'internal' AND recipient_domain IS NOT NULL";
    texts(archive, ours).await
}

/// Makes the table of domains that imitate a protected one.
pub(super) async fn imitations(archive: &Opened, protect: &[String]) -> Result<()> {
    let mut protect = protect.to_vec();
    if protect.is_empty() {
        protect = internal_domains(archive).await?;
        if protect.is_empty() {
            bail!("the archive does not tell which domains are yours; name them: --protect contoso.com");
        }
    }
    let ours = Lookalikes::new(&protect);
    let domains = "SELECT sender_domain FROM events WHERE sender_domain IS NOT NULL
        UNION SELECT recipient_domain FROM events WHERE recipient_domain IS NOT NULL";
    let (mut names, mut protected, mut families, mut distances) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for domain in texts(archive, domains)
        .await?
        .into_iter()
        .collect::<BTreeSet<_>>()
    {
        let Some(hit) = ours.find(&domain) else { continue };
        protected.push(hit.protected.to_owned());
        families.push(hit.family.name().to_owned());
        distances.push(i64::from(hit.distance));
        names.push(domain);
    }
    let text = |name| Field::new(name, DataType::Utf8, false);
    let schema = Schema::new(vec![
        text("domain"),
        text("protected"),
        text("family"),
        Field::new("distance", DataType::Int64, false),
    ]);
    let rows = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(StringArray::from(names)),
            Arc::new(StringArray::from(protected)),
            Arc::new(StringArray::from(families)),
            Arc::new(Int64Array::from(distances)),
        ],
    )?;
    archive.register("lookalike_domains", rows)
}
