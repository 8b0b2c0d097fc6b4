//! What was aimed at, and whether it was met.

use serde_json::{Value, json};

use crate::figures::Report;
use crate::rounds::Measured;

/// One figure beside its target.
pub(crate) struct Target {
    pub(crate) what: &'static str,
    pub(crate) figure: Option<f64>,
    /// What to reach; at most if `at_most`, else at least.
    pub(crate) target: f64,
    pub(crate) at_most: bool,
    pub(crate) unit: &'static str,
}

impl Target {
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.figure.map(|figure| {
            if self.at_most {
                figure <= self.target
            } else {
                figure >= self.target
            }
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "figure": self.figure,
            "target": self.target,
            "bound": if self.at_most { "at most" } else { "at least" },
            "unit": self.unit,
            "met": self.is_met(),
        })
    }
}

const BATCH: &str = "component, batch, sekoia";

pub(crate) fn all(report: &Report) -> Vec<Target> {
    let find = |name: &str| report.measured.iter().find(|measured| measured.name == name);
    let batch = find(BATCH);
    let speed = |one: Option<&Measured>, other: Option<&Measured>| Some(one?.speed_to(other?));
    let vrl = speed(find("VRL, regexes"), find("VRL, no regexes")).and_then(|ratio| {
        find(if ratio > 1.0 {
            "VRL, regexes"
        } else {
            "VRL, no regexes"
        })
    });
    let program = report.program.as_ref();
    let least = |what, figure, target, unit| Target {
        what,
        figure,
        target,
        at_most: false,
        unit,
    };
    let most = |what, figure, target, unit| Target {
        what,
        figure,
        target,
        at_most: true,
        unit,
    };
    let mebi = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let memory = program.map(|program| {
        let [one, two] = program.memory_bytes;
        mebi(one.max(two).max(program.memory_bytes_large))
    });
    vec![
        least(
            "component to native, default target",
            speed(batch, find("native, batch, sekoia")),
            1.2,
            "x",
        ),
        least(
            "component to native, x86-64-v3",
            speed(batch, find("native x86-64-v3, batch, sekoia")),
            0.75,
            "x",
        ),
        least(
            "component to serde_json::Value, native",
            speed(batch, find("serde_json::Value")),
            10.0,
            "x",
        ),
        least(
            "component to VRL, the better program",
            speed(batch, vrl),
            20.0,
            "x",
        ),
        least(
            "component to Python with orjson",
            speed(batch, find("Python, orjson")),
            12.0,
            "x",
        ),
        least("component to jq", speed(batch, find("jq")), 120.0, "x"),
        least(
            "one call a line to batch",
            speed(find("component, line, sekoia"), batch),
            0.6,
            "x",
        ),
        least(
            "rows a second and core",
            batch.map(Measured::rows_per_second).map(|rows| rows / 1e6),
            1.5,
            "M",
        ),
        least(
            "ecs to sekoia",
            speed(find("component, batch, ecs"), batch),
            0.7,
            "x",
        ),
        least(
            "ocsf to sekoia",
            speed(find("component, batch, ocsf"), batch),
            0.7,
            "x",
        ),
        most(
            "load, instantiate, first call",
            Some(report.cold.total),
            0.3,
            "ms",
        ),
        most(
            "size of the component",
            Some(report.component_bytes as f64 / 1024.0),
            160.0,
            "KiB",
        ),
        most(
            "guest memory, 256 KiB batches",
            report.guest_memory_bytes.map(|bytes| mebi(bytes as u64)),
            4.0,
            "MiB",
        ),
        least(
            "program, 1 thread, to in-process",
            program.map(|program| program.to_in_process),
            0.8,
            "x",
        ),
        least(
            "program, 2 threads to 1",
            program.map(|program| program.two_to_one),
            1.8,
            "x",
        ),
        most("program, resident memory", memory, 64.0, "MiB"),
    ]
}
