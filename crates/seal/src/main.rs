//! Wraps a core module as a component, proves that the component imports nothing, and says what it is.
//!
//! `seal CORE.wasm COMPONENT.wasm` writes the component and prints its size, imports, exports and SHA-256.
//! `seal --imports CORE.wasm COMPONENT.wasm` does the same for an adapter, whose host offers it something to import.
//! `seal --without-tees CORE.wasm OTHER.wasm` writes a core module that suits interpreters.
//! `seal --print COMPONENT.wasm` only prints.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let report = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--print", component] => print(component),
        ["--without-tees", core, other] => without_tees(core, other),
        ["--imports", core, component] => seal(core, component, true),
        [core, component] => seal(core, component, false),
        _ => {
            eprintln!(
                "usage: seal [--imports] CORE.wasm COMPONENT.wasm | seal --without-tees CORE.wasm OTHER.wasm | \
                 seal --print COMPONENT.wasm"
            );
            return ExitCode::from(2);
        }
    };
    match report.and_then(|text| Ok(std::io::stdout().write_all(text.as_bytes())?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("seal: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn seal(core: &str, component: &str, imports: bool) -> Result<String> {
    let module = std::fs::read(core).with_context(|| format!("cannot read {core}"))?;
    let bytes = message_trace_seal::seal(&module)?;
    let contents = message_trace_seal::describe(&bytes)?;
    ensure!(
        imports || contents.imports.is_empty(),
        "expected a component without imports, but found {}",
        contents.imports.join(", ")
    );
    std::fs::write(component, &bytes).with_context(|| format!("cannot write {component}"))?;
    report(component, &bytes, &contents)
}

fn without_tees(core: &str, other: &str) -> Result<String> {
    let module = std::fs::read(core).with_context(|| format!("cannot read {core}"))?;
    let bytes = message_trace_seal::without_tees(&module)?;
    std::fs::write(other, bytes).with_context(|| format!("cannot write {other}"))?;
    Ok(String::new())
}

fn print(component: &str) -> Result<String> {
    let bytes = std::fs::read(component).with_context(|| format!("cannot read {component}"))?;
    if bytes.is_empty() {
        bail!("{component} is empty");
    }
    report(component, &bytes, &message_trace_seal::describe(&bytes)?)
}

fn report(name: &str, bytes: &[u8], contents: &message_trace_seal::Contents) -> Result<String> {
    let mut text = String::new();
    writeln!(text, "{name}")?;
    writeln!(text, "  size     {} bytes", bytes.len())?;
    let imports = if contents.imports.is_empty() {
        "none".to_owned()
    } else {
        contents.imports.join("\n           ")
    };
    writeln!(text, "  imports  {imports}")?;
    writeln!(text, "  exports  {}", contents.exports.join("\n           "))?;
    writeln!(text, "  sha256   {}", message_trace_seal::sha256(bytes))?;
    Ok(text)
}
