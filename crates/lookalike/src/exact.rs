//! Everything that the families make of the protected domains, found by one look for each dot of a domain.

use crate::families::Family;
use crate::hash::mix;

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// One listed domain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    /// The number of the protected domain.
    pub(crate) protected: u32,
    /// None for the protected domain itself.
    pub(crate) family: Option<Family>,
}

#[derive(Clone, Copy, Default)]
struct Place {
    tag: u32,
    /// Number of the entry and one; 0 is empty.
    entry: u32,
}

struct Entry {
    start: u32,
    length: u8,
    listed: Listed,
}

/// A set of domains, compared byte for byte.
pub(crate) struct Exact {
    text: Vec<u8>,
    entries: Vec<Entry>,
    places: Vec<Place>,
    /// One bit or more for each place: most domains are no imitation, and this is small enough for the cache.
    bits: Vec<u64>,
}

/// Eight bytes at a time.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let mut hash = bytes.len() as u64;
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        hash = (hash.rotate_left(23) ^ u64::from_le_bytes(*chunk)).wrapping_mul(STEP);
    }
    let rest = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix((hash.rotate_left(23) ^ rest).wrapping_mul(STEP))
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Exact {
    /// The first of equal domains stays. Four billion bytes of domains at most; what is beyond is left out.
    pub(crate) fn of(domains: impl IntoIterator<Item = (String, Listed)>) -> Self {
        let mut set = Self {
            text: Vec::new(),
            entries: Vec::new(),
            places: vec![Place::default(); 1024],
            bits: vec![0; 64],
        };
        for (domain, listed) in domains {
            let (Ok(start), Ok(length)) = (u32::try_from(set.text.len()), u8::try_from(domain.len())) else {
                continue;
            };
            let hash = hash(domain.as_bytes());
            if set.look(hash, domain.as_bytes()).is_some() {
                continue;
            }
            set.text.extend(domain.bytes());
            set.entries.push(Entry {
                start,
                length,
                listed,
            });
            let number = u32::try_from(set.entries.len()).unwrap_or(u32::MAX);
            set.place(hash, number);
            if set.entries.len() * 2 > set.places.len() {
                set.grow();
            }
        }
        set
    }

    fn place(&mut self, hash: u64, entry: u32) {
        let bit = self.bit(hash);
        self.bits[bit / 64] |= 1 << (bit % 64);
        let mut at = self.first(hash);
        while self.places[at].entry != 0 {
            at = (at + 1) & (self.places.len() - 1);
        }
        self.places[at] = Place {
            tag: tag(hash),
            entry,
        };
    }

    fn grow(&mut self) {
        self.places = vec![Place::default(); self.places.len() * 4];
        self.bits = vec![0; self.places.len() / 16];
        for number in 0..self.entries.len() {
            let hash = hash(self.bytes(number));
            self.place(hash, u32::try_from(number + 1).unwrap_or(u32::MAX));
        }
    }

    fn bytes(&self, number: usize) -> &[u8] {
        let entry = &self.entries[number];
        &self.text[entry.start as usize..entry.start as usize + usize::from(entry.length)]
    }

    #[expect(clippy::cast_possible_truncation, reason = "the mask keeps what fits")]
    fn first(&self, hash: u64) -> usize {
        hash as usize & (self.places.len() - 1)
    }

    fn bit(&self, hash: u64) -> usize {
        (hash >> 24) as usize & (self.bits.len() * 64 - 1)
    }

    #[inline]
    fn look(&self, hash: u64, domain: &[u8]) -> Option<Listed> {
        let bit = self.bit(hash);
        if self.bits[bit / 64] & (1 << (bit % 64)) == 0 {
            return None;
        }
        let mut at = self.first(hash);
        loop {
            let place = self.places[at];
            if place.entry == 0 {
                return None;
            }
            if place.tag == tag(hash) && self.bytes(place.entry as usize - 1) == domain {
                return Some(self.entries[place.entry as usize - 1].listed);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    /// The longest end of `domain` that is listed; a protected domain wins over everything. `domain` is in ASCII and
    /// lower case.
    #[inline]
    pub(crate) fn find(&self, domain: &str) -> Option<Listed> {
        let bytes = domain.as_bytes();
        let (mut dots, mut found) = (0, None);
        for at in (0..bytes.len()).rev() {
            let begins = at == 0 || bytes[at - 1] == b'.';
            dots += u32::from(bytes[at] == b'.');
            // What follows the last dot alone is no domain.
            if begins && dots > 0 {
                match self.look(hash(&bytes[at..]), &bytes[at..]) {
                    Some(own @ Listed { family: None, .. }) => return Some(own),
                    Some(listed) => found = Some(listed),
                    None => {}
                }
            }
        }
        found
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
