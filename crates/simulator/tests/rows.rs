//! Rows: who is in them, when they appear, how they change.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Datelike as _, Duration, Timelike as _, Utc};
use common::{Client, at, json, window};
use message_trace_simulator::{
    Changes, DOMAIN, Delays, Kind, LOOK_ALIKES, PRIVATE_MAILBOX, Rhythm, Row, Settings, Simulator, Status,
};

/// A week from a Monday.
fn week(rows_per_day: u32) -> Settings {
    let mut settings = Settings::new(11, at(2026, 3, 2, 0));
    settings.rows_per_day = rows_per_day;
    settings
}

fn all(simulator: &mut Simulator) -> Vec<Row> {
    simulator
        .tenant()
        .rows(at(2026, 3, 2, 0), at(2026, 3, 8, 23))
        .cloned()
        .collect()
}

#[test]
fn keys_are_unique_and_rows_of_a_message_share_its_facts() {
    let rows = all(&mut Simulator::new(week(3_000)));
    assert!((12_000..22_000).contains(&rows.len()), "{}", rows.len());
    let keys = rows
        .iter()
        .map(|row| (row.key().0.to_owned(), row.key().1))
        .collect::<HashSet<_>>();
    assert_eq!(keys.len(), rows.len());
    let mut messages = HashMap::new();
    for row in &rows {
        assert_eq!(
            *messages
                .entry(row.message.id.clone())
                .or_insert(row.message.clone()),
            row.message
        );
    }
    assert!(messages.len() < rows.len());
}

#[test]
fn groups_expand_to_their_members() {
    let rows = all(&mut Simulator::new(week(3_000)));
    let groups = rows
        .iter()
        .filter(|row| row.last().status == Status::Expanded)
        .collect::<Vec<_>>();
    assert!(groups.len() > 20);
    for group in groups {
        let members = rows
            .iter()
            .filter(|row| row.message.id == group.message.id)
            .count()
            - 1;
        assert!(members >= 1 && group.message.kind == Kind::Group);
    }
}

#[test]
fn a_message_id_can_come_back_under_a_second_trace_id() {
    let rows = all(&mut Simulator::new(week(5_000)));
    let mut ids = HashMap::<_, BTreeSet<_>>::new();
    for row in rows.iter().filter(|row| row.message.message_id.is_some()) {
        ids.entry(row.message.message_id.clone())
            .or_default()
            .insert(row.message.id.clone());
    }
    assert!(ids.values().any(|traces| traces.len() == 2));
}

#[test]
fn traffic_keeps_working_hours_and_weekends() {
    let rows = all(&mut Simulator::new(week(4_000)));
    let count =
        |test: &dyn Fn(DateTime<Utc>) -> bool| rows.iter().filter(|row| test(row.message.received)).count();
    let (tuesday, saturday) = (count(&|time| time.day() == 3), count(&|time| time.day() == 7));
    assert!(tuesday > 3 * saturday, "{tuesday} {saturday}");
    assert!((3_300..4_900).contains(&tuesday), "{tuesday}");
    let (morning, night) = (count(&|time| time.hour() == 10), count(&|time| time.hour() == 3));
    assert!(morning > 5 * night, "{morning} {night}");
    let mut even = week(4_800);
    even.rhythm = Rhythm::Even;
    let rows = all(&mut Simulator::new(even));
    let mut hours = HashMap::<_, usize>::new();
    for row in &rows {
        *hours
            .entry((row.message.received.day(), row.message.received.hour()))
            .or_default() += 1;
    }
    // A message's last recipients may go over the hour's share.
    assert!(hours.values().all(|count| (200..330).contains(count)));
}

#[test]
fn every_kind_of_traffic_is_there() {
    let mut settings = week(5_000);
    settings.exfiltration_at = Some(at(2026, 3, 5, 21));
    let rows = all(&mut Simulator::new(settings));
    let kinds = rows.iter().map(|row| row.message.kind).collect::<HashSet<_>>();
    assert_eq!(kinds.len(), 8, "{kinds:?}");
    let stolen = rows
        .iter()
        .filter(|row| row.recipient == PRIVATE_MAILBOX)
        .collect::<Vec<_>>();
    assert_eq!(stolen.len(), 60);
    let bytes = stolen.iter().map(|row| u64::from(row.last().size)).sum::<u64>();
    assert!(bytes > 900_000_000);
    let senders = stolen
        .iter()
        .map(|row| row.message.sender.clone().unwrap())
        .collect::<HashSet<_>>();
    assert_eq!(senders.len(), 1);
    let sender = senders.into_iter().next().unwrap();
    assert!(rows.iter().any(|row| {
        row.message.kind == Kind::Ordinary
            && row.message.sender.as_ref().is_some_and(|other| *other == sender)
    }));
    let bounces = rows.iter().filter(|row| row.message.kind == Kind::Bounce);
    let from = bounces
        .map(|row| row.message.sender.clone())
        .collect::<HashSet<_>>();
    for sender in [
        Some("<>".to_owned()),
        Some(String::new()),
        None,
        Some(format!("postmaster@{DOMAIN}")),
    ] {
        assert!(from.contains(&sender), "{sender:?}");
    }
    let look_alikes = rows.iter().filter(|row| row.message.kind == Kind::LookAlike);
    assert!(look_alikes.count() > 10);
    assert!(rows.iter().any(|row| {
        let sender = row.message.sender.clone().unwrap_or_default();
        LOOK_ALIKES.iter().any(|domain| sender.ends_with(domain))
    }));
}

#[test]
fn a_row_is_listed_from_its_moment_on_and_keeps_its_time() {
    let mut client = Client::new(week(3_000));
    let row = client
        .simulator
        .tenant()
        .rows(at(2026, 3, 3, 8), at(2026, 3, 3, 12))
        .find(|row| row.visible_at() - row.message.received > Duration::hours(1))
        .unwrap()
        .clone();
    let around = (
        row.message.received - Duration::seconds(1),
        row.message.received + Duration::seconds(1),
    );
    let mut lists = |now| {
        let rows = client.rows(now, around.0, around.1, 5_000);
        rows.iter()
            .any(|found| found["id"] == *row.message.id && found["recipientAddress"] == *row.recipient)
    };
    assert!(!lists(row.visible_at() - Duration::milliseconds(1)));
    assert!(lists(row.visible_at()));
}

#[test]
fn a_status_changes_in_place() {
    let mut client = Client::new(week(3_000));
    let row = client
        .simulator
        .tenant()
        .rows(at(2026, 3, 3, 8), at(2026, 3, 3, 12))
        .find(|row| row.states().count() >= 3)
        .unwrap()
        .clone();
    let states = row.states().cloned().collect::<Vec<_>>();
    for pair in states.windows(2) {
        assert!(pair[0].at < pair[1].at);
    }
    for state in &states {
        let found = client.rows(state.at, row.message.received, row.message.received, 5_000);
        let found = found
            .iter()
            .find(|found| found["id"] == *row.message.id && found["recipientAddress"] == *row.recipient)
            .unwrap();
        assert_eq!(found["status"], state.status.graph(false));
        assert_eq!(found["size"], state.size);
        assert_eq!(found["toIP"], *state.to_ip);
    }
}

#[test]
fn delays_and_changes_are_as_often_as_the_settings_say() {
    let rows = all(&mut Simulator::new(week(8_000)));
    let share = |test: &dyn Fn(&Row) -> bool| {
        let count = rows.iter().filter(|row| test(row)).count();
        f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(rows.len()).unwrap())
    };
    let delay = |row: &Row| row.visible_at() - row.message.received;
    assert!((0.96..0.98).contains(&share(&|row| delay(row) <= Duration::seconds(240))));
    let hours = share(&|row| delay(row) > Duration::hours(1));
    assert!((0.001..0.004).contains(&hours), "{hours}");
    assert!(rows.iter().all(|row| delay(row) <= Duration::hours(4)));
    let changed = share(&|row| row.states().next().unwrap().status != row.last().status);
    assert!((0.045..0.07).contains(&changed), "{changed}");
    assert!(rows.iter().any(|row| {
        let first = row.states().next().unwrap();
        first.status == row.last().status && first.size != row.last().size
    }));
    let mut none = week(2_000);
    none.delays = Delays::none();
    none.changes = Changes::none();
    let mut simulator = Simulator::new(none);
    assert!(
        all(&mut simulator)
            .iter()
            .all(|row| { row.visible_at() == row.message.received && row.states().count() == 1 })
    );
}

#[test]
fn recalled_is_an_unknown_word_unless_asked_for() {
    let mut settings = week(2_000);
    settings.changes.recalled_per_100_000 = 20_000;
    let mut client = Client::new(settings);
    let now = at(2026, 3, 5, 0);
    let url = window(at(2026, 3, 3, 8), at(2026, 3, 3, 18), 5_000);
    let words = |reply: &message_trace_simulator::Reply| {
        let page = json(reply);
        let rows = page["value"].as_array().unwrap();
        rows.iter()
            .map(|row| row["status"].as_str().unwrap().to_owned())
            .collect::<HashSet<_>>()
    };
    let plain = words(&client.ask(now, &url));
    assert!(plain.contains("unknownFutureValue") && !plain.contains("recalled"));
    let token = client.simulator.token(now);
    let headers = [
        ("authorization", format!("Bearer {token}")),
        ("prefer", "include-unknown-enum-members".to_owned()),
    ];
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect::<Vec<_>>();
    let asked = words(&client.ask_with(now, &url, &headers));
    assert!(asked.contains("recalled") && !asked.contains("unknownFutureValue"));
}

#[test]
fn beta_answers_alike_or_as_its_documentation_prints() {
    let mut client = Client::new(week(2_000));
    let now = at(2026, 3, 3, 12);
    let url = window(at(2026, 3, 3, 8), now, 100);
    let v1 = json(&client.ask(now, &url));
    let beta_url = url.replace("/v1.0/", "/beta/");
    let beta = json(&client.ask(now, &beta_url));
    assert_eq!(v1["value"], beta["value"]);
    assert_eq!(
        beta["@odata.context"],
        "https://graph.microsoft.com/beta/$metadata#admin/exchange/tracing/messageTraces"
    );
    assert!(beta["@odata.nextLink"].as_str().unwrap().contains("/beta/admin/"));
    client.simulator.settings_mut().beta_as_documented = true;
    let beta = json(&client.ask(now, &beta_url));
    let row = &beta["value"][0];
    assert_eq!(row["@odata.type"], "#microsoft.graph.exchangeMessageTrace");
    assert!(
        row["status"]
            .as_str()
            .unwrap()
            .starts_with(|letter: char| letter.is_ascii_uppercase())
    );
}

#[test]
fn traffic_begins_and_ends_when_it_should() {
    let mut settings = week(2_000);
    settings.from = at(2026, 3, 3, 9) + Duration::minutes(20);
    settings.until = Some(at(2026, 3, 3, 15) + Duration::minutes(40));
    let (from, until) = (settings.from, settings.until.unwrap());
    let rows = all(&mut Simulator::new(settings));
    assert!(!rows.is_empty());
    assert!(
        rows.iter()
            .all(|row| row.message.received >= from && row.message.received < until)
    );
}
