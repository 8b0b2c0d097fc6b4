//! The page with its data, not larger than it may be.

use std::io::Write as _;

use anyhow::{Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::super::detect::Detection;
use super::gather::Gathered;
use super::html::{Template, tables};
use super::number;
use super::quality::Quality;
use super::rows::Packed;
use super::summary::Summary;

/// The payload's version: crates/js/web/REPORT.md.
const VERSION: u32 = 1;
/// What the file loses first where it is too large: what compresses worst.
const SPARED: [(&str, &str); 2] = [("message_id", "Message ids"), ("trace_id", "Trace ids")];

/// What a file may be.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) has_subjects: bool,
}

/// A page that is whole.
pub(super) struct Page {
    pub(super) page: String,
    /// Messages that can be searched in it.
    pub(super) rows: usize,
}

#[derive(Serialize)]
struct Payload<'a> {
    version: u32,
    title: &'a str,
    made: i64,
    by: &'static str,
    domains: &'a [String],
    protected: &'a [String],
    rows: Packed<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detections: Option<&'a [Detection]>,
    quality: &'a Quality,
}

/// Fills the template, with less and less until it is small enough. What is left out is said on stderr and in the notes.
pub(super) fn pack(template: &Template, gathered: &mut Gathered, limits: Limits) -> Result<Page> {
    let mut without: Vec<&str> = Vec::new();
    if !limits.has_subjects {
        without.push("subject");
    }
    let rows = &gathered.rows;
    let spared = SPARED.iter().filter(|(column, _)| rows.has(column));
    let mut spared: Vec<_> = spared.rev().collect();
    let mut newest = rows.len();
    let megabytes = limits.bytes / 1_000_000;
    let notes = gathered.quality.notes.clone();
    let (mut left_out, mut cut): (Vec<String>, Option<String>) = (Vec::new(), None);
    loop {
        let said: Vec<String> = left_out.iter().chain(&cut).cloned().collect();
        gathered.quality.notes = [notes.as_slice(), said.as_slice()].concat();
        let data = data(gathered, newest, &without)?;
        let page = template.filled(&gathered.title, &tables(&gathered.tables()), &data);
        if page.len() <= limits.bytes {
            for note in &said {
                eprintln!("message-trace: {note}");
            }
            return Ok(Page { page, rows: newest });
        }
        if newest == 0 {
            bail!(
                "the report is larger than {megabytes} MB even without a message to search; let it be larger with --megabytes"
            );
        }
        if let Some((column, name)) = spared.pop() {
            without.push(column);
            left_out.push(format!(
                "{name} were left out, so that the file is not larger than {megabytes} MB."
            ));
            continue;
        }
        // A little less than its share, for what does not shrink with the rows.
        let room = limits.bytes.saturating_sub(page.len() - data.len());
        newest = newest * room / data.len() * 19 / 20;
        cut = Some(format!(
            "Only the newest {} messages can be searched, so that the file is not larger than {megabytes} MB.",
            number(newest)
        ));
    }
}

/// The payload in the form that stands in the page.
fn data(gathered: &Gathered, newest: usize, without: &[&str]) -> Result<String> {
    let all = usize::try_from(gathered.summary.messages)?;
    let rows = gathered.rows.packed(newest, all, without);
    let payload = Payload {
        version: VERSION,
        title: &gathered.title,
        made: gathered.made,
        by: concat!("message-trace ", env!("CARGO_PKG_VERSION")),
        domains: &gathered.domains,
        protected: &gathered.protected,
        // Where the rows are all of them, the page computes what stands in the summary.
        summary: (rows.count < all).then_some(&gathered.summary),
        rows,
        detections: gathered.detections.as_deref(),
        quality: &gathered.quality,
    };
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let mut buffered = std::io::BufWriter::with_capacity(1 << 16, &mut packed);
    serde_json::to_writer(&mut buffered, &payload)?;
    buffered.flush()?;
    drop(buffered);
    let packed = STANDARD.encode(packed.finish()?);
    Ok(format!(r#"{{"encoding":"gzip+base64","data":"{packed}"}}"#))
}
