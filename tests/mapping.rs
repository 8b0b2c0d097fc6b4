//! `docs/mapping.md` says what the fixtures show: all of it, and nothing else.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use message_trace::{Format, Target};
use message_trace_reference::{self as reference, Case, Expected, Json};

/// The values at each path of an event.
type Values = BTreeMap<String, BTreeSet<String>>;

/// A row of a table of the page, by the names of its columns.
type Row = BTreeMap<String, String>;

#[test]
fn every_path_of_the_events_is_on_the_page_and_no_other() {
    for target in Target::ALL {
        let rows = table(&format!("Target `{}`", target.name()));
        let listed: Vec<String> = rows.iter().map(|row| code(&row["path"])).collect();
        let found = paths(target);
        let unique: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!(unique.len(), listed.len(), "{}: a path twice", target.name());
        assert_eq!(unique, found, "{}", target.name());
    }
}

#[test]
fn every_example_is_what_its_fixture_gives() {
    for target in Target::ALL {
        for row in table(&format!("Target `{}`", target.name())) {
            let (path, name) = (code(&row["path"]), code(&row["fixture"]));
            let label = format!("{} {path}, fixture {name}", target.name());
            let values = values_of(&name, target)
                .remove(&path)
                .unwrap_or_else(|| panic!("{label}: not there"));
            let example = match row["example"].as_str() {
                "the row" => Json::Text(String::from_utf8(case(&name).input).unwrap()).compact(),
                example => code(example),
            };
            assert!(values.contains(&example), "{label}: {values:?}");
        }
    }
}

#[test]
fn the_first_table_has_the_keys_that_are_read_and_paths_that_exist() {
    let rows = table("One page");
    for format in Format::ALL {
        let column = format!("key in `{}`", format.name());
        // The last row is the line itself.
        let cells = rows[..rows.len() - 1].iter().map(|row| row[&column].as_str());
        let listed: Vec<String> = cells.filter(|&cell| cell != "–").map(code).collect();
        assert_eq!(listed, format.keys().collect::<Vec<_>>(), "{}", format.name());
    }
    for target in Target::ALL {
        let known = paths(target);
        for row in &rows {
            let cell = row[&format!("in `{}`", target.name())].replace('–', "");
            for path in cell.split(", ").filter(|path| !path.is_empty()) {
                assert!(known.contains(&code(path)), "{} {path}", target.name());
            }
        }
    }
    for row in rows {
        case(&code(&row["fixture"]));
    }
}

#[test]
fn every_status_is_judged_as_the_table_says() {
    let rows = table("Statuses");
    for row in &rows {
        let name = code(&row["fixture"]);
        let word = row["status"].split('`').nth(1).map(str::to_owned);
        let sekoia = values_of(&name, Target::Sekoia);
        let written = sekoia.get("event.action").map(|words| words.first().unwrap());
        let written = written.map(|word| word.trim_matches('"').to_lowercase());
        assert_eq!(written, word.map(|word| word.to_lowercase()), "{name}");
        for (target, path) in [
            (Target::Ecs, "event.action"),
            (Target::Ecs, "event.outcome"),
            (Target::Ocsf, "status"),
            (Target::Ocsf, "status_id"),
        ] {
            let values = values_of(&name, target);
            let found = values.get(path).map(|values| values.first().unwrap().as_str());
            let expected = match row[&format!("`{}` `{path}`", target.name())].as_str() {
                "–" => None,
                cell => Some(code(cell)),
            };
            assert_eq!(
                found.map(|found| found.trim_matches('"')),
                expected.as_deref(),
                "{name} {path}"
            );
        }
    }
    // The known words, one unknown word and no word.
    assert_eq!(rows.len(), 13);
}

#[test]
fn what_is_missing_is_missing() {
    for row in table("Why is a field missing?") {
        let name = code(&row["fixture"]);
        for path in row["the event has no"].split(", ").map(code) {
            let targets = Target::ALL
                .into_iter()
                .filter(|&target| target != Target::Sekoia || !row["because"].starts_with("`ecs`"))
                // What only some targets have at all is looked for in those.
                .filter(|&target| paths(target).contains(&path));
            for target in targets {
                assert!(!values_of(&name, target).contains_key(&path), "{name} {path}");
            }
        }
    }
}

#[test]
fn every_reason_is_given_by_its_fixture() {
    for row in table("Rejections") {
        let name = code(&row["fixture"]);
        let Expected::Rejection(rejection) = case(&name).expected(Target::Ecs).unwrap() else {
            panic!("{name} is no rejection");
        };
        assert_eq!(
            rejection.member("reason"),
            Some(&Json::Text(code(&row["reason"])))
        );
    }
    assert_eq!(table("Rejections").len(), 7);
    for row in table("Decisions").into_iter().chain(table("Formats")) {
        case(&code(&row["fixture"]));
    }
}

/// The table under a heading.
fn table(heading: &str) -> Vec<Row> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mapping.md")).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let mut lines = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |"));
            cells.unwrap_or(line).split(" | ").map(str::to_owned)
        });
    let columns: Vec<String> = lines.next().unwrap().collect();
    let rows: Vec<Row> = lines
        .skip(1)
        .map(|cells| {
            let cells: Vec<String> = cells.collect();
            assert_eq!(cells.len(), columns.len(), "{heading}: {cells:?}");
            columns.iter().cloned().zip(cells).collect()
        })
        .collect();
    assert!(!rows.is_empty(), "{heading}");
    rows
}

/// The text of a cell that is code.
fn code(cell: &str) -> String {
    let text = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
    text.unwrap_or_else(|| panic!("{cell} is not between backticks"))
        .to_owned()
}

/// The fixture of a name.
fn case(name: &str) -> Case {
    reference::cases()
        .unwrap()
        .into_iter()
        .find(|case| case.name == name)
        .unwrap_or_else(|| panic!("no fixture {name}"))
}

fn values_of(name: &str, target: Target) -> Values {
    match case(name).expected(target).unwrap() {
        Expected::Event(event) => values(&event),
        Expected::Rejection(_) => panic!("{name} is a rejection"),
    }
}

/// Every path of any event of the fixtures.
fn paths(target: Target) -> BTreeSet<String> {
    let mut events = Vec::new();
    for case in reference::cases().unwrap() {
        if let Expected::Event(event) = case.expected(target).unwrap() {
            events.push(event);
        }
    }
    for batch in reference::batches().unwrap() {
        events.extend(batch.events(target).unwrap());
    }
    events
        .iter()
        .flat_map(|event| values(event).into_keys())
        .collect()
}

fn values(event: &Json) -> Values {
    fn walk(path: &str, value: &Json, values: &mut Values) {
        match value {
            // Facts have the names that the service gives them.
            Json::Object(members) if !path.ends_with(".steps[].data") => {
                for (key, value) in members {
                    let dot = if path.is_empty() { "" } else { "." };
                    walk(&format!("{path}{dot}{key}"), value, values);
                }
            }
            Json::Array(elements)
                if elements
                    .iter()
                    .any(|(_, element)| matches!(element, Json::Object(_))) =>
            {
                for (_, element) in elements {
                    walk(&format!("{path}[]"), element, values);
                }
            }
            value => {
                values.entry(path.to_owned()).or_default().insert(value.compact());
            }
        }
    }
    let mut found = Values::new();
    walk("", event, &mut found);
    found
}
