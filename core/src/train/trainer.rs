//! The training loop: draw a batch, step, validate, stop. Upstream: `_base_model.py: training_step, validation_step`.

use std::sync::Arc;
use std::time::Instant;

use super::divergence::diverged;
use super::fingerprint::fingerprint;
use super::report::ModelReport;
use super::runner::Runner;
use super::sampler::Sampler;
use super::state::TrainingState;
use super::validation::validate;
use crate::batch::{Drawn, Source};
use crate::control::{Control, Progress};
use crate::data::Panel;
use crate::kernels::elementwise::add_assign;
use crate::kernels::reduce::sum_of_squares;
use crate::models::{ClipAlgorithm, CommonOptions, Instance, Precision};
use crate::optim::{Pace, Schedule};
use crate::rng::{Key, Stream};
use crate::tape::Update;
use crate::{Result, memory};

/// The inputs of a run and its callbacks.
pub(crate) struct Run<'a> {
    pub(crate) panel: &'a Panel,
    /// Rows at the end of each series held out for validation.
    pub(crate) val_size: usize,
    pub(crate) control: &'a Control,
    /// Saves the state during the run.
    pub(crate) save: Option<Save<'a>>,
}

/// How the state of a run is saved.
pub(crate) struct Save<'a> {
    /// Steps between saves.
    pub(crate) every_steps: usize,
    pub(crate) write: &'a mut Write<'a>,
}

/// Writes the model and its training state.
pub(crate) type Write<'a> = dyn FnMut(&Instance, &TrainingState) -> Result<()> + Send + 'a;

/// Trains `model` from `state` to its goal, or until it stops early.
///
/// On an error the model's parameters are those of the last step whose loss was finite.
pub(crate) fn train(
    model: &mut Instance,
    state: &mut TrainingState,
    run: &mut Run<'_>,
) -> Result<ModelReport> {
    let begin = Instant::now();
    let (panel, val_size, control) = (run.panel, run.val_size, run.control);
    let common = model.common.clone();
    let schedule = common.schedule()?;
    state.begin(model, fingerprint(panel, val_size));
    let mut sampler = Sampler::new(model, panel, val_size, state.counters.position)?;
    let mut batches = Batches::new(model);
    let check_every = common.val_check_steps.min(common.max_steps);
    let first = state.counters.step;
    let mut report = ModelReport {
        name: model.name().into(),
        steps: first,
        best_step: 0,
        stop_reason: "maxSteps",
        train_loss: Vec::with_capacity(state.counters.goal.saturating_sub(first).min(1 << 16)),
        val_loss: Vec::new(),
        val_steps: Vec::new(),
        skipped_steps: 0,
        workspace_bytes: 0,
        elapsed_ms: 0.0,
        parameters: model.trained,
    };

    let source = Source::new(model, panel, val_size)?.prepared(model);
    while !state.counters.done {
        control.check()?;
        let step = state.counters.step;
        let scale = state.counters.loss_scale.scale;
        let (loss, share) = batches.gradients(model, &source, &mut sampler, scale);
        let share = share / scale;
        let trained = model.trained;
        let grads = &mut batches.grads[..trained];
        let norm = shared_sum_of_squares(grads).sqrt() * share;
        let too_large = !norm.is_finite()
            && common.precision == Precision::F16
            && state.counters.loss_scale.back_off();
        if !loss.is_finite() || !(norm.is_finite() || too_large) {
            return Err(diverged(
                &batches.runner.workers,
                model,
                &Source::new(model, panel, val_size)?,
                &batches.drawn,
                panel,
                step,
                loss,
            ));
        }
        let pace = Pace {
            lr: schedule.rate(step, &state.counters.plateau),
            momentum: schedule.momentum(step),
            grad_scale: (share * clip(&common, grads, norm, share)) as f32,
        };
        let values =
            Arc::get_mut(&mut model.values).expect("every tape has released the parameters");
        if too_large {
            report.skipped_steps += 1;
        } else {
            state.counters.loss_scale.grow(common.precision);
            state.optimizer.step(&common.optimizer, &mut values[..trained], grads, pace);
        }
        batches.updates.drain(..).for_each(|update| update.apply(values));
        let step = step + 1;
        (state.counters.step, state.counters.position) = (step, sampler.position());
        report.train_loss.push(loss as f32);

        let checks = val_size > 0 && step.is_multiple_of(check_every);
        let stops = checks && {
            // Validation is in f32 and reuses the buffers of a step.
            report.workspace_bytes = report.workspace_bytes.max(batches.runner.values_memory());
            let val_loss = validate(&batches.runner.workers, model, panel, val_size, control)?;
            report.val_loss.push(val_loss as f32);
            report.val_steps.push(step as i32);
            if state.counters.best.check(common.val_monitor.of(loss, val_loss), step)
                && common.restores_best()
            {
                state.keep(model);
            }
            if let Schedule::Plateau(settings) = &schedule {
                state.counters.plateau.tell(settings, val_loss);
            }
            state.counters.best.patience_is_over(common.early_stop_patience_steps)
        };
        state.counters.done = stops || step >= state.counters.goal;
        if let Some(save) = &mut run.save
            && step.is_multiple_of(save.every_steps)
            && !state.counters.done
        {
            (save.write)(model, state)?;
        }
        control.tell(|| {
            let seconds = begin.elapsed().as_secs_f64();
            let left = (state.counters.goal - step) as f64;
            Progress {
                phase: if checks { "validate" } else { "fit" },
                model: report.name.clone(),
                step,
                max_steps: state.counters.goal,
                window: None,
                train_loss: Some(loss),
                val_loss: report.val_loss.last().map(|l| f64::from(*l)),
                lr: Some(pace.lr),
                windows_per_sec: Some(batches.windows as f64 / seconds),
                eta_ms: Some(seconds * 1e3 / (step - first) as f64 * left),
            }
        });
    }
    report.steps = state.counters.step;
    if report.steps < state.counters.goal {
        report.stop_reason = "earlyStop";
    }
    let restores = !state.aside.is_empty();
    report.best_step = if restores { state.counters.best.step } else { report.steps };
    state.end(model);
    if !model.are_finite(&model.values) {
        let source = Source::new(model, panel, val_size)?;
        let loss = report.train_loss.last().map_or(f64::NAN, |l| f64::from(*l));
        let step = report.steps.saturating_sub(1);
        return Err(diverged(
            &batches.runner.workers,
            model,
            &source,
            &batches.drawn,
            panel,
            step,
            loss,
        ));
    }
    report.workspace_bytes = report.workspace_bytes.max(batches.runner.values_memory());
    report.elapsed_ms = begin.elapsed().as_secs_f64() * 1e3;
    Ok(report)
}

/// Draws batches and computes their gradients; buffers are reused from step to step.
struct Batches {
    runner: Runner,
    drawn: Vec<Drawn>,
    /// The sum of the gradients of the step's batches.
    grads: Vec<f32>,
    more: Vec<f32>,
    /// Updates of running statistics, batch by batch.
    updates: Vec<Update>,
    /// Windows so far; a window drawn twice counts twice.
    windows: u64,
}

impl Batches {
    fn new(model: &Instance) -> Self {
        let grads = memory::list(model.trained);
        let more = if model.common.accumulate_grad_batches > 1 {
            memory::list(model.trained)
        } else {
            Vec::new()
        };
        let (drawn, updates) = (Vec::new(), Vec::new());
        Self { runner: Runner::default(), drawn, grads, more, updates, windows: 0 }
    }

    /// Sums the gradients of a step's batches, each times `scale`; returns their mean loss and the factor for the sum.
    ///
    /// As in Lightning, the sum is divided by `accumulateGradBatches` even if the epoch ends with fewer batches.
    fn gradients(
        &mut self,
        model: &Instance,
        source: &Source<'_>,
        sampler: &mut Sampler,
        scale: f64,
    ) -> (f64, f64) {
        let wanted = model.common.accumulate_grad_batches;
        let (mut loss, mut done) = (0.0, 0);
        while done == 0 || (done < wanted && !sampler.epoch_ends()) {
            let batch = sampler.position().batch;
            sampler.draw(&mut self.drawn);
            let counts = self.drawn.iter().step_by(model.series).map(|d| u64::from(d.count));
            self.windows += counts.sum::<u64>();
            let key = Key::new(model.common.random_seed as u64, Stream::Dropout, batch);
            let grads = if done == 0 { &mut self.grads } else { &mut self.more };
            let stepped = self.runner.step(model, source, &self.drawn, key, scale as f32, grads);
            loss += stepped.loss;
            self.updates.extend(stepped.updates);
            if done > 0 {
                add_assign(&mut self.grads, &self.more);
            }
            done += 1;
        }
        (loss / done as f64, 1.0 / wanted as f64)
    }
}

/// `Σ x²` in parallel, in an order that depends only on the length.
fn shared_sum_of_squares(x: &[f32]) -> f64 {
    const AT_ONCE: usize = 1 << 17;
    if x.len() <= AT_ONCE {
        return sum_of_squares(x);
    }
    let (left, right) = x.split_at(x.len() / 2);
    let (left, right) =
        crate::runtime::join(|| shared_sum_of_squares(left), || shared_sum_of_squares(right));
    left + right
}

/// Clips gradients that will be multiplied by `share` and then have the norm `norm`; returns the new factor.
fn clip(common: &CommonOptions, grads: &mut [f32], norm: f64, share: f64) -> f64 {
    match (common.gradient_clip_val, common.gradient_clip_algorithm) {
        (None, _) => 1.0,
        (Some(limit), ClipAlgorithm::Norm) => (limit / (norm + 1e-6)).min(1.0),
        (Some(limit), ClipAlgorithm::Value) => {
            let limit = (limit / share) as f32;
            grads.iter_mut().for_each(|g| *g = g.clamp(-limit, limit));
            1.0
        }
    }
}
