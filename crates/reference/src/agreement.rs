//! What must hold for any bytes, asked of the normalizer itself. Property tests and fuzz targets ask the same.

use crate::{Json, expand, normalize, normalize_batch};
use message_trace::{Normalizer, Options, Rejected, Rejection, Target};

/// One set of options for each target; the number chooses what else they say.
#[must_use]
pub fn some_options(number: usize) -> [Options; Target::ALL.len()] {
    let domains: &[&str] = [
        &[] as &[&str],
        &["example.com"],
        &["EXAMPLE.net.", " @example.org", ""],
    ][number % 3];
    Target::ALL.map(|target| Options {
        target,
        organization_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        tenant_id: [None, Some("c0ffee00-1111-4222-8333-444455556666".to_owned())][number % 2].clone(),
        keep_original: !number.is_multiple_of(3),
        max_line_bytes: if number % 5 == 4 { 400 } else { 1_048_576 },
    })
}

/// Asks a fresh normalizer for the line's event, twice: the second time it knows the line's shape. Both must agree with
/// the reference. Returns whether the line became an event.
///
/// # Panics
///
/// Where anything does not hold.
#[expect(clippy::must_use_candidate, reason = "called for what it asserts")]
pub fn check_line(line: &[u8], options: &Options) -> bool {
    check_line_after(&mut Normalizer::new(options.clone()), line, options)
}

/// The same of a normalizer that has read other lines before. `options` are the normalizer's own.
///
/// # Panics
///
/// Where anything does not hold.
pub fn check_line_after(normalizer: &mut Normalizer, line: &[u8], options: &Options) -> bool {
    // What is there before stays, and a rejection adds nothing.
    let mut event = b"before".to_vec();
    let first = normalizer
        .normalize(line, &mut event)
        .map(|()| event.split_off(6));
    assert_eq!(event, b"before");
    let mut again = Vec::new();
    let second = normalizer.normalize(line, &mut again).map(|()| again);
    assert_eq!(first, second, "the same bytes twice");
    if let Err(Rejection::Syntax(at)) = first {
        assert!(at as usize <= line.len(), "offset {at} is beyond the line");
    }
    if let Ok(event) = &first {
        assert!(!event.contains(&b'\n'), "an event is one line");
        let read = serde_json::from_slice::<serde::de::IgnoredAny>(event);
        assert!(read.is_ok(), "an event is JSON: {read:?}");
    }
    assert_same(line, &first, &normalize(line, options, None));
    first.is_ok()
}

/// Asks for a batch, twice, and for its lines one by one.
///
/// # Panics
///
/// Where anything does not hold.
pub fn check_batch(lines: &[u8], options: &Options) {
    check_batch_after(&mut Normalizer::new(options.clone()), lines, options);
}

/// The same of a normalizer that has read other lines before. `options` are the normalizer's own.
///
/// # Panics
///
/// Where anything does not hold.
pub fn check_batch_after(normalizer: &mut Normalizer, lines: &[u8], options: &Options) {
    let (mut events, mut rejected) = (Vec::new(), Vec::new());
    let count = normalizer.normalize_batch(lines, &mut events, &mut rejected);
    let (mut again, mut rejected_again) = (Vec::new(), Vec::new());
    assert_eq!(
        normalizer.normalize_batch(lines, &mut again, &mut rejected_again),
        count
    );
    assert!(
        events == again && rejected == rejected_again,
        "the same bytes twice"
    );

    let (mut one_by_one, mut refused) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
        if line.iter().all(|byte| b" \t\r".contains(byte)) {
            continue;
        }
        for result in one_line(line, options) {
            match result {
                Ok(event) => {
                    one_by_one.extend_from_slice(&event);
                    one_by_one.push(b'\n');
                }
                Err(reason) => refused.push((number, reason.name())),
            }
        }
    }
    assert!(
        events == one_by_one,
        "\nbatch      {}\none by one {}",
        String::from_utf8_lossy(&events),
        String::from_utf8_lossy(&one_by_one)
    );
    let names = |rejected: &[Rejected]| -> Vec<_> {
        rejected
            .iter()
            .map(|rejected| (rejected.line, rejected.reason.name()))
            .collect()
    };
    assert_eq!(names(&rejected), refused, "{}", String::from_utf8_lossy(lines));

    let (expected, rejections) = normalize_batch(lines, options);
    assert_eq!(count as usize, expected.len());
    assert_eq!(
        names(&rejected),
        names(&rejections),
        "{}",
        String::from_utf8_lossy(lines)
    );
}

/// The event of one line, from a normalizer that has read nothing before.
///
/// # Errors
///
/// The line's rejection.
pub fn run(line: &[u8], options: &Options) -> Result<Vec<u8>, Rejection> {
    let mut event = Vec::new();
    Normalizer::new(options.clone())
        .normalize(line, &mut event)
        .map(|()| event)
}

/// What the single call gives for the rows of a line. A row alone in an array is a row of an envelope there as well;
/// only the limit differs: in the single call it is the envelope's.
fn one_line(line: &[u8], options: &Options) -> Vec<Result<Vec<u8>, Rejection>> {
    let Some(rows) = expand(line) else {
        return vec![run(line, options)];
    };
    let unlimited = Options {
        max_line_bytes: u32::MAX,
        ..options.clone()
    };
    rows.into_iter()
        .map(|row| {
            if row.len() > options.max_line_bytes as usize {
                return Err(Rejection::TooLong(options.max_line_bytes));
            }
            run(&[b"[", row, b"]"].concat(), &unlimited)
        })
        .collect()
}

/// Equal as JSON with the same order of keys, or refused for the same reason. Offsets are the reader's own.
///
/// # Panics
///
/// Where they differ, with the place where they part.
pub fn assert_same(line: &[u8], found: &Result<Vec<u8>, Rejection>, expected: &Result<Json, Rejection>) {
    if let (Err(Rejection::Syntax(_)), Err(Rejection::Syntax(_))) = (found, expected) {
        return;
    }
    let found = match found {
        Ok(event) => Json::read(event).map_or_else(|fault| format!("{fault:?}"), |event| event.compact()),
        Err(rejection) => format!("{rejection:?}"),
    };
    let expected = match expected {
        Ok(event) => event.compact(),
        Err(rejection) => format!("{rejection:?}"),
    };
    let common = found
        .chars()
        .zip(expected.chars())
        .take_while(|(one, other)| one == other)
        .count();
    let around = |text: &str| {
        text.chars()
            .skip(common.saturating_sub(40))
            .take(100)
            .collect::<String>()
    };
    assert!(
        found == expected,
        "\nline     {}\nfound    …{}…\nexpected …{}…",
        String::from_utf8_lossy(line),
        around(&found),
        around(&expected),
    );
}
