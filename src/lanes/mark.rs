//! Text that is compared by its first and last word.

use super::window::{WINDOW, WORD, word, word_at};

/// A text of at most 255 bytes that lines are compared with.
#[derive(Debug, PartialEq)]
pub(crate) struct Mark {
    /// The first word, and the last, which may overlap it; of a text shorter than a word, all of it twice.
    first: u64,
    last: u64,
    /// Which bits of those two words count.
    counts: u64,
    last_at: u8,
    len: u8,
    /// The words between the two, from the second on.
    middle: Box<[u64]>,
}

impl Mark {
    /// `None` for a text of more than 255 bytes.
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        let len = u8::try_from(text.len()).ok()?;
        let mut padded = text.to_vec();
        padded.resize(text.len().max(WORD), 0);
        let last_at = text.len().saturating_sub(WORD);
        let word = |at: usize| word(&padded, at);
        Some(Self {
            first: word(0),
            last: word(last_at),
            counts: match WORD.saturating_sub(text.len()) {
                WORD => 0,
                missing => u64::MAX >> (8 * missing),
            },
            last_at: len.saturating_sub(8),
            len,
            middle: (WORD..last_at).step_by(WORD).map(word).collect(),
        })
    }

    #[inline]
    pub(crate) fn len(&self) -> u8 {
        self.len
    }

    /// Whether the text stands at the start of `ahead`.
    #[inline]
    pub(crate) fn stands_in(&self, ahead: &[u8; WINDOW]) -> bool {
        let first = word(ahead, 0) ^ self.first;
        let last = word(ahead, usize::from(self.last_at)) ^ self.last;
        if (first | last) & self.counts != 0 {
            return false;
        }
        let mut at = WORD;
        for middle in &self.middle {
            // SAFETY: the words in the middle begin before the last one, which is within the first 255 bytes.
            if *middle != unsafe { word_at(ahead, at) } {
                return false;
            }
            at += WORD;
        }
        true
    }
}
