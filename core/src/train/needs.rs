//! The memory that training will need, computed from shapes before anything is allocated.
//!
//! A model's forward pass is recorded on a [dry](Tape::dry) tape, which knows the size of every value. The rest follows from
//! the number of parameters, threads and windows.

use serde_json::Value;

use super::runner::record_loss;
use super::shards::{LEAVES, shard_count};
use super::state::TrainingState;
use crate::Result;
use crate::batch::BatchBuilder;
use crate::data::{Panel, Window};
use crate::infer::needs::{PROMPTS, of_shards, of_tape, shard_lens};
use crate::memory::{Needs, Smaller};
use crate::models::{Instance, ModelSpec, default_options};
use crate::objective::Totals;
use crate::rng::{Key, Stream};
use crate::tape::Tape;

/// Memory that a trained model keeps: weights, optimizer state, and the best weights besides the last ones.
pub(crate) fn kept(model: &Instance, validates: bool) -> Result<Needs> {
    let mut needs = Needs::default();
    let bytes = |numbers: usize| numbers.saturating_mul(size_of::<f32>());
    needs.add("weights", bytes(model.size));
    TrainingState::sizes(model)?
        .iter()
        .for_each(|n| needs.add("the optimizer's memory", bytes(*n)));
    if validates && model.common.restores_best() {
        needs.add("the best weights", bytes(model.size));
    }
    Ok(needs)
}

/// Memory that training takes while it runs, on a panel whose last `val_size` rows of each series are for validation.
pub(crate) fn of_training(
    model: &Instance,
    panel: &Panel,
    val_size: usize,
    threads: usize,
) -> Needs {
    let common = &model.common;
    let mut needs = Needs::default();
    let rows = panel.times.len();
    let length = panel.max_len().saturating_sub(val_size).saturating_add(common.h);
    // As in `TrainWindows`: the input of a window must have an available point.
    let of_series = |i: usize| {
        length.min(panel.len(i).saturating_add(model.input_size() + common.h)) / common.step_size
            + 1
    };
    let mut windows: Vec<usize> = (0..panel.n_series()).map(of_series).collect();
    let all: usize = windows.iter().sum();
    windows.sort_unstable_by(|a, b| b.cmp(a));
    let batch = match model.spec.multivariate {
        true => windows.first().copied().unwrap_or(0),
        false => windows.iter().take(common.batch_size).sum(),
    };
    let step = batch.min(common.windows_batch_size.unwrap_or(usize::MAX)).max(1);
    let list = size_of::<Window>() * all + 40 * batch.saturating_mul(model.series);
    needs.add("lists of windows", list);
    needs.add("the data", rows * (panel.temporal.len() * size_of::<f64>() + 12));

    let horizon = model.recurrence().map_or(common.h, |r| r.h_train);
    let shards = shard_count(step, model);
    let workers = threads.min(shards).max(1);
    let shard = step.div_ceil(shards.max(1));
    let values = of_shard(model, [model.input_size(), horizon], shard);
    let mut working = Needs::default();
    working.add("values between operations", values.saturating_mul(workers));
    working.add(PROMPTS, model.network.bytes_besides(step, all));
    if val_size > 0 {
        let series = common.series_in_forecast().min(panel.ids.len());
        let most = series.saturating_mul(val_size);
        let forecasts = of_shards(model, [most, threads], [model.input_size(), common.h]);
        working.or(&forecasts);
    }
    needs.and(working);
    let buffers = shards.min(LEAVES) + 1 + usize::from(common.accumulate_grad_batches > 1);
    let gradients = model.trained.saturating_mul(size_of::<f32>()).saturating_mul(buffers);
    needs.add("gradients", gradients);
    needs
}

/// Bytes that one thread holds of a shard and its gradients.
fn of_shard(model: &Instance, lens: [usize; 2], windows: usize) -> usize {
    let lens = shard_lens(model, lens, windows);
    let (tape, mut batch) = (Tape::dry(), BatchBuilder::blank(lens));
    let key = Key::new(0, Stream::Dropout, 0);
    tape.reset(&model.values, Some(key));
    tape.set_rows(0, windows);
    record_loss(model, &mut batch, &tape, &Totals::default(), key, 0);
    let [values, gradients] = tape.planned();
    let numbers = values.saturating_add(gradients);
    let mut bytes = numbers.saturating_mul(size_of::<f32>());
    if model.common.precision.half().is_some() {
        // 16-bit values take half of that, plus f32 values of recent operations. The largest operation may have all that it
        // works on in both formats.
        let [short, largest] = tape.planned_in_f32();
        let both = size_of::<f32>() + size_of::<half::bf16>();
        bytes -= numbers.saturating_sub(short).min(bytes);
        bytes = bytes.saturating_add(largest.saturating_mul(both));
    }
    of_tape(bytes).saturating_add(lens.bytes())
}

/// The option of a model to reduce: among those that the user gave, the one that saves the most bytes at its default, or
/// else at half its value; if none saves any, among all options.
pub(crate) fn heaviest(
    model: &Instance,
    bytes: impl Fn(&ModelSpec) -> Option<usize>,
) -> Option<Smaller> {
    let given = &model.given;
    let all = model.all_options();
    let least = |names: &mut dyn Iterator<Item = &String>,
                 less: &dyn Fn(&str, &Value) -> Option<Value>| {
        let needs = names.filter_map(|name| {
            let value = all.get(name)?;
            let mut other = given.clone();
            other.options.insert(name.clone(), less(name, value)?);
            Some((bytes(&other)?, name.clone(), value.to_string()))
        });
        let (least, option, value) = needs.min_by_key(|(bytes, ..)| *bytes)?;
        let saves = least < bytes(given).unwrap_or(usize::MAX);
        saves.then(|| Smaller { model: Some(given.model.clone()), option, value })
    };
    let defaults = default_options(&given.model);
    let usual = |name: &str, value: &Value| match (value.as_u64(), defaults.get(name)?.as_u64()) {
        (Some(value), Some(default)) if 0 < default && default < value => Some(default.into()),
        _ => half(value),
    };
    least(&mut given.options.keys(), &usual).or_else(|| least(&mut all.keys(), &|_, v| half(v)))
}

/// Half of a number, or of each number in a list or a loss; `None` if that changes nothing.
fn half(value: &Value) -> Option<Value> {
    let each = |item: &Value| half(item).unwrap_or_else(|| item.clone());
    let halves: Value = match value {
        Value::Array(items) => items.iter().map(each).collect(),
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), each(v))).collect(),
        _ => value.as_u64().filter(|n| *n > 1).map(|n| n / 2)?.into(),
    };
    (halves != *value).then_some(halves)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::control::Control;
    use crate::data::{PanelOptions, Table};
    use crate::models::model_names;
    use crate::parity::language;
    use crate::runtime;
    use crate::train::{Run, train};

    /// The planned memory of a step suffices for every model and exceeds what is used by at most a quarter.
    #[test]
    fn what_is_planned_is_what_is_held() {
        let wave = Table::one_series((0..400).map(|t| f64::from(t).sin()).collect());
        let (panel, _) = Panel::from_table(&wave, &PanelOptions::default()).unwrap();
        for name in model_names() {
            for (windows, precision) in [(17, "f32"), (300, "f32"), (17, "bf16"), (300, "bf16")] {
                let options = json!({
                    "h": 4, "inputSize": 16, "maxSteps": 2, "windowsBatchSize": windows, "precision": precision,
                });
                let mut options = options.as_object().unwrap().clone();
                options.extend(language::needed(name));
                let given = ModelSpec { model: name.into(), options };
                let mut model = Instance::blank(&given, &Default::default(), None).unwrap();
                let needs = of_training(&model, &panel, 0, 1);
                let planned = needs.of("values between operations");
                model.allocate().unwrap();
                model.initialize();
                let mut state = TrainingState::new(&model, 2).unwrap();
                let control = Control::default();
                let report = runtime::run(Some(1), || {
                    let mut run = Run { panel: &panel, val_size: 0, control: &control, save: None };
                    train(&mut model, &mut state, &mut run)
                });
                let held = report.unwrap().workspace_bytes;
                // In 16 bits more is planned: where operations work on 16 bits, less is in f32.
                let most = if precision == "f32" { held / 4 * 5 + (64 << 10) } else { usize::MAX };
                assert!(
                    (held..=most).contains(&planned),
                    "{name}, {windows} windows, {precision}: {planned} planned, {held} held"
                );
            }
        }
    }

    #[test]
    fn the_option_that_costs_most_is_found() {
        let of = |options: Value| {
            let options = options.as_object().unwrap().clone();
            let given = ModelSpec { model: "MLP".into(), options };
            let weights = |given: &ModelSpec| {
                Some(Instance::blank(given, &Default::default(), None).ok()?.size)
            };
            let model = Instance::blank(&given, &Default::default(), None).unwrap();
            heaviest(&model, weights).map(|s| (s.option, s.value))
        };
        let named = |option: &str, value: &str| Some((option.to_string(), value.to_string()));
        let huge = json!({ "h": 4, "inputSize": 8, "hiddenSize": 5_000_000 });
        assert_eq!(of(huge), named("hiddenSize", "5000000"));
        let long = json!({ "h": 4, "inputSize": 900_000, "hiddenSize": 1 });
        assert_eq!(of(long), named("inputSize", "900000"));
        let usual = json!({ "h": 4, "inputSize": 8, "numLayers": 1000 });
        assert_eq!(of(usual), named("numLayers", "1000"));
    }
}
