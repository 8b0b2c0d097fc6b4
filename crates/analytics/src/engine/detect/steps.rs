//! A rule's SQL, step by step: what its `WITH` names is made once, in a temporary file.
//!
//! The engine would plan a step anew wherever it is named: the rule for unusual volume would read the archive some sixty times.

use std::fs::File;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::execution::SpillFile;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use futures::StreamExt as _;
use parquet::arrow::ArrowWriter;

/// The answer of a query, whose steps are tables only as long as it takes.
///
/// # Errors
///
/// SQL that cannot be run, and temporary files that cannot be written.
pub(super) async fn answer(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    let mut statements = Parser::parse_sql(&GenericDialect {}, sql)?;
    let Some(Statement::Query(mut query)) = statements.pop() else {
        return Ok(context.sql(sql).await?.collect().await?);
    };
    let steps = query.with.take().map(|with| with.cte_tables).unwrap_or_default();
    let mut tables = Vec::with_capacity(steps.len());
    let mut made = Ok(());
    for step in &steps {
        let name = step.alias.name.value.as_str();
        made = make(context, name, &step.query.to_string())
            .await
            .map(|file| tables.push((name, file)));
        if made.is_err() {
            break;
        }
    }
    let answered = match made {
        Ok(()) => answered(context, &query.to_string()).await,
        Err(error) => Err(error),
    };
    for (name, _) in &tables {
        context.deregister_table(*name)?;
    }
    answered
}

async fn answered(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    Ok(context.sql(sql).await?.collect().await?)
}

/// Makes a step a table; its file goes away with what is given back.
async fn make(context: &SessionContext, name: &str, sql: &str) -> Result<Arc<dyn SpillFile>> {
    let temporary = context.runtime_env().disk_manager.create_tmp_file(name)?;
    let path = temporary.path().context("temporary files are not on a disk")?;
    let what = || {
        format!(
            "cannot write {}; free space there, or name another folder in TMPDIR",
            path.display()
        )
    };
    let frame = context.sql(sql).await?;
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let mut rows = frame.execute_stream().await?;
    let file = File::create(path).with_context(what)?;
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), None).with_context(what)?;
    while let Some(batch) = rows.next().await {
        writer.write(&batch?).with_context(what)?;
    }
    writer.close().with_context(what)?;
    let options = ParquetReadOptions {
        file_extension: "",
        schema: Some(&schema),
        ..ParquetReadOptions::default()
    };
    let table = context
        .read_parquet(path.to_string_lossy().into_owned(), options)
        .await?;
    context.register_table(name, table.into_view())?;
    Ok(temporary)
}
