//! Rows whose date may be day-first or month-first wait here for a row that proves the order.

use csv::StringRecord;

use message_trace_host::{BATCH_BYTES, Reason};

use super::super::job::{Raw, Rows, Work};
use super::super::lines::Stop;
use super::dates::{Dates, proven};
use super::{Header, row::Row};

/// How many bytes of rows wait at most. After that they are refused, and the wait begins anew.
const MAX_HELD_BYTES: usize = 8 * 1024 * 1024;

/// Turns rows of one report into lines, in their order.
pub(super) struct Lines<'a> {
    header: &'a Header,
    /// The order that the person gave.
    given: Option<Dates>,
    /// The order that rows of the report prove, and the line of the first that does.
    proof: Option<(Proof, u64)>,
    is_proof_said: bool,
    /// Rows that wait, with their line: from the first ambiguous one on.
    held: Vec<(StringRecord, u64)>,
    held_bytes: usize,
    rows: Rows,
    send: &'a mut dyn FnMut(Work) -> Result<(), Stop>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Of(Dates),
    /// Some rows prove the one, some the other: nothing is proven.
    Contradictory,
}

impl<'a> Lines<'a> {
    pub(super) fn new(
        header: &'a Header,
        given: Option<Dates>,
        send: &'a mut dyn FnMut(Work) -> Result<(), Stop>,
    ) -> Self {
        Self {
            header,
            given,
            proof: None,
            is_proof_said: false,
            held: Vec::new(),
            held_bytes: 0,
            rows: Rows::default(),
            send,
        }
    }

    /// Takes the next row.
    pub(super) fn push(&mut self, record: StringRecord, line: u64) -> Result<(), Stop> {
        self.learn(&record, line);
        let is_proven = matches!(self.proof, Some((Proof::Of(_), _)));
        if !self.held.is_empty() && is_proven {
            self.release()?;
        }
        if self.held.is_empty() && self.try_push(&record, line)? {
            return Ok(());
        }
        self.held_bytes += record.as_slice().len() + size_of::<(StringRecord, u64)>();
        self.held.push((record, line));
        if self.held_bytes > MAX_HELD_BYTES {
            self.release()?;
        }
        Ok(())
    }

    /// The report has ended.
    pub(super) fn finish(mut self) -> Result<(), Stop> {
        self.release()?;
        self.flush()
    }

    fn learn(&mut self, record: &StringRecord, line: u64) {
        if self.given.is_some() {
            return;
        }
        let Some(found) = Row::new(self.header, record).received().and_then(proven) else {
            return;
        };
        match &mut self.proof {
            None => self.proof = Some((Proof::Of(found), line)),
            Some((proof, _)) if *proof != Proof::Of(found) => *proof = Proof::Contradictory,
            Some(_) => {}
        }
    }

    /// Writes a row, unless its date may be read in two ways. False then.
    fn try_push(&mut self, record: &StringRecord, line: u64) -> Result<bool, Stop> {
        let row = Row::new(self.header, record);
        // What a date proves of itself counts before what others prove.
        if row.push(&mut self.rows, line, self.given).is_err() {
            let Some((Proof::Of(order), proven_by)) = self.proof else {
                return Ok(false);
            };
            if row.push(&mut self.rows, line, Some(order)).is_err() {
                return Ok(false);
            }
            if !self.is_proof_said {
                self.is_proof_said = true;
                let first = match order {
                    Dates::Dmy => "day-first",
                    Dates::Mdy => "month-first",
                };
                (self.send)(Work::Note(format!(
                    "the dates are {first}, as line {proven_by} proves"
                )))?;
            }
        }
        if self.rows.bytes.len() >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(true)
    }

    /// Writes what waits; what still cannot be read is refused.
    fn release(&mut self) -> Result<(), Stop> {
        self.held_bytes = 0;
        for (record, line) in std::mem::take(&mut self.held) {
            if !self.try_push(&record, line)? {
                self.refuse(&record, line)?;
            }
        }
        Ok(())
    }

    /// Refuses each line of a row, with the date as the report has it.
    fn refuse(&mut self, record: &StringRecord, line: u64) -> Result<(), Stop> {
        self.flush()?;
        let row = Row::new(self.header, record);
        let mut refused = Rows::default();
        row.push_received(&mut refused, line, row.received().map(str::to_owned));
        for (text, line) in refused.iter() {
            (self.send)(Work::Refused {
                line,
                reason: Reason::AmbiguousDate,
                raw: Raw {
                    prefix: text.to_vec(),
                    length: text.len() as u64,
                },
            })?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if self.rows.ends.is_empty() {
            return Ok(());
        }
        (self.send)(Work::Rows(std::mem::take(&mut self.rows)))
    }
}
