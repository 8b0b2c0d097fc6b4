//! The one corpus everything is measured over.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use message_trace_simulator::{LineFormat, write_lines};

use crate::arguments::Arguments;

/// The same seed gives the same bytes.
pub(crate) const SEED: u64 = 7;
/// What one batch holds at best, in bytes; the program's own batches are as large.
pub(crate) const BATCH_BYTES: usize = 256 * 1024;

/// Rows of Graph and of the older service, mixed as the simulator does.
pub(crate) struct Corpus {
    path: PathBuf,
    bytes: &'static [u8],
    rows: usize,
}

impl Corpus {
    /// Makes the corpus, once for each number of rows, and reads it.
    pub(crate) fn open(arguments: &Arguments) -> Result<Self> {
        let rows = arguments.rows;
        std::fs::create_dir_all(&arguments.work)?;
        let path = arguments.work.join(format!("corpus-{SEED}-{rows}.ndjson"));
        if !path.exists() {
            let unfinished = path.with_extension("unfinished");
            let mut out = BufWriter::new(File::create(&unfinished)?);
            write_lines(&mut out, SEED, rows as u64, LineFormat::Mixed)?;
            out.flush()?;
            std::fs::rename(&unfinished, &path)?;
        }
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // Read by everything until the end: leaking it says so.
        let bytes: &'static [u8] = bytes.leak();
        let corpus = Self { path, bytes, rows };
        let found = corpus.lines().count();
        ensure!(
            found == rows,
            "expected {rows} rows in the corpus, but found {found}"
        );
        Ok(corpus)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn bytes(&self) -> &'static [u8] {
        self.bytes
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The lines without their line feeds.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &'static [u8]> + use<> {
        self.bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
    }

    /// The first rows, as they stand in the corpus.
    pub(crate) fn head(&self, rows: usize) -> &'static [u8] {
        head(self.bytes, rows)
    }
}

/// The first rows of some lines.
pub(crate) fn head(bytes: &[u8], rows: usize) -> &[u8] {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').take(rows);
    &bytes[..lines.map(<[u8]>::len).sum()]
}

/// Whole lines of at most so many bytes each, or one longer line.
pub(crate) fn chunks(mut rest: &[u8], most: usize) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let within = rest[..most.min(rest.len())]
            .iter()
            .rposition(|byte| *byte == b'\n');
        let end = within.or_else(|| rest.iter().position(|byte| *byte == b'\n'));
        let (chunk, after) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
        rest = after;
        Some(chunk)
    })
}
