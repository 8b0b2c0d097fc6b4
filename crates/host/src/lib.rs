//! Runs the normalizer: the component under wasmtime, or the same library natively.
//!
//! A [`Host`] is loaded once; each thread takes a [`Transform`] of its own from it. A transform never fails as a whole:
//! what goes wrong with a line, a fault of the component included, is a [`Reason`] for that line.
//!
//! ```
//! use message_trace::Options;
//! use message_trace_host::{Cache, Host};
//!
//! # fn main() -> anyhow::Result<()> {
//! let host = Host::embedded(&Cache::of_user())?;
//! let mut transform = host.transform(&Options::default())?;
//! let lines = b"{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"status\":\"delivered\"}\nno row\n";
//! let batch = transform.normalize_batch(lines);
//! assert_eq!((batch.count, batch.refused.len()), (1, 1));
//! assert_eq!(batch.refused[0].line, 2);
//! # Ok(())
//! # }
//! ```

mod bindings;
mod cache;
mod check;
mod component;
mod limits;
mod native;
mod reason;
mod watchdog;

pub use cache::Cache;
pub use limits::{
    BATCH_BYTES, BATCH_DEADLINE, EPOCH_TICK, HOSTCALL_BYTES, LINE_DEADLINE, MAX_LINE_BYTES, MAX_MEMORIES,
    MAX_MEMORY_BYTES, MAX_TABLE_ELEMENTS, MAX_TABLES,
};
pub use reason::{Fault, Reason, Refused};
pub use watchdog::EMBEDDED_DEADLINE;

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use message_trace::{Options, Revised, Revision};

/// The component that the program carries.
pub const EMBEDDED: &[u8] = include_bytes!(env!("MESSAGE_TRACE_EMBEDDED"));
/// The SHA-256 of [`EMBEDDED`], in lower-case hex.
pub const EMBEDDED_SHA256: &str = env!("MESSAGE_TRACE_EMBEDDED_SHA256");

/// What a batch of lines became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The events in the order of their lines, each followed by a line feed.
    pub events: Vec<u8>,
    /// How many events.
    pub count: u32,
    /// The lines that gave none, in order.
    pub refused: Vec<Refused>,
}

/// Turns lines into events under one set of options. One thread at a time.
pub trait Transform: Send {
    /// Turns newline-separated lines into events. 64 to 256 KiB are best ([`BATCH_BYTES`]).
    fn normalize_batch(&mut self, lines: &[u8]) -> Batch {
        self.normalize_revised_batch(lines, &[])
    }

    /// The same, where some lines were delivered before: each of them is one row. The order of `revised` does not count.
    fn normalize_revised_batch(&mut self, lines: &[u8], revised: &[Revised<'_>]) -> Batch;

    /// Turns one line, taken as it is (a trailing line feed stays in the raw text), into its event without a line feed.
    ///
    /// # Errors
    ///
    /// Why the line gives no event.
    fn normalize(&mut self, line: &[u8]) -> Result<String, Reason>;

    /// Turns a line that was delivered before into its next event: it changed since, or its details came.
    ///
    /// # Errors
    ///
    /// Why the line gives no event.
    fn normalize_revision(&mut self, line: &[u8], revision: &Revision<'_>) -> Result<String, Reason>;
}

/// What makes transforms. Cheap to clone; shared by threads.
#[derive(Clone)]
pub struct Host(Kind);

#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "there are as many hosts as threads")]
enum Kind {
    Component(component::Loaded),
    Native,
}

/// How every component begins: the name of WebAssembly, the format's version, and that it is no core module.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

impl Host {
    /// Loads the component that the program carries. Its machine code is kept in `cache`.
    ///
    /// # Errors
    ///
    /// If the machine cannot run it.
    pub fn embedded(cache: &Cache) -> Result<Self> {
        let loaded = component::Loaded::new(EMBEDDED, component::Trust::Embedded, cache)
            .context("cannot load the component inside the program")?;
        Ok(Self(Kind::Component(loaded)))
    }

    /// Loads a component from a file. It runs under deadlines, and what it gives is checked.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is no component that exports the normalizer.
    pub fn file(path: &Path, cache: &Cache) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            bytes.starts_with(COMPONENT),
            "cannot load {}: expected a WebAssembly component; build.sh makes one, dist/message-trace.wasm",
            path.display()
        );
        let loaded = component::Loaded::new(&bytes, component::Trust::Foreign, cache)
            .with_context(|| format!("cannot load {}", path.display()))?;
        Ok(Self(Kind::Component(loaded)))
    }

    /// The same library without a component between.
    #[must_use]
    pub const fn native() -> Self {
        Self(Kind::Native)
    }

    /// Makes a transform for one thread.
    ///
    /// # Errors
    ///
    /// If the component cannot be started.
    pub fn transform(&self, options: &Options) -> Result<Box<dyn Transform>> {
        Ok(match &self.0 {
            Kind::Component(loaded) => Box::new(component::Guest::new(loaded, options)?),
            Kind::Native => Box::new(native::Native::new(options)),
        })
    }

    /// What is loaded, in the component's own words.
    ///
    /// # Errors
    ///
    /// If the component fails to answer.
    pub fn about(&self) -> Result<About> {
        match &self.0 {
            Kind::Component(loaded) => loaded.about(),
            Kind::Native => Ok(native::about()),
        }
    }
}

/// What a normalizer says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The normalizer's version.
    pub version: String,
    /// The ECS version of target `ecs`.
    pub ecs_version: String,
    /// The OCSF version of target `ocsf`.
    pub ocsf_version: String,
    /// The formats that are detected, by name.
    pub formats: Vec<String>,
    /// The targets that can be asked for, by name.
    pub targets: Vec<String>,
    /// What the component imports, by name. Empty for a sealed one, and natively.
    pub imports: Vec<String>,
    /// What the component exports, by name. Empty natively.
    pub exports: Vec<String>,
    /// The SHA-256 of the component's bytes, in lower-case hex; none natively.
    pub sha256: Option<String>,
    /// The size of the component, in bytes; none natively.
    pub size_bytes: Option<usize>,
}
/// The WIT package and interface that the program speaks.
pub const WIT_PACKAGE: &str = "message-trace:events@0.2.0";
/// The line of wasmtime that runs components.
pub const WASMTIME_VERSION: &str = "48";
