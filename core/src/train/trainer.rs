//! The loop: draw, step, validate, stop. Upstream: `_base_model.py: training_step, validation_step`.

use std::sync::Arc;
use std::time::Instant;

use super::gather::Source;
use super::optimizer::OptimizerState;
use super::report::{Control, ModelReport, Progress};
use super::runner::{Outputs, Runner};
use super::sampler::{Drawn, Sampler};
use crate::data::{Panel, validation_windows};
use crate::kernels::reduce::sum_of_squares;
use crate::losses::Loss;
use crate::models::Instance;
use crate::rng::{Key, Stream};
use crate::{Error, ErrorCode, Result};

/// The weights of the best validation check so far.
struct Best {
    loss: f64,
    step: usize,
    checks_since: i64,
    values: Vec<f32>,
}

/// Trains `model` on all rows of `panel` but the last `val_size` of each series, which validate.
///
/// On an error the model's parameters are those of the last step whose loss was finite.
pub(crate) fn train(
    model: &mut Instance,
    panel: &Panel,
    val_size: usize,
    control: &Control,
) -> Result<ModelReport> {
    let begin = Instant::now();
    let runner = Runner::default();
    let mut sampler = Sampler::new(model, panel, val_size)?;
    let train = model.train.clone();
    let mut optimizer = OptimizerState::new(&train.optimizer, model.trained);
    let (mut grads, mut drawn) = (vec![0.0; model.values.len()], Vec::new());
    let mut best = Best { loss: f64::INFINITY, step: 0, checks_since: 0, values: Vec::new() };
    let mut report = ModelReport {
        name: model.name().into(),
        steps: 0,
        best_step: 0,
        stop_reason: "maxSteps",
        train_loss: Vec::with_capacity(train.max_steps),
        val_loss: Vec::new(),
        val_steps: Vec::new(),
        elapsed_ms: 0.0,
        parameters: model.trained,
    };
    let check_every = train.val_check_steps.min(train.max_steps);
    let mut windows = 0u64;

    for step in 0..train.max_steps {
        control.check()?;
        sampler.draw(step, &mut drawn);
        windows += drawn.iter().map(|d| u64::from(d.count)).sum::<u64>();
        let key = Key::new(train.random_seed as u64, Stream::Dropout, step as u32);
        let source = Source::new(model, panel, val_size)?;
        let loss = runner.step(model, &source, &drawn, key, &mut grads);
        let norm = sum_of_squares(&grads[..model.trained]).sqrt();
        if !loss.is_finite() || !norm.is_finite() {
            return Err(diverged(&runner, model, &source, &drawn, panel, step, loss));
        }
        let clip = train.gradient_clip_val.map_or(1.0, |limit| (limit / (norm + 1e-6)).min(1.0));
        let lr = train.learning_rate_at(step);
        let trained = model.trained;
        let values =
            Arc::get_mut(&mut model.values).expect("every tape has released the parameters");
        optimizer.step(&mut values[..trained], &grads[..trained], lr, clip as f32);
        report.train_loss.push(loss as f32);
        report.steps = step + 1;

        let checks = val_size > 0 && (step + 1) % check_every == 0;
        let stop = checks && {
            let loss = validate(&runner, model, panel, val_size, control)?;
            report.val_loss.push(loss as f32);
            report.val_steps.push((step + 1) as i32);
            best.check(loss, step + 1, model, train.restores_best());
            let patience = train.early_stop_patience_steps;
            patience > 0 && best.checks_since >= patience
        };
        control.tell(|| {
            let seconds = begin.elapsed().as_secs_f64();
            let left = (train.max_steps - step - 1) as f64;
            Progress {
                phase: if checks { "validate" } else { "fit" },
                model: report.name.clone(),
                step: step + 1,
                max_steps: train.max_steps,
                train_loss: Some(loss),
                val_loss: report.val_loss.last().map(|l| f64::from(*l)),
                lr: Some(lr),
                windows_per_sec: Some(windows as f64 / seconds),
                eta_ms: Some(seconds * 1e3 / (step + 1) as f64 * left),
            }
        });
        if stop {
            report.stop_reason = "earlyStop";
            break;
        }
    }
    report.best_step = report.steps;
    if train.restores_best() && !best.values.is_empty() {
        report.best_step = best.step;
        model.values = Arc::new(best.values);
    }
    if !model.values.iter().all(|v| v.is_finite()) {
        let source = Source::new(model, panel, val_size)?;
        let loss = report.train_loss.last().map_or(f64::NAN, |l| f64::from(*l));
        return Err(diverged(&runner, model, &source, &drawn, panel, report.steps - 1, loss));
    }
    report.elapsed_ms = begin.elapsed().as_secs_f64() * 1e3;
    Ok(report)
}

impl Best {
    fn check(&mut self, loss: f64, step: usize, model: &Instance, keep: bool) {
        if loss < self.loss {
            (self.loss, self.step, self.checks_since) = (loss, step, 0);
            if keep {
                self.values.clear();
                self.values.extend_from_slice(&model.values);
            }
        } else {
            self.checks_since += 1;
        }
    }
}

/// The validation loss, on the original scale: the mean over batches of series and windows, weighted by their windows.
fn validate(
    runner: &Runner,
    model: &Instance,
    panel: &Panel,
    val_size: usize,
    control: &Control,
) -> Result<f64> {
    let train = &model.train;
    let lens = [model.input_size(), train.h];
    let source = Source::new(model, panel, 0)?;
    let batch = train.valid_batch_size.unwrap_or(train.batch_size);
    let all: Vec<usize> = (0..panel.n_series()).collect();
    let (mut sum, mut windows) = (0.0, 0.0);
    for series in all.chunks(batch) {
        control.check()?;
        let cut = |i: &usize| validation_windows(panel, *i, lens, val_size, train.step_size);
        let drawn: Vec<Drawn> =
            series.iter().flat_map(cut).map(|window| Drawn { window, count: 1 }).collect();
        let size =
            usize::try_from(train.inference_windows_batch_size).unwrap_or(drawn.len()).max(1);
        for part in drawn.chunks(size) {
            sum += part.len() as f64 * mean_loss(runner, model, &source, part, lens);
            windows += part.len() as f64;
        }
    }
    let loss: f64 = sum / windows;
    Ok(if loss.is_finite() { loss } else { f64::INFINITY })
}

fn mean_loss(
    runner: &Runner,
    model: &Instance,
    source: &Source<'_>,
    drawn: &[Drawn],
    lens: [usize; 2],
) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    let loss: &Loss = &model.valid_loss;
    runner.forecast(model, source, drawn, lens, Outputs::Network, |_, shard| {
        sum += loss.sum(&shard.actual, &shard.unscaled(model), &shard.weights);
        total += shard.weights.iter().map(|w| f64::from(*w)).sum::<f64>();
    });
    if total == 0.0 { 0.0 } else { sum / total }
}

/// Says at which step and in which series training left the finite numbers.
fn diverged(
    runner: &Runner,
    model: &Instance,
    source: &Source<'_>,
    drawn: &[Drawn],
    panel: &Panel,
    step: usize,
    loss: f64,
) -> Error {
    let horizon = model.recurrence().map_or(model.train.h, |r| r.h_train);
    let mut worst: Option<(f64, usize)> = None;
    runner.forecast(
        model,
        source,
        drawn,
        [model.input_size(), horizon],
        Outputs::Network,
        |windows, shard| {
            for (drawn, error) in windows.iter().zip(shard.worst_errors(model)) {
                if worst.is_none_or(|(w, _)| error > w) {
                    worst = Some((error, drawn.window.series));
                }
            }
        },
    );
    let id = panel.id(worst.map_or(0, |(_, series)| series));
    let name = model.name();
    let message = format!(
        "training of {name} left the finite numbers at step {} (loss {loss}), first in series \"{id}\"; \
         lower learningRate, set scalerType, or set gradientClipVal",
        step + 1
    );
    Error::new(ErrorCode::Diverged, message).with(|d| {
        d.model = Some(name.into());
        d.unique_id = Some(id);
        d.actual = Some(serde_json::json!({ "step": step + 1, "loss": loss.to_string() }));
    })
}
