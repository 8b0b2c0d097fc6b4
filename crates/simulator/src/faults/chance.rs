//! Faults by chance, from the seed, the number of the request and the time alone.

use chrono::{DateTime, Utc};
use fastrand::Rng;

use crate::chance::{draw_ms, happens, stream};
use crate::settings::Band;

use super::{Endpoint, Fault, RetryAfter, hostile};

const FAULT: u64 = 0x6661_756c;
const OUTAGE: u64 = 0x6f75_7461;
const HOUR_MS: i64 = 3_600_000;

/// How often something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultRates {
    /// Requests in a thousand that meet a fault.
    pub per_mille: u32,
    /// Outages in ten days. In an outage every request fails.
    pub outages_in_ten_days: u32,
    /// How long an outage lasts; at most an hour counts.
    pub outage: Band,
    /// Whether next links break: dead, looping, after an empty page, and pages of another shape.
    pub broken_links: bool,
    /// Whether next links to hostile places are among the faults.
    pub hostile_links: bool,
}

impl FaultRates {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self {
            per_mille: 0,
            outages_in_ten_days: 0,
            outage: Band {
                weight: 1,
                least: 60,
                most: 900,
            },
            broken_links: true,
            hostile_links: false,
        }
    }

    /// One request in twenty fails, and there is about an outage a day.
    #[must_use]
    pub fn some() -> Self {
        Self {
            per_mille: 50,
            outages_in_ten_days: 10,
            ..Self::none()
        }
    }

    /// As [`FaultRates::some`], but nothing happens to next links: errors, broken connections and outages only.
    #[must_use]
    pub fn errors_only() -> Self {
        Self {
            broken_links: false,
            ..Self::some()
        }
    }

    /// One request in five fails, with six outages a day and hostile links.
    #[must_use]
    pub fn harsh() -> Self {
        Self {
            per_mille: 200,
            outages_in_ten_days: 60,
            hostile_links: true,
            ..Self::none()
        }
    }

    /// What a request meets, if anything.
    pub(crate) fn strike(
        &self,
        seed: u64,
        number: u64,
        now: DateTime<Utc>,
        endpoint: Endpoint,
    ) -> Option<Fault> {
        if self.per_mille == 0 && self.outages_in_ten_days == 0 {
            return None;
        }
        let mut rng = stream(seed, FAULT, number);
        if self.is_outage(seed, now) {
            return Some(match rng.u8(0..5) {
                0 => Fault::ResetBefore,
                1 => Fault::Status(502, RetryAfter::Absent),
                2 => Fault::Status(500, RetryAfter::Absent),
                _ => Fault::Status(
                    503,
                    if rng.bool() {
                        RetryAfter::Seconds(30)
                    } else {
                        RetryAfter::Absent
                    },
                ),
            });
        }
        happens(&mut rng, self.per_mille, 1_000).then(|| self.draw(&mut rng, endpoint))
    }

    fn is_outage(&self, seed: u64, now: DateTime<Utc>) -> bool {
        if self.outages_in_ten_days == 0 {
            return false;
        }
        let hour = now.timestamp().div_euclid(3_600);
        // One that began in the hour before may still last.
        [hour - 1, hour].into_iter().any(|hour| {
            let mut rng = stream(seed, OUTAGE, hour.unsigned_abs());
            if !happens(&mut rng, self.outages_in_ten_days, 240) {
                return false;
            }
            let start = hour * HOUR_MS + rng.i64(0..HOUR_MS);
            let length = draw_ms(&mut rng, &[self.outage]).min(HOUR_MS);
            (start..start + length).contains(&now.timestamp_millis())
        })
    }

    fn draw(&self, rng: &mut Rng, endpoint: Endpoint) -> Fault {
        let at_page = matches!(endpoint, Endpoint::FirstPage | Endpoint::NextPage);
        let at_service = at_page || matches!(endpoint, Endpoint::Details | Endpoint::Reporting);
        match rng.u32(0..100) {
            0..30 => {
                let status = [500, 502, 503, 504, 408][rng.usize(0..5)];
                let seconds = rng.u32(1..40);
                Fault::Status(
                    status,
                    if rng.u8(0..3) == 0 {
                        RetryAfter::Seconds(seconds)
                    } else {
                        RetryAfter::Absent
                    },
                )
            }
            30..45 => {
                let seconds = rng.u32(1..90);
                Fault::TooManyRequests(match rng.u8(0..3) {
                    0 => RetryAfter::Seconds(seconds),
                    1 => RetryAfter::Date(seconds),
                    _ => RetryAfter::Absent,
                })
            }
            45..55 => Fault::ResetBefore,
            55..62 => Fault::ResetWithin(rng.u32(0..1_000)),
            62..72 => Fault::Truncated(rng.u32(0..1_000)),
            72..76 => Fault::Slow(rng.u32(20_000..400_000)),
            76..78 => Fault::Silent,
            78..84 => Fault::HtmlPage,
            84..88 if at_service => Fault::TokenExpired,
            88..91 if at_page && self.broken_links => Fault::DeadNextLink(if rng.bool() { 400 } else { 410 }),
            91..93 if at_page && self.broken_links => Fault::LoopingNextLink,
            93..96 if at_page && self.broken_links => Fault::EmptyPage,
            96 if at_page && self.broken_links => Fault::WrongShape,
            97 if at_page && self.hostile_links => {
                let mut links = hostile::next_links("https://graph.microsoft.com");
                Fault::HostileNextLink(links.swap_remove(rng.usize(0..links.len())).url)
            }
            _ => Fault::Status(503, RetryAfter::Absent),
        }
    }
}
