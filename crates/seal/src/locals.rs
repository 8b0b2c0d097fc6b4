//! Locals as interpreters like them.

use core::ops::Range;

use anyhow::{Context as _, Result};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// The binary format's numbers for what is read and written here.
const CODE_SECTION: u8 = 10;
const LOCAL_GET: u8 = 0x20;
const LOCAL_SET: u8 = 0x21;

/// Writes each `local.tee` of a core module as a `local.set` and a `local.get`.
///
/// The three mean the same. An interpreter that keeps locals in registers, as WAMR's fast one does, lets the instruction
/// before a `local.set` write the local itself and reads a local wherever it is needed: it executes neither of the two.
/// A `local.tee` it executes.
///
/// # Errors
///
/// If the bytes are no core module.
pub fn without_tees(module: &[u8]) -> Result<Vec<u8>> {
    let mut out = module.get(..8).context("this is no core module")?.to_vec();
    let mut functions = Vec::new();
    let mut left = 0;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("this is no core module")?;
        match &payload {
            Payload::CodeSectionStart { count, .. } => {
                left = *count;
                push_number(left, &mut functions);
            }
            Payload::CodeSectionEntry(body) => {
                let function = function(module, body)?;
                push_number(u32::try_from(function.len())?, &mut functions);
                functions.extend_from_slice(&function);
                left -= 1;
                if left == 0 {
                    push_section(CODE_SECTION, &functions, &mut out)?;
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    push_section(id, part(module, range)?, &mut out)?;
                }
            }
        }
    }
    Ok(out)
}

fn function(module: &[u8], body: &FunctionBody<'_>) -> Result<Vec<u8>> {
    let range = body.range();
    let mut out = Vec::new();
    // What is copied next; a tee is copied over when its end is known, at the start of the next operator.
    let mut from = range.start;
    let mut tee = false;
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, at) = operator?;
        if tee {
            from = at;
            tee = false;
        }
        if let Operator::LocalTee { local_index } = operator {
            out.extend_from_slice(part(module, from..at)?);
            for code in [LOCAL_SET, LOCAL_GET] {
                out.push(code);
                push_number(local_index, &mut out);
            }
            tee = true;
        }
    }
    out.extend_from_slice(part(module, from..range.end)?);
    Ok(out)
}

fn part(module: &[u8], range: Range<u64>) -> Result<&[u8]> {
    let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
    module.get(range).context("this is no core module")
}

fn push_section(id: u8, content: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.push(id);
    push_number(u32::try_from(content.len())?, out);
    out.extend_from_slice(content);
    Ok(())
}

/// Writes a number as unsigned LEB128.
fn push_number(number: u32, out: &mut Vec<u8>) {
    let mut rest = number;
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            out.push(low & 0x7F);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::without_tees;

    /// A module with a memory, a name and two functions; the bodies are `first` and `second`.
    fn module(first: &[u8], second: &[u8]) -> Vec<u8> {
        let mut code = vec![2];
        for body in [first, second] {
            code.push(u8::try_from(body.len()).unwrap());
            code.extend_from_slice(body);
        }
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for (id, content) in [
            (1, b"\x01\x60\x01\x7f\x01\x7f".as_slice()),
            (3, b"\x02\x00\x00"),
            (5, b"\x01\x00\x01"),
            (10, &code),
            (0, b"\x01n"),
        ] {
            module.push(id);
            module.push(u8::try_from(content.len()).unwrap());
            module.extend_from_slice(content);
        }
        module
    }

    #[test]
    fn a_tee_becomes_a_set_and_a_get() {
        // The local stands in two bytes, as a linker may leave it; a constant of 0x22 is no tee.
        let before = module(
            &[0, 0x41, 0x22, 0x22, 0x00, 0x20, 0x00, 0x6A, 0x0B],
            &[0, 0x20, 0x00, 0x22, 0x80, 0x00, 0x22, 0x00, 0x0B],
        );
        let after = module(
            &[0, 0x41, 0x22, 0x21, 0x00, 0x20, 0x00, 0x20, 0x00, 0x6A, 0x0B],
            &[
                0, 0x20, 0x00, 0x21, 0x00, 0x20, 0x00, 0x21, 0x00, 0x20, 0x00, 0x0B,
            ],
        );
        assert_eq!(without_tees(&before).unwrap(), after);
        wasmparser::validate(&after).unwrap();
        assert_eq!(without_tees(&after).unwrap(), after);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(without_tees(b"").is_err());
        assert!(without_tees(b"no module").is_err());
    }
}
