//! `message-trace report`: an archive as one HTML file, or as tables on a terminal.
//!
//! The page is a template that is filled: `crates/js/web/REPORT.md` says with what.

mod answer;
mod flow;
mod gather;
mod html;
mod pack;
mod quality;
mod rows;
mod summary;
mod tables;
mod terminal;
mod words;
mod write;

pub use quality::Ledger;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::{NaiveDate, Utc};
use message_trace_lookalike::Lookalikes;

use self::gather::Gathered;
use self::html::Template;
use self::pack::Limits;
use self::words::{number, several, size};
use super::detect::sigma::Pack;
use super::place::Place;
use super::{detect, query, runtime, told};

/// Write an archive as one HTML file that can be searched
///
/// The file opens from a disk or a mail attachment and makes no connection: numbers over all messages, alerts, look-alike
/// domains, and the newest messages to search in. It holds addresses and subjects: send it as you would send these.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The archive, as `message-trace archive` writes it: a folder, or `s3://`, `az://`, `abfss://` or `gs://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// Where to write the report; `-` is standard output
    #[arg(short, long, value_name = "FILE", required_unless_present = "terminal")]
    output: Option<PathBuf>,
    /// Print the report's tables, with bars
    #[arg(long)]
    terminal: bool,
    /// The heading [default: the domains and the days]
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The first day, such as 2026-11-01 [default: the archive's first]
    #[arg(long, value_name = "DAY")]
    since: Option<NaiveDate>,
    /// The last day, which belongs to it [default: the archive's last]
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
    /// A domain of yours; repeatable [default: those that sent or got what is internal]
    #[arg(long = "domain", value_name = "DOMAIN")]
    domains: Vec<String>,
    /// A domain that others may imitate; repeatable [default: your domains]
    #[arg(long = "protect", value_name = "DOMAIN")]
    protect: Vec<String>,
    /// A TOML file with thresholds, as `message-trace detect` takes it
    #[arg(long, value_name = "FILE")]
    thresholds: Option<PathBuf>,
    /// Show alerts of Sigma rules too, as `message-trace detect` takes them: a file, a folder, or builtin; repeatable
    #[arg(long, value_name = "FILE|DIR|builtin")]
    sigma: Vec<String>,
    /// The ledger of a poll, which knows what was read without a gap
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Leave subjects out
    #[arg(long)]
    no_subjects: bool,
    /// How many of the newest messages can be searched
    #[arg(long, value_name = "COUNT", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(..=200_000))]
    rows: u32,
    /// What the file may be at most, in megabytes
    #[arg(long, value_name = "MB", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    megabytes: u32,
    /// Another page to fill, made by `./build.sh js`
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
}

impl Arguments {
    /// The ledger to ask, if one is named.
    #[must_use]
    pub fn ledger(&self) -> Option<&Path> {
        self.ledger.as_deref()
    }
}

const EXAMPLES: &str = "\
Examples:
  message-trace report --archive archive -o report.html
  message-trace report --archive archive --since 2026-11-01 -o november.html
  message-trace report --archive archive --domain contoso.com -o report.html
  message-trace report --archive archive --sigma builtin -o report.html
  message-trace report --archive archive --no-subjects --rows 0 -o numbers.html
  message-trace report --archive archive --terminal

A report that grows beyond --megabytes loses message ids first, then trace ids,
then its oldest messages. The numbers over all messages stay.

Exit codes:
    0  written
    2  the command line, the archive or the template is not what is needed
   74  a file could not be read or written
   75  a store fails for now: try again later
   77  a store denies access
   78  a store, its region, its credential or a Sigma rule is wrong";

/// The page inside of this program; empty if it was built without.
const PAGE: &str = include_str!(env!("MESSAGE_TRACE_REPORT_TEMPLATE_EMBEDDED"));
/// Whether the program was built with the page that a report is made of.
pub const HAS_PAGE: bool = !PAGE.is_empty();

/// What was reported, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// Messages in all.
    pub messages: i64,
    /// Messages that can be searched.
    pub rows: usize,
    /// Alerts.
    pub detections: usize,
    /// The file's length in bytes, if one was written.
    pub bytes: Option<usize>,
    /// What is wrong with Sigma rules, each with file and line; the others were evaluated.
    pub problems: Vec<String>,
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&several(self.messages, "message"))?;
        if let Some(bytes) = self.bytes {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            write!(f, ", {} to search; {}", number(self.rows), size(bytes))?;
        }
        let detections = i64::try_from(self.detections).unwrap_or(i64::MAX);
        write!(f, "; {}", several(detections, "alert"))
    }
}

/// Writes the report, and on `out` what goes to standard output.
///
/// # Errors
///
/// An archive that there is not, a template that is none, and files that cannot be read or written.
pub fn run(arguments: &Arguments, ledger: Option<&Ledger>, out: &mut impl Write) -> Result<Reported> {
    let is_stdout = arguments
        .output
        .as_ref()
        .is_some_and(|output| output.as_os_str() == "-");
    if is_stdout && arguments.terminal {
        bail!("standard output takes the report or its tables, not both; name a file with -o");
    }
    check_days(arguments)?;
    check_protected(&arguments.protect)?;
    // What a person has to change is said before the archive is asked for a while.
    let page = arguments.output.is_some().then(|| page(arguments)).transpose()?;
    let template = page.as_deref().map(Template::new).transpose()?;
    let rules = Pack::load(&arguments.sigma)?;
    let made = Utc::now().timestamp_millis();
    let mut gathered = gather(arguments, &rules, ledger, made)?;
    let mut reported = Reported {
        messages: gathered.summary.messages,
        detections: gathered.detections.as_ref().map_or(0, Vec::len),
        problems: rules.problems(),
        ..Reported::default()
    };
    if let (Some(template), Some(output)) = (template, &arguments.output) {
        let limits = Limits {
            bytes: usize::try_from(arguments.megabytes)? * 1_000_000,
            has_subjects: !arguments.no_subjects,
        };
        let packed = pack::pack(&template, &mut gathered, limits)?;
        if is_stdout {
            out.write_all(packed.page.as_bytes())
                .context("cannot write to standard output")?;
        } else {
            write::write(output, packed.page.as_bytes())
                .with_context(|| format!("cannot write {}", output.display()))?;
        }
        reported.rows = packed.rows;
        reported.bytes = Some(packed.page.len());
    }
    if arguments.terminal {
        terminal::write(&gathered.tables(), terminal::Look::of_stdout(), out)
            .context("cannot write to standard output")?;
    }
    Ok(reported)
}

fn check_days(arguments: &Arguments) -> Result<()> {
    if let (Some(since), Some(until)) = (arguments.since, arguments.until)
        && since > until
    {
        bail!("--since {since} is after --until {until}");
    }
    Ok(())
}

fn check_protected(protect: &[String]) -> Result<()> {
    if Lookalikes::new(protect).protected().len() != protect.len() {
        bail!(
            "--protect takes domains such as contoso.com: one of the {} given is none, or is a public suffix alone",
            protect.len()
        );
    }
    Ok(())
}

/// The page that is filled.
fn page(arguments: &Arguments) -> Result<String> {
    if let Some(path) = &arguments.template {
        return std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    }
    if !HAS_PAGE {
        bail!(
            "this program was built without the page. Build it with ./build.sh js, which needs Node, and pass it: --template \
             dist/message-trace-report-template.html; or print the tables alone: --terminal"
        );
    }
    Ok(PAGE.to_owned())
}

/// Asks the archive, and begins anew if a compaction takes files away meanwhile.
fn gather(arguments: &Arguments, rules: &Pack, ledger: Option<&Ledger>, made: i64) -> Result<Gathered> {
    let place = Place::of(&arguments.archive)?;
    let runtime = runtime()?;
    // A folder that is not there is no compaction.
    told(runtime.block_on(place.check()))?;
    told(place.read(|_| runtime.block_on(Gathered::of(arguments, rules, &place, ledger, made))))
}
