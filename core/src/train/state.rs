//! Where the training of a model is, and all that going on from there needs beside its weights.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::early_stopping::Best;
use super::loss_scale::LossScale;
use super::sampler::Position;
use crate::models::Instance;
use crate::optim::{OptimizerState, PlateauState};
use crate::{Result, memory};

/// The state of training, kept after a run so that another goes on as if there had been one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrainingState {
    pub(crate) counters: Counters,
    pub(crate) optimizer: OptimizerState,
    /// While a run lasts, the weights of the best check; between runs, those of the last step. Empty when the model's
    /// own are both.
    pub(crate) aside: Vec<f32>,
    /// Whether a run lasts.
    running: bool,
}

/// The numbers among the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counters {
    /// Steps done since the model was new.
    pub(crate) step: usize,
    /// Steps after which the run ends.
    pub(crate) goal: usize,
    /// Whether it has ended.
    pub(crate) done: bool,
    /// What tells the data of the run from other data; 0 before the first.
    data: u64,
    pub(crate) position: Position,
    pub(crate) best: Best,
    pub(crate) plateau: PlateauState,
    pub(crate) loss_scale: LossScale,
}

impl Counters {
    /// Whether these numbers are possible: those of a file may not be.
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
    /// Before the first step of a run of `steps`.
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

    /// Numbers in each memory of this model's optimizer.
    pub(crate) fn sizes(model: &Instance) -> Result<[usize; 3]> {
        let common = &model.common;
        let momentum = common.schedule()?.momentum(0).is_some();
        Ok(OptimizerState::sizes(&common.optimizer, momentum, model.trained))
    }

    /// The state that a file holds.
    pub(crate) fn of(counters: Counters, optimizer: OptimizerState, aside: Vec<f32>) -> Self {
        Self { counters, optimizer, aside, running: false }
    }

    /// Asks for `steps` more than are done.
    pub(crate) fn extend(&mut self, steps: usize) {
        let stopped_early = self.counters.done && self.counters.step < self.counters.goal;
        if stopped_early {
            self.counters.best.be_patient_again();
        }
        self.counters.goal = self.counters.step.saturating_add(steps);
        self.counters.done = false;
    }

    /// Begins a run on the data of this fingerprint: `model` has the weights of the last step from here on.
    ///
    /// What was measured on other data is forgotten.
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

    /// Keeps the weights as the best.
    pub(super) fn keep(&mut self, model: &Instance) {
        self.aside.clear();
        memory::reserve(&mut self.aside, model.size);
        self.aside.extend_from_slice(&model.values);
    }

    /// The weights to forecast with, and those set aside between runs; at any time.
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
