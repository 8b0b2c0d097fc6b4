//! What no program goes below: the bytes copied, the lines found.

use std::hint::black_box;
use std::time::Duration;

use anyhow::Result;

use crate::corpus::{BATCH_BYTES, Corpus};
use crate::variant::{Variant, thread_time};

type Work = fn(&[u8], &mut Vec<u8>) -> usize;

struct Floor {
    name: &'static str,
    corpus: &'static [u8],
    rows: usize,
    work: Work,
}

pub(crate) fn add(variants: &mut Vec<Box<dyn Variant>>, corpus: &Corpus) {
    let all: [(&'static str, Work); 2] = [("memcpy", copy), ("newline scan", scan)];
    for (name, work) in all {
        variants.push(Box::new(Floor {
            name,
            corpus: corpus.bytes(),
            rows: corpus.rows(),
            work,
        }));
    }
}

fn copy(chunk: &[u8], out: &mut Vec<u8>) -> usize {
    out.clear();
    out.extend_from_slice(chunk);
    out.len()
}

fn scan(chunk: &[u8], _: &mut Vec<u8>) -> usize {
    memchr::memchr_iter(b'\n', chunk).count()
}

impl Variant for Floor {
    fn name(&self) -> &str {
        self.name
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.corpus.len()
    }

    fn run(&mut self) -> Result<Duration> {
        let mut out = Vec::with_capacity(BATCH_BYTES);
        let start = thread_time();
        for chunk in self.corpus.chunks(BATCH_BYTES) {
            black_box((self.work)(black_box(chunk), black_box(&mut out)));
        }
        Ok(thread_time() - start)
    }

    fn events(&mut self, _: usize) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}
