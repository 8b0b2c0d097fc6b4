//! One line from standard input into one event, through the component:
//! `cargo run --manifest-path examples/wasmtime-host/Cargo.toml -- dist/message-trace.wasm < fixtures/graph-delivered.in.txt`

use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

wasmtime::component::bindgen!({ path: "../../wit", world: "message-trace" });

fn main() -> wasmtime::Result<()> {
    let file = std::env::args().nth(1).unwrap_or_default();
    let line = std::io::read_to_string(std::io::stdin())?;
    let engine = Engine::default();
    let component = Component::from_file(&engine, file)?;
    let mut store = Store::new(&engine, ());
    // The linker stays empty: the component imports nothing.
    let host = MessageTrace::instantiate(&mut store, &component, &Linker::new(&engine))?;
    let normalizer = host.message_trace_events_mapping();
    match normalizer.call_normalize(&mut store, &line)? {
        Ok(event) => println!("{event}"),
        Err(rejection) => eprintln!("{rejection:?}"),
    }
    Ok(())
}
