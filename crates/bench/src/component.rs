//! The component under wasmtime, hosted as the program hosts it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use message_trace::Target;
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{Config, Engine, ResourceLimiter, Store};

use crate::arguments::Arguments;
use crate::corpus::{BATCH_BYTES, Corpus, chunks, head};
use crate::variant::{Variant, thread_time};

use bindings::exports::message_trace::events::mapping as wit;

/// The WIT world, as Rust.
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "message-trace",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

/// The most linear memory, in bytes, as in the program.
const MAX_MEMORY_BYTES: usize = 64 * 1024 * 1024;

/// Counts the linear memory of an instance, as the program does.
#[derive(Default)]
pub(crate) struct Memory {
    bytes: usize,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.bytes = self.bytes - current + desired;
        Ok(self.bytes <= MAX_MEMORY_BYTES)
    }

    fn table_growing(&mut self, _: usize, _: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

/// One instance with one normalizer.
pub(crate) struct Guest {
    store: Store<Memory>,
    world: bindings::MessageTrace,
    normalizer: ResourceAny,
}

impl Guest {
    pub(crate) fn new(engine: &Engine, component: &Component, target: &str) -> Result<Self> {
        let mut linker = Linker::new(engine);
        // The sealed component imports nothing; the build for WASI names imports that it never calls.
        linker.define_unknown_imports_as_traps(component).map_err(plain)?;
        let mut store = Store::new(engine, Memory::default());
        store.limiter(|memory| memory);
        let world = bindings::MessageTrace::instantiate(&mut store, component, &linker).map_err(plain)?;
        let exports = world.message_trace_events_mapping();
        let options = exports.options().call_constructor(&mut store).map_err(plain)?;
        let set = exports.options().call_set_target(&mut store, options, target);
        set.map_err(plain)?.map_err(|problem| anyhow!("{problem}"))?;
        let normalizer = exports
            .normalizer()
            .call_constructor(&mut store, options)
            .map_err(plain)?;
        options.resource_drop(&mut store).map_err(plain)?;
        Ok(Self {
            store,
            world,
            normalizer,
        })
    }

    pub(crate) fn batch(&mut self, lines: &[u8]) -> Result<Vec<u8>> {
        let exports = self.world.message_trace_events_mapping();
        let batch = exports
            .normalizer()
            .call_normalize_batch(
                &mut self.store,
                self.normalizer,
                wit::ChunkParam::Bytes(lines),
                &[],
            )
            .map_err(plain)?;
        ensure!(
            batch.rejections.is_empty(),
            "{} lines were refused",
            batch.rejections.len()
        );
        match batch.events {
            wit::ChunkResult::Bytes(events) => Ok(events),
            wit::ChunkResult::Text(_) => Err(anyhow!("text for bytes")),
        }
    }

    fn text(&mut self, lines: &str) -> Result<String> {
        let exports = self.world.message_trace_events_mapping();
        let batch = exports
            .normalizer()
            .call_normalize_batch(
                &mut self.store,
                self.normalizer,
                wit::ChunkParam::Text(lines),
                &[],
            )
            .map_err(plain)?;
        ensure!(
            batch.rejections.is_empty(),
            "{} lines were refused",
            batch.rejections.len()
        );
        match batch.events {
            wit::ChunkResult::Text(events) => Ok(events),
            wit::ChunkResult::Bytes(_) => Err(anyhow!("bytes for text")),
        }
    }

    pub(crate) fn line(&mut self, line: &str) -> Result<String> {
        let exports = self.world.message_trace_events_mapping();
        let event = exports
            .normalizer()
            .call_normalize(&mut self.store, self.normalizer, line, None)
            .map_err(plain)?;
        event.map_err(|rejection| anyhow!("refused: {rejection:?}"))
    }
}

pub(crate) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    if std::env::var_os("BENCH_PERF_MAP").is_some() {
        config.profiler(wasmtime::ProfilingStrategy::PerfMap);
    }
    Engine::new(&config).map_err(plain)
}

pub(crate) fn load(engine: &Engine, path: &Path) -> Result<Component> {
    Component::from_file(engine, path).map_err(plain)
}

/// wasmtime's error with what led to it.
pub(crate) fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// How the lines cross into the guest.
#[derive(Clone, Copy)]
enum Call {
    Line,
    Batch(usize),
    Text(usize),
}

struct Hosted {
    name: String,
    guest: Guest,
    call: Call,
    target: &'static str,
    corpus: &'static [u8],
    rows: usize,
}

pub(crate) fn add(
    variants: &mut Vec<Box<dyn Variant>>,
    skipped: &mut Vec<String>,
    corpus: &Corpus,
    arguments: &Arguments,
) -> Result<()> {
    let engine = engine()?;
    let mut push = |component: &Component, name: &str, call: Call, target: &'static str| -> Result<()> {
        variants.push(Box::new(Hosted {
            name: name.to_owned(),
            guest: Guest::new(&engine, component, target)?,
            call,
            target,
            corpus: corpus.bytes(),
            rows: corpus.rows(),
        }));
        Ok(())
    };
    let sealed = load(&engine, &arguments.dist.join("message-trace.wasm"))?;
    for target in Target::ALL.map(Target::name) {
        push(
            &sealed,
            &format!("component, batch, {target}"),
            Call::Batch(BATCH_BYTES),
            target,
        )?;
        push(&sealed, &format!("component, line, {target}"), Call::Line, target)?;
    }
    for (size, bytes) in [("16 KiB", 16 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20)] {
        push(
            &sealed,
            &format!("component, batch of {size}, sekoia"),
            Call::Batch(bytes),
            "sekoia",
        )?;
    }
    push(
        &sealed,
        "component, text batch, sekoia",
        Call::Text(BATCH_BYTES),
        "sekoia",
    )?;
    let others = [
        ("no SIMD", arguments.dist.join("message-trace-plain.wasm")),
        ("wasip2", arguments.work.join("wasip2.wasm")),
    ];
    for (build, path) in others {
        if path.exists() {
            let name = format!("component, {build}, batch, sekoia");
            push(&load(&engine, &path)?, &name, Call::Batch(BATCH_BYTES), "sekoia")?;
        } else {
            skipped.push(format!("component, {build}: {} is not built", path.display()));
        }
    }
    Ok(())
}

/// The linear memory after all batches of the default size.
pub(crate) fn memory_bytes(variants: &[Box<dyn Variant>]) -> Option<usize> {
    let batch = variants
        .iter()
        .find(|variant| variant.name() == "component, batch, sekoia");
    batch.and_then(|variant| variant.guest_memory_bytes())
}

impl Hosted {
    fn pass(&mut self, corpus: &[u8], mut each: impl FnMut(&[u8])) -> Result<()> {
        match self.call {
            Call::Line => {
                // The check that a line is UTF-8 is part of this call: its parameter is a string.
                for line in corpus
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty())
                {
                    each(self.guest.line(std::str::from_utf8(line)?)?.as_bytes());
                    each(b"\n");
                }
            }
            Call::Batch(bytes) => {
                for chunk in chunks(corpus, bytes) {
                    each(&self.guest.batch(chunk)?);
                }
            }
            Call::Text(bytes) => {
                for chunk in chunks(corpus, bytes) {
                    each(self.guest.text(std::str::from_utf8(chunk)?)?.as_bytes());
                }
            }
        }
        Ok(())
    }
}

impl Variant for Hosted {
    fn name(&self) -> &str {
        &self.name
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.corpus.len()
    }

    fn run(&mut self) -> Result<Duration> {
        let (corpus, mut written) = (self.corpus, 0);
        let start = thread_time();
        self.pass(corpus, |events| written += events.len())?;
        let time = thread_time() - start;
        ensure!(
            written > corpus.len(),
            "expected events, but found {written} bytes"
        );
        Ok(time)
    }

    fn events(&mut self, rows: usize) -> Result<Option<Vec<u8>>> {
        if self.target != "sekoia" {
            return Ok(None);
        }
        let mut all = Vec::new();
        self.pass(head(self.corpus, rows), |events| all.extend_from_slice(events))?;
        Ok(Some(all))
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn guest_memory_bytes(&self) -> Option<usize> {
        Some(self.guest.store.data().bytes)
    }
}
