//! The other ways to the same rows: details, and the Reporting Web Service.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use chrono::{DateTime, Duration, Utc};
use common::{Client, LIST, at, json};
use message_trace_simulator::{Reply, Row, Settings, Status};

const REPORT: &str = "https://reports.office365.com/ecp/reportingwebservice/reporting.svc/MessageTrace";

fn now() -> DateTime<Utc> {
    at(2026, 3, 3, 18)
}

fn client() -> Client {
    let mut settings = Settings::new(3, at(2026, 3, 2, 0));
    settings.rows_per_day = 9_000;
    Client::new(settings)
}

fn row(client: &mut Client, test: impl Fn(&Row) -> bool) -> Row {
    let from = now() - Duration::hours(8);
    client
        .simulator
        .tenant()
        .rows(from, now() - Duration::hours(5))
        .find(|row| test(row))
        .unwrap()
        .clone()
}

fn details(client: &mut Client, version: &str, id: &str, recipient: &str) -> Reply {
    let recipient = recipient.replace('\'', "%27%27");
    let list = LIST.replace("v1.0", version);
    client.ask(
        now(),
        &format!("{list}/{id}/getDetailsByRecipient(recipientAddress='{recipient}')"),
    )
}

#[test]
fn details_tell_the_way_of_a_row() {
    let mut client = client();
    for status in [
        Status::Delivered,
        Status::Failed,
        Status::Expanded,
        Status::FilteredAsSpam,
        Status::Quarantined,
    ] {
        let row = row(&mut client, |row| {
            row.state_at(now()).is_some_and(|state| state.status == status)
        });
        let answer = details(&mut client, "v1.0", &row.message.id, &row.recipient);
        let body = json(&answer);
        assert_eq!(
            body["@odata.context"],
            "https://graph.microsoft.com/v1.0/$metadata#Collection(microsoft.graph.exchangeMessageTraceDetail)"
        );
        let steps = body["value"].as_array().unwrap();
        let event = match status {
            Status::Failed => "Fail",
            Status::Expanded => "Expand DL",
            Status::FilteredAsSpam => "Spam",
            Status::Quarantined => "Transport rule",
            _ => {
                if row.last().to_ip.is_empty() {
                    "Deliver"
                } else {
                    "Send"
                }
            }
        };
        assert!(steps.iter().any(|step| step["event"] == event), "{steps:?}");
        for step in steps {
            assert_eq!(step["id"], *row.message.id);
            assert!(step["dateTime"].as_str().unwrap().ends_with('Z'));
            let data = step["data"].as_str().unwrap();
            assert!(data.starts_with("<root>") && data.ends_with("</root>"));
        }
    }
}

#[test]
fn details_of_nobody_are_empty_and_the_parameter_needs_its_apostrophes() {
    let mut client = client();
    let row = row(&mut client, |row| row.recipient.contains('\''));
    assert_eq!(
        details(&mut client, "v1.0", &row.message.id, "nobody@example.com")
            .response
            .status(),
        200
    );
    let nobody = json(&details(
        &mut client,
        "v1.0",
        &row.message.id,
        "nobody@example.com",
    ));
    assert_eq!(nobody["value"].as_array().unwrap().len(), 0);
    let beta = json(&details(&mut client, "beta", &row.message.id, &row.recipient));
    assert!(beta.get("@odata.context").is_none());
    assert_eq!(
        beta["value"][0]["@odata.type"],
        "#microsoft.graph.exchangeMessageTraceDetail"
    );
    let bare = format!(
        "{LIST}/{}/getDetailsByRecipient(recipientAddress=a@example.com)",
        row.message.id
    );
    assert_eq!(client.ask(now(), &bare).response.status(), 400);
}

fn report(client: &mut Client, query: &str, headers: &[(&str, &str)]) -> Reply {
    let token = format!("Bearer {}", client.simulator.reporting_token(now()));
    let mut all = vec![("authorization", token.as_str())];
    all.extend_from_slice(headers);
    client.ask_with(now(), &format!("{REPORT}?{query}"), &all)
}

#[test]
fn verbose_pages_hold_2000_rows_and_lead_to_the_next() {
    let mut client = client();
    let query = "$format=json&$filter=StartDate eq datetime'2026-03-03T00:00:00Z' and EndDate eq datetime'2026-03-03T18:00:00Z'";
    let mut rows = Vec::new();
    let mut url = format!("{REPORT}?{query}");
    loop {
        let token = format!("Bearer {}", client.simulator.reporting_token(now()));
        let body = json(&client.ask_with(now(), &url, &[("authorization", &token)]));
        let page = body["d"]["results"].as_array().unwrap().clone();
        assert!(page.len() <= 2_000);
        rows.extend(page);
        match body["d"]["__next"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert!(rows.len() > 4_000);
    let visible = client
        .simulator
        .tenant()
        .rows(at(2026, 3, 3, 0), now())
        .filter(|row| row.visible_at() <= now())
        .count();
    assert_eq!(rows.len(), visible);
    let row = &rows[7];
    assert_eq!(row["Index"], 7);
    assert_eq!(row["__metadata"]["type"], "TenantReporting.MessageTrace");
    assert_eq!(row["StartDate"], "/Date(1772496000000)/");
    assert!(row["Received"].as_str().unwrap().starts_with("/Date(17725"));
    assert!(rows.iter().any(|row| row["ToIP"].is_null()) && rows.iter().any(|row| row["ToIP"].is_string()));
    assert!(rows.iter().any(|row| row["FromIP"].is_null()));
    assert!(rows.iter().all(|row| {
        row["Status"]
            .as_str()
            .unwrap()
            .starts_with(|letter: char| letter.is_uppercase())
    }));
}

#[test]
fn light_rows_have_seven_digits_and_no_zone_beside_bounds_with_one() {
    let mut client = client();
    let body = json(&report(&mut client, "$top=5", &[("accept", "application/json")]));
    let metadata = body["odata.metadata"].as_str().unwrap();
    assert!(
        metadata.ends_with("/Reporting.svc/$metadata#MessageTrace"),
        "{metadata}"
    );
    let row = &body["value"][0];
    let (received, start) = (
        row["Received"].as_str().unwrap(),
        row["StartDate"].as_str().unwrap(),
    );
    assert_eq!((received.len(), start.len()), (27, 28));
    assert!(!received.ends_with('Z') && start.ends_with('Z'));
    assert!(body["odata.nextLink"].as_str().unwrap().ends_with("$skiptoken=5"));
    let atom = report(&mut client, "$top=5", &[]);
    let text = String::from_utf8(atom.response.into_body()).unwrap();
    assert!(text.starts_with("<?xml") && text.matches("<entry>").count() == 5);
}

#[test]
fn the_older_service_is_later_and_refuses_in_its_own_way() {
    let mut client = client();
    client.simulator.settings_mut().reporting_delay = Duration::hours(10);
    let body = json(&report(&mut client, "$format=json&$top=1", &[]));
    let received = body["d"]["results"][0]["Received"].as_str().unwrap().to_owned();
    let millis = received
        .trim_start_matches("/Date(")
        .trim_end_matches(")/")
        .parse()
        .unwrap();
    assert!(DateTime::from_timestamp_millis(millis).unwrap() < now() - Duration::hours(9));

    let graph = format!("Bearer {}", client.simulator.token(now()));
    let reply = client.ask_with(now(), REPORT, &[("authorization", &graph)]);
    assert_eq!(reply.response.status(), 401);
    let page = String::from_utf8(reply.response.into_body()).unwrap();
    assert!(page.contains("401 - Unauthorized: Access is denied due to invalid credentials."));
    assert_eq!(
        report(&mut client, "$filter=Received gt 1", &[])
            .response
            .status(),
        400
    );
    client.simulator.settings_mut().access.permission_granted = false;
    let reply = report(&mut client, "$format=json", &[]);
    assert_eq!(reply.response.status(), 403);
    assert_eq!(
        json(&reply)["Message"],
        "No permission to access the report for the organization ."
    );
}
