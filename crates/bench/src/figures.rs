//! All that one run measured.

use serde_json::Value;

use crate::cold::Cold;
use crate::growth::Growth;
use crate::program::Program;
use crate::rounds::Measured;

pub(crate) struct Report {
    pub(crate) measured: Vec<Measured>,
    pub(crate) cold: Cold,
    pub(crate) program: Option<Program>,
    pub(crate) growth: Growth,
    pub(crate) guest_memory_bytes: Option<usize>,
    pub(crate) component_bytes: u64,
    /// How many rows of how many variants were found equal.
    pub(crate) compared: (usize, usize),
    pub(crate) skipped: Vec<String>,
    pub(crate) machine: Value,
    pub(crate) corpus: Value,
    pub(crate) rounds: usize,
}
