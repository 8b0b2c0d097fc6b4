//! What Graph refuses, with which status and in which words; and what it lets through though one might not think so.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use chrono::{Duration, TimeZone, Utc};
use common::{Client, LIST, at, json, text, window};
use http::Request;
use message_trace_simulator::{RetryAfterForm, ServicePrincipal, Settings};

fn client() -> Client {
    Client::new(Settings::new(3, at(2026, 1, 1, 0)))
}

fn now() -> chrono::DateTime<Utc> {
    at(2026, 3, 3, 12)
}

/// Status, code and message of an answer.
fn refusal(client: &mut Client, url: &str) -> (u16, String, String) {
    let reply = client.ask(now(), url);
    let error = json(&reply)["error"].clone();
    let of = |name: &str| error[name].as_str().unwrap().to_owned();
    (reply.response.status().as_u16(), of("code"), of("message"))
}

#[test]
fn errors_have_graphs_shape() {
    let reply = client().ask_with(now(), LIST, &[("client-request-id", "abc")]);
    assert_eq!(reply.response.status(), 401);
    let body = json(&reply);
    assert_eq!(body["error"]["code"], "InvalidAuthenticationToken");
    assert_eq!(body["error"]["innerError"]["date"], "2026-03-03T12:00:00");
    assert_eq!(body["error"]["innerError"]["client-request-id"], "abc");
    let headers = reply.response.headers();
    assert_eq!(headers["date"], "Tue, 03 Mar 2026 12:00:00 GMT");
    assert_eq!(headers["client-request-id"], "abc");
    let request_id = headers["request-id"].to_str().unwrap();
    assert_eq!(body["error"]["innerError"]["request-id"], request_id);
    assert!(headers.contains_key("x-ms-ags-diagnostic") && headers.contains_key("www-authenticate"));
}

#[test]
fn windows_have_two_bounds_ten_days_and_ninety_days() {
    let mut client = client();
    let one = |property: &str| format!("{LIST}?$filter=receivedDateTime {property} {}", text(now()));
    for (url, words) in [
        (one("ge"), "EndDate is required when a StartDate is entered."),
        (one("le"), "StartDate is required when an EndDate is entered."),
        (
            window(now() - Duration::days(10) - Duration::seconds(1), now(), 10),
            "The interval between StartDate and EndDate can't be longer than 10 days.",
        ),
        (
            window(now() - Duration::days(91), now() - Duration::days(90), 10),
            "Invalid StartDate value. The StartDate can't be older than 90 days from today.",
        ),
        (window(now(), now() - Duration::days(1), 10), "StartDate"),
        (
            one("ge") + " and receivedDateTime lt 2026-03-04T00:00:00Z",
            "EndDate is required",
        ),
    ] {
        let (status, code, message) = refusal(&mut client, &url);
        assert_eq!((status, code.as_str()), (400, "BadRequest"), "{url}");
        assert!(message.contains(words), "{message}");
    }
    // The edge counts from midnight of the day, and ten days to the second are good.
    let midnight = at(2025, 12, 3, 0);
    assert_eq!(
        client
            .ask(now(), &window(midnight, midnight + Duration::days(10), 10))
            .response
            .status(),
        200
    );
    let before = window(midnight - Duration::seconds(1), midnight, 10);
    assert_eq!(refusal(&mut client, &before).0, 400);
}

#[test]
fn the_future_is_cut_off_or_refused() {
    let mut client = client();
    let url = window(now() - Duration::days(1), now() + Duration::days(1), 10);
    assert_eq!(client.ask(now(), &url).response.status(), 200);
    client.simulator.settings_mut().refuse_future_end = true;
    assert_eq!(refusal(&mut client, &url).0, 400);
}

#[test]
fn top_is_1_to_5000_and_1000_by_default() {
    let mut client = client();
    for top in ["0", "5001", "-1", "many", ""] {
        let (status, _, message) = refusal(&mut client, &format!("{LIST}?$top={top}"));
        assert_eq!(
            (status, message.as_str()),
            (400, "ResultSize is invalid"),
            "{top}"
        );
    }
    let page = json(&client.ask(now(), LIST));
    assert_eq!(page["value"].as_array().unwrap().len(), 1_000);
    let page = json(&client.ask(now(), &format!("{LIST}?$top=5000")));
    assert!(page["value"].as_array().unwrap().len() > 1_000);
}

#[test]
fn without_a_time_filter_the_last_48_hours_come() {
    let mut client = client();
    let all = client.rows(now(), now() - Duration::days(10), now(), 5_000).len();
    let explicit = client.rows(now(), now() - Duration::hours(48), now(), 5_000);
    let mut default = Vec::new();
    let mut url = format!("{LIST}?$top=5000");
    loop {
        let page = json(&client.ask(now(), &url));
        default.extend(page["value"].as_array().unwrap().iter().cloned());
        match page["@odata.nextLink"].as_str() {
            Some(next) => next.clone_into(&mut url),
            None => break,
        }
    }
    assert_eq!(default, explicit);
    assert!(default.len() < all);
}

#[test]
fn select_orderby_and_count_change_nothing() {
    let mut client = client();
    let plain = client.ask(now(), &window(now() - Duration::hours(2), now(), 10));
    let url = window(now() - Duration::hours(2), now(), 10)
        + "&$select=id&$orderby=receivedDateTime asc&$count=true";
    let dressed = client.ask(now(), &url);
    assert_eq!(json(&plain)["value"], json(&dressed)["value"]);
    assert!(json(&dressed).get("@odata.count").is_none());
}

#[test]
fn filters_find_and_both_bounds_count() {
    let mut client = client();
    let rows = client.rows(now(), now() - Duration::hours(6), now(), 5_000);
    let row = rows
        .iter()
        .find(|row| row["recipientAddress"].as_str().unwrap().contains('\''))
        .unwrap();
    let address = row["recipientAddress"].as_str().unwrap().replace('\'', "%27%27");
    let time = row["receivedDateTime"].as_str().unwrap();
    let url = format!(
        "{LIST}?$filter=receivedDateTime ge {time} and receivedDateTime le {time} and recipientAddress eq '{address}'"
    );
    let page = json(&client.ask(now(), &url));
    assert!(page["value"].as_array().unwrap().contains(row));
    // No match is an empty page and no error.
    let page = json(&client.ask(
        now(),
        &format!("{LIST}?$filter=id eq '00000000-0000-0000-0000-000000000000'"),
    ));
    assert_eq!(page["value"].as_array().unwrap().len(), 0);
    let page = json(&client.ask(
        now(),
        &format!("{LIST}?$filter=senderAddress eq '*@EXAMPLE.com'&$top=50"),
    ));
    assert!(
        page["value"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| { row["senderAddress"].as_str().unwrap().ends_with("@example.com") })
    );
    let (status, ..) = refusal(&mut client, &format!("{LIST}?$filter=colour eq 'red'"));
    assert_eq!(status, 400);
}

#[test]
fn over_long_urls_are_404_and_foreign_paths_400() {
    let mut client = client();
    let long = format!("{LIST}?$filter=senderAddress eq '{}'", "a".repeat(20_000));
    assert_eq!(client.ask(now(), &long).response.status(), 404);
    let (status, _, message) = refusal(&mut client, "https://graph.microsoft.com/v1.0/nothing");
    assert_eq!(
        (status, message.as_str()),
        (400, "Resource not found for the segment 'nothing'.")
    );
    let token = client.simulator.token(now());
    let post = Request::post(LIST)
        .header("authorization", format!("Bearer {token}"))
        .body(Vec::new())
        .unwrap();
    assert_eq!(client.simulator.respond(now(), &post).response.status(), 405);
}

#[test]
fn the_service_principal_is_missing_with_401_or_403_and_can_come() {
    let mut client = client();
    for (principal, status, code) in [
        (ServicePrincipal::Missing(401), 401, "Unauthorized"),
        (ServicePrincipal::Missing(403), 403, "Forbidden"),
        (
            ServicePrincipal::From(now() + Duration::hours(1), 403),
            403,
            "Forbidden",
        ),
    ] {
        client.simulator.settings_mut().access.service_principal = principal;
        let found = refusal(&mut client, LIST);
        assert_eq!((found.0, found.1.as_str()), (status, code));
        assert!(found.2.contains("8bd644d1-64a1-4d4b-ae52-2e0cbf64e373"));
    }
    assert_eq!(
        client.ask(now() + Duration::hours(1), LIST).response.status(),
        200
    );
}

#[test]
fn the_permission_is_missing_with_403() {
    let mut client = client();
    client.simulator.settings_mut().access.permission_granted = false;
    let (status, code, _) = refusal(&mut client, LIST);
    assert_eq!((status, code.as_str()), (403, "Authorization_RequestDenied"));
}

#[test]
fn tokens_end_and_foreign_ones_never_open() {
    let mut client = client();
    let token = client.simulator.token(now());
    let reporting = client.simulator.reporting_token(now());
    let mut ask = |token: &str, later: i64| {
        let value = format!("Bearer {token}");
        let now = now() + Duration::seconds(later);
        client
            .ask_with(now, LIST, &[("authorization", &value)])
            .response
            .status()
            .as_u16()
    };
    assert_eq!(ask(&token, 0), 200);
    assert_eq!(ask(&token, 3_598), 200);
    assert_eq!(ask(&token, 3_599), 401);
    assert_eq!(ask("garbage", 0), 401);
    assert_eq!(ask(&reporting, 0), 401);
}

#[test]
fn a_hundred_requests_fit_in_any_300_seconds() {
    for form in [
        RetryAfterForm::Seconds,
        RetryAfterForm::Date,
        RetryAfterForm::Absent,
    ] {
        let mut client = client();
        client.simulator.settings_mut().quota.retry_after = form;
        let start = now();
        for second in 0..100 {
            let reply = client.ask(start + Duration::seconds(second), &format!("{LIST}?$top=1"));
            assert_eq!(reply.response.status(), 200);
        }
        let late = start + Duration::milliseconds(150_500);
        let reply = client.ask(late, LIST);
        assert_eq!(reply.response.status(), 429);
        let words = "Your recent queries have surpassed the permitted limit, please try again later.";
        assert_eq!(json(&reply)["error"]["message"], words);
        let header = reply
            .response
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().unwrap());
        match form {
            RetryAfterForm::Seconds => assert_eq!(header, Some("150")),
            RetryAfterForm::Date => assert_eq!(header, Some("Tue, 03 Mar 2026 12:05:01 GMT")),
            RetryAfterForm::Absent => assert_eq!(header, None),
        }
        // The window rolls: after 300 s the first request has left it, and a refused one never was in it.
        assert_eq!(
            client.ask(start + Duration::seconds(300), LIST).response.status(),
            200
        );
        assert_eq!(
            client.ask(start + Duration::seconds(300), LIST).response.status(),
            429
        );
        let statistics = client.simulator.statistics();
        assert_eq!((statistics.quota_peak, statistics.refused_by_quota), (100, 2));
    }
}

#[test]
fn details_share_the_quota_or_have_their_own() {
    let url = format!(
        "{LIST}/00000000-0000-0000-0000-000000000000/getDetailsByRecipient(recipientAddress='a@example.com')"
    );
    for (shared, status) in [(false, 200), (true, 429)] {
        let mut client = client();
        client.simulator.settings_mut().quota.details_shared = shared;
        for _ in 0..100 {
            client.ask(now(), &format!("{LIST}?$top=1"));
        }
        assert_eq!(client.ask(now(), &url).response.status().as_u16(), status);
    }
}

#[test]
fn equal_settings_and_requests_give_equal_answers() {
    let answers = || {
        let mut client = client();
        let url = window(Utc.with_ymd_and_hms(2026, 3, 2, 0, 0, 0).unwrap(), now(), 700);
        (
            client.ask(now(), &url).response.into_body(),
            client.ask(now(), LIST).response.headers().clone(),
        )
    };
    assert_eq!(answers(), answers());
}
