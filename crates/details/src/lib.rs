//! Why a message was not delivered: the steps of a message's details, and what they say by a table of causes.
//!
//! A crate of its own, because it is compiled for size: one row in a hundred has details, and the component is to stay small.
//! For the same reason nothing here is put into its callers.

mod cause;
mod write;
mod xml;

pub use cause::{Rule, Verdict};
pub use write::write_text;
use xml::Facts;
pub use xml::MAX_FACTS;

/// The most steps that an event has; the cause is looked for in all.
pub const MAX_STEPS: usize = 256;

/// The steps of a message, and what they say.
#[derive(Debug, Default)]
pub struct Details {
    steps: Vec<Step>,
    /// Why the message was not delivered; empty until it is [judged](Self::judge).
    pub verdict: Verdict,
}

/// One thing that happened. Texts are empty where there is none.
#[derive(Debug, Default)]
struct Step {
    /// When, as RFC 3339 in UTC with seconds, so that texts are in the order of their times.
    time: String,
    /// What happened: `Receive`, `Fail`, `Transport rule`.
    event: String,
    /// What was done, in the service's words.
    action: String,
    /// The description.
    detail: String,
    /// What stands beside the description.
    data: Data,
}

/// What a step says beside its description.
#[derive(Debug)]
enum Data {
    /// The facts of its XML.
    Facts(Facts),
    /// The text, where it could not be read.
    Text(String),
}

impl Default for Data {
    fn default() -> Self {
        Self::Facts(Facts::new())
    }
}

impl Data {
    /// Reads the text of a step's data: XML of one form, blank text as no facts, anything else as the text it is.
    fn read(text: String) -> Self {
        if text.trim().is_empty() {
            return Self::default();
        }
        match xml::facts(&text) {
            Some(facts) => Self::Facts(facts),
            None => Self::Text(text),
        }
    }

    /// The first value of a fact.
    fn fact(&self, name: &str) -> Option<&str> {
        match self {
            Self::Facts(facts) => {
                let (_, value) = facts.iter().find(|(known, _)| known == name)?;
                Some(value)
            }
            Self::Text(_) => None,
        }
    }
}

impl Details {
    /// Makes details for some work. Dropping them is code as well: so it is compiled for size, too.
    #[inline(never)]
    pub fn with(work: &mut dyn FnMut(&mut Self)) {
        work(&mut Self::default());
    }

    /// Adds a step, in the order in which they came.
    #[inline(never)]
    pub fn begin_step(&mut self) {
        self.steps.push(Step::default());
    }

    /// Takes the value of a key of the step that was begun last: those of Graph, and those of the Reporting Web Service. Of
    /// several for one thing the last one counts; other keys say nothing. `time` makes RFC 3339 of a time as it is written,
    /// and an empty text of what is none.
    #[inline(never)]
    pub fn set(&mut self, key: &str, value: String, time: fn(&str) -> String) {
        let Some(step) = self.steps.last_mut() else { return };
        match key {
            "dateTime" | "Date" => step.time = time(&value),
            "event" | "Event" => step.event = value,
            "action" | "Action" => step.action = value,
            "description" | "Detail" => step.detail = value,
            "data" | "Data" => step.data = Data::read(value),
            _ => {}
        }
    }

    /// Forgets all steps.
    #[inline(never)]
    pub fn clear(&mut self) {
        self.steps.clear();
    }

    /// Finds out why the message was not delivered. Not to be asked of one that was.
    #[inline(never)]
    pub fn judge(&mut self) {
        self.verdict = Verdict::of(&self.steps);
    }

    /// Whether every step that is written has a time.
    #[inline(never)]
    #[must_use]
    pub fn has_times(&self) -> bool {
        self.steps
            .iter()
            .take(MAX_STEPS)
            .all(|step| !step.time.is_empty())
    }
}

impl Step {
    /// Orders steps by their second, those without a time first; of one second, in which steps come in no order, those that
    /// end a way last.
    fn order(&self) -> (&str, bool) {
        (self.time.get(..19).unwrap_or_default(), self.is_end())
    }

    /// Whether it says that the message did not arrive, or not yet.
    fn is_failure(&self) -> bool {
        self.is_one_of(&["fail", "drop", "defer"])
    }

    /// Whether the message's way ends with it.
    fn is_end(&self) -> bool {
        self.is_failure() || self.is_one_of(&["deliver", "send", "send external", "expand dl"])
    }

    fn is_one_of(&self, events: &[&str]) -> bool {
        events.iter().any(|event| self.event.eq_ignore_ascii_case(event))
    }
}
