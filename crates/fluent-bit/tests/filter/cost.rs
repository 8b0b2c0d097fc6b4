//! What a row costs an interpreter.

use message_trace_fluent_bit_host::{Instance, function, record};
use message_trace_simulator::{LineFormat, write_lines};

use crate::guest::wasm;

/// The most instructions that a row may take, for each target, where the row was parsed and where it was not.
const LIMITS: [(&str, u64, u64); 3] = [
    ("sekoia", 12_000, 37_000),
    ("ecs", 16_000, 41_000),
    ("ocsf", 15_000, 40_500),
];

#[test]
fn a_row_takes_few_instructions() {
    let mut text = Vec::new();
    write_lines(&mut text, 7, 2000, LineFormat::Mixed).unwrap();
    let lines: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    for (target, parsed_limit, log_limit) in LIMITS {
        let parsed: Vec<_> = lines.iter().filter_map(|line| record::parsed(line)).collect();
        let log: Vec<_> = lines.iter().map(|line| record::of_line(line)).collect();
        for (form, records, limit) in [("parsed", parsed, parsed_limit), ("log", log, log_limit)] {
            let mut instance = Instance::new(wasm()).unwrap();
            let before = instance.instructions().unwrap();
            for record in &records {
                instance.call(&function(target), record).unwrap();
            }
            let each = (instance.instructions().unwrap() - before) / records.len() as u64;
            eprintln!("{target} {form}: {each} instructions a row");
            assert!(
                each <= limit,
                "{target} {form}: {each} instructions a row, at most {limit}"
            );
        }
    }
}
