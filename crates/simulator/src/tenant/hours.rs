//! How many rows an hour has.

use fastrand::Rng;

use crate::settings::Rhythm;

/// Share of a weekday's rows in each hour, UTC.
const WEEKDAY: [u32; 24] = [
    10, 8, 7, 7, 9, 14, 28, 55, 85, 98, 100, 92, 70, 82, 95, 90, 78, 55, 34, 24, 20, 18, 15, 12,
];
const WEEKDAY_TOTAL: u32 = 1_106;

/// How many rows there are in an hour, counted in hours since 1970.
pub(super) fn rows_wanted(rows_per_day: u32, rhythm: Rhythm, rng: &mut Rng, hour: i64) -> usize {
    let per_day = f64::from(rows_per_day);
    let share = match rhythm {
        Rhythm::Even => 1.0 / 24.0,
        Rhythm::WorkingHours => {
            let of_day = usize::try_from(hour.rem_euclid(24)).unwrap_or(0);
            // 1 January 1970 was a Thursday.
            let is_weekend = matches!((hour.div_euclid(24) + 3).rem_euclid(7), 5 | 6);
            let weight = f64::from(WEEKDAY[of_day]) / f64::from(WEEKDAY_TOTAL);
            weight * if is_weekend { 0.25 } else { 1.0 } * rng.f64().mul_add(0.3, 0.85)
        }
    };
    let exact = per_day * share + rng.f64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive count, cut"
    )]
    let rows = exact as usize;
    rows
}
