//! `message-trace lookalike`: which of these domains imitate ours?

use anyhow::{Context as _, Result, bail};
use message_trace_lookalike::{Lookalikes, to_ascii, to_unicode};
use serde_json::json;
use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};

/// Say which domains imitate a protected one
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// A domain of yours that others may imitate; repeatable
    #[arg(long = "protect", value_name = "DOMAIN", required = true)]
    protect: Vec<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Domains or addresses to judge; `-` (or none) reads them from stdin, one a line
    #[arg(value_name = "DOMAIN|-")]
    domains: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  message-trace lookalike --protect contoso.com c0ntoso.com fabrikam.com
  jq -r '.email.from.address[]?' events.ndjson | sort -u | message-trace lookalike --protect contoso.com -

Prints a line for each imitation: domain, protected domain, family, edits. Families have dnstwist's names; confusable,
edit-distance, combination and embedded are what no generator lists. How many domains were judged, and how many lines hold
none, is said on stderr.";

/// A longer line is no domain, and is not kept in memory.
const LONGEST_LINE: u64 = 4096;

/// What came of the domains, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Domains that imitate a protected one.
    pub imitations: usize,
    /// Domains that do not.
    pub others: usize,
    /// Arguments and lines that hold no domain; empty ones are not counted.
    pub unreadable: usize,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            imitations,
            others,
            unreadable,
        } = *self;
        let s = |number| if number == 1 { "" } else { "s" };
        let domains = imitations + others;
        write!(
            f,
            "{imitations} imitation{} in {domains} domain{}",
            s(imitations),
            s(domains)
        )?;
        if unreadable > 0 {
            write!(f, "; not a domain: {unreadable}")?;
        }
        Ok(())
    }
}

/// Reads `input` if it is asked for, writes to `out`, and says how many of each there were.
///
/// # Errors
///
/// A protected domain that is none, and input or output that fails.
pub fn run(arguments: &Arguments, input: impl Read, out: &mut impl Write) -> Result<Judged> {
    let Arguments {
        protect,
        json,
        domains,
    } = arguments;
    let ours = Lookalikes::new(protect);
    if ours.protected().len() != protect.len() {
        bail!(
            "--protect takes domains such as contoso.com: one of the {} given is none, or is a public suffix alone",
            protect.len()
        );
    }
    let mut judged = Judged::default();
    let mut judge = |text: &str| -> Result<()> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let domain = domain_of(text);
        if text.len() as u64 >= LONGEST_LINE || to_ascii(domain).is_none() {
            judged.unreadable += 1;
            return Ok(());
        }
        let Some(hit) = ours.find(domain) else {
            judged.others += 1;
            return Ok(());
        };
        judged.imitations += 1;
        if *json {
            let line = json!({
                "domain": domain, "unicode": to_unicode(domain), "protected": hit.protected, "family": hit.family.name(),
                "distance": hit.distance,
            });
            writeln!(out, "{line}").context("cannot write")
        } else {
            writeln!(
                out,
                "{domain}\t{}\t{}\t{}",
                hit.protected,
                hit.family.name(),
                hit.distance
            )
            .context("cannot write")
        }
    };
    for domain in domains.iter().filter(|domain| *domain != "-") {
        judge(domain)?;
    }
    if domains.is_empty() || domains.iter().any(|domain| domain == "-") {
        let (mut input, mut line) = (BufReader::new(input), Vec::new());
        loop {
            line.clear();
            if input
                .by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut line)
                .context("cannot read stdin")?
                == 0
            {
                break;
            }
            let is_whole = line.ends_with(b"\n") || (line.len() as u64) < LONGEST_LINE;
            // What stands for bytes that are no text is in no domain.
            judge(&String::from_utf8_lossy(&line))?;
            if !is_whole {
                input.skip_until(b'\n').context("cannot read stdin")?;
            }
        }
    }
    Ok(judged)
}

/// What follows the last `@`, without the quotes, brackets and commas that addresses come in.
fn domain_of(text: &str) -> &str {
    let dress = |letter: char| letter.is_whitespace() || "\"'<>,;".contains(letter);
    text.trim_matches(dress)
        .rsplit('@')
        .next()
        .unwrap_or("")
        .trim_matches(dress)
}
