//! The rules: from what on, and what an alert of each says. What is unusual stands in `sql/rules/`, a file for each.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// An address of ours: `user.email`.
    User,
    /// A domain outside: `source.domain`.
    Domain,
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// `rule.id`, and its name in the file of thresholds.
    pub(super) id: &'static str,
    /// `rule.name`.
    pub(super) name: &'static str,
    /// The question to ask to see more of it.
    pub(super) question: &'static str,
    /// What finds it: rows with a column `day`, the subject, what is observed, and, where that differs, its `unit`.
    pub(super) sql: &'static str,
    pub(super) subject: Subject,
    /// The answer's column with the subject.
    pub(super) who: &'static str,
    /// The column of `events` with the subject, for the evidence.
    pub(super) evidence: &'static str,
    /// The column that is held against the threshold.
    pub(super) observed: &'static str,
    /// What it counts.
    pub(super) unit: &'static str,
    /// From what on an alert is raised, where the file of thresholds says nothing. Its SQL has floors of its own.
    pub(super) at_least: i64,
    /// `event.severity`, 0 to 100 as Elastic's rules have it: 21 low, 47 medium, 73 high.
    pub(super) severity: u8,
    /// MITRE ATT&CK: the tactic's id and name.
    pub(super) tactic: (&'static str, &'static str),
    pub(super) technique: Technique,
}

/// A technique of MITRE ATT&CK, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Technique {
    /// Such as `T1583`.
    id: &'static str,
    name: &'static str,
    /// The part's, such as `T1583.001`.
    part: Option<(&'static str, &'static str)>,
}

impl Technique {
    const fn whole(id: &'static str, name: &'static str) -> Self {
        Self { id, name, part: None }
    }

    /// The id that says most.
    pub(super) const fn id(&self) -> &'static str {
        match self.part {
            Some((id, _)) => id,
            None => self.id,
        }
    }

    /// `threat.technique`.
    pub(super) fn event(&self) -> Json {
        let mut technique = json!({ "id": [self.id], "name": [self.name] });
        if let Some((id, name)) = self.part {
            technique["subtechnique"] = json!({ "id": [id], "name": [name] });
        }
        technique
    }
}

const EXFILTRATION: (&str, &str) = ("TA0010", "Exfiltration");
const ALTERNATIVE: Technique = Technique::whole("T1048", "Exfiltration Over Alternative Protocol");
const EMAIL_ADDRESSES: Technique = Technique {
    part: Some(("T1589.002", "Email Addresses")),
    ..Technique::whole("T1589", "Gather Victim Identity Information")
};
const DOMAINS: Technique = Technique {
    part: Some(("T1583.001", "Domains")),
    ..Technique::whole("T1583", "Acquire Infrastructure")
};

/// Every rule. Techniques: MITRE ATT&CK v17, attack.mitre.org.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "unusual-volume",
        name: "Far more mail to the outside than usual",
        question: "baseline",
        sql: include_str!("../../../sql/rules/unusual-volume.sql"),
        subject: Subject::User,
        who: "sender",
        evidence: "sender",
        observed: "observed",
        unit: "messages",
        at_least: 1,
        severity: 73,
        tactic: EXFILTRATION,
        technique: ALTERNATIVE,
    },
    Rule {
        id: "large-to-one",
        name: "Many large messages to one recipient outside",
        question: "large-to-one",
        sql: include_str!("../../../sql/rules/large-to-one.sql"),
        subject: Subject::User,
        who: "sender",
        evidence: "sender",
        observed: "bytes",
        unit: "bytes",
        at_least: 1,
        severity: 73,
        tactic: EXFILTRATION,
        technique: ALTERNATIVE,
    },
    Rule {
        id: "own-private-address",
        name: "Mail to the sender's own address outside",
        question: "own-private-address",
        sql: include_str!("../../../sql/rules/own-private-address.sql"),
        subject: Subject::User,
        who: "sender",
        evidence: "sender",
        observed: "bytes",
        unit: "bytes",
        at_least: 2_097_152,
        severity: 47,
        tactic: EXFILTRATION,
        technique: ALTERNATIVE,
    },
    Rule {
        id: "fan-out",
        name: "Very many different recipients outside within one hour",
        question: "fan-out",
        sql: include_str!("../../../sql/rules/fan-out.sql"),
        subject: Subject::User,
        who: "sender",
        evidence: "sender",
        observed: "recipients",
        unit: "recipients",
        at_least: 50,
        severity: 47,
        tactic: ("TA0001", "Initial Access"),
        technique: Technique::whole("T1078", "Valid Accounts"),
    },
    Rule {
        id: "recipient-enumeration",
        name: "Somebody outside tries out addresses",
        question: "recipient-enumeration",
        sql: include_str!("../../../sql/rules/recipient-enumeration.sql"),
        subject: Subject::Domain,
        who: "domain",
        evidence: "sender_domain",
        observed: "failed",
        unit: "recipients that do not exist",
        at_least: 20,
        severity: 47,
        tactic: ("TA0043", "Reconnaissance"),
        technique: EMAIL_ADDRESSES,
    },
    Rule {
        id: "backscatter",
        name: "Bounces for mail that the address did not send",
        question: "backscatter",
        sql: include_str!("../../../sql/rules/backscatter.sql"),
        subject: Subject::User,
        who: "recipient",
        evidence: "recipient",
        observed: "bounces",
        unit: "bounces",
        at_least: 10,
        severity: 21,
        tactic: ("TA0005", "Defense Evasion"),
        technique: Technique::whole("T1656", "Impersonation"),
    },
    Rule {
        id: "lookalike-domain",
        name: "Mail with a domain that imitates a protected one",
        question: "lookalikes",
        sql: include_str!("../../../sql/rules/lookalike-domain.sql"),
        subject: Subject::Domain,
        who: "domain",
        evidence: "sender_domain",
        observed: "received",
        unit: "messages",
        at_least: 1,
        severity: 73,
        tactic: ("TA0042", "Resource Development"),
        technique: DOMAINS,
    },
];

/// The file of thresholds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::engine) struct Thresholds {
    pub(super) allow: Allow,
    pub(super) rules: BTreeMap<String, Threshold>,
}

/// Who raises no alert.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Allow {
    /// Addresses of ours, such as that of the newsletter.
    pub(super) users: Vec<String>,
    /// Domains outside.
    pub(super) domains: Vec<String>,
}

/// One rule's.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Threshold {
    pub(super) enabled: bool,
    pub(super) at_least: Option<i64>,
}

impl Default for Threshold {
    fn default() -> Self {
        Self {
            enabled: true,
            at_least: None,
        }
    }
}

impl Thresholds {
    /// From what on a rule raises an alert; `None` if it is switched off.
    pub(super) fn of(&self, rule: &Rule) -> Option<i64> {
        match self.rules.get(rule.id) {
            Some(Threshold { enabled: false, .. }) => None,
            Some(Threshold {
                at_least: Some(at_least),
                ..
            }) => Some(*at_least),
            _ => Some(rule.at_least),
        }
    }

    /// A rule that the file names and that there is not.
    pub(super) fn unknown(&self) -> Option<&str> {
        let is_known = |name: &str| RULES.iter().any(|rule| rule.id == name);
        self.rules.keys().map(String::as_str).find(|name| !is_known(name))
    }

    /// Whether an address or domain is to be left alone, whatever rule finds it.
    pub(super) fn allows_anywhere(&self, who: &str) -> bool {
        let mut all = self.allow.users.iter().chain(&self.allow.domains);
        all.any(|allowed| allowed.eq_ignore_ascii_case(who))
    }

    pub(super) fn allows(&self, rule: &Rule, who: &str) -> bool {
        let list = match rule.subject {
            Subject::User => &self.allow.users,
            Subject::Domain => &self.allow.domains,
        };
        list.iter().any(|allowed| allowed.eq_ignore_ascii_case(who))
    }
}
