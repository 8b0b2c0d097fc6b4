//! Opening, fencing, rights, and what a damaged file does.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::ledger::{GapReason, MemoryLedger, Segment};
use message_trace_remedy::Remedy;

const SETTLING_S: i64 = 48 * 3600;

fn open(path: &Path) -> Result<FileLedger, LedgerError> {
    FileLedger::open(path, "contoso", "graph")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

fn entry(number: u64, sequence: u64, received_s: i64) -> Entry {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    let status = if number.is_multiple_of(3) {
        "delivered"
    } else {
        "gettingStatus"
    }
    .to_owned();
    Entry {
        key: Key(key),
        known: Known {
            content: number * 7,
            sequence,
            status,
        },
        received_s,
    }
}

/// A change as a page brings it about.
fn page(number: u64, coverage: &mut Coverage) -> Transaction {
    let start_s = 1_000_000 + i64::try_from(number).unwrap() * 60;
    coverage.cover(Span::new(start_s, start_s + 60), start_s + 70, SETTLING_S);
    Transaction {
        entries: (0..20)
            .map(|row| entry(number * 15 + row, number, start_s))
            .collect(),
        coverage: Some(coverage.clone()),
        forget: if number % 4 == 3 {
            vec![Span::new(0, start_s - 120)]
        } else {
            Vec::new()
        },
        floor_s: (number == 0).then_some(1_000_000),
        gaps: if number == 5 {
            vec![Gap {
                span: Span::new(1, 2),
                reason: GapReason::OlderThanRetention,
                found_ms: 3,
            }]
        } else {
            Vec::new()
        },
        pause: (number == 6).then_some(Pause {
            until_ms: 77,
            told_ms: 7,
        }),
        skew_ms: (number == 7).then_some(-5),
        ..Transaction::default()
    }
}

fn all_keys() -> Vec<Key> {
    (0..400).map(|number| entry(number, 0, 0).key).collect()
}

/// What a ledger holds, in full.
type Image = (State, Vec<Option<Known>>);

/// Reads all of it.
fn image(ledger: &mut impl Ledger<Error: std::fmt::Debug>) -> Image {
    (ledger.load().unwrap(), ledger.look_up(&all_keys()).unwrap())
}

#[test]
fn the_file_means_what_the_memory_means() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let mut file = open(&path).unwrap();
    let mut memory = MemoryLedger::default();
    let mut coverage = Coverage::default();
    for number in 0..20 {
        let change = page(number, &mut coverage);
        file.commit(&change).unwrap();
        memory.commit(&change).unwrap();
        let at_ms = i64::try_from(number).unwrap() * 1000;
        file.charge(at_ms, at_ms - 5000).unwrap();
        memory.charge(at_ms, at_ms - 5000).unwrap();
        assert_eq!(image(&mut file), image(&mut memory), "page {number}");
    }
    drop(file);
    assert_eq!(image(&mut open(&path).unwrap()), image(&mut memory));
}

#[test]
fn a_second_program_is_refused_and_may_come_after_the_first() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let first = open(&path).unwrap();
    let second = open(&path).unwrap_err();
    assert!(matches!(second, LedgerError::InUse(_)), "{second}");
    assert!(FileLedger::survey(&path).is_ok(), "looking is allowed meanwhile");
    drop(first);
    assert!(open(&path).is_ok());
}

#[test]
fn a_program_that_lost_its_lock_cannot_commit() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let mut first = open(&path).unwrap();
    // The lock's file is deleted under it, as a cleaning of temporary files does.
    fs::remove_file(folder.path().join("ledger.db.lock")).unwrap();
    let mut second = open(&path).unwrap();
    let change = page(0, &mut Coverage::default());
    assert!(matches!(first.commit(&change), Err(LedgerError::Fenced(_))));
    assert!(matches!(first.charge(1, 0), Err(LedgerError::Fenced(_))));
    assert!(second.commit(&change).is_ok());
}

#[test]
fn another_tenant_or_source_is_refused() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    drop(open(&path).unwrap());
    for (tenant, source) in [("fabrikam", "graph"), ("contoso", "reporting")] {
        assert!(matches!(
            FileLedger::open(&path, tenant, source),
            Err(LedgerError::OtherOwner(_))
        ));
    }
    assert!(
        FileLedger::open(&path, "CONTOSO", "graph").is_ok(),
        "a tenant's name has no case"
    );
}

#[cfg(unix)]
#[test]
fn file_and_folder_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let path = folder.path().join("state/ledger.db");
    let mut ledger = open(&path).unwrap();
    ledger.charge(1, 0).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path().join("state")), 0o700);
    for name in ["ledger.db", "ledger.db-wal", "ledger.db.lock"] {
        assert_eq!(mode(folder.path().join("state").join(name)), 0o600, "{name}");
    }
}

#[test]
fn what_is_no_ledger_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    for content in [b"".as_slice(), b"text", &[0; 4096], b"SQLite format 3\0"] {
        fs::write(&path, content).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, LedgerError::Damaged(_)), "{error}");
        assert!(error.to_string().contains("--recover"));
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is put beside it"
        );
    }
    fs::remove_file(&path).unwrap();
    fs::write(folder.path().join("ledger.db-wal"), b"left").unwrap();
    assert!(
        matches!(open(&path), Err(LedgerError::Damaged(_))),
        "a journal alone is no beginning"
    );
}

#[test]
fn a_later_version_is_refused() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    drop(open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "user_version", SCHEMA_VERSION + 1)
        .unwrap();
    connection.close().unwrap();
    assert!(matches!(open(&path), Err(LedgerError::TooNew(_))));
}

/// A ledger with some pages in its file and some in its journal, and every state it was ever in.
fn history(folder: &Path) -> (Vec<u8>, Vec<u8>, Vec<Image>) {
    let path = folder.join("ledger.db");
    let mut states = Vec::new();
    let mut coverage = Coverage::default();
    let mut ledger = open(&path).unwrap();
    for number in 0..10 {
        ledger.commit(&page(number, &mut coverage)).unwrap();
        states.push(image(&mut ledger));
    }
    ledger
        .connection
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .unwrap();
    for number in 10..16 {
        ledger.commit(&page(number, &mut coverage)).unwrap();
        states.push(image(&mut ledger));
    }
    let file = fs::read(&path).unwrap();
    let journal = fs::read(folder.join("ledger.db-wal")).unwrap();
    assert!(journal.len() > 10_000);
    (file, journal, states)
}

/// Opens a torn image: it must be at a state that was committed, or be refused.
fn judge(folder: &Path, file: &[u8], journal: &[u8], states: &[Image], what: &str) -> bool {
    for name in ["ledger.db-shm", "ledger.db-wal", "ledger.db.lock"] {
        let _ = fs::remove_file(folder.join(name));
    }
    let path = folder.join("ledger.db");
    fs::write(&path, file).unwrap();
    if !journal.is_empty() {
        fs::write(folder.join("ledger.db-wal"), journal).unwrap();
    }
    match FileLedger::check(&path).and_then(|_| open(&path)) {
        Ok(mut ledger) => {
            let found = image(&mut ledger);
            assert!(
                states.contains(&found),
                "{what}: opened at a state that was never committed"
            );
            true
        }
        Err(LedgerError::Damaged(_) | LedgerError::TooNew(_) | LedgerError::TooOld(_)) => false,
        Err(error) => panic!("{what}: {error}"),
    }
}

#[test]
fn a_file_cut_short_is_whole_or_refused() {
    let origin = folder();
    let (file, journal, states) = history(origin.path());
    let folder = folder();
    let mut opened = 0;
    for length in (0..file.len()).step_by(512) {
        opened += u32::from(judge(
            folder.path(),
            &file[..length],
            &journal,
            &states,
            &format!("file cut at {length}"),
        ));
        judge(
            folder.path(),
            &file[..length],
            &[],
            &states,
            &format!("file cut at {length}, no journal"),
        );
    }
    for length in (0..=journal.len()).step_by(512) {
        let what = format!("journal cut at {length}");
        assert!(
            judge(folder.path(), &file, &journal[..length], &states, &what),
            "{what}: a torn journal is no loss"
        );
    }
    // Only what the journal holds anyway may be missing.
    assert!(opened < 16, "a file cut short can hardly be whole: {opened}");
}

#[test]
fn a_flipped_bit_is_harmless_or_refused() {
    let origin = folder();
    let (file, journal, states) = history(origin.path());
    let folder = folder();
    let mut chance = fastrand::Rng::with_seed(5);
    let flips = std::env::var("TORN_IMAGES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3_000);
    let (mut harmless, mut refused) = (0, 0);
    for _ in 0..flips {
        let (mut torn_file, mut torn_journal) = (file.clone(), journal.clone());
        let is_journal = chance.u8(0..4) == 0;
        let torn = if is_journal {
            &mut torn_journal
        } else {
            &mut torn_file
        };
        let at = chance.usize(0..torn.len());
        let bit = chance.u8(0..8);
        torn[at] ^= 1 << bit;
        // Half of them without the journal, whose pages would hide the flip.
        let journal: &[u8] = if is_journal || chance.bool() {
            &torn_journal
        } else {
            &[]
        };
        let what = format!(
            "bit {bit} of byte {at} flipped in the {}",
            if is_journal { "journal" } else { "file" }
        );
        if judge(folder.path(), &torn_file, journal, &states, &what) {
            harmless += 1;
        } else {
            refused += 1;
        }
    }
    assert!(
        harmless > 0 && refused > 0,
        "{harmless} harmless, {refused} refused"
    );
}

#[test]
fn recovery_keeps_what_is_settled_and_sets_the_rest_aside() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let mut coverage = Coverage::default();
    coverage.cover(Span::new(0, 1000), SETTLING_S + 900, SETTLING_S);
    let mut ledger = open(&path).unwrap();
    let change = Transaction {
        floor_s: Some(0),
        entries: vec![entry(1, 0, 950)],
        coverage: Some(coverage),
        ..page(5, &mut Coverage::default())
    };
    ledger.commit(&change).unwrap();
    ledger.charge(9, 0).unwrap();
    ledger
        .connection
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .unwrap();
    drop(ledger);
    // A row's content changes behind the digest's back.
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE row SET sequence = 9", []).unwrap();
    connection.close().unwrap();
    assert!(matches!(FileLedger::check(&path), Err(LedgerError::Damaged(_))));
    assert_eq!(
        FileLedger::survey(&path).unwrap().rows,
        1,
        "what takes no longer with more rows does not read them"
    );
    let Recovery { aside, kept } = recover(&path).unwrap();
    assert!(aside.is_file() && kept.is_some());
    let state = open(&path).unwrap().load().unwrap();
    assert!(
        state.sequence_base > 1_700_000_000,
        "above every number that was sent"
    );
    let settled = Segment {
        span: Span::new(0, 900),
        read_s: crate::ledger::SETTLED,
    };
    assert_eq!(state.coverage.segments(), [settled]);
    assert_eq!(
        (state.floor_s, state.charges_ms.as_slice(), state.gaps.len()),
        (Some(0), [9].as_slice(), 1)
    );
}

#[test]
fn recovery_of_rubble_begins_anew() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    fs::write(&path, b"rubble").unwrap();
    let recovery = recover(&path).unwrap();
    assert_eq!(recovery.kept, None);
    assert_eq!(fs::read(recovery.aside).unwrap(), b"rubble");
    let base = open(&path).unwrap().load().unwrap().sequence_base;
    assert!(
        base > 1_700_000_000,
        "the new ledger knows that it follows a lost one"
    );
    // A second time, at once: the numbers rise all the same.
    recover(&path).unwrap();
    assert!(open(&path).unwrap().load().unwrap().sequence_base > base);
}

#[test]
fn opening_and_surveying_do_not_read_the_row_keys() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let mut ledger = open(&path).unwrap();
    ledger.commit(&page(0, &mut Coverage::default())).unwrap();
    drop(ledger);
    let connection = Connection::open(&path).unwrap();
    connection.execute("DELETE FROM row", []).unwrap();
    connection.close().unwrap();
    assert!(open(&path).is_ok());
    assert_eq!(
        FileLedger::survey(&path).unwrap().rows,
        20,
        "as many as were committed"
    );
    assert!(matches!(FileLedger::check(&path), Err(LedgerError::Damaged(_))));
}

#[test]
fn gaps_that_can_be_had_are_refilled() {
    let folder = folder();
    let path = folder.path().join("ledger.db");
    let mut ledger = open(&path).unwrap();
    let gap = |start_s, end_s| Gap {
        span: Span::new(start_s, end_s),
        reason: GapReason::OlderThanRetention,
        found_ms: 0,
    };
    ledger
        .commit(&Transaction {
            gaps: vec![gap(0, 10), gap(20, 40), gap(50, 60)],
            ..Transaction::default()
        })
        .unwrap();
    drop(ledger);
    assert_eq!(FileLedger::refill(&path, 30).unwrap(), [gap(20, 40), gap(50, 60)]);
    assert_eq!(
        open(&path).unwrap().load().unwrap().gaps,
        [gap(0, 10), gap(20, 30)]
    );
}

#[test]
fn folders_that_cannot_be_written_have_a_sentence() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = open(&file.join("ledger.db")).unwrap_err();
    assert!(matches!(error, LedgerError::Unusable(..)), "{error:?}");
    assert_eq!(error.remedy(), Remedy::Storage);
    assert!(error.to_string().contains("check that its folder exists"));
}
