//! A Microsoft Graph that behaves as the real one was measured to, with faults on demand.
//!
//! [`Simulator`] is a model without I/O, clock or threads: the time comes with each request, and each [`Reply`] says how
//! it travels. [`Server`] puts it behind a socket on loopback, [`simulate`] behind a command. [`Tenant`] knows the truth
//! that a poller has to find out.

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
