//! What `message-trace normalize` reads: pages, arrays, tables, gzip, UTF-16.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write as _;

use encoding_rs::UTF_8;
use flate2::Compression;
use flate2::write::GzEncoder;
use predicates::prelude::*;
use serde_json::{Value, json};
use support::{program, rejects, values};

fn row(number: u32) -> Value {
    json!({
        "id": "4451a062-48cb-e80d-e8c0-196330437ae6",
        "receivedDateTime": "2025-06-13T10:30:00Z",
        "senderAddress": "alice@example.com",
        "recipientAddress": "bob@example.org",
        "subject": format!("number {number} \" ] }} \\"),
        "status": "delivered"
    })
}

fn run(stdin: impl Into<Vec<u8>>, arguments: &[&str]) -> assert_cmd::assert::Assert {
    program()
        .arg("normalize")
        .args(arguments)
        .write_stdin(stdin)
        .assert()
}

fn events(stdin: impl Into<Vec<u8>>) -> Vec<Value> {
    values(&run(stdin, &["--strict"]).success().get_output().stdout)
}

/// The subjects of the events, to see which rows came out in which order.
fn numbers(stdin: impl Into<Vec<u8>>) -> Vec<u32> {
    let number = |event: &Value| {
        let subject = event.pointer("/email/subject").unwrap().as_str().unwrap();
        subject.split(' ').nth(1).unwrap().parse().unwrap()
    };
    events(stdin).iter().map(number).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn page() -> Value {
    json!({
        "@odata.context": "https://graph.example.com/$metadata#admin/exchange/tracing/messageTraces",
        "value": [row(1), row(2), row(3)],
        "@odata.nextLink": "https://graph.example.com/next?[{\""
    })
}

#[test]
fn pages_of_every_shape_on_one_line_and_pretty_printed() {
    let pages = [
        page(),
        json!({"odata.metadata": "m", "value": [row(1), row(2), row(3)]}),
        json!({"d": {"results": [row(1), row(2), row(3)], "__next": "n"}}),
        json!({"d": [row(1), row(2), row(3)]}),
        json!([row(1), row(2), row(3)]),
    ];
    for page in pages {
        for text in [page.to_string(), serde_json::to_string_pretty(&page).unwrap()] {
            assert_eq!(numbers(text.clone()), [1, 2, 3], "{text}");
            assert_eq!(numbers(format!("\n {text}\r\n")), [1, 2, 3], "{text}");
            assert_eq!(numbers(format!("{text}\n{text}\n")), [1, 2, 3, 1, 2, 3], "{text}");
        }
    }
    for page in [json!({"value": []}), json!({"d": {"results": []}}), json!([])] {
        assert!(numbers(page.to_string()).is_empty());
        assert!(numbers(serde_json::to_string_pretty(&page).unwrap()).is_empty());
    }
}

#[test]
fn raw_text_of_a_row_of_a_page_is_the_rows_own_bytes() {
    let folded = serde_json::to_string_pretty(&page()).unwrap();
    let event = events(folded.clone()).remove(0);
    let raw = event.get("message").unwrap().as_str().unwrap();
    assert!(raw.contains('\n'));
    assert!(folded.contains(raw));
    assert_eq!(serde_json::from_str::<Value>(raw).unwrap(), row(1));
}

#[test]
fn rows_printed_over_several_lines_one_after_the_other() {
    let one = serde_json::to_string_pretty(&row(1)).unwrap();
    let two = serde_json::to_string_pretty(&row(2)).unwrap();
    assert_eq!(numbers(one.clone()), [1]);
    assert_eq!(numbers(format!("{one}\n{two}\n")), [1, 2]);
}

#[test]
fn page_longer_than_a_line_may_be_is_read() {
    let rows: Vec<_> = (0..5000).map(row).collect();
    let page = json!({"value": rows}).to_string();
    assert!(page.len() > 1_048_576);
    assert_eq!(numbers(page), (0..5000).collect::<Vec<_>>());
}

#[test]
fn pages_line_by_line_after_rows() {
    assert_eq!(
        numbers(format!("{}\n{}\n{}\n", row(9), page(), row(8))),
        [9, 1, 2, 3, 8]
    );
}

#[test]
fn row_with_a_key_called_value_is_no_page() {
    let mut odd = row(4);
    odd.as_object_mut()
        .unwrap()
        .insert("value".to_owned(), json!("text"));
    assert_eq!(numbers(odd.to_string()), [4]);
}

#[test]
fn broken_row_of_a_page_costs_itself_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects.ndjson");
    let text = format!(
        "{{\"value\":[\n{},\n{{\"id\":nonsense}},\n17,\n{}\n]}}\n",
        row(1),
        row(2)
    );
    let output = run(text, &["--rejects", file.to_str().unwrap()]).success();
    assert_eq!(values(&output.get_output().stdout).len(), 2);
    let rejected: Vec<_> = rejects(&file)
        .iter()
        .map(|reject| reject.get("line").unwrap().as_u64())
        .collect();
    assert_eq!(rejected, [Some(3), Some(4)]);
}

#[test]
fn page_that_ends_too_early_gives_its_rows_and_a_rejection() {
    let page = page().to_string();
    let cut = page.find("number 3").unwrap();
    let output = run(page.get(..cut).unwrap(), &[])
        .success()
        .stderr(predicate::str::contains("1 rejected"));
    assert_eq!(values(&output.get_output().stdout).len(), 2);
}

#[test]
fn long_row_of_a_page_is_passed_over() {
    let mut long = row(2);
    long.as_object_mut()
        .unwrap()
        .insert("subject".to_owned(), json!("s".repeat(5000)));
    let output = run(
        json!([row(1), long, row(3)]).to_string(),
        &["--max-line-bytes", "1000"],
    )
    .success()
    .stderr(predicate::str::contains("longer than 1000 bytes (too-long)"));
    assert_eq!(values(&output.get_output().stdout).len(), 2);
}

#[test]
fn gzip_of_one_and_of_several_members() {
    let (one, two) = (format!("{}\n", row(1)), format!("{}\n", row(2)));
    assert_eq!(numbers(gzip(format!("{one}{two}").as_bytes())), [1, 2]);
    assert_eq!(
        numbers([gzip(one.as_bytes()), gzip(two.as_bytes())].concat()),
        [1, 2]
    );
    assert_eq!(numbers(gzip(page().to_string().as_bytes())), [1, 2, 3]);
}

#[test]
fn truncated_gzip_is_an_error_after_what_could_be_read() {
    let whole = gzip(format!("{}\n{}\n", row(1), row(2)).as_bytes());
    let cut = whole.len() - 6;
    run(whole.get(..cut).unwrap(), &[])
        .code(74)
        .stderr(predicate::str::contains("cannot read -"));
}

#[test]
fn utf_16_with_and_without_mark_and_utf_8_with_mark() {
    let lines = format!("{}\r\n{}\r\n", row(1), row(2));
    assert_eq!(numbers(utf16(&lines, true)), [1, 2]);
    assert_eq!(numbers(utf16(&lines, false)), [1, 2]);
    assert_eq!(numbers(format!("\u{feff}{lines}")), [1, 2]);
    assert_eq!(numbers(gzip(&utf16(&page().to_string(), true))), [1, 2, 3]);
    let big_endian: Vec<u8> = "\u{feff}"
        .encode_utf16()
        .chain(lines.encode_utf16())
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(numbers(big_endian), [1, 2]);
    assert_eq!(UTF_8.name(), "UTF-8");
}

const CMDLET: &str = "\"PSComputerName\",\"Organization\",\"MessageId\",\"Received\",\"SenderAddress\",\"RecipientAddress\",\"Subject\",\"Status\",\"ToIP\",\"FromIP\",\"Size\",\"MessageTraceId\"\r\n\"x\",\"example.com\",\"<1@example.com>\",\"6/13/2026 1:05:09 PM\",\"alice@example.com\",\"bob@example.org\",\"Sales, \"\"now\"\"\",\"Delivered\",\"\",\"192.0.2.7\",\"4711\",\"4451a062-48cb-e80d-e8c0-196330437ae6\"\r\n";

#[test]
fn export_of_the_cmdlets() {
    for text in [
        CMDLET.to_owned(),
        format!("#TYPE Deserialized.Trace\r\n{CMDLET}"),
        CMDLET.replace("\",\"", "\";\""),
    ] {
        for bytes in [
            text.clone().into_bytes(),
            utf16(&text, true),
            utf16(&text, false),
            gzip(text.as_bytes()),
        ] {
            let event = events(bytes).remove(0);
            assert_eq!(event.get("@timestamp").unwrap(), "2026-06-13T13:05:09Z");
            assert_eq!(event.pointer("/email/subject").unwrap(), "Sales, \"now\"");
            assert_eq!(event.pointer("/email/to/address/0").unwrap(), "bob@example.org");
            assert_eq!(event.pointer("/event/action").unwrap(), "Delivered");
            assert_eq!(event.pointer("/source/ip").unwrap(), "192.0.2.7");
            assert_eq!(event.pointer("/office365/message_trace/Size").unwrap(), 4711);
            assert_eq!(event.pointer("/organization/name").unwrap(), "example.com");
        }
    }
}

#[test]
fn enhanced_summary_gives_one_event_for_each_recipient() {
    let text = "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,network_message_id,original_client_ip,directionality,connector_id,delivery_priority\r\n\
        2026-01-20T12:34:56.789Z,alice@example.com,\"bob@example.org##Receive, Deliver;carol@example.org##Receive, Send;dave@example.org##Receive, Fail;erin@example.org##Receive;frank@example.org##Teleport\",Hello,100,<1@example.com>,4451a06248cbe80de8c0196330437ae6,192.0.2.7,Originating,,Normal\r\n";
    let found: Vec<_> = events(text)
        .iter()
        .map(|event| {
            let text = |pointer| event.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            assert_eq!(text("/@timestamp"), "2026-01-20T12:34:56.789000Z");
            (text("/email/to/address/0"), text("/event/action"))
        })
        .collect();
    let wanted = [
        ("bob@example.org", "Delivered"),
        ("carol@example.org", "Delivered"),
        ("dave@example.org", "Failed"),
        ("erin@example.org", "GettingStatus"),
        ("frank@example.org", "Teleport"),
    ];
    assert_eq!(
        found,
        wanted.map(|(address, status)| (address.to_owned(), status.to_owned()))
    );
}

/// Only a header says what a column is: in order, out of order, renamed, without the column, and twice.
#[test]
fn reports_keep_the_columns_that_their_header_names() {
    let kept = |header: &str, cells: &str| {
        let text = format!(
            "origin_timestamp_utc,sender_address,recipient_status,{header}\r\n\
             2026-01-20T12:34:56Z,alice@example.com,bob@example.org##Deliver,{cells}\r\n"
        );
        let answer = run(text, &["--strict", "--target", "ecs"]).success();
        let event = values(&answer.get_output().stdout).remove(0);
        event.pointer("/m365/message_trace").unwrap().clone()
    };
    assert_eq!(
        kept(
            "custom_data,original_client_ip,directionality,connector_id,delivery_priority",
            "\"S:A=\"\"b\"\";S:C=d, e\",192.0.2.7,Incoming,To partners,High"
        ),
        json!({
            "custom_data": "S:A=\"b\";S:C=d, e", "original_client_ip": "192.0.2.7", "directionality": "Incoming",
            "connector_id": "To partners", "delivery_priority": "High", "status": "Delivered"
        })
    );
    assert_eq!(
        kept("delivery_priority,anything,\"directionality\"", "Low,Incoming,2"),
        json!({ "delivery_priority": "Low", "directionality": "2", "status": "Delivered" })
    );
    assert_eq!(
        kept(
            "Custom_Data,DIRECTIONALITY,connector id,x_delivery_priority",
            "a,b,c,d"
        ),
        json!({ "status": "Delivered" })
    );
    assert_eq!(
        kept("connector_id,connector_id,directionality", ",second, "),
        json!({ "status": "Delivered" })
    );
}

#[test]
fn extended_report_gives_every_step_with_its_status() {
    let text = "date_time_utc,client_ip,server_ip,source,event_id,message_id,network_message_id,recipient_address,recipient_status,total_bytes,message_subject,sender_address,original_client_ip\r\n\
        2026-01-20T12:34:56Z,192.0.2.1,192.0.2.2,SMTP,RECEIVE,<1@example.com>,4451a062-48cb-e80d-e8c0-196330437ae6,bob@example.org,,100,Hello,alice@example.com,192.0.2.7\r\n\
        2026-01-20T12:34:57Z,192.0.2.1,192.0.2.2,STOREDRIVER,DELIVER,<1@example.com>,4451a062-48cb-e80d-e8c0-196330437ae6,bob@example.org;carol@example.org,\"250 2.1.5;250 2.1.5\",100,Hello,alice@example.com,\r\n\
        2026-01-20T12:34:58Z,192.0.2.1,192.0.2.2,AGENT,AGENTINFO,<1@example.com>,4451a062-48cb-e80d-e8c0-196330437ae6,carol@example.org,,100,Hello,alice@example.com,192.0.2.7\r\n";
    let events = events(text);
    let column = |pointer: &str| {
        events
            .iter()
            .map(|event| event.pointer(pointer).unwrap().as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        column("/event/action"),
        ["GettingStatus", "Delivered", "Delivered", "AGENTINFO"]
    );
    assert_eq!(
        column("/email/to/address/0"),
        [
            "bob@example.org",
            "bob@example.org",
            "carol@example.org",
            "carol@example.org"
        ]
    );
    assert_eq!(
        column("/source/ip"),
        ["192.0.2.7", "192.0.2.1", "192.0.2.1", "192.0.2.7"]
    );
}

#[test]
fn ambiguous_date_is_rejected_with_a_sentence_until_the_order_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects.ndjson");
    let text = CMDLET.replace("6/13/2026", "6/5/2026");
    run(text.clone(), &["--rejects", file.to_str().unwrap()])
        .code(65)
        .stdout("")
        .stderr(
            predicate::str::contains("-:2: the date may be day-first or month-first").and(
                predicate::str::contains("run again with --dates dmy or --dates mdy"),
            ),
        );
    let rejected = rejects(&file).remove(0);
    assert_eq!(rejected.get("reason").unwrap(), "ambiguous-date");
    assert!(
        rejected
            .get("raw")
            .unwrap()
            .as_str()
            .unwrap()
            .contains("6/5/2026 1:05:09 PM")
    );
    for (order, wanted) in [("dmy", "2026-05-06T13:05:09Z"), ("mdy", "2026-06-05T13:05:09Z")] {
        let output = run(text.clone(), &["--dates", order]).success();
        assert_eq!(
            values(&output.get_output().stdout)
                .first()
                .unwrap()
                .get("@timestamp")
                .unwrap(),
            wanted
        );
    }
}

#[test]
fn date_that_is_none_is_rejected_with_the_line_of_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rejects.ndjson");
    let text = CMDLET.replace("6/13/2026 1:05:09 PM", "some day");
    run(text, &["--rejects", file.to_str().unwrap()])
        .code(65)
        .stdout("");
    let rejected = rejects(&file);
    assert_eq!(rejected.first().unwrap().get("line").unwrap(), 2);
    assert_eq!(rejected.first().unwrap().get("reason").unwrap(), "invalid-field");
    assert_eq!(rejected.first().unwrap().get("detail").unwrap(), "Received");
}

#[test]
fn table_without_a_known_header_is_named_once_by_its_columns_and_without_its_values() {
    run("Date,Amount,Payee\n2026-01-01,5,Alice\n2026-01-02,6,Bob\n", &[])
        .code(65)
        .stdout("")
        .stderr(
            predicate::str::starts_with(
                "message-trace: -: not a message trace: its columns are Date, Amount, Payee.",
            )
            .and(predicate::str::contains("Alice").not())
            .and(predicate::str::contains("syntax").not())
            .and(predicate::str::contains("3 lines, 0 events, 3 rejected,")),
        );
}

#[test]
fn rows_of_pages_and_tables_are_counted_as_rows() {
    run(page().to_string(), &[])
        .success()
        .stderr(predicate::str::contains("3 rows, 3 events, 0 rejected"));
    run(serde_json::to_string_pretty(&page()).unwrap(), &[])
        .success()
        .stderr(predicate::str::contains("3 rows, 3 events, 0 rejected"));
    run(CMDLET, &[])
        .success()
        .stderr(predicate::str::contains("1 row, 1 event, 0 rejected"));
    run(row(1).to_string(), &[])
        .success()
        .stderr(predicate::str::contains("1 line, 1 event, 0 rejected"));
}

#[test]
fn quote_that_is_never_closed_ends_with_74_and_a_sentence() {
    let text = format!("{CMDLET}\"open,{}", "x,".repeat(200_000));
    run(text, &["--max-line-bytes", "100000"])
        .code(74)
        .stderr(predicate::str::contains("is a quote left open?"));
}
