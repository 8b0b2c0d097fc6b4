//! The program over a planted tenant, as an analyst runs it: archive some days, ask for alerts, and again.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use serde_json::Value as Json;

use crate::score::{Raised, Score};
use crate::{DOMAIN, HISTORY, Kind, Plan, Tenant};

/// The article's threshold for every day from `$since` on; a test holds its last day against the question of that name.
const ARTICLE: &str = include_str!("article.sql");

/// What to measure, and with what.
#[derive(Clone, Debug)]
pub struct Measure {
    /// The program `message-trace`, with the commands of the engine.
    pub program: PathBuf,
    /// An empty folder: archive, truth and alerts are written there.
    pub folder: PathBuf,
    /// The tenant.
    pub plan: Plan,
    /// After how many days `detect` is asked each time, 1 or more.
    pub step: u16,
}

/// The score of `detect`, and that of the article's threshold over the incidents that are mail of ours.
///
/// # Errors
/// When the program or the folder cannot be used.
pub fn measure(measure: &Measure, say: &mut dyn FnMut(String)) -> Result<(Score, Score)> {
    let Measure { folder, plan, .. } = measure;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if folder.join("archive").exists() {
        bail!("{} holds an archive already; name a new folder", folder.display());
    }
    let mut tenant = Tenant::new(plan.clone());
    let truth = tenant.truth().to_vec();
    lines(&folder.join("truth.ndjson"), &truth)?;
    let counted = plan.date(HISTORY);
    let (mut alerts, mut article) = (Vec::new(), Vec::new());
    while let Some((first, last)) = measure.archive(&mut tenant)? {
        if last < counted {
            say(format!("{last}: archived"));
            continue;
        }
        let since = first.max(counted);
        alerts.extend(measure.detect(since)?);
        article.extend(measure.article(since)?);
        say(format!(
            "{last}: {} alerts so far, {} of the article",
            alerts.len(),
            article.len()
        ));
    }
    lines(&folder.join("alerts.ndjson"), &alerts)?;
    let user_days = f64::from(plan.users) * f64::from(i32::from(plan.days) - HISTORY);
    // The article counts what senders send: it is not asked about what comes in.
    let ours = truth
        .iter()
        .filter(|incident| sends(incident.kind))
        .cloned()
        .collect::<Vec<_>>();
    Ok((
        Score::new(&truth, &alerts, false, user_days),
        Score::new(&ours, &article, true, user_days),
    ))
}

/// Whether somebody of ours sends in it.
const fn sends(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Enumeration | Kind::EnumerationSlow | Kind::Backscatter | Kind::LookAlike
    )
}

impl Measure {
    /// Archives the next days, and says which these were.
    fn archive(&self, tenant: &mut Tenant) -> Result<Option<(NaiveDate, NaiveDate)>> {
        let mut rows = String::new();
        let Some(first) = tenant.push_day(&mut rows) else {
            return Ok(None);
        };
        let mut program = self.program("archive", "--output");
        let mut child = program
            .args(["--organization-domain", DOMAIN])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the program")?;
        let mut input = child.stdin.take().context("the program has no input")?;
        // What it says while it reads would fill the pipe.
        let errors = child.stderr.take().context("the program has no errors")?;
        let errors = std::thread::spawn(move || std::io::read_to_string(errors));
        let mut last = first;
        let mut written = input.write_all(rows.as_bytes());
        for _ in 1..self.step {
            rows.clear();
            let Some(day) = tenant.push_day(&mut rows) else {
                break;
            };
            last = day;
            written = written.and_then(|()| input.write_all(rows.as_bytes()));
        }
        drop(input);
        let ended = child.wait()?;
        let said = errors.join().ok().and_then(Result::ok).unwrap_or_default();
        if !ended.success() {
            bail!("archiving {first} to {last} failed: {said}");
        }
        written?;
        Ok(Some((first, last)))
    }

    fn detect(&self, since: NaiveDate) -> Result<Vec<Raised>> {
        let mut program = self.program("detect", "--archive");
        let program = program.args(["--json", "--no-state", "--since", &since.to_string()]);
        let raised = |alert: Json| {
            let who = alert["user"]["email"]
                .as_str()
                .or(alert["source"]["domain"].as_str())?;
            Some(Raised {
                rule: alert["rule"]["id"].as_str()?.to_owned(),
                who: who.to_owned(),
                day: alert["m365"]["message_trace"]["alert"]["day"]
                    .as_str()?
                    .parse()
                    .ok()?,
            })
        };
        answers(program, &[0, 1], raised)
    }

    /// Who is above the article's threshold, on every day from one on.
    ///
    /// # Errors
    /// When the program cannot be used.
    pub fn article(&self, since: NaiveDate) -> Result<Vec<Raised>> {
        let question = self.folder.join("article.sql");
        fs::write(&question, ARTICLE)?;
        let mut program = self.program("query", "--archive");
        let program = program
            .arg(&question)
            .args(["--json", "--since", &since.to_string()]);
        let raised = |row: Json| {
            Some(Raised {
                rule: "article".to_owned(),
                who: row["sender"].as_str()?.to_owned(),
                day: row["day"].as_str()?.get(..10)?.parse().ok()?,
            })
        };
        answers(program, &[0], raised)
    }

    /// A command of the program on the archive.
    fn program(&self, command: &str, option: &str) -> Command {
        let mut program = Command::new(&self.program);
        program
            .arg(command)
            .arg(option)
            .arg(self.folder.join("archive"))
            .stdin(Stdio::null());
        program
    }
}

/// What a command prints as JSON, one a line.
fn answers(
    command: &mut Command,
    codes: &[i32],
    read: impl Fn(Json) -> Option<Raised>,
) -> Result<Vec<Raised>> {
    let done = command.output().context("cannot start the program")?;
    let errors = String::from_utf8_lossy(&done.stderr);
    let text = String::from_utf8_lossy(&done.stdout);
    if done.status.code().is_none_or(|code| !codes.contains(&code)) {
        bail!("the program ended with {}: {errors}", done.status);
    }
    text.lines()
        .map(|line| {
            let json = serde_json::from_str(line)?;
            read(json).context("the program printed what is no answer")
        })
        .collect()
}

/// Writes values as JSON, one a line.
fn lines(path: &std::path::Path, values: &[impl serde::Serialize]) -> Result<()> {
    let what = || format!("cannot write {}", path.display());
    let mut out = BufWriter::new(File::create(path).with_context(what)?);
    for value in values {
        serde_json::to_writer(&mut out, value)?;
        writeln!(out).with_context(what)?;
    }
    out.flush().with_context(what)
}
