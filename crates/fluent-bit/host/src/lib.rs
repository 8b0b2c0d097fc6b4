//! Runs the Fluent Bit filter in an interpreter, by the rules of Fluent Bit's `wasm` filter.
//!
//! What Fluent Bit 5 does for a record, [`Instance::call`] does: tag and record are copied, each with a NUL behind it,
//! into buffers that the module's own `malloc` gives; the function is called with six `i32`; the address that comes
//! back must hold a text that ends within the memory; it is copied, and both buffers go back to `free`. One instance
//! serves for ever. No SIMD, no import, and a small stack. [`record`] builds the records that reach a filter.

pub mod record;
mod costs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use wasmi::{
    Config, Engine, Instance as Module, Linker, Memory, Store, StoreLimits, StoreLimitsBuilder, TypedFunc,
};

/// The stack of a filter unless `Wasm_Stack_Size` says otherwise, in bytes: 8 KiB in Fluent Bit, whose runtime has cells
/// of four bytes; the ones here have eight.
pub const DEFAULT_STACK_BYTES: usize = 2 * 8192;

type Function = TypedFunc<(i32, i32, i32, i32, i32, i32), i32>;

/// A filter that was loaded.
#[derive(Debug)]
pub struct Instance {
    store: Store<StoreLimits>,
    module: Module,
    memory: Memory,
    malloc: TypedFunc<i32, i32>,
    free: TypedFunc<i32, ()>,
    gives_back: bool,
}

impl Instance {
    /// Loads a module as Fluent Bit does.
    ///
    /// # Errors
    ///
    /// A module that uses what Fluent Bit's runtime lacks, or that lacks what Fluent Bit needs.
    pub fn new(wasm: &[u8]) -> Result<Self> {
        Self::with_stack(wasm, DEFAULT_STACK_BYTES)
    }

    /// Loads a module with a `Wasm_Stack_Size` of `stack_bytes`.
    ///
    /// # Errors
    ///
    /// As [`Instance::new`].
    pub fn with_stack(wasm: &[u8], stack_bytes: usize) -> Result<Self> {
        let mut config = Config::default();
        config
            .set_min_stack_height(1024)
            .set_max_stack_height(stack_bytes)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_multi_memory(false)
            .wasm_mutable_global(false)
            .consume_fuel(true)
            .operator_cost(costs::interpreter());
        let engine = Engine::new(&config);
        let compiled = wasmi::Module::new(&engine, wasm).context("the module cannot be loaded")?;
        ensure!(compiled.imports().next().is_none(), "the module has imports");
        let limits = StoreLimitsBuilder::new().memory_size(1 << 30).build();
        let mut store = Store::new(&engine, limits);
        store.limiter(|limits| limits);
        store.set_fuel(u64::MAX)?;
        let module = Linker::new(&engine).instantiate_and_start(&mut store, &compiled)?;
        let memory = module
            .get_memory(&store, "memory")
            .context("no memory is exported")?;
        Ok(Self {
            malloc: module.get_typed_func(&store, "malloc")?,
            free: module.get_typed_func(&store, "free")?,
            gives_back: true,
            store,
            module,
            memory,
        })
    }

    /// Gives no buffer back any more, as Fluent Bit before 4.2.
    pub fn leak(&mut self) {
        self.gives_back = false;
    }

    /// Sets the most memory the module may have, in bytes.
    pub fn limit_memory(&mut self, bytes: usize) {
        *self.store.data_mut() = StoreLimitsBuilder::new().memory_size(bytes).build();
    }

    /// The module's memory, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.memory.data(&self.store).len()
    }

    /// How many instructions ran since the module was loaded; those that an interpreter with registers does not
    /// execute (constants, moves of locals, ends of blocks) are not counted.
    ///
    /// # Errors
    ///
    /// None: instructions are always counted.
    pub fn instructions(&self) -> Result<u64> {
        Ok(u64::MAX - self.store.get_fuel()?)
    }

    /// Calls a filter function for a record. What comes back takes the record's place; `None` drops it.
    ///
    /// # Errors
    ///
    /// All that makes Fluent Bit lose the record: no such function, a trap, an address outside of the memory, a text
    /// that is no single JSON object.
    pub fn call(&mut self, function: &str, record: &[u8]) -> Result<Option<String>> {
        let text = self.call_raw(function, record)?;
        if text.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8(text).context("the event is not UTF-8")?;
        match serde_json::from_str(&text).context("the event is not one JSON text")? {
            Value::Object(_) => Ok(Some(text)),
            _ => bail!("the event is no object"),
        }
    }

    fn call_raw(&mut self, function: &str, record: &[u8]) -> Result<Vec<u8>> {
        let function: Function = self
            .module
            .get_typed_func(&self.store, function)
            .with_context(|| format!("no function {function}"))?;
        let tag = self.duplicate(b"tag")?;
        let text = self.duplicate(record)?;
        let (tag_len, record_len) = (3, i32::try_from(record.len())?);
        let result = function.call(
            &mut self.store,
            (tag, tag_len, 1_750_000_000, 0, text, record_len),
        );
        let answer = result.map_err(anyhow::Error::from).and_then(|address| {
            // An address is unsigned.
            let address = address.cast_unsigned() as usize;
            let memory = self.memory.data(&self.store);
            let rest = memory
                .get(address..)
                .context("the address lies outside of the memory")?;
            let len = rest
                .iter()
                .position(|byte| *byte == 0)
                .context("the text does not end")?;
            Ok(rest[..len].to_vec())
        });
        if self.gives_back {
            for buffer in [tag, text].into_iter().filter(|buffer| *buffer != 0) {
                self.free.call(&mut self.store, buffer)?;
            }
        }
        answer
    }

    /// Copies bytes and a NUL into the module; 0 where it has no room for them.
    fn duplicate(&mut self, bytes: &[u8]) -> Result<i32> {
        let len = i32::try_from(bytes.len() + 1)?;
        let address = self.malloc.call(&mut self.store, len)?;
        if address != 0 {
            let start = address.cast_unsigned() as usize;
            let room = self
                .memory
                .data_mut(&mut self.store)
                .get_mut(start..=start + bytes.len())
                .context("malloc gave room outside of the memory")?;
            room[..bytes.len()].copy_from_slice(bytes);
            room[bytes.len()] = 0;
        }
        Ok(address)
    }
}

/// The filter function of a target.
#[must_use]
pub fn function(target: &str) -> String {
    format!("message_trace_{target}")
}

/// Runs raw lines through a filter, each as `{"log": …}` with the options behind it: the event, or why there is none.
///
/// # Errors
///
/// A module that cannot be loaded, or a record that Fluent Bit would lose.
pub fn run(
    wasm: &[u8],
    target: &str,
    options_json: &str,
    lines: &[&[u8]],
) -> Result<Vec<Result<String, String>>> {
    let mut instance = Instance::new(wasm)?;
    let function = function(target);
    let options = (!options_json.is_empty()).then_some(options_json);
    lines
        .iter()
        .map(|line| {
            let record = record::with_options(&record::of_line(line), options);
            let event = instance
                .call(&function, &record)?
                .context("a record was dropped")?;
            Ok(rejection_of(&event).map_or(Ok(event), Err))
        })
        .collect()
}

/// Why an event is none, where it is a row that was refused.
#[must_use]
pub fn rejection_of(event: &str) -> Option<String> {
    let event: Value = serde_json::from_str(event).ok()?;
    let refused = event["event"]["kind"] == "pipeline_error";
    refused.then(|| event["error"]["message"].as_str().unwrap_or_default().to_owned())
}
