//! Compares the families with lines `protected family domain` from stdin (`tests/dnstwist/golden.py`), then measures.

use message_trace_lookalike::{Lookalikes, permutations};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};
use std::time::Instant;

const WORDS: &[&str] = &["login", "pay", "toso"];
const SUFFIXES: &[&str] = &["net", "org", "co"];

/// A random label of two to five syllables, always the same ones.
fn label(seed: &mut u64) -> String {
    let mut next = |of: usize| {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 33).unwrap_or(0) % of
    };
    let syllables = 2 + next(4);
    let mut label = String::new();
    for _ in 0..syllables {
        label.push(char::from(b"bcdfghjklmnprstvwz"[next(18)]));
        label.push(char::from(b"aeiou"[next(5)]));
        if next(3) == 0 {
            label.push(char::from(b"lmnrst"[next(6)]));
        }
    }
    label
}

fn main() -> std::io::Result<()> {
    let mut golden: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if let [protected, family, domain] = line.split(' ').collect::<Vec<_>>()[..] {
            golden
                .entry(protected.to_owned())
                .or_default()
                .insert((family.to_owned(), domain.to_owned()));
        }
    }
    let mut out = std::io::stdout().lock();
    let (mut all, mut missing, mut beyond) = (0, 0, 0);
    for (protected, listed) in &golden {
        let made = permutations(protected, WORDS, SUFFIXES);
        let made: BTreeSet<(String, String)> = made
            .into_iter()
            .map(|(family, domain)| (family.name().to_owned(), domain))
            .collect();
        all += listed.len();
        let differences = listed
            .difference(&made)
            .map(|made| ("missing", made))
            .chain(made.difference(listed).map(|made| ("beyond", made)));
        for (what, (family, domain)) in differences.take(3) {
            writeln!(out, "{protected}: {what}: {family} {domain}")?;
        }
        missing += listed.difference(&made).count();
        beyond += made.difference(listed).count();
    }
    writeln!(
        out,
        "{} protected, {all} listed by dnstwist, {missing} missing, {beyond} beyond",
        golden.len()
    )?;
    let protected: Vec<&str> = golden.keys().map(String::as_str).take(50).collect();
    let listed: Vec<&str> = protected
        .iter()
        .flat_map(|name| golden[*name].iter().map(|(_, domain)| domain.as_str()))
        .collect();
    let ours = Lookalikes::with_lists(&protected, WORDS, SUFFIXES);
    let mut seed = 1;
    let random: Vec<String> = (0..1_000_000)
        .map(|_| format!("{}.com", label(&mut seed)))
        .collect();
    // Time on a core, so that a busy machine changes nothing; the clock on the wall where the system does not tell.
    let started = Instant::now();
    let seconds = || {
        let told = std::fs::read_to_string("/proc/self/schedstat").ok();
        let nanoseconds = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
        nanoseconds.map_or_else(
            || started.elapsed().as_secs_f64(),
            |nanoseconds| nanoseconds / 1e9,
        )
    };
    let mut measure = |what: &str, domains: &mut dyn Iterator<Item = &str>, listed_only: bool| {
        let (begin, mut count, mut hits) = (seconds(), 0_u32, 0_u32);
        for domain in domains {
            count += 1;
            hits += u32::from(if listed_only {
                ours.find_listed(domain).is_some()
            } else {
                ours.find(domain).is_some()
            });
        }
        let rate = f64::from(count) / (seconds() - begin) / 1e6;
        writeln!(
            out,
            "{what}: {count} domains, {hits} hits ({:.4} %), {rate:.2} M/s",
            f64::from(hits) * 100.0 / f64::from(count)
        )
    };
    measure("listed, by heart", &mut listed.iter().copied(), true)?;
    measure("random, by heart", &mut random.iter().map(String::as_str), true)?;
    measure("listed, both ways", &mut listed.iter().copied(), false)?;
    measure("random, both ways", &mut random.iter().map(String::as_str), false)
}
