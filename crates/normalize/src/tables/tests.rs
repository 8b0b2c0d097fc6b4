//! Damaged reports: whatever the bytes, every row that comes out is one JSON object, and how the bytes arrive decides
//! nothing.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Read;

use super::*;

const REPORTS: [&str; 3] = [
    "#TYPE Selected.System.Object\r\n\"Received\",\"SenderAddress\",\"RecipientAddress\",\"Subject\",\"Status\",\"Size\"\r\n\
     \"6/13/2026 10:30:00 AM\",\"a@example.com\",\"b@example.org\",\"one, \"\"two\"\"\r\nthree\",\"Delivered\",\"12\"\r\n",
    "origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,network_message_id\n\
     2026-06-13T10:30:00.1234567Z,a@example.com,b@example.org##Receive, Deliver;c@example.org##Fail,Prüfung,7,1-2-3\n\
     2026-06-13T10:31:00Z,<>,d@example.org##Receive,,,\n",
    "Received;SenderAddress;RecipientAddress;FromIP;ToIP\n13.06.2026 10:30:00;a@example.com;b@example.org;192.0.2.1;2001:db8::1\n",
];

/// Gives a few bytes a call.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.1.min(buffer.len()).min(self.0.len());
        buffer[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

/// The rows with their lines, and how the report ended.
type Given = (Vec<(Vec<u8>, u64)>, String);

fn rows(report: &[u8], at_once: usize) -> Option<Given> {
    let table = Table::detect(report)?;
    let mut all = Vec::new();
    let ended = read(
        &mut Drip(report, at_once),
        &table,
        4096,
        Some(Dates::Mdy),
        &mut |work| {
            let Work::Rows(rows) = work else {
                panic!("a report gives rows")
            };
            all.extend(rows.iter().map(|(row, line)| (row.to_vec(), line)));
            Ok(())
        },
    );
    let ended = match ended {
        Ok(()) => String::new(),
        Err(Stop::Io(error)) => error.to_string(),
        Err(Stop::Closed | Stop::Failed(_)) => panic!("nobody closed anything"),
    };
    Some((all, ended))
}

#[test]
fn damaged_reports_give_whole_rows_however_they_arrive() {
    let mut chance = fastrand::Rng::with_seed(5);
    let mut given = 0;
    for _ in 0..5_000 {
        let mut report = REPORTS[chance.usize(..REPORTS.len())].as_bytes().to_vec();
        for _ in 0..chance.usize(0..6) {
            let at = chance.usize(..report.len());
            match chance.u8(0..4) {
                0 => report[at] = chance.u8(..),
                1 => report[at] = *b"\",;\r\n\t#/:@\xC3".get(chance.usize(..11)).unwrap(),
                2 => {
                    report.remove(at);
                }
                _ => {
                    let piece = report[at..(at + chance.usize(1..40)).min(report.len())].to_vec();
                    report.splice(at..at, piece);
                }
            }
        }
        let whole = rows(&report, usize::MAX);
        for (row, line) in whole.iter().flat_map(|(rows, _)| rows) {
            assert!(
                serde_json::from_slice::<serde_json::Value>(row)
                    .unwrap()
                    .is_object()
            );
            assert!((1..=1 + report.len() as u64).contains(line));
            given += 1;
        }
        assert_eq!(rows(&report, chance.usize(1..8)), whole);
    }
    assert!(given > 3_000, "{given} rows");
}
