//! All variants, interleaved round by round: what disturbs the machine disturbs them alike.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::variant::Variant;

/// What a variant took, round by round.
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    /// Nanoseconds a row, one figure for each round.
    pub(crate) rounds: Vec<f64>,
}

impl Measured {
    pub(crate) fn median(&self) -> f64 {
        median(&self.rounds)
    }

    pub(crate) fn min(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    pub(crate) fn rows_per_second(&self) -> f64 {
        1e9 / self.median()
    }

    pub(crate) fn megabytes_per_second(&self) -> f64 {
        self.rows_per_second() * self.bytes as f64 / self.rows as f64 / 1e6
    }

    /// How many times faster than the other: the median over the rounds.
    pub(crate) fn speed_to(&self, other: &Self) -> f64 {
        let ratios: Vec<_> = self
            .rounds
            .iter()
            .zip(&other.rounds)
            .map(|(own, other)| other / own)
            .collect();
        median(&ratios)
    }
}

pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

pub(crate) fn run(variants: &mut [Box<dyn Variant>], rounds: usize) -> Result<Vec<Measured>> {
    let mut measured: Vec<_> = variants
        .iter()
        .map(|variant| Measured {
            name: variant.name().to_owned(),
            rows: variant.rows(),
            bytes: variant.bytes(),
            rounds: Vec::with_capacity(rounds),
        })
        .collect();
    for round in 0..=rounds {
        eprint!(
            "round {round} of {rounds}{} ",
            if round == 0 { " (warm-up)" } else { "" }
        );
        for (variant, figures) in variants.iter_mut().zip(&mut measured) {
            let time: Duration = variant.run().with_context(|| variant.name().to_owned())?;
            eprint!(".");
            std::io::stderr().flush()?;
            if round > 0 {
                figures.rounds.push(time.as_nanos() as f64 / figures.rows as f64);
            }
        }
        eprintln!();
    }
    Ok(measured)
}
