//! Parameters: declared once with name, shape and initial distribution, and stored in one flat buffer.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::Arc;

use crate::rng::{Key, Stream};
use crate::tape::{Param, Shape};
use crate::variates::standard_normal;
use crate::{Result, interrupt};

/// The most parameter tensors of a model.
const MOST_ENTRIES: usize = 100_000;

/// The initial distribution of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform in `±bound`, as torch's `kaiming_uniform(a=√5)` is for `bound = 1/√fan_in`.
    Uniform(f32),
    /// Uniform from 0 to this bound.
    UniformFromZero(f32),
    /// Normal with mean 0 and this standard deviation.
    Normal(f32),
    /// The same number everywhere.
    Constant(f32),
}

/// One parameter.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name in upstream's `state_dict`.
    pub name: String,
    /// Other names under which upstream stores the same tensor.
    pub ties: Vec<String>,
    /// Its offset in the flat buffer, and its shape.
    pub param: Param,
    /// Whether it is trained. Others never receive a gradient: they are constant, or running statistics.
    pub trained: bool,
    init: Init,
    made: Made,
}

/// Changes drawn numbers in place.
type Change = Arc<dyn Fn(&mut [f32]) + Send + Sync>;

/// How the initial numbers are made.
#[derive(Clone)]
enum Made {
    /// Drawn from the initial distribution.
    Drawn,
    /// Drawn, then changed in place.
    Changed(Change),
    /// Computed.
    Computed(Arc<dyn Fn() -> Vec<f32> + Send + Sync>),
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drawn => "Drawn",
            Self::Changed(_) => "Changed",
            Self::Computed(_) => "Computed",
        })
    }
}

/// All parameters of a model: first those that are trained, then the others.
#[derive(Default, Debug)]
pub struct Params {
    entries: RefCell<Vec<Entry>>,
    trained: Cell<usize>,
    untrained: Cell<usize>,
    /// Offset of the untrained ones.
    base: Cell<usize>,
}

impl Params {
    /// Runs `build`, which declares parameters, and returns them with its result.
    ///
    /// Untrained parameters lie behind the trained ones. If there are any, `build` runs twice: the first run counts the
    /// trained ones.
    pub fn declared<T>(build: impl Fn(&Self) -> Result<T>) -> Result<(Self, T)> {
        interrupt::caught(|| Self::declared_by(build))
    }

    fn declared_by<T>(build: impl Fn(&Self) -> Result<T>) -> Result<(Self, T)> {
        let params = Self::default();
        let built = build(&params)?;
        let base = params.trained.clone();
        if params.untrained.get() == 0 {
            return Ok((Self { base, ..params }, built));
        }
        let params = Self { base, ..Self::default() };
        let built = build(&params)?;
        Ok((params, built))
    }

    /// The root of the tree of names.
    pub fn root(&self) -> Path<'_> {
        Path { params: self, prefix: String::new() }
    }

    /// How many numbers are declared so far.
    pub fn size(&self) -> usize {
        self.trained.get().saturating_add(self.untrained.get())
    }

    /// How many of them are trained.
    pub fn trained(&self) -> usize {
        self.trained.get()
    }

    /// All parameters in the order of declaration.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries.into_inner()
    }
}

impl Entry {
    /// Whether it is a table, which never changes.
    pub fn is_table(&self) -> bool {
        !self.trained && matches!(self.made, Made::Computed(_))
    }

    /// Writes the initial values, a function of the seed and the parameter's index.
    pub fn initialize(&self, index: usize, seed: u64, values: &mut [f32]) {
        let to = &mut values[self.param.offset..][..self.param.shape.size()];
        let key = Key::new(seed, Stream::Init, index as u32);
        match &self.made {
            Made::Drawn => self.draw(key, to),
            Made::Computed(numbers) => to.copy_from_slice(&numbers()),
            Made::Changed(change) => {
                self.draw(key, to);
                change(to);
            }
        }
    }

    fn draw(&self, key: Key, to: &mut [f32]) {
        match self.init {
            Init::Constant(c) => to.fill(c),
            Init::Normal(deviation) => {
                let normal = |i: usize| standard_normal(key, i as u64) as f32;
                to.iter_mut().enumerate().for_each(|(i, v)| *v = normal(i) * deviation);
            }
            Init::UniformFromZero(bound) => {
                to.iter_mut().enumerate().for_each(|(i, v)| *v = key.uniform(i as u64) * bound);
            }
            Init::Uniform(bound) => {
                to.iter_mut()
                    .enumerate()
                    .for_each(|(i, v)| *v = (2.0 * key.uniform(i as u64) - 1.0) * bound);
            }
        }
    }
}

/// Index from every name, ties included, to the entry that holds it.
pub fn by_name(entries: &[Entry]) -> HashMap<&str, usize> {
    entries
        .iter()
        .enumerate()
        .flat_map(|(i, e)| std::iter::once(&e.name).chain(&e.ties).map(move |n| (n.as_str(), i)))
        .collect()
}

/// The layers `0..n`, built one by one without reserving memory: if `n` is far too large, the limit on parameters ends the
/// run before memory does.
pub fn layers<T>(n: usize, mut layer: impl FnMut(usize) -> T) -> Vec<T> {
    let mut layers = Vec::new();
    for i in 0..n {
        layers.push(layer(i));
    }
    layers
}

/// A position in the tree of parameter names, such as `blocks.0.layers`.
#[derive(Clone)]
pub struct Path<'p> {
    params: &'p Params,
    prefix: String,
}

impl Path<'_> {
    /// The position below this one.
    #[must_use]
    pub fn sub(&self, name: impl Display) -> Self {
        Self { params: self.params, prefix: self.full(name) }
    }

    /// Declares a parameter here.
    pub fn param(&self, name: impl Display, shape: impl Into<Shape>, init: Init) -> Param {
        self.declare(name, shape.into(), init, true, Made::Drawn)
    }

    /// Declares a parameter that is not trained.
    pub fn untrained(&self, name: impl Display, shape: impl Into<Shape>, init: Init) -> Param {
        self.declare(name, shape.into(), init, false, Made::Drawn)
    }

    /// Declares a parameter whose initial numbers are computed when the parameters are initialised.
    pub fn param_from(
        &self,
        name: impl Display,
        shape: impl Into<Shape>,
        numbers: impl Fn() -> Vec<f32> + Send + Sync + 'static,
    ) -> Param {
        let made = Made::Computed(Arc::new(numbers));
        self.declare(name, shape.into(), Init::Constant(0.0), true, made)
    }

    /// Declares a constant table, which a forward pass reads with [`fixed`](crate::tape::Tape::fixed). Its numbers are computed
    /// when the parameters are initialised.
    pub fn table(
        &self,
        name: impl Display,
        shape: impl Into<Shape>,
        numbers: impl Fn() -> Vec<f32> + Send + Sync + 'static,
    ) -> Param {
        let table = Made::Computed(Arc::new(numbers));
        self.declare(name, shape.into(), Init::Constant(0.0), false, table)
    }

    /// Declares a parameter whose numbers are drawn, and all together changed in place by `change` before training begins.
    pub fn changed(
        &self,
        name: impl Display,
        shape: impl Into<Shape>,
        init: Init,
        change: impl Fn(&mut [f32]) + Send + Sync + 'static,
    ) -> Param {
        self.declare(name, shape.into(), init, true, Made::Changed(Arc::new(change)))
    }

    /// Declares that upstream stores `param` under this name too.
    pub fn tie(&self, name: impl Display, param: Param) {
        let mut entries = self.params.entries.borrow_mut();
        let entry = entries.iter_mut().find(|e| e.param == param).expect("a declared parameter");
        entry.ties.push(self.full(name));
        let too_many = entry.ties.len() == MOST_ENTRIES;
        drop(entries);
        if too_many {
            interrupt::too_many();
        }
    }

    fn declare(
        &self,
        name: impl Display,
        shape: Shape,
        init: Init,
        trained: bool,
        made: Made,
    ) -> Param {
        let Params { trained: ours, untrained: others, base, .. } = self.params;
        let (count, base) = if trained { (ours, 0) } else { (others, base.get()) };
        let param = Param { offset: base.saturating_add(count.get()), shape };
        count.set(count.get().saturating_add(shape.size()));
        let name = self.full(name);
        let mut entries = self.params.entries.borrow_mut();
        if entries.len() == MOST_ENTRIES {
            drop(entries);
            interrupt::too_many();
        }
        entries.push(Entry { name, ties: Vec::new(), param, trained, init, made });
        param
    }

    fn full(&self, name: impl Display) -> String {
        if self.prefix.is_empty() { name.to_string() } else { format!("{}.{name}", self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_and_parameters_lie_one_after_the_other() {
        let params = Params::default();
        let block = params.root().sub("blocks").sub(1);
        let weight = block.param("weight", [2, 3], Init::Uniform(0.5));
        let bias = block.param("bias", [2], Init::Constant(1.0));
        params.root().tie("copy", bias);
        assert_eq!((weight.offset, bias.offset), (0, 6));
        let entries = params.into_entries();
        assert_eq!(entries[0].name, "blocks.1.weight");
        assert_eq!(by_name(&entries)["copy"], 1);

        let mut values = [0.0; 8];
        entries.iter().enumerate().for_each(|(i, e)| e.initialize(i, 42, &mut values));
        assert!(values[..6].iter().all(|v| v.abs() <= 0.5 && *v != 0.0));
        assert_eq!(values[6..], [1.0, 1.0]);
    }

    #[test]
    fn drawn_numbers_are_changed_before_training_begins() {
        let initial = |change: fn(&mut [f32])| {
            let params = Params::default();
            params.root().changed("weight", [3, 2], Init::Uniform(0.5), change);
            let mut values = [9.0; 6];
            params.into_entries()[0].initialize(0, 7, &mut values);
            values
        };
        let drawn = initial(|_| {});
        assert!(drawn.iter().all(|v| v.abs() <= 0.5 && *v != 0.0), "{drawn:?}");
        assert!(initial(<[f32]>::reverse).iter().rev().eq(&drawn));
    }

    #[test]
    fn what_is_not_trained_lies_behind_the_rest() {
        let build = |params: &Params| {
            let p = params.root();
            let mean = p.untrained("mean", [2], Init::Constant(0.0));
            let weight = p.param("weight", [3], Init::Constant(1.0));
            let count = p.untrained("count", [], Init::Constant(0.0));
            let basis = p.table("basis", [1, 2], || vec![5.0, 7.0]);
            let steps = p.param_from("steps", [2], || vec![3.0, 4.0]);
            Ok([mean, weight, count, basis, steps].map(|p| p.offset))
        };
        let (params, offsets) = Params::declared(build).unwrap();
        assert_eq!(offsets, [5, 0, 7, 8, 3]);
        assert_eq!((params.trained(), params.size()), (5, 10));
        let more = params.root().untrained("more", [1], Init::Constant(0.0));
        assert_eq!(more.offset, 10);
        let mut values = [2.0; 11];
        let entries = params.into_entries();
        entries.iter().enumerate().for_each(|(i, e)| e.initialize(i, 1, &mut values));
        assert_eq!(values, [1.0, 1.0, 1.0, 3.0, 4.0, 0.0, 0.0, 0.0, 5.0, 7.0, 0.0]);
        let tables: Vec<bool> = entries.iter().map(Entry::is_table).collect();
        assert_eq!(tables, [false, false, false, true, false, false]);
    }
}
