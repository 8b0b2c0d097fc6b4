//! Faults: each by script, all by chance, and links to hostile places.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::HashSet;

use chrono::{DateTime, Duration, Utc};
use common::{Client, LIST, at, json, window};
use message_trace_simulator::{
    Endpoint, Fault, FaultRates, Injection, Reply, RetryAfter, Settings, Travel, When, hostile,
};

fn now() -> DateTime<Utc> {
    at(2026, 3, 3, 12)
}

fn client() -> Client {
    Client::new(Settings::new(3, at(2026, 3, 2, 0)))
}

fn url() -> String {
    window(now() - Duration::hours(4), now(), 200)
}

/// The answer to the first list request under a fault.
fn under(fault: Fault) -> Reply {
    let mut client = client();
    client.simulator.inject(Injection {
        endpoint: Endpoint::List,
        when: When::Nth(1),
        fault,
    });
    client.ask(now(), &url())
}

fn next(reply: &Reply) -> String {
    json(reply)["@odata.nextLink"].as_str().unwrap().to_owned()
}

fn count(reply: &Reply) -> usize {
    json(reply)["value"].as_array().unwrap().len()
}

#[test]
fn a_script_strikes_the_requests_it_names_and_no_other() {
    let struck = |endpoint, when| {
        let mut client = client();
        let fault = Fault::Status(503, RetryAfter::Absent);
        client.simulator.inject(Injection {
            endpoint,
            when,
            fault,
        });
        let first = client.ask(now(), &url());
        let link = if first.response.status() == 200 {
            next(&first)
        } else {
            url()
        };
        let mut struck = vec![first.response.status() != 200];
        for url in [link.as_str(), &url(), &link, &url()] {
            struck.push(client.ask(now(), url).response.status() != 200);
        }
        struck
            .iter()
            .map(|hit| if *hit { 'x' } else { '.' })
            .collect::<String>()
    };
    assert_eq!(struck(Endpoint::List, When::Nth(3)), "..x..");
    assert_eq!(struck(Endpoint::List, When::From(4)), "...xx");
    assert_eq!(struck(Endpoint::List, When::Between(2, 3)), ".xx..");
    assert_eq!(struck(Endpoint::Any, When::Every(2)), ".x.x.");
    assert_eq!(struck(Endpoint::NextPage, When::Nth(2)), "...x.");
    assert_eq!(struck(Endpoint::FirstPage, When::Nth(2)), "..x..");
    assert_eq!(struck(Endpoint::Token, When::From(1)), ".....");
}

#[test]
fn retry_after_has_every_form() {
    for (retry_after, header) in [
        (RetryAfter::Seconds(42), Some("42")),
        (RetryAfter::Date(42), Some("Tue, 03 Mar 2026 12:00:42 GMT")),
        (RetryAfter::Absent, None),
        (RetryAfter::Text("-1".to_owned()), Some("-1")),
    ] {
        let reply = under(Fault::TooManyRequests(retry_after));
        assert_eq!(reply.response.status(), 429);
        assert_eq!(json(&reply)["error"]["code"], "TooManyRequests");
        let found = reply
            .response
            .headers()
            .get("retry-after")
            .map(|value| value.to_str().unwrap());
        assert_eq!(found, header);
    }
    let seconds = under(Fault::Status(503, RetryAfter::Seconds(7)));
    assert_eq!(seconds.response.headers()["retry-after"], "7");
}

#[test]
fn the_service_fails_with_any_status() {
    for status in [408, 500, 502, 503, 504] {
        let reply = under(Fault::Status(status, RetryAfter::Absent));
        assert_eq!(reply.response.status().as_u16(), status);
        assert!(json(&reply)["error"]["message"].is_string());
    }
}

#[test]
fn what_the_service_fails_to_answer_counts_against_the_quota() {
    let mut client = client();
    let fault = Fault::Status(500, RetryAfter::Absent);
    client.simulator.inject(Injection {
        endpoint: Endpoint::List,
        when: When::Between(1, 99),
        fault,
    });
    let mut status = || client.ask(now(), &url()).response.status().as_u16();
    let answers = (0..101).map(|_| status()).collect::<Vec<_>>();
    assert_eq!(answers[98..], [500, 200, 429]);
}

#[test]
fn bodies_break_on_their_way() {
    let whole = client().ask(now(), &url()).response.into_body();
    for (fault, travel) in [
        (Fault::ResetBefore, Travel::ResetBefore),
        (Fault::ResetWithin(500), Travel::ResetWithin(whole.len() / 2)),
        (Fault::Truncated(1_000), Travel::Truncated(whole.len() - 1)),
        (Fault::Slow(0), Travel::Slow(1)),
        (Fault::Silent, Travel::Silent),
    ] {
        let reply = under(fault);
        assert_eq!(reply.travel, travel);
        assert_eq!(reply.response.body(), &whole);
        let (arriving, is_whole) = reply.travel.arriving(&whole);
        assert_eq!(is_whole, arriving.len() == whole.len());
    }
    let page = under(Fault::HtmlPage);
    assert_eq!(page.response.status(), 200);
    assert_eq!(
        page.response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    let shape = under(Fault::WrongShape);
    assert!(json(&shape)["value"].is_object());
}

#[test]
fn a_token_ends_between_two_pages() {
    let mut client = client();
    let expire = Injection {
        endpoint: Endpoint::NextPage,
        when: When::Nth(1),
        fault: Fault::TokenExpired,
    };
    client.simulator.inject(expire);
    let value = format!("Bearer {}", client.simulator.token(now()));
    let headers = [("authorization", value.as_str())];
    let first = client.ask_with(now(), &url(), &headers);
    let link = next(&first);
    let second = client.ask_with(now(), &link, &headers);
    assert_eq!(second.response.status(), 401);
    assert_eq!(json(&second)["error"]["code"], "InvalidAuthenticationToken");
    assert_eq!(client.ask_with(now(), &link, &headers).response.status(), 401);
    assert_eq!(client.ask(now(), &link).response.status(), 200);
}

#[test]
fn next_links_die() {
    for status in [400, 410] {
        let mut client = client();
        let link = next(&client.ask(now(), &url()));
        let fault = Fault::DeadNextLink(status);
        client.simulator.inject(Injection {
            endpoint: Endpoint::NextPage,
            when: When::Nth(1),
            fault,
        });
        assert_eq!(client.ask(now(), &link).response.status().as_u16(), status);
        // One that was dead from the start stays so.
        let link = next(&under(Fault::DeadNextLink(status)));
        for _ in 0..2 {
            assert_eq!(client.ask(now(), &link).response.status().as_u16(), status);
        }
    }
    let mut client = client();
    client.simulator.settings_mut().next_link_lifetime = Some(Duration::minutes(5));
    let link = next(&client.ask(now(), &url()));
    assert_eq!(
        client.ask(now() + Duration::minutes(5), &link).response.status(),
        200
    );
    assert_eq!(
        client.ask(now() + Duration::minutes(6), &link).response.status(),
        400
    );
    assert_eq!(
        client
            .ask(now(), &format!("{LIST}?$skiptoken=nonsense"))
            .response
            .status(),
        400
    );
}

#[test]
fn a_next_link_loops() {
    let mut client = client();
    client.simulator.inject(Injection {
        endpoint: Endpoint::List,
        when: When::Nth(1),
        fault: Fault::LoopingNextLink,
    });
    let first = client.ask(now(), &url());
    let link = next(&first);
    let second = client.ask(now(), &link);
    assert_eq!(next(&second), link);
    assert_eq!(next(&client.ask(now(), &link)), link);
    assert_eq!(json(&second)["value"], json(&first)["value"]);
    // Asking for the window again leads out of it.
    assert_ne!(next(&client.ask(now(), &url())), link);
}

#[test]
fn an_empty_page_is_not_the_end() {
    let mut client = client();
    let whole = client.rows(now(), now() - Duration::hours(4), now(), 200);
    for when in [When::Nth(1), When::Nth(3)] {
        client.simulator.clear_injections();
        client.simulator.inject(Injection {
            endpoint: Endpoint::List,
            when,
            fault: Fault::EmptyPage,
        });
        assert_eq!(client.rows(now(), now() - Duration::hours(4), now(), 200), whole);
    }
    let page = under(Fault::EmptyPage);
    assert_eq!(count(&page), 0);
    assert!(next(&page).starts_with(LIST));
}

#[test]
fn hostile_links_come_as_they_are_and_none_is_a_good_one() {
    let origin = "https://graph.microsoft.com";
    for link in hostile::next_links(origin) {
        assert_eq!(
            next(&under(Fault::HostileNextLink(link.url.clone()))),
            link.url,
            "{}",
            link.name
        );
        let is_good = link.url.strip_prefix(LIST).is_some_and(|rest| {
            rest.strip_prefix('?')
                .is_some_and(|query| query.len() < 10_000 && query.chars().all(is_plain))
        });
        assert!(!is_good, "{}", link.name);
    }
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "$=&%-._~'".contains(character)
}

#[test]
fn redirects_and_missing_rights_are_faults_too() {
    let redirect = under(Fault::Redirect(307, "https://attacker.example/".to_owned()));
    assert_eq!(redirect.response.status(), 307);
    assert_eq!(
        redirect.response.headers()["location"],
        "https://attacker.example/"
    );
    for status in [401, 403] {
        let reply = under(Fault::ServicePrincipalMissing(status));
        assert_eq!(reply.response.status().as_u16(), status);
        assert!(
            json(&reply)["error"]["message"]
                .as_str()
                .unwrap()
                .contains("8bd644d1-64a1-4d4b-ae52-2e0cbf64e373")
        );
    }
    assert_eq!(under(Fault::PermissionMissing).response.status(), 403);
}

#[test]
fn chance_is_the_same_for_the_same_seed_and_as_often_as_told() {
    let answers = |seed: u64, rates: FaultRates| {
        let mut settings = Settings::new(seed, at(2026, 3, 2, 0));
        settings.faults = rates;
        settings.quota.requests = 10_000;
        settings.log_capacity = 2_000;
        settings.rows_per_day = 200;
        let mut client = Client::new(settings);
        for second in 0..2_000 {
            client.ask(at(2026, 3, 3, 0) + Duration::seconds(second * 30), LIST);
        }
        client
            .simulator
            .log()
            .map(|seen| seen.fault.clone())
            .collect::<Vec<_>>()
    };
    let (some, again) = (answers(1, FaultRates::some()), answers(1, FaultRates::some()));
    assert_eq!(some, again);
    assert_ne!(some, answers(2, FaultRates::some()));
    let struck = |faults: &[Option<Fault>]| faults.iter().flatten().count();
    assert_eq!(struck(&answers(1, FaultRates::none())), 0);
    let steady = FaultRates {
        outages_in_ten_days: 0,
        ..FaultRates::some()
    };
    assert!((60..150).contains(&struck(&answers(1, steady))));
    let harsh = answers(
        1,
        FaultRates {
            outages_in_ten_days: 0,
            ..FaultRates::harsh()
        },
    );
    assert!((320..480).contains(&struck(&harsh)));
    let kinds = harsh
        .iter()
        .flatten()
        .map(std::mem::discriminant)
        .collect::<HashSet<_>>();
    assert!(kinds.len() >= 11, "{}", kinds.len());
    // An outage strikes every request for a while.
    let outages = answers(
        1,
        FaultRates {
            per_mille: 0,
            outages_in_ten_days: 120,
            ..FaultRates::none()
        },
    );
    let longest = outages.split(Option::is_none).map(<[_]>::len).max().unwrap();
    assert!(longest >= 3 && struck(&outages) < 1_500, "{longest}");
}

#[test]
fn the_log_remembers_what_was_asked_and_nothing_secret() {
    let mut settings = Settings::new(1, at(2026, 3, 2, 0));
    settings.log_capacity = 2;
    let mut client = Client::new(settings);
    client.ask_with(now(), LIST, &[]);
    client.ask(now(), &format!("{LIST}?$top=0"));
    client.ask(now(), &format!("{LIST}?$top=1"));
    let log = client.simulator.log().cloned().collect::<Vec<_>>();
    assert_eq!(log.len(), 2);
    assert_eq!((log[0].status, log[1].status), (400, 200));
    assert!(
        log.iter()
            .all(|seen| seen.is_authorized && !format!("{seen:?}").contains("Bearer"))
    );
    assert_eq!(client.simulator.statistics().bad_requests, 1);
}
