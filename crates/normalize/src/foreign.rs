//! What a source is that looks like no message trace, in a sentence. Never a value of it: only the names of columns.

use std::fmt::Write as _;

/// More columns than this are not listed.
const SAID_COLUMNS: usize = 12;
/// A longer cell is text and no name of a column, in characters.
const MAX_NAME_CHARS: usize = 40;

/// Says what these first bytes are if no row of a message trace is among them. `None` if one may be.
pub(super) fn describe(first: &[u8]) -> Option<String> {
    let text = first.trim_ascii_start();
    let is = match text {
        [] => return None,
        [b'{' | b'[', ..] => {
            if has_row(text) {
                return None;
            }
            if is_binary(text) {
                "a binary file".to_owned()
            } else {
                "JSON in which no row has receivedDateTime or Received".to_owned()
            }
        }
        [b'P', b'K', 3 | 5, ..] => {
            "an Excel workbook or a ZIP archive; save it as CSV, or unpack it".to_owned()
        }
        [b'%', b'P', b'D', b'F', ..] => "a PDF file".to_owned(),
        [b'<', ..] => "HTML or XML".to_owned(),
        _ if is_binary(text) => "a binary file".to_owned(),
        _ => return Some(of_text(text)),
    };
    Some(format!(
        "not a message trace: it is {is}. Expected JSON rows, a saved JSON page or a CSV report"
    ))
}

/// Whether a key of a row is in the text. A page without any row is judged as well, but nothing of it is refused.
fn has_row(text: &[u8]) -> bool {
    let has = |key: &[u8]| memchr::memmem::find(text, key).is_some();
    has(b"\"receivedDateTime\"") || has(b"\"Received\"")
}

/// Whether these bytes are no text in any encoding that is read.
fn is_binary(text: &[u8]) -> bool {
    let start = text.get(..1024).unwrap_or(text);
    let is_cut_or_text = |error: std::str::Utf8Error| error.error_len().is_none();
    start.contains(&0) || std::str::from_utf8(start).is_err_and(|error| !is_cut_or_text(error))
}

fn of_text(text: &[u8]) -> String {
    let expected = "Expected a time (Received, origin_timestamp_utc, …) and a recipient (RecipientAddress, \
                    recipient_status, …) among them";
    match columns(text) {
        Some(columns) => format!("not a message trace: its columns are {columns}. {expected}"),
        None => "not a message trace: it is text that is neither JSON nor a table with known columns. Expected JSON \
                 rows, a saved JSON page or a CSV report"
            .to_owned(),
    }
}

/// The names of the columns, if the first line holds nothing but names: a table without a header begins with values.
fn columns(text: &[u8]) -> Option<String> {
    let skipped = usize::from(text.starts_with(b"#TYPE"));
    let header = text.split(|byte| *byte == b'\n').nth(skipped)?;
    let header = std::str::from_utf8(header).ok()?;
    let names: Vec<&str> = b",;\t"
        .iter()
        .map(|&delimiter| {
            header
                .split(char::from(delimiter))
                .map(|name| name.trim().trim_matches('"'))
                .collect::<Vec<_>>()
        })
        .max_by_key(Vec::len)?;
    if names.len() < 2 || !names.iter().all(|name| is_name(name)) {
        return None;
    }
    let mut said = names.get(..SAID_COLUMNS.min(names.len()))?.join(", ");
    if names.len() > SAID_COLUMNS {
        // Writing to a string cannot fail.
        let _ = write!(said, " and {} more", names.len() - SAID_COLUMNS);
    }
    Some(said)
}

/// Whether a cell is a name and no value: letters first, then letters, digits and what stands between words.
fn is_name(cell: &str) -> bool {
    cell.chars().count() <= MAX_NAME_CHARS
        && cell.chars().next().is_some_and(char::is_alphabetic)
        && cell
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '(' | ')' | '/' | '#'))
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn what_may_be_a_trace_is_not_judged() {
        for text in [
            "",
            " \n",
            "{\"receivedDateTime\":null}",
            "{\"a\":1}\n{\"Received\":\"x\"}",
            "[{\"Received\":1}]",
        ] {
            assert_eq!(describe(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn columns_are_named_and_values_are_not() {
        let said = |text: &str| describe(text.as_bytes()).unwrap_or_default();
        assert!(
            said("Date,Amount,Payee\n2026-01-01,5,Alice\n").contains("its columns are Date, Amount, Payee.")
        );
        assert!(said("\"Name\";\"E-mail\"\r\nAlice;alice@example.com\r\n").contains("Name, E-mail."));
        for values in [
            "alice@example.com,bob@example.org,Invoice\n",
            "2026-01-01,Alice,Bob\n",
            "Alice Example,5\n",
            "just some words\n",
        ] {
            assert!(
                said(values).contains("neither JSON nor a table"),
                "{}",
                said(values)
            );
        }
        let wide: Vec<String> = (0..30).map(|number| format!("column{number}")).collect();
        assert!(said(&wide.join(",")).contains("column11 and 18 more"));
    }

    #[test]
    fn files_of_other_programs_are_told_apart() {
        for (bytes, what) in [
            (&b"PK\x03\x04rest"[..], "Excel workbook"),
            (b"%PDF-1.7", "PDF"),
            (b"<html>", "HTML"),
            (b"\x7fELF\x00\x01", "binary"),
            (b"\x89\xff\xfe text", "binary"),
            (b"{\x00\xff\xfe", "binary"),
            (b"{\"a\":1}", "no row has receivedDateTime"),
        ] {
            let said = describe(bytes).unwrap_or_default();
            assert!(
                said.starts_with("not a message trace: ") && said.contains(what),
                "{said}"
            );
        }
    }
}
