//! `kill -9` at random moments, over real sockets: the program, the simulated service, a sink that records.
//!
//! Nothing may be lost, at most one page may come again for each kill, and what comes again must have the id it had.
//! `KILLS` says how many (default 150). The child is this same file: the program with a budget that a kill loop can
//! live with.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it found"
)]

mod recorder;

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use chrono::Utc;
use clap::Parser as _;
use message_trace_program::config::{Environment, PollArgs, load};
use message_trace_program::poll::run_setup;
use message_trace_simulator::{
    CLIENT_ID, CLIENT_SECRET, Changes, Clock, Delays, Quota, Rhythm, Server, Settings, Simulator, TENANT_ID,
};
use recorder::Recorder;

const CHILD: &str = "MESSAGE_TRACE_KILLS_CHILD";
/// The most rows on a page.
const PAGE_ROWS: u64 = 5_000;

#[derive(clap::Parser)]
struct Child {
    #[command(flatten)]
    poll: PollArgs,
}

/// `poll` as the program does it, but for the budget.
fn child() -> ExitCode {
    let arguments = Child::parse();
    let mut setup = load(&arguments.poll, &Environment::of_process()).expect("a setup");
    setup.budget = 1_000_000;
    match run_setup(&setup) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{}", fault.sentence);
            fault.remedy.into()
        }
    }
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn main() -> ExitCode {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    if std::env::args().any(|argument| argument == "--list") {
        return ExitCode::SUCCESS;
    }
    let kills = std::env::var("KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(150_u32);
    // An hour of the tenant goes by in a minute.
    let now = Utc::now();
    let mut settings = Settings::new(5, now - chrono::Duration::hours(24));
    settings.rows_per_day = 40_000;
    settings.rhythm = Rhythm::Even;
    settings.delays = Delays::none();
    settings.changes = Changes::none();
    settings.quota = Quota {
        requests: 1_000_000,
        ..Quota::default()
    };
    let server = Server::start(Simulator::new(settings), Clock::from(now, 60.0), 0).unwrap();
    let recorder = Recorder::start();
    let folder = tempfile::tempdir().unwrap();
    let start = |arguments: &[&str]| {
        let url = server.base_url();
        Command::new(std::env::current_exe().unwrap())
            .env_clear()
            .env(CHILD, "1")
            .env(
                "MESSAGE_TRACE_CACHE",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/machine-code"),
            )
            .env("MESSAGE_TRACE_CLIENT_SECRET", CLIENT_SECRET)
            .args([
                "--tenant-id",
                TENANT_ID,
                "--client-id",
                CLIENT_ID,
                "--since",
                // The service's clock runs away while the first programs are killed before they commit where they begin.
                "26h",
                "--target",
                "ecs",
            ])
            .args([
                "--graph-url",
                &url,
                "--login-url",
                &url,
                "--sink",
                &recorder.url(),
                "--log",
                "error",
            ])
            .arg("--ledger")
            .arg(folder.path().join("trace.ledger"))
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut chance = fastrand::Rng::with_seed(9);
    let began = Instant::now();
    let mut most_repeats = 0;
    for _ in 0..kills {
        let before = recorder.repeats();
        let mut process = start(&[]);
        std::thread::sleep(Duration::from_millis(chance.u64(20..500)));
        process.kill().unwrap();
        process.wait().unwrap();
        recorder.settle();
        most_repeats = most_repeats.max(recorder.repeats() - before);
    }
    let visible = server.clock().now() - chrono::Duration::minutes(2);
    let ended = start(&["--once"]).wait().unwrap();
    assert!(ended.success(), "the last run ends well: {ended}");
    let truth: Vec<String> = server.with(|simulator| {
        let from = simulator.settings().from + chrono::Duration::minutes(2);
        let rows = simulator.tenant().rows(from, visible);
        let id = |row: &message_trace_simulator::Row| {
            let (trace_id, recipient) = row.key();
            format!(
                "{trace_id}/{recipient}/{}",
                row.last().status.graph(true).to_lowercase()
            )
        };
        rows.map(id).collect()
    });
    let found = recorder.ids();
    let lost = truth.iter().filter(|id| !found.contains(id.as_str())).count();
    println!(
        "{kills} kills in {:.0} s: {} rows, {lost} lost, {} events repeated, at most {most_repeats} after one kill",
        began.elapsed().as_secs_f64(),
        truth.len(),
        recorder.repeats(),
    );
    assert!(truth.len() > 20_000, "there was something to lose");
    assert_eq!(lost, 0);
    assert!(most_repeats <= PAGE_ROWS, "more than a page came again");
    assert_eq!(recorder.strangers(), 0, "an event came again as another");
    println!("test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
    ExitCode::SUCCESS
}
