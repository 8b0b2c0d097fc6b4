//! `message-trace lookalike`: which of these domains imitate ours?

use anyhow::{Context as _, Result, bail};
use message_trace_lookalike::{Lookalikes, to_unicode};
use serde_json::json;
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
edit-distance, combination and embedded are what no generator lists.";

/// A longer line is no domain, and is not kept in memory.
const LONGEST_LINE: u64 = 4096;

/// Reads `input` if it is asked for, writes to `out`, and says how many imitations there were.
///
/// # Errors
///
/// A protected domain that is none, and input or output that fails.
pub fn run(arguments: &Arguments, input: impl Read, out: &mut impl Write) -> Result<usize> {
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
    let mut found = 0;
    let mut judge = |text: &str| -> Result<()> {
        let domain = text.trim().rsplit('@').next().unwrap_or("").trim_end_matches('>');
        let Some(hit) = ours.find(domain) else {
            return Ok(());
        };
        found += 1;
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
            if is_whole {
                judge(&String::from_utf8_lossy(&line))?;
            } else {
                input.skip_until(b'\n').context("cannot read stdin")?;
            }
        }
    }
    Ok(found)
}
