//! The details of a message, read a second time: as trees, and by a reader of XML that knows one form only.

use crate::json::Json;
use crate::line::rows;
use crate::target::Tree;
use crate::time::Instant;
use quick_xml::events::{BytesStart, Event};

/// The table of causes is data, and the same for both.
const TABLE: &str = include_str!("../../details/src/causes.tsv");

/// What details say.
#[derive(Debug, Default)]
pub(crate) struct Details {
    steps: Vec<Step>,
    unread: Option<String>,
    pub(crate) problem: Option<&'static str>,
    pub(crate) cause: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) code: Option<String>,
    rule: [Option<String>; 3],
}

#[derive(Debug)]
struct Step {
    time: Option<String>,
    event: String,
    action: String,
    detail: String,
    data: String,
    facts: Option<Vec<(String, String)>>,
}

impl Details {
    /// Reads details; `status` is the row's.
    pub(crate) fn read(text: &str, status: Option<&str>) -> Self {
        if text.len() > 1 << 20 {
            return Self {
                problem: Some("details: longer than 1048576 bytes"),
                ..Self::default()
            };
        }
        let Some(steps) = read_steps(text) else {
            return Self {
                unread: Some(text.to_owned()),
                problem: Some("details: expected an answer that holds the steps of a message"),
                ..Self::default()
            };
        };
        let mut details = Self {
            problem: steps
                .iter()
                .take(256)
                .any(|step| step.time.is_none())
                .then_some("details: expected the time of a step"),
            ..Self::default()
        };
        let arrived = ["delivered", "resolved", "recalled"];
        if !status.is_some_and(|status| arrived.contains(&status.to_ascii_lowercase().as_str())) {
            details.judge(&steps);
        }
        details.steps = steps;
        details
    }

    fn judge(&mut self, steps: &[Step]) {
        let mut order: Vec<usize> = (0..steps.len()).collect();
        order.sort_by_key(|&at| {
            let step = &steps[at];
            let second = step.time.as_ref().map(|time| time[..19].to_owned());
            (second, step.ends(), at)
        });
        order.reverse();
        let failures: Vec<&Step> = order
            .iter()
            .map(|&at| &steps[at])
            .filter(|step| step.fails())
            .collect();
        let others: Vec<&Step> = order
            .iter()
            .map(|&at| &steps[at])
            .filter(|step| !step.fails())
            .collect();
        let found = failures
            .iter()
            .find_map(|step| Some((*step, lines().find(|line| line.fits(step))?.cause)));
        if let Some((step, cause)) = found {
            return self.explain(step, &cause, steps);
        }
        let first = failures.first().copied();
        let policy = first.and_then(Step::code).is_none_or(|code| {
            ["2.7.", "4.7.", "5.7."]
                .iter()
                .any(|start| code.starts_with(start))
        });
        if policy {
            for line in lines() {
                for step in &others {
                    if line.fits(step) {
                        return self.explain(first.unwrap_or(step), &line.cause, steps);
                    }
                }
            }
        }
        if let Some(step) = first {
            self.explain(step, "other", steps);
        }
    }

    fn explain(&mut self, step: &Step, cause: &str, steps: &[Step]) {
        self.cause = Some(cause.to_owned());
        self.reason = step.reason();
        self.code = step.code();
        let event = match cause {
            "dlp" => "DLP rule",
            "transport-rule" => "Transport rule",
            _ => return,
        };
        let mut named = steps.iter().filter(|step| step.event.eq_ignore_ascii_case(event));
        if let Some(step) = named.rfind(|_| true) {
            let filled = |text: String| (!text.is_empty()).then_some(text);
            let (name, behind) = quoted(&step.detail, "rule: '");
            let id = behind
                .strip_prefix("', ID: (")
                .map(|rest| rest.strip_prefix('\'').unwrap_or(rest))
                .filter(|rest| rest.contains(|letter: char| !letter.is_ascii_hexdigit() && letter != '-'))
                .map(|rest| {
                    rest.chars()
                        .take_while(|letter| letter.is_ascii_hexdigit() || *letter == '-')
                        .collect::<String>()
                })
                .filter(|id| id.chars().any(|digit| digit != '0' && digit != '-'));
            self.rule = [id, filled(name), filled(quoted(&step.detail, "policy: '").0)];
        }
    }

    /// Puts the rule, the steps and what stands in place of them, under a prefix each.
    pub(crate) fn put(&self, tree: &mut Tree, rule: &str, prefix: &str) {
        for (key, value) in ["id", "name", "ruleset"].iter().zip(&self.rule) {
            tree.put(&format!("{rule}.{key}"), value.as_deref());
        }
        let steps: Vec<Json> = self.steps.iter().take(256).filter_map(Step::json).collect();
        tree.put(
            &format!("{prefix}.steps"),
            (!steps.is_empty()).then(|| steps.into_iter().collect::<Json>()),
        );
        let more = self.steps.len().saturating_sub(256) as u64;
        tree.put(&format!("{prefix}.steps_left_out"), (more > 0).then_some(more));
        tree.put(&format!("{prefix}.unread_details"), self.unread.as_deref());
    }
}

/// What stands behind a label up to the quote that ends it, and what follows from that quote on.
fn quoted(text: &str, label: &str) -> (String, String) {
    let Some(at) = text.find(label) else {
        return Default::default();
    };
    let rest = &text[at + label.len()..];
    match rest.find("', ID:").or(rest.find('\'')) {
        Some(end) => (rest[..end].to_owned(), rest[end..].to_owned()),
        None => Default::default(),
    }
}

fn read_steps(text: &str) -> Option<Vec<Step>> {
    let value = Json::read(text.as_bytes()).ok()?;
    rows(&value)?
        .into_iter()
        .map(|span| {
            let item = Json::read(text.get(span)?.as_bytes()).ok()?;
            matches!(item, Json::Object(_)).then(|| Step::read(&item))
        })
        .collect()
}

impl Step {
    fn read(item: &Json) -> Self {
        let Json::Object(members) = item else {
            unreachable!("asked before")
        };
        let last = |names: [&str; 2]| {
            let found = members
                .iter()
                .rev()
                .find(|(key, _)| names.contains(&key.as_str()));
            match found {
                Some((_, Json::Text(text))) => text.clone(),
                _ => String::new(),
            }
        };
        let data = last(["data", "Data"]);
        Self {
            time: Instant::reporting(&last(["dateTime", "Date"])).map(Instant::text),
            event: last(["event", "Event"]),
            action: last(["action", "Action"]),
            detail: last(["description", "Detail"]),
            facts: read_facts(&data),
            data,
        }
    }

    fn fails(&self) -> bool {
        ["fail", "drop", "defer"].contains(&self.event.to_ascii_lowercase().as_str())
    }

    fn ends(&self) -> bool {
        let ways = ["deliver", "send", "send external", "expand dl"];
        self.fails() || ways.contains(&self.event.to_ascii_lowercase().as_str())
    }

    fn is_blank(&self) -> bool {
        self.data.trim().is_empty()
    }

    /// Facts by name; the values of a name in their order.
    fn by_name(&self) -> Vec<(String, Vec<String>)> {
        let mut names: Vec<String> = Vec::new();
        let facts = self.facts.clone().unwrap_or_default();
        for (name, _) in &facts {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names.sort();
        let mut sorted = Vec::new();
        for name in names {
            let of_name = facts.iter().filter(|(known, _)| *known == name);
            let values = of_name.map(|(_, value)| value.clone()).collect();
            sorted.push((name, values));
        }
        sorted
    }

    fn text(&self) -> String {
        let mut text = format!("{}\nAction={}", self.detail, self.action);
        if self.facts.is_some() {
            for (name, values) in self.by_name() {
                if name == "CustomData" {
                    continue;
                }
                for value in values {
                    text.extend(["\n", &name, "=", &value]);
                }
            }
        } else if !self.is_blank() {
            text.extend(["\n", &self.data]);
        }
        text
    }

    fn reason(&self) -> Option<String> {
        let text = self.text();
        for (at, mark) in text.match_indices("{LED=") {
            let rest = &text[at + mark.len()..];
            let end = rest.find("};").or(rest.find('}')).unwrap_or(rest.len());
            let answer = rest[..end].trim();
            if !answer.is_empty() {
                return Some(answer.to_owned());
            }
        }
        let status = || {
            let facts = self.by_name();
            let (_, values) = facts.iter().find(|(name, _)| name == "RecipientStatus")?;
            Some(values[0].trim().to_owned())
        };
        Some(self.detail.trim().to_owned())
            .filter(|text| !text.is_empty())
            .or_else(status)
            .filter(|text| !text.is_empty())
    }

    fn code(&self) -> Option<String> {
        self.reason()
            .and_then(|text| status_code(&text))
            .or_else(|| status_code(&self.text()))
    }

    fn json(&self) -> Option<Json> {
        let mut tree = Tree::default();
        let filled = |text: &str| (!text.is_empty()).then(|| Json::from(text));
        tree.put("action", filled(&self.action));
        match &self.facts {
            Some(facts) if !facts.is_empty() => {
                let members = self.by_name().into_iter().map(|(name, values)| {
                    let value = match values.as_slice() {
                        [one] => Json::from(one.as_str()),
                        more => more.iter().map(|value| Json::from(value.as_str())).collect(),
                    };
                    (name, value)
                });
                tree.put("data", Some(Json::Object(members.collect())));
            }
            Some(_) => {}
            None if self.is_blank() => {}
            None => tree.put("data_text", filled(&self.data)),
        }
        tree.put("detail", filled(&self.detail));
        tree.put("event", filled(&self.event));
        tree.put("time", self.time.as_deref());
        match tree.into_object(&[]) {
            Json::Object(members) if members.is_empty() => None,
            object => Some(object),
        }
    }
}

/// The first enhanced status code, by words: whatever is no letter, digit or dot parts them.
fn status_code(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.')
        .map(|word| (word, word.trim_end_matches('.')))
        .find(|(_, word)| {
            let parts: Vec<&str> = word.split('.').collect();
            parts.len() == 3
                && ["2", "4", "5"].contains(&parts[0])
                && parts[1..].iter().all(|part| {
                    (1..=3).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit())
                })
        })
        .map(|(_, word)| word.to_owned())
}

struct Line {
    cause: String,
    event: String,
    code: String,
    text: String,
}

fn lines() -> impl Iterator<Item = Line> {
    TABLE.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        Line {
            cause: columns[1].clone(),
            event: columns[2].clone(),
            code: columns[3].clone(),
            text: columns[4].to_ascii_lowercase(),
        }
    })
}

impl Line {
    fn fits(&self, step: &Step) -> bool {
        let text = step.text().to_ascii_lowercase();
        let event = if self.event == "failed" {
            step.fails()
        } else {
            step.event.eq_ignore_ascii_case(&self.event)
        };
        let worded = match self.text.as_str() {
            "-" => true,
            "@remote" => step
                .text()
                .split("{FQDN=")
                .skip(1)
                .any(|rest| !rest.starts_with('}')),
            wanted => text.contains(wanted),
        };
        event && worded && (self.code == "-" || step.code().is_some_and(|code| self.fits_code(&code)))
    }

    fn fits_code(&self, code: &str) -> bool {
        let pattern = self.code.replace("..", "-");
        pattern.split('.').zip(code.split('.')).all(|(wanted, given)| {
            let given: u32 = given.parse().unwrap_or(u32::MAX);
            match wanted.split_once('-') {
                _ if wanted == "*" => true,
                Some((first, last)) => {
                    first.parse().is_ok_and(|first: u32| first <= given)
                        && last.parse().is_ok_and(|last: u32| given <= last)
                }
                None => wanted.parse() == Ok(given),
            }
        })
    }
}

/// Facts in their order, read by quick-xml; `Some` of none for blank text, `None` for text of another form.
fn read_facts(text: &str) -> Option<Vec<(String, String)>> {
    if text.trim().is_empty() {
        return Some(Vec::new());
    }
    // The library would take a byte order mark away.
    if text.starts_with('\u{feff}') {
        return None;
    }
    let mut reader = quick_xml::Reader::from_str(text);
    let mut facts = Vec::new();
    // How many elements are open, and whether the outermost one was there.
    let (mut depth, mut has_root) = (0, false);
    loop {
        let event = reader.read_event().ok()?;
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                match depth {
                    0 if !has_root && is_root(element) => has_root = true,
                    1 => facts.push(fact(element)?),
                    _ => return None,
                }
                depth += i32::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
            Event::Eof if depth == 0 && has_root => break,
            _ => return None,
        }
        if facts.len() > 256 {
            return None;
        }
    }
    facts.retain(|(name, value)| !name.is_empty() && !value.is_empty());
    Some(facts)
}

fn fact(element: &BytesStart<'_>) -> Option<(String, String)> {
    let (mut name, mut value, mut attributes) = (None, None, 0);
    for attribute in element.attributes() {
        let attribute = attribute.ok()?;
        let key = attribute.key.as_ref();
        if !is_name(key) || attribute.value.contains(&b'<') {
            return None;
        }
        let text = attribute.unescape_value().ok()?.into_owned();
        attributes += 1;
        if key == b"Name" {
            name = Some(text);
        } else {
            value = Some(text);
        }
    }
    let is_fact = is_name(element.name().as_ref()) && attributes == 2;
    is_fact.then_some((name?, value?))
}

fn is_root(element: &BytesStart<'_>) -> bool {
    is_name(element.name().as_ref()) && element.attributes().next().is_none()
}

fn is_name(name: &[u8]) -> bool {
    let letters = name.iter();
    name.first().is_some_and(u8::is_ascii_alphabetic)
        && letters
            .copied()
            .all(|letter| letter.is_ascii_alphanumeric() || b"_-.".contains(&letter))
}
