//! Details as members of a JSON object: each begins with a comma, keys are in order of their names.

use crate::{Data, Details, MAX_STEPS, Step};

impl Details {
    /// Appends `steps` and `steps_left_out`; nothing of what is not there.
    #[inline(never)]
    pub fn write_steps(&self, out: &mut Vec<u8>) {
        enclosed(out, ",\"steps\":", b'[', b']', |out| {
            for step in self.steps.iter().take(MAX_STEPS) {
                step.write(out);
            }
        });
        if self.steps.len() > MAX_STEPS {
            out.extend_from_slice(b",\"steps_left_out\":");
            out.extend_from_slice(
                itoa::Buffer::new()
                    .format(self.steps.len() - MAX_STEPS)
                    .as_bytes(),
            );
        }
    }

    /// Appends `rule`, the rule behind the causes `dlp` and `transport-rule`.
    #[inline(never)]
    pub fn write_rule(&self, out: &mut Vec<u8>) {
        let rule = &self.verdict.rule;
        enclosed(out, ",\"rule\":", b'{', b'}', |out| {
            for (key, value) in [("id", &rule.id), ("name", &rule.name), ("ruleset", &rule.policy)] {
                write_text(key, value.as_deref().unwrap_or_default(), out);
            }
        });
    }
}

impl Step {
    fn write(&self, out: &mut Vec<u8>) {
        enclosed(out, ",", b'{', b'}', |out| {
            write_text("action", &self.action, out);
            match &self.data {
                Data::Facts(facts) => enclosed(out, ",\"data\":", b'{', b'}', |out| {
                    // Those of one name stand together.
                    for facts in facts.chunk_by(|(one, _), (other, _)| one == other) {
                        write_facts(facts, out);
                    }
                }),
                Data::Text(text) => write_text("data_text", text, out),
            }
            write_text("detail", &self.detail, out);
            write_text("event", &self.event, out);
            write_text("time", &self.time, out);
        });
    }
}

/// Appends a member with a text as value, if there is any.
#[inline(never)]
pub fn write_text(key: &str, value: &str, out: &mut Vec<u8>) {
    if !value.is_empty() {
        out.push(b',');
        write_quoted(key, out);
        out.push(b':');
        write_quoted(value, out);
    }
}

/// Appends the facts of one name: a text, or an array of texts.
fn write_facts(facts: &[(String, String)], out: &mut Vec<u8>) {
    for (index, (name, value)) in facts.iter().enumerate() {
        out.push(b',');
        if index == 0 {
            write_quoted(name, out);
            out.push(b':');
            if facts.len() > 1 {
                out.push(b'[');
            }
        }
        write_quoted(value, out);
    }
    if facts.len() > 1 {
        out.push(b']');
    }
}

/// Appends an object or array whose members begin with a comma each: the first becomes its bracket. Nothing if it has none.
fn enclosed(out: &mut Vec<u8>, key: &str, open: u8, close: u8, members: impl FnOnce(&mut Vec<u8>)) {
    let before = out.len();
    out.extend_from_slice(key.as_bytes());
    let start = out.len();
    members(out);
    match out.get_mut(start) {
        Some(first) => {
            *first = open;
            out.push(close);
        }
        None => out.truncate(before),
    }
}

/// Appends a text as JSON.
#[inline(never)]
fn write_quoted(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        let escape = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            0x00..0x20 => {
                let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
                continue;
            }
            _ => {
                out.push(byte);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', escape]);
    }
    out.push(b'"');
}
