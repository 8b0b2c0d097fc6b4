//! The table.

use std::fmt::Write as _;

use anyhow::Result;
use message_trace::Target;
use serde::Serialize;

/// How a host's run ended.
#[derive(Debug, Serialize)]
#[serde(tag = "state", content = "why", rename_all = "lowercase")]
pub(crate) enum State {
    /// It answered everything.
    Ran,
    /// It is missing, or broke off.
    Failed(String),
    /// It is missing, and need not be there.
    Skipped(String),
}

/// One host.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    /// The host.
    pub(crate) host: &'static str,
    /// How its run ended.
    #[serde(flatten)]
    pub(crate) state: State,
    /// How many cases it answered, for each target.
    pub(crate) cases: [usize; Target::ALL.len()],
    /// How many cases it must answer at least, where it has no call for some; else it must answer all.
    #[serde(skip)]
    pub(crate) at_least: Option<usize>,
    /// How many cases it has no call for.
    pub(crate) declined: usize,
    /// Why.
    pub(crate) declined_because: Vec<String>,
    /// How many answers differ, for each target.
    pub(crate) different: [usize; Target::ALL.len()],
    /// The first of them.
    pub(crate) differences: Vec<String>,
    /// Realistic rows, and the seconds they took.
    pub(crate) timed_rows: usize,
    /// The seconds that the timed rows took.
    pub(crate) seconds: f64,
}

impl Row {
    pub(crate) fn new(host: &'static str, at_least: Option<usize>) -> Self {
        Self {
            host,
            state: State::Ran,
            cases: [0; Target::ALL.len()],
            at_least,
            declined: 0,
            declined_because: Vec::new(),
            different: [0; Target::ALL.len()],
            differences: Vec::new(),
            timed_rows: 0,
            seconds: 0.0,
        }
    }

    /// Whether nothing is wrong with it. A host that answered nothing is not fine, nor is one that declined what it
    /// should have answered.
    pub(crate) fn is_fine(&self) -> bool {
        let answered = self.cases.iter().sum::<usize>();
        let is_enough = match self.at_least {
            Some(least) => answered >= least,
            None => answered > 0 && self.declined == 0,
        };
        match self.state {
            State::Ran => self.different == [0; Target::ALL.len()] && is_enough,
            State::Failed(_) => false,
            State::Skipped(_) => true,
        }
    }

    /// Realistic rows a second in batches, over all targets.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn rows_a_second(&self) -> Option<f64> {
        (self.timed_rows > 0 && self.seconds > 0.0).then(|| self.timed_rows as f64 / self.seconds)
    }
}

/// The rows as a table, or as JSON.
pub(crate) fn text(rows: &[Row], as_json: bool) -> Result<String> {
    if as_json {
        return Ok(serde_json::to_string_pretty(rows)? + "\n");
    }
    let mut out = format!(
        "| host | {} | declined | different | rows/s | |\n",
        Target::ALL.map(Target::name).join(" | ")
    );
    writeln!(
        out,
        "|---|{}---:|---:|---:|---|",
        "---:|".repeat(Target::ALL.len())
    )?;
    for row in rows {
        let rate = row
            .rows_a_second()
            .map_or("–".to_owned(), |rate| format!("{rate:.0}"));
        let cases = row.cases.map(|cases| cases.to_string()).join(" | ");
        let remark = match &row.state {
            State::Ran if row.is_fine() => "same".to_owned(),
            State::Ran => "DIFFERENT".to_owned(),
            State::Failed(why) => format!("FAILED: {why}"),
            State::Skipped(why) => format!("skipped: {why}"),
        };
        let (declined, different) = (row.declined, row.different.iter().sum::<usize>());
        let host = row.host;
        writeln!(
            out,
            "| {host} | {cases} | {declined} | {different} | {rate} | {remark} |"
        )?;
    }
    for row in rows {
        for why in &row.declined_because {
            writeln!(out, "{}: declined: {why}", row.host)?;
        }
        for difference in &row.differences {
            writeln!(out, "{}: {difference}", row.host)?;
        }
    }
    out.push_str(&summary(rows));
    Ok(out)
}

/// The last line, as a test runner writes it: a test is one host in one target that it answers for.
fn summary(rows: &[Row]) -> String {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for row in rows {
        match row.state {
            State::Skipped(_) => skipped += Target::ALL.len(),
            State::Failed(_) => failed += Target::ALL.len(),
            State::Ran => {
                let asked = row.cases.iter().zip(row.different);
                let right = asked.filter(|(cases, different)| **cases > 0 && *different == 0);
                let wrong = row.different.iter().filter(|different| **different > 0).count();
                passed += right.count();
                // What it had to answer and did not counts as well.
                failed += if wrong == 0 && !row.is_fine() { 1 } else { wrong };
            }
        }
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    format!(
        "test result: {word}. {passed} passed; {failed} failed; {skipped} skipped (one for each host and target)\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{Row, State, Target, summary};

    const TARGETS: usize = Target::ALL.len();

    /// A count for the first target, and one for each of the others.
    fn counts(first: usize, others: usize) -> [usize; TARGETS] {
        let mut counts = [others; TARGETS];
        counts[0] = first;
        counts
    }

    fn ran(
        at_least: Option<usize>,
        cases: [usize; TARGETS],
        declined: usize,
        different: [usize; TARGETS],
    ) -> Row {
        Row {
            cases,
            declined,
            different,
            ..Row::new("host", at_least)
        }
    }

    #[test]
    fn each_host_and_target_counts_once() {
        let mut skipped = Row::new("skipped", None);
        skipped.state = State::Skipped(String::new());
        let rows = [
            ran(None, counts(9, 9), 0, counts(0, 0)),
            ran(Some(3), counts(3, 0), 24, counts(0, 0)),
            skipped,
        ];
        assert!(rows.iter().all(Row::is_fine));
        let passed = TARGETS + 1;
        let expected = format!("test result: ok. {passed} passed; 0 failed; {TARGETS} skipped");
        assert!(summary(&rows).starts_with(&expected));
    }

    #[test]
    fn what_is_wrong_is_counted() {
        let at_least = 9 * TARGETS;
        for (row, passed) in [
            (ran(None, counts(9, 9), 0, counts(1, 0)), TARGETS - 1),
            (ran(None, counts(8, 9), 1, counts(0, 0)), TARGETS),
            (ran(Some(at_least), counts(1, 9), 8, counts(0, 0)), TARGETS),
            (ran(None, counts(0, 0), 0, counts(0, 0)), 0),
        ] {
            assert!(!row.is_fine());
            let text = summary(&[row]);
            assert!(
                text.starts_with(&format!("test result: FAILED. {passed} passed; 1 failed")),
                "{text}"
            );
        }
        let mut missing = Row::new("missing", Some(1));
        missing.state = State::Failed(String::new());
        assert!(!missing.is_fine());
        assert!(summary(&[missing]).contains(&format!("0 passed; {TARGETS} failed")));
    }
}
