//! The command line: rows and their truth, or the score of a program.
#![expect(clippy::print_stdout, reason = "the score is the result")]

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use clap::Parser;
use message_trace_planted::{Measure, Plan, Tenant, measure};

/// A made-up tenant with planted incidents, and the score of what finds them
#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
enum Arguments {
    /// Write raw rows to stdout, and what is planted to a file
    Write {
        #[command(flatten)]
        tenant: Options,
        /// The file for what is planted, one JSON object a line
        #[arg(long, value_name = "FILE")]
        truth: PathBuf,
    },
    /// Archive the rows with a program, ask it for alerts, and print how good they are
    Measure {
        #[command(flatten)]
        tenant: Options,
        /// The program message-trace, with the commands archive, detect and query
        #[arg(long, value_name = "FILE")]
        program: PathBuf,
        /// A new folder, for the archive, the truth and the alerts
        #[arg(long, value_name = "DIR")]
        folder: PathBuf,
        /// Ask for alerts after so many days each time
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..))]
        step: u16,
        /// Name every wrong alert and every incident that was missed
        #[arg(long)]
        explain: bool,
    },
}

const EXAMPLES: &str = "\
Examples:
  message-trace-planted write --users 500 --days 60 --truth truth.ndjson > rows.ndjson
  message-trace-planted measure --program dist/message-trace --folder planted --seed 2";

/// Which tenant.
#[derive(Debug, clap::Args)]
struct Options {
    /// Decides all chance: the same seed gives the same rows
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Mailboxes
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=200_000))]
    users: u32,
    /// Days
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3_650))]
    days: u16,
    /// The first day
    #[arg(long, default_value = "2025-01-01")]
    first: NaiveDate,
    /// Mail to the outside, in proportion to little mail
    #[arg(long, default_value_t = 1.0, value_parser = proportion)]
    mail: f64,
}

fn proportion(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(mail) if (0.01..=100.0).contains(&mail) => Ok(mail),
        _ => Err("expected a number from 0.01 to 100".to_owned()),
    }
}

impl Options {
    fn plan(&self) -> Plan {
        Plan {
            seed: self.seed,
            users: self.users,
            first: self.first,
            days: self.days,
            mail: self.mail,
        }
    }
}

fn main() -> Result<()> {
    match Arguments::parse() {
        Arguments::Write { tenant, truth } => write(tenant.plan(), &truth),
        Arguments::Measure {
            tenant,
            program,
            folder,
            step,
            explain,
        } => {
            let plan = tenant.plan();
            let wanted = Measure {
                program,
                folder,
                plan,
                step,
            };
            let (score, article) = measure(&wanted, &mut |said| eprintln!("{said}"))?;
            if explain {
                for alert in &score.wrong {
                    println!("wrong: {} {} {}", alert.day, alert.rule, alert.who);
                }
                for missed in &score.missed {
                    println!(
                        "missed: {} to {} {} {} ({} rows, {} bytes)",
                        missed.first,
                        missed.last,
                        missed.kind.name(),
                        missed.who,
                        missed.rows,
                        missed.bytes
                    );
                }
            }
            println!("detect:\n{score}the article's threshold:\n{article}");
            Ok(())
        }
    }
}

fn write(plan: Plan, truth: &PathBuf) -> Result<()> {
    let mut tenant = Tenant::new(plan);
    let mut file = File::create(truth).with_context(|| format!("cannot write {}", truth.display()))?;
    for incident in tenant.truth() {
        writeln!(file, "{}", serde_json::to_string(incident)?)?;
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut rows = String::new();
    while tenant.push_day(&mut rows).is_some() {
        out.write_all(rows.as_bytes())?;
        rows.clear();
    }
    Ok(out.flush()?)
}
