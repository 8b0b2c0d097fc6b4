//! Lines that end at every place of a block, in memory of exactly their size: small enough for Miri, which sees a read
//! or write beyond. `cargo +nightly miri test --test memory`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use message_trace::{Normalizer, Options, Target};

/// Lengths of the text that moves the line's end.
const LENGTHS: std::ops::Range<usize> = 0..if cfg!(miri) { 18 } else { 70 };

#[test]
fn nothing_is_read_or_written_beyond_a_line() {
    for target in Target::ALL {
        let mut normalizer = Normalizer::new(Options {
            target,
            ..Options::default()
        });
        for length in LENGTHS {
            for filler in ["x", "\\n", "é"] {
                let subject = format!("{}{filler}", "y".repeat(length));
                let line =
                    format!("{{\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\"subject\":\"{subject}\"}}");
                // No room behind the last byte.
                let line: Box<[u8]> = line.into_bytes().into();
                let mut event = Vec::new();
                normalizer.normalize(&line, &mut event).unwrap();
                let mut again = Vec::new();
                normalizer.normalize(&line, &mut again).unwrap();
                assert_eq!(event, again);

                let (mut events, mut rejections) = (Vec::new(), Vec::new());
                let lines: Box<[u8]> = [&line[..], b"\n", &line[..]].concat().into();
                assert_eq!(
                    normalizer.normalize_batch(&lines, &mut events, &mut rejections),
                    2
                );
                assert_eq!(events, [&event[..], b"\n", &event[..], b"\n"].concat());
            }
        }
    }
}

/// A line that breaks off, everywhere.
#[test]
fn nothing_is_read_beyond_a_line_that_breaks_off() {
    let line = br#"{"Received":"/Date(0)/","Size":12,"FromIP":"2001:db8::1","Subject":"\u00e9"}"#;
    let mut normalizer = Normalizer::new(Options::default());
    normalizer.normalize(line, &mut Vec::new()).unwrap();
    for end in (0..line.len()).step_by(if cfg!(miri) { 7 } else { 1 }) {
        let cut: Box<[u8]> = line[..end].into();
        let mut event = Vec::new();
        assert!(normalizer.normalize(&cut, &mut event).is_err());
        let (mut events, mut rejections) = (Vec::new(), Vec::new());
        assert_eq!(normalizer.normalize_batch(&cut, &mut events, &mut rejections), 0);
        assert!(event.is_empty() && events.is_empty());
        assert_eq!(rejections.len(), usize::from(end > 0));
    }
}
