//! The filter in a real Fluent Bit, where there is one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use message_trace::Target;
use message_trace_fluent_bit_host::{Instance, function, record};
use message_trace_reference::cases;
use message_trace_simulator::{LineFormat, write_lines};
use serde_json::Value;

use crate::guest::wasm;

/// `FLUENT_BIT`, or what is on PATH.
fn fluent_bit() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("FLUENT_BIT") {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("fluent-bit"))
        .find(|file| file.is_file())
}

/// Lines that end where they end: the fixtures that hold no line feed and fit one read, and rows as a tenant has them.
fn lines() -> Vec<u8> {
    let mut lines = Vec::new();
    for case in cases().unwrap() {
        let plain = std::str::from_utf8(&case.input).is_ok_and(|text| !text.trim().is_empty());
        let one =
            case.input.len() < 65_536 && !case.input.iter().any(|byte| matches!(byte, b'\n' | b'\r' | 0));
        if plain && one && case.revision.is_none() {
            lines.extend_from_slice(&case.input);
            lines.push(b'\n');
        }
    }
    write_lines(&mut lines, 11, 10_000, LineFormat::Mixed).unwrap();
    lines
}

fn run(program: &Path, folder: &Path, target: Target) -> Vec<Value> {
    let folder_text = folder.display();
    let out = folder.join(format!("{}.out", target.name()));
    let conf = format!(
        "[SERVICE]\n    Flush 1\n    Grace 30\n\
         [INPUT]\n    Name tail\n    Path {folder_text}/lines.ndjson\n    Read_from_Head on\n    Exit_On_Eof on\n    \
         Buffer_Chunk_Size 1M\n    Buffer_Max_Size 8M\n\
         [FILTER]\n    Name wasm\n    Match *\n    WASM_Path {folder_text}/filter.wasm\n    Function_Name {}\n\
         [OUTPUT]\n    Name file\n    Match *\n    Format plain\n    Path {folder_text}\n    File {}.out\n",
        function(target.name()),
        target.name(),
    );
    let file = folder.join("fluent-bit.conf");
    fs::write(&file, conf).unwrap();
    let status = Command::new(program)
        .args(["-q", "-c"])
        .arg(&file)
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let text = fs::read(out).unwrap();
    let events = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    events
        .map(|event| serde_json::from_slice(event).unwrap())
        .collect()
}

#[test]
fn a_real_fluent_bit_gives_the_same_events() {
    let Some(program) = fluent_bit() else {
        eprintln!("SKIPPED: no fluent-bit on PATH or in FLUENT_BIT");
        return;
    };
    let folder = std::env::temp_dir().join(format!("message-trace-fluent-bit-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let lines = lines();
    fs::write(folder.join("lines.ndjson"), &lines).unwrap();
    fs::write(folder.join("filter.wasm"), wasm()).unwrap();
    for target in Target::ALL {
        let mut instance = Instance::new(wasm()).unwrap();
        let expected: Vec<Value> = lines
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| {
                let event = instance
                    .call(&function(target.name()), &record::of_line(line))
                    .unwrap();
                serde_json::from_str(&event.unwrap()).unwrap()
            })
            .collect();
        let events = run(&program, &folder, target);
        assert_eq!(events.len(), expected.len(), "{}", target.name());
        for (event, expected) in events.iter().zip(&expected) {
            assert_eq!(event, expected, "{}", target.name());
        }
        eprintln!(
            "{}: {} events as expected from {}",
            target.name(),
            events.len(),
            program.display()
        );
    }
    fs::remove_dir_all(&folder).unwrap();
}
