//! Tags of Sigma as techniques of MITRE ATT&CK.

use serde_json::{Map, Value as Json, json};

/// Every tactic of Enterprise ATT&CK v17 as Sigma's tags have it, with its id and name.
const TACTICS: [(&str, &str, &str); 14] = [
    ("reconnaissance", "TA0043", "Reconnaissance"),
    ("resource-development", "TA0042", "Resource Development"),
    ("initial-access", "TA0001", "Initial Access"),
    ("execution", "TA0002", "Execution"),
    ("persistence", "TA0003", "Persistence"),
    ("privilege-escalation", "TA0004", "Privilege Escalation"),
    ("defense-evasion", "TA0005", "Defense Evasion"),
    ("credential-access", "TA0006", "Credential Access"),
    ("discovery", "TA0007", "Discovery"),
    ("lateral-movement", "TA0008", "Lateral Movement"),
    ("collection", "TA0009", "Collection"),
    ("command-and-control", "TA0011", "Command and Control"),
    ("exfiltration", "TA0010", "Exfiltration"),
    ("impact", "TA0040", "Impact"),
];

/// `threat`, of a rule's tags: tactics with id and name, techniques and their parts by id. `None` if no tag is of ATT&CK.
pub(super) fn threat(tags: &[String]) -> Option<Json> {
    let (mut ids, mut names, mut techniques, mut parts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let add = |list: &mut Vec<String>, text: &str| {
        if !list.iter().any(|known| known == text) {
            list.push(text.to_owned());
        }
    };
    for tag in tags {
        let Some(name) = tag
            .to_ascii_lowercase()
            .strip_prefix("attack.")
            .map(|name| name.replace('_', "-"))
        else {
            continue;
        };
        if let Some((_, id, name)) = TACTICS.iter().find(|(tag, ..)| *tag == name) {
            add(&mut ids, id);
            add(&mut names, name);
        } else if is_technique(&name) {
            let id = name.to_ascii_uppercase();
            let whole = id.split('.').next().unwrap_or_default();
            add(&mut techniques, whole);
            if id.contains('.') {
                add(&mut parts, &id);
            }
        }
    }
    if ids.is_empty() && techniques.is_empty() {
        return None;
    }
    let mut threat = Map::new();
    threat.insert("framework".to_owned(), json!("MITRE ATT&CK"));
    if !ids.is_empty() {
        threat.insert("tactic".to_owned(), json!({ "id": ids, "name": names }));
    }
    if !techniques.is_empty() {
        let mut technique = json!({ "id": techniques });
        if !parts.is_empty() {
            technique["subtechnique"] = json!({ "id": parts });
        }
        threat.insert("technique".to_owned(), technique);
    }
    Some(Json::Object(threat))
}

/// `t1048` or `t1114.003`.
fn is_technique(name: &str) -> bool {
    let is_number =
        |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, part) = name
        .split_once('.')
        .map_or((name, None), |(whole, part)| (whole, Some(part)));
    whole.strip_prefix('t').is_some_and(|number| is_number(number, 4))
        && part.is_none_or(|part| is_number(part, 3))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::threat;

    #[test]
    fn tags_become_tactics_techniques_and_their_parts() {
        let tags = [
            "attack.t1114.003",
            "attack.collection",
            "attack.T1114",
            "cve.2026-1",
            "attack.g0007",
        ];
        let tags: Vec<String> = tags.map(str::to_owned).to_vec();
        let expected = json!({
            "framework": "MITRE ATT&CK",
            "tactic": { "id": ["TA0009"], "name": ["Collection"] },
            "technique": { "id": ["T1114"], "subtechnique": { "id": ["T1114.003"] } },
        });
        assert_eq!(threat(&tags), Some(expected));
        assert_eq!(threat(&["attack.s0001".to_owned(), "tlp.green".to_owned()]), None);
        let spelled = threat(&["attack.command_and_control".to_owned()]);
        assert_eq!(
            spelled.and_then(|threat| threat["tactic"]["id"][0].as_str().map(str::to_owned)),
            Some("TA0011".to_owned())
        );
    }
}
