//! The views `events`, each event of an archive once, and `records`, each of its rows as it is now.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use datafusion::arrow::array::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SendableRecordBatchStream, SpillFile};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionConfig, SessionContext};
use futures::StreamExt as _;

use super::MEMORY;
use super::batches::SCHEMA;
use super::cluster::{self, Cluster};
use super::files::Day;
use super::place::Place;
use super::steps;

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

/// Most rows that changed which are held in memory: some 100 bytes each.
const MOST_CHANGED: usize = 500_000;

/// Most cells of a step of a question that are held in memory: some tens of megabytes.
const MOST_CELLS: usize = 2_000_000;

/// An engine with bounds.
pub(super) fn context(archive: &Place) -> Result<SessionContext> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(MEMORY, 1.0)
        .build_arc()?;
    // Rows that changed are few beside all others: they go to where these are, not these to them.
    let config = SessionConfig::new()
        .with_information_schema(false)
        .set_usize(
            "datafusion.optimizer.hash_join_single_partition_threshold",
            64 << 20,
        )
        .set_usize(
            "datafusion.optimizer.hash_join_single_partition_threshold_rows",
            MOST_CHANGED,
        );
    let context = SessionContext::new_with_config_rt(config, runtime);
    archive.register(&context)?;
    Ok(context)
}

/// An archive, ready to be asked.
pub(super) struct Opened {
    /// The engine, with the tables `events` and `records`.
    pub(super) context: SessionContext,
    /// Whether every day is one file.
    is_compact: bool,
    /// Whether a cluster answers.
    is_remote: bool,
    place: Place,
    files: Vec<PathBuf>,
    /// Most rows that changed which are held in memory.
    most_changed: usize,
    /// Temporary files that go away with it.
    kept: Mutex<Vec<Arc<dyn SpillFile>>>,
}

impl Opened {
    /// To be asked after a query was planned: a file that went away before is nothing to the engine, which finds no rows.
    pub(super) async fn still_there(&self) -> Result<()> {
        self.place.still_there(&self.files).await
    }

    /// The plan of a question. What its `WITH` names more than once is asked now if `is_apart`, so that it is asked once.
    pub(super) async fn plan(&self, sql: &str, options: SQLOptions, is_apart: bool) -> Result<DataFrame> {
        let Self { context, .. } = self;
        if self.is_remote {
            return cluster::plan(context, sql, options).await;
        }
        // What cannot be read is said by the engine.
        let apart = if is_apart {
            steps::shared(sql).ok().flatten()
        } else {
            None
        };
        steps::plan(context, apart, sql, options, MOST_CELLS, &hold).await
    }

    /// The next rows of an answer. A cluster plans only once it is asked for rows.
    pub(super) async fn next(&self, rows: &mut SendableRecordBatchStream) -> Result<Option<RecordBatch>> {
        let batch = rows.next().await.transpose();
        if self.is_remote {
            self.still_there().await?;
        }
        Ok(batch?)
    }

    /// Makes rows a table.
    pub(super) fn register(&self, name: &str, rows: RecordBatch) -> Result<()> {
        if self.is_remote {
            return cluster::register(&self.context, name, rows);
        }
        hold(&self.context, name, rows)
    }

    /// Finds out which rows changed, once, and holds them in memory while they are few, else in a temporary file. For who asks
    /// much of `records`: a question may name it many times, and an engine that does not know how few they are may hold all
    /// others against them instead, which no memory takes from a hundred million on.
    ///
    /// Nothing happens where a day has several files: they may be taken away at any moment, so that none is read before the
    /// question is planned.
    pub(super) async fn hold_changed(&self) -> Result<()> {
        if !self.is_compact || self.is_remote {
            return Ok(());
        }
        let (before, changed, after) = parts_of_records()?;
        let frame = self.context.sql(changed).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let rows = frame.limit(0, Some(self.most_changed + 1))?.collect().await?;
        self.context.deregister_table("changed")?;
        if rows.iter().map(RecordBatch::num_rows).sum::<usize>() > self.most_changed {
            let file = steps::make(&self.context, "changed", changed).await?;
            self.kept
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(file);
        } else {
            let table = MemTable::try_new(schema, vec![rows])?;
            self.context.register_table("changed", Arc::new(table))?;
        }
        register_records(&self.context, &format!("{before}changed{after}")).await
    }
}

/// Rows as a table in memory.
fn hold(context: &SessionContext, name: &str, rows: RecordBatch) -> Result<()> {
    let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
    context.register_table(name, Arc::new(table))?;
    Ok(())
}

/// Opens an archive.
pub(super) async fn open(archive: &Place) -> Result<Opened> {
    open_on(archive, None).await
}

/// The same, to be asked on a cluster if one is named. All its machines see the folder under the same path.
pub(super) async fn open_on(archive: &Place, cluster: Option<&Cluster>) -> Result<Opened> {
    let days = archive.days().await;
    let days = days.with_context(|| format!("cannot read the archive {archive}"))?;
    if days.is_empty() {
        bail!("{archive} holds no archive; write one with: message-trace archive --output {archive} FILE");
    }
    opened(archive, &days, cluster).await
}

/// Opens one day of an archive; `None` if there is none. All events of a row are of its day.
pub(super) async fn open_day(archive: &Place, day: NaiveDate) -> Result<Option<Opened>> {
    let days = archive.days_of(std::iter::once(day)).await;
    let days = days.with_context(|| format!("cannot read the archive {archive}"))?;
    if days.is_empty() {
        return Ok(None);
    }
    opened(archive, &days, None).await.map(Some)
}

async fn opened(
    archive: &Place,
    days: &BTreeMap<NaiveDate, Day>,
    cluster: Option<&Cluster>,
) -> Result<Opened> {
    let mut context = context(archive)?;
    if let Some(cluster) = cluster {
        context = cluster.context(&context).await?;
    }
    let (compact, parts): (Vec<&Day>, Vec<&Day>) = days.values().partition(|day| day.is_compact());
    let files = |days: &[&Day]| -> Vec<PathBuf> { days.iter().flat_map(|day| day.files.clone()).collect() };
    let (compact, parts) = (files(&compact), files(&parts));
    let events = match (compact.is_empty(), parts.is_empty()) {
        (false, true) => read(archive, &context, &compact).await?,
        (true, _) => once(archive, &context, &parts).await?,
        (false, false) => read(archive, &context, &compact)
            .await?
            .union(once(archive, &context, &parts).await?)?,
    };
    context.register_table("events", events.into_view())?;
    records(&context).await?;
    Ok(Opened {
        context,
        is_compact: parts.is_empty(),
        is_remote: cluster.is_some(),
        place: archive.clone(),
        files: [compact, parts].concat(),
        most_changed: MOST_CHANGED,
        kept: Mutex::default(),
    })
}

/// Makes the table `records` out of the table `events`.
pub(super) async fn records(context: &SessionContext) -> Result<()> {
    register_records(context, RECORDS).await
}

async fn register_records(context: &SessionContext, sql: &str) -> Result<()> {
    let records = context.sql(sql).await?;
    context.deregister_table("records")?;
    context.register_table("records", records.into_view())?;
    Ok(())
}

/// What stands before the question which rows changed, that question, and what stands behind it.
fn parts_of_records() -> Result<(&'static str, &'static str, &'static str)> {
    let split = || {
        let (before, rest) = RECORDS.split_at(RECORDS.find("(\n")?);
        let (changed, after) = rest.split_at(rest.find("\n)")?);
        Some((before, changed.get(1..)?, after.get(2..)?))
    };
    split().context("internal: records.sql has another form")
}

/// The rows of files, each event once.
pub(super) async fn once(archive: &Place, context: &SessionContext, files: &[PathBuf]) -> Result<DataFrame> {
    context.register_table("parts", read(archive, context, files).await?.into_view())?;
    Ok(context.sql(ONCE).await?.drop_columns(&["nth"])?)
}

async fn read(archive: &Place, context: &SessionContext, files: &[PathBuf]) -> Result<DataFrame> {
    let paths: Vec<String> = files.iter().map(|file| archive.url(file)).collect();
    // The folder's name says the day once more; the file's own column counts.
    let options = ParquetReadOptions::default()
        .schema(&SCHEMA)
        .table_partition_cols(Vec::new());
    Ok(context.read_parquet(paths, options).await?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use clap::Parser as _;

    use super::super::archive;
    use super::*;

    #[derive(clap::Parser)]
    struct Archived {
        #[command(flatten)]
        arguments: archive::Arguments,
    }

    #[test]
    fn the_question_which_rows_changed_is_a_part_of_the_view() {
        let (before, changed, after) = parts_of_records().unwrap();
        assert!(before.trim_end().ends_with("LEFT JOIN"), "{before}");
        assert!(
            changed.trim().starts_with("SELECT trace_id") && changed.trim().ends_with("recipient"),
            "{changed}"
        );
        assert!(after.starts_with(" AS c ON"), "{after}");
    }

    #[test]
    fn rows_that_changed_count_once_whether_they_are_few_or_many() {
        let folder = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for (number, sequence) in [(0, 0), (0, 1), (1, 0), (1, 2), (2, 0)] {
            let id = format!("trace-{number}/a@example.com/{sequence}");
            let event = serde_json::json!({
                "@timestamp": "2025-06-13T10:30:00Z", "ecs": { "version": "9.4.0" },
                "event": { "id": id, "sequence": sequence, "action": "delivered" },
                "email": { "local_id": format!("trace-{number}"), "to": { "address": ["a@example.com"] } },
            });
            lines.push_str(&event.to_string());
            lines.push('\n');
        }
        let input = folder.path().join("events.ndjson");
        std::fs::write(&input, lines).unwrap();
        let place = folder.path().join("archive");
        let words = [
            "archive".into(),
            "--output".into(),
            place.clone().into_os_string(),
            input.into(),
        ];
        let asked = Archived::parse_from(words);
        archive::run(&asked.arguments, std::io::empty()).unwrap();
        let place = Place::of(&place).unwrap();
        let runtime = crate::engine::runtime().unwrap();
        for most in [2, 1] {
            let counted = runtime.block_on(async {
                let mut opened = open(&place).await.unwrap();
                opened.most_changed = most;
                // Again, as a report does that narrows its days.
                opened.hold_changed().await.unwrap();
                opened.hold_changed().await.unwrap();
                let sql = "SELECT COUNT(*) AS n, SUM(sequence) AS s FROM records";
                let rows = opened.context.sql(sql).await.unwrap().collect().await.unwrap();
                let files = opened.kept.lock().unwrap().len();
                (format!("{:?}", rows[0].columns()), files)
            });
            assert!(counted.0.contains('3'), "{counted:?}");
            assert_eq!(counted.1, if most == 2 { 0 } else { 2 });
        }
    }
}
