//! How a row appears and changes.

use chrono::{DateTime, Duration, TimeDelta, Utc};
use fastrand::Rng;

use crate::chance::{draw_ms, happens};
use crate::settings::{Changes, Delays};

use super::row::{State, Status};

/// What a row says when it appears, and how it changes.
pub(super) fn states(
    rng: &mut Rng,
    (delays, changes): (&Delays, &Changes),
    received: DateTime<Utc>,
    status: Status,
    size: u32,
    to_ip: String,
) -> (State, Vec<State>) {
    let visible = received + ms(draw_ms(rng, &delays.bands));
    let settled = State {
        at: visible,
        status,
        size,
        to_ip,
    };
    let mut later = Vec::new();
    let mut first = settled.clone();
    if happens(rng, changes.unsettled_per_mille, 1_000) {
        let earliest = visible + ms(rng.i64(5_000..60_000));
        let at = (received + ms(draw_ms(rng, &changes.settle))).max(earliest);
        let form = rng.u8(0..20);
        if form > 0 {
            first.status = if rng.bool() {
                Status::GettingStatus
            } else {
                Status::Pending
            };
        }
        first.to_ip = String::new();
        if form < 6 {
            // Size comes later too; a change of size alone is possible.
            first.size = 0;
        }
        if form > 15 && first.status == Status::GettingStatus {
            let between = visible + (at - visible) / 2;
            later.push(State {
                at: between,
                status: Status::Pending,
                ..first.clone()
            });
        }
        later.push(State { at, ..settled });
    }
    let last_at = later.last().map_or(visible, |state| state.at);
    if status == Status::Delivered && happens(rng, changes.recalled_per_100_000, 100_000) {
        let earliest = last_at + Duration::minutes(1);
        let at = (received + ms(draw_ms(rng, &changes.recall))).max(earliest);
        let last = later.last().unwrap_or(&first);
        let recalled = State {
            at,
            status: Status::Recalled,
            ..last.clone()
        };
        later.push(recalled);
    }
    (first, later)
}

fn ms(count: i64) -> TimeDelta {
    TimeDelta::milliseconds(count)
}
