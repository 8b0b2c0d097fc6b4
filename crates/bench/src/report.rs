//! The figures: a table to read, JSON to compute with, a chart to see.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::chart;
use crate::cold::Cold;
use crate::figures::Report;
use crate::target;

impl Report {
    pub(crate) fn write(&self, dist: &Path) -> Result<()> {
        let text = self.text()?;
        std::io::stdout().write_all(text.as_bytes())?;
        std::fs::write(dist.join("bench.txt"), text)?;
        std::fs::write(dist.join("bench.json"), format!("{:#}\n", self.json()))?;
        std::fs::write(dist.join("bench.svg"), chart::draw(&self.measured)?)?;
        eprintln!(
            "written: bench.txt, bench.json and bench.svg in {}",
            dist.display()
        );
        Ok(())
    }

    fn text(&self) -> Result<String> {
        let mut out = String::new();
        let batch = self
            .measured
            .iter()
            .find(|measured| measured.name == "component, batch, sekoia");
        writeln!(
            out,
            "processor time of one thread, medians of {} interleaved rounds\n",
            self.rounds
        )?;
        writeln!(
            out,
            "{:38} {:>10} {:>10} {:>12} {:>8} {:>10}",
            "", "ns a row", "quickest", "rows a s", "MB/s", "component"
        )?;
        for measured in &self.measured {
            let ratio = batch.map_or_else(String::new, |batch| format!("{:.2} x", batch.speed_to(measured)));
            writeln!(
                out,
                "{:38} {:>10.0} {:>10.0} {:>12.0} {:>8.0} {:>10}",
                measured.name,
                measured.median(),
                measured.min(),
                measured.rows_per_second(),
                measured.megabytes_per_second(),
                ratio,
            )?;
        }
        self.write_starts(&mut out)?;
        writeln!(out, "\nlength of a line (bytes)   ns a line    ns a byte")?;
        for (length, figure) in &self.growth.lengths {
            writeln!(
                out,
                "{length:>24} {figure:>11.0} {:>12.3}",
                figure / *length as f64
            )?;
        }
        writeln!(out, "\nnumber of lines             ns a line")?;
        for (count, figure) in &self.growth.counts {
            writeln!(out, "{count:>24} {figure:>11.0}")?;
        }
        writeln!(out, "\n{:42} {:>12} {:>14}", "target", "found", "aimed at")?;
        for target in target::all(self) {
            let figure = target
                .figure
                .map_or_else(|| "-".to_owned(), |figure| format!("{figure:.2} {}", target.unit));
            let bound = if target.at_most { "at most" } else { "at least" };
            let met = match target.is_met() {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "not measured",
            };
            writeln!(
                out,
                "{:42} {figure:>12} {bound:>9} {:>6} {:3}  {met}",
                target.what, target.target, target.unit
            )?;
        }
        for what in &self.skipped {
            writeln!(out, "skipped: {what}")?;
        }
        Ok(out)
    }

    fn write_starts(&self, out: &mut String) -> Result<()> {
        let Cold {
            compile,
            load,
            instantiate,
            first_call,
            total,
            total_min,
            with_engine,
        } = self.cold;
        writeln!(
            out,
            "\nstart (wall): compile {compile:.0} ms once; load {load:.3} + instantiate {instantiate:.3} + first call \
             {first_call:.3} = {total:.3} ms (quickest {total_min:.3}); with a new engine {with_engine:.3} ms"
        )?;
        if let Some(program) = &self.program {
            writeln!(
                out,
                "program (wall): 1 thread {:.0} rows a s, 2 threads {:.0}; in process {:.0}; {:.0} ns of processor \
                 time a row\nprogram: first start {:.0} ms, later {:.1} ms; resident {:.1} MiB with 1 thread, {:.1} \
                 with 2, {:.1} for a file four times as large",
                program.one_thread,
                program.two_threads,
                program.in_process,
                program.cpu_ns_per_row,
                program.cold_start,
                program.warm_start,
                mebi(program.memory_bytes[0]),
                mebi(program.memory_bytes[1]),
                mebi(program.memory_bytes_large),
            )?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let variants: Vec<_> = self
            .measured
            .iter()
            .map(|measured| {
                json!({
                    "name": measured.name,
                    "rows": measured.rows,
                    "bytes": measured.bytes,
                    "ns_per_row": measured.median(),
                    "min_ns_per_row": measured.min(),
                    "rows_per_second": measured.rows_per_second(),
                    "megabytes_per_second": measured.megabytes_per_second(),
                    "rounds_ns_per_row": measured.rounds,
                })
            })
            .collect();
        let program = self.program.as_ref().map(|program| {
            json!({
                "in_process_rows_per_second": program.in_process,
                "one_thread_rows_per_second": program.one_thread,
                "two_threads_rows_per_second": program.two_threads,
                "cpu_ns_per_row": program.cpu_ns_per_row,
                "resident_bytes": program.memory_bytes,
                "resident_bytes_large_file": program.memory_bytes_large,
                "first_start_ms": program.cold_start,
                "later_start_ms": program.warm_start,
            })
        });
        let (rows, compared) = self.compared;
        json!({
            "machine": self.machine,
            "corpus": self.corpus,
            "rounds": self.rounds,
            "compared": {"rows": rows, "variants": compared},
            "variants": variants,
            "start_ms": {
                "compile": self.cold.compile,
                "load": self.cold.load,
                "instantiate": self.cold.instantiate,
                "first_call": self.cold.first_call,
                "total": self.cold.total,
                "with_engine": self.cold.with_engine,
            },
            "program": program,
            "guest_memory_bytes": self.guest_memory_bytes,
            "component_bytes": self.component_bytes,
            "line_length": self.growth.lengths.iter()
                .map(|(length, figure)| json!({"bytes": length, "ns_per_line": figure})).collect::<Vec<_>>(),
            "line_count": self.growth.counts.iter()
                .map(|(count, figure)| json!({"lines": count, "ns_per_line": figure})).collect::<Vec<_>>(),
            "targets": target::all(self).iter().map(target::Target::to_json).collect::<Vec<_>>(),
            "skipped": self.skipped,
        })
    }
}

fn mebi(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// What the figures were taken on, and how busy it was.
pub(crate) fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    json!({
        "processor": model.map(|(_, model)| model),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "system": read("/proc/sys/kernel/osrelease").trim(),
        "load": read("/proc/loadavg").split(' ').next(),
    })
}
