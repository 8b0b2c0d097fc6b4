//! `message-trace about`: what this program and its component are.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;

use message_trace_host::{self as host, About, Cache, Host};
use message_trace_remedy::{Code, Failure};

/// Say what this program is: versions, formats, targets, and the component it runs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Ask the component in FILE instead of the one inside the program
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  message-trace about
  message-trace about --json | jq -r .component.sha256
  message-trace about --component dist/message-trace.wasm";

#[derive(Serialize)]
struct Report<'a> {
    program: &'a str,
    wit_package: &'a str,
    wasmtime: &'a str,
    normalizer: &'a str,
    ecs: &'a str,
    ocsf: &'a str,
    formats: &'a [String],
    targets: &'a [String],
    component: Component<'a>,
}

#[derive(Serialize)]
struct Component<'a> {
    source: String,
    size_bytes: Option<usize>,
    sha256: Option<&'a str>,
    imports: &'a [String],
    exports: &'a [String],
}

/// Runs the command.
///
/// # Errors
///
/// If the component cannot be loaded, or stdout cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let cache = Cache::of_user();
    let (host, source) = match &arguments.component {
        Some(file) => (
            Host::file(file, &cache).map_err(|error| Failure::new(Code::IO, error))?,
            file.display().to_string(),
        ),
        None => (Host::embedded(&cache)?, "inside the program".to_owned()),
    };
    let about = host.about().context("the component does not say what it is")?;
    let About {
        version,
        ecs_version,
        ocsf_version,
        formats,
        targets,
        imports,
        exports,
        sha256,
        size_bytes,
    } = &about;
    let report = Report {
        program: env!("CARGO_PKG_VERSION"),
        wit_package: host::WIT_PACKAGE,
        wasmtime: host::WASMTIME_VERSION,
        normalizer: version,
        ecs: ecs_version,
        ocsf: ocsf_version,
        formats,
        targets,
        component: Component {
            source,
            size_bytes: *size_bytes,
            sha256: sha256.as_deref(),
            imports,
            exports,
        },
    };
    let text = if arguments.json {
        let mut json = serde_json::to_string_pretty(&report).context("cannot write JSON")?;
        json.push('\n');
        json
    } else {
        plain(&report)
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            Code::IO,
            anyhow::Error::new(error).context("cannot write to stdout"),
        )),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn plain(report: &Report<'_>) -> String {
    let Report {
        program,
        wit_package,
        wasmtime,
        normalizer,
        ecs,
        ocsf,
        formats,
        targets,
        component,
    } = report;
    let list = |names: &[String]| {
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let size = component
        .size_bytes
        .map_or_else(|| "-".to_owned(), |size| format!("{size} bytes"));
    format!(
        "program     message-trace {program}, wasmtime {wasmtime}\n\
         normalizer  {normalizer}\n\
         WIT         {wit_package}\n\
         formats     {}\n\
         targets     {} (ECS {ecs}, OCSF {ocsf})\n\
         component   {}, {size}\n\
         sha256      {}\n\
         imports     {}\n\
         exports     {}\n",
        list(formats),
        list(targets),
        component.source,
        component.sha256.unwrap_or("-"),
        list(component.imports),
        list(component.exports),
    )
}
