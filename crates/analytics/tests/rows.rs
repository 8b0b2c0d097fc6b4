//! Events of both targets and raw lines give the same rows.

use message_trace_analytics::{COLUMNS, QUESTIONS, Reader, Refused, Row, Value};
use std::fs;
use std::path::Path;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(name);
    fs::read(&path).unwrap_or_else(|error| unreachable!("{}: {error}", path.display()))
}

fn value<'a>(row: &'a Row, name: &str) -> &'a Value {
    let at = COLUMNS.iter().position(|column| column.name == name);
    &row[at.unwrap_or_else(|| unreachable!("no column {name}"))]
}

#[test]
fn three_spellings_of_one_record_are_one_row() -> Result<(), Refused> {
    let mut reader = Reader::new(vec![String::from("example.com")]);
    let raw = reader.row(fixture("direction/inbound.in.txt").trim_ascii_end())?;
    let ecs = reader.row(&fixture("direction/inbound.ecs.json"))?;
    let ocsf = reader.row(&fixture("direction/inbound.ocsf.json"))?;
    assert_eq!(raw, ecs);
    assert_eq!(raw, ocsf);
    assert_eq!(value(&raw, "time"), &Value::Number(1_749_810_600_000_000));
    assert_eq!(
        value(&raw, "recipient"),
        &Value::Text("bob@example.com".into()),
        "in lower case"
    );
    assert_eq!(value(&raw, "direction"), &Value::Text("inbound".into()));
    assert_eq!(value(&raw, "size"), &Value::Number(45678));
    Ok(())
}

#[test]
fn a_bounce_has_no_sender() -> Result<(), Refused> {
    let row = Reader::new(Vec::new()).row(&fixture("bounce/null-sender.ecs.json"))?;
    assert_eq!(
        (value(&row, "sender"), value(&row, "is_bounce")),
        (&Value::Null, &Value::Flag(true))
    );
    Ok(())
}

#[test]
fn what_cannot_be_asked_about_is_refused() {
    let mut reader = Reader::new(Vec::new());
    assert_eq!(
        reader.row(&fixture("direction/inbound.sekoia.json")),
        Err(Refused::OtherTarget)
    );
    assert!(matches!(reader.row(b"{"), Err(Refused::Rejected(_))));
    assert_eq!(
        reader.row(br#"{"ecs":{"version":"9.4.0"},"@timestamp":"yesterday"}"#),
        Err(Refused::NoTime)
    );
}

#[test]
fn every_question_says_what_it_is_and_uses_known_columns() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    let is_sql = |entry: &fs::DirEntry| entry.path().extension().is_some_and(|end| end == "sql");
    let files = fs::read_dir(folder).map_or(0, |all| all.flatten().filter(is_sql).count());
    assert_eq!(files, QUESTIONS.len(), "a file is missing in the list");
    for question in QUESTIONS {
        assert!(question.purpose().len() > 10, "{}", question.name);
        assert!(question.sql.contains("-- Columns: "), "{}", question.name);
        // A row that changed counts once, but where its statuses are what is asked for.
        let asks = |table| {
            ["FROM", "JOIN"]
                .map(|word| question.sql.contains(&format!("{word} {table}")))
                .contains(&true)
        };
        let asks_statuses = question.name == "quarantined-then-delivered";
        assert_eq!(
            (asks("records"), asks("events")),
            (!asks_statuses, asks_statuses),
            "{}",
            question.name
        );
    }
}
