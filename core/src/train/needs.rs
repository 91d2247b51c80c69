//! What training and forecasting will hold, worked out from shapes alone before anything of it is there.
//!
//! A model's forward is recorded on a [dry](Tape::dry) tape, which knows the size of every value. The rest follows from the
//! number of parameters, of threads, and of windows.

use serde_json::Value;

use super::all_series::rows;
use super::gather::{Gathered, Lens, seen};
use super::runner::record_loss;
use super::shards::{AT_ONCE, LEAVES, SHARD, shard_count, windows_in};
use super::state::TrainingState;
use crate::Result;
use crate::data::{Panel, Window};
use crate::memory::{Needs, Smaller};
use crate::models::{Instance, ModelSpec, default_options};
use crate::objective::{Asked, Place, Totals};
use crate::rng::{Key, Stream};
use crate::tape::Tape;

/// Numbers that a list has room for beyond what it holds: see `tape/pool.rs`.
const ROOM: (usize, usize) = (9, 8);

/// What a trained model keeps: weights, the optimizer's memory, the best weights beside the last.
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

/// What training takes while it lasts, on a panel whose last `val_size` rows of each series validate.
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
    // As `TrainWindows` has it: a window must have an available point of input.
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
    let values = of_shard(model, [model.input_size(), horizon], shard, true);
    let mut working = Needs::default();
    working.add("values between operations", values.saturating_mul(workers));
    if val_size > 0 {
        let forecasts = of_shards(model, [model.input_size(), common.h], threads);
        working.or(&forecasts);
    }
    needs.and(working);
    let buffers = shards.min(LEAVES) + 1 + usize::from(common.accumulate_grad_batches > 1);
    let gradients = model.size.saturating_mul(size_of::<f32>()).saturating_mul(buffers);
    needs.add("gradients", gradients);
    needs
}

/// What forecasts of `h` steps of `windows` windows take while they are made, and what comes out: so many `columns`.
pub(crate) fn of_forecasts(
    model: &Instance,
    [windows, h]: [usize; 2],
    columns: usize,
    threads: usize,
) -> Needs {
    // A direct model that forecasts further does so window by window.
    let at_once = if model.recurrence().is_some() { h } else { h.min(model.common.h) };
    let mut needs = of_shards(model, [model.forecast_input_size(), at_once], threads);
    // Twice: as columns, and while they are put in order or scaled back; and the time of each row.
    let row = columns.saturating_mul(2 * size_of::<f32>()).saturating_add(2 * size_of::<i64>());
    needs.add("forecasts", windows.saturating_mul(h).saturating_mul(row));
    needs.add("lists of windows", windows.saturating_mul(40));
    needs
}

/// What the shards take that are forecast at once.
fn of_shards(model: &Instance, lens: [usize; 2], threads: usize) -> Needs {
    let mut needs = Needs::default();
    let windows = windows_in(SHARD, model.series);
    let workers = threads.min(AT_ONCE);
    // A recurrent model sees its input, and then step after step.
    let at_once = if model.recurrence().is_some() { [lens[0], 1] } else { lens };
    let values = of_shard(model, at_once, windows, false);
    needs.add("values between operations", values.saturating_mul(workers));
    let samples = model.loss.samples();
    let samples = samples.max(model.recurrence().map_or(0, |r| r.trajectory_samples));
    needs.add("samples", samples.saturating_mul(size_of::<f64>()).saturating_mul(workers));
    let rows = windows.saturating_mul(model.series).saturating_mul(lens[1]);
    let numbers = 2 + 3 * model.loss.numbers();
    let bytes = rows.saturating_mul(numbers * size_of::<f64>());
    needs.add("forecasts", bytes.saturating_mul(AT_ONCE));
    needs
}

/// Bytes that one thread holds of a shard, its gradients included if it trains.
fn of_shard(model: &Instance, lens: [usize; 2], windows: usize, trains: bool) -> usize {
    let streams = &model.streams;
    let [futr, hist, stat] =
        [&streams.futr, &streams.hist, &streams.stat].map(|stream| stream.columns.len());
    let lens = Lens {
        windows,
        series: model.series,
        input: lens[0],
        horizon: lens[1],
        seen: seen(model, lens),
        recurrent: model.recurrence().is_some(),
        futr,
        hist,
        stat,
        multivariate: model.spec.multivariate,
    };
    let (tape, mut gathered) = (Tape::dry(), Gathered::blank(lens));
    let key = Key::new(0, Stream::Dropout, 0);
    tape.reset(&model.values, trains.then_some(key));
    tape.set_rows(0, windows);
    if trains {
        record_loss(model, &mut gathered, &tape, &Totals::default(), key, 0);
    } else {
        let output = rows(model.forward(&gathered.whole_batch(&tape)), model.series);
        let place = Place { row: 0, step: 0, horizon: lens.horizon };
        model.head.forward(output, Asked::Quantile(0.5), place);
    }
    let [values, gradients] = tape.planned();
    let numbers = if trains { values.saturating_add(gradients) } else { values };
    // With 16 bits it is half of that, and what is at work.
    let size = if trains && model.common.precision.half().is_some() { 3 } else { 4 };
    let bytes = numbers.saturating_mul(size) / ROOM.1 * ROOM.0;
    bytes.saturating_add(lens.bytes())
}

impl Lens {
    /// Bytes of what is gathered of one shard.
    fn bytes(&self) -> usize {
        let rows = self.windows.saturating_mul(self.series);
        let steps = self.input.saturating_add(self.horizon);
        let columns = 3 + self.futr + self.hist;
        let numbers = steps.saturating_mul(columns).saturating_add(self.stat);
        let each = numbers.saturating_mul(size_of::<f32>());
        let each = each.saturating_add(self.horizon.saturating_mul(2 * size_of::<f64>()));
        rows.saturating_mul(each)
    }
}

/// The option of a model that is to be made smaller: of those that the user gave, the one whose default, or else half, would
/// save the most bytes; where none would, of all.
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

/// Half of a number, or of each number in a list or a loss; none where that changes nothing.
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
    use crate::data::{PanelOptions, Table};
    use crate::models::model_names;
    use crate::runtime;
    use crate::train::{Control, Run, train};

    /// What is planned for the values of a step is enough for a step of every model, and at most a quarter too much.
    #[test]
    fn what_is_planned_is_what_is_held() {
        let wave = Table::one_series((0..400).map(|t| f64::from(t).sin()).collect());
        let (panel, _) = Panel::from_table(&wave, &PanelOptions::default()).unwrap();
        for name in model_names() {
            for windows in [17, 300] {
                let options =
                    json!({ "h": 4, "inputSize": 12, "maxSteps": 2, "windowsBatchSize": windows });
                let options = options.as_object().unwrap().clone();
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
                assert!(
                    planned >= held && planned <= held / 4 * 5 + (64 << 10),
                    "{name}, {windows} windows: {planned} planned, {held} held"
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
