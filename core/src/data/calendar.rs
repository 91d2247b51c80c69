//! Calendars: numbered dates (every Sunday, every business day, every end of a quarter) in day arithmetic.
//!
//! A calendar numbers its dates in order. [`Calendar::floor`] gives the number of the last one at or before a day,
//! [`Calendar::date`] the day of a number; everything else about calendars follows from these two. Days count from
//! 1970-01-01.

use chrono::{Datelike, NaiveDate};

/// Days from 0001-01-01, chrono's day 1, to 1970-01-01.
const EPOCH: i64 = 719_163;
/// Days are clamped to ±246,000 years, where every date exists.
const LIMIT: i64 = 90_000_000;

/// A rule that says which days count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// One day of the week: 0 is Monday.
    Weekday(u8),
    /// Monday to Friday.
    BusinessDay,
    /// One day of each month, quarter or year.
    Months {
        /// How long a period is.
        period: Period,
        /// The month that periods begin or end in, from 1: it anchors quarters and years.
        month: u8,
        /// Which day of that month.
        edge: Edge,
    },
}

/// A whole number of months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

/// A day at the start or end of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The first day.
    Start,
    /// The last day.
    End,
    /// The first day from Monday to Friday.
    BusinessStart,
    /// The last day from Monday to Friday.
    BusinessEnd,
}

impl Period {
    /// The number of months.
    pub fn months(self) -> i64 {
        match self {
            Self::Month => 1,
            Self::Quarter => 3,
            Self::Year => 12,
        }
    }
}

impl Calendar {
    /// The number of the last date at or before `day`.
    pub(super) fn floor(self, day: i64) -> i64 {
        match self {
            Self::Weekday(w) => (day + 3 - i64::from(w)).div_euclid(7),
            Self::BusinessDay => (day + 3).div_euclid(7) * 5 + (day + 3).rem_euclid(7).min(4),
            Self::Months { period, month, .. } => {
                let number = (month_of(day) - phase(period, month)).div_euclid(period.months());
                number - i64::from(day < self.date(number))
            }
        }
    }

    /// The day with this number.
    pub(super) fn date(self, number: i64) -> i64 {
        match self {
            Self::Weekday(w) => within(number.saturating_mul(7)) + i64::from(w) - 3,
            Self::BusinessDay => {
                within(number.div_euclid(5).saturating_mul(7)) + number.rem_euclid(5) - 3
            }
            Self::Months { period, month, edge } => edge
                .day(number.saturating_mul(period.months()).saturating_add(phase(period, month))),
        }
    }

    /// The number of the first date at or after `day`.
    pub(super) fn ceil(self, day: i64) -> i64 {
        let number = self.floor(day);
        number + i64::from(self.date(number) < day)
    }

    /// Whether `day` is one of the dates.
    pub(super) fn contains(self, day: i64) -> bool {
        self.date(self.floor(day)) == day
    }
}

/// The position of the anchor month in its period, from 0.
fn phase(period: Period, month: u8) -> i64 {
    i64::from(month - 1) % period.months()
}

impl Edge {
    /// The day at this edge of a month.
    pub(super) fn day(self, month: i64) -> i64 {
        let (first, last) = (first_of(month), first_of(month.saturating_add(1)) - 1);
        match self {
            Self::Start => first,
            Self::End => last,
            Self::BusinessStart => Calendar::BusinessDay.date(Calendar::BusinessDay.ceil(first)),
            Self::BusinessEnd => Calendar::BusinessDay.date(Calendar::BusinessDay.floor(last)),
        }
    }
}

/// A day, clamped to the limit.
fn within(day: i64) -> i64 {
    day.clamp(-LIMIT, LIMIT)
}

/// Day of the week: 0 is Monday.
pub(super) fn weekday(day: i64) -> u8 {
    (day + 3).rem_euclid(7) as u8
}

/// Year, month and day of the month, from 1.
pub(super) fn civil(day: i64) -> (i32, u32, u32) {
    let date = NaiveDate::from_num_days_from_ce_opt((within(day) + EPOCH) as i32)
        .expect("within the limit");
    (date.year(), date.month(), date.day())
}

/// The day of a year, month and day of the month, if there is one.
pub(super) fn day_of(year: i32, month: u32, day: u32) -> Option<i64> {
    NaiveDate::from_ymd_opt(year, month, day).map(|date| i64::from(date.num_days_from_ce()) - EPOCH)
}

/// The months from January of year 0 to the month of `day`.
pub(super) fn month_of(day: i64) -> i64 {
    let (year, month, _) = civil(day);
    i64::from(year) * 12 + i64::from(month) - 1
}

/// The first day of a month counted from January of year 0.
pub(super) fn first_of(month: i64) -> i64 {
    let month = month.clamp(-LIMIT / 31, LIMIT / 31);
    day_of(month.div_euclid(12) as i32, month.rem_euclid(12) as u32 + 1, 1)
        .expect("within the limit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What each calendar means, said without arithmetic on numbers of dates.
    fn obviously_contains(calendar: Calendar, day: i64) -> bool {
        let (_, month, dom) = civil(day);
        let week = weekday(day);
        let business = week < 5;
        // A business edge: a business day with only weekend days, or none, between it and the edge.
        let is_edge = |edge| match edge {
            Edge::Start => dom == 1,
            Edge::End => civil(day + 1).2 == 1,
            Edge::BusinessStart => business && (dom == 1 || (dom <= 3 && week == 0)),
            Edge::BusinessEnd => {
                business
                    && (civil(day + 1).2 == 1
                        || (week == 4 && (civil(day + 2).2 == 1 || civil(day + 3).2 == 1)))
            }
        };
        match calendar {
            Calendar::Weekday(w) => week == w,
            Calendar::BusinessDay => business,
            Calendar::Months { period, month: anchor, edge } => {
                is_edge(edge) && (i64::from(month) - i64::from(anchor)) % period.months() == 0
            }
        }
    }

    fn any_calendar() -> impl Strategy<Value = Calendar> {
        let period = prop_oneof![Just(Period::Month), Just(Period::Quarter), Just(Period::Year)];
        let edge = prop_oneof![
            Just(Edge::Start),
            Just(Edge::End),
            Just(Edge::BusinessStart),
            Just(Edge::BusinessEnd)
        ];
        prop_oneof![
            (0_u8..7).prop_map(Calendar::Weekday),
            Just(Calendar::BusinessDay),
            (period, 1_u8..=12, edge).prop_map(|(period, month, edge)| Calendar::Months {
                period,
                month,
                edge
            }),
        ]
    }

    proptest! {
        #[test]
        fn floor_and_ceil_are_found_by_walking(calendar in any_calendar(), day in -200_000_i64..200_000) {
            let down = (0..).map(|i| day - i).find(|d| obviously_contains(calendar, *d)).unwrap();
            let up = (0..).map(|i| day + i).find(|d| obviously_contains(calendar, *d)).unwrap();
            prop_assert_eq!(calendar.date(calendar.floor(day)), down);
            prop_assert_eq!(calendar.date(calendar.ceil(day)), up);
            prop_assert_eq!(calendar.contains(day), obviously_contains(calendar, day));
        }

        #[test]
        fn numbers_follow_each_other_without_holes(calendar in any_calendar(), day in -200_000_i64..200_000) {
            let number = calendar.floor(day);
            let next = (1..).map(|i| calendar.date(number) + i).find(|d| obviously_contains(calendar, *d)).unwrap();
            prop_assert_eq!(calendar.date(number + 1), next);
            prop_assert_eq!(calendar.floor(next), number + 1);
        }
    }

    #[test]
    fn dates_beyond_the_limit_do_not_panic() {
        for number in [i64::MIN, i64::MAX] {
            let months = Calendar::Months { period: Period::Year, month: 2, edge: Edge::End };
            assert_eq!(months.date(number).signum(), number.signum());
            assert_eq!(Calendar::BusinessDay.date(number).signum(), number.signum());
        }
    }
}
