//! A real Tangent with the mapper in it, where there is one: `TANGENT` names its `tangentd`, `TANGENT_PLUGIN` the mapper
//! as Tangent's own compiler left it.
//!
//! Rows go in over TCP and come out in a file, so those of all jobs with the same options go through one run.

use std::collections::VecDeque;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use message_trace::Options;
use message_trace_tangent_host::{Compiled, Plugin};
use serde_json::json;

use crate::host::{Calls, Missing, artifact};
use crate::jobs::{Answer, Job};
use crate::protocol::Outcome;
use crate::rows::{Line, Natively, at_once, lines};
use crate::tangent::row;

/// The longest wait for it to listen, and for one more event.
const PATIENCE: Duration = Duration::from_secs(10);

/// Finds the program.
pub(crate) fn load() -> Result<Box<dyn Calls>, Missing> {
    let named = |name| std::env::var_os(name).map(PathBuf::from);
    let (Some(program), Some(compiled)) = (named("TANGENT"), named("TANGENT_PLUGIN")) else {
        return Err(Missing(
            "no registry has Tangent: build it, and name tangentd in TANGENT and the plug-in it compiled in \
             TANGENT_PLUGIN"
                .to_owned(),
        ));
    };
    let mapper = artifact("dist/message-trace-tangent.wasm")?;
    let plugin = Compiled::new(&mapper).and_then(|compiled| compiled.load("{}"));
    Ok(Box::new(Tangent {
        program,
        compiled,
        plugin: plugin.map_err(|error| Missing(format!("{error:#}")))?,
        outcomes: VecDeque::new(),
        native: Natively::default(),
    }))
}

struct Tangent {
    program: PathBuf,
    compiled: PathBuf,
    /// Says which rows are wanted.
    plugin: Plugin,
    /// Of the jobs that were not asked for yet.
    outcomes: VecDeque<Outcome>,
    native: Natively,
}

impl Calls for Tangent {
    fn prepare(&mut self, jobs: &[Job]) -> Result<()> {
        let folder = std::env::temp_dir().join(format!("message-trace-tangent-{}", std::process::id()));
        fs::create_dir_all(folder.join("plugins"))?;
        fs::copy(&self.compiled, folder.join("plugins/message_trace.cwasm")).context("TANGENT_PLUGIN")?;
        let outcomes = at_once(
            jobs,
            |job, line| reason(&self.plugin, line.text, job),
            |options, lines| run(&self.program, &folder, options, lines),
        );
        fs::remove_dir_all(&folder)?;
        self.outcomes = outcomes?;
        Ok(())
    }

    fn call(&mut self, _: &Job) -> Result<Outcome> {
        self.outcomes.pop_front().context("more jobs than were prepared")
    }

    fn expected(&mut self, job: &Job) -> Option<Answer> {
        let mut answer = Answer::default();
        for line in lines(job) {
            if reason(&self.plugin, line.text, job).is_none() {
                self.native.push(job, line, &mut answer);
            }
        }
        Some(answer)
    }
}

/// Why a row does not reach the mapper as it is.
fn reason(plugin: &Plugin, line: &[u8], job: &Job) -> Option<&'static str> {
    if line.trim_ascii_end().contains(&b'\n') {
        return Some("a connection's line ends at its first line feed");
    }
    row(plugin, line, job).err()
}

/// What comes out for rows, one run.
fn run(program: &Path, folder: &Path, options: &Options, lines: &[Line<'_>]) -> Result<Vec<String>> {
    let events = folder.join("events");
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    // JSON is YAML, too. One batch is written after the other, so that rows keep their order.
    let config = json!({
        "runtime": { "plugins_path": "plugins/", "workers": 1, "disable_remote_calls": true },
        "sources": { "rows": { "type": "tcp", "bind_address": address.to_string() } },
        "plugins": { "message_trace": { "module_type": "rust", "path": ".", "config": options } },
        "sinks": { "events": { "type": "file", "path": events, "in_flight_limit": 1 } },
        "dag": [
            { "from": { "kind": "source", "name": "rows" }, "to": [{ "kind": "plugin", "name": "message_trace" }] },
            { "from": { "kind": "plugin", "name": "message_trace" }, "to": [{ "kind": "sink", "name": "events" }] },
        ],
    });
    fs::write(folder.join("tangent.yaml"), config.to_string())?;
    let mut tangent = Command::new(program)
        .arg("--config")
        .arg(folder.join("tangent.yaml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start Tangent")?;
    let result = talk(&mut tangent, address, &events, lines);
    let _ = tangent.kill();
    tangent.wait()?;
    // It may have failed before there was one.
    let _ = fs::remove_file(&events);
    result
}

fn talk(tangent: &mut Child, address: SocketAddr, events: &Path, lines: &[Line<'_>]) -> Result<Vec<String>> {
    let mut connection = connect(tangent, address)?;
    for line in lines {
        connection.write_all(line.text.trim_ascii_end())?;
        connection.write_all(b"\n")?;
    }
    drop(connection);
    let (mut len, mut since) = (0, Instant::now());
    loop {
        let text = fs::read(events)?;
        let count = text.split(|byte| *byte == b'\n').skip(1).count();
        if count >= lines.len() {
            return Ok(String::from_utf8(text)?.lines().map(str::to_owned).collect());
        }
        if text.len() > len {
            (len, since) = (text.len(), Instant::now());
        } else if since.elapsed() > PATIENCE {
            bail!("{} rows in, but only {count} out", lines.len());
        }
        sleep(Duration::from_millis(50));
    }
}

fn connect(tangent: &mut Child, address: SocketAddr) -> Result<TcpStream> {
    let start = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(connection) => return Ok(connection),
            Err(error) if start.elapsed() > PATIENCE => return Err(error).context("Tangent does not listen"),
            Err(_) => {}
        }
        if let Some(status) = tangent.try_wait()? {
            bail!("Tangent ended with {status}");
        }
        sleep(Duration::from_millis(50));
    }
}
