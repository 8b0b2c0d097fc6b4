//! A ledger that lives as long as its process: what a run without `--ledger` and the campaigns use.

use std::collections::HashMap;
use std::convert::Infallible;

use super::{Entry, Key, Known, Ledger, Renewal, State, Transaction};

/// A ledger in memory, with the same meaning of a commit as the file.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger {
    state: State,
    rows: HashMap<Key, (Known, i64)>,
}

impl MemoryLedger {
    /// How many rows are remembered.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

impl Ledger for MemoryLedger {
    type Error = Infallible;

    fn load(&mut self) -> Result<State, Infallible> {
        Ok(self.state.clone())
    }

    fn look_up(&mut self, keys: &[Key]) -> Result<Vec<Option<Known>>, Infallible> {
        Ok(keys
            .iter()
            .map(|key| self.rows.get(key).map(|(known, _)| known.clone()))
            .collect())
    }

    fn charge(&mut self, at_ms: i64, forget_before_ms: i64) -> Result<(), Infallible> {
        self.state.charges_ms.retain(|&charge| charge >= forget_before_ms);
        self.state.charges_ms.push(at_ms);
        Ok(())
    }

    fn commit(&mut self, transaction: &Transaction) -> Result<(), Infallible> {
        let Transaction {
            entries,
            renewal,
            coverage,
            forget,
            floor_s,
            gaps,
            pause,
            skew_ms,
        } = transaction;
        if !forget.is_empty() {
            let is_forgotten = |second: i64| {
                forget
                    .iter()
                    .any(|span| (span.start_s..span.end_s).contains(&second))
            };
            self.rows.retain(|_, (_, received_s)| !is_forgotten(*received_s));
        }
        for Entry {
            key,
            known,
            received_s,
        } in entries
        {
            self.rows.insert(*key, (known.clone(), *received_s));
        }
        if let Some(Renewal { keys, at_s }) = renewal {
            for key in keys {
                if let Some((_, received_s)) = self.rows.get_mut(key)
                    && *received_s <= at_s - Renewal::AFTER_S
                {
                    *received_s = *at_s;
                }
            }
        }
        if let Some(coverage) = coverage {
            self.state.coverage.clone_from(coverage);
        }
        if let Some(floor_s) = floor_s {
            self.state.floor_s = Some(*floor_s);
        }
        self.state.gaps.extend_from_slice(gaps);
        if let Some(pause) = pause {
            self.state.pause = *pause;
        }
        if let Some(skew_ms) = skew_ms {
            self.state.skew_ms = Some(*skew_ms);
        }
        Ok(())
    }
}
