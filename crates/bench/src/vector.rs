//! The transform language of Vector, as Vector runs it: programs compiled once, events as values, JSON out.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, anyhow};
use vrl::compiler::runtime::Runtime;
use vrl::compiler::{Program, TargetValue, TimeZone};
use vrl::value::{KeyString, Secrets, Value};

use crate::corpus::Corpus;
use crate::variant::{Variant, thread_time};
use crate::worker::SLOW_ROWS;

const PROGRAMS: [(&str, &str); 2] = [
    ("VRL, no regexes", include_str!("../peers/sekoia.vrl")),
    ("VRL, regexes", include_str!("../peers/sekoia-regex.vrl")),
];

struct Transform {
    name: &'static str,
    program: Program,
    corpus: &'static [u8],
    rows: usize,
}

pub(crate) fn add(variants: &mut Vec<Box<dyn Variant>>, corpus: &Corpus) -> Result<()> {
    let rows = SLOW_ROWS.min(corpus.rows());
    for (name, source) in PROGRAMS {
        let compiled = vrl::compiler::compile(source, &vrl::stdlib::all()).map_err(|problems| {
            let messages: Vec<_> = problems.iter().map(|problem| problem.message.clone()).collect();
            anyhow!("{name}: {}", messages.join("; "))
        })?;
        variants.push(Box::new(Transform {
            name,
            program: compiled.program,
            corpus: corpus.head(rows),
            rows,
        }));
    }
    Ok(())
}

impl Transform {
    fn pass(&self, rows: usize, mut each: impl FnMut(&Value) -> Result<()>) -> Result<()> {
        let mut runtime = Runtime::default();
        let zone = TimeZone::default();
        let lines = self
            .corpus
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        for line in lines.take(rows) {
            let mut target = TargetValue {
                value: Value::Object(BTreeMap::from([(
                    KeyString::from("message"),
                    Value::Bytes(line.to_vec().into()),
                )])),
                metadata: Value::Object(BTreeMap::new()),
                secrets: Secrets::default(),
            };
            runtime
                .resolve(&mut target, &self.program, &zone)
                .map_err(|end| anyhow!("{}: {end}", self.name))?;
            runtime.clear();
            each(&target.value)?;
        }
        Ok(())
    }
}

impl Variant for Transform {
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
        let mut out = Vec::new();
        let start = thread_time();
        self.pass(self.rows, |event| {
            out.clear();
            Ok(serde_json::to_writer(&mut out, event)?)
        })?;
        Ok(thread_time() - start)
    }

    fn events(&mut self, rows: usize) -> Result<Option<Vec<u8>>> {
        let mut out = Vec::new();
        self.pass(rows, |event| {
            serde_json::to_writer(&mut out, event)?;
            out.push(b'\n');
            Ok(())
        })?;
        Ok(Some(out))
    }
}
