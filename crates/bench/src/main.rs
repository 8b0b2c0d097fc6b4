//! Measures the normalizer beside what a user would pick instead: everything in one run, over one corpus, in processor
//! time, interleaved round by round.

mod arguments;
mod corpus;
mod agreement;
mod variant;
mod rounds;
mod floor;
mod component;
mod worker;
mod value;
#[cfg(feature = "vrl")]
mod vector;
mod jq;
mod cold;
mod program;
mod growth;
mod figures;
mod target;
mod report;
mod chart;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use arguments::Arguments;
use corpus::Corpus;
use figures::Report;
use variant::Variant;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments = Arguments::parse()?;
    let corpus = Corpus::open(&arguments)?;
    eprintln!(
        "corpus: {} rows, {} bytes, seed {}",
        corpus.rows(),
        corpus.bytes().len(),
        corpus::SEED
    );

    let mut skipped = Vec::new();
    let mut variants: Vec<Box<dyn Variant>> = Vec::new();
    floor::add(&mut variants, &corpus);
    worker::add(&mut variants, &mut skipped, &corpus, &arguments)?;
    component::add(&mut variants, &mut skipped, &corpus, &arguments)?;
    variants.push(Box::new(value::ValueMapping::new(&corpus)));
    #[cfg(feature = "vrl")]
    vector::add(&mut variants, &corpus)?;
    #[cfg(not(feature = "vrl"))]
    skipped.push("VRL: built without it".to_owned());
    jq::add(&mut variants, &mut skipped, &corpus, &arguments)?;

    let compared = agreement::check(&mut variants, &arguments)?;
    let measured = rounds::run(&mut variants, arguments.rounds)?;
    let guest_memory_bytes = component::memory_bytes(&variants);
    drop(variants);

    let cold = cold::measure(&arguments, &corpus)?;
    let program = program::measure(&arguments, &corpus, &mut skipped)?;
    let growth = growth::measure(&arguments, &corpus)?;

    let mut report = Report {
        measured,
        cold,
        program,
        growth,
        guest_memory_bytes,
        component_bytes: std::fs::metadata(arguments.dist.join("message-trace.wasm"))?.len(),
        compared,
        skipped,
        machine: json!(null),
        corpus: json!({"rows": corpus.rows(), "bytes": corpus.bytes().len(), "seed": corpus::SEED}),
        rounds: arguments.rounds,
    };
    report.machine = report::machine();
    report.write(&arguments.dist)
}
