//! Runs every fixture and 10,000 generated rows through every host that is installed, and compares what comes out with
//! what the native library gives: bytes, or JSON values for hosts that write JSON anew.
//!
//! `conformance` runs all hosts and prints a table; `--host NAME` (may be given again) only those; `--json` prints the
//! table as JSON; `conformance rows [COUNT]` writes realistic rows, for benchmarks.
//!
//! It fails on any difference, and where a host is missing that a package registry provides. Hosts that need a build
//! of somebody else's program are listed as skipped where they are missing.

mod jobs;
mod protocol;
mod host;
mod rows;
mod program;
mod fluent_bit;
mod fluent_bit_real;
mod tangent;
mod tangent_real;
mod hosts;
mod report;
mod compare;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether every host agreed.
fn run(arguments: &[String]) -> Result<bool> {
    if let Some("rows") = arguments.first().map(String::as_str) {
        let count = arguments.get(1).map_or(Ok(10_000), |count| count.parse())?;
        std::io::stdout().write_all(&jobs::realistic_rows(count))?;
        return Ok(true);
    }
    let (mut wanted, mut as_json) = (Vec::new(), false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.as_slice().first()) {
            ("--json", _) => as_json = true,
            ("--host", Some(name)) => {
                wanted.push(name.clone());
                arguments.next();
            }
            _ => bail!("expected --json, --host NAME or rows [COUNT], but found {argument}"),
        }
    }
    let jobs = jobs::all()?;
    let all = hosts::all();
    if let Some(unknown) = wanted
        .iter()
        .find(|name| all.iter().all(|host| host.name != **name))
    {
        let names: Vec<&str> = all.iter().map(|host| host.name).collect();
        bail!("there is no host {unknown}; there are {}", names.join(", "));
    }
    let mut rows = Vec::new();
    for host in &all {
        if wanted.is_empty() || wanted.iter().any(|name| name == host.name) {
            eprintln!("{} …", host.name);
            rows.push(compare::run(host, &jobs));
        }
    }
    let mut out = std::io::stdout().lock();
    out.write_all(report::text(&rows, as_json)?.as_bytes())?;
    Ok(rows.iter().all(report::Row::is_fine))
}
