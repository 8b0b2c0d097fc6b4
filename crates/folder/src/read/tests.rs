//! Files that grow, end in half a row, are renamed or written anew.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use super::*;

/// A file that is read again and again, as the program does it.
struct Again {
    _folder: tempfile::TempDir,
    path: PathBuf,
    marks: HashMap<String, Mark>,
    changed_ns: i64,
}

impl Again {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            path: folder.path().join("a"),
            _folder: folder,
            marks: HashMap::new(),
            changed_ns: 0,
        }
    }

    fn read(&mut self, content: &[u8], is_final: bool) -> (Vec<String>, Vec<Told>) {
        std::fs::write(&self.path, content).unwrap();
        self.changed_ns += 1;
        let found = Found {
            path: self.path.clone(),
            bytes: content.len() as u64,
            changed_ns: self.changed_ns,
            is_final,
        };
        let plan = plan(&found, &self.marks, &|_| false).unwrap().unwrap();
        let mut rows = Vec::new();
        let outcome = read(&found, &plan, 1 << 20, None, &mut |batch| {
            rows.extend(batch);
            true
        });
        let outcome = outcome.unwrap();
        rows.extend(outcome.rows);
        let mark = outcome.mark.unwrap();
        self.marks.insert(mark.path.clone(), mark);
        let text = |row: Vec<u8>| String::from_utf8(row).unwrap();
        (rows.into_iter().map(text).collect(), outcome.told)
    }
}

fn row(number: u32) -> String {
    format!("{{\"id\":\"{number}\",\"receivedDateTime\":\"2025-06-13T10:30:00Z\"}}")
}

/// Whatever the steps in which a file grows, each row comes out, in its order, and closed ones come out once.
#[test]
fn rows_of_a_file_that_grows_come_once() {
    let table = "Received,RecipientAddress,Subject\r\n2026-06-13T10:30:00Z,a@example.com;b@example.com,\"x\r\ny\"\r\n\
                 2026-06-13T10:31:00Z,c@example.com,z\r\n2026-06-13T10:32:00Z,d@example.com,last\r\n";
    let lines: String = (0..4).map(|number| row(number) + "\n").collect();
    let pages = format!(
        "{{\"value\":[{},{}]}}\n[{},\n{}]\n",
        row(0),
        row(1),
        row(2),
        row(3)
    );
    for text in [table, &lines, &pages] {
        let whole = Again::new().read(text.as_bytes(), false).0;
        assert_eq!(whole.len(), 4, "{text}");
        for step in [1, 7, 31, 64, text.len()] {
            let mut again = Again::new();
            let mut all: Vec<String> = Vec::new();
            let mut end = 0;
            while end < text.len() {
                end = (end + step).min(text.len());
                for row in again.read(&text.as_bytes()[..end], false).0 {
                    // Without its end a row may come twice.
                    if all.last() != Some(&row) {
                        all.push(row);
                    }
                }
            }
            assert_eq!(all, whole, "steps of {step}: {text}");
            let again = again.read(&[text.as_bytes(), b"\n"].concat(), false);
            assert_eq!(again, (vec![], vec![]), "steps of {step}: {text}");
        }
    }
}

/// The same where a step ends inside a character.
#[test]
fn rows_of_other_encodings_come_once() {
    let table = "Received,RecipientAddress,Subject\r\n2026-06-13T10:30:00Z,a@example.com,Grüße 🎉\r\n\
                 2026-06-13T10:31:00Z,b@example.com,€\r\n";
    let lines: String = (0..3).map(|number| row(number) + "\n").collect();
    for text in [table, &lines] {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let whole = Again::new().read(&bytes, false).0;
        assert!(whole.len() > 1 && !whole.concat().contains('\u{fffd}'));
        for step in [1, 13, 50] {
            let mut again = Again::new();
            let mut all: Vec<String> = Vec::new();
            let mut end = 0;
            while end < bytes.len() {
                end = (end + step).min(bytes.len());
                let (rows, _) = again.read(&bytes[..end], false);
                all.extend(rows);
                all.dedup();
            }
            assert_eq!(all, whole, "steps of {step}");
        }
    }
}

#[test]
fn what_a_file_ends_with_waits_and_is_taken_at_last() {
    let mut again = Again::new();
    let text = "Received,RecipientAddress,Status\n2026-06-13T10:30:00Z,a@example.com,Deliv";
    assert_eq!(again.read(text.as_bytes(), false), (vec![], vec![Told::Cut]));
    let (rows, told) = again.read(text.as_bytes(), true);
    assert!(rows.len() == 1 && rows[0].contains("\"Deliv\"") && told.is_empty());
    // It goes on all the same: the row is read again.
    let (rows, _) = again.read(format!("{text}ered\n").as_bytes(), false);
    assert!(rows.len() == 1 && rows[0].contains("\"Delivered\""));
}

#[test]
fn a_file_that_was_written_anew_is_read_from_its_beginning() {
    let mut again = Again::new();
    let first: String = (0..3).map(|number| row(number) + "\n").collect();
    assert_eq!(again.read(first.as_bytes(), false).0.len(), 3);
    let second: String = (3..9).map(|number| row(number) + "\n").collect();
    assert_eq!(again.read(second.as_bytes(), false).0.len(), 6);
    assert_eq!(again.read(row(4).as_bytes(), false).0, [row(4)]);
    assert_eq!(again.read(b"", false), (vec![], vec![]));
}

#[test]
fn a_file_that_was_renamed_is_known() {
    let mut again = Again::new();
    let text: String = (0..300).map(|number| row(number) + "\n").collect();
    assert_eq!(again.read(text.as_bytes(), false).0.len(), 300);
    let found = Found {
        path: again.path.with_extension("1"),
        bytes: text.len() as u64 + 3,
        changed_ns: 9,
        is_final: false,
    };
    std::fs::write(&found.path, format!("{text}{{}}\n")).unwrap();
    let plan = plan(&found, &again.marks, &|_| true).unwrap().unwrap();
    assert_eq!(plan.skip, 300);
    assert_eq!(plan.renamed.as_deref(), again.path.to_str());
    let copied = super::plan(&found, &again.marks, &|_| false).unwrap().unwrap();
    assert_eq!((copied.skip, copied.renamed), (300, None));
}

#[test]
fn many_rows_come_in_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.json");
    let rows: Vec<String> = (0..6_000).map(row).collect();
    let text = format!("{{\"value\":[{}]}}", rows.join(","));
    std::fs::write(&path, &text).unwrap();
    let found = Found {
        path,
        bytes: text.len() as u64,
        changed_ns: 1,
        is_final: false,
    };
    let plan = plan(&found, &HashMap::new(), &|_| false).unwrap().unwrap();
    let mut sizes = Vec::new();
    let outcome = read(&found, &plan, 1 << 20, None, &mut |batch| {
        sizes.push(batch.len());
        true
    })
    .unwrap();
    sizes.push(outcome.rows.len());
    assert_eq!(sizes.iter().sum::<usize>(), 6_000);
    assert!(
        sizes.len() > 1 && sizes.iter().all(|size| *size <= 5_000),
        "{sizes:?}"
    );
    let stopped = read(&found, &plan, 1 << 20, None, &mut |_| false).unwrap();
    assert!(stopped.is_stopped && stopped.mark.is_none());
}
