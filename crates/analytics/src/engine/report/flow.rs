//! Mail over time, in bars.

use anyhow::Result;
use serde::Serialize;

use super::super::view::Opened;
use super::answer::Answer;
use super::rows::DIRECTIONS;
use super::words::DAY;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Lengths of a bar, in milliseconds. The page's own bars are whole multiples of one that is so much shorter.
const STEPS: [i64; 10] = [
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];
const MOST_BARS: i64 = 2_000;

/// `flow` of the summary: `step` and `start` in milliseconds, bars from `start` on.
#[derive(Serialize)]
pub(super) struct Flow {
    step: i64,
    start: i64,
    status: Bars,
    direction: Bars,
}

/// In each bar a count for each name.
#[derive(Serialize)]
struct Bars {
    names: Vec<String>,
    bars: Vec<Vec<i64>>,
}

impl Bars {
    fn new(names: Vec<String>, bars: usize) -> Self {
        let none = vec![0; names.len()];
        Self {
            names,
            bars: vec![none; bars],
        }
    }

    fn add(&mut self, bar: usize, name: &str, count: i64) {
        let Some(at) = self.names.iter().position(|known| known == name) else {
            return;
        };
        if let Some(sum) = self.bars.get_mut(bar).and_then(|bar| bar.get_mut(at)) {
            *sum += count;
        }
    }
}

/// Bars from the first message to the last, which belongs to them.
pub(super) async fn flow(archive: &Opened, from: i64, to: i64, statuses: Vec<String>) -> Result<Flow> {
    let step = step(to - from);
    let start = from.div_euclid(step) * step;
    let bars = usize::try_from((to - start) / step + 1)?;
    let mut flow = Flow {
        step,
        start,
        status: Bars::new(statuses, bars),
        direction: Bars::new(DIRECTIONS.map(str::to_owned).to_vec(), bars),
    };
    // The start is the least, so that division rounds down.
    let sql = format!(
        "SELECT (CAST(time AS BIGINT) - {}) / {} AS bar, COALESCE(status, '') AS status, COALESCE(direction, '') AS direction,
            COUNT(*) FROM mail GROUP BY 1, 2, 3",
        start * 1000,
        step * 1000
    );
    let answer = Answer::of(archive, &sql).await?;
    for row in 0..answer.rows {
        let bar = usize::try_from(answer.number(row, 0))?;
        let count = answer.number(row, 3);
        flow.status.add(bar, answer.text(row, 1), count);
        flow.direction.add(bar, answer.text(row, 2), count);
    }
    Ok(flow)
}

/// The shortest step with few enough bars; for centuries some days.
fn step(length: i64) -> i64 {
    let fits = |step: &i64| length / step < MOST_BARS - 1;
    let days = (length / (MOST_BARS - 2) / DAY + 1) * DAY;
    STEPS.into_iter().find(fits).unwrap_or(days)
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, MINUTE, MOST_BARS, step};

    #[test]
    fn bars_are_never_too_many() {
        assert_eq!(step(0), MINUTE);
        assert_eq!(step(30 * DAY), 30 * MINUTE);
        assert_eq!(step(90 * DAY), 2 * HOUR);
        for length in [DAY, 400 * DAY, 2_000 * DAY, 40_000 * DAY, 3_000_000 * DAY] {
            for off in [-1, 0, 1, HOUR] {
                // One more may be cut by each end.
                assert!((length + off) / step(length + off) + 2 <= MOST_BARS, "{length}");
            }
        }
    }
}
