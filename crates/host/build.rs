//! Puts the component into the program: the file in `MESSAGE_TRACE_COMPONENT`, or else `dist/message-trace.wasm`.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=MESSAGE_TRACE_COMPONENT");
    let manifest = std::env::var("CARGO_MANIFEST_DIR")?;
    let file = std::env::var_os("MESSAGE_TRACE_COMPONENT").map_or_else(
        || Path::new(&manifest).join("../../dist/message-trace.wasm"),
        PathBuf::from,
    );
    println!("cargo::rerun-if-changed={}", file.display());
    let Ok(bytes) = std::fs::read(&file) else {
        println!("cargo::error=The component is not built yet: run ./build.sh component first.");
        return Ok(());
    };
    let hash = Sha256::digest(&bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
    let embedded = Path::new(&std::env::var("OUT_DIR")?).join("message-trace.wasm");
    std::fs::write(&embedded, bytes)?;
    println!("cargo::rustc-env=MESSAGE_TRACE_EMBEDDED={}", embedded.display());
    println!("cargo::rustc-env=MESSAGE_TRACE_EMBEDDED_SHA256={hash}");
    Ok(())
}
