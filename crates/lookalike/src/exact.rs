//! Everything that the families make of the protected domains, found by one look for each dot of a domain.

use crate::families::Family;
use crate::hash::mix;

const STEP: u64 = 0x0000_0100_0000_01B3;
const START: u64 = 0xCBF2_9CE4_8422_2325;

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
        };
        for (domain, listed) in domains {
            let (Ok(start), Ok(length)) = (u32::try_from(set.text.len()), u8::try_from(domain.len())) else {
                continue;
            };
            let hash = mix(domain
                .bytes()
                .rev()
                .fold(START, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(STEP)));
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
        for number in 0..self.entries.len() {
            let hash = mix(self
                .bytes(number)
                .iter()
                .rev()
                .fold(START, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(STEP)));
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

    #[inline]
    fn look(&self, hash: u64, domain: &[u8]) -> Option<Listed> {
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
        let (mut hash, mut dots, mut found) = (START, 0, None);
        for at in (0..=bytes.len()).rev() {
            let ends = at == 0 || bytes[at - 1] == b'.';
            if ends && dots > 0 && at < bytes.len() {
                match self.look(mix(hash), &bytes[at..]) {
                    Some(own @ Listed { family: None, .. }) => return Some(own),
                    Some(listed) => found = Some(listed),
                    None => {}
                }
            }
            if at == 0 {
                break;
            }
            let byte = bytes[at - 1];
            dots += u32::from(byte == b'.');
            hash = (hash ^ u64::from(byte)).wrapping_mul(STEP);
        }
        found
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
