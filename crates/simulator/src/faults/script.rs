//! Faults one by one: which request gets what.

use super::Fault;

/// Which requests a fault is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The token endpoint.
    Token,
    /// The managed identity endpoints.
    Identity,
    /// `messageTraces` without a skip token: the first page of a window.
    FirstPage,
    /// `messageTraces` with a skip token.
    NextPage,
    /// `messageTraces` with or without a skip token.
    List,
    /// `getDetailsByRecipient`.
    Details,
    /// The Reporting Web Service.
    Reporting,
    /// Any request at all.
    Any,
}

impl Endpoint {
    /// Whether a fault meant for `self` fits a request to `other`, which is never `List` or `Any`.
    fn covers(self, other: Self) -> bool {
        self == other
            || self == Self::Any
            || (self == Self::List && matches!(other, Self::FirstPage | Self::NextPage))
    }
}

/// When a fault strikes, counted from 1 in requests to the endpoint since it was injected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// With this one request.
    Nth(u64),
    /// With every request from this one on.
    From(u64),
    /// With these requests, both bounds inclusive.
    Between(u64, u64),
    /// With every so-manieth request.
    Every(u64),
}

impl When {
    fn is_now(self, count: u64) -> bool {
        match self {
            Self::Nth(nth) => count == nth,
            Self::From(first) => count >= first,
            Self::Between(first, last) => (first..=last).contains(&count),
            Self::Every(step) => step > 0 && count.is_multiple_of(step),
        }
    }
}

/// A scripted fault: the `when` request to an endpoint meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Which requests are counted.
    pub endpoint: Endpoint,
    /// Which of them are struck.
    pub when: When,
    /// What strikes.
    pub fault: Fault,
}

/// The scripted faults and how many requests each has seen.
#[derive(Debug, Default)]
pub(crate) struct Script {
    injections: Vec<(Injection, u64)>,
}

impl Script {
    pub(crate) fn add(&mut self, injection: Injection) {
        self.injections.push((injection, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.injections.clear();
    }

    /// Counts a request and gives the first fault that strikes it.
    pub(crate) fn strike(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let mut struck = None;
        for (injection, count) in &mut self.injections {
            if injection.endpoint.covers(endpoint) {
                *count += 1;
                if struck.is_none() && injection.when.is_now(*count) {
                    struck = Some(injection.fault.clone());
                }
            }
        }
        struck
    }
}
