//! What the run is to do. `build.sh bench` gives the folders.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};

const USAGE: &str = "usage: message-trace-bench --dist DIR --work DIR [--rows N] [--rounds N] [--full]";

pub(crate) struct Arguments {
    /// Where the artifacts are, and the figures go.
    pub(crate) dist: PathBuf,
    /// The bench's own folder: corpus, peers, what is written while measuring.
    pub(crate) work: PathBuf,
    /// The rows of the corpus.
    pub(crate) rows: usize,
    /// How many rounds count; one more warms up.
    pub(crate) rounds: usize,
    /// Whether the longest measurements run as well.
    pub(crate) full: bool,
}

impl Arguments {
    pub(crate) fn parse() -> Result<Self> {
        let mut parsed = Self {
            dist: PathBuf::new(),
            work: PathBuf::new(),
            rows: 200_000,
            rounds: 7,
            full: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            if name == "--full" {
                parsed.full = true;
                continue;
            }
            let value = arguments.next().context(USAGE)?;
            match name.as_str() {
                "--dist" => parsed.dist = value.into(),
                "--work" => parsed.work = value.into(),
                "--rows" => parsed.rows = value.parse().context(USAGE)?,
                "--rounds" => parsed.rounds = value.parse().context(USAGE)?,
                _ => bail!(USAGE),
            }
        }
        if parsed.dist.as_os_str().is_empty() || parsed.work.as_os_str().is_empty() || parsed.rounds == 0 {
            bail!(USAGE);
        }
        Ok(parsed)
    }
}
