//! Hashes of a text with letters left out, without writing the shorter text.

const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

/// Powers of the base, one for each length of a label and a few more.
pub(crate) struct Powers([u64; 80]);

impl Powers {
    pub(crate) fn new() -> Self {
        let mut powers = [1_u64; 80];
        for at in 1..powers.len() {
            powers[at] = powers[at - 1].wrapping_mul(BASE);
        }
        Self(powers)
    }

    pub(crate) fn prefixes<'a>(&'a self, text: &[u8], kept: &'a mut Vec<u64>) -> Prefixes<'a> {
        kept.clear();
        kept.push(0);
        let mut hash = 0_u64;
        for byte in text {
            hash = hash.wrapping_mul(BASE).wrapping_add(u64::from(*byte) + 1);
            kept.push(hash);
        }
        Prefixes {
            powers: &self.0,
            hashes: kept,
        }
    }
}

/// The hash of every beginning of a text; texts are at most 63 letters long.
pub(crate) struct Prefixes<'a> {
    powers: &'a [u64; 80],
    hashes: &'a [u64],
}

impl Prefixes<'_> {
    pub(crate) fn len(&self) -> usize {
        self.hashes.len() - 1
    }

    fn part(&self, from: usize, to: usize) -> u64 {
        self.hashes[to].wrapping_sub(self.hashes[from].wrapping_mul(self.powers[to - from]))
    }

    /// The letters `from..to`.
    pub(crate) fn slice(&self, from: usize, to: usize) -> u64 {
        mix(self.part(from, to))
    }

    /// The text whole, then with each letter left out, then with every two if `two`.
    pub(crate) fn deletions(&self, two: bool, mut visit: impl FnMut(u64)) {
        let length = self.len();
        visit(mix(self.hashes[length]));
        for i in 0..length {
            let end = self.part(i + 1, length);
            visit(mix(self.hashes[i]
                .wrapping_mul(self.powers[length - 1 - i])
                .wrapping_add(end)));
        }
        if !two {
            return;
        }
        for i in 0..length {
            for j in i + 1..length {
                let front = self.hashes[i]
                    .wrapping_mul(self.powers[j - i - 1])
                    .wrapping_add(self.part(i + 1, j));
                visit(mix(front
                    .wrapping_mul(self.powers[length - 1 - j])
                    .wrapping_add(self.part(j + 1, length))));
            }
        }
    }
}

/// Spreads a hash over all bits.
pub(crate) fn mix(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ (hash >> 32)
}

/// Hash and value, several values a hash; 0 is the empty place. Looks at one bit first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    bits: Vec<u64>,
    places: Vec<(u64, u32)>,
}

impl Table {
    pub(crate) fn of(pairs: &[(u64, u32)]) -> Self {
        let size = (pairs.len().max(8) * 2).next_power_of_two();
        let mut table = Self {
            bits: vec![0; size / 8],
            places: vec![(0, 0); size],
        };
        for (hash, value) in pairs {
            let hash = (*hash).max(1);
            let bit = table.bit(hash);
            table.bits[bit / 64] |= 1 << (bit % 64);
            let mut at = table.first(hash);
            while table.places[at].0 != 0 && table.places[at] != (hash, *value) {
                at = (at + 1) & (size - 1);
            }
            table.places[at] = (hash, *value);
        }
        table
    }

    #[expect(clippy::cast_possible_truncation, reason = "the mask keeps what fits")]
    fn first(&self, hash: u64) -> usize {
        hash as usize & (self.places.len() - 1)
    }

    fn bit(&self, hash: u64) -> usize {
        (hash >> 20) as usize & (self.bits.len() * 64 - 1)
    }

    /// Every value of `hash`, until `visit` says that it is the one.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut visit: impl FnMut(u32) -> bool) -> bool {
        let hash = hash.max(1);
        let bit = self.bit(hash);
        if self.bits[bit / 64] & (1 << (bit % 64)) == 0 {
            return false;
        }
        let mut at = self.first(hash);
        while self.places[at].0 != 0 {
            if self.places[at].0 == hash && visit(self.places[at].1) {
                return true;
            }
            at = (at + 1) & (self.places.len() - 1);
        }
        false
    }
}
