//! `report`: the payload says what crates/js/web/REPORT.md asks for, and its numbers are those of the rows.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asked;
mod limits;
mod made;

use made::{
    DAY_MS, HOSTILE, JUNE_MS, Message, TEMPLATE, archived, counted, listed, messages, numbers, payload,
    report, run, text, texts, times,
};
use serde_json::Value as Json;

const DIRECTIONS: [&str; 5] = ["", "inbound", "outbound", "internal", "external"];

#[test]
fn every_message_is_there_once_and_in_the_order_of_time() {
    let mut all = messages();
    let folder = archived(&all);
    let made = report(folder.path(), &[]);
    let payload = &made.payload;
    assert_eq!(payload["version"], 1);
    assert_eq!(payload["title"], "Mail of contoso.com, 1 to 6 June 2025");
    assert_eq!(payload["domains"], serde_json::json!(["contoso.com"]));
    assert_eq!(payload["protected"], serde_json::json!(["contoso.com"]));
    assert!(payload["by"].as_str().unwrap().starts_with("message-trace "));
    assert!(payload["made"].as_i64().unwrap() > JUNE_MS);
    assert_eq!(payload["rows"]["count"], all.len());
    assert_eq!(payload["rows"]["selection"], "all");
    // The page computes it where it has every message.
    assert_eq!(payload.get("summary"), None);
    assert_eq!(payload["rows"]["columns"].get("event_id"), None);

    let times = times(payload);
    assert!(times.is_sorted());
    let columns: Vec<Vec<String>> = [
        "sender",
        "recipient",
        "status",
        "subject",
        "source_ip",
        "message_id",
    ]
    .map(|name| texts(payload, name))
    .into();
    let (sizes, directions) = (numbers(payload, "size"), numbers(payload, "direction"));
    let mut found: Vec<_> = (0..times.len())
        .map(|row| {
            let texts: Vec<String> = columns.iter().map(|column| column[row].clone()).collect();
            let direction = DIRECTIONS[usize::try_from(directions[row]).unwrap()].to_owned();
            (times[row], texts, sizes[row], direction)
        })
        .collect();
    found.sort();
    all.sort_by_key(|message| message.time);
    let mut expected: Vec<_> = all
        .iter()
        .map(|of| {
            let texts = [
                &of.sender,
                &of.recipient,
                &of.status.to_owned(),
                &of.subject,
                &of.ip,
                &of.mail_id,
            ];
            let direction = if of.sender == "<>" {
                "inbound"
            } else {
                of.direction()
            };
            (
                of.time,
                texts.map(String::clone).to_vec(),
                of.size,
                direction.to_owned(),
            )
        })
        .collect();
    expected.sort();
    assert_eq!(found, expected);
    assert!(
        made.said.contains(&format!("{} messages", "1,205")),
        "{}",
        made.said
    );
}

#[test]
fn where_not_all_rows_fit_the_summary_is_over_all() {
    let all = messages();
    let folder = archived(&all);
    let made = report(folder.path(), &["--rows", "100"]);
    let payload = &made.payload;
    assert_eq!(payload["rows"]["count"], 100);
    assert_eq!(payload["rows"]["selection"], "the newest 100");
    let mut newest: Vec<i64> = all.iter().map(|message| message.time).collect();
    newest.sort_unstable();
    assert_eq!(times(payload), newest[newest.len() - 100..]);

    let summary = &payload["summary"];
    let names = |name: fn(&Message) -> String| counted(all.iter().map(name));
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    assert_eq!(summary["messages"], all.len());
    assert_eq!(
        summary["bytes"],
        all.iter().map(|message| message.size).sum::<i64>()
    );
    assert_eq!(summary["from"], newest[0]);
    assert_eq!(summary["to"], newest[newest.len() - 1]);
    let senders = names(|message| message.sender.clone());
    assert_eq!(summary["senders"], senders.len());
    assert_eq!(listed(&summary["topSenders"]), senders);
    let recipients = names(|message| message.recipient.clone());
    assert_eq!(summary["recipients"], recipients.len());
    assert_eq!(listed(&summary["topRecipients"]), recipients);
    let domains = counted(all.iter().filter_map(|message| domain(&message.sender)));
    assert_eq!(listed(&summary["topSenderDomains"]), domains);
    let domains = counted(all.iter().filter_map(|message| domain(&message.recipient)));
    assert_eq!(listed(&summary["topRecipientDomains"]), domains);
    assert_eq!(listed(&summary["topIps"]), names(|message| message.ip.clone()));
    let bytes: i64 = all
        .iter()
        .filter(|of| of.sender == senders[0].0)
        .map(|of| of.size)
        .sum();
    assert_eq!(summary["topSenders"][0]["bytes"], bytes);
    let statuses = names(|message| message.status.to_owned());
    assert_eq!(listed(&summary["statuses"]), statuses);

    check_flow(&all, &statuses, summary);
    check_failures(&all, summary);

    let largest = summary["largest"].as_array().unwrap();
    let mut sizes: Vec<i64> = Vec::new();
    for direction in ["inbound", "outbound", "internal"] {
        // The bounce came in.
        let is_of =
            |of: &&Message| of.direction() == direction || (of.sender == "<>" && direction == "inbound");
        let mut of: Vec<i64> = all.iter().filter(is_of).map(|message| message.size).collect();
        of.sort_unstable_by(|one, other| other.cmp(one));
        sizes.extend(&of[..20]);
    }
    sizes.sort_unstable_by(|one, other| other.cmp(one));
    let found: Vec<i64> = largest
        .iter()
        .map(|large| large["size"].as_i64().unwrap())
        .collect();
    assert_eq!(found, sizes);
    assert_eq!(largest[0]["direction"], "inbound");

    let alikes = summary["lookalikes"].as_array().unwrap();
    let alike = &alikes[0];
    assert_eq!(alikes.len(), 1);
    assert_eq!(alike["domain"], "c0ntoso.com");
    assert_eq!(alike["resembles"], "contoso.com");
    assert_eq!(
        (&alike["count"], &alike["recipients"]),
        (&HOSTILE.len().into(), &1.into())
    );
    assert_eq!(alike["first"], JUNE_MS + 5 * DAY_MS + 80_000_000);
    assert_eq!(alike["last"], JUNE_MS + 5 * DAY_MS + 80_003_000);
}

/// Bars: each count once, in the bar that its time is in.
fn check_flow(all: &[Message], statuses: &[(String, i64)], summary: &Json) {
    let flow = &summary["flow"];
    let (step, start) = (flow["step"].as_i64().unwrap(), flow["start"].as_i64().unwrap());
    assert_eq!(
        flow["status"]["names"],
        serde_json::json!(statuses.iter().map(|(name, _)| name).collect::<Vec<_>>())
    );
    let bars = flow["status"]["bars"].as_array().unwrap();
    assert!(bars.len() <= 2_000);
    for (at, bar) in bars.iter().enumerate() {
        let from = start + i64::try_from(at).unwrap() * step;
        let within = |message: &&Message| (from..from + step).contains(&message.time);
        let expected: Vec<usize> = statuses
            .iter()
            .map(|(name, _)| {
                all.iter()
                    .filter(within)
                    .filter(|message| message.status == name)
                    .count()
            })
            .collect();
        assert_eq!(*bar, serde_json::json!(expected), "bar {at}");
    }
    let sum = |bars: &Json| -> i64 {
        bars.as_array()
            .unwrap()
            .iter()
            .flat_map(|bar| bar.as_array().unwrap())
            .map(|count| count.as_i64().unwrap())
            .sum()
    };
    assert_eq!(sum(&flow["status"]["bars"]), i64::try_from(all.len()).unwrap());
    assert_eq!(sum(&flow["direction"]["bars"]), i64::try_from(all.len()).unwrap());
}

/// Failures, with how many there were in all.
fn check_failures(all: &[Message], summary: &Json) {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    let failed: Vec<&Message> = all.iter().filter(|message| message.status == "failed").collect();
    let failures = &summary["failures"];
    assert_eq!(failures["count"], failed.len());
    assert_eq!(
        listed(&failures["senders"]),
        counted(failed.iter().map(|message| message.sender.clone()))
    );
    for rate in failures["domains"].as_array().unwrap() {
        let is_to = |message: &&Message| domain(&message.recipient).as_deref() == rate["name"].as_str();
        assert_eq!(rate["all"], all.iter().filter(is_to).count());
        assert_eq!(
            rate["count"],
            failed.iter().filter(|message| is_to(message)).count()
        );
    }
    let hours = failures["hours"].as_array().unwrap();
    assert_eq!(hours.len(), 24);
    for (hour, count) in (0..).zip(hours) {
        let of_hour = failed
            .iter()
            .filter(|of| of.time.rem_euclid(DAY_MS) / 3_600_000 == hour);
        assert_eq!(*count, of_hour.count(), "hour {hour}");
    }
}

#[test]
fn no_text_of_a_mail_becomes_a_tag() {
    let all = messages();
    let folder = archived(&all);
    let title = "</title><script>\n<!-- & \"";
    let made = report(folder.path(), &["--title", title, "--rows", "50"]);
    let tags = |html: &str, tag: &str| html.to_lowercase().matches(tag).count();
    for tag in ["<script", "</script", "</title"] {
        assert_eq!(tags(&made.html, tag), tags(TEMPLATE, tag), "{tag}");
    }
    assert!(!made.html.contains("<!--") && !made.html.contains('\u{1b}'));
    // The tables show them all the same.
    for shown in [
        "&lt;/script&gt;&lt;script&gt;alert(1)",
        "&lt;!--report:data--&gt;",
        "onload=&quot;x &amp; 'y'",
        "\u{fffd}[31mred",
    ] {
        assert!(made.html.contains(shown), "{shown}");
    }
    assert!(
        made.html
            .contains("<title>&lt;/title&gt;&lt;script&gt; &lt;!-- &amp; &quot;</title>")
    );
    let subjects = texts(&made.payload, "subject");
    for subject in HOSTILE {
        assert!(subjects.contains(&subject.to_owned()), "as it came: {subject:?}");
    }
}

#[test]
fn the_tables_have_what_is_asked_of_them_in_plain_html() {
    let folder = archived(&messages());
    let made = report(folder.path(), &[]);
    let (_, tables) = made.html.split_once("<main>").unwrap();
    let tables = tables.split_once("</main>").unwrap().0;
    assert!(
        tables.starts_with("<h1>Mail of contoso.com, 1 to 6 June 2025</h1><p>1,205 messages"),
        "{tables}"
    );
    for title in [
        "Status",
        "Direction",
        "Messages by day",
        "Detections",
        "Look-alike domains",
        "Top senders",
        "Top recipients",
        "Top domains of senders",
        "Largest messages",
        "Failures by domain",
        "Gaps",
        "Notes",
    ] {
        assert!(tables.contains(&format!("<h2>{title}</h2>")), "{title}");
    }
    assert!(tables.contains("<tr><th scope=\"row\">Delivered</th><td class=\"number\">965</td><td class=\"number\">80.1 %</td></tr>"));
    assert!(tables.contains("<th scope=\"row\">c0ntoso.com</th><td>contoso.com</td>"));
    for barred in ["style=", "<script", "<img", "href=", "src="] {
        assert!(!tables.contains(barred), "{barred}");
    }
}

#[test]
fn standard_output_takes_the_report_or_the_tables() {
    let folder = archived(&messages());
    let words = ["report", "--archive", "archive", "--template", "template.html"];
    let done = run(folder.path(), &[&words[..], &["-o", "-"]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert_eq!(payload(&text(&done.stdout))["rows"]["count"], 1_205);

    let done = run(folder.path(), &[&words[..3], &["--terminal"]].concat());
    let tables = text(&done.stdout);
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(
        !tables.contains('\u{1b}'),
        "no colour beside a terminal: {tables}"
    );
    assert!(tables.lines().all(|line| line.chars().count() <= 100), "{tables}");
    let day = tables
        .lines()
        .find(|line| line.trim_start().starts_with("2025-06-06"))
        .unwrap();
    assert!(day.contains("245") && day.contains('█'), "{day}");
    assert!(
        tables.contains("no rule raised") || tables.contains("c0ntoso.com"),
        "{tables}"
    );

    let done = run(folder.path(), &[&words[..], &["-o", "-", "--terminal"]].concat());
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("not both"), "{}", text(&done.stderr));
    let done = run(folder.path(), &words);
    assert_eq!(done.status.code(), Some(2), "neither is asked for");
}

/// The commands under "A report", as they stand there.
#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let folder = archived(&messages());
    let readme = include_str!("../../../../README.md");
    let (_, rest) = readme.split_once("### A report\n").unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let script = rest.split_once("```").unwrap().0;
    let mut ran = 0;
    for line in script.lines() {
        let mut words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.remove(0), "message-trace");
        if !message_trace_analytics::HAS_PAGE {
            words.extend(["--template", "template.html"]);
        }
        let done = run(folder.path(), &words);
        assert!(done.status.success(), "{line}: {}", text(&done.stderr));
        ran += 1;
    }
    assert_eq!(ran, 4);
    for name in ["report.html", "june.html"] {
        let html = std::fs::read_to_string(made::path(&folder, name)).unwrap();
        assert_eq!(payload(&html)["rows"]["count"], 1_205);
    }
}
