//! Nothing is timed before all give the same events.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::arguments::Arguments;
use crate::variant::Variant;

/// How many rows are compared.
const ROWS: usize = 20_000;

/// Compares the events of the first rows: those of the project's own code to the byte, those of others as JSON values.
/// Gives how many rows, and how many variants were compared.
pub(crate) fn check(variants: &mut [Box<dyn Variant>], arguments: &Arguments) -> Result<(usize, usize)> {
    let rows = ROWS.min(arguments.rows);
    let ours = variants
        .iter_mut()
        .find(|variant| variant.is_ours())
        .context("none of the project's own code is there")?
        .events(rows)?
        .context("no events")?;
    let expected = values(&ours)?;
    ensure!(
        expected.len() == rows,
        "expected {rows} events, but found {}",
        expected.len()
    );
    let mut compared = 0;
    for variant in variants {
        let Some(events) = variant.events(rows).with_context(|| variant.name().to_owned())? else {
            continue;
        };
        let name = variant.name();
        if variant.is_ours() {
            ensure!(events == ours, "{name}: other bytes");
        } else {
            let found = values(&events).with_context(|| name.to_owned())?;
            ensure!(
                found.len() == rows,
                "{name}: expected {rows} events, but found {}",
                found.len()
            );
            let other = expected
                .iter()
                .zip(&found)
                .position(|(expected, found)| expected != found);
            if let Some(at) = other {
                anyhow::bail!(
                    "{name}: row {} differs: {} instead of {}",
                    at + 1,
                    found[at],
                    expected[at]
                );
            }
        }
        compared += 1;
    }
    eprintln!("{compared} variants agree on {rows} rows");
    Ok((rows, compared))
}

fn values(events: &[u8]) -> Result<Vec<Value>> {
    let lines = events
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines.map(|line| Ok(serde_json::from_slice(line)?)).collect()
}
