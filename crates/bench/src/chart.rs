//! A bar chart as SVG: one series, so one colour; its own accents; readable in light and in dark.

use std::fmt::Write as _;

use anyhow::Result;

use crate::rounds::Measured;

/// What is shown, and how it is called there.
const BARS: [(&str, &str); 12] = [
    ("native x86-64-v3, batch, sekoia", "native, x86-64-v3"),
    ("native, batch, sekoia", "native, default target"),
    ("component, batch, sekoia", "component, batch"),
    ("component, batch, ocsf", "component, batch, OCSF"),
    ("component, batch, ecs", "component, batch, ECS"),
    ("component, no SIMD, batch, sekoia", "component, no SIMD"),
    ("component, line, sekoia", "component, a call a line"),
    ("serde_json::Value", "Rust, serde_json::Value"),
    ("Python, orjson", "Python, orjson"),
    ("VRL", "VRL, the better program"),
    ("Python, json", "Python, json"),
    ("jq", "jq"),
];
const WIDTH: f64 = 760.0;
const LABELS: f64 = 190.0;
const BAR: f64 = 18.0;
const STEP: f64 = 28.0;
const TOP: f64 = 64.0;
/// Room right of the longest bar, for its figure.
const FIGURES: f64 = 96.0;

pub(crate) fn draw(measured: &[Measured]) -> Result<String> {
    let rate = |name: &str| {
        let found = measured
            .iter()
            .filter(|measured| measured.name == name || (name == "VRL" && measured.name.starts_with("VRL")));
        found.map(Measured::rows_per_second).max_by(f64::total_cmp)
    };
    let mut bars: Vec<_> = BARS
        .iter()
        .filter_map(|(name, label)| Some((*name, *label, rate(name)?)))
        .collect();
    bars.sort_by(|one, other| other.2.total_cmp(&one.2));
    let most = bars.first().map_or(1.0, |bar| bar.2);
    let height = TOP + STEP * bars.len() as f64 + 28.0;
    let mut out = String::new();
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">Rows a second on one core</title>\n<style>\n\
         svg {{ font: 13px system-ui, \"Segoe UI\", Helvetica, Arial, sans-serif; }}\n\
         .page {{ fill: #ffffff; }} text {{ fill: #1f2328; }} .quiet {{ fill: #59636e; }}\n\
         .other {{ fill: #9aa4af; }} .ours {{ fill: #1f6feb; }} .line {{ stroke: #d1d9e0; }}\n\
         .title {{ font-size: 16px; font-weight: 600; }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         .page {{ fill: #0d1117; }} text {{ fill: #f0f6fc; }} .quiet {{ fill: #9198a1; }}\n\
         .other {{ fill: #656c76; }} .ours {{ fill: #4493f8; }} .line {{ stroke: #3d444d; }}\n}}\n</style>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n\
         <text class=\"title\" x=\"16\" y=\"28\">Rows a second on one core</text>\n\
         <text class=\"quiet\" x=\"16\" y=\"48\">One raw line in, one event out, all with equal results. \
         Blue: this project.</text>"
    )?;
    for (index, (name, label, rate)) in bars.iter().enumerate() {
        let y = TOP + STEP * index as f64;
        let width = (rate / most * (WIDTH - LABELS - FIGURES)).max(1.5);
        let class = if name.starts_with("component") || name.starts_with("native") {
            "ours"
        } else {
            "other"
        };
        let middle = y + BAR / 2.0 + 4.5;
        writeln!(
            out,
            "<text x=\"{}\" y=\"{middle}\" text-anchor=\"end\">{label}</text>\n\
             <rect class=\"{class}\" x=\"{LABELS}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\n\
             <text x=\"{:.1}\" y=\"{middle}\">{}</text>",
            LABELS - 10.0,
            LABELS + width + 8.0,
            grouped(*rate),
        )?;
    }
    writeln!(
        out,
        "<line class=\"line\" x1=\"{LABELS}\" y1=\"{}\" x2=\"{LABELS}\" y2=\"{}\"/>\n\
         <text class=\"quiet\" x=\"16\" y=\"{}\">Processor time, one corpus of Graph and reporting rows of 550 bytes, \
         medians of one run.</text>\n</svg>",
        TOP - 4.0,
        height - 28.0,
        height - 10.0,
    )?;
    Ok(out)
}

/// 1234567 as `1,230,000`: three digits are as many as a run can give.
fn grouped(rate: f64) -> String {
    let digits = rate.log10().floor() as i32 - 2;
    let unit = 10_f64.powi(digits.max(0));
    let rounded = ((rate / unit).round() * unit) as u64;
    let text = rounded.to_string();
    let mut out = String::new();
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && (text.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
