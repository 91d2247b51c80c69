//! The training state of a model: all that resuming needs besides its weights.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::early_stopping::Best;
use super::loss_scale::LossScale;
use super::sampler::Position;
use crate::models::Instance;
use crate::optim::{OptimizerState, PlateauState};
use crate::{Result, memory};

/// The state of training, kept after a run so that the next one continues as if both were one run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrainingState {
    pub(crate) counters: Counters,
    pub(crate) optimizer: OptimizerState,
    /// During a run, the weights of the best check; between runs, those of the last step. Empty if the model's own
    /// weights are both.
    pub(crate) aside: Vec<f32>,
    /// Whether a run is in progress.
    running: bool,
}

/// The counters and small values of the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counters {
    /// Steps done since the model was created.
    pub(crate) step: usize,
    /// Steps after which the run ends.
    pub(crate) goal: usize,
    /// Whether it has ended.
    pub(crate) done: bool,
    /// Fingerprint of the run's data; 0 before the first run.
    data: u64,
    pub(crate) position: Position,
    pub(crate) best: Best,
    pub(crate) plateau: PlateauState,
    pub(crate) loss_scale: LossScale,
}

impl Counters {
    /// Whether these values are valid; those read from a file may not be.
    pub(crate) fn is_possible(&self) -> bool {
        let limit = 1 << 53;
        self.goal <= limit
            && (self.step < self.goal || self.done)
            && self.step <= self.goal
            && self.best.step <= self.step
            && self.plateau.rate >= 0.0
            && self.loss_scale.is_possible()
    }
}

impl TrainingState {
    /// The state before the first of `steps` steps.
    pub(crate) fn new(model: &Instance, steps: usize) -> Result<Self> {
        let common = &model.common;
        Ok(Self {
            counters: Counters {
                step: 0,
                goal: steps,
                done: false,
                data: 0,
                position: Position::default(),
                best: Best::default(),
                plateau: PlateauState::new(common.learning_rate),
                loss_scale: LossScale::new(common.precision),
            },
            optimizer: OptimizerState::new(Self::sizes(model)?),
            aside: Vec::new(),
            running: false,
        })
    }

    /// The size of each state buffer of this model's optimizer.
    pub(crate) fn sizes(model: &Instance) -> Result<[usize; 3]> {
        let common = &model.common;
        let momentum = common.schedule()?.momentum(0).is_some();
        Ok(OptimizerState::sizes(&common.optimizer, momentum, model.trained))
    }

    /// The state read from a file.
    pub(crate) fn of(counters: Counters, optimizer: OptimizerState, aside: Vec<f32>) -> Self {
        Self { counters, optimizer, aside, running: false }
    }

    /// Sets the goal to `steps` more than are done.
    pub(crate) fn extend(&mut self, steps: usize) {
        let stopped_early = self.counters.done && self.counters.step < self.counters.goal;
        if stopped_early {
            self.counters.best.be_patient_again();
        }
        self.counters.goal = self.counters.step.saturating_add(steps);
        self.counters.done = false;
    }

    /// Begins a run on the data of this fingerprint: from here on, `model` has the weights of the last step.
    ///
    /// Losses measured on other data are discarded.
    pub(super) fn begin(&mut self, model: &mut Instance, data: u64) {
        self.running = true;
        self.exchange(model);
        let counters = &mut self.counters;
        if counters.data != data && !counters.done {
            if counters.data != 0 {
                counters.position.begin_epoch();
                counters.best = Best::default();
                counters.plateau.forget();
                self.aside.clear();
            }
            counters.data = data;
        }
    }

    /// Ends a run: `model` has the weights to forecast with.
    pub(super) fn end(&mut self, model: &mut Instance) {
        self.counters.done = true;
        self.exchange(model);
        self.running = false;
    }

    fn exchange(&mut self, model: &mut Instance) {
        if !self.aside.is_empty() {
            let values = Arc::make_mut(&mut model.values);
            std::mem::swap(values, &mut self.aside);
        }
    }

    /// Keeps the current weights as the best ones.
    pub(super) fn keep(&mut self, model: &Instance) {
        self.aside.clear();
        memory::reserve(&mut self.aside, model.size);
        self.aside.extend_from_slice(&model.values);
    }

    /// The weights to forecast with and the other set, both during a run and between runs.
    pub(crate) fn weights<'a>(&'a self, model: &'a Instance) -> [&'a [f32]; 2] {
        match self.running && !self.aside.is_empty() {
            true => [&self.aside, &model.values],
            false => [&model.values, &self.aside],
        }
    }

    /// Bytes held.
    pub(crate) fn memory(&self) -> usize {
        let floats: usize = self.optimizer.memory.iter().map(Vec::len).sum();
        (floats + self.aside.len()) * size_of::<f32>()
    }
}
