//! What is delivered, durably: coverage, row keys, gaps and the budget.
//!
//! A ledger belongs to one tenant and one source. Polling changes it only by a [`Transaction`], one for each page, after
//! the sink has acknowledged the page and never before; and by a charge, one for each request, before it is sent.

mod behind;
mod coverage;
mod file;
mod memory;
mod wanted;

pub use behind::{Behind, Lag, MAX_BEHIND_BYTES, Waiting};
pub use coverage::{Coverage, SETTLED, Segment, Span};
pub use file::{
    Examined, FileLedger, LedgerError, Mark, Notes, Recovery, Survey, examine, recover, told_apart,
};
pub use memory::MemoryLedger;
pub use message_trace_rows::{Key, Keys};
pub use wanted::{FIRST_MS, Later, MAX_WANTED, MOST_TRIES, Wanted};

/// A span that was not delivered and that polling does not try any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What is missing.
    pub span: Span,
    /// Why.
    pub reason: GapReason,
    /// When the gap was found, in milliseconds since 1970-01-01 UTC.
    pub found_ms: i64,
}

/// Why a span is a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// The service keeps rows for ninety days; these were older when polling came to them.
    OlderThanRetention,
}

impl GapReason {
    /// The reason's name, as the ledger file and `message-trace ledger` spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OlderThanRetention => "older-than-retention",
        }
    }

    /// The reason of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::OlderThanRetention]
            .into_iter()
            .find(|reason| reason.name() == name)
    }
}

/// What the ledger knows of a row that was delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The hash of the row's status, size and toIP as last delivered.
    pub content: u64,
    /// How often it was delivered again because it changed: 0 for the first time.
    pub sequence: u64,
    /// The status word as last delivered; empty if the row has none.
    pub status: String,
}

/// A row to be remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which row.
    pub key: Key,
    /// What is known of it from now on.
    pub known: Known,
    /// The second the row was received in, since 1970-01-01 UTC: when it may be forgotten.
    pub received_s: i64,
}

/// Everything of the ledger but the row keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Which spans are delivered, and when they were last read.
    pub coverage: Coverage,
    /// Where the coverage is to begin, in seconds since 1970-01-01 UTC: the earliest start ever asked for.
    pub floor_s: Option<i64>,
    /// What is missing for good.
    pub gaps: Vec<Gap>,
    /// When the requests of the rolling window were sent, oldest first, in milliseconds since 1970-01-01 UTC.
    pub charges_ms: Vec<i64>,
    /// The silence that the service asked for last.
    pub pause: Pause,
    /// How far the service's clock was ahead of this machine's when the times of the budget and of the pause were
    /// written, in milliseconds; `None` if it was not known yet.
    pub skew_ms: Option<i64>,
    /// The sequence number that a row begins with that may have been delivered from a ledger that is lost, and the
    /// second that ledger was given up, since 1970-01-01 UTC: both are one number. 0 for a ledger that follows none.
    pub sequence_base: u64,
}

/// A silence that the service asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// Its end, by this machine's clock, in milliseconds since 1970-01-01 UTC; 0 if there was none.
    pub until_ms: i64,
    /// Its length in milliseconds: a clock that was wrong when the end was written must not make it longer.
    pub told_ms: i64,
}

/// Rows that are remembered for longer, because they were read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Which rows; one that is not known stays unknown.
    pub keys: Vec<Key>,
    /// The second that counts for them from now on in place of the one they were received in, since 1970-01-01 UTC.
    pub at_s: i64,
}

impl Renewal {
    /// How much later the new second has to be, in seconds: a row that is read all the time is written once a day.
    pub const AFTER_S: i64 = 86_400;
}

/// One change of the ledger: all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Rows to remember; a row that is known already is overwritten.
    pub entries: Vec<Entry>,
    /// Rows to remember for longer, if there are any. Only a source without coverage has them.
    pub renewal: Option<Renewal>,
    /// The whole coverage from now on, if it changed.
    pub coverage: Option<Coverage>,
    /// Spans whose row keys may be forgotten: they are delivered and settled.
    pub forget: Vec<Span>,
    /// Where the coverage is to begin, if that changed.
    pub floor_s: Option<i64>,
    /// Gaps that were found.
    pub gaps: Vec<Gap>,
    /// The silence that the service asked for, if it did.
    pub pause: Option<Pause>,
    /// How far the service's clock is ahead of this machine's, in milliseconds, if that changed.
    pub skew_ms: Option<i64>,
}

impl Pause {
    /// Its end in force at `now_ms`, in milliseconds since 1970-01-01 UTC; `None` if it is over.
    #[must_use]
    pub fn in_force_ms(self, now_ms: i64) -> Option<i64> {
        let until_ms = self.until_ms.min(now_ms.saturating_add(self.told_ms));
        (until_ms > now_ms).then_some(until_ms)
    }
}

impl Transaction {
    /// Whether committing it would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where a ledger is kept.
///
/// All calls of a run are made from one thread; `commit` and `charge` are durable when they return.
pub trait Ledger {
    /// What went wrong.
    type Error;

    /// Everything but the row keys.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    fn load(&mut self) -> Result<State, Self::Error>;

    /// What is known of each of these rows.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be read.
    fn look_up(&mut self, keys: &[Key]) -> Result<Vec<Option<Known>>, Self::Error>;

    /// Remembers that a request is about to be sent, and forgets requests of before `forget_before_ms`.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be written; the request must not be sent then.
    fn charge(&mut self, at_ms: i64, forget_before_ms: i64) -> Result<(), Self::Error>;

    /// Makes a change durable.
    ///
    /// # Errors
    ///
    /// When the ledger cannot be written; nothing has changed then.
    fn commit(&mut self, transaction: &Transaction) -> Result<(), Self::Error>;
}
