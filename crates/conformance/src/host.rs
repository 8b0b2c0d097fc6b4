//! What a host is, and what it is asked to do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::jobs::{Answer, Job};
use crate::protocol::Outcome;

/// A place where the normalizer runs.
pub(crate) struct Host {
    /// As the table and `--host` name it.
    pub(crate) name: &'static str,
    /// How it is reached.
    pub(crate) kind: Kind,
    /// What has to be the same.
    pub(crate) sameness: Sameness,
    /// How many cases it must answer at least, where it has no call for some; else it must answer all.
    pub(crate) at_least: Option<usize>,
    /// Whether package registries and this repository provide all it takes: then it must be there.
    pub(crate) is_from_registry: bool,
}

/// How a host is reached.
pub(crate) enum Kind {
    /// The library, in this process.
    Native,
    /// In this process; the host, or what is missing.
    InProcess(fn() -> Result<Box<dyn Calls>, Missing>),
    /// A process that keeps to the protocol; the command, or what is missing.
    Process(fn() -> Result<Command, Missing>),
}

/// A host in this process.
pub(crate) trait Calls {
    /// Sees all jobs before the first call, for hosts that take many at once.
    fn prepare(&mut self, _jobs: &[Job]) -> Result<()> {
        Ok(())
    }

    /// Does one job.
    fn call(&mut self, job: &Job) -> Result<Outcome>;

    /// What the host is to give, where it is not what the native library gives.
    fn expected(&mut self, _job: &Job) -> Option<Answer> {
        None
    }
}

/// What has to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sameness {
    /// Every byte.
    Bytes,
    /// The JSON values, for hosts that write JSON anew.
    Values,
    /// The JSON values but for the copy of the row, for hosts that do not have its text.
    ValuesButOriginal,
}

/// What a host lacks.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) String);

/// What `./build.sh` made for a host.
pub(crate) fn artifact(path: &str) -> Result<Vec<u8>, Missing> {
    std::fs::read(root().join(path)).map_err(|_| Missing(format!("{path} is not built")))
}

/// The folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
