//! Batches that are longer than 32 bits can count, and lines about as long as the limit in them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use message_trace::{Normalizer, Options, Rejected, Rejection, Target};

const ROW: &[u8] = br#"{"receivedDateTime":"2025-06-13T10:30:00Z","size":45678,"subject":"a \"quoted\" word \u00e9","status":"delivered"}"#;

/// Memory that nobody wrote to takes no room: only the first and the last bytes of the batch do. The rows are as long as
/// each other and 2^32 bytes apart, so that a place that lost its high bits is one in the other row.
#[test]
#[cfg(target_pointer_width = "64")]
#[cfg_attr(miri, ignore = "Miri has no memory that takes no room")]
fn a_row_beyond_four_gibibytes_is_not_taken_for_the_row_at_the_start() {
    let behind = 1 << 32;
    let other = String::from_utf8(ROW.to_vec())
        .unwrap()
        .replace("2025-06-13", "2024-01-02");
    let mut lines = vec![0; behind + ROW.len() + 1];
    lines[..ROW.len()].copy_from_slice(ROW);
    lines[ROW.len()] = b'\n';
    lines[behind - 1] = b'\n';
    lines[behind..behind + ROW.len()].copy_from_slice(other.as_bytes());
    lines[behind + ROW.len()] = b'\n';
    for target in Target::ALL {
        let options = Options {
            target,
            ..Options::default()
        };
        let (mut events, mut rejections) = (Vec::new(), Vec::new());
        let count = Normalizer::new(options.clone()).normalize_batch(&lines, &mut events, &mut rejections);
        let mut expected = Vec::new();
        for row in [ROW, other.as_bytes()] {
            Normalizer::new(options.clone())
                .normalize(row, &mut expected)
                .unwrap();
            expected.push(b'\n');
        }
        assert_eq!(count, 2, "{}", target.name());
        assert_eq!(
            String::from_utf8(events).unwrap(),
            String::from_utf8(expected).unwrap()
        );
        let between = Rejected {
            line: 2,
            reason: Rejection::TooLong(message_trace::DEFAULT_MAX_LINE_BYTES),
        };
        assert_eq!(rejections, [between]);
    }
}

/// A line is read no further than the limit; what a batch makes of it is what the single call does.
#[test]
fn a_line_about_as_long_as_the_limit_gives_the_same_alone_and_in_a_batch() {
    let len = u32::try_from(ROW.len()).unwrap();
    for limit in (0..4).chain(len - 20..len + 100) {
        let options = Options {
            max_line_bytes: limit,
            ..Options::default()
        };
        for (lines, copies) in [
            ([ROW, b"\n", ROW, b"\n", ROW, b"\n"].concat(), 3),
            ([ROW, b"\n", ROW].concat(), 2),
            ([ROW, b"\r\n", ROW, b"\r\n"].concat(), 2),
        ] {
            let (mut events, mut rejections) = (Vec::new(), Vec::new());
            let count =
                Normalizer::new(options.clone()).normalize_batch(&lines, &mut events, &mut rejections);
            let line = lines.split(|&byte| byte == b'\n').next().unwrap();
            let mut event = Vec::new();
            match Normalizer::new(options.clone()).normalize(line, &mut event) {
                Ok(()) => {
                    event.push(b'\n');
                    assert_eq!((count, rejections.len()), (copies, 0), "{limit}");
                    assert_eq!(events, event.repeat(copies as usize), "{limit}");
                }
                Err(reason) => {
                    assert_eq!(reason, Rejection::TooLong(limit));
                    let reasons: Vec<Rejection> = rejections.iter().map(|rejected| rejected.reason).collect();
                    assert_eq!((count, events.len()), (0, 0), "{limit}");
                    assert_eq!(reasons, vec![reason; copies as usize], "{limit}");
                }
            }
        }
    }
}
