//! Memory limits: the memory of a call is estimated before it starts, and the call is refused if that exceeds the limit or
//! the free memory.
//!
//! [`Needs`] adds up the memory that a call will use, [`Allowed`] is its limit, and [`list`] allocates large buffers, or
//! ends the run with an error if the allocation fails.

mod available;

use crate::{Error, ErrorCode, Result, interrupt};

pub use available::available;

/// Needs up to this size are accepted without a query of the free memory, unless the user has set a limit.
const SMALL: usize = 64 << 20;

/// A list of `len` zeros. If the allocation fails, the run ends with an error.
pub(crate) fn list<T: Copy + Default>(len: usize) -> Vec<T> {
    let mut list = Vec::new();
    reserve(&mut list, len);
    list.resize(len, T::default());
    list
}

/// A list of `len` zeros, or an error if the allocation fails.
pub(crate) fn try_list<T: Copy + Default>(len: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    let bytes = || len.saturating_mul(size_of::<T>());
    list.try_reserve_exact(len).map_err(|_| refused(bytes()))?;
    list.resize(len, T::default());
    Ok(list)
}

/// A copy of `values`, or an error if the allocation fails.
pub fn copied<T: Copy>(values: &[T]) -> Result<Vec<T>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(values.len()).map_err(|_| refused(size_of_val(values)))?;
    copy.extend_from_slice(values);
    Ok(copy)
}

/// Reserves capacity for exactly `more` further items, or ends the run with an error.
pub(crate) fn reserve<T>(list: &mut Vec<T>, more: usize) {
    if list.try_reserve_exact(more).is_err() {
        interrupt::out_of_memory(more.saturating_mul(size_of::<T>()));
    }
}

/// The limit of a call's memory in bytes; `None` for the machine's free memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed(Option<usize>);

impl Allowed {
    /// The machine's free memory.
    pub(crate) const ALL: Self = Self(None);

    /// The user's limit; the machine's free memory if there is none.
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self(limit)
    }

    /// How many times this many bytes there are.
    pub(crate) fn room_for(self, bytes: usize) -> usize {
        self.0.unwrap_or_else(available) / bytes.max(1)
    }
}

/// Bytes that a call will hold at the same time, by purpose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs(Vec<(&'static str, usize)>);

impl Needs {
    pub(crate) fn add(&mut self, what: &'static str, bytes: usize) {
        match self.0.iter_mut().find(|(other, _)| *other == what) {
            Some((_, sum)) => *sum = sum.saturating_add(bytes),
            None => self.0.push((what, bytes)),
        }
    }

    /// Adds the other needs: for parts that are in memory at the same time.
    pub(crate) fn and(&mut self, other: Self) {
        other.0.into_iter().for_each(|(what, bytes)| self.add(what, bytes));
    }

    /// Takes the other needs if their total is larger: for parts that are in memory one after the other.
    pub(crate) fn or(&mut self, other: &Self) {
        if other.total() > self.total() {
            self.clone_from(other);
        }
    }

    /// The bytes for one purpose.
    #[cfg(test)]
    pub(crate) fn of(&self, what: &str) -> usize {
        self.0.iter().find(|(other, _)| *other == what).map_or(0, |(_, bytes)| *bytes)
    }

    pub(crate) fn total(&self) -> usize {
        self.0.iter().fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes))
    }

    /// Returns an error if the needs exceed the limit. `doing` names the work in the message. `smaller` finds the option that
    /// should be reduced; it is called only on error.
    pub(crate) fn check(
        &self,
        allowed: Allowed,
        doing: &str,
        smaller: impl FnOnce() -> Option<Smaller>,
    ) -> Result<()> {
        let needed = self.total();
        let (there, limited) = match allowed.0 {
            Some(limit) => (limit, true),
            None if needed <= SMALL => return Ok(()),
            None => (available(), false),
        };
        if needed <= there {
            return Ok(());
        }
        let most = self.0.iter().max_by_key(|(_, bytes)| *bytes);
        let most = most.map_or(String::new(), |(what, bytes)| {
            format!(", {} of that for {what}", in_words(*bytes))
        });
        let may = match limited {
            true => format!("memoryLimitBytes allows {}", in_words(there)),
            false => format!("{} are free", in_words(there)),
        };
        let smaller = smaller();
        let fix = match &smaller {
            Some(Smaller { option, value, .. }) => format!("make {option} smaller than {value}"),
            None => "free some memory or take a larger machine".into(),
        };
        let raise = if limited { ", or raise the limit" } else { "" };
        let message = format!("{doing} needs {}{most}, but {may}; {fix}{raise}", in_words(needed));
        Err(Error::new(ErrorCode::MemoryLimit, message).with(|d| {
            d.expected = Some(there.into());
            d.actual = Some(needed.into());
            if let Some(Smaller { model, option, .. }) = smaller {
                d.model = model;
                d.option = Some(option);
            }
        }))
    }
}

/// An option that should be reduced.
#[derive(Debug, PartialEq)]
pub(crate) struct Smaller {
    pub(crate) model: Option<String>,
    pub(crate) option: String,
    pub(crate) value: String,
}

impl Smaller {
    /// An option of a call, not of a model.
    pub(crate) fn option(name: &str, value: impl ToString) -> Option<Self> {
        Some(Self { model: None, option: name.into(), value: value.to_string() })
    }
}

/// The error of a failed allocation.
pub(crate) fn refused(bytes: usize) -> Error {
    let message = format!(
        "the system cannot allocate {} more; make the model, its batches or the data smaller",
        in_words(bytes)
    );
    Error::new(ErrorCode::MemoryLimit, message).with(|d| d.actual = Some(bytes.into()))
}

/// Bytes in decimal units, such as `14.4 GB`.
pub(crate) fn in_words(bytes: usize) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let unit = bytes.checked_ilog(1000).unwrap_or(0) as usize;
    match unit {
        0 => format!("{bytes} bytes"),
        _ => {
            let number = bytes as f64 / 1000_f64.powi(unit as i32);
            format!("{number:.*} {}", usize::from(number < 99.95), UNITS[unit - 1])
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_are_written_in_three_digits() {
        let cases = [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (64 << 20, "67.1 MB"),
            (999_940_000, "1000 MB"),
            (14_400_000_000, "14.4 GB"),
            (usize::MAX, "18.4 EB"),
        ];
        for (bytes, words) in cases {
            assert_eq!(in_words(bytes), words);
        }
    }

    #[test]
    fn needs_beyond_the_limit_name_bytes_and_option() {
        let mut needs = Needs::default();
        needs.add("weights", 3000);
        needs.add("gradients", 9000);
        needs.add("weights", 1000);
        assert_eq!(needs.total(), 13_000);
        needs.check(Allowed::new(Some(13_000)), "MLP", || None).unwrap();
        let e = needs
            .check(Allowed::new(Some(12_999)), "training MLP", || Smaller::option("h", 12))
            .unwrap_err();
        assert_eq!(
            e.message,
            "training MLP needs 13.0 kB, 9.0 kB of that for gradients, but memoryLimitBytes allows 13.0 kB; \
             make h smaller than 12, or raise the limit"
        );
        assert_eq!(
            (e.details.expected, e.details.actual),
            (Some(json!(12_999)), Some(json!(13_000)))
        );
        assert_eq!(e.details.option.as_deref(), Some("h"));
        needs.add("weights", usize::MAX);
        assert_eq!(needs.total(), usize::MAX, "sums do not wrap");
        assert!(needs.check(Allowed::new(None), "it", || None).is_err());
    }

    #[test]
    fn a_buffer_that_is_not_to_be_had_ends_the_run() {
        let e = interrupt::caught(|| Ok(list::<f32>(1 << 60).len())).unwrap_err();
        assert_eq!(
            (e.code, e.details.actual),
            (ErrorCode::MemoryLimit, Some((1_u64 << 62).into()))
        );
        assert_eq!(list::<u8>(3), [0; 3]);
    }
}
