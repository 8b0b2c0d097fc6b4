//! An answer of the engine, to be read cell by cell.

use anyhow::Result;
use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, new_empty_array};
use datafusion::arrow::compute::{cast, concat};
use datafusion::arrow::datatypes::{DataType, Int64Type};

use super::super::view::Opened;

/// The answer to a question: texts and whole numbers.
pub(super) struct Answer {
    columns: Vec<ArrayRef>,
    /// How many rows it has.
    pub(super) rows: usize,
}

impl Answer {
    /// Asks.
    pub(super) async fn of(archive: &Opened, sql: &str) -> Result<Self> {
        let frame = archive.context.sql(sql).await?;
        let kinds: Vec<DataType> = frame
            .schema()
            .fields()
            .iter()
            .map(|field| kind(field.data_type()))
            .collect();
        let batches = frame.collect().await?;
        archive.still_there().await?;
        let mut columns = Vec::with_capacity(kinds.len());
        for (at, kind) in kinds.iter().enumerate() {
            let parts = batches.iter().map(|batch| cast(batch.column(at), kind));
            let parts = parts.collect::<Result<Vec<ArrayRef>, _>>()?;
            let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
            columns.push(if parts.is_empty() {
                new_empty_array(kind)
            } else {
                concat(&parts)?
            });
        }
        let rows = columns.first().map_or(0, Array::len);
        Ok(Self { columns, rows })
    }

    /// The number of a cell; `None` for null, and in a column of texts.
    pub(super) fn some_number(&self, row: usize, column: usize) -> Option<i64> {
        let numbers = self.columns.get(column)?.as_primitive_opt::<Int64Type>()?;
        numbers.is_valid(row).then(|| numbers.value(row))
    }

    /// The number of a cell; 0 for null, and in a column of texts.
    pub(super) fn number(&self, row: usize, column: usize) -> i64 {
        self.some_number(row, column).unwrap_or(0)
    }

    /// The text of a cell; empty for null, and in a column of numbers.
    pub(super) fn text(&self, row: usize, column: usize) -> &str {
        let texts = self
            .columns
            .get(column)
            .and_then(|column| column.as_string_opt::<i64>());
        texts
            .filter(|texts| texts.is_valid(row))
            .map_or("", |texts| texts.value(row))
    }
}

/// What a column is read as. Months of subjects are more than 32 bits can count.
const fn kind(of: &DataType) -> DataType {
    match of {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::LargeUtf8,
        _ => DataType::Int64,
    }
}
