//! Raw lines by the hundred thousand: the corpus of benchmarks and of tests that want much and want it varied.

use std::io::{self, Write};

use chrono::{DateTime, Duration, Utc};

use crate::reporting::{Echo, push_row};
use crate::settings::Settings;
use crate::tenant::Tenant;

/// Monday, 5 January 2026, 00:00 UTC: the first row of every corpus is received after it.
const START: i64 = 1_767_571_200;
/// Rows of one weekday in a corpus: enough to hold only a few hours in memory.
const ROWS_PER_DAY: u32 = 200_000;
/// Hours made at once.
const STRIDE: i64 = 6;
/// Written at once.
const CHUNK: usize = 256 * 1024;

/// The shape of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LineFormat {
    /// Rows as Graph gives them, about 380 bytes each.
    Graph,
    /// Rows of the Reporting Web Service in verbose JSON, about 730 bytes each.
    ReportingVerbose,
    /// Rows of the Reporting Web Service in light JSON, about 510 bytes each.
    ReportingLight,
    /// Of 16 rows seven from Graph, seven verbose, two light: about 550 bytes each.
    Mixed,
}

/// Writes so many raw lines, each ended by LF, and gives back how many bytes these were. The same seed gives the same
/// bytes.
///
/// Among them are nulls and empty texts, IPv6 addresses, bounces, escapes of every kind and letters beyond ASCII.
///
/// ```
/// use message_trace_simulator::{LineFormat, write_lines};
///
/// let mut lines = Vec::new();
/// let bytes = write_lines(&mut lines, 7, 100, LineFormat::Mixed)?;
/// assert_eq!(bytes, lines.len() as u64);
/// assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 100);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// When the writer fails.
pub fn write_lines(out: &mut impl Write, seed: u64, count: u64, format: LineFormat) -> io::Result<u64> {
    let from = DateTime::<Utc>::from_timestamp(START, 0).unwrap_or_default();
    let mut settings = Settings::new(seed, from);
    settings.rows_per_day = ROWS_PER_DAY;
    settings.users = 2_000;
    let mut chunk = Vec::with_capacity(CHUNK + 4_096);
    let (mut bytes, mut left, mut index) = (0, count, 0_i64);
    let mut start = from;
    while left > 0 {
        let end = start + Duration::hours(STRIDE);
        // A tenant of its own for each stride: nothing piles up.
        let mut tenant = Tenant::new(&settings);
        for row in tenant.rows(start, end - Duration::nanoseconds(1)) {
            if left == 0 {
                break;
            }
            // Most states are final ones; every fifth line is the row as it first was.
            let state = if index % 5 == 3 {
                row.states().next().unwrap_or(row.last())
            } else {
                row.last()
            };
            let echo = Echo {
                from: start,
                to: end,
                index: index % 2_000,
            };
            let shape = match format {
                LineFormat::Mixed => match index % 16 {
                    14.. => LineFormat::ReportingLight,
                    place if place % 2 == 0 => LineFormat::Graph,
                    _ => LineFormat::ReportingVerbose,
                },
                one => one,
            };
            match shape {
                LineFormat::ReportingVerbose => push_row(&mut chunk, row, state, &echo, true),
                LineFormat::ReportingLight => push_row(&mut chunk, row, state, &echo, false),
                LineFormat::Graph | LineFormat::Mixed => row.push_graph(&mut chunk, state, true),
            }
            chunk.push(b'\n');
            index += 1;
            left -= 1;
            if chunk.len() >= CHUNK {
                bytes += chunk.len() as u64;
                out.write_all(&chunk)?;
                chunk.clear();
            }
        }
        start = end;
    }
    out.write_all(&chunk)?;
    Ok(bytes + chunk.len() as u64)
}
