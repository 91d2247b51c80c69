//! Axis ticks where people expect them: at years, months, Mondays, full hours and round numbers.

use chrono::Datelike;

use crate::forecast::result::date;

/// A tick of a time axis: position, label, and below it the context of the label, where that changes.
#[derive(Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: i64,
    pub(super) label: String,
    pub(super) context: String,
}

/// The stride of a time axis.
#[derive(Clone, Copy)]
enum Stride {
    /// This many milliseconds, counted from this time.
    Fixed { length: i64, origin: i64, label: &'static str, context: &'static str },
    /// This many months.
    Months(i64),
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONDAY: i64 = 4 * DAY; // 1970-01-05

impl Stride {
    /// All strides, short to long.
    fn all() -> impl Iterator<Item = Self> {
        let fixed = |unit: i64, counts: &'static [i64], label, context| {
            let stride = move |n: &i64| {
                let origin = if unit == DAY && n % 7 == 0 { MONDAY } else { 0 };
                Self::Fixed { length: n * unit, origin, label, context }
            };
            counts.iter().map(stride)
        };
        let decades = (0..6).flat_map(|k| [1, 2, 5].map(|n| Self::Months(12 * n * 10i64.pow(k))));
        fixed(1, &[1, 5, 20, 100, 500], "%H:%M:%S%.3f", "%b %-d, %Y")
            .chain(fixed(SECOND, &[1, 5, 15, 30], "%H:%M:%S", "%b %-d, %Y"))
            .chain(fixed(MINUTE, &[1, 5, 15, 30], "%H:%M", "%b %-d, %Y"))
            .chain(fixed(HOUR, &[1, 3, 6, 12], "%H:%M", "%b %-d, %Y"))
            .chain(fixed(DAY, &[1, 2, 7, 14], "%b %-d", "%Y"))
            .chain([1, 3, 6].map(Self::Months))
            .chain(decades)
    }

    fn shortest(self) -> i64 {
        match self {
            Self::Fixed { length, .. } => length,
            Self::Months(n) => n * 28 * DAY,
        }
    }

    fn longest(self) -> i64 {
        match self {
            Self::Fixed { length, .. } => length,
            Self::Months(n) => n * 31 * DAY,
        }
    }

    /// About how many pixels a label needs.
    fn room(self) -> f64 {
        match self {
            Self::Fixed { length, .. } if length < DAY => 84.0,
            Self::Fixed { .. } => 64.0,
            Self::Months(_) => 50.0,
        }
    }

    fn texts(self, time: i64) -> (String, String) {
        let (label, context) = match self {
            Self::Fixed { label, context, .. } => (label, context),
            Self::Months(n) if n % 12 == 0 => ("%Y", ""),
            Self::Months(_) => ("%b", "%Y"),
        };
        let text = |format| date(time).map(|d| d.format(format).to_string()).unwrap_or_default();
        (text(label), text(context))
    }

    /// The positions of the ticks. `times` are all times on the axis, ascending; `spacing` is their usual distance.
    fn places(self, times: &[i64], spacing: i64) -> Vec<i64> {
        let (first, last) = (times[0], times[times.len() - 1]);
        match self {
            Self::Fixed { length, origin, .. } => {
                let start = first + (origin - first).rem_euclid(length);
                (0..).map(|k| start + k * length).take_while(|t| *t <= last).collect()
            }
            // the first time of each period rather than its calendar start: data may be at month ends
            Self::Months(n) => {
                let month =
                    |t: i64| date(t).map(|d| i64::from(d.year()) * 12 + i64::from(d.month0()));
                let months_apart = (spacing as f64 / (30.44 * DAY as f64)).round() as i64;
                let before = |i: usize| match i {
                    0 if months_apart > 0 => month(first).map(|m| m - months_apart),
                    0 => month(first.saturating_sub(spacing)),
                    _ => month(times[i - 1]),
                };
                let period = |m: Option<i64>| m.map(|m| m.div_euclid(n));
                let starts = |i: &usize| period(month(times[*i])) != period(before(*i));
                (0..times.len()).filter(starts).map(|i| times[i]).collect()
            }
        }
    }
}

/// Ticks for an axis of this length that shows these dates, in milliseconds, ascending.
pub(super) fn date_ticks(times: &[i64], pixels: f64) -> Vec<Tick> {
    let (first, last) = (times[0], times[times.len() - 1]);
    let spacing = times.windows(2).map(|w| w[1] - w[0]).min().unwrap_or(1).max(1);
    let fits = |s: &Stride| {
        s.longest() >= spacing
            && last.saturating_sub(first) as f64 / s.shortest() as f64 * s.room() <= pixels
    };
    let Some(stride) = Stride::all().find(fits) else { return Vec::new() };
    let mut above = String::new();
    let tick = |at| {
        let (label, context) = stride.texts(at);
        let changed = context != above;
        above.clone_from(&context);
        Tick { at, label, context: if changed { context } else { String::new() } }
    };
    stride.places(times, spacing).into_iter().map(tick).collect()
}

/// Ticks for an axis of this length that shows step numbers.
pub(super) fn step_ticks(first: i64, last: i64, pixels: f64) -> Vec<Tick> {
    let stride = round_up(last.saturating_sub(first) as f64 * 64.0 / pixels, &[1.0, 2.0, 5.0, 10.0])
        .max(1.0) as i64;
    let start = first + (-first).rem_euclid(stride);
    let places = (0..).map(|k| start + k * stride).take_while(|t| *t <= last);
    places.map(|at| Tick { at, label: grouped(&at.to_string()), context: String::new() }).collect()
}

/// At most about `most` ticks for an axis of values from `lo` to `hi`, and their labels.
pub(super) fn value_ticks(lo: f64, hi: f64, most: usize) -> Vec<(f64, String)> {
    let stride = round_up((hi - lo) / most as f64, &[1.0, 2.0, 2.5, 5.0, 10.0]);
    let places: Vec<f64> = ((lo / stride).ceil() as i64..=(hi / stride).floor() as i64)
        .map(|k| k as f64 * stride)
        .collect();
    let largest = places.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let (unit, suffix) = match largest {
        x if !(1e-4..1e15).contains(&x) => {
            return places.into_iter().map(|x| (x, scientific(x, stride))).collect();
        }
        x if x >= 1e12 => (1e12, "T"),
        x if x >= 1e9 => (1e9, "B"),
        x if x >= 1e6 => (1e6, "M"),
        _ => (1.0, ""),
    };
    let decimals = decimals(stride / unit);
    let label = |x: f64| {
        if x == 0.0 { "0".into() } else { grouped(&format!("{:.decimals$}", x / unit)) + suffix }
    };
    places.into_iter().map(|x| (x, label(x))).collect()
}

/// The smallest number not below `x` that is one of `mantissas` times a power of ten.
fn round_up(x: f64, mantissas: &[f64]) -> f64 {
    let power = 10f64.powi(x.log10().floor() as i32);
    let fits = mantissas.iter().find(|m| *m * power >= x * (1.0 - 1e-9));
    fits.unwrap_or(&10.0) * power
}

/// How many decimals tell multiples of `stride` apart.
fn decimals(stride: f64) -> usize {
    let whole = |d: &usize| {
        let x = stride * 10f64.powi(*d as i32);
        (x - x.round()).abs() < 1e-6 * x
    };
    (0..12).find(whole).unwrap_or(12)
}

fn scientific(x: f64, stride: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let digits = decimals(stride / 10f64.powi(x.abs().log10().floor() as i32));
    format!("{x:.digits$e}")
}

/// Adds thousands separators, and a true minus sign.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("−", digits));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut text = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    fraction.into_iter().for_each(|f| text.extend([".", f]));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(from: &str, step: impl Fn(i64) -> i64, n: i64) -> Vec<i64> {
        let from = chrono::DateTime::parse_from_rfc3339(from).unwrap().timestamp_millis();
        (0..n).map(|k| from + step(k)).collect()
    }

    fn shown(ticks: &[Tick]) -> Vec<String> {
        ticks.iter().map(|t| format!("{}|{}", t.label, t.context)).collect()
    }

    #[test]
    fn hours_show_their_day_below() {
        let ticks = date_ticks(&dates("2024-01-31T10:00:00Z", |k| k * HOUR, 40), 600.0);
        let expected = [
            "12:00|Jan 31, 2024",
            "18:00|",
            "00:00|Feb 1, 2024",
            "06:00|",
            "12:00|",
            "18:00|",
            "00:00|Feb 2, 2024",
        ];
        assert_eq!(shown(&ticks), expected);
    }

    #[test]
    fn weeks_start_on_mondays() {
        let ticks = date_ticks(&dates("2024-12-20T00:00:00Z", |k| k * DAY, 28), 300.0);
        assert_eq!(shown(&ticks), ["Dec 23|2024", "Dec 30|", "Jan 6|2025", "Jan 13|"]);
    }

    #[test]
    fn months_are_named_where_the_data_stands_even_at_their_ends() {
        let ends =
            [31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365, 396, 424].map(|d| d - 1);
        let times = dates("1959-01-01T00:00:00Z", |k| ends[k as usize] * DAY, 14);
        let ticks = date_ticks(&times, 300.0);
        assert_eq!(shown(&ticks), ["Jan|1959", "Apr|", "Jul|", "Oct|", "Jan|1960"]);
        assert_eq!(ticks[1].at, times[3]);
        assert_eq!(
            shown(&date_ticks(&times[1..], 300.0)),
            ["Apr|1959", "Jul|", "Oct|", "Jan|1960"]
        );
    }

    #[test]
    fn years_have_round_strides_and_ticks_are_never_denser_than_the_data() {
        let years = dates("1955-12-31T00:00:00Z", |k| (k * 365 + (k + 3) / 4) * DAY, 30);
        assert_eq!(
            shown(&date_ticks(&years, 350.0)),
            ["1955|", "1960|", "1965|", "1970|", "1975|", "1980|"]
        );
        assert_eq!(date_ticks(&years[..3], 500.0).len(), 3);
    }

    #[test]
    fn one_time_and_times_beyond_the_calendar_do_no_harm() {
        assert_eq!(date_ticks(&[0], 300.0).len(), 1);
        date_ticks(&[i64::MAX / 4, i64::MAX / 4 + 1], 300.0);
        date_ticks(&[-(1 << 60), 1 << 60], 300.0);
    }

    #[test]
    fn steps_are_integers() {
        let labels =
            |a, b| step_ticks(a, b, 320.0).into_iter().map(|t| t.label).collect::<Vec<_>>();
        assert_eq!(labels(1, 3), ["1", "2", "3"]);
        assert_eq!(labels(990, 1190), ["1,000", "1,050", "1,100", "1,150"]);
        assert_eq!(labels(7, 7), ["7"]);
    }

    #[test]
    fn values_have_short_labels() {
        let labels = |lo, hi| value_ticks(lo, hi, 5).into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(labels(95.0, 640.0), ["200", "400", "600"]);
        assert_eq!(labels(-3000.0, 2200.0), ["−2,000", "0", "2,000"]);
        assert_eq!(labels(0.0, 1.1), ["0", "0.25", "0.50", "0.75", "1.00"]);
        assert_eq!(labels(9.9e5, 2.6e6), ["1.0M", "1.5M", "2.0M", "2.5M"]);
        assert_eq!(labels(1e-7, 5e-7), ["1e-7", "2e-7", "3e-7", "4e-7", "5e-7"]);
        assert_eq!(labels(1e20, 3e20), ["1.0e20", "1.5e20", "2.0e20", "2.5e20", "3.0e20"]);
    }
}
