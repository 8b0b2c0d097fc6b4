//! What a worker does with rows, whatever stream they are on.

use std::fmt;
use std::time::{Duration, Instant};

use message_trace::{EventIds, Revision};
use message_trace_host::{Reason, Transform};
use message_trace_remedy::Remedy;

use crate::{Job, Stop, StreamError};

/// How long to wait for rows before looking whether to end, and between two tries.
pub(crate) const IDLE: Duration = Duration::from_secs(1);
/// How long streams may fail before a worker ends; its rows go to others or to the next run.
const PATIENCE: Duration = Duration::from_mins(15);

/// Takes step after step until told to stop, or until one says `None`: that nothing is left.
pub(crate) fn drive(
    job: &Job,
    stop: &Stop,
    mut step: impl FnMut() -> Result<Option<Tally>, StreamError>,
) -> Result<Tally, StreamError> {
    let mut tally = Tally::default();
    let (began, mut said, mut failing) = (Instant::now(), Instant::now(), None::<Instant>);
    log::info!(input:% = job.input, output:% = job.output, consumer = job.consumer; "transforming begins");
    while !stop.is_asked() {
        match step() {
            Ok(Some(done)) => {
                failing = None;
                tally.add(done);
            }
            Ok(None) => break,
            Err(error) => {
                // A server that starts again, or a stream without a leader, is back in seconds.
                let since = *failing.get_or_insert_with(Instant::now);
                if error.remedy() != Remedy::Retry || since.elapsed() > PATIENCE {
                    return Err(error);
                }
                log::warn!(remedy:% = error.remedy(); "{error}");
                std::thread::sleep(IDLE);
            }
        }
        if said.elapsed() >= job.say_every {
            said = Instant::now();
            tally.say(began, "transforming");
        }
    }
    tally.say(
        began,
        if stop.is_asked() {
            "stopped"
        } else {
            "nothing is left"
        },
    );
    Ok(tally)
}

/// A message of the input: a raw row, or several, one a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming<'a> {
    /// The row's JSON; an envelope or several lines are taken apart.
    pub payload: &'a [u8],
    /// What names the message in its stream for good, such as `ROWS/17`: the id of events that have none of their own.
    pub place: String,
    /// 0 for a row that was not delivered before; more for each change since.
    pub sequence: u64,
    /// The status before, of a row that was.
    pub previous_status: Option<String>,
}

/// What goes to the output for a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Which message of the batch it comes from, from 0.
    pub of: usize,
    /// What it is known by: the event's id, with `#SEQUENCE` for a change; else the message's place and a number.
    pub id: String,
    /// Who the row is, whatever its status: trace id and recipient, else the id.
    pub row: String,
    /// What it is.
    pub body: Body,
}

/// An event, or a row that gave none.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// The event's JSON.
    Event(Vec<u8>),
    /// The row as it came, and why it gave no event.
    Reject {
        /// The row.
        raw: Vec<u8>,
        /// Its reason and detail, such as `missing-field receivedDateTime`.
        reason: String,
    },
}

impl fmt::Debug for Outgoing {
    /// Without the event, and without ids: both hold addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = match &self.body {
            Body::Event(json) => ("event", json.len()),
            Body::Reject { raw, .. } => ("reject", raw.len()),
        };
        write!(f, "Outgoing({kind} of {}, {bytes} bytes)", self.of)
    }
}

/// What a worker has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages taken and acknowledged.
    pub messages: u64,
    /// Events put on the output.
    pub events: u64,
    /// Rows put on the rejects.
    pub rejects: u64,
    /// Events that the output knew already.
    pub known: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.events += other.events;
        self.rejects += other.rejects;
        self.known += other.known;
    }

    fn say(&self, began: Instant, how: &str) {
        log::info!(
            rows = self.messages, events = self.events, rejects = self.rejects, known = self.known,
            seconds = began.elapsed().as_secs();
            "{how}"
        );
    }
}

/// Turns messages into what goes to the output.
pub struct Worker {
    transform: Box<dyn Transform>,
    ids: EventIds,
    lines: Vec<u8>,
}

impl Worker {
    /// A worker with a transform of its own.
    #[must_use]
    pub fn new(transform: Box<dyn Transform>) -> Self {
        Self {
            transform,
            ids: EventIds::default(),
            lines: Vec::new(),
        }
    }

    /// Turns a batch of messages into events and rejects, in the order of the messages. Every row of every message is in
    /// one of them; an empty message gives nothing.
    pub fn work(&mut self, messages: &[Incoming<'_>]) -> Vec<Outgoing> {
        let mut out = Vec::with_capacity(messages.len());
        let mut start = 0;
        while start < messages.len() {
            let plain = messages[start..]
                .iter()
                .take_while(|message| message.sequence == 0 && is_one_line(message.payload))
                .count();
            if plain == 0 {
                self.alone(start, &messages[start], &mut out);
                start += 1;
            } else {
                self.together(start, &messages[start..start + plain], &mut out);
                start += plain;
            }
        }
        out
    }

    /// Messages of one line each, in one call of the component.
    fn together(&mut self, first: usize, messages: &[Incoming<'_>], out: &mut Vec<Outgoing>) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        for message in messages {
            lines.extend_from_slice(trim_line_feed(message.payload));
            lines.push(b'\n');
        }
        let batch = self.transform.normalize_batch(&lines);
        self.lines = lines;
        let is_one_by_one = batch.refused.windows(2).all(|pair| pair[0].line < pair[1].line);
        if batch.count as usize + batch.refused.len() != messages.len() || !is_one_by_one {
            // One of them is an envelope, and gives another number of events.
            for (nth, message) in messages.iter().enumerate() {
                self.alone(first + nth, message, out);
            }
            return;
        }
        let mut events = batch.events.split(|&byte| byte == b'\n');
        let mut refused = batch.refused.iter().peekable();
        for ((nth, message), line) in messages.iter().enumerate().zip(1_u32..) {
            let made = match refused.next_if(|refused| refused.line == line) {
                Some(refused) => Err(&refused.reason),
                None => Ok(events.next().unwrap_or_default().to_vec()),
            };
            out.push(self.outgoing(first + nth, message, 0, message.payload, made));
        }
    }

    /// One message, which may be a change, an envelope, or several lines.
    fn alone(&mut self, of: usize, message: &Incoming<'_>, out: &mut Vec<Outgoing>) {
        if message.sequence > 0 {
            let revision = Revision {
                sequence: message.sequence,
                previous_status: message.previous_status.as_deref(),
                ..Revision::default()
            };
            let made = self
                .transform
                .normalize_revision(trim_line_feed(message.payload), &revision);
            let made = made.as_ref().map(|event| event.clone().into_bytes());
            out.push(self.outgoing(of, message, 0, message.payload, made));
            return;
        }
        let batch = self.transform.normalize_batch(message.payload);
        let mut nth = 0;
        for event in batch
            .events
            .split(|&byte| byte == b'\n')
            .filter(|event| !event.is_empty())
        {
            // An event of several in one message: its row cannot be told from the others', so its place names it.
            let row = if batch.count == 1 { message.payload } else { b"" };
            out.push(self.outgoing(of, message, nth, row, Ok(event.to_vec())));
            nth += 1;
        }
        let lines: Vec<&[u8]> = message.payload.split(|&byte| byte == b'\n').collect();
        for refused in &batch.refused {
            let raw = lines.get(refused.line.saturating_sub(1) as usize).copied();
            out.push(self.outgoing(
                of,
                message,
                nth,
                raw.unwrap_or(message.payload),
                Err(&refused.reason),
            ));
            nth += 1;
        }
    }

    fn outgoing(
        &mut self,
        of: usize,
        message: &Incoming<'_>,
        nth: usize,
        row: &[u8],
        made: Result<Vec<u8>, &Reason>,
    ) -> Outgoing {
        let body = match made {
            Ok(event) => Body::Event(event),
            Err(reason) => Body::Reject {
                raw: trim_line_feed(row).to_vec(),
                reason: reason.detail().map_or_else(
                    || reason.name().to_owned(),
                    |detail| format!("{} {detail}", reason.name()),
                ),
            },
        };
        let known = if matches!(body, Body::Event(_)) {
            self.ids.read(row)
        } else {
            None
        };
        let (id, row) = match known {
            Some(id) if message.sequence > 0 => (
                format!("{}#{}", id.as_str(), message.sequence),
                id.row().to_owned(),
            ),
            Some(id) => (id.as_str().to_owned(), id.row().to_owned()),
            None => {
                let id = format!("{}/{nth}", message.place);
                (id.clone(), id)
            }
        };
        Outgoing { of, id, row, body }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

fn trim_line_feed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

fn is_one_line(payload: &[u8]) -> bool {
    let line = trim_line_feed(payload);
    !line.is_empty() && !line.contains(&b'\n')
}
