//! Makes the JavaScript glue of a module built with wasm-bindgen: `message-trace-js-bindgen MODULE FOLDER`.
//!
//! The official command line builds a web server and a test runner too, which takes minutes; this is its library.

use anyhow::{Context as _, Result};
use std::env;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let module = arguments
        .next()
        .context("expected the path of a module built for wasm32-unknown-unknown")?;
    let folder = arguments.next().context("expected the folder for the glue")?;
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name("core")
        .generate(folder)
}
