//! An answer, in the form that was asked for.

use std::fs::File;
use std::io::{IsTerminal as _, Write};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::csv::{self, WriterBuilder as CsvBuilder};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::json::{WriterBuilder as JsonBuilder, writer::LineDelimited};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ArrowWriter;

/// A form.
pub(super) enum Form {
    Table,
    Json,
    Csv,
    Parquet(File),
}

/// Rows that a table on a terminal shows.
const SHOWN: usize = 1_000;
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// Prints batches as they come; a table when all are there.
pub(super) struct Printer<'a, W: Write> {
    form: Form,
    out: &'a mut W,
    json: Option<JsonLines>,
    csv: Option<csv::Writer<Vec<u8>>>,
    parquet: Option<ArrowWriter<File>>,
    rows: Vec<Vec<(String, bool)>>,
    is_cut: bool,
    has_begun: bool,
}

type JsonLines = datafusion::arrow::json::Writer<Vec<u8>, LineDelimited>;

impl<'a, W: Write> Printer<'a, W> {
    pub(super) fn new(form: Form, out: &'a mut W) -> Self {
        Self {
            form,
            out,
            json: None,
            csv: None,
            parquet: None,
            rows: Vec::new(),
            is_cut: false,
            has_begun: false,
        }
    }

    /// Whether something of the answer is out.
    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Takes the next rows. `false` if no more are wanted.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<bool> {
        if batch.num_rows() == 0 {
            return Ok(true);
        }
        match &self.form {
            Form::Table => {
                self.keep(batch)?;
                if self.is_cut {
                    self.finish(&batch.schema())?;
                    return Ok(false);
                }
            }
            Form::Json => {
                self.has_begun = true;
                let writer: &mut JsonLines = self.json.get_or_insert_with(|| {
                    JsonBuilder::new()
                        .with_explicit_nulls(true)
                        .with_timestamp_format(JSON_TIME.to_owned())
                        .build(Vec::new())
                });
                writer.write(batch)?;
                self.out.write_all(&std::mem::take(writer.get_mut()))?;
            }
            Form::Csv => {
                self.has_begun = true;
                let writer = self.csv.get_or_insert_with(|| csv_writer(true));
                writer.write(batch)?;
            }
            Form::Parquet(file) => {
                self.has_begun = true;
                if self.parquet.is_none() {
                    self.parquet = Some(ArrowWriter::try_new(file.try_clone()?, batch.schema(), None)?);
                }
                if let Some(writer) = &mut self.parquet {
                    writer.write(batch)?;
                }
            }
        }
        if let Some(writer) = self.csv.take() {
            // The head is written once.
            self.out.write_all(&writer.into_inner())?;
            self.csv = Some(csv_writer(false));
        }
        Ok(true)
    }

    fn keep(&mut self, batch: &RecordBatch) -> Result<()> {
        let options = FormatOptions::default()
            .with_timestamp_format(Some(TIME))
            .with_null("-");
        let columns = batch
            .columns()
            .iter()
            .map(|column| {
                Ok((
                    ArrayFormatter::try_new(column, &options)?,
                    column.data_type().is_numeric(),
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            if self.rows.len() == SHOWN {
                self.is_cut = true;
                return Ok(());
            }
            let cells = columns.iter().map(|(texts, is_number)| {
                let text = texts.value(row).to_string();
                (if *is_number { short(text) } else { visible(&text) }, *is_number)
            });
            self.rows.push(cells.collect());
        }
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(&mut self, schema: &SchemaRef) -> Result<()> {
        match &self.form {
            Form::Table => {
                self.has_begun = true;
                let mut table = Table::new();
                table.load_preset(presets::NOTHING);
                // Long cells are broken where a person would have to scroll, and nowhere else.
                if let (true, Some((width, _))) =
                    (std::io::stdout().is_terminal(), terminal_size::terminal_size())
                {
                    table
                        .set_content_arrangement(ContentArrangement::Dynamic)
                        .set_width(width.0);
                }
                table.set_header(schema.fields().iter().map(|field| field.name().to_uppercase()));
                for row in &self.rows {
                    table.add_row(row.iter().map(|(text, is_number)| {
                        let cell = Cell::new(text);
                        if *is_number {
                            cell.set_alignment(CellAlignment::Right)
                        } else {
                            cell
                        }
                    }));
                }
                for line in table.lines() {
                    writeln!(self.out, "{}", line.trim_end())?;
                }
                if self.rows.is_empty() {
                    eprintln!("message-trace: no row answers this");
                } else if self.is_cut {
                    eprintln!("message-trace: the first {SHOWN} rows; all of them: --csv or --json");
                }
            }
            Form::Json => {}
            Form::Csv => {
                if self.csv.is_none() {
                    let mut writer = csv_writer(true);
                    writer.write(&RecordBatch::new_empty(Arc::clone(schema)))?;
                    self.out.write_all(&writer.into_inner())?;
                }
            }
            Form::Parquet(file) => {
                let writer = match self.parquet.take() {
                    Some(writer) => writer,
                    None => ArrowWriter::try_new(file.try_clone()?, Arc::clone(schema), None)?,
                };
                writer
                    .into_inner()?
                    .sync_all()
                    .context("cannot write the Parquet file")?;
            }
        }
        Ok(())
    }
}

/// As events have it, with microseconds.
const JSON_TIME: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

fn csv_writer(has_head: bool) -> csv::Writer<Vec<u8>> {
    CsvBuilder::new()
        .with_header(has_head)
        .with_timestamp_format(JSON_TIME.to_owned())
        .build(Vec::new())
}

/// A number without more digits than one reads.
fn short(text: String) -> String {
    match text.split_once('.') {
        Some((_, digits)) if digits.len() > 2 => {
            text.parse::<f64>().map_or(text, |number| format!("{number:.2}"))
        }
        _ => text,
    }
}

/// Text from a mail moves no cursor and changes no colour.
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
