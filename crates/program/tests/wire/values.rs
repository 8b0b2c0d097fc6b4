//! How durations and sizes are written.

use std::time::Duration;

use message_trace_program::config::{bytes, duration};

#[test]
fn durations_have_a_unit() {
    for (text, seconds) in [("30s", 30), ("15m", 900), ("48h", 172_800), ("90d", 7_776_000)] {
        assert_eq!(duration(text), Some(Duration::from_secs(seconds)));
    }
    for text in [
        "",
        "h",
        "48",
        "0h",
        "-1h",
        "+1h",
        "1.5h",
        "1 h",
        "1H",
        "1w",
        "h1",
        "4000d",
        "99999999999999999999d",
    ] {
        assert_eq!(duration(text), None, "{text:?}");
    }
}

#[test]
fn sizes_are_binary() {
    for (text, size) in [
        ("1", 1),
        ("7B", 7),
        ("64KiB", 65_536),
        ("100MiB", 104_857_600),
        ("1GiB", 1 << 30),
    ] {
        assert_eq!(bytes(text), Some(size));
    }
    for text in [
        "",
        "0",
        "MiB",
        "1MB",
        "1.5MiB",
        "-1",
        "1 MiB",
        "99999GiB",
        "99999999999999999999",
    ] {
        assert_eq!(bytes(text), None, "{text:?}");
    }
}
