//! Next links and the opaque token in them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::tenant::Place;

/// What a skip token remembers. Nobody outside reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The oldest row given so far; only older ones follow. `None`: no row was given yet.
    pub(crate) after: Option<Place>,
    /// Rows given so far.
    pub(crate) offset: usize,
    /// When the link was made, milliseconds since 1970.
    pub(crate) issued_ms: i64,
    /// Pages given so far; makes every token another text.
    pub(crate) page: u32,
    /// Whether the link works.
    pub(crate) fate: Fate,
}

/// Whether a link works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It leads to the next page.
    Lives,
    /// It is refused with this status.
    Dead(u16),
    /// Its page links to itself.
    Loops,
}

impl Link {
    pub(crate) fn token(&self) -> String {
        let Self {
            after,
            offset,
            issued_ms,
            page,
            fate,
        } = self;
        let (hour, index) = after.map_or((-1, 0), |place| (place.hour, place.index));
        let fate = match fate {
            Fate::Lives => 0,
            Fate::Loops => 1,
            Fate::Dead(status) => *status,
        };
        URL_SAFE_NO_PAD.encode(format!("RSID~{hour}~{index}~{offset}~{issued_ms}~{page}~{fate}"))
    }

    pub(crate) fn read(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let parts = text.split('~').collect::<Vec<_>>();
        let ["RSID", hour, index, offset, issued_ms, page, fate] = parts.as_slice() else {
            return None;
        };
        let hour = hour.parse::<i64>().ok()?;
        let index = index.parse().ok()?;
        Some(Self {
            after: (hour >= 0).then_some(Place { hour, index }),
            offset: offset.parse().ok()?,
            issued_ms: issued_ms.parse().ok()?,
            page: page.parse().ok()?,
            fate: match fate.parse().ok()? {
                0 => Fate::Lives,
                1 => Fate::Loops,
                status => Fate::Dead(status),
            },
        })
    }
}

/// Characters that stay as they are in a query value.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'\'');

/// Percent-encodes a query value; a space becomes `%20`.
pub(crate) fn encode(value: &str) -> String {
    utf8_percent_encode(value, KEPT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_nonsense_does_not() {
        for after in [
            None,
            Some(Place {
                hour: 490_000,
                index: 17,
            }),
        ] {
            for fate in [Fate::Lives, Fate::Loops, Fate::Dead(410)] {
                let link = Link {
                    after,
                    offset: 3,
                    issued_ms: 1_700_000_000_000,
                    page: 2,
                    fate,
                };
                assert_eq!(Link::read(&link.token()), Some(link));
            }
        }
        for token in ["", "x", "UlNJRA", "%%%"] {
            assert_eq!(Link::read(token), None);
        }
    }
}
