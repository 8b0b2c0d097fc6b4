//! Runs the program of this crate as a test, so that it shares the build of all other tests:
//! `cargo test --workspace --test conformance`. It is not among those that run by default, for it needs what
//! `./build.sh conformance` builds.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let status = Command::new(env!("CARGO_BIN_EXE_conformance"))
        .args(std::env::args_os().skip(1))
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error}");
            ExitCode::FAILURE
        }
    }
}
