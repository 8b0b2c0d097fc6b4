//! SQL, step by step: what its `WITH` names is made once, in a temporary file.
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

/// A query that was taken apart.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Apart {
    /// What its `WITH` names, in order.
    pub(super) steps: Vec<Step>,
    /// The query without that.
    pub(super) rest: String,
}

/// What a `WITH` names: a table, and the SQL that makes it.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) sql: String,
}

/// Takes a query apart. `None` if there is nothing to take apart, or a step needs itself.
///
/// # Errors
///
/// SQL that cannot be read.
pub(super) fn apart(sql: &str) -> Result<Option<Apart>> {
    let mut statements = Parser::parse_sql(&GenericDialect {}, sql)?;
    let (Some(Statement::Query(mut query)), true) = (statements.pop(), statements.is_empty()) else {
        return Ok(None);
    };
    let Some(with) = query.with.take().filter(|with| !with.recursive) else {
        return Ok(None);
    };
    if with.cte_tables.iter().any(|step| !step.alias.columns.is_empty()) {
        return Ok(None);
    }
    let steps = with.cte_tables.into_iter();
    let steps = steps.map(|step| Step {
        name: step.alias.name.value,
        sql: step.query.to_string(),
    });
    Ok(Some(Apart {
        steps: steps.collect(),
        rest: query.to_string(),
    }))
}

/// The answer of a query, whose steps are tables only as long as it takes.
///
/// # Errors
///
/// SQL that cannot be run, and temporary files that cannot be written.
pub(super) async fn answer(context: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>> {
    let Some(Apart { steps, rest }) = apart(sql)? else {
        return answered(context, sql).await;
    };
    let mut tables = Vec::with_capacity(steps.len());
    let mut made = Ok(());
    for Step { name, sql } in &steps {
        made = make(context, name, sql)
            .await
            .map(|file| tables.push((name, file)));
        if made.is_err() {
            break;
        }
    }
    let answered = match made {
        Ok(()) => answered(context, &rest).await,
        Err(error) => Err(error),
    };
    for (name, _) in &tables {
        context.deregister_table(name.as_str())?;
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Apart, Step, apart};

    #[test]
    fn a_query_is_taken_apart_where_its_steps_need_nothing_of_it() {
        let found = apart("WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT * FROM b ORDER BY x");
        let step = |name: &str, sql: &str| Step {
            name: name.to_owned(),
            sql: sql.to_owned(),
        };
        let expected = Apart {
            steps: vec![step("a", "SELECT 1 AS x"), step("b", "SELECT x FROM a")],
            rest: "SELECT * FROM b ORDER BY x".to_owned(),
        };
        assert_eq!(found.unwrap(), Some(expected));
        for sql in [
            "SELECT 1",
            "WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM a WHERE x < 5) SELECT * FROM a",
            "WITH a(x) AS (SELECT 1) SELECT x FROM a",
        ] {
            assert_eq!(apart(sql).unwrap(), None, "{sql}");
        }
        apart("WITH a AS (SELECT 1 SELECT * FROM a").unwrap_err();
    }
}
