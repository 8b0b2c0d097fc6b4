//! The hosts: one row of [`all`] each.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::host::{Host, Kind, Missing, Sameness, root};
use crate::{fluent_bit, fluent_bit_real, program, tangent, tangent_real};

/// Every host, in the order of the table.
pub(crate) fn all() -> Vec<Host> {
    let host = |name, kind| Host {
        name,
        kind,
        sameness: Sameness::Bytes,
        at_least: None,
        is_from_registry: true,
    };
    let within = |name, load| host(name, Kind::InProcess(load));
    let process = |name, command| host(name, Kind::Process(command));
    let some = |at_least, host| Host {
        at_least: Some(at_least),
        ..host
    };
    let local = |host| Host {
        is_from_registry: false,
        ..host
    };
    let same = |sameness, host| Host { sameness, ..host };
    vec![
        host("native", Kind::Native),
        within("wasmtime", program::load),
        process("python-core", || python("core", "dist/message-trace-core.wasm")),
        process("python-core-plain", || {
            python("core-plain", "dist/message-trace-core-plain.wasm")
        }),
        process("python-component", || {
            python("component", "dist/message-trace.wasm")
        }),
        process("python-wasip2", || {
            python("wasip2", "dist/message-trace-wasip2.wasm")
        }),
        some(
            30,
            process("wasmtime-cli", || python("cli", "dist/message-trace.wasm")),
        ),
        process("extism", || python("extism", "dist/message-trace-extism.wasm")),
        process("node", || node("node", "dist/npm/node.js")),
        some(
            30_000,
            process("node-jco", || node("jco", "dist/jco/message-trace.js")),
        ),
        process("browser", browser),
        same(
            Sameness::Values,
            some(30_000, within("fluent-bit", fluent_bit::load)),
        ),
        same(
            Sameness::Values,
            local(some(27_000, within("fluent-bit-real", fluent_bit_real::load))),
        ),
        same(
            Sameness::ValuesButOriginal,
            some(20_000, within("tangent", tangent::load)),
        ),
        same(
            Sameness::ValuesButOriginal,
            local(some(20_000, within("tangent-real", tangent_real::load))),
        ),
    ]
}

/// A host of `hosts/python_hosts.py`, by the Python of the virtual environment that `./build.sh python` makes.
fn python(host: &str, artifact: &str) -> Result<Command, Missing> {
    let root = root();
    needs(&root, artifact)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let python = target.join("venv/bin/python");
    if !python.exists() {
        return Err(Missing(
            "no virtual environment: run ./build.sh python".to_owned(),
        ));
    }
    let mut command = Command::new(python);
    command
        .arg("crates/conformance/hosts/python_hosts.py")
        .args([host, artifact])
        .current_dir(root);
    Ok(command)
}

/// A host of `hosts/node_hosts.mjs`.
fn node(host: &str, artifact: &str) -> Result<Command, Missing> {
    let root = root();
    needs(&root, artifact)?;
    let mut command = Command::new("node");
    command
        .args(["crates/conformance/hosts/node_hosts.mjs", host])
        .current_dir(root);
    Ok(command)
}

/// The npm package in a headless Chromium: `CHROMIUM`, else Debian's.
fn browser() -> Result<Command, Missing> {
    let chromium = std::env::var_os("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    if !Path::new(&chromium).exists() {
        return Err(Missing(
            "no Chromium: install it, or name it in CHROMIUM".to_owned(),
        ));
    }
    needs(&root(), "crates/js/node_modules/playwright-core")?;
    let mut command = node("browser", "dist/npm/index.js")?;
    command.env("CHROMIUM", chromium);
    Ok(command)
}

fn needs(root: &Path, artifact: &str) -> Result<(), Missing> {
    if root.join(artifact).exists() {
        return Ok(());
    }
    Err(Missing(format!("{artifact} is not built")))
}
