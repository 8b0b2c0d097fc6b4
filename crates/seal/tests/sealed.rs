//! What `./build.sh component` made: it imports nothing, is small, exports what `wit/` says, and tells of no builder.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

/// The largest size, in bytes: what a page or an agent loads without a second thought. It was 160 KiB until the columns of the
/// admin center's reports, and the details of a message, came in.
const MAX_BYTES: usize = 192 * 1024;

fn repository(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file)
}

fn component() -> Vec<u8> {
    let file = std::env::var_os("MESSAGE_TRACE_COMPONENT")
        .map_or_else(|| repository("dist/message-trace.wasm"), PathBuf::from);
    std::fs::read(file)
        .unwrap_or_else(|_| panic!("The component is not built yet: run ./build.sh component first."))
}

#[test]
fn imports_nothing_and_exports_one_interface() {
    let contents = message_trace_seal::describe(&component()).unwrap();
    assert_eq!(contents.imports, [""; 0]);
    assert_eq!(contents.exports, ["message-trace:events/mapping@0.2.0"]);
}

#[test]
fn is_small() {
    let size = component().len();
    assert!(size <= MAX_BYTES, "{size} bytes are more than {MAX_BYTES}");
}

#[test]
fn exports_what_wit_says() {
    let wanted = message_trace_seal::wit_of_folder(&repository("wit")).unwrap();
    assert!(
        wanted.contains("normalize-batch: func(lines: chunk, revised: list<revised>) -> batch;"),
        "{wanted}"
    );
    assert_eq!(message_trace_seal::wit(&component()).unwrap(), wanted);
}

#[test]
fn tells_nothing_of_the_folders_it_was_built_in() {
    let component = component();
    let folders = [
        Some(repository("").canonicalize().unwrap()),
        std::env::var_os("CARGO_HOME").map(PathBuf::from),
        std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")),
        std::env::var_os("HOME").map(|home| Path::new(&home).join(".rustup")),
    ];
    for folder in folders.into_iter().flatten() {
        let folder = folder.to_str().unwrap();
        assert!(
            !component
                .windows(folder.len())
                .any(|window| window == folder.as_bytes()),
            "{folder} is inside"
        );
    }
}

#[test]
fn module_without_a_world_is_refused() {
    assert!(message_trace_seal::seal(b"\0asm\x01\0\0\0").is_err());
    assert!(message_trace_seal::seal(b"no module").is_err());
    assert!(message_trace_seal::describe(b"no component").is_err());
}
