//! The views `events`, each event of an archive once, and `records`, each of its rows as it is now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use datafusion::arrow::array::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext};

use super::MEMORY;
use super::batches::SCHEMA;
use super::files::{Day, days};

/// Of rows with one id the newest. Rows without an id are one if they are equal in what tells them apart.
const ONCE: &str = "
SELECT * FROM (
    SELECT *, ROW_NUMBER() OVER (
        PARTITION BY event_id,
            CASE WHEN event_id IS NULL THEN time END,
            CASE WHEN event_id IS NULL THEN sender END,
            CASE WHEN event_id IS NULL THEN recipient END,
            CASE WHEN event_id IS NULL THEN message_id END,
            CASE WHEN event_id IS NULL THEN subject END,
            CASE WHEN event_id IS NULL THEN status END,
            CASE WHEN event_id IS NULL THEN size END
        ORDER BY COALESCE(sequence, 0) DESC, cause DESC NULLS LAST, direction DESC NULLS LAST,
            organization DESC NULLS LAST, tenant_id DESC NULLS LAST, time DESC
    ) AS nth FROM parts
) WHERE nth = 1";

/// Of the events of one row the last.
const RECORDS: &str = include_str!("../../sql/views/records.sql");

/// An engine with bounds.
pub(super) fn context() -> Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(MEMORY, 1.0)
        .build_arc()?;
    let config = SessionConfig::new().with_information_schema(false);
    Ok(SessionContext::new_with_config_rt(config, runtime))
}

/// An archive, ready to be asked.
pub(super) struct Opened {
    /// The engine, with the tables `events` and `records`.
    pub(super) context: SessionContext,
    files: Vec<PathBuf>,
}

impl Opened {
    /// To be asked after a query was planned: a file that went away before is nothing to the engine, which finds no rows.
    pub(super) fn still_there(&self) -> Result<()> {
        for file in &self.files {
            std::fs::metadata(file)?;
        }
        Ok(())
    }
}

/// Opens an archive.
pub(super) async fn open(archive: &Path) -> Result<Opened> {
    let days = days(archive).with_context(|| format!("cannot read the archive {}", archive.display()))?;
    if days.is_empty() {
        bail!(
            "{} holds no archive; write one with: message-trace archive --output {0} FILE",
            archive.display()
        );
    }
    opened(&days).await
}

/// Opens one day of an archive; `None` if there is none. All events of a row are of its day.
pub(super) async fn open_day(archive: &Path, day: NaiveDate) -> Result<Option<Opened>> {
    let mut days = days(archive).with_context(|| format!("cannot read the archive {}", archive.display()))?;
    days.retain(|&other, _| other == day);
    if days.is_empty() {
        return Ok(None);
    }
    opened(&days).await.map(Some)
}

async fn opened(days: &BTreeMap<NaiveDate, Day>) -> Result<Opened> {
    let context = context()?;
    let (compact, parts): (Vec<&Day>, Vec<&Day>) = days.values().partition(|day| day.is_compact());
    let files = |days: &[&Day]| -> Vec<PathBuf> { days.iter().flat_map(|day| day.files.clone()).collect() };
    let (compact, parts) = (files(&compact), files(&parts));
    let events = match (compact.is_empty(), parts.is_empty()) {
        (false, true) => read(&context, &compact).await?,
        (true, _) => once(&context, &parts).await?,
        (false, false) => read(&context, &compact)
            .await?
            .union(once(&context, &parts).await?)?,
    };
    context.register_table("events", events.into_view())?;
    records(&context).await?;
    Ok(Opened {
        context,
        files: [compact, parts].concat(),
    })
}

/// Makes the table `records` out of the table `events`.
pub(super) async fn records(context: &SessionContext) -> Result<()> {
    let records = context.sql(RECORDS).await?;
    context.register_table("records", records.into_view())?;
    Ok(())
}

/// The rows of files, each event once.
pub(super) async fn once(context: &SessionContext, files: &[PathBuf]) -> Result<DataFrame> {
    context.register_table("parts", read(context, files).await?.into_view())?;
    Ok(context.sql(ONCE).await?.drop_columns(&["nth"])?)
}

async fn read(context: &SessionContext, files: &[PathBuf]) -> Result<DataFrame> {
    let paths: Vec<String> = files
        .iter()
        .map(|file| file.to_string_lossy().into_owned())
        .collect();
    // The folder's name says the day once more; the file's own column counts.
    let options = ParquetReadOptions::default()
        .schema(&SCHEMA)
        .table_partition_cols(Vec::new());
    Ok(context.read_parquet(paths, options).await?)
}

/// Makes rows a table.
pub(super) fn register(context: &SessionContext, name: &str, rows: RecordBatch) -> Result<()> {
    let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
    context.register_table(name, Arc::new(table))?;
    Ok(())
}
