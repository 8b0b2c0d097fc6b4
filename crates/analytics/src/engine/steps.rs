//! SQL, step by step: what its `WITH` names is made once, in a temporary file, or held as rows where these are few.
//!
//! The engine would plan a step anew wherever it is named: the rule for unusual volume would read the archive some sixty times.

use std::fs::File;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::execution::context::SQLOptions;
use datafusion::execution::{SendableRecordBatchStream, SpillFile};
use datafusion::prelude::{DataFrame, ParquetReadOptions, SessionContext};
use datafusion::sql::sqlparser::ast::{Query, Statement, TableAlias, With};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
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
    let Some((with, query)) = parsed(sql)? else {
        return Ok(None);
    };
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

/// The same with only those steps that are named more than once; the others stay where they are. `None` if there is none.
///
/// # Errors
///
/// SQL that cannot be read.
pub(super) fn shared(sql: &str) -> Result<Option<Apart>> {
    let Some((with, mut query)) = parsed(sql)? else {
        return Ok(None);
    };
    let mut words = words(&query.to_string())?;
    for step in &with.cte_tables {
        words.extend(self::words(&step.query.to_string())?);
    }
    let (mut steps, mut kept) = (
        Vec::new(),
        With {
            cte_tables: Vec::new(),
            ..with.clone()
        },
    );
    for step in with.cte_tables {
        let name = &step.alias.name.value;
        // A column of that name counts too, which costs time at the most.
        if words
            .iter()
            .filter(|word| word.eq_ignore_ascii_case(name))
            .count()
            < 2
            || step.query.with.is_some()
        {
            kept.cte_tables.push(step);
            continue;
        }
        let mut made = step.query;
        made.with = (!kept.cte_tables.is_empty()).then(|| kept.clone());
        steps.push(Step {
            name: step.alias.name.value,
            sql: made.to_string(),
        });
    }
    if steps.is_empty() {
        return Ok(None);
    }
    query.with = (!kept.cte_tables.is_empty()).then_some(kept);
    Ok(Some(Apart {
        steps,
        rest: query.to_string(),
    }))
}

/// What a query's `WITH` names, and the query without it. `None` if there is none that could be taken apart.
fn parsed(sql: &str) -> Result<Option<(With, Box<Query>)>> {
    let mut statements = Parser::parse_sql(&GenericDialect {}, sql)?;
    let (Some(Statement::Query(mut query)), true) = (statements.pop(), statements.is_empty()) else {
        return Ok(None);
    };
    // A name in quotes keeps its capitals in SQL, and loses them as a table's.
    let is_plain = |alias: &TableAlias| alias.columns.is_empty() && alias.name.quote_style.is_none();
    let with = query.with.take();
    let with =
        with.filter(|with| !with.recursive && with.cte_tables.iter().all(|step| is_plain(&step.alias)));
    Ok(with.map(|with| (with, query)))
}

/// Every word of SQL, as it stands there.
fn words(sql: &str) -> Result<Vec<String>> {
    let tokens = Tokenizer::new(&GenericDialect {}, sql).tokenize()?;
    let words = tokens.into_iter().filter_map(|token| match token {
        Token::Word(word) => Some(word.value),
        _ => None,
    });
    Ok(words.collect())
}

/// The plan of a query that was taken apart: each step of at most so many cells is asked now, and held by `register`; a larger
/// one is a part of the plan, as in the query itself.
///
/// # Errors
///
/// SQL that cannot be run.
pub(super) async fn plan(
    context: &SessionContext,
    apart: Option<Apart>,
    sql: &str,
    options: SQLOptions,
    most_cells: usize,
    register: &impl Fn(&SessionContext, &str, RecordBatch) -> Result<()>,
) -> Result<DataFrame> {
    let is_taken = |step: &Step| context.table_exist(step.name.as_str());
    let Some(Apart { steps, rest }) = apart else {
        return Ok(context.sql_with_options(sql, options).await?);
    };
    for step in &steps {
        // Its name would hide what the query names so.
        if is_taken(step)? {
            return Ok(context.sql_with_options(sql, options).await?);
        }
    }
    for Step { name, sql } in &steps {
        let step = context.sql_with_options(sql, options).await?;
        let most = most_cells / step.schema().fields().len().max(1);
        let Some(rows) = up_to(most, step.clone().execute_stream().await?).await? else {
            context.register_table(name.as_str(), step.into_view())?;
            continue;
        };
        let schema = match rows.first() {
            Some(first) => first.schema(),
            None => Arc::new(step.schema().as_arrow().clone()),
        };
        register(context, name, concat_batches(&schema, &rows)?)?;
    }
    Ok(context.sql_with_options(&rest, options).await?)
}

/// All rows, or `None` if there are more than that many.
async fn up_to(most: usize, mut rows: SendableRecordBatchStream) -> Result<Option<Vec<RecordBatch>>> {
    let (mut found, mut count) = (Vec::new(), 0);
    while let Some(batch) = rows.next().await.transpose()? {
        count += batch.num_rows();
        if count > most {
            return Ok(None);
        }
        found.push(batch);
    }
    Ok(Some(found))
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
pub(super) async fn make(context: &SessionContext, name: &str, sql: &str) -> Result<Arc<dyn SpillFile>> {
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

    use std::cell::RefCell;
    use std::sync::Arc;

    use datafusion::arrow::array::RecordBatch;
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::datasource::MemTable;
    use datafusion::execution::context::SQLOptions;
    use datafusion::prelude::SessionContext;

    use super::{Apart, Step, apart, plan, shared};
    use crate::engine::runtime;

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

    #[test]
    fn what_is_named_once_stays_where_it_is() {
        let sql = "WITH once AS (SELECT 1 AS x), often AS (SELECT x FROM once), last AS (SELECT x FROM often) \
                   SELECT * FROM last JOIN Often ON last.x = often.x";
        let found = shared(sql).unwrap().unwrap();
        let steps: Vec<(&str, &str)> = found
            .steps
            .iter()
            .map(|step| (step.name.as_str(), step.sql.as_str()))
            .collect();
        let often = "WITH once AS (SELECT 1 AS x) SELECT x FROM once";
        assert_eq!(steps[0], ("often", often));
        assert!(
            found.rest.starts_with("WITH once AS (SELECT 1 AS x)"),
            "{}",
            found.rest
        );
        for sql in [
            "SELECT 1",
            "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
            // A table's name would lose its capital.
            "WITH \"A\" AS (SELECT 1 AS x) SELECT a.x FROM \"A\" AS a JOIN \"A\" AS b ON a.x = b.x",
        ] {
            assert_eq!(shared(sql).unwrap(), None, "{sql}");
        }
    }

    #[test]
    fn a_step_of_more_cells_than_that_stays_a_part_of_the_plan() {
        let sql = "WITH n AS (SELECT value AS x, value * 2 AS y FROM generate_series(1, 10)) \
                   SELECT a.x, b.y FROM n AS a JOIN n AS b ON a.x = b.y ORDER BY a.x";
        let runtime = runtime().unwrap();
        let mut answers = Vec::new();
        for (most, is_held) in [(20, true), (19, false)] {
            let held = RefCell::new(Vec::new());
            let hold = |context: &SessionContext, name: &str, rows: RecordBatch| {
                held.borrow_mut().push((name.to_owned(), rows.num_rows()));
                let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
                context.register_table(name, Arc::new(table))?;
                Ok(())
            };
            let rows = runtime.block_on(async {
                let context = SessionContext::new();
                let apart = shared(sql).unwrap();
                let frame = plan(&context, apart, sql, SQLOptions::new(), most, &hold).await;
                frame.unwrap().collect().await.unwrap()
            });
            answers.push(pretty_format_batches(&rows).unwrap().to_string());
            let expected = is_held.then(|| ("n".to_owned(), 10)).into_iter();
            assert_eq!(held.into_inner(), expected.collect::<Vec<_>>(), "{most}");
        }
        assert!(
            answers[0].contains("10") && answers[0] == answers[1],
            "{answers:?}"
        );
    }
}
