//! A training run over all models, with new weights or continued, with checkpoints if requested.

use super::calls::{FitMode, FitOptions};
use super::checkpoint_writer::CheckpointWriter;
use super::fitted::Fitted;
use super::memory::check_training;
use super::neural_forecast::NeuralForecast;
use super::same_series::{check_same, renewed};
use super::target_support::check_targets;
use crate::control::Control;
use crate::data::{Panel, Vocabularies};
use crate::models::Instance;
use crate::options::Options;
use crate::train::{self, ModelReport, Run, Save, TrainingState};
use crate::{Error, ErrorCode, Result};

/// Models in training, with their states, in order.
pub(super) struct Training {
    pub(super) models: Vec<Instance>,
    pub(super) states: Vec<TrainingState>,
    /// Warnings.
    pub(super) warnings: Vec<String>,
}

impl Training {
    /// The models of a forecaster, ready for a run.
    pub(super) fn prepare(
        forecaster: &NeuralForecast,
        panel: &Panel,
        options: &FitOptions,
        vocabularies: &Vocabularies,
        val_size: usize,
        control: &Control,
    ) -> Result<Self> {
        options.check()?;
        forecaster.check_unscaled_sums()?;
        let steps = |m: &Instance| options.max_steps.unwrap_or(m.common.max_steps);
        let mut training = Self { models: Vec::new(), states: Vec::new(), warnings: Vec::new() };
        let before = match (options.mode, &forecaster.fitted) {
            (FitMode::Fresh, _) => None,
            (FitMode::Continue, Some(fitted)) => Some(&fitted.training),
            (FitMode::Continue, None) => {
                let message = "nothing is fitted yet; fit without mode \"continue\" first, or load a checkpoint";
                return Err(Error::new(ErrorCode::NotFitted, message));
            }
        };
        if let (Some(_), Some(fitted)) = (before, &forecaster.fitted) {
            check_same(&forecaster.models, fitted.panel.as_deref(), panel)?;
        }
        let resumes = forecaster.interrupted() && options.max_steps.is_none();
        let new = |of| renewed(of, panel, vocabularies, before.is_some());
        let models = forecaster.models.iter().map(new).collect::<Result<Vec<Instance>>>()?;
        let copies = [forecaster.scaling.temporal.is_some(), options.checkpoint.is_some()];
        check_training(&models, panel, val_size, copies, control)?;
        for (i, (mut model, of)) in models.into_iter().zip(forecaster.models.iter()).enumerate() {
            let state = match before.map(|states| states.get(i).and_then(Option::as_ref)) {
                None => TrainingState::new(&model, steps(&model))?,
                Some(Some(state)) => {
                    let mut state = state.clone();
                    if !resumes {
                        state.extend(steps(&model));
                    }
                    state
                }
                Some(None) => {
                    training.warnings.push(format!(
                        "{}: the checkpoint has no training state; training continues from the weights with a new optimizer, from step 0",
                        of.name()
                    ));
                    TrainingState::new(&model, steps(&model))?
                }
            };
            model.allocate()?;
            match before {
                Some(_) => model.values_mut().copy_from_slice(&of.values),
                None => model.initialize(),
            }
            check_schedule(&model, &state)?;
            training.models.push(model);
            training.states.push(state);
        }
        Ok(training)
    }

    /// Trains one model after the other.
    pub(super) fn run(
        &mut self,
        forecaster: &NeuralForecast,
        fitted: &Fitted,
        val_size: usize,
        options: &FitOptions,
        control: &Control,
    ) -> Result<Vec<ModelReport>> {
        let panel = fitted.panel.as_ref().expect("there is data to train on");
        let scaled = fitted.scalers.scaled(panel);
        let locally = forecaster.scaling.temporal.is_some();
        self.models.iter().try_for_each(|model| check_targets(model, &scaled, locally))?;
        let mut saving = match &options.checkpoint {
            Some(checkpoint) => Some(CheckpointWriter::new(checkpoint, forecaster, fitted)?),
            None => None,
        };
        let mut reports = Vec::new();
        for i in 0..self.models.len() {
            let report = self.train(i, &scaled, val_size, control, saving.as_mut())?;
            reports.push(report);
        }
        if let Some(saving) = &mut saving {
            saving.write(self.models.iter().zip(&self.states))?;
        }
        Ok(reports)
    }

    fn train(
        &mut self,
        i: usize,
        panel: &Panel,
        val_size: usize,
        control: &Control,
        saving: Option<&mut CheckpointWriter<'_>>,
    ) -> Result<ModelReport> {
        let (models, states) = (self.models.split_at_mut(i), self.states.split_at_mut(i));
        let ((done, rest), (done_states, rest_states)) = (models, states);
        let Some((model, to_come)) = rest.split_first_mut() else { unreachable!("i is an index") };
        let Some((state, states_to_come)) = rest_states.split_first_mut() else {
            unreachable!("each model has a state")
        };
        let mut run = Run { panel, val_size, control, save: None };
        let Some(saving) = saving else { return train::train(model, state, &mut run) };
        let every_steps = saving.every_steps;
        let mut write = |model: &Instance, state: &TrainingState| {
            let before = done.iter().zip(done_states.iter());
            let after = to_come.iter().zip(states_to_come.iter());
            saving.write(before.chain([(model, state)]).chain(after))
        };
        run.save = Some(Save { every_steps, write: &mut write });
        train::train(model, state, &mut run)
    }
}

/// Refuses to train past the end of the learning-rate schedule.
fn check_schedule(model: &Instance, state: &TrainingState) -> Result<()> {
    let (end, goal) = (model.common.schedule()?.ends_after(), state.counters.goal);
    let Some(end) = end.filter(|end| *end < goal) else { return Ok(()) };
    let message = format!(
        "the schedule of {} ends after {end} steps, and training would go to step {goal}; \
         set lrScheduler.totalSteps to at least {goal}",
        model.name()
    );
    Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
        d.model = Some(model.name().into());
        d.option = Some("lrScheduler.totalSteps".into());
        d.expected = Some(goal.into());
        d.actual = Some(end.into());
    }))
}
