//! Why a message was not delivered: a table of patterns, tried on the steps that ended it, then on those before.

use crate::{Data, Step};

/// One pattern a line: cause, event, code, text. `causes.tsv` says more.
const TABLE: &str = include_str!(concat!(env!("OUT_DIR"), "/causes.tsv"));

/// The class of a failure that no line of the table knows.
const OTHER: &str = "other";

/// Why a message was not delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The class.
    pub cause: Option<&'static str>,
    /// The answer or description that says so.
    pub reason: Option<String>,
    /// The enhanced status code of the reason (RFC 3463), as in `5.2.2`.
    pub code: Option<String>,
    /// The rule behind the causes `dlp` and `transport-rule`.
    pub rule: Rule,
}

/// A rule as its step names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its id, a GUID.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The policy that the rule belongs to.
    pub policy: Option<String>,
}

impl Verdict {
    /// Judges the steps of a message that was not delivered.
    pub(crate) fn of(steps: &[Step]) -> Self {
        // Of the steps that failed, the latest one, and the latest one that a line fits: its time, and the line's cause.
        let mut latest: Option<&Step> = None;
        let mut known: Option<(&Step, &'static str)> = None;
        for step in steps.iter().filter(|step| step.is_failure()) {
            if latest.is_none_or(|latest| latest.order() <= step.order()) {
                latest = Some(step);
            }
            if known.is_none_or(|(known, _)| known.order() <= step.order())
                && let Some((_, cause)) = first_line(&Look::at(step))
            {
                known = Some((step, cause));
            }
        }
        if let Some((step, cause)) = known {
            return Look::at(step).verdict(cause, steps);
        }
        let latest = latest.map(Look::at);
        // An answer that says what was wrong, though not in words that the table knows, is not explained by a rule that
        // only passed by. One of a policy may be.
        let is_open = latest.as_ref().is_none_or(|look| {
            look.code()
                .is_none_or(|code| code.as_bytes().get(1..4) == Some(b".7."))
        });
        if is_open {
            // The first line that fits any of the others; of several steps the latest.
            let mut found: Option<(usize, &Step, &'static str)> = None;
            for step in steps.iter().filter(|step| !step.is_failure()) {
                if let Some((line, cause)) = first_line(&Look::at(step))
                    && found.is_none_or(|(first, known, _)| {
                        line < first || line == first && known.order() <= step.order()
                    })
                {
                    found = Some((line, step, cause));
                }
            }
            if let Some((_, step, cause)) = found {
                // What the last step answered is said, if there is one; the step before says who was behind it.
                return latest.unwrap_or_else(|| Look::at(step)).verdict(cause, steps);
            }
        }
        latest.map(|look| look.verdict(OTHER, steps)).unwrap_or_default()
    }
}

/// The first line of the table that fits: which one, and its cause.
#[inline(never)]
fn first_line(look: &Look<'_>) -> Option<(usize, &'static str)> {
    let mut lines = lines().enumerate();
    lines.find_map(|(number, line)| line.fits(look).then_some((number, line.cause)))
}

/// A step, and all its text in one.
struct Look<'a> {
    step: &'a Step,
    text: String,
}

impl<'a> Look<'a> {
    fn at(step: &'a Step) -> Self {
        let mut text = step.detail.clone();
        text.extend(["\nAction=", &step.action]);
        match &step.data {
            Data::Facts(facts) => {
                // What agents note for themselves holds any word, and no answer.
                for (name, value) in facts.iter().filter(|(name, _)| name != "CustomData") {
                    text.extend(["\n", name, "=", value]);
                }
            }
            Data::Text(data) => text.extend(["\n", data]),
        }
        Self { step, text }
    }

    /// What the last server answered: `{LED=…}` of the status, else the step's description, else its status.
    fn reason(&self) -> Option<&str> {
        let mut rest = self.text.as_str();
        while let Some((_, behind)) = cut(rest, "{LED=") {
            let answer = cut(behind, "};")
                .or_else(|| cut(behind, "}"))
                .map_or(behind, |(answer, _)| answer);
            if !answer.trim().is_empty() {
                return Some(answer.trim());
            }
            rest = behind;
        }
        let described = || Some(self.step.detail.trim()).filter(|text| !text.is_empty());
        let status = || {
            self.step
                .data
                .fact("RecipientStatus")
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        described().or_else(status)
    }

    fn code(&self) -> Option<&str> {
        self.reason()
            .and_then(enhanced_status_code)
            .or_else(|| enhanced_status_code(&self.text))
    }

    fn verdict(&self, cause: &'static str, steps: &[Step]) -> Verdict {
        let behind = match cause {
            "dlp" => Some("dlp rule"),
            "transport-rule" => Some("transport rule"),
            _ => None,
        };
        let rule = steps
            .iter()
            .rev()
            .find(|step| behind.is_some_and(|behind| step.event.eq_ignore_ascii_case(behind)))
            .map(|step| Rule::named_in(&step.detail));
        Verdict {
            cause: Some(cause),
            reason: self.reason().map(str::to_owned),
            code: self.code().map(str::to_owned),
            rule: rule.unwrap_or_default(),
        }
    }
}

impl Rule {
    /// `Transport rule: 'NAME', ID: ('GUID'), DLP policy: 'NAME', ID: (GUID).`, each name and id where there is one.
    fn named_in(detail: &str) -> Self {
        let after = |label: &str| {
            let (_, rest) = cut(detail, label)?;
            let (name, _) = cut(rest, "', ID:").or_else(|| cut(rest, "'"))?;
            Some((name, rest.get(name.len()..)?))
        };
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let rule = after("rule: '");
        let id = rule.and_then(|(_, rest)| {
            let rest = rest.strip_prefix("', ID: (")?;
            let rest = rest.strip_prefix('\'').unwrap_or(rest);
            let end = rest
                .bytes()
                .position(|byte| !byte.is_ascii_hexdigit() && byte != b'-')?;
            let id = rest.get(..end)?;
            Some(id).filter(|id| id.bytes().any(|digit| !b"0-".contains(&digit)))
        });
        Self {
            id: id.map(str::to_owned),
            name: rule.and_then(|(name, _)| text(name)),
            policy: after("policy: '").and_then(|(name, _)| text(name)),
        }
    }
}

/// A line of the table.
struct Line {
    cause: &'static str,
    event: &'static str,
    code: &'static str,
    text: &'static str,
}

fn lines() -> impl Iterator<Item = Line> {
    TABLE.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Line {
            cause: columns.next()?,
            event: columns.next()?,
            code: columns.next()?,
            text: columns.next()?,
        })
    })
}

impl Line {
    fn fits(&self, look: &Look<'_>) -> bool {
        let event = match self.event {
            "failed" => look.step.is_failure(),
            event => look.step.event.eq_ignore_ascii_case(event),
        };
        event
            && (self.code == "-" || look.code().is_some_and(|code| fits_code(self.code, code)))
            && match self.text {
                "-" => true,
                "@remote" => {
                    let mut rest = look.text.as_str();
                    loop {
                        match cut(rest, "{FQDN=") {
                            None => break false,
                            Some((_, behind)) if !behind.starts_with('}') => break true,
                            Some((_, behind)) => rest = behind,
                        }
                    }
                }
                text => contains(&look.text, text),
            }
    }
}

/// Whether a code is one of a pattern's: numbers, `*` for any, `a..b` for a range.
fn fits_code(pattern: &str, code: &str) -> bool {
    // A range holds dots of its own: the first two stand between the numbers.
    let mut wanted = pattern.splitn(3, '.');
    let mut given = code.split('.');
    (0..3).all(|_| match (wanted.next(), given.next()) {
        (Some("*"), Some(_)) => true,
        (Some(wanted), Some(given)) => {
            let number = |text: &str| text.parse::<u32>().ok();
            let (first, last) = cut(wanted, "..").unwrap_or((wanted, wanted));
            match (number(first), number(last), number(given)) {
                (Some(first), Some(last), Some(given)) => (first..=last).contains(&given),
                _ => false,
            }
        }
        _ => false,
    })
}

/// The first enhanced status code of a text: class 2, 4 or 5, subject and detail of one to three digits (RFC 3463), not
/// part of a longer number or word.
fn enhanced_status_code(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let digits = |at: usize| {
        let len = bytes[at..]
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        (1..=3).contains(&len).then_some(at + len)
    };
    (0..bytes.len()).find_map(|start| {
        let before = start.checked_sub(1).map_or(b' ', |before| bytes[before]);
        if !b"245".contains(&bytes[start]) || before.is_ascii_alphanumeric() || before == b'.' {
            return None;
        }
        let dot = |at: usize| (bytes.get(at) == Some(&b'.')).then_some(at + 1);
        let subject = digits(dot(start + 1)?)?;
        let end = digits(dot(subject)?)?;
        let goes_on = match bytes.get(end) {
            Some(b'.') => bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric),
            Some(next) => next.is_ascii_alphanumeric(),
            None => false,
        };
        (!goes_on).then(|| &text[start..end])
    })
}

/// Whether a text holds another, without regard to ASCII case.
fn contains(text: &str, wanted: &str) -> bool {
    text.as_bytes()
        .windows(wanted.len())
        .any(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// What stands before and behind the first of some ASCII text. In less code than the standard library's search.
#[inline(never)]
fn cut<'a>(text: &'a str, wanted: &str) -> Option<(&'a str, &'a str)> {
    let mut windows = text.as_bytes().windows(wanted.len());
    let at = windows.position(|window| window == wanted.as_bytes())?;
    Some((text.get(..at)?, text.get(at + wanted.len()..)?))
}
