//! What a simulated tenant is like: one plain record for everything that can be chosen.

use chrono::{DateTime, Duration, Utc};

use crate::{Access, FaultRates};

/// A simulated tenant and the service in front of it.
///
/// Two simulators with equal settings hold the same rows, byte for byte, and answer the same requests in the same way.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides everything that is chance.
    pub seed: u64,
    /// No row was received before this time.
    pub from: DateTime<Utc>,
    /// No row is received from this time on. `None`: the traffic goes on for ever.
    pub until: Option<DateTime<Utc>>,
    /// Mailboxes of the tenant, at least 1.
    pub users: u32,
    /// Rows of a weekday. A Saturday or Sunday has about a quarter of it when the traffic keeps working hours.
    pub rows_per_day: u32,
    /// How the rows spread over the week.
    pub rhythm: Rhythm,
    /// When a known colleague sends a private mailbox far too much. `None`: never.
    pub exfiltration_at: Option<DateTime<Utc>>,
    /// When a row becomes visible.
    pub delays: Delays,
    /// Which rows change after they became visible, and when.
    pub changes: Changes,
    /// Who may ask, and with which credentials.
    pub access: Access,
    /// How many requests are answered in which time.
    pub quota: Quota,
    /// How long the service thinks.
    pub latency: Latency,
    /// Faults by chance. Faults by script are given to [`crate::Simulator::inject`].
    pub faults: FaultRates,
    /// What a next link remembers.
    pub paging: Paging,
    /// A next link older than this is answered with 400. `None`: it lives for ever (the real lifetime is unknown).
    pub next_link_lifetime: Option<Duration>,
    /// Scheme, host and port of next links. `None`: those of the request.
    pub base_url: Option<String>,
    /// Whether a window that ends after now is refused with 400 (documented) or cut at now (default; the text of the
    /// real refusal is unknown).
    pub refuse_future_end: bool,
    /// Whether beta rows look as its documentation prints them: with `@odata.type` and the status in `PascalCase`.
    pub beta_as_documented: bool,
    /// How much later than Graph the Reporting Web Service shows a row (the real one: up to 24 h).
    pub reporting_delay: Duration,
    /// How many requests [`crate::Simulator::log`] remembers. 0: none.
    pub log_capacity: usize,
}

impl Settings {
    /// Settings for a tenant of 200 mailboxes and 5,000 rows a weekday that works well: no faults and no latency.
    #[must_use]
    pub fn new(seed: u64, from: DateTime<Utc>) -> Self {
        Self {
            seed,
            from,
            until: None,
            users: 200,
            rows_per_day: 5_000,
            rhythm: Rhythm::WorkingHours,
            exfiltration_at: None,
            delays: Delays::default(),
            changes: Changes::default(),
            access: Access::default(),
            quota: Quota::default(),
            latency: Latency::default(),
            faults: FaultRates::none(),
            paging: Paging::Position,
            next_link_lifetime: None,
            base_url: None,
            refuse_future_end: false,
            beta_as_documented: false,
            reporting_delay: Duration::zero(),
            log_capacity: 0,
        }
    }
}

/// How rows spread over a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// Most between 8 and 18 o'clock UTC from Monday to Friday.
    WorkingHours,
    /// The same in every hour: for tests of rate and quota.
    Even,
}

/// One way a delay can fall: `weight` out of the sum of all weights, evenly between two bounds in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// How often this band is drawn, against the others.
    pub weight: u32,
    /// Shortest delay, seconds.
    pub least: u32,
    /// Longest delay, seconds, at least `least`.
    pub most: u32,
}

/// The time between a row's `receivedDateTime` and the moment it can first be listed.
///
/// Microsoft publishes no bound; the default is an assumption: 97 % within 20–240 s, 2.8 % within an hour, 0.2 %
/// within one to four hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delays {
    /// The bands; drawn once for each row.
    pub bands: Vec<Band>,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            bands: vec![
                Band {
                    weight: 970,
                    least: 20,
                    most: 240,
                },
                Band {
                    weight: 28,
                    least: 240,
                    most: 3_600,
                },
                Band {
                    weight: 2,
                    least: 3_600,
                    most: 14_400,
                },
            ],
        }
    }
}

impl Delays {
    /// Every row is visible the moment it is received.
    #[must_use]
    pub fn none() -> Self {
        Self {
            bands: vec![Band {
                weight: 1,
                least: 0,
                most: 0,
            }],
        }
    }

    /// The default, 0.05 % of rows that take four to twenty-four hours, and as many that take up to 47.
    #[must_use]
    pub fn up_to_two_days() -> Self {
        let mut delays = Self::up_to_a_day();
        delays.bands.push(Band {
            weight: 1,
            least: 86_400,
            most: 169_200,
        });
        delays
    }

    /// The default, and 0.05 % of rows that take four to twenty-four hours.
    #[must_use]
    pub fn up_to_a_day() -> Self {
        let mut delays = Self::default();
        delays.bands.iter_mut().for_each(|band| band.weight *= 2);
        delays.bands.push(Band {
            weight: 1,
            least: 14_400,
            most: 86_400,
        });
        delays
    }
}

/// Changes of a row in place. Nothing in a row says that it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Rows per mille that first show `gettingStatus` or `pending` and get their status later; their size and `toIP`
    /// may come with it.
    pub unsettled_per_mille: u32,
    /// When the last such change happens, counted from `receivedDateTime`, and at least some seconds after the row is
    /// visible.
    pub settle: Vec<Band>,
    /// Delivered rows per 100,000 that are recalled by their sender.
    pub recalled_per_100_000: u32,
    /// When that is, counted from `receivedDateTime`.
    pub recall: Vec<Band>,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            unsettled_per_mille: 60,
            settle: vec![
                Band {
                    weight: 900,
                    least: 60,
                    most: 1_800,
                },
                Band {
                    weight: 90,
                    least: 1_800,
                    most: 7_200,
                },
                Band {
                    weight: 10,
                    least: 7_200,
                    most: 13_800,
                },
            ],
            recalled_per_100_000: 50,
            recall: vec![Band {
                weight: 1,
                least: 600,
                most: 72_000,
            }],
        }
    }
}

impl Changes {
    /// No row ever changes.
    #[must_use]
    pub fn none() -> Self {
        Self {
            unsettled_per_mille: 0,
            recalled_per_100_000: 0,
            ..Self::default()
        }
    }

    /// The default without recalls: every change is over four hours after receipt.
    #[must_use]
    pub fn within_four_hours() -> Self {
        Self {
            recalled_per_100_000: 0,
            ..Self::default()
        }
    }
}

/// How many requests are answered: a rolling window for each tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests in a window. Documented: 100.
    pub requests: u32,
    /// Length of the window. Documented: 300 s.
    pub window: Duration,
    /// Whether `getDetailsByRecipient` draws on the same quota (announced) or on one of its own (measured).
    pub details_shared: bool,
    /// How the refusal says when to come back.
    pub retry_after: RetryAfterForm,
}

impl Default for Quota {
    fn default() -> Self {
        Self {
            requests: 100,
            window: Duration::seconds(300),
            details_shared: false,
            retry_after: RetryAfterForm::Seconds,
        }
    }
}

/// How a `Retry-After` header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfterForm {
    /// Whole seconds.
    Seconds,
    /// A date as in RFC 9110.
    Date,
    /// The header is missing.
    Absent,
}

/// How long the service thinks before it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Milliseconds for every request.
    pub base_ms: u32,
    /// Microseconds for every row on a page.
    pub per_row_us: u32,
}

impl Latency {
    /// What was measured: about 3 s for a page of 5,000 rows.
    #[must_use]
    pub fn measured() -> Self {
        Self {
            base_ms: 250,
            per_row_us: 550,
        }
    }
}

/// What a next link remembers. The real one is opaque; both are compatible with what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// The row the page ended at: rows that appear in between move nothing.
    Position,
    /// The number of rows read so far: a row that appears above in between repeats one row on the next page.
    Offset,
}
