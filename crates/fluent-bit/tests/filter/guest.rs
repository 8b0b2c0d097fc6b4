//! Builds the filter and loads it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The filter as `./build.sh fluent-bit` makes it; `MESSAGE_TRACE_FLUENT_BIT` names another one.
pub(crate) fn wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| {
        if let Some(path) = std::env::var_os("MESSAGE_TRACE_FLUENT_BIT") {
            return std::fs::read(path).unwrap();
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let target = target.join("fluent-bit");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .current_dir(&root)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .args([
                "rustc",
                "--quiet",
                "--package",
                "message-trace-fluent-bit",
                "--lib",
                "--release",
            ])
            .args([
                "--crate-type",
                "cdylib",
                "--target",
                "wasm32-unknown-unknown",
                "--target-dir",
            ])
            .arg(&target)
            .status()
            .unwrap();
        assert!(status.success(), "the filter does not build");
        let module =
            std::fs::read(target.join("wasm32-unknown-unknown/release/message_trace_fluent_bit.wasm"));
        message_trace_seal::without_tees(&module.unwrap()).unwrap()
    })
}
