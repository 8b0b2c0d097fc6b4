//! The command `message-trace simulate`.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::login::{CLIENT_ID, CLIENT_SECRET, TENANT_ID};
use crate::{Clock, FaultRates, Latency, LineFormat, Server, Settings, Simulator, Statistics, write_lines};

/// Run a local Graph with synthetic traffic and faults, and print how to poll it
///
/// It listens on 127.0.0.1 only and needs no account anywhere. The first line on stdout is its URL. Ctrl-C or SIGTERM
/// ends it.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArguments {
    /// Decides all chance: the same seed gives the same traffic
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Mailboxes of the tenant
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub users: u32,
    /// Rows of a weekday
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(0..=20_000_000))]
    pub rows_per_day: u32,
    /// Days of traffic before now
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=90))]
    pub days: u32,
    /// How often something goes wrong
    #[arg(long, value_enum, default_value_t = Faults::Off)]
    pub faults: Faults,
    /// Think as long as the real service does: about 3 s for a page of 5,000 rows
    #[arg(long)]
    pub latency: bool,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// How fast the simulated clock goes; it starts at the machine's time
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Print the settings as NAME=value lines only, for `env` and scripts
    #[arg(long)]
    pub print_env: bool,
    /// Write so many raw lines to stdout and end, without a server
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["port", "print_env"])]
    pub lines: Option<u64>,
    /// The shape of those lines
    #[arg(long, value_enum, default_value_t = LineFormat::Mixed, requires = "lines")]
    pub line_format: LineFormat,
}

const EXAMPLES: &str = "\
Examples:
  message-trace simulate
  message-trace simulate --faults harsh --rows-per-day 50000 --days 30
  message-trace simulate --print-env > simulator.env &
  message-trace simulate --lines 200000 > corpus.ndjson

Exit codes:
    0  asked to stop, or the lines are written
    2  the command line cannot be read
   74  stdout cannot be written
   78  the port cannot be had";

/// How often something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Faults {
    /// Never.
    Off,
    /// One request in twenty, and about an outage a day.
    Some,
    /// One request in five, outages, and next links to hostile places.
    Harsh,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.0..=1_000_000.0).contains(&speed) => Ok(speed),
        _ => Err("expected a number from 0 to 1000000".to_owned()),
    }
}

/// Runs the command until it is told to stop.
///
/// # Errors
/// When the port is taken or stdout cannot be written.
pub fn simulate(arguments: &SimulateArguments) -> anyhow::Result<()> {
    if let Some(count) = arguments.lines {
        let ended = write_lines(
            &mut io::stdout().lock(),
            arguments.seed,
            count,
            arguments.line_format,
        );
        return match ended {
            // A reader that has seen enough, such as `head`, is no fault.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            ended => ended.map(|_| ()).context("cannot write to stdout"),
        };
    }
    let stops = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stops)).context("cannot listen for signals")?;
    }
    let clock = match arguments.speed {
        1.0 => Clock::wall(),
        speed => Clock::from(Utc::now(), speed),
    };
    let simulator = Simulator::new(settings(arguments, Utc::now()));
    let server = Server::start(simulator, clock, arguments.port).with_context(|| {
        format!(
            "cannot listen on 127.0.0.1:{}; end what listens there, or take a free port with --port 0",
            arguments.port
        )
    })?;
    let url = server.base_url();
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(
            if arguments.print_env {
                environment(&url)
            } else {
                invitation(&url, &program())
            }
            .as_bytes(),
        )
        .and_then(|()| stdout.flush())
        .context("cannot write to stdout")?;
    drop(stdout);
    watch(&server, &stops);
    Ok(())
}

fn settings(arguments: &SimulateArguments, now: DateTime<Utc>) -> Settings {
    let mut settings = Settings::new(
        arguments.seed,
        now - chrono::Duration::days(i64::from(arguments.days)),
    );
    settings.users = arguments.users;
    settings.rows_per_day = arguments.rows_per_day;
    settings.faults = match arguments.faults {
        Faults::Off => FaultRates::none(),
        Faults::Some => FaultRates::some(),
        Faults::Harsh => FaultRates::harsh(),
    };
    if arguments.latency {
        settings.latency = Latency::measured();
    }
    settings.exfiltration_at = Some(now - chrono::Duration::hours(20));
    settings
}

/// What to set, one `NAME=value` on a line.
fn environment(url: &str) -> String {
    format!(
        "MESSAGE_TRACE_GRAPH_URL={url}\nMESSAGE_TRACE_LOGIN_URL={url}\nMESSAGE_TRACE_TENANT_ID={TENANT_ID}\n\
         MESSAGE_TRACE_CLIENT_ID={CLIENT_ID}\nMESSAGE_TRACE_CLIENT_SECRET={CLIENT_SECRET}\n"
    )
}

/// How this program is called from any folder: by its name if that is how it was found, else by its whole path.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let has_folder = std::path::Path::new(&called).components().count() > 1;
    let path = std::env::current_exe().ok().filter(|_| has_folder);
    quoted(&path.unwrap_or_else(|| called.into()).to_string_lossy())
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The URL on a line of its own, then what a person wants to know.
fn invitation(url: &str, program: &str) -> String {
    format!(
        "{url}\n\nA simulated tenant answers there. In another terminal:\n\n  \
         export MESSAGE_TRACE_CLIENT_SECRET='{CLIENT_SECRET}'\n  \
         {program} poll --tenant-id {TENANT_ID} --client-id {CLIENT_ID} \\\n    \
         --ledger ledger.db --since 48h --once --sink stdout --target ecs \\\n    \
         --graph-url {url} --login-url {url}\n\nCtrl-C ends it.\n"
    )
}

/// Shows what is asked and answered, on a terminal, until somebody says stop.
fn watch(server: &Server, stops: &AtomicBool) {
    let mut stderr = io::stderr();
    let is_terminal = stderr.is_terminal();
    let mut shown = None;
    let mut ticks = 0_u32;
    while !stops.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(50));
        ticks = ticks.wrapping_add(1);
        if !is_terminal || !ticks.is_multiple_of(20) {
            continue;
        }
        let statistics = server.with(|simulator| simulator.statistics());
        if shown != Some(statistics) {
            // A terminal that has gone away is no reason to stop.
            let _ = write!(stderr, "\r\x1b[K{}", status(&statistics, server.clock().now()));
            let _ = stderr.flush();
            shown = Some(statistics);
        }
    }
    if is_terminal && shown.is_some() {
        let _ = writeln!(stderr);
    }
}

fn status(statistics: &Statistics, now: DateTime<Utc>) -> String {
    let Statistics {
        requests,
        tokens,
        pages,
        rows,
        faults,
        refused_by_quota,
        quota_peak,
        bad_requests,
    } = statistics;
    let mut line = format!(
        "{} {requests} requests, {tokens} tokens, {pages} pages, {rows} rows, {quota_peak}/100 of the quota at most",
        now.format("%H:%M:%S")
    );
    // Writing to a String cannot fail.
    let _ = write!(
        line,
        ", {faults} faults, {refused_by_quota} refused by quota, {bad_requests} bad requests"
    );
    line
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_url_is_the_first_line_and_the_command_is_complete() {
        let text = invitation("http://127.0.0.1:9", "dist/message-trace");
        assert_eq!(text.lines().next().unwrap(), "http://127.0.0.1:9");
        let command = "\n  dist/message-trace poll --tenant-id";
        assert!(text.contains(command) && text.contains("--graph-url http://127.0.0.1:9"));
    }

    #[test]
    fn a_path_with_spaces_is_one_word() {
        assert_eq!(quoted("/opt/message-trace/bin"), "/opt/message-trace/bin");
        assert_eq!(quoted("/home/Ann's tools/x"), "'/home/Ann'\\''s tools/x'");
    }

    #[test]
    fn the_environment_is_names_and_values_only() {
        for line in environment("http://127.0.0.1:9").lines() {
            let (name, value) = line.split_once('=').unwrap();
            assert!(name.starts_with("MESSAGE_TRACE_") && !value.is_empty(), "{line}");
        }
    }
}
