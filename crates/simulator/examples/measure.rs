//! Measures how fast the simulator is: rows made, pages given, lines written. Run it on a quiet machine.
#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use http::Request;
use message_trace_simulator::{LineFormat, Quota, Settings, Simulator, write_lines};

fn main() {
    for format in [
        LineFormat::Graph,
        LineFormat::ReportingVerbose,
        LineFormat::ReportingLight,
        LineFormat::Mixed,
    ] {
        let begin = Instant::now();
        let bytes = write_lines(&mut std::io::sink(), 1, 200_000, format).unwrap_or(0);
        println!(
            "200,000 lines {format:?}: {} bytes a line, {:?}",
            bytes / 200_000,
            begin.elapsed()
        );
    }
    let from = DateTime::<Utc>::from_timestamp(1_767_571_200, 0).unwrap_or_default();
    let begin = Instant::now();
    let (mut rows, mut bytes, mut requests) = (0, 0, 0);
    for seed in 0..10 {
        let mut settings = Settings::new(seed, from);
        settings.quota = Quota {
            requests: 1_000_000,
            ..Quota::default()
        };
        let mut simulator = Simulator::new(settings);
        let mut token = String::new();
        // A minute's window of 15 minutes all day, and a sweep of 6 hours every 15 minutes.
        for minute in 0..1_440 {
            let now = from + Duration::minutes(minute);
            if minute % 60 == 0 {
                token = simulator.token(now);
            }
            let mut spans = vec![15];
            if minute % 15 == 0 {
                spans.push(360);
            }
            for span in spans {
                let (start, end) = (now - Duration::minutes(span), now);
                let url = format!(
                    "https://graph.microsoft.com/v1.0/admin/exchange/tracing/messageTraces?$top=5000&$filter=receivedDateTime%20ge%20{}%20and%20receivedDateTime%20le%20{}",
                    start.format("%FT%TZ"),
                    end.format("%FT%TZ")
                );
                let request = Request::get(url).header("authorization", format!("Bearer {token}"));
                let Ok(request) = request.body(Vec::new()) else {
                    continue;
                };
                bytes += simulator.respond(now, &request).response.body().len();
            }
        }
        rows += simulator.statistics().rows;
        requests += simulator.statistics().requests;
    }
    let took = begin.elapsed();
    println!("10 tenant-days: {requests} requests, {rows} rows, {bytes} bytes, {took:?}");
}
