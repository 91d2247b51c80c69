//! A column of text: each distinct text once, and each row's code into that list.

use indexmap::IndexSet;

use crate::{Error, ErrorCode, Result};

/// The code of a missing text.
const MISSING: u32 = u32::MAX;

/// The texts of a column. What depends only on a text is computed once for each distinct one, not for each row.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// The index in `distinct` of each row's text, or [`MISSING`].
    codes: Vec<u32>,
    /// The texts, in the order in which they first occur.
    distinct: Vec<String>,
}

impl Texts {
    /// Texts by codes: the index of each row's text in `texts`, or `u32::MAX` if it is missing. An error if a code is not
    /// an index.
    pub fn coded(mut codes: Vec<u32>, texts: Vec<String>) -> Result<Self> {
        let mut place = vec![MISSING; texts.len()]; // of each text, by first occurrence
        let mut order = Vec::with_capacity(texts.len());
        for (row, code) in codes.iter_mut().enumerate().filter(|(_, code)| **code != MISSING) {
            let Some(place) = place.get_mut(*code as usize) else {
                let message = format!(
                    "row {}: the code {code} is not the index of one of the {} texts; {MISSING} is the code of a missing text",
                    row + 1,
                    texts.len()
                );
                return Err(Error::new(ErrorCode::Schema, message));
            };
            if *place == MISSING {
                *place = order.len() as u32;
                order.push(*code as usize);
            }
            *code = *place;
        }
        if order.len() == texts.len() && order.is_sorted() {
            return Ok(Self { codes, distinct: texts });
        }
        let mut texts = texts;
        let distinct = order.iter().map(|at| std::mem::take(&mut texts[*at])).collect();
        Ok(Self { codes, distinct })
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The text of a row; `None` if it is missing, or if there is no such row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.codes.get(row).and_then(|code| self.text(*code))
    }

    /// The text of each row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> + Clone {
        self.codes.iter().map(|code| self.text(*code))
    }

    /// The code of each row: an index into [`Self::distinct`], or `u32::MAX` if the text is missing.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The texts that occur, in the order in which they first occur.
    pub fn distinct(&self) -> &[String] {
        &self.distinct
    }

    /// The codes, and the texts that they are indices of.
    pub fn into_parts(self) -> (Vec<u32>, Vec<String>) {
        (self.codes, self.distinct)
    }

    /// A value for each row, from its text.
    pub(crate) fn values<T: Copy>(&self, of: impl Fn(Option<&str>) -> T) -> Vec<T> {
        let each: Vec<T> = self.distinct.iter().map(|text| of(Some(text))).collect();
        let missing = of(None);
        self.codes.iter().map(|code| each.get(*code as usize).copied().unwrap_or(missing)).collect()
    }

    /// The same where a text may have no value: then the first row without one, and why. No text may be missing.
    pub(crate) fn try_values<T: Copy, E>(
        &self,
        of: impl Fn(&str) -> std::result::Result<T, E>,
    ) -> std::result::Result<Vec<T>, (usize, E)> {
        let mut each = Vec::with_capacity(self.distinct.len());
        for (code, text) in self.distinct.iter().enumerate() {
            let first = || self.codes.iter().position(|c| *c as usize == code).unwrap_or(0);
            each.push(of(text).map_err(|why| (first(), why))?);
        }
        Ok(self.codes.iter().map(|code| each[*code as usize]).collect())
    }

    /// The first row whose text is one that `is` accepts.
    pub(crate) fn position(&self, is: impl Fn(Option<&str>) -> bool) -> Option<usize> {
        // The first distinct text is also the first in the rows.
        let text = self.distinct.iter().position(|text| is(Some(text))).map(|code| code as u32);
        let missing = is(None);
        if text.is_none() && !missing {
            return None;
        }
        self.codes.iter().position(|code| Some(*code) == text || (missing && *code == MISSING))
    }

    fn text(&self, code: u32) -> Option<&str> {
        self.distinct.get(code as usize).map(String::as_str)
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: AsRef<str>> FromIterator<Option<T>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(texts: I) -> Self {
        let texts = texts.into_iter();
        let mut codes = Vec::with_capacity(texts.size_hint().0);
        let mut distinct: IndexSet<String> = IndexSet::new();
        let mut last = MISSING;
        for text in texts {
            last = match text.as_ref().map(AsRef::as_ref) {
                None => MISSING,
                // Rows of a series mostly follow each other.
                Some(text) if distinct.get_index(last as usize).is_some_and(|t| t == text) => last,
                Some(text) => {
                    let known = distinct.get_index_of(text);
                    let code = known.unwrap_or_else(|| distinct.insert_full(text.into()).0);
                    u32::try_from(code).expect("there are fewer than 2^32 distinct texts")
                }
            };
            codes.push(last);
        }
        Self { codes, distinct: distinct.into_iter().collect() }
    }
}

impl From<Vec<Option<String>>> for Texts {
    fn from(texts: Vec<Option<String>>) -> Self {
        texts.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whether the texts are collected from rows or given by codes, in any order of the list.
        #[test]
        fn rows_keep_their_texts(
            rows in prop::collection::vec(prop::option::of("[ab]{0,2}"), 0..20),
            list in Just(["aa", "", "b", "ab", "a", "ba", "bb", "unused"].map(String::from).to_vec()).prop_shuffle(),
        ) {
            let collected: Texts = rows.iter().map(Option::as_deref).collect();
            let code = |text: &String| list.iter().position(|t| t == text).unwrap() as u32;
            let codes = rows.iter().map(|text| text.as_ref().map_or(u32::MAX, code)).collect();
            let coded = Texts::coded(codes, list.clone()).unwrap();
            let once: IndexSet<&String> = rows.iter().flatten().collect();
            for texts in [collected, coded] {
                prop_assert!(texts.iter().eq(rows.iter().map(Option::as_deref)));
                prop_assert!(texts.distinct().iter().eq(once.iter().copied()));
                let length = |text: Option<&str>| text.map(str::len);
                let slow: Vec<_> = rows.iter().map(|text| length(text.as_deref())).collect();
                prop_assert_eq!(texts.values(length), slow.clone());
                for wanted in [None, Some(0), Some(2)] {
                    let found = texts.position(|text| length(text) == wanted);
                    prop_assert_eq!(found, slow.iter().position(|length| *length == wanted));
                }
            }
        }
    }

    #[test]
    fn the_first_text_without_a_value_is_named_by_its_row() {
        let texts: Texts = ["1", "1", "x", "y", "x"].map(Some).into_iter().collect();
        let (row, why) = texts.try_values(|text| text.parse::<i64>()).unwrap_err();
        assert_eq!((row, why.to_string().as_str()), (2, "invalid digit found in string"));
        let numbers: Texts = ["1", "2", "1"].map(Some).into_iter().collect();
        assert_eq!(numbers.try_values(|text| text.parse::<i64>()), Ok(vec![1, 2, 1]));
    }

    #[test]
    fn a_code_without_a_text_is_refused() {
        let error = Texts::coded(vec![0, u32::MAX, 1], vec!["a".into()]).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (
                ErrorCode::Schema,
                "row 3: the code 1 is not the index of one of the 1 texts; 4294967295 is the code of a missing text"
            )
        );
    }
}
