//! What each call will hold, and whether it may: asked before anything of it is there.

#[cfg(feature = "io")]
use std::path::Path;

use super::calls::PredictorOptions;
use super::neural_forecast::NeuralForecast;
#[cfg(feature = "io")]
use crate::checkpoint::{self, Sources};
use crate::control::Control;
use crate::data::{Panel, Vocabularies};
use crate::infer;
use crate::memory::{Allowed, Needs, Smaller};
use crate::models::{Instance, ModelSpec};
use crate::train::needs;
use crate::{Result, runtime};

/// Refuses models whose weights alone are more than there is room for.
pub(super) fn check_weights(models: &[Instance], allowed: Allowed) -> Result<()> {
    for model in models {
        let of = |model: &Instance| {
            let mut needs = Needs::default();
            needs.add("weights", model.size.saturating_mul(size_of::<f32>()));
            needs
        };
        of(model).check(allowed, model.name(), || {
            let bytes = |given: &ModelSpec| Some(of(&declared(given, model)?).total());
            needs::heaviest(model, bytes)
        })?;
    }
    Ok(())
}

/// Refuses training that would hold more than it may: what all `models` keep, and what one after the other works with; a
/// copy of the data that is scaled, and copies that are written on the way.
pub(super) fn check_training(
    models: &[Instance],
    panel: &Panel,
    val_size: usize,
    [scales, saves]: [bool; 2],
    control: &Control,
) -> Result<()> {
    let threads = control.threads.unwrap_or_else(runtime::threads);
    let mut all = Needs::default();
    for model in models {
        all.and(needs::kept(model, val_size > 0)?);
    }
    if saves {
        let copies = of_saving(all.total(), panel.bytes());
        all.and(copies);
    }
    if scales {
        all.add("the data, scaled", panel.bytes());
    }
    for model in models {
        let with = |of: &Instance| {
            let mut sum = all.clone();
            sum.and(needs::of_training(of, panel, val_size, threads));
            sum
        };
        with(model).check(control.allowed(), &format!("training {}", model.name()), || {
            let own = |of: &Instance| {
                let mut sum = needs::of_training(of, panel, val_size, threads);
                sum.and(needs::kept(of, val_size > 0).ok()?);
                Some(sum.total())
            };
            let bytes = |given: &ModelSpec| own(&declared(given, model)?);
            needs::heaviest(model, bytes)
        })?;
    }
    Ok(())
}

/// Refuses forecasts that would hold more than they may: `windows` of `h` steps by each model.
pub(super) fn check_forecasts(
    forecaster: &NeuralForecast,
    [windows, h]: [usize; 2],
    control: &Control,
) -> Result<()> {
    let threads = control.threads.unwrap_or_else(runtime::threads);
    let columns = forecaster.models.iter().map(|m| m.loss.outputs.len()).sum();
    for model in forecaster.models.iter() {
        let of =
            |model: &Instance| infer::needs::of_forecasts(model, [windows, h], columns, threads);
        of(model).check(
            control.allowed(),
            &format!("forecasting with {}", model.name()),
            || {
                if h > model.common.h {
                    return Smaller::option("h", h);
                }
                let bytes = |given: &ModelSpec| Some(of(&declared(given, model)?).total());
                needs::heaviest(model, bytes)
            },
        )?;
    }
    Ok(())
}

/// Refuses a table of series and times that there is no room for.
pub(super) fn check_frame(series: usize, h: usize) -> Result<()> {
    let row = size_of::<i64>() + size_of::<String>() + 16;
    let mut needs = Needs::default();
    needs.add("its rows", series.saturating_mul(h).saturating_mul(2 * row));
    needs.check(Allowed::ALL, "the future frame", || Smaller::option("h", h))
}

/// Refuses to load a directory that would take more than it may.
#[cfg(feature = "io")]
pub(super) fn check_loading(dir: &Path, files: &Sources, control: &Control) -> Result<()> {
    let [models, dataset] = checkpoint::sizes(files)?;
    let mut needs = Needs::default();
    needs.add("weights and the state of training", models);
    // As it is read, as columns, and as they are put in order.
    needs.add("the data", dataset.saturating_mul(3));
    needs.check(control.allowed(), &format!("loading {}", dir.display()), || None)
}

/// Refuses to save what would take more than it may on its way.
#[cfg(feature = "io")]
pub(super) fn check_saving(forecaster: &NeuralForecast, control: &Control) -> Result<()> {
    let held = forecaster.memory_usage();
    let needs = of_saving(held.weights + held.training, held.dataset);
    needs.check(control.allowed(), "saving", || None)
}

/// What a checkpoint takes while it is written: numbers of models and data, collected and then as the bytes of files.
fn of_saving(models: usize, dataset: usize) -> Needs {
    let mut needs = Needs::default();
    needs.add("copies of weights and state", models.saturating_mul(2));
    needs.add("copies of the data", dataset.saturating_mul(3));
    needs
}

/// Refuses to keep a model ready that would take more than there is.
pub(super) fn check_predictor(model: &Instance, options: &PredictorOptions) -> Result<()> {
    let threads = options.threads.unwrap_or_else(runtime::threads);
    let columns = model.loss.outputs.len();
    let needs =
        infer::needs::of_forecasts(model, [options.batch, model.common.h], columns, threads);
    needs.check(Allowed::ALL, &format!("a predictor of {}", model.name()), || {
        Smaller::option("batch", options.batch)
    })
}

/// The model of other options, for as many series.
fn declared(given: &ModelSpec, like: &Instance) -> Option<Instance> {
    let series = like.spec.multivariate.then_some(like.series);
    Instance::blank(given, &Vocabularies::default(), series).ok()
}
