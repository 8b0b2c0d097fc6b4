//! Rows as columns.

use std::sync::{Arc, LazyLock};

use chrono::DateTime;
use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::error::ArrowError;

use crate::{COLUMNS, Kind, Row, Value};

/// The columns of an archive: those of [`COLUMNS`], then `day`, `sender_domain` and `recipient_domain`. `time` is UTC.
pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let columns = COLUMNS.iter().map(|column| {
        let kind = match column.kind {
            Kind::Text => DataType::Utf8,
            Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
            Kind::Number => DataType::Int64,
            Kind::Flag => DataType::Boolean,
        };
        Field::new(column.name, kind, column.kind != Kind::Time)
    });
    let more = [
        Field::new("day", DataType::Date32, false),
        Field::new("sender_domain", DataType::Utf8, true),
        Field::new("recipient_domain", DataType::Utf8, true),
    ];
    Arc::new(Schema::new(columns.chain(more).collect::<Vec<_>>()))
});

/// The day of a row, in days since 1970. `None` for a time that no calendar has.
pub(super) fn day(row: &Row) -> Option<i32> {
    let at = COLUMNS.iter().position(|column| column.kind == Kind::Time)?;
    let Some(Value::Number(micros)) = row.get(at) else {
        return None;
    };
    // A year of four digits: what a folder is named after, and what SQL reads.
    let time = DateTime::from_timestamp_micros(*micros)?;
    let days = i32::try_from(micros.div_euclid(86_400_000_000)).ok()?;
    (0..=9999)
        .contains(&chrono::Datelike::year(&time))
        .then_some(days)
}

enum Builder {
    Text(StringBuilder),
    Time(TimestampMicrosecondBuilder),
    Number(Int64Builder),
    Flag(BooleanBuilder),
}

/// Rows of one day.
pub(super) struct Rows {
    day: i32,
    columns: Vec<Builder>,
    days: Date32Builder,
    domains: [StringBuilder; 2],
    pub(super) len: usize,
}

impl Rows {
    pub(super) fn new(day: i32) -> Self {
        let columns = COLUMNS.iter().map(|column| match column.kind {
            Kind::Text => Builder::Text(StringBuilder::new()),
            Kind::Time => Builder::Time(TimestampMicrosecondBuilder::new()),
            Kind::Number => Builder::Number(Int64Builder::new()),
            Kind::Flag => Builder::Flag(BooleanBuilder::new()),
        });
        Self {
            day,
            columns: columns.collect(),
            days: Date32Builder::new(),
            domains: [StringBuilder::new(), StringBuilder::new()],
            len: 0,
        }
    }

    pub(super) fn push(&mut self, row: &Row) {
        for (builder, value) in self.columns.iter_mut().zip(row) {
            match (builder, value) {
                (Builder::Text(texts), Value::Text(text)) => texts.append_value(text),
                (Builder::Text(texts), _) => texts.append_null(),
                (Builder::Time(times), Value::Number(micros)) => times.append_value(*micros),
                (Builder::Time(times), _) => times.append_null(),
                (Builder::Number(numbers), Value::Number(number)) => numbers.append_value(*number),
                (Builder::Number(numbers), _) => numbers.append_null(),
                (Builder::Flag(flags), Value::Flag(flag)) => flags.append_value(*flag),
                (Builder::Flag(flags), _) => flags.append_null(),
            }
        }
        self.days.append_value(self.day);
        for (domain, name) in self.domains.iter_mut().zip(["sender", "recipient"]) {
            let at = COLUMNS.iter().position(|column| column.name == name);
            let address = at.and_then(|at| row.get(at));
            let found = match address {
                Some(Value::Text(address)) => address.rsplit_once('@').map(|(_, domain)| domain),
                _ => None,
            };
            domain.append_option(found.filter(|domain| !domain.is_empty()));
        }
        self.len += 1;
    }

    /// The rows, and none from then on.
    pub(super) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len() + 3);
        for builder in &mut self.columns {
            arrays.push(match builder {
                Builder::Text(texts) => Arc::new(texts.finish()),
                Builder::Time(times) => Arc::new(times.finish()),
                Builder::Number(numbers) => Arc::new(numbers.finish()),
                Builder::Flag(flags) => Arc::new(flags.finish()),
            });
        }
        arrays.push(Arc::new(self.days.finish()));
        for domain in &mut self.domains {
            arrays.push(Arc::new(domain.finish()));
        }
        self.len = 0;
        RecordBatch::try_new(Arc::clone(&SCHEMA), arrays)
    }
}
