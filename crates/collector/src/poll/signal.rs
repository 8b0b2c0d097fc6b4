//! What goes into the core and what comes out of it.

use std::sync::Arc;

use super::asking::Ask;
use super::delivery::Delivery;
use crate::ledger::{Gap, Key, Known, Transaction};
use message_trace_remedy::Remedy;
use message_trace_sources::{DetailsQuery, Query};

/// What the core is told.
#[derive(Debug)]
pub enum Input {
    /// Time has passed, or nothing else happened: the core looks around.
    Timer,
    /// A request was answered, whatever the status.
    Answered {
        /// Which request.
        request: u64,
        /// The answer.
        answer: Answer,
    },
    /// A request got no answer, or was not sent.
    Failed {
        /// Which request.
        request: u64,
        /// Why.
        trouble: Trouble,
    },
    /// The new token that was asked for is there.
    TokenRenewed,
    /// What the ledger knows of the rows that were asked about, in their order.
    LookedUp(Vec<Option<Known>>),
    /// The sink has accepted the delivery, all of it.
    Delivered,
    /// A sink has not accepted it, and is to be tried again.
    NotDelivered {
        /// Why.
        fault: Fault,
        /// The wait that the sink asks for, in milliseconds.
        retry_after_ms: Option<i64>,
    },
    /// The ledger has committed.
    Committed,
    /// The ledger could not commit, and is to be tried again.
    NotCommitted(Fault),
    /// The details of this row are wanted. Passed over unless [`Core::is_free_to_ask`](super::Core::is_free_to_ask). Answered by
    /// [`Effect::Asked`] or [`Effect::AskLater`], in this run or not at all.
    Ask(Ask),
    /// The program is to end: the page in flight is finished, nothing is begun.
    Stop,
}

/// The answer to a request, as far as polling looks at it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Content-Type`.
    pub content_type: Option<String>,
    /// The wait that `Retry-After` asks for, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// The header `Date`, in milliseconds since 1970-01-01 UTC: the service's clock.
    pub date_ms: Option<i64>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// Why a request got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The network or the service's front failed.
    Network(Fault),
    /// The next link points outside the service's address: nothing was sent.
    LinkElsewhere,
    /// There is no token, for now or for good.
    NoToken {
        /// Why.
        fault: Fault,
        /// The wait that the login service asks for, in milliseconds.
        retry_after_ms: Option<i64>,
    },
}

/// Something that went wrong, with what has to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What has to be done.
    pub remedy: Remedy,
    /// One sentence with the fix. No secret, no address, no subject.
    pub sentence: String,
}

impl Fault {
    /// A fault.
    pub fn new(remedy: Remedy, sentence: impl Into<String>) -> Self {
        Self {
            remedy,
            sentence: sentence.into(),
        }
    }
}

/// What is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// The first page of a window.
    List(Query),
    /// The page a next link leads to, as the service wrote it. Must be checked before it is followed.
    Next(String),
    /// What happened to a message.
    Details(DetailsQuery),
}

/// What the core wants done.
#[derive(Debug)]
pub enum Effect {
    /// Charge the ledger, then send a request. Answered by [`Input::Answered`] or [`Input::Failed`].
    Request {
        /// Names the request.
        request: u64,
        /// What is asked for.
        call: Call,
        /// When it is sent, in milliseconds since 1970-01-01 UTC: to be charged.
        at_ms: i64,
        /// Charges of before this time may be forgotten.
        forget_before_ms: i64,
    },
    /// Get a new token, whatever the age of the present one. Answered by [`Input::TokenRenewed`] or, for no request,
    /// by [`Input::Failed`].
    RenewToken {
        /// Names the renewal.
        request: u64,
    },
    /// Say what the ledger knows of these rows. Answered by [`Input::LookedUp`].
    LookUp(Vec<Key>),
    /// Transform these rows and hand them to the sink. Answered by [`Input::Delivered`] or [`Input::NotDelivered`].
    Deliver(Arc<Delivery>),
    /// Change the ledger. Answered by [`Input::Committed`] or [`Input::NotCommitted`].
    Commit(Arc<Transaction>),
    /// Come back with [`Input::Timer`] at this time (milliseconds since 1970-01-01 UTC) unless something happens before.
    Wait {
        /// When.
        until_ms: i64,
    },
    /// The details of this row are delivered, or it has changed since it was asked about. What was noted of it after that
    /// stays: it has a higher sequence.
    Asked {
        /// Which row.
        key: Key,
        /// The sequence of the delivery that was asked about.
        sequence: u64,
    },
    /// There are no details of this row for now: it is to be asked about again later.
    AskLater {
        /// Which row.
        key: Key,
        /// The sequence of the delivery that was asked about.
        sequence: u64,
    },
    /// Tell the log.
    Report(Report),
    /// End. Nothing is asked for after this.
    Finish(Outcome),
}

/// What the log is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Something failed and is tried again after a wait, in milliseconds.
    Retrying {
        /// What failed.
        fault: Fault,
        /// How long until the next try, in milliseconds.
        wait_ms: i64,
    },
    /// A window is begun again from its last delivered row.
    Restarted {
        /// Why.
        reason: &'static str,
    },
    /// Rows are missing for good.
    Gap(Gap),
    /// The service refused although our own count was within the budget: other programs of the tenant use it. So many
    /// requests are made from now on.
    Shared {
        /// Requests in the rolling window.
        room: u32,
    },
    /// The budget does not suffice to read all that is not settled again within six hours; it takes so many seconds.
    Slow {
        /// The period of the deep pass, in seconds.
        every_s: i64,
    },
    /// The service's clock and this machine's are apart, in milliseconds.
    Skewed(i64),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that was asked for is delivered.
    CaughtUp,
    /// The program was told to end.
    Stopped,
    /// It cannot go on.
    Failed(Fault),
}
