//! The component under wasmtime: one instance for each transform, replaced after every fault.

use std::time::Duration;

use anyhow::{Result, anyhow};
use message_trace::{Options, Revised, Revision};
use wasmtime::component::{Component, InstancePre, Linker, ResourceAny};
use wasmtime::{Config, Engine, Store, Trap};

use super::bindings::exports::message_trace::events::mapping as wit;
use super::bindings::{MessageTrace, MessageTracePre};
use super::cache::Cache;
use super::limits::{BATCH_DEADLINE, EPOCH_TICK, HOSTCALL_BYTES, KEPT_MEMORY_BYTES, LINE_DEADLINE, Limits};
use super::watchdog::{EMBEDDED_DEADLINE, Watchdog, Watched, end_program};
use super::{About, Batch, Fault, Reason, Refused, Transform, check};

/// How far a component is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// The one built with the program: memory and batch size bound what it can do, and a watchdog outside ends the program
    /// that hangs in it.
    Embedded,
    /// One from a file: it also runs under deadlines, which cost 16 to 36 %, and what it gives is checked.
    Foreign,
}

/// A component ready to be instantiated.
#[derive(Clone)]
pub(super) struct Loaded {
    engine: Engine,
    pre: MessageTracePre<Limits>,
    trust: Trust,
    /// For a component without deadlines of its own.
    watchdog: Option<Watchdog>,
    imports: Vec<String>,
    exports: Vec<String>,
    sha256: String,
    size_bytes: usize,
}

impl Loaded {
    pub(super) fn new(bytes: &[u8], trust: Trust, cache: &Cache) -> Result<Self> {
        let mut config = Config::new();
        config.epoch_interruption(trust == Trust::Foreign);
        let engine = Engine::new(&config).map_err(plain)?;
        let sha256 = match trust {
            Trust::Embedded => super::EMBEDDED_SHA256.to_owned(),
            Trust::Foreign => super::cache::sha256(bytes),
        };
        let component = cache.load(&engine, bytes, &sha256)?;
        let kind = component.component_type();
        let imports = kind.imports(&engine).map(|(name, _)| name.to_owned()).collect();
        let exports = kind.exports(&engine).map(|(name, _)| name.to_owned()).collect();
        let pre = MessageTracePre::new(link(&engine, &component, trust)?).map_err(plain)?;
        let watchdog = match trust {
            Trust::Foreign => {
                tick(&engine)?;
                None
            }
            Trust::Embedded => Some(Watchdog::start(EMBEDDED_DEADLINE, end_program)?),
        };
        Ok(Self {
            engine,
            pre,
            trust,
            watchdog,
            imports,
            exports,
            sha256,
            size_bytes: bytes.len(),
        })
    }

    pub(super) fn about(&self) -> Result<About> {
        let (mut store, world) = self.instantiate()?;
        let info = world
            .message_trace_events_mapping()
            .call_about(&mut store)
            .map_err(plain)?;
        let wit::Info {
            version,
            formats,
            targets,
        } = info;
        let schema = |name: &str| {
            let target = targets.iter().find(|target| target.name == name);
            target
                .and_then(|target| target.schema_version.clone())
                .unwrap_or_default()
        };
        Ok(About {
            version,
            ecs_version: schema("ecs"),
            ocsf_version: schema("ocsf"),
            formats,
            targets: targets.iter().map(|target| target.name.clone()).collect(),
            imports: self.imports.clone(),
            exports: self.exports.clone(),
            sha256: Some(self.sha256.clone()),
            size_bytes: Some(self.size_bytes),
        })
    }

    fn instantiate(&self) -> Result<(Store<Limits>, MessageTrace)> {
        let mut store = Store::new(&self.engine, Limits::default());
        store.limiter(|limits| limits);
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        if self.trust == Trust::Foreign {
            store.epoch_deadline_trap();
            store.set_epoch_deadline(ticks(BATCH_DEADLINE));
        }
        let world = self.pre.instantiate(&mut store).map_err(plain)?;
        Ok((store, world))
    }
}

/// The embedded component gets an empty linker. A foreign one may name imports (a plain WASI build does); each of them
/// traps when called, so it gets nothing either.
fn link(engine: &Engine, component: &Component, trust: Trust) -> Result<InstancePre<Limits>> {
    let mut linker = Linker::<Limits>::new(engine);
    if trust == Trust::Foreign {
        linker.define_unknown_imports_as_traps(component).map_err(plain)?;
    }
    linker.instantiate_pre(component).map_err(plain)
}

/// Advances the engine's clock until the engine is gone.
fn tick(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("deadline".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH_TICK);
            }
        })?;
    Ok(())
}

fn ticks(deadline: Duration) -> u64 {
    u64::try_from(deadline.as_millis() / EPOCH_TICK.as_millis()).unwrap_or(u64::MAX)
}

/// wasmtime's error with what led to it.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

/// A line as the single-line call takes it.
pub(super) fn as_text(line: &[u8]) -> Result<&str, Reason> {
    std::str::from_utf8(line)
        .map_err(|error| Reason::Syntax(u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX)))
}

/// Hands options over, one by one. What counts as not given is not: the component would refuse it.
fn set_options(options: &Options, store: &mut Store<Limits>, exports: &wit::Guest) -> Result<ResourceAny> {
    let Options {
        target,
        organization_domains,
        tenant_id,
        keep_original,
        max_line_bytes,
    } = options;
    let exports = exports.options();
    let refused = |problem: String| anyhow!("the component refuses an option: {problem}");
    let given = exports.call_constructor(&mut *store).map_err(plain)?;
    let set = exports.call_set_target(&mut *store, given, target.name());
    set.map_err(plain)?.map_err(refused)?;
    for domain in organization_domains {
        if !Options::bare_domain(domain).is_empty() {
            let set = exports.call_add_organization_domain(&mut *store, given, domain);
            set.map_err(plain)?.map_err(refused)?;
        }
    }
    if let Some(id) = tenant_id.as_deref().filter(|id| !id.is_empty()) {
        let set = exports.call_set_tenant_id(&mut *store, given, id);
        set.map_err(plain)?.map_err(refused)?;
    }
    exports
        .call_set_keep_original(&mut *store, given, *keep_original)
        .map_err(plain)?;
    exports
        .call_set_max_line_bytes(&mut *store, given, *max_line_bytes)
        .map_err(plain)?;
    Ok(given)
}

fn known<'a>(revision: &Revision<'a>) -> wit::Revision<'a> {
    let Revision {
        sequence,
        previous_status,
        details,
    } = *revision;
    wit::Revision {
        sequence,
        previous_status,
        details,
    }
}

/// A transform over one instance at a time.
pub(super) struct Guest {
    loaded: Loaded,
    options: Options,
    watched: Option<Watched>,
    instance: Option<Instance>,
}

struct Instance {
    store: Store<Limits>,
    world: MessageTrace,
    normalizer: ResourceAny,
}

impl Guest {
    pub(super) fn new(loaded: &Loaded, options: &Options) -> Result<Self> {
        let mut guest = Self {
            loaded: loaded.clone(),
            options: options.clone(),
            watched: loaded.watchdog.as_ref().map(Watchdog::watch),
            instance: None,
        };
        guest.instance = Some(guest.start()?);
        Ok(guest)
    }

    fn start(&self) -> Result<Instance> {
        let (mut store, world) = self.loaded.instantiate()?;
        let exports = world.message_trace_events_mapping();
        let options = set_options(&self.options, &mut store, exports)?;
        let normalizer = exports
            .normalizer()
            .call_constructor(&mut store, options)
            .map_err(plain)?;
        options.resource_drop(&mut store).map_err(plain)?;
        Ok(Instance {
            store,
            world,
            normalizer,
        })
    }

    /// Runs one call under its deadline. The instance is kept only if the call went well and its memory is small.
    fn call<T>(
        &mut self,
        deadline: Duration,
        call: impl FnOnce(&mut Instance) -> wasmtime::Result<T>,
    ) -> Result<T, Fault> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.start().map_err(|_| Fault::Start)?,
        };
        if self.loaded.trust == Trust::Foreign {
            instance.store.set_epoch_deadline(ticks(deadline));
        }
        let answer = match &self.watched {
            Some(watched) => watched.call(|| call(&mut instance)),
            None => call(&mut instance),
        };
        match answer {
            Ok(answer) => {
                if instance.store.data().memory_bytes <= KEPT_MEMORY_BYTES {
                    self.instance = Some(instance);
                }
                Ok(answer)
            }
            Err(error) => Err(fault(&error, instance.store.data(), deadline)),
        }
    }

    fn batch(&mut self, lines: &[u8], revised: &[Revised<'_>], deadline: Duration) -> Result<Batch, Fault> {
        let foreign = self.loaded.trust == Trust::Foreign;
        let revised: Vec<wit::Revised<'_>> = revised
            .iter()
            .map(|revised| wit::Revised {
                line: revised.line,
                revision: known(&revised.revision),
            })
            .collect();
        let batch = self.call(
            deadline,
            |Instance {
                 store,
                 world,
                 normalizer,
             }| {
                let exports = world.message_trace_events_mapping();
                exports.normalizer().call_normalize_batch(
                    store,
                    *normalizer,
                    wit::ChunkParam::Bytes(lines),
                    &revised,
                )
            },
        )?;
        let wit::Batch {
            events,
            count,
            rejections,
        } = batch;
        let wit::ChunkResult::Bytes(events) = events else {
            self.instance = None;
            return Err(Fault::Output("bytes for bytes"));
        };
        let refused = rejections
            .into_iter()
            .map(|wit::Rejected { line, reason: why }| Refused {
                line,
                reason: reason(why),
            })
            .collect();
        let batch = Batch {
            events,
            count,
            refused,
        };
        if foreign && let Err(fault) = check::batch(&batch, lines) {
            self.instance = None;
            return Err(fault);
        }
        Ok(batch)
    }

    fn one(&mut self, line: &[u8], revision: Option<wit::Revision<'_>>) -> Result<String, Reason> {
        let line = as_text(line)?;
        let answer = self.call(
            LINE_DEADLINE,
            |Instance {
                 store,
                 world,
                 normalizer,
             }| {
                let exports = world.message_trace_events_mapping();
                exports
                    .normalizer()
                    .call_normalize(store, *normalizer, line, revision)
            },
        );
        self.line(answer)
    }

    fn line(&mut self, answer: Result<Result<String, wit::Rejection>, Fault>) -> Result<String, Reason> {
        let answer = answer.map_err(Reason::Fault)?.map_err(reason);
        if self.loaded.trust == Trust::Foreign
            && let Err(fault) = check::answer(&answer)
        {
            self.instance = None;
            return Err(Reason::Fault(fault));
        }
        answer
    }
}

impl Transform for Guest {
    fn normalize_revised_batch(&mut self, lines: &[u8], revised: &[Revised<'_>]) -> Batch {
        if let Ok(batch) = self.batch(lines, revised, BATCH_DEADLINE) {
            return batch;
        }
        // Something in here brings the component down. One line at a time, only those lines are lost that do.
        let mut all = Batch::default();
        for (index, line) in lines.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let of_line = revised.iter().rev().find(|revised| revised.line == number);
            let of_line: Vec<Revised<'_>> = of_line
                .map(|revised| Revised { line: 1, ..*revised })
                .into_iter()
                .collect();
            match self.batch(line, &of_line, LINE_DEADLINE) {
                Ok(batch) => {
                    all.events.extend_from_slice(&batch.events);
                    all.count += batch.count;
                    all.refused
                        .extend(batch.refused.into_iter().map(|refused| Refused {
                            line: number,
                            ..refused
                        }));
                }
                Err(fault) => all.refused.push(Refused {
                    line: number,
                    reason: Reason::Fault(fault),
                }),
            }
        }
        all
    }

    fn normalize(&mut self, line: &[u8]) -> Result<String, Reason> {
        self.one(line, None)
    }

    fn normalize_revision(&mut self, line: &[u8], revision: &Revision<'_>) -> Result<String, Reason> {
        self.one(line, Some(known(revision)))
    }
}

fn reason(rejection: wit::Rejection) -> Reason {
    match rejection {
        wit::Rejection::Syntax(offset) => Reason::Syntax(offset),
        wit::Rejection::UnknownFormat => Reason::UnknownFormat,
        wit::Rejection::MissingField(field) => Reason::MissingField(field),
        wit::Rejection::InvalidField(field) => Reason::InvalidField(field),
        wit::Rejection::Envelope(rows) => Reason::Envelope(rows),
        wit::Rejection::TooLong(limit) => Reason::TooLong(limit),
        wit::Rejection::TooDeep(limit) => Reason::TooDeep(limit),
        // It has a name, which might be anything: none of it gets into a log.
        wit::Rejection::Other(_) => Reason::Fault(Fault::Output("a reason that this program knows")),
    }
}

/// Which limit a failed call hit.
fn fault(error: &wasmtime::Error, limits: &Limits, deadline: Duration) -> Fault {
    if limits.memory_exhausted {
        return Fault::Memory;
    }
    if limits.table_exhausted {
        return Fault::Table;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Fault::Deadline(deadline.as_millis()),
        Some(Trap::StackOverflow) => Fault::Trap("call stack exhausted"),
        Some(Trap::MemoryOutOfBounds) => Fault::Trap("out of bounds memory access"),
        Some(Trap::UnreachableCodeReached) => Fault::Trap("unreachable"),
        Some(Trap::IntegerDivisionByZero) => Fault::Trap("division by zero"),
        Some(_) => Fault::Trap("other"),
        // What is no trap came up while the answer was lifted out of the guest's memory.
        None if error.to_string().contains("fuel") => Fault::OutputSize,
        None => Fault::Output("values of the types in wit/"),
    }
}
