//! How long it takes until the first event is there. Wall time: nothing else is waited for.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::arguments::Arguments;
use crate::component::{Guest, engine, load, plain};
use crate::corpus::Corpus;
use crate::rounds::median;

/// How often each start is made.
const STARTS: usize = 41;

/// Milliseconds, medians.
pub(crate) struct Cold {
    /// Compiling the component to machine code, which a host does once.
    pub(crate) compile: f64,
    /// Reading the machine code.
    pub(crate) load: f64,
    /// From the loaded component to an instance with a normalizer.
    pub(crate) instantiate: f64,
    /// The first line through it.
    pub(crate) first_call: f64,
    /// The three of them.
    pub(crate) total: f64,
    /// The quickest start of all.
    pub(crate) total_min: f64,
    /// The same with a new engine each time.
    pub(crate) with_engine: f64,
}

pub(crate) fn measure(arguments: &Arguments, corpus: &Corpus) -> Result<Cold> {
    let shared = engine()?;
    let start = Instant::now();
    let component = load(&shared, &arguments.dist.join("message-trace.wasm"))?;
    let compile = millis(start.elapsed());
    let file = arguments.work.join("message-trace.cwasm");
    std::fs::write(&file, component.serialize().map_err(plain)?)?;
    let line = std::str::from_utf8(corpus.head(1))?;

    let (mut loads, mut instantiations, mut calls, mut totals) = (vec![], vec![], vec![], vec![]);
    let mut with_engine = Vec::new();
    for _ in 0..STARTS {
        let start = Instant::now();
        let component = machine_code(&shared, &file)?;
        let loaded = start.elapsed();
        let mut guest = Guest::new(&shared, &component, "sekoia")?;
        let ready = start.elapsed();
        guest.line(line)?;
        let done = start.elapsed();
        loads.push(millis(loaded));
        instantiations.push(millis(ready - loaded));
        calls.push(millis(done - ready));
        totals.push(millis(done));

        let start = Instant::now();
        let engine = engine()?;
        let component = machine_code(&engine, &file)?;
        Guest::new(&engine, &component, "sekoia")?.line(line)?;
        with_engine.push(millis(start.elapsed()));
    }
    Ok(Cold {
        compile,
        load: median(&loads),
        instantiate: median(&instantiations),
        first_call: median(&calls),
        total: median(&totals),
        total_min: totals.iter().copied().fold(f64::INFINITY, f64::min),
        with_engine: median(&with_engine),
    })
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(unsafe_code, reason = "wasmtime runs machine code as it is given")]
fn machine_code(engine: &Engine, file: &Path) -> Result<Component> {
    // SAFETY: the file was written by this run with the same wasmtime, in the bench's own folder.
    unsafe { Component::deserialize_file(engine, file) }.map_err(plain)
}
