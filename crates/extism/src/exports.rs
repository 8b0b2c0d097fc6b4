//! The functions that a host calls. Extism hands the input in, and takes the result or the error out.

use crate::Plugin;
use core::cell::RefCell;
use extism_pdk::{FnResult, config, plugin_fn};

thread_local! {
    /// A plug-in's instance has one thread; its memory lives until the host drops the plug-in.
    static PLUGIN: RefCell<Plugin> = RefCell::default();
}

/// One line into one event. A rejection is the call's error, as JSON.
#[plugin_fn]
pub fn normalize(line: Vec<u8>) -> FnResult<Vec<u8>> {
    run(|plugin| plugin.normalize(&line))
}

/// A line that was delivered before into its next event; the input is JSON.
#[plugin_fn]
pub fn normalize_revision(input: Vec<u8>) -> FnResult<Vec<u8>> {
    run(|plugin| plugin.normalize_revision(&input))
}

/// Lines into events, each with a line feed. Refused lines are what `rejections` gives next.
#[plugin_fn]
pub fn normalize_batch(lines: Vec<u8>) -> FnResult<Vec<u8>> {
    run(|plugin| Ok(plugin.normalize_batch(&lines)))
}

/// The lines that the batch before refused: a JSON array.
#[plugin_fn]
pub fn rejections() -> FnResult<Vec<u8>> {
    run(|plugin| Ok(plugin.rejections()))
}

/// Runs one call under the options that the host has set by then.
fn run(call: impl FnOnce(&mut Plugin) -> Result<Vec<u8>, String>) -> FnResult<Vec<u8>> {
    let options = config::get("options")?;
    PLUGIN.with_borrow_mut(|plugin| {
        let result = plugin.configure(options.as_deref()).and_then(|()| call(plugin));
        Ok(result.map_err(extism_pdk::Error::msg)?)
    })
}
