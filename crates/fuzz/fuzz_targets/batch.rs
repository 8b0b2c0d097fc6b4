//! Any bytes as a batch, for each target: equal to its lines one by one, in agreement with the reference, and what one
//! batch taught the normalizer changes nothing in the next.

#![no_main]

use libfuzzer_sys::fuzz_target;
use message_trace::Normalizer;
use message_trace_reference::{check_batch, check_batch_after, some_options};

fuzz_target!(|bytes: &[u8]| {
    let Some((number, bytes)) = bytes.split_first() else {
        return;
    };
    let (before, lines) = match bytes.iter().position(|byte| *byte == 0) {
        Some(at) => (Some(&bytes[..at]), &bytes[at + 1..]),
        None => (None, bytes),
    };
    for options in some_options(usize::from(*number)) {
        check_batch(lines, &options);
        if let Some(before) = before {
            let mut normalizer = Normalizer::new(options.clone());
            check_batch_after(&mut normalizer, before, &options);
            check_batch_after(&mut normalizer, lines, &options);
        }
    }
});
