//! Files of Sigma as rules, each with its place; what cannot be used is said, and the others are used.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use rsigma_eval::compile_rule;
use rsigma_eval::correlation::compile_correlation;
use rsigma_eval::fields::{FieldSource, RuleFieldSet};
use rsigma_parser::{
    ConditionOperator, CorrelationCondition, CorrelationRule, CorrelationType, LogSource, SigmaCollection,
    SigmaRule, parse_sigma_yaml,
};

use crate::builtin::BUILTIN;
use crate::documents;

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;
/// How far a correlation may look back, in seconds: 31 days.
const MOST_TIMESPAN: u64 = 31 * 86_400;
/// The names that Sigma's rules have for what is read here.
const PRODUCT: &str = "m365";
const SERVICE: &str = "message_trace";

/// Rules that can be evaluated.
#[derive(Debug)]
pub struct Pack {
    /// What is evaluated.
    pub rules: SigmaCollection,
    /// Where each rule stands, and what it refers to, by its id.
    pub about: BTreeMap<String, About>,
    /// The ids of rules that are only what correlations count.
    pub counted: HashSet<String>,
    problems: Vec<String>,
}

/// What an alert of a rule says beside what the evaluator does.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// File and line.
    pub place: String,
    /// The first page that it refers to.
    pub reference: Option<String>,
    /// The first number of a correlation's condition.
    pub threshold: Option<u64>,
    /// What a correlation counts different values of.
    pub counted: Option<String>,
}

/// Part of a file: what stands between two lines of `---`.
struct Part {
    file: String,
    /// The line of the file that the part begins at, and the one where there is something in it; from 1.
    begins: usize,
    first: usize,
    text: String,
}

impl Pack {
    /// Reads files, folders and `builtin`.
    ///
    /// # Errors
    ///
    /// A path that cannot be read. What is wrong inside of a file is one of [`Pack::problems`].
    pub fn load(paths: &[String]) -> Result<Self> {
        let mut parts = Vec::new();
        for path in paths {
            if path == "builtin" {
                for (name, text) in BUILTIN {
                    split(&format!("builtin/{name}"), text, &mut parts);
                }
                continue;
            }
            let mut files = Vec::new();
            walk(Path::new(path), &mut files).with_context(|| format!("cannot read {path}"))?;
            if files.is_empty() {
                bail!("{path} holds no file of Sigma, whose names end in .yml or .yaml");
            }
            for file in files {
                let what = || format!("cannot read {}", file.display());
                if fs::metadata(&file).with_context(what)?.len() > MOST_BYTES {
                    bail!("{} is larger than 1 MiB; is it the right file?", file.display());
                }
                let bytes = fs::read(&file).with_context(what)?;
                split(
                    &file.display().to_string(),
                    &String::from_utf8_lossy(&bytes),
                    &mut parts,
                );
            }
        }
        Ok(Self::of(&parts))
    }

    /// What is wrong, each with file and line.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }

    fn of(parts: &[Part]) -> Self {
        let mut pack = Self {
            rules: SigmaCollection::new(),
            about: BTreeMap::new(),
            counted: HashSet::new(),
            problems: Vec::new(),
        };
        // Rules about something else, which correlations may refer to.
        let mut elsewhere = HashSet::new();
        let mut correlations = Vec::new();
        for part in parts {
            let read = match parse_sigma_yaml(&part.text) {
                Ok(read) => read,
                Err(error) => {
                    pack.problems.push(part.problem(&error.to_string()));
                    continue;
                }
            };
            pack.problems
                .extend(read.errors.iter().map(|error| part.problem(error)));
            for mut rule in read.rules {
                if !is_ours(&rule.logsource) {
                    elsewhere.extend([rule.id, rule.name].into_iter().flatten());
                    continue;
                }
                // What a rule says to this one evaluator would change it for all rules.
                rule.custom_attributes.clear();
                let checked = compile_rule(&rule).map(drop).map_err(|error| error.to_string());
                match checked.and_then(|()| unknown_field(&alone(&rule))) {
                    Ok(()) => pack.take(part, rule),
                    Err(what) => pack.problems.push(part.problem(&what)),
                }
            }
            correlations.extend(read.correlations.into_iter().map(|rule| (part, rule)));
            pack.rules.filters.extend(read.filters);
        }
        pack.correlate(correlations, &mut elsewhere);
        pack.count();
        pack
    }

    /// Notes what only correlations count: the evaluator knows it where a correlation names a rule by its id, not by its name.
    fn count(&mut self) {
        let SigmaCollection {
            rules, correlations, ..
        } = &self.rules;
        let named = |is_shown: bool| {
            let those = correlations.iter().filter(move |rule| rule.generate == is_shown);
            let names: HashSet<&String> = those.flat_map(|rule| &rule.rules).collect();
            names
        };
        let (hidden, shown) = (named(false), named(true));
        let all = rules.iter().map(|rule| (&rule.id, &rule.name, &rule.title));
        let all = all.chain(
            correlations
                .iter()
                .map(|rule| (&rule.id, &rule.name, &rule.title)),
        );
        for (id, name, title) in all {
            let is_in =
                |names: &HashSet<&String>| [id, name].into_iter().flatten().any(|name| names.contains(name));
            if is_in(&hidden) && !is_in(&shown) {
                self.counted.insert(id.as_ref().unwrap_or(title).clone());
            }
        }
    }

    fn take(&mut self, part: &Part, rule: SigmaRule) {
        let about = About {
            place: part.place(),
            reference: rule.references.first().cloned(),
            ..About::default()
        };
        self.about
            .insert(rule.id.clone().unwrap_or_else(|| rule.title.clone()), about);
        self.rules.rules.push(rule);
    }

    /// Takes correlations whose rules are there, those of correlations after them.
    fn correlate(&mut self, mut waiting: Vec<(&Part, CorrelationRule)>, elsewhere: &mut HashSet<String>) {
        let names =
            |id: &Option<String>, name: &Option<String>| [id.clone(), name.clone()].into_iter().flatten();
        let mut known: HashSet<String> = HashSet::new();
        for rule in &self.rules.rules {
            known.extend(names(&rule.id, &rule.name));
        }
        loop {
            let (ready, rest): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|(_, rule)| rule.rules.iter().all(|name| known.contains(name)));
            waiting = rest;
            if ready.is_empty() {
                break;
            }
            for (part, mut rule) in ready {
                rule.custom_attributes.clear();
                want_all(&mut rule);
                match check(&rule) {
                    Ok(about) => {
                        known.extend(names(&rule.id, &rule.name));
                        let key = rule.id.clone().unwrap_or_else(|| rule.title.clone());
                        self.about.insert(
                            key,
                            About {
                                place: part.place(),
                                ..about
                            },
                        );
                        self.rules.correlations.push(rule);
                    }
                    Err(what) => self.problems.push(part.problem(&what)),
                }
            }
        }
        for (part, rule) in waiting {
            if rule.rules.iter().any(|name| elsewhere.contains(name)) {
                elsewhere.extend(names(&rule.id, &rule.name));
                continue;
            }
            let missing = rule.rules.iter().find(|name| !known.contains(*name));
            let what = format!(
                "refers to '{}', which is no rule here: name its file too, and mend it if it is one of those said here",
                missing.map_or("", String::as_str)
            );
            self.problems.push(part.problem(&what));
        }
    }
}

/// A temporal correlation without a condition wants all of its rules, as Sigma has it. The parser makes "one of them at least"
/// of it, which cannot be told from a rule that says so; nobody has a use for that one.
fn want_all(rule: &mut CorrelationRule) {
    let is_temporal = matches!(
        rule.correlation_type,
        CorrelationType::Temporal | CorrelationType::TemporalOrdered
    );
    if let CorrelationCondition::Threshold { predicates, .. } = &mut rule.condition
        && is_temporal
        && predicates.as_slice() == [(ConditionOperator::Gte, 1)]
    {
        *predicates = vec![(ConditionOperator::Gte, rule.rules.len() as u64)];
    }
}

/// Whether a correlation can be evaluated, and what is told of it.
fn check(rule: &CorrelationRule) -> Result<About, String> {
    compile_correlation(rule).map_err(|error| error.to_string())?;
    if rule.timespan.seconds > MOST_TIMESPAN {
        return Err("looks back further than 31 days; shorten 'timespan'".to_owned());
    }
    let mut collection = SigmaCollection::new();
    collection.correlations.push(rule.clone());
    unknown_field(&collection)?;
    let (mut threshold, mut counted) = (None, None);
    if let CorrelationCondition::Threshold {
        predicates, field, ..
    } = &rule.condition
    {
        threshold = predicates.first().map(|(_, number)| *number);
        counted = field.as_ref().and_then(|fields| fields.first().cloned());
    }
    Ok(About {
        place: String::new(),
        reference: rule.references.first().cloned(),
        threshold,
        counted,
    })
}

fn alone(rule: &SigmaRule) -> SigmaCollection {
    let mut collection = SigmaCollection::new();
    collection.rules.push(rule.clone());
    collection
}

/// Says which field an archive does not have: a rule about it would never find anything. An alias of a correlation is no
/// field of an event.
fn unknown_field(rules: &SigmaCollection) -> Result<(), String> {
    let aliases: HashSet<&str> = rules
        .correlations
        .iter()
        .flat_map(|rule| rule.aliases.iter().map(|alias| alias.alias.as_str()))
        .collect();
    let fields = RuleFieldSet::collect(rules, &[], false);
    let unknown = fields.iter().find(|(name, origin)| {
        let is_evaluated = origin
            .sources
            .iter()
            .any(|source| *source != FieldSource::Metadata);
        is_evaluated && !documents::has(name) && !aliases.contains(name)
    });
    match unknown {
        None => Ok(()),
        Some((name, _)) => Err(format!(
            "asks for '{name}', which an archive does not keep; the rule would never find anything"
        )),
    }
}

/// Whether a rule is about message traces.
fn is_ours(source: &LogSource) -> bool {
    let is = |found: &Option<String>, wanted: &str| {
        found
            .as_deref()
            .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
    };
    is(&source.product, PRODUCT)
        && (source.service.is_none() || is(&source.service, SERVICE))
        && source.category.is_none()
}

impl Part {
    fn place(&self) -> String {
        format!("{}:{}", self.file, self.first)
    }

    /// What is wrong with it, with file and line: the line that the text names, or the first that has what it quotes.
    fn problem(&self, what: &str) -> String {
        // Of the part, not of the file: said once, at the front.
        let (named, what) = match what.split_once(" at line ") {
            None => (None, what.to_owned()),
            Some((before, after)) => {
                let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
                let (number, rest) = after.split_at(digits(after));
                let rest = rest
                    .strip_prefix(" column ")
                    .map_or(rest, |rest| rest.get(digits(rest)..).unwrap_or_default());
                (number.parse::<usize>().ok(), format!("{before}{rest}"))
            }
        };
        let quoted = || {
            let token = what.split(['\'', '`']).nth(1).filter(|token| !token.is_empty())?;
            self.text
                .lines()
                .position(|line| line.contains(token))
                .map(|at| at + 1)
        };
        let line = named
            .or_else(quoted)
            .map_or(self.first, |line| self.begins + line.saturating_sub(1));
        format!("{}:{line}: {}", self.file, what.replace('\n', " "))
    }
}

/// Takes a file apart. One whose documents complete each other (`action`) stays whole.
fn split(file: &str, text: &str, parts: &mut Vec<Part>) {
    let is_end = |line: &str| line.trim_end() == "---" || line.starts_with("--- ");
    let is_whole = text.lines().any(|line| line.starts_with("action:"));
    let (mut begins, mut part) = (1, String::new());
    let mut push = |begins: usize, text: String| {
        let is_said =
            |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && !is_end(line);
        if let Some(at) = text.lines().position(is_said) {
            let first = begins + at;
            parts.push(Part {
                file: file.to_owned(),
                begins,
                first,
                text,
            });
        }
    };
    for (number, line) in (1..).zip(text.lines()) {
        if is_end(line) && !is_whole {
            push(begins, std::mem::take(&mut part));
            begins = number + 1;
            continue;
        }
        part.push_str(line);
        part.push('\n');
    }
    push(begins, part);
}

/// The files of Sigma under a path, in order of their names.
fn walk(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut below: Vec<PathBuf> = fs::read_dir(path)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    below.sort();
    for path in below {
        let is_sigma = path
            .extension()
            .is_some_and(|ending| ending == "yml" || ending == "yaml");
        if is_sigma || path.is_dir() && !path.is_symlink() {
            walk(&path, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
