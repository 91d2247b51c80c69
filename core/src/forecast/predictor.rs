//! A fitted model kept ready for repeated forecasts of windows, given as plain numbers, on the calling thread.
//!
//! The forecasts equal those of [`NeuralForecast::predict`] for a table whose series are the windows: batches, shards and
//! decoding are the same. Buffers are allocated when the predictor is made, so calls on one thread allocate nothing, except
//! for the samples of a distribution.

mod arrays;
mod inputs;

use serde_json::{Map, Value, json};

pub use self::arrays::WindowArrays;
use self::inputs::{Input, Kind, Layout, counted};
use super::calls::PredictorOptions;
use super::coherent::check_independent;
use super::memory::check_predictor;
use super::neural_forecast::NeuralForecast;
use super::quantiles::unasked;
use crate::batch::WindowValues;
use crate::data::{Vocabularies, Vocabulary};
use crate::infer::Resident;
use crate::models::Instance;
use crate::options::Options;
use crate::runtime::{self, Pool};
use crate::{Error, ErrorCode, Result, nearest};

/// Exogenous values of `n` windows, row-major: `L` input steps, `h` forecast steps, `N` series, and `F`, `X` or `S`
/// columns. Empty if the model takes none.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowExog<'a> {
    /// The columns of `futrExogList` over input and horizon: `[n, L + h, F]`; `[n, N, L + h, F]` for a multivariate model.
    pub futr: &'a [f32],
    /// The columns of `histExogList` over the input: `[n, L, X]`; `[n, N, L, X]` for a multivariate model.
    pub hist: &'a [f32],
    /// The columns of `statExogList`: `[n, S]`; `[N, S]` for a multivariate model.
    pub stat: &'a [f32],
}

/// One model of a forecaster, ready to forecast windows.
pub struct Predictor {
    model: Instance,
    name: String,
    outputs: Vec<String>,
    vocabularies: Vec<(String, Vocabulary)>,
    batch: usize,
    sort_quantiles: bool,
    resident: Resident,
    y: Input,
    futr: Input,
    hist: Input,
    stat: Input,
    /// Number of windows that were given last.
    given: usize,
}

impl NeuralForecast {
    /// Keeps a fitted model ready to forecast windows. It shares the current weights; later changes of the forecaster do
    /// not affect it. An error if nothing is fitted, if there is no such model, if a local scaler scales its series, or if HINT
    /// reconciles its forecasts with those of other series.
    pub fn predictor(&self, options: &PredictorOptions) -> Result<Predictor> {
        let fitted = self.require_fitted()?;
        options.check()?;
        let index = chosen(&self.names(), options.model.as_deref())?;
        let model = &self.models[index];
        check_independent(model)?;
        let scaling = [
            ("localScalerType", self.scaling.temporal.is_some()),
            (
                "localStaticScalerType",
                self.scaling.statics.is_some() && !model.common.stat_exog_list.is_empty(),
            ),
        ];
        if let Some((option, _)) = scaling.into_iter().find(|(_, scales)| *scales) {
            return Err(scaled_as_a_whole(option, model.name()));
        }
        check_predictor(model, options)?;
        let name = self.names().swap_remove(index);
        Predictor::new(model.shared(&fitted.vocabularies)?, name, &fitted.vocabularies, options)
    }
}

impl Predictor {
    fn new(
        model: Instance,
        name: String,
        vocabularies: &Vocabularies,
        options: &PredictorOptions,
    ) -> Result<Self> {
        let (batch, common) = (options.batch, &model.common);
        let pool = pool(&model, batch, options.threads)?;
        let layout = Layout {
            input: model.forecast_input_size(),
            h: common.h,
            series: model.series,
            together: model.spec.multivariate,
        };
        let known = |column: &String| {
            Some((column.clone(), vocabularies.get(column)?.clone()))
                .filter(|_| common.is_category(column))
        };
        let lists = [&common.futr_exog_list, &common.hist_exog_list, &common.stat_exog_list];
        let vocabularies: Vec<_> = lists.into_iter().flatten().filter_map(known).collect();
        let input = |kind, list: &[String]| Input::new(kind, list, layout, batch, &vocabularies);
        let mut it = Self {
            y: input(Kind::Y, &["y".into()])?,
            futr: input(Kind::Futr, &common.futr_exog_list)?,
            hist: input(Kind::Hist, &common.hist_exog_list)?,
            stat: input(Kind::Stat, &common.stat_exog_list)?,
            outputs: model.loss.outputs.iter().map(|output| format!("{name}{output}")).collect(),
            resident: Resident::new(&model, batch, pool),
            vocabularies,
            batch,
            sort_quantiles: options.sort_quantiles,
            name,
            model,
            given: 0,
        };
        // Forecasts of zeros allocate all buffers. They have several sizes, since small products take another path than
        // large ones.
        let all = batch.min(it.resident.at_once());
        for windows in (0..).map(|i| 1 << i).take_while(|n| *n < all).chain([all]) {
            for input in [&mut it.y, &mut it.futr, &mut it.hist, &mut it.stat] {
                input.zeros(windows);
            }
            it.run(windows, &mut vec![0.0; windows * it.forecast_size()]);
        }
        Ok(it)
    }

    /// The name of the model in the forecaster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `L`: past values in a window. `inputSize`, or `inferenceInputSize + 1` for a model that decodes step by step.
    pub fn input_size(&self) -> usize {
        self.model.forecast_input_size()
    }

    /// Bytes held, including the weights shared with the forecaster.
    pub fn memory(&self) -> usize {
        let inputs: usize =
            [&self.y, &self.futr, &self.hist, &self.stat].iter().map(|i| i.values().len()).sum();
        (self.model.size + inputs) * size_of::<f32>() + self.resident.memory()
    }

    /// Steps of a forecast.
    pub fn h(&self) -> usize {
        self.model.common.h
    }

    /// Maximum number of windows per call.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// `N`: series of a window: 1 unless the model is multivariate.
    pub fn n_series(&self) -> usize {
        self.model.series
    }

    /// Outputs of each step of a forecast: the names of `predict`'s columns.
    pub fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// The columns of `futrExogList`, `histExogList` and `statExogList`, in this order.
    pub fn exogenous(&self) -> [&[String]; 3] {
        let common = &self.model.common;
        [&common.futr_exog_list, &common.hist_exog_list, &common.stat_exog_list]
    }

    /// The categories of exogenous columns, in the order of their codes, which start at 1.
    pub fn categories(&self) -> &[(String, Vocabulary)] {
        &self.vocabularies
    }

    /// Names, sizes and categories.
    pub fn facts(&self) -> Value {
        let [futr, hist, stat] = self.exogenous();
        let categories =
            self.categories().iter().map(|(name, known)| (name.clone(), known.to_json()));
        json!({
            "model": self.name(), "inputSize": self.input_size(), "h": self.h(), "batch": self.batch(),
            "nSeries": self.n_series(), "outputs": self.outputs(), "size": self.forecast_size(),
            "futrExogList": futr, "histExogList": hist, "statExogList": stat,
            "categories": categories.collect::<Map<_, _>>(),
        })
    }

    /// Values in a window's forecast: `N × h × outputs`.
    pub fn forecast_size(&self) -> usize {
        self.model.series * self.model.common.h * self.outputs.len()
    }

    /// Forecasts the `n` windows of `y`, `[n, L]`, on the scale of the data, and writes `[n, h, outputs]` to `out`.
    ///
    /// For a multivariate model, `y` is `[n, N, L]` and `out` is `[n, N, h, outputs]`. Categories are given as codes: their
    /// position in [`Predictor::categories`], counted from 1, or 0 for any other value. An error if an array has another
    /// length, or if a value, given or forecast, is not finite.
    pub fn predict(&mut self, y: &[f32], exog: WindowExog<'_>, out: &mut [f32]) -> Result<()> {
        self.give(y, exog)?;
        self.forecast(out)
    }

    /// The first half of [`Predictor::predict`]: checks and copies the windows, and returns their number.
    pub fn give(&mut self, y: &[f32], exog: WindowExog<'_>) -> Result<usize> {
        self.given = 0;
        let windows = self.y.windows(y, self.batch)?;
        let name = &self.name;
        self.y.take(y, windows, name)?;
        self.futr.take(exog.futr, windows, name)?;
        self.hist.take(exog.hist, windows, name)?;
        self.stat.take(exog.stat, windows, name)?;
        self.given = windows;
        Ok(windows)
    }

    /// The second half: forecasts the windows given last.
    pub fn forecast(&mut self, out: &mut [f32]) -> Result<()> {
        let (windows, expected) = (self.given, self.given * self.forecast_size());
        if windows == 0 {
            let message = "give windows before they are forecast";
            return Err(Error::new(ErrorCode::Internal, message));
        }
        if out.len() != expected {
            let shape = match self.model.spec.multivariate {
                true => "windows × nSeries × h × outputs",
                false => "windows × h × outputs",
            };
            let message = format!(
                "out has {} values, and the forecast of {} has {expected}: {shape}",
                out.len(),
                counted(windows)
            );
            return Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
                d.option = Some("out".into());
                d.expected = Some(expected.into());
                d.actual = Some(out.len().into());
            }));
        }
        self.run(windows, out);
        match out.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(place) => Err(self.not_finite(place / self.forecast_size())),
        }
    }

    fn run(&mut self, windows: usize, out: &mut [f32]) {
        let numbers = WindowValues {
            y: self.y.values(),
            futr: self.futr.values(),
            hist: self.hist.values(),
            stat: self.stat.values(),
        };
        let how = (unasked(&self.model), self.sort_quantiles);
        self.resident.forecast(&self.model, numbers, windows, how, out);
    }

    fn not_finite(&self, window: usize) -> Error {
        let name = &self.name;
        let message = format!(
            "the forecast of {name} for window {window} is not a finite number; \
             train again with a lower learningRate, or set scalerType"
        );
        Error::new(ErrorCode::Diverged, message).with(|d| d.model = Some(name.clone()))
    }
}

/// The index of the chosen model.
fn chosen(names: &[String], asked: Option<&str>) -> Result<usize> {
    let list = names.join(", ");
    let wrong = |message: String| {
        Error::new(ErrorCode::InvalidOption, message).with(|d| {
            d.option = Some("model".into());
            d.expected = Some(json!(names));
            d.actual = asked.map(Into::into);
        })
    };
    match asked {
        None if names.len() == 1 => Ok(0),
        None => Err(wrong(format!("this forecaster has several models; say which: {list}"))),
        Some(asked) => names.iter().position(|name| name == asked).ok_or_else(|| {
            let hint = nearest(asked, names.iter().map(String::as_str))
                .map_or(String::new(), |near| format!("did you mean \"{near}\"? "));
            wrong(format!("this forecaster has no model \"{asked}\"; {hint}models: {list}"))
        }),
    }
}

/// The threads of a call; `None` for a single one.
fn pool(model: &Instance, batch: usize, threads: Option<usize>) -> Result<Option<Pool>> {
    let useful = Resident::useful_threads(model, batch);
    let threads = threads.map_or_else(|| Ok(runtime::threads()), runtime::checked)?.min(useful);
    if threads == 1 { Ok(None) } else { Pool::new(threads).map(Some) }
}

fn scaled_as_a_whole(option: &str, model: &str) -> Error {
    let message = format!(
        "{option} scales whole series, which a predictor does not see; train {model} without it, with scalerType instead \
         if need be, or forecast with predict"
    );
    Error::new(ErrorCode::Unsupported, message).with(|d| {
        d.option = Some(option.into());
        d.model = Some(model.into());
    })
}
