//! Any bytes as one line, for each target, alone and after a line that taught the normalizer a shape. Must agree with
//! the reference, never panic, and give the same bytes twice.

#![no_main]

use libfuzzer_sys::fuzz_target;
use message_trace::Normalizer;
use message_trace_reference::{check_line, check_line_after, some_options};

fuzz_target!(|bytes: &[u8]| {
    let Some((number, bytes)) = bytes.split_first() else {
        return;
    };
    // What stands before the first zero byte is read first.
    let (before, line) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (Some(&bytes[..at]), &bytes[at + 1..]),
        None => (None, bytes),
    };
    for options in some_options(usize::from(*number)) {
        check_line(line, &options);
        if let Some(before) = before {
            let mut normalizer = Normalizer::new(options.clone());
            check_line_after(&mut normalizer, before, &options);
            check_line_after(&mut normalizer, line, &options);
        }
    }
});
