//! `message-trace archive`: events and raw rows as Parquet.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use flate2::bufread::MultiGzDecoder;
use futures::StreamExt as _;
use tokio::runtime::Runtime;

use super::batches::{Rows, day};
use super::files::{Day, Part};
use super::place::Place;
use super::store::StoreFault;
use super::{runtime, told, view};
use crate::Reader;

/// Keep events as Parquet, each once, to be asked by `query`
///
/// Reads events of the targets ecs and ocsf, and raw rows; one a line, gzip as well. Reading a file again changes nothing:
/// of an event that is there more than once, the one with the highest event.sequence counts.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The archive: a folder, made if it is missing, or `s3://`, `az://`, `abfss://` or `gs://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// The organization's own mail domain, which tells raw rows' inbound from outbound; repeatable
    #[arg(long = "organization-domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    /// Files with one event or raw row a line; `-` (or none) is standard input
    #[arg(value_name = "FILE|-")]
    files: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  message-trace archive --output archive events.ndjson
  message-trace normalize --target ecs export.csv | message-trace archive --output archive
  message-trace query top-senders --archive archive
  AWS_REGION=eu-west-1 message-trace archive --output s3://mail/archive events.ndjson

A store's credential comes from the environment, as its own tools read it, or from the machine's identity.

Other engines read the same files: DuckDB, Spark, pandas. There, too, take of each event_id the row with the highest sequence
(only days with more than one file can hold an event twice).

Exit codes:
    0  finished; what could not be archived is said on stderr
    2  the command line cannot be read
   65  nothing that was read is an event or a raw row
   74  a file could not be read or written; what was archived before stays
   75  a store fails for now: try again later
   77  a store denies access
   78  a store, its region or its credential is not as it is named";

/// Rows in memory, of all days together; some 400 bytes each.
const MOST_ROWS: usize = 400_000;
/// A longer line is neither an event nor a row, in bytes.
const LONGEST_LINE: u64 = 16 << 20;
/// How often to say how far it is.
const SAY: Duration = Duration::from_millis(500);

/// What came of the lines, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Lines that are events or rows.
    pub rows: u64,
    /// Lines that are neither.
    pub refused: u64,
    /// Days that they belong to.
    pub days: usize,
}

impl fmt::Display for Archived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, refused, days } = *self;
        write!(f, "{rows} event{} of {days} day{}", s(rows), s(days as u64))?;
        if refused > 0 {
            write!(f, "; {refused} line{} not archived", s(refused))?;
        }
        Ok(())
    }
}

const fn s(number: u64) -> &'static str {
    if number == 1 { "" } else { "s" }
}

/// Archives what `arguments` name, or `input`.
///
/// # Errors
///
/// A file that cannot be read or written.
pub fn run(arguments: &Arguments, input: impl Read) -> Result<Archived> {
    told(read_all(arguments, input))
}

fn read_all(arguments: &Arguments, input: impl Read) -> Result<Archived> {
    let mut archive = Archive::new(arguments)?;
    let mut input = Some(input);
    let standard = [PathBuf::from("-")];
    let files = if arguments.files.is_empty() {
        &standard
    } else {
        &arguments.files[..]
    };
    for path in files {
        if path.as_os_str() == "-" {
            let Some(input) = input.take() else { continue };
            archive.read(input, "standard input")?;
        } else {
            let name = path.display().to_string();
            let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
            archive.read(file, &name)?;
        }
    }
    archive.finish()
}

struct Archive {
    output: Place,
    runtime: Runtime,
    reader: Reader,
    days: BTreeMap<i32, Rows>,
    waiting: usize,
    archived: Archived,
    touched: std::collections::BTreeSet<i32>,
    reasons: BTreeMap<String, u64>,
    is_terminal: bool,
    said: Instant,
}

impl Archive {
    fn new(arguments: &Arguments) -> Result<Self> {
        let output = Place::of(&arguments.output)?;
        let runtime = runtime()?;
        match &output {
            Place::Folder(folder) => std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?,
            // What is wrong with it is said before anything is read.
            Place::Store(store) => runtime.block_on(store.check())?,
        }
        output
            .sweep()
            .with_context(|| format!("cannot read the archive {output}"))?;
        Ok(Self {
            output,
            runtime,
            reader: Reader::new(arguments.domains.clone()),
            days: BTreeMap::new(),
            waiting: 0,
            archived: Archived::default(),
            touched: std::collections::BTreeSet::new(),
            reasons: BTreeMap::new(),
            is_terminal: io::stderr().is_terminal(),
            said: Instant::now(),
        })
    }

    fn read(&mut self, input: impl Read, name: &str) -> Result<()> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let is_gzip = input
            .fill_buf()
            .with_context(|| format!("cannot read {name}"))?
            .starts_with(&[0x1f, 0x8b]);
        if is_gzip {
            self.lines(BufReader::new(MultiGzDecoder::new(input)), name)
        } else {
            self.lines(input, name)
        }
    }

    fn lines(&mut self, mut input: impl BufRead, name: &str) -> Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = input
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .with_context(|| format!("cannot read {name}; what came before is archived"));
            let read = match read {
                Ok(read) => read,
                Err(error) => {
                    // Nothing that was read is lost.
                    self.flush_all()?;
                    return Err(error);
                }
            };
            if read == 0 {
                return Ok(());
            }
            if read as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
                input
                    .skip_until(b'\n')
                    .with_context(|| format!("cannot read {name}"))?;
                self.refuse("a line is longer than 16 MiB".to_owned());
                continue;
            }
            self.line(line.trim_ascii())?;
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<()> {
        if line.is_empty() {
            return Ok(());
        }
        let row = match self.reader.row(line) {
            Ok(row) => row,
            Err(refused) => {
                self.refuse(refused.to_string());
                return Ok(());
            }
        };
        let Some(day) = day(&row) else {
            self.refuse("the event has no time".to_owned());
            return Ok(());
        };
        self.days.entry(day).or_insert_with(|| Rows::new(day)).push(&row);
        self.touched.insert(day);
        self.archived.rows += 1;
        self.waiting += 1;
        if self.waiting >= MOST_ROWS {
            self.flush_largest()?;
        }
        if self.is_terminal && self.said.elapsed() > SAY {
            self.said = Instant::now();
            eprint!("\r\x1b[K{} events", self.archived.rows);
        }
        Ok(())
    }

    fn refuse(&mut self, reason: String) {
        self.archived.refused += 1;
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// The days with most rows go first: few files, and half of the memory is free again.
    fn flush_largest(&mut self) -> Result<()> {
        let mut days: Vec<(usize, i32)> = self.days.iter().map(|(&day, rows)| (rows.len, day)).collect();
        days.sort_unstable();
        while self.waiting > MOST_ROWS / 2 {
            let Some((_, day)) = days.pop() else { break };
            self.flush(day)?;
        }
        Ok(())
    }

    fn flush_all(&mut self) -> Result<()> {
        while let Some(&day) = self.days.keys().next() {
            self.flush(day)?;
        }
        Ok(())
    }

    fn flush(&mut self, day: i32) -> Result<()> {
        let Some(mut rows) = self.days.remove(&day) else {
            return Ok(());
        };
        self.waiting -= rows.len;
        let rows = rows.take()?;
        self.runtime
            .block_on(self.output.keep(date(day), &rows))
            .with_context(|| format!("cannot write to the archive {}", self.output))
    }

    fn finish(mut self) -> Result<Archived> {
        self.flush_all()?;
        self.archived.days = self.touched.len();
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
        for (reason, times) in &self.reasons {
            eprintln!("message-trace: not archived, {times}: {reason}");
        }
        self.runtime.block_on(compact(&self.output))?;
        Ok(self.archived)
    }
}

pub(super) fn date(day: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

/// Makes one file of each day that has several: each event once. A day that another writer compacts meanwhile is left to it.
async fn compact(archive: &Place) -> Result<()> {
    let all = archive.days().await;
    compact_days(
        archive,
        all.with_context(|| format!("cannot read the archive {archive}"))?,
    )
    .await
}

/// The same for some days.
pub(super) async fn compact_days(archive: &Place, days: BTreeMap<NaiveDate, Day>) -> Result<()> {
    for (date, day) in days {
        if day.is_compact() {
            continue;
        }
        match compact_day(archive, date, &day).await {
            Err(error) if !is_gone(&error) => {
                return Err(error).with_context(|| format!("cannot compact the archive {archive}"));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn compact_day(archive: &Place, date: NaiveDate, day: &Day) -> Result<()> {
    let context = view::context(archive)?;
    let rows = view::once(archive, &context, &day.files).await?;
    let mut rows = rows
        .sort_by(vec![datafusion::prelude::col("time")])?
        .execute_stream()
        .await?;
    let mut file = archive.create(date, Part::Events)?;
    let done = async {
        while let Some(batch) = rows.next().await {
            file.write(&batch?).await?;
        }
        file.finish().await
    };
    match done.await {
        Ok(path) => archive.replace(&day.files, &path).await,
        Err(error) => {
            file.abandon().await;
            Err(error)
        }
    }
}

/// Whether a file went away that was there a moment ago: somebody else compacts.
pub(super) fn is_gone(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let of_system = cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
        of_system
            || cause
                .downcast_ref::<StoreFault>()
                .is_some_and(StoreFault::is_gone)
            || cause.to_string().contains("No such file or directory")
            || cause.to_string().contains("not found: ")
    })
}
