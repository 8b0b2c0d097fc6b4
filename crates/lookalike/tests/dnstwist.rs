//! The families against what dnstwist 20250130 wrote (`dnstwist/golden.py`): the same domains, in the same families.

use message_trace_lookalike::{Lookalikes, permutations};
use std::collections::{BTreeMap, BTreeSet};

const WORDS: &[&str] = &["login", "pay", "toso"];
const SUFFIXES: &[&str] = &["net", "org", "co"];

fn golden() -> BTreeMap<&'static str, BTreeSet<(&'static str, &'static str)>> {
    let mut golden: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for line in include_str!("dnstwist/golden.txt").lines() {
        let mut words = line.split(' ');
        let (protected, family, domain) = (
            words.next().unwrap_or(""),
            words.next().unwrap_or(""),
            words.next().unwrap_or(""),
        );
        golden.entry(protected).or_default().insert((family, domain));
    }
    golden
}

#[test]
fn same_domains_in_the_same_families() {
    let golden = golden();
    assert_eq!(golden.len(), 4);
    for (protected, listed) in golden {
        let made = permutations(protected, WORDS, SUFFIXES);
        let made: BTreeSet<(&str, &str)> = made
            .iter()
            .map(|(family, domain)| (family.name(), domain.as_str()))
            .collect();
        let missing: Vec<_> = listed.difference(&made).take(10).collect();
        let beyond: Vec<_> = made.difference(&listed).take(10).collect();
        assert!(
            missing.is_empty() && beyond.is_empty(),
            "{protected}: missing {missing:?}, beyond {beyond:?}"
        );
    }
}

#[test]
fn every_listed_domain_is_found() {
    for (protected, listed) in golden() {
        let ours = Lookalikes::with_lists(&[protected], WORDS, SUFFIXES);
        for (_, domain) in listed {
            assert!(ours.find(domain).is_some(), "{protected}: {domain}");
        }
    }
}
