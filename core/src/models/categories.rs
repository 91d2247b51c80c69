//! Options of categorical columns: their cardinality and embedding size. Upstream: `_base_model.py: _resolve_cat_emb_dim`.

use serde_json::{Map, Value, json};

use super::common_options::CommonOptions;
use crate::data::Vocabularies;
use crate::options::OptionValue;
use crate::{Error, ErrorCode, Result};

/// The largest embedding that a rule chooses.
const MOST: usize = 50;
/// The largest embedding or cardinality that users may ask for.
const LIMIT: usize = 1_000_000;

/// The embedding size of categorical columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatEmbDim {
    /// 1.6 × cardinality^0.56, rounded up.
    FastAi,
    /// The square root of the cardinality, rounded up.
    Sqrt,
    /// Half the cardinality, rounded up.
    Half,
    /// A fixed size for every column.
    Size(usize),
}

impl CatEmbDim {
    /// The embedding size for a column with this many categories.
    pub fn of(self, categories: usize) -> usize {
        let power = |factor: f64, exponent: f64| {
            ((factor * (categories as f64).powf(exponent)).ceil() as usize).min(MOST)
        };
        match self {
            Self::FastAi => power(1.6, 0.56),
            Self::Sqrt => power(1.0, 0.5),
            Self::Half => categories.div_ceil(2).min(MOST),
            Self::Size(size) => size,
        }
    }
}

impl OptionValue for CatEmbDim {
    fn expected() -> String {
        format!("\"fastai\", \"sqrt\", \"half\" or a whole number from 1 to {LIMIT}")
    }
    fn ts() -> String {
        "'fastai' | 'sqrt' | 'half' | number".into()
    }
    fn read(value: &Value) -> Option<Self> {
        match value.as_str() {
            Some("fastai") => Some(Self::FastAi),
            Some("sqrt") => Some(Self::Sqrt),
            Some("half") => Some(Self::Half),
            Some(_) => None,
            None => usize::read(value).filter(|n| (1..=LIMIT).contains(n)).map(Self::Size),
        }
    }
    fn write(&self) -> Value {
        match self {
            Self::FastAi => "fastai".into(),
            Self::Sqrt => "sqrt".into(),
            Self::Half => "half".into(),
            Self::Size(size) => json!(size),
        }
    }
}

/// The cardinality of each categorical column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cardinalities(pub Vec<(String, usize)>);

impl Cardinalities {
    /// The cardinality of a column.
    pub fn get(&self, column: &str) -> Option<usize> {
        self.0.iter().find(|(name, _)| name == column).map(|(_, count)| *count)
    }
}

impl OptionValue for Cardinalities {
    fn expected() -> String {
        format!("an object of columns and whole numbers from 1 to {LIMIT}")
    }
    fn ts() -> String {
        "Record<string, number>".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let entry = |(name, count): (&String, &Value)| {
            let count = usize::read(count).filter(|n| (1..=LIMIT).contains(n))?;
            Some((name.clone(), count))
        };
        value.as_object()?.iter().map(entry).collect::<Option<_>>().map(Self)
    }
    fn write(&self) -> Value {
        self.0
            .iter()
            .map(|(name, count)| (name.clone(), json!(count)))
            .collect::<Map<_, _>>()
            .into()
    }
}

impl CommonOptions {
    /// Whether an exogenous column is categorical.
    pub fn is_category(&self, column: &str) -> bool {
        self.cat_exog_list.iter().any(|name| name == column)
    }

    /// The cardinality of a column; 1 until options or data set it.
    pub fn cardinality(&self, column: &str) -> usize {
        self.categorical_cardinalities.get(column).unwrap_or(1)
    }

    /// Refuses categorical columns that no exogenous list names, or that are listed twice.
    pub(crate) fn check_categories(&self) -> Result<()> {
        let lists = [&self.futr_exog_list, &self.hist_exog_list, &self.stat_exog_list];
        for (i, name) in self.cat_exog_list.iter().enumerate() {
            let expected = if !lists.iter().any(|list| list.contains(name)) {
                "columns of futrExogList, histExogList or statExogList"
            } else if self.cat_exog_list[..i].contains(name) {
                "columns, each once"
            } else {
                continue;
            };
            let error = Error::option("catExogList", expected, name.as_str());
            return Err(error.with(|d| d.column = Some(name.clone())));
        }
        Ok(())
    }

    /// Takes cardinalities from the data where options do not give them; a given one must be large enough for the data.
    pub(crate) fn count_categories(&mut self, vocabularies: &Vocabularies) -> Result<()> {
        for name in &self.cat_exog_list {
            let Some(vocabulary) = vocabularies.get(name) else { continue };
            let found = vocabulary.len().max(1);
            match self.categorical_cardinalities.get(name) {
                None => self.categorical_cardinalities.0.push((name.clone(), found)),
                Some(room) if room < found => return Err(too_many(name, found, room)),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

fn too_many(column: &str, found: usize, room: usize) -> Error {
    let message = format!(
        "column \"{column}\" has {found} different values, and categoricalCardinalities leaves room for {room}; \
         raise it to at least {found}, or leave the column out of it"
    );
    Error::new(ErrorCode::InvalidOption, message).with(|d| {
        d.option = Some("categoricalCardinalities".into());
        d.column = Some(column.into());
        d.expected = Some(found.into());
        d.actual = Some(room.into());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fewest categories of each size from 2 to 50, as Python computes them.
    const FIRST: [usize; 49] = [
        1, 2, 4, 6, 8, 11, 14, 18, 22, 27, 32, 37, 43, 49, 55, 62, 69, 76, 83, 91, 100, 108, 117,
        126, 136, 146, 156, 166, 177, 188, 199, 211, 223, 235, 248, 260, 273, 287, 300, 314, 328,
        343, 357, 372, 387, 403, 419, 435, 451,
    ];

    #[test]
    fn embeddings_grow_with_the_categories_as_upstreams() {
        let of = |how: CatEmbDim, counts: &[usize]| -> Vec<usize> {
            counts.iter().map(|n| how.of(*n)).collect()
        };
        let sizes = of(CatEmbDim::FastAi, &FIRST);
        assert_eq!(sizes, (2..=50).collect::<Vec<_>>());
        let before: Vec<usize> = FIRST[1..].iter().map(|n| n - 1).collect();
        assert_eq!(of(CatEmbDim::FastAi, &before), (2..50).collect::<Vec<_>>());
        assert_eq!(
            of(CatEmbDim::Sqrt, &[1, 2, 4, 5, 9, 10, 2401, 2402, 5000]),
            [1, 2, 2, 3, 3, 4, 49, 50, 50]
        );
        assert_eq!(
            of(CatEmbDim::Half, &[1, 2, 3, 4, 98, 99, 100, 1000]),
            [1, 1, 2, 2, 49, 50, 50, 50]
        );
        assert_eq!(CatEmbDim::Size(70).of(3), 70);
    }

    #[test]
    fn options_are_read_and_written() {
        for value in [json!("fastai"), json!("sqrt"), json!("half"), json!(7)] {
            assert_eq!(CatEmbDim::read(&value).unwrap().write(), value);
        }
        for value in [json!("Half"), json!(0), json!(1.5), json!(-1), json!(true), json!(1e9)] {
            assert_eq!(CatEmbDim::read(&value), None, "{value}");
        }
        let counts = json!({ "shop": 3, "day": 7 });
        assert_eq!(Cardinalities::read(&counts).unwrap().write(), counts);
        for value in [json!({ "a": 0 }), json!({ "a": "3" }), json!(["a"]), json!({ "a": 1e9 })] {
            assert_eq!(Cardinalities::read(&value), None, "{value}");
        }
    }
}
