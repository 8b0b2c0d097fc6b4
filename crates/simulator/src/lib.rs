//! A Microsoft Graph that behaves as the real one was measured to, with faults on demand.
//!
//! [`Simulator`] is a model without I/O, clock or threads: the time comes with each request, and each [`Reply`] says how
//! it travels. [`Server`] puts it behind a socket on loopback, [`simulate`] behind a command. [`Tenant`] knows the truth
//! that a poller has to find out, and [`peers`] are the policies it is measured against.
//!
//! Everything follows from [`Settings`] and its seed: the same requests at the same times get the same answers.
//!
//! ```
//! use chrono::{Duration, TimeZone, Utc};
//! use message_trace_simulator::{Endpoint, Fault, Injection, RetryAfter, Settings, Simulator, When};
//!
//! let from = Utc.with_ymd_and_hms(2026, 3, 2, 0, 0, 0).unwrap();
//! let mut simulator = Simulator::new(Settings::new(7, from));
//!
//! // The third request for a list is told to come back in a minute.
//! simulator.inject(Injection {
//!     endpoint: Endpoint::List,
//!     when: When::Nth(3),
//!     fault: Fault::TooManyRequests(RetryAfter::Date(60)),
//! });
//!
//! // The truth: which rows there are, when each appears, and what it says in the end.
//! let noon = from + Duration::hours(12);
//! for row in simulator.tenant().rows(from, noon) {
//!     assert!(row.visible_at() >= row.message.received);
//!     let in_the_end = row.last().status;
//!     let at_noon = row.state_at(noon).map(|state| state.status);
//!     assert!(at_noon.is_none() || at_noon == Some(in_the_end) || row.states().count() > 1);
//! }
//! ```
//!
//! What is an assumption, not a measurement, says so where it is made: the delays of rows, the words of some refusals,
//! whether a request that fails counts against the quota, how long a next link lives.

mod call;
mod chance;
mod command;
mod corpus;
mod faults;
mod graph;
mod json;
mod login;
pub mod peers;
mod reply;
mod reporting;
mod server;
mod settings;
mod simulator;
mod tenant;
mod travel;

pub use command::{Faults, SimulateArguments, simulate};
pub use corpus::{LineFormat, write_lines};
pub use faults::{Endpoint, Fault, FaultRates, Injection, RetryAfter, When, hostile};
pub use json::Escapes;
pub use login::{
    Access, Application, CLIENT_ID, CLIENT_SECRET, Federation, ManagedIdentity, Secret, ServicePrincipal,
    TENANT_ID,
};
pub use reply::{Reply, Travel};
pub use server::{Clock, Server};
pub use settings::{Band, Changes, Delays, Latency, Paging, Quota, RetryAfterForm, Rhythm, Settings};
pub use simulator::{Seen, Simulator, Statistics};
pub use tenant::{DOMAIN, Kind, LOOK_ALIKES, Message, PRIVATE_MAILBOX, Row, State, Status, Tenant};
