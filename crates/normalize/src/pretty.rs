//! Events over several lines: the same tokens in the same order, with white space between.

const INDENT: &[u8] = b"  ";

/// Appends one event, indented by two spaces, and a line feed. Takes JSON without white space between its tokens.
pub(super) fn push(out: &mut Vec<u8>, event: &[u8]) {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = event.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = string_end(event, at);
                out.push(byte);
                out.extend_from_slice(event.get(at..end).unwrap_or_default());
                at = end;
            }
            b'{' | b'[' => {
                out.push(byte);
                if matches!(event.get(at), Some(b'}' | b']')) {
                    out.extend_from_slice(event.get(at..=at).unwrap_or_default());
                    at += 1;
                } else {
                    depth += 1;
                    break_line(out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                break_line(out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                break_line(out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
    out.push(b'\n');
}

fn break_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    for _ in 0..depth {
        out.extend_from_slice(INDENT);
    }
}

/// The offset just after the closing quote of the string that begins at `start`.
fn string_end(event: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        match event.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return event.len(),
        }
    }
}
