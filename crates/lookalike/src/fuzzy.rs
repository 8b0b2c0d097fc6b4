//! Recognises what no generator lists, by how the label reads.

use crate::distance::osa;
use crate::domain::{Parts, to_unicode};
use crate::families::Family;
use crate::fold::{fold, raw};
use crate::hash::{Powers, Table};

/// Shorter names are near to too many words: they are compared by their skeleton only.
const SHORTEST_FOR_AN_EDIT: usize = 6;
/// From this length on two edits count.
const SHORTEST_FOR_TWO_EDITS: usize = 11;
/// Shorter names are part of too many words.
const SHORTEST_FOR_A_PART: usize = 6;

/// One protected label.
struct Name {
    suffix: String,
    domain: String,
    raw: Vec<u8>,
    folded: Vec<u8>,
}

/// The protected labels and what they become with one or two letters left out.
pub(crate) struct Fuzzy {
    powers: Powers,
    names: Vec<Name>,
    /// Folded labels with letters left out.
    deletions: Table,
    /// Raw labels, whole.
    whole: Table,
    lengths: (usize, usize),
    two: bool,
}

impl Fuzzy {
    pub(crate) fn of(protected: &[Parts]) -> Self {
        let powers = Powers::new();
        let names: Vec<Name> = protected.iter().map(name).collect();
        let (mut deletions, mut whole, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut two = false;
        for (number, name) in (0_u32..).zip(&names) {
            let reach = allowed(name.folded.len());
            two |= reach == 2;
            let prefixes = powers.prefixes(&name.folded, &mut kept);
            if reach == 0 {
                deletions.push((prefixes.slice(0, prefixes.len()), number));
            } else {
                prefixes.deletions(reach == 2, |hash| deletions.push((hash, number)));
            }
            let prefixes = powers.prefixes(&name.raw, &mut kept);
            whole.push((prefixes.slice(0, prefixes.len()), number));
        }
        let lengths = names.iter().map(|name| name.raw.len());
        let lengths = (lengths.clone().min().unwrap_or(0), lengths.max().unwrap_or(0));
        Self {
            powers,
            names,
            deletions: Table::of(&deletions),
            whole: Table::of(&whole),
            lengths,
            two,
        }
    }

    /// The number of the protected domain that `domain` (ASCII, lower case, not a protected one) reads like.
    pub(crate) fn find(&self, domain: &str) -> Option<(usize, Family)> {
        let suffix = psl::suffix_str(domain)?;
        let rest = domain.strip_suffix(suffix)?.strip_suffix('.')?;
        let (front, label) = rest.rsplit_once('.').unwrap_or(("", rest));
        let unicode = if label.starts_with("xn--") {
            to_unicode(label)
        } else {
            String::new()
        };
        let label = if unicode.is_empty() { label } else { &unicode };
        self.label(label, suffix).or_else(|| self.embedded(front))
    }

    fn label(&self, label: &str, suffix: &str) -> Option<(usize, Family)> {
        if label.len() > 63 * 4 {
            return None;
        }
        let (mut letters, mut folded, mut kept) = (
            Vec::with_capacity(64),
            Vec::with_capacity(64),
            Vec::with_capacity(65),
        );
        raw(label, &mut letters);
        if letters.len() > 63 {
            return None;
        }
        let mut found = None;
        {
            let prefixes = self.powers.prefixes(&letters, &mut kept);
            let length = letters.len();
            self.whole.find(prefixes.slice(0, length), |number| {
                let is = self.names[number as usize].raw == letters;
                if is {
                    let family = if self.names[number as usize].suffix == suffix {
                        return false;
                    } else {
                        Family::TldSwap
                    };
                    found = Some((number as usize, family));
                }
                is
            });
            if found.is_some() {
                return found;
            }
        }
        fold(label, &mut folded);
        self.nearest(&folded, &mut kept, &mut found);
        if found.is_none() {
            self.part(&letters, &mut kept, &mut found);
        }
        found
    }

    /// Skeleton and edits.
    fn nearest(&self, folded: &[u8], kept: &mut Vec<u64>, found: &mut Option<(usize, Family)>) {
        let length = folded.len();
        if folded.is_empty()
            || length > 63
            || length + 2 < self.lengths.0.min(SHORTEST_FOR_AN_EDIT)
            || length > self.lengths.1 + 2
        {
            return;
        }
        let prefixes = self.powers.prefixes(folded, kept);
        let mut best = 3;
        let two = self.two && length + 2 >= SHORTEST_FOR_TWO_EDITS;
        prefixes.deletions(two, |hash| {
            self.deletions.find(hash, |number| {
                let name = &self.names[number as usize];
                let reach = allowed(name.folded.len().min(length));
                let edits = osa(&name.folded, folded, reach);
                if edits <= reach && edits < best {
                    best = edits;
                    *found = Some((
                        number as usize,
                        if edits == 0 {
                            Family::Confusable
                        } else {
                            Family::EditDistance
                        },
                    ));
                }
                best == 0
            });
        });
    }

    /// The name at the beginning, at the end, or between hyphens.
    fn part(&self, letters: &[u8], kept: &mut Vec<u64>, found: &mut Option<(usize, Family)>) {
        let length = letters.len();
        let prefixes = self.powers.prefixes(letters, kept);
        let mut look = |from: usize, to: usize| {
            self.whole.find(prefixes.slice(from, to), |number| {
                let is = self.names[number as usize].raw == letters[from..to];
                if is {
                    *found = Some((number as usize, Family::Combination));
                }
                is
            })
        };
        let longest = self.lengths.1.min(length.saturating_sub(1));
        for size in (SHORTEST_FOR_A_PART..=longest).rev() {
            if look(0, size) || look(length - size, length) {
                return;
            }
        }
        let mut from = 0;
        for part in letters.split(|byte| *byte == b'-') {
            let to = from + part.len();
            if part.len() < length && part.len() >= SHORTEST_FOR_A_PART - 2 && look(from, to) {
                return;
            }
            from = to + 1;
        }
    }

    /// A protected domain whole in front: `contoso.com.example.net`, `contoso-com.example.net`.
    fn embedded(&self, front: &str) -> Option<(usize, Family)> {
        if front.len() < 4 {
            return None;
        }
        let is = |name: &Name| {
            let at_a_border = |at: usize| {
                (at == 0 || !front.as_bytes()[at - 1].is_ascii_alphanumeric())
                    && front
                        .as_bytes()
                        .get(at + name.domain.len())
                        .is_none_or(|next| !next.is_ascii_alphanumeric())
            };
            let dashed = name.domain.replace('.', "-");
            front.find(&name.domain).is_some_and(at_a_border) || front.find(&dashed).is_some_and(at_a_border)
        };
        self.names
            .iter()
            .position(is)
            .map(|number| (number, Family::Embedded))
    }
}

/// Edits that count, for a label of `length` letters.
fn allowed(length: usize) -> usize {
    match length {
        0..SHORTEST_FOR_AN_EDIT => 0,
        SHORTEST_FOR_AN_EDIT..SHORTEST_FOR_TWO_EDITS => 1,
        _ => 2,
    }
}

fn name(parts: &Parts) -> Name {
    let label: String = parts.label.iter().collect();
    let (mut letters, mut folded) = (Vec::new(), Vec::new());
    raw(&label, &mut letters);
    fold(&label, &mut folded);
    letters.truncate(63);
    folded.truncate(63);
    Name {
        suffix: parts.suffix.clone(),
        domain: parts.registrable(),
        raw: letters,
        folded,
    }
}
