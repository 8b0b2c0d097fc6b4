//! Which days are worked, and how much.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::Plan;

/// Public holidays of the made-up country, month and day; Easter moves and is beside it.
const HOLIDAYS: [(u32, u32); 8] = [
    (1, 1),
    (5, 1),
    (8, 15),
    (10, 3),
    (11, 1),
    (12, 24),
    (12, 25),
    (12, 26),
];

/// What is known of a day before anybody writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Day {
    /// Days since the first one.
    pub(crate) number: i32,
    pub(crate) date: NaiveDate,
    /// Whether people work.
    pub(crate) is_worked: bool,
    /// How much is written, an ordinary weekday being 1.
    pub(crate) load: f64,
    /// One of the last three working days of a quarter.
    pub(crate) ends_quarter: bool,
    /// The first working day of a month: invoices go out.
    pub(crate) bills: bool,
    /// The last working day before a long holiday: many are away already, and say so to all who write.
    pub(crate) is_before_leave: bool,
}

impl Day {
    pub(crate) fn of(plan: &Plan, number: i32) -> Self {
        let date = plan.date(number);
        let is_worked = is_worked(date);
        let load = match date.weekday() {
            _ if is_holiday(date) => 0.03,
            Weekday::Sat | Weekday::Sun => 0.06,
            Weekday::Mon => 1.08,
            Weekday::Tue | Weekday::Wed => 1.05,
            Weekday::Thu => 1.0,
            Weekday::Fri => 0.82,
        } * match (date.month(), date.day()) {
            (8, _) => 0.7,
            (12, 20..) | (1, ..6) => 0.45,
            (9 | 11, _) => 1.12,
            _ => 1.0,
        };
        let before = before(date);
        Self {
            number,
            date,
            is_worked,
            load,
            ends_quarter: is_worked
                && date.month().is_multiple_of(3)
                && worked_until(date, next_month(date)) <= 3,
            bills: is_worked && worked_until(date.with_day(1).unwrap_or(date), date) == 0,
            is_before_leave: before,
        }
    }
}

/// Whether the day is the last one before Easter, the summer holiday of mid-August, or Christmas.
fn before(date: NaiveDate) -> bool {
    let leaves = [
        easter(date.year()) - Days::new(2),
        NaiveDate::from_ymd_opt(date.year(), 8, 15).unwrap_or(date),
        NaiveDate::from_ymd_opt(date.year(), 12, 24).unwrap_or(date),
    ];
    is_worked(date)
        && leaves
            .iter()
            .any(|leave| *leave > date && worked_until(date, *leave) == 1)
}

/// Working days from one day on and before another.
fn worked_until(from: NaiveDate, until: NaiveDate) -> usize {
    from.iter_days()
        .take_while(|date| *date < until)
        .filter(|date| is_worked(*date))
        .count()
}

fn next_month(date: NaiveDate) -> NaiveDate {
    let first = date.with_day(1).unwrap_or(date);
    first.checked_add_months(chrono::Months::new(1)).unwrap_or(first)
}

fn is_worked(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(date)
}

fn is_holiday(date: NaiveDate) -> bool {
    let easter = easter(date.year());
    let (friday, monday) = (easter - Days::new(2), easter + Days::new(1));
    HOLIDAYS.contains(&(date.month(), date.day())) || date == friday || date == monday
}

/// Easter Sunday of a year (Gauss, as Butcher wrote it).
fn easter(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let sum = h + l - 7 * m;
    let month = (sum + 90) / 25;
    let day = (sum + 33 * month + 19) % 32;
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
    }

    #[test]
    fn easter_is_where_the_calendar_has_it() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2038, 4, 25)] {
            assert_eq!(easter(year), date(year, month, day));
        }
    }

    #[test]
    fn a_year_has_its_special_days() {
        let plan = Plan::new(1, 10, 365);
        let days = (0..365).map(|number| Day::of(&plan, number)).collect::<Vec<_>>();
        let ends = days.iter().filter(|day| day.ends_quarter).count();
        let bills = days.iter().filter(|day| day.bills).count();
        let leaves = days
            .iter()
            .filter(|day| day.is_before_leave)
            .map(|day| day.date)
            .collect::<Vec<_>>();
        assert_eq!((ends, bills), (12, 12));
        assert_eq!(leaves, [date(2025, 4, 17), date(2025, 8, 14), date(2025, 12, 23)]);
    }
}
