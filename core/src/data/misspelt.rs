//! Errors for frequencies that cannot be read: the mistake, and what was probably meant.

use super::alias::read_unit;
use super::frequency::Frequency;
use crate::{Error, ErrorCode, nearest};

/// Spellings to suggest.
const KNOWN: [&str; 17] = [
    "D", "h", "min", "s", "ms", "W", "W-SUN", "W-MON", "MS", "ME", "QS", "QE", "YS", "YE", "B",
    "BMS", "BME",
];
/// Words people try, and the alias they mean.
const WORDS: [(&str, &str); 14] = [
    ("hourly", "h"),
    ("hour", "h"),
    ("daily", "D"),
    ("day", "D"),
    ("weekly", "W"),
    ("week", "W"),
    ("monthly", "MS"),
    ("month", "MS"),
    ("quarterly", "QS"),
    ("quarter", "QS"),
    ("yearly", "YS"),
    ("year", "YS"),
    ("minute", "min"),
    ("second", "s"),
];
/// Aliases of pandas that are not supported.
const UNSUPPORTED: [&str; 17] = [
    "us", "ns", "U", "N", "C", "bh", "BH", "cbh", "CBH", "SMS", "SME", "SM", "CBMS", "CBME", "CBM",
    "WOM", "LWOM",
];

pub(super) fn unreadable(text: &str, why: &str) -> Error {
    let stop = if why.ends_with('?') { "" } else { "." };
    let message = format!(
        "cannot read the frequency \"{text}\": {why}{stop} Use a pandas alias such as \"D\", \"h\", \"MS\" or \"15min\", or a number of steps"
    );
    Error::new(ErrorCode::Freq, message).with(|d| d.actual = Some(text.into()))
}

/// The error for a number with decimals, or after its unit.
pub(super) fn wrong_number(text: &str) -> Option<Error> {
    let alias = text.trim();
    let is_number = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let (number, unit) = alias.split_at(alias.find(|c| !is_number(c)).unwrap_or(alias.len()));
    if number.contains(['.', ',']) {
        let exact = match unit.trim() {
            "" => multiple(number, 1).and_then(|n| Frequency::step(n).ok()),
            unit => read_unit(unit, true).and_then(|(factor, unit)| {
                let milliseconds = unit.milliseconds()?.checked_mul(factor)?;
                multiple(number, milliseconds).map(Frequency::fixed)
            }),
        };
        let why = "a multiple must be a whole number";
        return Some(match exact {
            Some(exact) => unreadable(text, &format!("{why}; write \"{exact}\""))
                .with(|d| d.expected = Some(exact.to_string().into())),
            None => unreadable(text, why),
        });
    }
    let unit = alias.trim_end_matches(|c: char| c.is_ascii_digit());
    let (unit, number) = (unit.trim_end(), &alias[unit.len()..]);
    if number.is_empty() || unit.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    read_unit(unit, false)?;
    let meant = format!("{number}{unit}");
    let why = format!("the number comes first: write \"{meant}\"");
    Some(unreadable(text, &why).with(|d| d.expected = Some(meant.into())))
}

/// The product of a decimal number and `milliseconds`, if it is a whole number and positive.
fn multiple(number: &str, milliseconds: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once(['.', ','])?;
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let product = digits.checked_mul(i128::from(milliseconds))?;
    let exact = product > 0 && product % scale == 0;
    exact.then(|| i64::try_from(product / scale).ok()).flatten()
}

/// The error for a unit that does not exist.
pub(super) fn unknown(text: &str, unit: &str) -> Error {
    if UNSUPPORTED.contains(&unit.split('-').next().unwrap_or(unit)) {
        return unreadable(text, &format!("\"{unit}\" is not supported"));
    }
    if unit.is_empty() {
        return unreadable(text, "its last number has no unit");
    }
    if unit == "m" {
        return unreadable(text, "\"m\" could be months or minutes; say \"MS\", \"ME\" or \"min\"");
    }
    let (lower, upper) = (unit.to_lowercase(), unit.to_uppercase());
    if lower == "ms" {
        let why = format!("\"{unit}\" could be months or milliseconds; say \"MS\" or \"ms\"");
        return unreadable(text, &why);
    }
    let word = |text: &str| WORDS.iter().find(|(word, _)| *word == text).map(|(_, alias)| *alias);
    let word = word(&lower).or_else(|| word(lower.strip_suffix('s')?));
    let case = [&lower, &upper].into_iter().find(|other| read_unit(other, false).is_some());
    let day = Some(format!("W-{upper}")).filter(|alias| read_unit(alias, false).is_some());
    let near = || nearest(unit, KNOWN).filter(|_| unit.chars().count() > 1);
    match word.or(case.map(String::as_str)).or(day.as_deref()).or_else(near) {
        Some(alias) => {
            unreadable(text, &format!("\"{unit}\" is unknown; did you mean \"{alias}\"?"))
                .with(|d| d.expected = Some(alias.into()))
        }
        None => unreadable(text, &format!("\"{unit}\" is unknown")),
    }
}
