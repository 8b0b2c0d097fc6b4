//! The public face: protected domains in, hits out.

use crate::distance::osa;
use crate::domain::{Parts, to_ascii, to_unicode};
use crate::exact::{Exact, Listed};
use crate::families::{Family, permutations};
use crate::fuzzy::Fuzzy;
use crate::words::{SUFFIXES, WORDS};
use std::borrow::Cow;

/// What a domain imitates, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The protected domain, in ASCII.
    pub protected: &'a str,
    /// How it is imitated.
    pub family: Family,
    /// Edits between the two registrable domains as people see them (in Unicode): letters added, left out, exchanged or
    /// swapped with their neighbour; 0 to 254, 255 for more.
    pub distance: u8,
}

/// Knows the protected domains and everything that is made of them.
///
/// About 3,500 domains of 20 bytes are kept for each protected one: 150 KB each.
pub struct Lookalikes {
    protected: Vec<String>,
    exact: Exact,
    fuzzy: Fuzzy,
}

impl Lookalikes {
    /// Takes domains in any spelling; what is no domain (or a public suffix) is left out, see [`Lookalikes::protected`].
    #[must_use]
    pub fn new<S: AsRef<str>>(protected: &[S]) -> Self {
        Self::with_lists(protected, WORDS, SUFFIXES)
    }

    /// As [`Lookalikes::new`], with lists of one's own for the families dictionary and tld-swap.
    #[must_use]
    pub fn with_lists<S: AsRef<str>>(protected: &[S], words: &[&str], suffixes: &[&str]) -> Self {
        let parts: Vec<Parts> = protected
            .iter()
            .filter_map(|domain| Parts::of(domain.as_ref()))
            .collect();
        let names: Vec<String> = parts.iter().map(Parts::ascii).collect();
        let own = (0_u32..).zip(&names).map(|(protected, name)| {
            (
                name.clone(),
                Listed {
                    protected,
                    family: None,
                },
            )
        });
        let made = (0_u32..).zip(&names).flat_map(|(protected, name)| {
            let made = permutations(name, words, suffixes);
            made.into_iter().map(move |(family, domain)| {
                (
                    domain,
                    Listed {
                        protected,
                        family: Some(family),
                    },
                )
            })
        });
        let exact = Exact::of(own.chain(made));
        let fuzzy = Fuzzy::of(&parts);
        Self {
            protected: names,
            exact,
            fuzzy,
        }
    }

    /// The protected domains, in ASCII, as they were understood.
    #[must_use]
    pub fn protected(&self) -> &[String] {
        &self.protected
    }

    /// How many domains are known by heart.
    #[must_use]
    pub fn listed(&self) -> usize {
        self.exact.len()
    }

    /// What `domain` (in any spelling, with or without sub-domains) imitates. None for a protected domain, for its
    /// sub-domains, and for what is no domain.
    #[must_use]
    pub fn find(&self, domain: &str) -> Option<Hit<'_>> {
        let ascii = lower(domain)?;
        match self.exact.find(&ascii) {
            Some(Listed { family: None, .. }) => None,
            Some(Listed {
                protected,
                family: Some(family),
            }) => Some(self.hit(protected as usize, family, &ascii)),
            None => {
                let (protected, family) = self.fuzzy.find(&ascii)?;
                Some(self.hit(protected, family, &ascii))
            }
        }
    }

    /// As [`Lookalikes::find`], but only what the generator lists.
    #[must_use]
    pub fn find_listed(&self, domain: &str) -> Option<(&str, Family)> {
        let ascii = lower(domain)?;
        let listed = self.exact.find(&ascii)?;
        Some((&self.protected[listed.protected as usize], listed.family?))
    }

    fn hit(&self, number: usize, family: Family, domain: &str) -> Hit<'_> {
        let protected = &self.protected[number];
        // A sub-domain that is part of the imitation counts: `con.toso.com`.
        let registrable = if family == Family::Subdomain {
            domain
        } else {
            psl::domain_str(domain).unwrap_or(domain)
        };
        let letters = |domain: &str| to_unicode(domain).chars().collect::<Vec<_>>();
        let distance = osa(&letters(protected), &letters(registrable), 255);
        Hit {
            protected,
            family,
            distance: u8::try_from(distance).unwrap_or(u8::MAX),
        }
    }
}

/// Bytes of a domain as it is needed.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        byte += 1;
    }
    plain
};

/// Most domains come as they are needed.
fn lower(domain: &str) -> Option<Cow<'_, str>> {
    // Without a branch for each byte.
    let is_plain = domain
        .bytes()
        .fold(true, |so_far, byte| so_far & PLAIN[usize::from(byte)]);
    if is_plain && !domain.ends_with('.') && !domain.is_empty() {
        return Some(Cow::Borrowed(domain));
    }
    to_ascii(domain).map(Cow::Owned)
}
