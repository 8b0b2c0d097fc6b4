//! Runs a Tangent plug-in under wasmtime, with the faults of Tangent's own host, as `row.rs` lists them.
//!
//! One store and one instance serve for ever, as in a worker of Tangent; no WASI is offered, so a plug-in that asks for
//! it is not loaded.

mod row;

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use simd_json::prelude::{ValueAsArray as _, ValueAsObject as _};
use simd_json::{OwnedValue, StaticNode};
use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{Config, Engine, Store};

pub use row::Row;

mod bindings {
    wasmtime::component::bindgen!({
        world: "processor",
        path: "../wit",
        with: { "tangent:logs/log.logview": super::Row },
    });
}

use bindings::exports::tangent::logs::mapper::{Pred, Selector};
use bindings::tangent::logs::{config, log};
use bindings::{Processor, ProcessorPre};

/// A plug-in that was compiled, for any number of configurations.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "wasmtime's bindings have none")]
pub struct Compiled {
    engine: Engine,
    plugin: ProcessorPre<Host>,
}

/// A plug-in that was loaded.
#[expect(missing_debug_implementations, reason = "wasmtime's bindings have none")]
pub struct Plugin {
    store: Store<Host>,
    processor: Processor,
    selectors: Vec<Selector>,
}

struct Host {
    table: ResourceTable,
    config: HashMap<String, Value>,
    /// How often a row was asked for its text.
    texts: u32,
}

impl Compiled {
    /// Compiles a component, or the core module of one.
    ///
    /// # Errors
    ///
    /// A component that does not fit Tangent's world.
    pub fn new(wasm: &[u8]) -> Result<Self> {
        let mut engine = Config::new();
        engine.wasm_component_model(true);
        let engine = Engine::new(&engine).map_err(plain)?;
        let component = Component::new(&engine, component(wasm)?).map_err(plain)?;
        let mut linker = Linker::new(&engine);
        log::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host).map_err(plain)?;
        config::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host).map_err(plain)?;
        let plugin = linker.instantiate_pre(&component).map_err(plain)?;
        let plugin = ProcessorPre::new(plugin).map_err(plain)?;
        Ok(Self { engine, plugin })
    }

    /// Loads it under a plug-in's configuration: a JSON object, or nothing.
    ///
    /// # Errors
    ///
    /// A configuration that is no JSON object; a trap.
    pub fn load(&self, config_json: &str) -> Result<Plugin> {
        let config = if config_json.is_empty() {
            HashMap::new()
        } else {
            serde_json::from_str(config_json).context("the configuration is no JSON object")?
        };
        let host = Host {
            table: ResourceTable::new(),
            config,
            texts: 0,
        };
        let mut store = Store::new(&self.engine, host);
        let processor = self.plugin.instantiate(&mut store).map_err(plain)?;
        let mapper = processor.tangent_logs_mapper();
        let selectors = mapper.call_probe(&mut store).map_err(plain)?;
        Ok(Plugin {
            store,
            processor,
            selectors,
        })
    }
}

impl Plugin {
    /// Name and version.
    ///
    /// # Errors
    ///
    /// A trap.
    pub fn metadata(&mut self) -> Result<(String, String)> {
        let meta = self
            .processor
            .tangent_logs_mapper()
            .call_metadata(&mut self.store)
            .map_err(plain)?;
        Ok((meta.name, meta.version))
    }

    /// Whether Tangent would hand the row to this plug-in.
    #[must_use]
    pub fn wants(&self, row: &Row) -> bool {
        let holds = |predicate: &Pred| match predicate {
            Pred::Has(path) => row.lookup(path).is_some(),
            // The plug-in asks nothing else.
            _ => false,
        };
        self.selectors.iter().any(|selector| {
            (selector.any.is_empty() || selector.any.iter().any(holds))
                && selector.all.iter().all(holds)
                && !selector.none.iter().any(holds)
        })
    }

    /// What becomes of a batch.
    ///
    /// # Errors
    ///
    /// What costs Tangent the batch: an error or a trap.
    pub fn process(&mut self, rows: Vec<Row>) -> Result<Vec<u8>> {
        let views = rows
            .into_iter()
            .map(|row| self.store.data_mut().table.push(row))
            .collect::<Result<Vec<_>, _>>()?;
        let mapper = self.processor.tangent_logs_mapper();
        let events = mapper.call_process_logs(&mut self.store, &views).map_err(plain)?;
        let events = events.map_err(anyhow::Error::msg)?;
        ensure!(self.store.data().table.is_empty(), "the plug-in keeps rows");
        Ok(events)
    }

    /// How often a row was asked for its text, which may cost Tangent a worker.
    #[must_use]
    pub fn texts(&self) -> u32 {
        self.store.data().texts
    }
}

/// Wasmtime's error, which is none of the standard library's, with its causes.
fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

/// A component as it is, or made of a core module that says how.
fn component(wasm: &[u8]) -> Result<Vec<u8>> {
    // The version of a core module is 1, that of a component has a layer in its upper half.
    if wasm.get(4..8) != Some(&[1, 0, 0, 0]) {
        return Ok(wasm.to_vec());
    }
    wit_component::ComponentEncoder::default()
        .validate(true)
        .module(wasm)?
        .encode()
}

/// Why an event is none, where it is a row that was refused.
#[must_use]
pub fn rejection_of(event: &str) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    let refused = event["event"]["kind"] == "pipeline_error";
    refused.then(|| event["error"]["message"].as_str().unwrap_or_default().to_owned())
}

impl config::Host for Host {
    fn get(&mut self, key: String) -> Option<String> {
        self.config.get(&key).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }
}

impl log::Host for Host {}

impl Host {
    /// Looks at a row; one that is gone has nothing.
    fn row<T>(&self, view: &Resource<Row>, look: impl FnOnce(&Row) -> Option<T>) -> Option<T> {
        look(self.table.get(view).ok()?)
    }
}

impl log::HostLogview for Host {
    fn has(&mut self, view: Resource<Row>, path: String) -> bool {
        self.row(&view, |row| row.lookup(&path).map(|_| ())).is_some()
    }

    fn get(&mut self, view: Resource<Row>, path: String) -> Option<log::Scalar> {
        self.row(&view, |row| scalar(row.lookup(&path)?))
    }

    fn len(&mut self, view: Resource<Row>, path: String) -> Option<u32> {
        self.row(&view, |row| {
            let len = match row.lookup(&path)? {
                OwnedValue::Array(elements) => elements.len(),
                OwnedValue::String(text) => text.len(),
                _ => return None,
            };
            u32::try_from(len).ok()
        })
    }

    fn get_list(&mut self, view: Resource<Row>, path: String) -> Option<Vec<log::Scalar>> {
        self.row(&view, |row| {
            Some(row.lookup(&path)?.as_array()?.iter().filter_map(scalar).collect())
        })
    }

    fn get_map(&mut self, view: Resource<Row>, path: String) -> Option<Vec<(String, log::Scalar)>> {
        self.row(&view, |row| {
            let members = row.lookup(&path)?.as_object()?.iter();
            Some(
                members
                    .filter_map(|(key, value)| Some((key.clone(), scalar(value)?)))
                    .collect(),
            )
        })
    }

    fn keys(&mut self, view: Resource<Row>, path: String) -> Vec<String> {
        let keys = self.row(&view, |row| {
            Some(row.lookup(&path)?.as_object()?.keys().cloned().collect())
        });
        keys.unwrap_or_default()
    }

    fn log(&mut self, view: Resource<Row>) -> String {
        self.texts += 1;
        self.row(&view, |row| Some(row.corrupted_text()))
            .unwrap_or_default()
    }

    fn drop(&mut self, view: Resource<Row>) -> wasmtime::Result<()> {
        self.table.delete(view)?;
        Ok(())
    }
}

fn scalar(value: &OwnedValue) -> Option<log::Scalar> {
    Some(match value {
        OwnedValue::String(text) => log::Scalar::Str(text.clone()),
        OwnedValue::Static(StaticNode::Bool(truth)) => log::Scalar::Boolean(*truth),
        OwnedValue::Static(StaticNode::I64(number)) => log::Scalar::Int(*number),
        OwnedValue::Static(StaticNode::U64(number)) => log::Scalar::Int(number.cast_signed()),
        OwnedValue::Static(StaticNode::F64(number)) => log::Scalar::Float(*number),
        _ => return None,
    })
}
