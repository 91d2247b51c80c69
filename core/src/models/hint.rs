//! HINT: forecasts of the series of a hierarchy that add up, by reconciling samples of another model's distribution.
//!
//! Olivares et al. 2023, "HINT: Hierarchical Mixture Networks For Coherent Probabilistic Forecasting",
//! <https://arxiv.org/abs/2305.07089>. Upstream: `models/hint.py`.
//!
//! Training is that of the wrapped model. A forecast draws samples of the wrapped model's distribution for all series at one
//! time, reconciles each of them, and gives their mean and quantiles. So the means add up, and so does every sample; quantiles
//! need not. *Differs from upstream,* which draws again, with replacement, from the quantiles of such samples.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::common_options::no_path;
use super::{Instance, ModelSpec};
use crate::data::{Panel, SeriesId, counted, first_few};
use crate::hierarchy::{Reconciler, Reconciliation, SummingMatrix};
use crate::memory::Needs;
use crate::objective::Output;
use crate::options::{OptionValue, Options as _, check_given, no_option, options};
use crate::{Error, ErrorCode, Result};

/// Its name, as that of a model.
pub(crate) const NAME: &str = "HINT";
/// Link to its paper.
pub(super) const PAPER: &str = "https://arxiv.org/abs/2305.07089";

const OF_MODEL: &str = "it is an option of the model that HINT wraps";

options! {
    /// Options of `HINT`.
    pub struct Options {
        /// The model that forecasts all series. Its loss must be a distribution, such as `loss.distribution('Normal')`.
        pub model: Option<ModelSpec> = None;
            fits is_given "a model spec, such as NHITS({ h: 12, inputSize: 24, loss: loss.distribution('Normal') })",
        /// The summing matrix: a row for each series, a column for each bottom series. First come the aggregates, each row
        /// with the weights of the bottom series in it; then the bottom series in the order of the columns, which makes an
        /// identity matrix.
        pub s as "S": Option<SummingMatrix> = None;
            fits is_given "a summing matrix: a list of rows, one for each series, each a list of numbers",
        /// How forecasts become coherent: `'BottomUp'` sums those of the bottom series, `'MinTraceOLS'` and `'MinTraceWLS'`
        /// change all of them as little as possible, the latter weighted by the sums of the rows of `S`, and `'Identity'`
        /// leaves them as they are.
        pub reconciliation: Option<Reconciliation> = None;
            fits is_given "\"BottomUp\", \"MinTraceOLS\", \"MinTraceWLS\" or \"Identity\"",
        /// The series of the rows of `S`, each once. Left out: the series in the order of a forecast, sorted by identifier.
        pub ids: Option<Vec<SeriesId>> = None,
        /// Name for the forecast columns, instead of `HINT`.
        pub alias: Option<String> = None; fits no_path "text without slashes, not empty",
    }
    elsewhere {
        "h horizon inputsize loss validloss maxsteps learningrate scalertype randomseed" => OF_MODEL,
        "uniqueids uniqueid series" => "ids",
        "sdf summingmatrix" => "S",
    }
}

fn is_given<T>(option: &Option<T>) -> bool {
    option.is_some()
}

/// HINT around a model, as users specify it.
///
/// ```
/// use neuro_divergent::hierarchy::{Reconciliation, SummingMatrix};
/// use neuro_divergent::models::{CommonOptions, HINT, Model, NHITS, hint};
/// use neuro_divergent::objective::{DistributionLoss, DistributionName};
///
/// let normal = DistributionLoss { distribution: Some(DistributionName::Normal), ..Default::default() };
/// let model = NHITS::spec(CommonOptions { loss: normal.into(), ..NHITS::common(12, 24) }, Default::default());
/// let total_and_two = vec![vec![1.0, 1.0], vec![1.0, 0.0], vec![0.0, 1.0]];
/// let spec = HINT::spec(hint::Options {
///     model: Some(model),
///     s: Some(SummingMatrix::new(total_and_two)?),
///     reconciliation: Some(Reconciliation::MinTraceOls),
///     ..Default::default()
/// });
/// assert_eq!(spec.model, "HINT");
/// # Ok::<(), neuro_divergent::Error>(())
/// ```
pub struct HINT;

impl HINT {
    /// The spec of these options, for [`NeuralForecast::new`](crate::NeuralForecast::new), which checks them.
    pub fn spec(options: Options) -> ModelSpec {
        let given = options.to_json().into_iter().filter(|(_, value)| !value.is_null());
        ModelSpec { model: NAME.into(), options: given.collect() }
    }
}

/// What HINT adds to the model that it wraps.
#[derive(Clone, Debug)]
pub(crate) struct Hint {
    /// The options as the user wrote them, without the model.
    written: Map<String, Value>,
    s: SummingMatrix,
    how: Reconciliation,
    ids: Option<Vec<String>>,
    pub(super) alias: Option<String>,
    /// The series of the rows of `S` in the data that the model was fitted on.
    series: Option<Vec<String>>,
    /// Made for the first forecast.
    reconciler: OnceLock<Reconciler>,
}

impl Hint {
    /// Reads the options of HINT. Also returns the model that it wraps.
    pub(super) fn read(given: &ModelSpec) -> Result<(Self, ModelSpec)> {
        let mut options = Options::default();
        for (name, value) in &given.options {
            if !options.set(name, value)? {
                return Err(no_option::<Options>(NAME, name));
            }
        }
        check_given::<Options>(&given.options)?;
        let Options { model: Some(model), s: Some(s), reconciliation: Some(how), ids, alias } =
            options
        else {
            unreachable!("what is required was given")
        };
        if model.model == NAME {
            let message = "HINT cannot wrap another HINT; give it a model that forecasts by itself";
            return Err(Error::new(ErrorCode::Unsupported, message)
                .with(|d| d.option = Some("model".into())));
        }
        how.check(&s)?;
        let ids = ids.map(|ids| ids.into_iter().map(|SeriesId(id)| id).collect::<Vec<_>>());
        if let Some(ids) = &ids {
            check_ids(ids, s.series())?;
        }
        let mut written = given.options.clone();
        written.shift_remove("model");
        let hint = Self { written, s, how, ids, alias, series: None, reconciler: OnceLock::new() };
        Ok((hint, model))
    }

    /// HINT as it was [stored](Self::to_stored), around a model that is restored without it.
    pub(crate) fn of_stored(stored: &Value) -> Result<Self> {
        let mut options = stored.as_object().cloned().unwrap_or_default();
        let series = options.shift_remove("series").unwrap_or_default();
        // Any model: only the options of HINT are read.
        options.insert("model".into(), json!({ "model": "", "options": {} }));
        let (mut hint, _) = Self::read(&ModelSpec { model: NAME.into(), options })?;
        hint.series = Option::<Vec<String>>::read(&series)
            .ok_or_else(|| Error::option("series", "a list of identifiers", series.clone()))?;
        if let Some(series) = &hint.series {
            check_ids(series, hint.s.series())?;
        }
        Ok(hint)
    }

    /// The options, and the series of the rows of `S`, for a checkpoint.
    pub(crate) fn to_stored(&self) -> Value {
        let mut stored = self.written.clone();
        stored.extend(self.series.as_ref().map(|series| ("series".into(), json!(series))));
        stored.into()
    }

    /// The spec of HINT around a model.
    pub(super) fn spec(&self, model: &ModelSpec) -> ModelSpec {
        let first = std::iter::once(("model".into(), model.write()));
        let options = first.chain(self.written.clone()).collect();
        ModelSpec { model: NAME.into(), options }
    }

    /// Refuses a model whose forecasts cannot be reconciled.
    pub(super) fn check(&self, model: &Instance) -> Result<()> {
        let (name, kind) = (model.spec.name, model.loss.kind);
        let refused = |option: &str, message: String| {
            Err(Error::new(ErrorCode::Unsupported, message)
                .with(|d| d.option = Some(option.into())))
        };
        if model.common.alias.is_some() {
            let message =
                "HINT names the columns of the forecast; give the alias to HINT, not to its model";
            return refused("alias", message.into());
        }
        if model.loss.samples() == 0 {
            return refused(
                "loss",
                format!(
                    "HINT reconciles samples, and {kind}, the loss of {name}, gives none; \
                     train {name} with a distribution, such as loss.distribution('Normal')"
                ),
            );
        }
        let parameter = |output: &&Output| matches!(output, Output::Parameter(_));
        if self.changes() && model.loss.outputs.iter().any(|output| parameter(&output)) {
            return refused(
                "returnParams",
                format!(
                    "the parameters that returnParams of {kind} gives are those before reconciliation; \
                     leave it out, or use reconciliation \"Identity\""
                ),
            );
        }
        Ok(())
    }

    /// Whether it changes forecasts at all.
    pub(super) fn changes(&self) -> bool {
        self.how != Reconciliation::Identity
    }

    /// HINT for a model that is fitted on these series; if training continues (`goes_on`), on the same as before.
    pub(crate) fn fitted(&self, panel: &Panel, goes_on: bool) -> Result<Self> {
        let mut fitted = self.clone();
        if !goes_on {
            fitted.series = None;
        }
        let order = fitted.order(panel)?;
        fitted.series = Some(order.into_iter().map(|i| panel.id(i)).collect());
        Ok(fitted)
    }

    /// The index of the series of each row of `S`. An error if the series are others, or if they do not end at the same
    /// time: only forecasts of the same times can be added.
    pub(crate) fn order(&self, panel: &Panel) -> Result<Vec<usize>> {
        let (n, rows) = (panel.n_series(), self.s.series());
        let ids = || (0..n).map(|i| panel.id(i));
        let order: Vec<usize> = match self.series.as_ref().or(self.ids.as_ref()) {
            None if n == rows => (0..n).collect(),
            None => return Err(self.other_number(ids(), n)),
            Some(named) => {
                let places: HashMap<String, usize> = ids().zip(0..).collect();
                let place = |id: &String| {
                    let place = places.get(id).copied();
                    place.ok_or_else(|| self.other_series(id, "is missing from the data"))
                };
                let order = named.iter().map(place).collect::<Result<Vec<_>>>()?;
                let known: HashSet<&String> = named.iter().collect();
                if let Some(other) = ids().find(|id| !known.contains(id)) {
                    return Err(self.other_series(&other, "has no row in S"));
                }
                order
            }
        };
        if self.changes() {
            check_ends(panel)?;
        }
        Ok(order)
    }

    fn other_number(&self, ids: impl Iterator<Item = String>, n: usize) -> Error {
        let rows = self.s.series();
        let list = first_few(ids.map(|id| format!("\"{id}\"")), "");
        let message = format!(
            "S has {}, and the data have {n} series, in this order: {list}; give S a row for each, or leave others out of \
             the data",
            counted(rows, "row", "rows"),
        );
        Error::new(ErrorCode::InvalidOption, message).with(|d| {
            d.option = Some("S".into());
            d.model = Some(NAME.into());
            d.expected = Some(n.into());
            d.actual = Some(rows.into());
        })
    }

    fn other_series(&self, id: &str, what: &str) -> Error {
        let from = match (&self.series, &self.ids) {
            (Some(_), None) => "HINT was fitted on",
            _ => "ids names",
        };
        let rows = self.s.series();
        let message = format!(
            "S has a row for each of the {rows} series that {from}, and series \"{id}\" {what}; give exactly these series"
        );
        Error::new(ErrorCode::Schema, message).with(|d| {
            d.model = Some(NAME.into());
            d.unique_id = Some(id.into());
        })
    }

    /// What reconciles `count` forecasts of all series at one time, `[series, count]`, in the order of the rows of `S`. Only for
    /// a method that changes forecasts.
    pub(crate) fn reconcile(&self) -> Result<impl Fn(&mut [f64], usize)> {
        let made = match self.reconciler.get() {
            Some(made) => made,
            None => {
                let made = Reconciler::new(&self.s, self.how)?;
                let made = made.expect("only called if it changes forecasts");
                self.reconciler.get_or_init(|| made)
            }
        };
        Ok(|forecasts: &mut [f64], count| made.apply(&self.s, forecasts, count))
    }

    /// Bytes held between forecasts.
    pub(crate) fn memory(&self) -> usize {
        self.reconciler.get().map_or(0, Reconciler::bytes)
    }

    /// Memory for forecasting `steps` steps of `model`, over all windows, with this many threads.
    pub(crate) fn needs(&self, model: &Instance, steps: usize, threads: usize) -> Needs {
        let mut needs = Needs::default();
        needs.add("the reconciliation", Reconciler::planned(&self.s, self.how));
        let of_time =
            self.s.series().saturating_mul(model.samples()).saturating_mul(size_of::<f64>());
        needs.add("samples of all series", of_time.saturating_mul(threads));
        let of_step =
            model.loss.numbers() * size_of::<f32>() + model.loss.outputs.len() * size_of::<f64>();
        needs.add("forecasts", steps.saturating_mul(of_step));
        needs
    }
}

/// Refuses identifiers that are not one for each row of `S`.
fn check_ids(ids: &[String], rows: usize) -> Result<()> {
    let wrong = |message: String| {
        Err(Error::new(ErrorCode::InvalidOption, message).with(|d| d.option = Some("ids".into())))
    };
    if ids.len() != rows {
        let (ids, rows) = (counted(ids.len(), "series", "series"), counted(rows, "row", "rows"));
        return wrong(format!("ids names {ids}, and S has {rows}; name the series of each row"));
    }
    let mut seen = HashSet::new();
    match ids.iter().find(|id| !seen.insert(*id)) {
        Some(id) => wrong(format!("ids names series \"{id}\" twice; a series has one row in S")),
        None => Ok(()),
    }
}

/// Refuses series that end at different times.
fn check_ends(panel: &Panel) -> Result<()> {
    let end = |i: usize| panel.last_time(i);
    let Some(other) = (1..panel.n_series()).find(|i| end(*i) != end(0)) else { return Ok(()) };
    let at = |i: usize| format!("series \"{}\" ends at {}", panel.id(i), panel.format_time(end(i)));
    let message = format!(
        "HINT adds forecasts of the same times, but {} and {}; let all series end at the same time",
        at(0),
        at(other)
    );
    Err(Error::new(ErrorCode::Schema, message).with(|d| {
        d.model = Some(NAME.into());
        d.unique_id = Some(panel.id(other));
        d.ds = Some(end(other));
    }))
}
