//! Tells new and changed rows from known ones.
//!
//! A row is one message to one recipient, whatever file it stands in. What it says beside that (status, size, address of
//! the receiving server) is a variant. Each variant of a row is delivered once, in whatever order files are read: the
//! ledger has the last one under the row's key, and those before it under keys of their own.

use std::collections::HashMap;

use message_trace_collector::ledger::{Entry, Key, Keys, Known};
use message_trace_collector::poll::Delivery;
use message_trace_rows::{Page, Row};

/// How long after a ledger was given up rows may still be ones that it had delivered, in seconds.
const LOST_WITHIN_S: i64 = 86_400;

/// Looks keys up in the ledger, in their order.
pub type Lookup<'a, E> = &'a mut dyn FnMut(&[Key]) -> Result<Vec<Option<Known>>, E>;

/// What a batch comes to.
#[derive(Debug)]
pub struct Sorted {
    /// What is to be delivered; empty if all is known.
    pub delivery: Delivery,
    /// What is to be remembered once it is.
    pub entries: Vec<Entry>,
    /// What is known and was read again, to be remembered for longer.
    pub read_again: Vec<Key>,
    /// Rows that are delivered for the first time.
    pub new: u64,
    /// Rows that are delivered again, for they changed.
    pub changed: u64,
    /// Rows that are known.
    pub known: u64,
}

/// Holds a batch against the ledger. Rows are remembered as of `now_s`, those that are known too; `base` is the sequence number that a row begins
/// with which a ledger that is lost may have delivered.
///
/// # Errors
///
/// As `look_up`.
pub fn sort<E>(page: Page, keys: &Keys, now_s: i64, base: u64, look_up: Lookup<'_, E>) -> Result<Sorted, E> {
    let row_keys: Vec<Key> = page.rows().iter().map(|row| row.key).collect();
    let mut last: HashMap<Key, Known> = row_keys
        .iter()
        .zip(look_up(&row_keys)?)
        .filter_map(|(key, known)| Some((*key, known?)))
        .collect();
    let variants: Vec<Key> = page
        .rows()
        .iter()
        .map(|row| keys.of_variant(row.key, &page.status(row), row.content))
        .collect();
    let mut earlier: HashMap<Key, Known> = variants
        .iter()
        .zip(look_up(&variants)?)
        .filter_map(|(key, known)| Some((*key, known?)))
        .collect();
    let mut touched: HashMap<Key, Known> = HashMap::new();
    let (mut fresh, mut changed, mut known_rows) = (Vec::new(), Vec::new(), 0);
    let mut read_again = Vec::new();
    for ((at, row), variant) in (0_u32..).zip(page.rows()).zip(variants) {
        let status = page.status(row);
        let now = |sequence: u64, content: u64| Known {
            content,
            sequence,
            status: status.clone(),
        };
        let Some(before) = last.get(&row.key).cloned() else {
            let sequence = if is_maybe_lost(row, base) { base } else { 0 };
            if sequence > 0 {
                changed.push((
                    at,
                    Known {
                        status: String::new(),
                        ..now(sequence, row.content)
                    },
                ));
            } else {
                fresh.push(at);
            }
            last.insert(row.key, now(sequence, row.content));
            touched.insert(row.key, now(sequence, row.content));
            continue;
        };
        let is_same_status = before.status.to_lowercase() == status.to_lowercase();
        if is_same_status && says_no_more(row.content, before.content) || earlier.contains_key(&variant) {
            known_rows += 1;
            read_again.extend([row.key, variant]);
            continue;
        }
        if is_open(&status) && !is_same_status && !is_open(&before.status) {
            // Older than what is known: delivered, but not as the last word on the row.
            fresh.push(at);
            earlier.insert(variant, now(0, row.content));
            touched.insert(variant, now(0, row.content));
            continue;
        }
        let content = if is_same_status {
            merged(row.content, before.content)
        } else {
            row.content
        };
        let next = now(before.sequence + 1, content);
        let old = keys.of_variant(row.key, &before.status, before.content);
        earlier.insert(old, before.clone());
        touched.insert(old, before.clone());
        // Two spellings of a status are one: nothing was another before.
        let said = if is_same_status {
            status.clone()
        } else {
            before.status
        };
        changed.push((
            at,
            Known {
                status: said,
                ..next.clone()
            },
        ));
        last.insert(row.key, next.clone());
        touched.insert(row.key, next);
    }
    let mut entries: Vec<Entry> = touched
        .into_iter()
        .map(|(key, known)| Entry {
            key,
            known,
            received_s: now_s,
        })
        .collect();
    entries.sort_by_key(|entry| entry.key);
    let (new, again) = (fresh.len() as u64, changed.len() as u64);
    Ok(Sorted {
        delivery: Delivery::new(page, fresh, changed),
        entries,
        read_again,
        new,
        changed: again,
        known: known_rows,
    })
}

/// Whether a ledger that is lost may have delivered a row.
fn is_maybe_lost(row: &Row, base: u64) -> bool {
    // A row that does not say its time may be of any.
    let received_s = row.received_s().unwrap_or(i64::MIN);
    base > 0 && received_s < base.cast_signed().saturating_add(LOST_WITHIN_S)
}

/// A status that another one follows.
fn is_open(status: &str) -> bool {
    ["gettingstatus", "pending", "unknownfuturevalue", ""].contains(&status.to_lowercase().as_str())
}

const HALVES: [u64; 2] = [0xffff_ffff_0000_0000, 0x0000_0000_ffff_ffff];

/// Whether each half that is there is what was there before.
fn says_no_more(now: u64, before: u64) -> bool {
    HALVES
        .iter()
        .all(|half| now & half == 0 || now & half == before & half)
}

/// What is there now, and of what is not there what was before.
fn merged(now: u64, before: u64) -> u64 {
    HALVES
        .iter()
        .map(|half| {
            if now & half == 0 {
                before & half
            } else {
                now & half
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::convert::Infallible;

    use super::*;

    /// A ledger that is a map.
    #[derive(Default)]
    struct Rows {
        known: HashMap<Key, Known>,
    }

    impl Rows {
        fn read(&mut self, lines: &[&str]) -> (u64, u64, u64, Vec<(u64, String)>) {
            let keys = Keys::new("folder", [7; 32]);
            let lines: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
            let page = Page::of_rows(&lines, &keys).unwrap();
            let mut look_up = |keys: &[Key]| -> Result<_, Infallible> {
                Ok(keys.iter().map(|key| self.known.get(key).cloned()).collect())
            };
            let sorted = sort(page, &keys, 0, 0, &mut look_up).unwrap();
            let changes = sorted
                .delivery
                .changed()
                .map(|(_, known)| (known.sequence, known.status.clone()))
                .collect();
            for Entry { key, known, .. } in sorted.entries {
                self.known.insert(key, known);
            }
            (sorted.new, sorted.changed, sorted.known, changes)
        }
    }

    fn graph(status: &str, size: &str, to_ip: &str) -> String {
        format!(
            "{{\"id\":\"4451a062-48cb-e80d-e8c0-196330437ae6\",\"receivedDateTime\":\"2025-06-13T10:30:00Z\",\
             \"recipientAddress\":\"Bob@example.org\",\"status\":\"{status}\",\"size\":{size},\"toIP\":{to_ip}}}"
        )
    }

    fn report(status: &str, size: &str, to_ip: &str) -> String {
        format!(
            "{{\"MessageTraceId\":\"4451A06248cbe80de8c0196330437ae6\",\"Received\":\"2025-06-13T10:30:00\",\
             \"RecipientAddress\":\"bob@example.org\",\"Status\":\"{status}\",\"Size\":{size},\"ToIP\":{to_ip}}}"
        )
    }

    #[test]
    fn a_row_is_one_row_in_every_spelling() {
        let mut rows = Rows::default();
        assert_eq!(rows.read(&[&graph("delivered", "45678", "\"192.0.2.1\"")]).0, 1);
        for other in [
            report("Delivered", "\"045678\"", "\"::ffff:192.0.2.1\""),
            report("Delivered", "45678", "null"),
            report("delivered", "null", "\"\""),
            graph("Delivered", "45678", "\"192.0.2.1\""),
        ] {
            assert_eq!(rows.read(&[&other]), (0, 0, 1, vec![]), "{other}");
        }
    }

    #[test]
    fn every_variant_comes_once_in_whatever_order() {
        let mut rows = Rows::default();
        let pending = graph("pending", "1", "null");
        let delivered = report("Delivered", "1", "\"192.0.2.1\"");
        let failed = graph("failed", "1", "null");
        assert_eq!(
            rows.read(&[&pending, &delivered, &failed, &pending, &delivered]),
            (
                1,
                2,
                2,
                vec![(1, "pending".to_owned()), (2, "Delivered".to_owned())]
            )
        );
        for _ in 0..2 {
            assert_eq!(rows.read(&[&pending, &failed, &delivered]), (0, 0, 3, vec![]));
        }
        // The same status, another size: the same event, a higher number.
        let larger = graph("failed", "2", "null");
        assert_eq!(rows.read(&[&larger]), (0, 1, 0, vec![(3, "failed".to_owned())]));
        assert_eq!(rows.read(&[&failed, &larger, &pending]), (0, 0, 3, vec![]));
    }

    #[test]
    fn an_old_status_that_is_found_late_is_not_the_last_word() {
        let mut rows = Rows::default();
        let (pending, failed) = (graph("pending", "1", "null"), graph("failed", "1", "null"));
        let delivered = graph("delivered", "1", "null");
        assert_eq!(rows.read(&[&delivered]), (1, 0, 0, vec![]));
        assert_eq!(rows.read(&[&pending]), (1, 0, 0, vec![]));
        assert_eq!(rows.read(&[&pending, &delivered]), (0, 0, 2, vec![]));
        assert_eq!(
            rows.read(&[&failed]),
            (0, 1, 0, vec![(1, "delivered".to_owned())])
        );
    }

    #[test]
    fn rows_without_an_id_are_known_by_their_text() {
        let mut rows = Rows::default();
        assert_eq!(rows.read(&["broken", "{\"a\":1}", "broken"]), (2, 0, 1, vec![]));
        assert_eq!(rows.read(&["{\"a\":1}", "other"]), (1, 0, 1, vec![]));
    }
}
