//! From rows to the sink: transformed, batched, acknowledged.

use message_trace::Revision;

use message_trace_collector::poll::Delivery;
use message_trace_host::{BATCH_BYTES, Reason, Transform};
use message_trace_sinks::{
    Batch, DeadLetter, Delivery as Verdict, EventKey, Refused, RefusedReason, Sink, SinkError,
};
use message_trace_sources::graph::{Page, Row};

/// The transform and the sink, with the dead letter for lines that give no event.
pub(super) struct Handover {
    pub(super) transform: Box<dyn Transform>,
    pub(super) sink: Box<dyn Sink>,
    pub(super) dead_letter: DeadLetter,
    /// Lines kept in the dead letter so far.
    pub(super) rejected: u64,
}

/// Events and rejections of a page so far.
#[derive(Default)]
struct Outcome {
    events: Vec<u8>,
    keys: Vec<EventKey>,
    lines: Batch,
    verdict: Verdict,
}

impl Handover {
    /// Hands the rows of a page over. `Ok` means that each is accepted by the sink, or in the dead letter with its
    /// reason.
    pub(super) fn deliver(&mut self, delivery: &Delivery) -> Result<(), SinkError> {
        let page = delivery.page();
        let mut outcome = Outcome::default();
        let mut chunk = Vec::with_capacity(BATCH_BYTES);
        let mut rows = Vec::new();
        for row in delivery.fresh() {
            let line = page.line(row);
            if line.contains(&b'\n') {
                let done = self.transform.normalize(line);
                outcome.take(page, row, 0, done)?;
                continue;
            }
            if chunk.len() + line.len() >= BATCH_BYTES {
                self.normalize(page, &chunk, &rows, &mut outcome)?;
                chunk.clear();
                rows.clear();
            }
            chunk.extend_from_slice(line);
            chunk.push(b'\n');
            rows.push(row);
        }
        self.normalize(page, &chunk, &rows, &mut outcome)?;
        for (row, known) in delivery.changed() {
            let previous_status = Some(known.status.as_str())
                .filter(|before| !before.is_empty() && **before != *page.status(row));
            let revision = Revision {
                sequence: known.sequence,
                previous_status,
            };
            let done = self.transform.normalize_revision(page.line(row), &revision);
            let sequence = u32::try_from(known.sequence).unwrap_or(u32::MAX);
            outcome.take(page, row, sequence, done)?;
        }
        let Outcome {
            events,
            keys,
            lines,
            verdict,
        } = outcome;
        let refused = verdict.refused.len();
        if refused > 0 {
            self.dead_letter.keep("transform", &lines, &verdict)?;
            log::error!(
                lines = refused,
                first_reason:% = verdict.refused.first().map_or_else(String::new, |first| first.reason.to_string()),
                dead_letter:% = self.dead_letter.path().display();
                "lines gave no event; they are kept in the dead letter"
            );
            self.rejected += refused as u64;
        }
        let batch = Batch::from_ndjson(events, keys)
            .map_err(|_| SinkError::Internal("the component's events do not match their lines"))?;
        if !batch.is_empty() {
            self.sink.deliver(&batch)?;
        }
        Ok(())
    }

    /// Normalizes rows whose lines are in `chunk`, in order.
    fn normalize(
        &mut self,
        page: &Page,
        chunk: &[u8],
        rows: &[&Row],
        outcome: &mut Outcome,
    ) -> Result<(), SinkError> {
        if rows.is_empty() {
            return Ok(());
        }
        let batch = self.transform.normalize_batch(chunk);
        let given = batch.count as usize + batch.refused.len();
        let is_one_by_one = batch.refused.windows(2).all(|pair| pair[0].line < pair[1].line);
        if given != rows.len() || !is_one_by_one {
            // A row that is itself an envelope gives another number of events: line by line, then.
            for row in rows {
                let done = self.transform.normalize(page.line(row));
                outcome.take(page, row, 0, done)?;
            }
            return Ok(());
        }
        outcome.events.extend_from_slice(&batch.events);
        let mut refused = batch.refused.iter().peekable();
        for (line, row) in (1_u32..).zip(rows) {
            if let Some(found) = refused.next_if(|found| found.line == line) {
                outcome.refuse(page, row, &found.reason)?;
            } else {
                outcome.keys.push(EventKey {
                    id: page.event_id(row),
                    sequence: 0,
                });
            }
        }
        Ok(())
    }
}

impl Outcome {
    fn take(
        &mut self,
        page: &Page,
        row: &Row,
        sequence: u32,
        done: Result<String, Reason>,
    ) -> Result<(), SinkError> {
        match done {
            Ok(event) => {
                self.events.extend_from_slice(event.as_bytes());
                self.events.push(b'\n');
                self.keys.push(EventKey {
                    id: page.event_id(row),
                    sequence,
                });
                Ok(())
            }
            Err(reason) => self.refuse(page, row, &reason),
        }
    }

    fn refuse(&mut self, page: &Page, row: &Row, reason: &Reason) -> Result<(), SinkError> {
        // A line feed outside of a string is as good as a space; inside of one, the row is no JSON anyway.
        let line: Vec<u8> = page
            .line(row)
            .iter()
            .map(|&byte| if byte == b'\n' { b' ' } else { byte })
            .collect();
        let index = self.lines.len();
        self.lines
            .push(
                EventKey {
                    id: page.event_id(row),
                    sequence: 0,
                },
                &line,
            )
            .map_err(|_| SinkError::Internal("a row without bytes"))?;
        self.verdict.refused.push(Refused {
            index,
            reason: RefusedReason::Code(reason.name()),
        });
        Ok(())
    }
}
