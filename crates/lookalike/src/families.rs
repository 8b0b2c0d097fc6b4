//! What imitators do to a domain, one function a family.
//!
//! The families and their names are those of dnstwist 20250130, so that what one tool says another understands. Its
//! output is the oracle of the tests.

use crate::domain::{Parts, encode_label, is_valid};
use crate::glyphs::{ASCII, CYRILLIC, KEYS, beyond_ascii};
use std::collections::HashSet;

/// How a look-alike was made, or how it was recognised.
///
/// The first sixteen are families that a generator lists; the last four say why a domain that no generator lists is
/// taken for a look-alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// One letter or digit more at the end, or before a hyphen: `contosoa.com`.
    Addition,
    /// One bit of one letter is another: `cgntoso.com`.
    Bitsquatting,
    /// Every letter is the Cyrillic one that looks like it.
    Cyrillic,
    /// One or two letters are others that look alike: `c0ntoso.com`.
    Homoglyph,
    /// A hyphen inside: `con-toso.com`.
    Hyphenation,
    /// The key beside the right one was hit too: `conjtoso.com`.
    Insertion,
    /// One letter less: `contso.com`.
    Omission,
    /// An `s` or `es` inside: `contsoso.com`.
    Plural,
    /// One letter twice: `conttoso.com`.
    Repetition,
    /// The key beside the right one was hit instead: `vontoso.com`.
    Replacement,
    /// A dot inside: `con.toso.com`.
    Subdomain,
    /// Two neighbours changed places: `cnotoso.com`.
    Transposition,
    /// One vowel is another: `cantoso.com`.
    VowelSwap,
    /// A word before or behind: `contoso-login.com`.
    Dictionary,
    /// The same name under another public suffix: `contoso.net`.
    TldSwap,
    /// The suffix became part of the name: `contosocom.com`.
    Various,
    /// Reads the same after the Unicode skeleton (UTS #39) and the usual digits for letters.
    Confusable,
    /// One edit away, from ten letters on two.
    EditDistance,
    /// The protected name with more around it: `contoso2fa.com`, `pay-contoso.com`.
    Combination,
    /// The protected domain stands whole in front of another one: `contoso.com.example.net`.
    Embedded,
}

impl Family {
    /// The name that commands and events use: dnstwist's where it has one.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Addition => "addition",
            Self::Bitsquatting => "bitsquatting",
            Self::Cyrillic => "cyrillic",
            Self::Homoglyph => "homoglyph",
            Self::Hyphenation => "hyphenation",
            Self::Insertion => "insertion",
            Self::Omission => "omission",
            Self::Plural => "plural",
            Self::Repetition => "repetition",
            Self::Replacement => "replacement",
            Self::Subdomain => "subdomain",
            Self::Transposition => "transposition",
            Self::VowelSwap => "vowel-swap",
            Self::Dictionary => "dictionary",
            Self::TldSwap => "tld-swap",
            Self::Various => "various",
            Self::Confusable => "confusable",
            Self::EditDistance => "edit-distance",
            Self::Combination => "combination",
            Self::Embedded => "embedded",
        }
    }
}

/// Every imitation of `domain` that the generator's families list, each domain once, in ASCII (Punycode).
///
/// A domain that several families make belongs to the first in the order of [`Family`]. `words` feed the family
/// dictionary, `suffixes` the family tld-swap. Empty for a domain without a public suffix.
#[must_use]
pub fn permutations(domain: &str, words: &[&str], suffixes: &[&str]) -> Vec<(Family, String)> {
    let Some(parts) = Parts::of(domain) else {
        return Vec::new();
    };
    let label = parts.label.clone();
    let mut found = Collector {
        seen: HashSet::from([parts.ascii()]),
        list: Vec::new(),
        parts: &parts,
    };
    found.labels(Family::Addition, addition(&label));
    found.labels(Family::Bitsquatting, bitsquatting(&label));
    found.labels(Family::Cyrillic, cyrillic(&label));
    found.labels(Family::Homoglyph, homoglyph(&label, &parts.suffix));
    found.labels(
        Family::Hyphenation,
        (1..label.len()).map(|at| insert(&label, at, '-')),
    );
    found.labels(Family::Insertion, insertion(&label));
    found.labels(
        Family::Omission,
        (0..label.len()).map(|at| splice(&label, at, 1, &[])),
    );
    found.labels(Family::Plural, plural(&label));
    found.labels(
        Family::Repetition,
        (0..label.len()).map(|at| insert(&label, at, label[at])),
    );
    found.labels(Family::Replacement, replacement(&label));
    found.labels(Family::Subdomain, subdomain(&label));
    found.labels(
        Family::Transposition,
        (1..label.len()).map(|at| splice(&label, at - 1, 2, &[label[at], label[at - 1]])),
    );
    found.labels(Family::VowelSwap, vowel_swap(&label));
    found.labels(Family::Dictionary, dictionary(&label, words));
    let name: String = label.iter().collect();
    for suffix in suffixes.iter().filter(|suffix| **suffix != parts.suffix) {
        found.domain(Family::TldSwap, &parts.subdomain, &name, suffix);
    }
    various(&mut found, &parts, &name);
    found.list
}

/// Keeps what is a domain, and what is new.
struct Collector<'a> {
    seen: HashSet<String>,
    list: Vec<(Family, String)>,
    parts: &'a Parts,
}

impl Collector<'_> {
    fn labels(&mut self, family: Family, labels: impl IntoIterator<Item = Vec<char>>) {
        for label in labels {
            let label: String = label.into_iter().collect();
            self.domain(family, &self.parts.subdomain, &label, &self.parts.suffix);
        }
    }

    fn domain(&mut self, family: Family, subdomain: &str, label: &str, suffix: &str) {
        let Some(label) = label.split('.').map(encode_label).collect::<Option<Vec<_>>>() else {
            return;
        };
        let label = label.join(".");
        let domain = [subdomain, &label, suffix]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        if is_valid(&domain) && self.seen.insert(domain.clone()) {
            self.list.push((family, domain));
        }
    }
}

/// `label` with `count` letters at `at` replaced by `with`.
fn splice(label: &[char], at: usize, count: usize, with: &[char]) -> Vec<char> {
    [&label[..at], with, &label[at + count..]].concat()
}

fn insert(label: &[char], at: usize, letter: char) -> Vec<char> {
    splice(label, at, 0, &[letter])
}

fn letters_and_digits() -> impl Iterator<Item = char> + Clone {
    ('0'..='9').chain('a'..='z')
}

fn addition(label: &[char]) -> Vec<Vec<char>> {
    let hyphens = label
        .iter()
        .enumerate()
        .filter(|(_, letter)| **letter == '-')
        .map(|(at, _)| at);
    hyphens
        .chain([label.len()])
        .flat_map(|at| letters_and_digits().map(move |letter| insert(label, at, letter)))
        .collect()
}

fn bitsquatting(label: &[char]) -> Vec<Vec<char>> {
    let mut made = Vec::new();
    for (at, letter) in label.iter().enumerate() {
        for bit in 0..8 {
            let other = char::from_u32(*letter as u32 ^ (1 << bit));
            if let Some(other) = other.filter(|other| matches!(other, 'a'..='z' | '0'..='9' | '-')) {
                made.push(splice(label, at, 1, &[other]));
            }
        }
    }
    made
}

fn cyrillic(label: &[char]) -> Option<Vec<char>> {
    let of = |letter: &char| {
        CYRILLIC
            .iter()
            .find(|(latin, _)| latin == letter)
            .map(|(_, cyrillic)| *cyrillic)
    };
    label.iter().map(of).collect()
}

/// Two rounds: what one exchange makes is exchanged once more.
fn homoglyph(label: &[char], suffix: &str) -> HashSet<Vec<char>> {
    let tables = [ASCII, beyond_ascii(suffix)];
    let once = exchange(label, &tables);
    let twice: HashSet<Vec<char>> = once.iter().flat_map(|label| exchange(label, &tables)).collect();
    once.into_iter().chain(twice).collect()
}

fn exchange(label: &[char], tables: &[&[(&str, &str)]]) -> HashSet<Vec<char>> {
    let mut made = HashSet::new();
    for (from, glyphs) in tables.iter().flat_map(|table| table.iter()) {
        let from: Vec<char> = from.chars().collect();
        for at in (0..label.len()).filter(|at| label[*at..].starts_with(&from)) {
            for glyph in glyphs.split(' ') {
                let glyph: Vec<char> = glyph.chars().collect();
                made.insert(splice(label, at, from.len(), &glyph));
                // The same letter twice is exchanged in both places at once, too.
                if from.len() == 1 && label.get(at + 1) == Some(&from[0]) {
                    made.insert(splice(label, at, 2, &[&glyph[..], &glyph[..]].concat()));
                }
            }
        }
    }
    made
}

fn neighbours(letter: char) -> impl Iterator<Item = char> {
    KEYS.iter()
        .find(|(key, _)| *key == letter)
        .map_or("", |(_, keys)| keys)
        .chars()
}

/// Beside every letter but the last one.
fn insertion(label: &[char]) -> Vec<Vec<char>> {
    let before_last = 0..label.len().saturating_sub(1);
    before_last
        .flat_map(|at| {
            neighbours(label[at]).flat_map(move |key| [insert(label, at, key), insert(label, at + 1, key)])
        })
        .collect()
}

fn replacement(label: &[char]) -> Vec<Vec<char>> {
    (0..label.len())
        .flat_map(|at| neighbours(label[at]).map(move |key| splice(label, at, 1, &[key])))
        .collect()
}

fn plural(label: &[char]) -> Vec<Vec<char>> {
    let inside = 2..label.len().saturating_sub(2);
    inside
        .map(|at| {
            splice(
                label,
                at + 1,
                0,
                if matches!(label[at], 's' | 'x' | 'z') {
                    &['e', 's']
                } else {
                    &['s']
                },
            )
        })
        .collect()
}

fn subdomain(label: &[char]) -> Vec<Vec<char>> {
    let inside = 1..label.len().saturating_sub(1);
    inside
        .filter(|at| label[*at] != '-' && label[at - 1] != '-')
        .map(|at| insert(label, at, '.'))
        .collect()
}

fn vowel_swap(label: &[char]) -> Vec<Vec<char>> {
    let vowels = ['a', 'e', 'i', 'o', 'u'];
    let places = (0..label.len()).filter(|at| vowels.contains(&label[*at]));
    places
        .flat_map(|at| vowels.map(|vowel| splice(label, at, 1, &[vowel])))
        .collect()
}

fn dictionary(label: &[char], words: &[&str]) -> Vec<Vec<char>> {
    let name: String = label.iter().collect();
    let mut made = Vec::new();
    for word in words {
        if !(name.starts_with(word) && name.ends_with(word)) {
            made.extend([
                format!("{name}-{word}"),
                format!("{name}{word}"),
                format!("{word}-{name}"),
                format!("{word}{name}"),
            ]);
        }
        if let (Some((front, _)), Some((_, back))) = (name.rsplit_once('-'), name.split_once('-')) {
            made.extend([format!("{front}-{word}"), format!("{word}-{back}")]);
        }
    }
    made.into_iter().map(|text| text.chars().collect()).collect()
}

fn various(found: &mut Collector<'_>, parts: &Parts, name: &str) {
    let Parts {
        subdomain, suffix, ..
    } = parts;
    if let Some((_, last)) = suffix.rsplit_once('.') {
        found.domain(Family::Various, subdomain, name, last);
        // `contosoco.uk`: the name grows into the suffix.
        found.domain(Family::Various, subdomain, &format!("{name}{suffix}"), "");
    } else {
        found.domain(Family::Various, subdomain, &format!("{name}{suffix}"), suffix);
        if suffix != "com" {
            found.domain(Family::Various, subdomain, &format!("{name}-{suffix}"), "com");
            found.domain(Family::Various, subdomain, &format!("{name}{suffix}"), "com");
        }
    }
    if !subdomain.is_empty() {
        found.domain(Family::Various, "", &format!("{subdomain}{name}"), suffix);
        found.domain(
            Family::Various,
            "",
            &format!("{}{name}", subdomain.replace('.', "")),
            suffix,
        );
        found.domain(Family::Various, "", &format!("{subdomain}-{name}"), suffix);
        found.domain(
            Family::Various,
            "",
            &format!("{}-{name}", subdomain.replace('.', "-")),
            suffix,
        );
    }
}
