//! What a source holds, told from its first bytes.

use super::account::Unit;
use super::tables::Table;

/// How many first bytes are looked at, at most.
pub(super) const PEEK_BYTES: usize = 64 * 1024;

/// What a source holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A JSON object on each line.
    Lines,
    /// Pages, arrays, or objects over several lines.
    Pages,
    /// A CSV report.
    Table(Table),
}

impl Kind {
    /// What its pieces are called.
    pub(super) const fn unit(&self) -> Unit {
        match self {
            Self::Lines => Unit::Lines,
            Self::Pages | Self::Table(_) => Unit::Rows,
        }
    }
}

/// Whether these first bytes are enough to tell.
pub(super) fn is_enough(first: &[u8]) -> bool {
    // A table's header may come after a `#TYPE` line.
    let lines = if first.starts_with(b"#") { 2 } else { 1 };
    first.len() >= PEEK_BYTES || {
        let text = first.trim_ascii_start();
        memchr::memchr_iter(b'\n', text).take(lines).count() == lines
    }
}

/// Tells what a source holds.
pub(super) fn kind(first: &[u8]) -> Kind {
    let text = first.trim_ascii_start();
    match text {
        [b'[', ..] => Kind::Pages,
        [b'{', rest @ ..] => {
            let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
            // A pretty printer breaks the line after the bracket; NDJSON never does.
            let is_folded = blank.clone().any(|byte| *byte == b'\n');
            if is_folded || super::pages::starts_envelope(text) {
                Kind::Pages
            } else {
                Kind::Lines
            }
        }
        _ => Table::detect(text).map_or(Kind::Lines, Kind::Table),
    }
}
