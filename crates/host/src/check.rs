//! Checks what a component from a file gives, before anything of it is written.

use serde::de::IgnoredAny;

use super::{Batch, Fault, Reason};

/// The longest name of a field that a rejection may hold, in bytes.
const MAX_FIELD_BYTES: usize = 64;

/// Checks that a batch holds as many JSON objects as it says, one a line, and rejections of lines that were given.
pub(super) fn batch(batch: &Batch, lines: &[u8]) -> Result<(), Fault> {
    let Batch {
        events,
        count,
        refused,
    } = batch;
    if !events.is_empty() && events.last() != Some(&b'\n') {
        return Err(Fault::Output("a line feed after each event"));
    }
    let mut found = 0_u32;
    for event in events.split_inclusive(|byte| *byte == b'\n') {
        event_line(event)?;
        found = found.saturating_add(1);
    }
    if found != *count {
        return Err(Fault::Output("as many events as it counts"));
    }
    let given = lines.split_inclusive(|byte| *byte == b'\n').count();
    let mut before = 1;
    for refused in refused {
        let line = refused.line;
        if line < before || usize::try_from(line).is_ok_and(|line| line > given) {
            return Err(Fault::Output("rejections of the batch's lines, in order"));
        }
        before = line;
        reason(&refused.reason)?;
    }
    Ok(())
}

/// Checks the answer to a single line.
pub(super) fn answer(answer: &Result<String, Reason>) -> Result<(), Fault> {
    match answer {
        Ok(event) if event.contains('\n') => Err(Fault::Output("one event on one line")),
        Ok(event) => event_line(event.as_bytes()),
        Err(why) => reason(why),
    }
}

fn event_line(event: &[u8]) -> Result<(), Fault> {
    let is_object = event.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(event).is_ok();
    if is_object && std::str::from_utf8(event).is_ok() {
        Ok(())
    } else {
        Err(Fault::Output("JSON objects"))
    }
}

/// A field's name is printed and logged: it must look like one, so that no text of a line gets there.
fn reason(reason: &Reason) -> Result<(), Fault> {
    match reason {
        Reason::MissingField(field) | Reason::InvalidField(field)
            if field.len() > MAX_FIELD_BYTES || !field.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            Err(Fault::Output("the name of a field in a rejection"))
        }
        _ => Ok(()),
    }
}
