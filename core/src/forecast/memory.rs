//! Memory estimates of each call, checked before anything is allocated.

#[cfg(feature = "io")]
use std::path::Path;

use super::calls::PredictorOptions;
use super::folds::AtOnce;
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

/// Refuses models whose weights alone exceed the memory limit.
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

/// Refuses training that would exceed the memory limit: the state kept for all `models`, the working memory of one model at
/// a time, a copy of the data if it is scaled, and the copies made for checkpoints.
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

/// How many trainings of all `models` on a panel, at most `most`, run at the same time: as many as there are threads, and memory
/// for all of them. One is always tried, and refused by [`check_training`] if there is no room for it.
pub(super) fn trainings_at_once(
    models: &[Instance],
    panel: &Panel,
    val_size: usize,
    scales: bool,
    most: usize,
    control: &Control,
) -> Result<AtOnce> {
    let threads = control.threads.unwrap_or_else(runtime::threads);
    let most = most.min(threads).max(1);
    let at_once = |folds: usize| AtOnce {
        folds,
        threads: (threads / folds).max(1),
        memory: control.memory_limit.map(|limit| limit / folds),
    };
    let mut needs = Needs::default();
    for model in models {
        needs.and(needs::kept(model, val_size > 0)?);
    }
    let mut working = Needs::default();
    for model in models {
        working.or(&needs::of_training(model, panel, val_size, threads));
    }
    needs.and(working);
    needs.add("the data", panel.bytes().saturating_mul(if scales { 3 } else { 2 }));
    let folds = control.allowed().room_for(needs.total()).clamp(1, most);
    Ok(at_once(folds))
}

/// Refuses forecasts that would exceed the memory limit: `windows` windows of `h` steps by each model, with `asked` quantiles
/// besides those of its loss.
pub(super) fn check_forecasts(
    forecaster: &NeuralForecast,
    [windows, h, asked]: [usize; 3],
    observed: bool,
    control: &Control,
) -> Result<()> {
    let threads = control.threads.unwrap_or_else(runtime::threads);
    let columns = forecaster.models.iter().map(|m| m.loss.outputs.len() + asked).sum();
    for model in forecaster.models.iter() {
        let of = |model: &Instance| {
            let all = [windows, h];
            let mut needs = infer::needs::of_forecasts(model, all, columns, threads, observed);
            if let Some(hint) = model.reconciled() {
                needs.and(hint.needs(model, windows.saturating_mul(h), threads));
            }
            needs
        };
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

/// Refuses a table of series and times that would exceed the memory limit.
pub(super) fn check_frame(series: usize, h: usize) -> Result<()> {
    let row = size_of::<i64>() + size_of::<String>() + 16;
    let mut needs = Needs::default();
    needs.add("its rows", series.saturating_mul(h).saturating_mul(2 * row));
    needs.check(Allowed::ALL, "the future frame", || Smaller::option("h", h))
}

/// Refuses to load a directory that would exceed the memory limit.
#[cfg(feature = "io")]
pub(super) fn check_loading(dir: &Path, files: &Sources, control: &Control) -> Result<()> {
    let [models, dataset] = checkpoint::sizes(files)?;
    let mut needs = Needs::default();
    needs.add("weights and the state of training", models);
    // Three copies: as read, as columns, and as the panel.
    needs.add("the data", dataset.saturating_mul(3));
    needs.check(control.allowed(), &format!("loading {}", dir.display()), || None)
}

/// Refuses to save if that would exceed the memory limit.
#[cfg(feature = "io")]
pub(super) fn check_saving(forecaster: &NeuralForecast, control: &Control) -> Result<()> {
    let held = forecaster.memory_usage();
    let needs = of_saving(held.weights + held.training, held.dataset);
    needs.check(control.allowed(), "saving", || None)
}

/// Memory for writing a checkpoint: models and data are collected as numbers, then as the bytes of files.
fn of_saving(models: usize, dataset: usize) -> Needs {
    let mut needs = Needs::default();
    needs.add("copies of weights and state", models.saturating_mul(2));
    needs.add("copies of the data", dataset.saturating_mul(3));
    needs
}

/// Refuses a predictor that would exceed the memory limit.
pub(super) fn check_predictor(model: &Instance, options: &PredictorOptions) -> Result<()> {
    let threads = options.threads.unwrap_or_else(runtime::threads);
    let columns = model.loss.outputs.len();
    let needs =
        infer::needs::of_forecasts(model, [options.batch, model.common.h], columns, threads, false);
    needs.check(Allowed::ALL, &format!("a predictor of {}", model.name()), || {
        Smaller::option("batch", options.batch)
    })
}

/// A model with other options for the same number of series, without weights.
fn declared(given: &ModelSpec, like: &Instance) -> Option<Instance> {
    let series = like.spec.multivariate.then_some(like.series);
    like.again(given, &Vocabularies::default(), series).ok()
}
