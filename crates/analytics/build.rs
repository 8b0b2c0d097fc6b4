//! Puts the page of `message-trace report` into the program: the file in `MESSAGE_TRACE_REPORT_TEMPLATE`, or else
//! `dist/message-trace-report-template.html`. It needs Node to be built, so that a program without it builds too.

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=MESSAGE_TRACE_REPORT_TEMPLATE");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_ENGINE").is_none() {
        return Ok(());
    }
    let manifest = std::env::var("CARGO_MANIFEST_DIR")?;
    let dist = Path::new(&manifest).join("../../dist");
    let named = std::env::var_os("MESSAGE_TRACE_REPORT_TEMPLATE").map(PathBuf::from);
    let page = match named {
        Some(file) => {
            println!("cargo::rerun-if-changed={}", file.display());
            std::fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))?
        }
        None => {
            let file = dist.join("message-trace-report-template.html");
            let page = std::fs::read(&file).ok();
            // A file that is missing would build this crate again each time; the folder tells when it comes.
            let watched = if page.is_some() { &file } else { &dist };
            println!("cargo::rerun-if-changed={}", watched.display());
            page.unwrap_or_default()
        }
    };
    let embedded = Path::new(&std::env::var("OUT_DIR")?).join("report-template.html");
    std::fs::write(&embedded, page)?;
    println!(
        "cargo::rustc-env=MESSAGE_TRACE_REPORT_TEMPLATE_EMBEDDED={}",
        embedded.display()
    );
    Ok(())
}
