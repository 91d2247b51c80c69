//! A model built from its options: network, parameters, loss.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::entry::OF_CATEGORIES;
use super::hint::{self, Hint};
use super::{
    Batch, CatEmbDim, CommonOptions, Dims, Entry, Network, Recurrence, Sharding, Spec, Streams,
    find,
};
use crate::data::Vocabularies;
use crate::nn::{Init, Params, params};
use crate::objective::{Head, Objective, Scaling, Target, check_written};
use crate::options::{OptionValue, Options};
use crate::scalers::{ScalerType, Statistics};
use crate::tape::{Param, Var};

use crate::{Error, ErrorCode, Result, memory};

/// A model as users write it: `{ model: 'NHITS', options: { h: 12, inputSize: 24 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSpec {
    /// Name of the model.
    pub model: String,
    /// Options in camelCase: shared and model-specific ones together.
    pub options: Map<String, Value>,
}

/// A model with its parameters.
pub struct Instance {
    /// Name and abilities.
    pub spec: Spec,
    /// The options as the user wrote them; those of the wrapped model, if it is one of HINT.
    pub given: ModelSpec,
    /// Shared options.
    pub common: CommonOptions,
    /// All model-specific options with their values.
    pub own: Map<String, Value>,
    /// Training loss.
    pub loss: Objective,
    /// Validation loss.
    pub valid_loss: Objective,
    /// Names and positions of the parameters.
    pub entries: Vec<params::Entry>,
    /// The parameters; empty until [allocated](Self::allocate).
    pub values: Arc<Vec<f32>>,
    /// The number of parameters.
    pub size: usize,
    /// How many of them are trained by gradient; the others follow after these.
    pub trained: usize,
    /// Series per window: 1 unless the model is multivariate.
    pub series: usize,
    revin: Option<[Param; 2]>,
    /// Its exogenous columns, with the embeddings of categorical ones.
    pub(crate) streams: Streams,
    pub(crate) network: Box<dyn Network>,
    /// Maps the network's output to what the loss or the forecast needs.
    pub(crate) head: Head,
    /// Set for a model that HINT wraps.
    pub(crate) hint: Option<Arc<Hint>>,
}

impl Instance {
    /// Checks all options and declares the parameters, initialised from `randomSeed`.
    ///
    /// A multivariate model without `nSeries` is built for one series until the data give the number.
    pub fn new(given: &ModelSpec) -> Result<Self> {
        Self::of_data(given, &Vocabularies::default(), None)
    }

    /// As [`Self::new`], for data with these categories and this many series (irrelevant to a univariate model).
    pub(crate) fn of_data(
        given: &ModelSpec,
        vocabularies: &Vocabularies,
        series: Option<usize>,
    ) -> Result<Self> {
        let mut model = Self::blank(given, vocabularies, series)?;
        model.allocate()?;
        model.initialize();
        Ok(model)
    }

    /// As [`Self::of_data`], without allocating parameters: its sizes can be read however large they are.
    pub(crate) fn blank(
        given: &ModelSpec,
        vocabularies: &Vocabularies,
        series: Option<usize>,
    ) -> Result<Self> {
        let of_model = |e: Error| {
            e.with(|d| {
                d.model.get_or_insert_with(|| given.model.clone());
            })
        };
        if given.model == hint::NAME {
            let (hint, wrapped) = Hint::read(given).map_err(of_model)?;
            return Self::blank(&wrapped, vocabularies, series)?.wrapped(hint).map_err(of_model);
        }
        let entry = find(&given.model)?;
        build(&entry, given, vocabularies, series).map_err(of_model)
    }

    /// Allocates the parameters, all 0.
    pub(crate) fn allocate(&mut self) -> Result<()> {
        self.values = Arc::new(memory::try_list(self.size)?);
        Ok(())
    }

    /// The parameters, mutable.
    pub(crate) fn values_mut(&mut self) -> &mut Vec<f32> {
        Arc::make_mut(&mut self.values)
    }

    /// Refuses options that are a mistake when a user writes them, but valid in a checkpoint.
    pub(crate) fn check_written(&self) -> Result<()> {
        let of_model = |e: Error| e.with(|d| d.model = Some(self.given.model.clone()));
        check_written(&self.common.loss, "loss").map_err(of_model)?;
        let valid = self.common.valid_loss.as_ref();
        valid.map_or(Ok(()), |loss| check_written(loss, "validLoss")).map_err(of_model)
    }

    /// Column of the results: the alias, or the model's name.
    pub fn name(&self) -> &str {
        self.common.alias.as_deref().unwrap_or(self.class())
    }

    /// Steps of input that the network sees: recurrent models see one more than `inputSize`.
    pub fn input_size(&self) -> usize {
        self.common.input_size + usize::from(self.recurrence().is_some())
    }

    /// Lookback when forecasting: how many past values a forecast depends on.
    pub fn forecast_input_size(&self) -> usize {
        self.recurrence().map_or(self.common.input_size, |r| r.inference_input_size + 1)
    }

    /// Another instance of the same model that shares these weights without copying them.
    pub(crate) fn shared(&self, vocabularies: &Vocabularies) -> Result<Self> {
        let series = self.spec.multivariate.then_some(self.series);
        let mut same = self.again(&self.given, vocabularies, series)?;
        assert_eq!(same.size, self.values.len(), "the same options give the same parameters");
        same.values = self.values.clone();
        Ok(same)
    }

    /// Set for models that forecast step by step.
    pub fn recurrence(&self) -> Option<Recurrence> {
        self.network.recurrence().map(|r| match self.loss.horizon_weight {
            Some(_) => Recurrence { h_train: self.common.h, ..r }, // as upstream: the shapes of the weights must match
            None => r,
        })
    }

    /// Forecast of each window of a batch with category codes: `[B, h, O]`, on the scale of the input.
    pub(crate) fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        self.network.forward(&self.streams.embed(batch, self.spec.multivariate))
    }

    /// The cardinality of a column if the user gave it, rather than the data.
    pub(crate) fn given_cardinality(&self, column: &str) -> Option<usize> {
        usize::read(self.given.options.get("categoricalCardinalities")?.get(column)?)
    }

    /// All options with their values.
    pub fn all_options(&self) -> Map<String, Value> {
        self.common.to_json().into_iter().chain(self.own.clone()).collect()
    }

    /// Sets all parameters to their initial values.
    pub fn initialize(&mut self) {
        let values = Arc::make_mut(&mut self.values);
        for (i, entry) in self.entries.iter().enumerate() {
            entry.initialize(i, self.common.random_seed as u64, values);
        }
    }

    /// Whether numbers with the layout of the parameters are finite, except those of tables.
    pub(crate) fn are_finite(&self, values: &[f32]) -> bool {
        // Without an early exit, the loop is vectorized.
        let all = |part: &[f32]| part.iter().fold(true, |finite, v| finite & v.is_finite());
        let others = self.entries.iter().filter(|entry| !entry.trained && !entry.is_table());
        let mut others = others.map(|entry| entry.param);
        all(&values[..self.trained])
            && others.all(|param| all(&values[param.offset..][..param.shape.size()]))
    }

    /// Whether there is a parameter of this name.
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        params::by_name(&self.entries).contains_key(name)
    }

    /// The values of a parameter under any of its names.
    pub fn parameter(&self, name: &str) -> Option<&[f32]> {
        let entry = &self.entries[*params::by_name(&self.entries).get(name)?];
        Some(&self.values[entry.param.offset..][..entry.param.shape.size()])
    }

    /// Sets one parameter, under any of its names.
    pub fn set_parameter(&mut self, name: &str, shape: &[usize], data: &[f32]) -> Result<()> {
        self.parameter_mut(name, shape)?.copy_from_slice(data);
        Ok(())
    }

    /// The values of a parameter that must have this shape, under any of its names.
    pub(crate) fn parameter_mut(&mut self, name: &str, shape: &[usize]) -> Result<&mut [f32]> {
        let param = self.place(name, shape)?;
        let values = Arc::make_mut(&mut self.values);
        Ok(&mut values[param.offset..][..param.shape.size()])
    }

    /// The position of a parameter that must have this shape, under any of its names.
    pub(crate) fn place(&self, name: &str, shape: &[usize]) -> Result<Param> {
        let wrong =
            |what: String| Error::new(ErrorCode::Checkpoint, format!("{}: {what}", self.spec.name));
        let Some(index) = params::by_name(&self.entries).get(name).copied() else {
            return Err(wrong(format!(
                "there is no parameter \"{name}\" in this model; options and weights differ"
            )));
        };
        let param = self.entries[index].param;
        if param.shape.dims() != shape {
            let expected = param.shape;
            return Err(wrong(format!(
                "parameter \"{name}\" is {shape:?}, the options make it {expected:?}"
            )));
        }
        Ok(param)
    }

    /// How the target of a window with these statistics is scaled and its forecast scaled back.
    pub(crate) fn scaling(&self, own: Statistics) -> Scaling {
        Scaling { scaler: self.common.scaler_type, own, back: self.unscaling(own) }
    }

    /// A target value of the horizon on the scale of the loss.
    pub(crate) fn target(&self, y: f64, s: Statistics) -> f32 {
        match self.loss.target() {
            Target::Scaled => self.common.scaler_type.scale(y, s),
            Target::Relative => s.relative(y) as f32,
            Target::Original => y as f32,
        }
    }

    /// The statistics that scale back a forecast of a window with these statistics.
    fn unscaling(&self, statistics: Statistics) -> Statistics {
        match self.revin {
            Some([bias, weight]) => {
                statistics.with_affine(self.values[weight.offset], self.values[bias.offset])
            }
            None => statistics,
        }
    }
}

pub(super) fn build(
    entry: &Entry,
    given: &ModelSpec,
    vocabularies: &Vocabularies,
    series: Option<usize>,
) -> Result<Instance> {
    let mut common = (entry.defaults)();
    let mut own = (entry.read)(&given.options, &mut common)?;
    if entry.spec.multivariate {
        common.n_series = series.or(common.n_series);
    }
    common.check_all()?;
    check_exogenous(entry, &common)?;
    common.check_categories()?;
    common.count_categories(vocabularies)?;
    (entry.check)(&common)?;
    let [loss, valid_loss] = common.losses()?;
    let series = common.n_series.unwrap_or(1);
    let (params, (streams, network, head)) = Params::declared(|params| {
        let streams = Streams::new(&params.root(), &common);
        let dims = Dims {
            input: common.input_size,
            h: common.h,
            outputs: loss.numbers(),
            futr: streams.futr.size(),
            hist: streams.hist.size(),
            stat: streams.stat.size(),
            series,
            seed: common.random_seed as u64,
        };
        let network = (entry.build)(params, dims, &own)?;
        check_shards(entry, &common, &*network, &loss)?;
        Ok((streams, network, loss.head(&params.root())))
    })?;
    let trained = params.trained();
    let revin = (common.scaler_type == ScalerType::Revin).then(|| {
        let path = params.root().sub("scaler");
        let shape = [1, 1, 1 + streams.hist.numbers + streams.futr.numbers, 1];
        [
            path.untrained("revin_bias", shape, Init::Constant(0.0)),
            path.untrained("revin_weight", shape, Init::Constant(1.0)),
        ]
    });
    let (values, size) = (Arc::default(), params.size());
    let entries = params.into_entries();
    let mut given = given.clone();
    for (option, value) in network.pinned() {
        given.options.insert(option.into(), value.clone());
        own.insert(option.into(), value);
    }
    Ok(Instance {
        spec: entry.spec,
        given,
        common,
        own,
        loss,
        valid_loss,
        entries,
        values,
        size,
        trained,
        series,
        revin,
        streams,
        network,
        head,
        hint: None,
    })
}

/// Refuses to shard the training steps of a model or a loss that needs the whole batch.
fn check_shards(
    entry: &Entry,
    common: &CommonOptions,
    network: &dyn Network,
    loss: &Objective,
) -> Result<()> {
    if common.shards.is_none_or(|n| n == 1) {
        return Ok(());
    }
    let couples = match (network.sharding(), loss.couples_windows()) {
        (Sharding::Whole, _) => entry.spec.name,
        (_, true) => loss.kind,
        _ => return Ok(()),
    };
    let message = format!(
        "{couples} couples the windows of a whole batch, so its steps are not cut; leave out shards"
    );
    Err(Error::new(ErrorCode::Unsupported, message).with(|d| d.option = Some("shards".into())))
}

/// Refuses exogenous columns of a kind that the model does not take.
fn check_exogenous(entry: &Entry, common: &CommonOptions) -> Result<()> {
    let spec = entry.spec;
    let lists = [
        &common.futr_exog_list,
        &common.hist_exog_list,
        &common.stat_exog_list,
        &common.cat_exog_list,
    ];
    for ((option, takes), list) in spec.exogenous.options().into_iter().zip(lists) {
        if !takes && !list.is_empty() {
            let taken: Vec<&str> =
                spec.exogenous.options().iter().filter(|(_, t)| *t).map(|(o, _)| *o).collect();
            let taken =
                if taken.is_empty() { "no exogenous columns".into() } else { taken.join(", ") };
            let message = format!(
                "{} does not take {option}, which names \"{}\"; it takes {taken}",
                spec.name, list[0]
            );
            return Err(Error::new(ErrorCode::UnsupportedExog, message).with(|d| {
                d.option = Some(option.into());
                d.column = list.first().cloned();
            }));
        }
    }
    let given =
        [!common.categorical_cardinalities.0.is_empty(), common.cat_emb_dim != CatEmbDim::FastAi];
    for (option, given) in OF_CATEGORIES.into_iter().zip(given) {
        if given && !spec.exogenous.cat {
            let message = format!("{} does not take {option}: it has no categories", spec.name);
            return Err(Error::new(ErrorCode::UnsupportedExog, message)
                .with(|d| d.option = Some(option.into())));
        }
    }
    if common.exclude_insample_y && !entry.can_exclude_target {
        let why = match spec.exogenous == super::Exogenous::NONE {
            true => "it has no other input",
            false => "it forecasts each value from the one before",
        };
        let message = format!("{} does not take excludeInsampleY: {why}", spec.name);
        return Err(Error::new(ErrorCode::UnsupportedExog, message)
            .with(|d| d.option = Some("excludeInsampleY".into())));
    }
    Ok(())
}
