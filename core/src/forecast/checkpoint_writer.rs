//! Checkpoints during training, so that a killed run can be continued.

use std::path::PathBuf;

use super::calls::TrainingCheckpoint;
use super::fitted::Fitted;
use super::neural_forecast::NeuralForecast;
use crate::Result;
use crate::checkpoint::Checkpoint;
use crate::models::Instance;
use crate::train::TrainingState;

/// Writes a checkpoint repeatedly, each time with the current weights.
pub(super) struct CheckpointWriter<'a> {
    forecaster: &'a NeuralForecast,
    checkpoint: Checkpoint,
    path: PathBuf,
    pub(super) every_steps: usize,
}

impl<'a> CheckpointWriter<'a> {
    pub(super) fn new(
        options: &TrainingCheckpoint,
        forecaster: &'a NeuralForecast,
        fitted: &Fitted,
    ) -> Result<Self> {
        disk::check(&options.path)?;
        Ok(Self {
            forecaster,
            checkpoint: forecaster.checkpoint(fitted, true),
            path: options.path.clone(),
            every_steps: options.every_steps,
        })
    }

    pub(super) fn write<'m>(
        &mut self,
        models: impl Iterator<Item = (&'m Instance, &'m TrainingState)>,
    ) -> Result<()> {
        let stored = |(i, (model, state))| self.forecaster.stored(i, model, Some(state));
        self.checkpoint.models = models.enumerate().map(stored).collect();
        disk::write(&self.path, &self.checkpoint)
    }
}

#[cfg(feature = "io")]
mod disk {
    use std::path::Path;

    use crate::Result;
    use crate::checkpoint::{self, Checkpoint};

    pub(super) fn check(path: &Path) -> Result<()> {
        checkpoint::check_replaceable(path)
    }

    pub(super) fn write(path: &Path, checkpoint: &Checkpoint) -> Result<()> {
        checkpoint::write(path, checkpoint, true)
    }
}

#[cfg(not(feature = "io"))]
mod disk {
    use std::path::Path;

    use crate::checkpoint::Checkpoint;
    use crate::{Error, ErrorCode, Result};

    pub(super) fn check(_: &Path) -> Result<()> {
        let message =
            "checkpoint needs a file system; build with the feature \"io\", or leave it out";
        Err(Error::new(ErrorCode::Unsupported, message)
            .with(|d| d.option = Some("checkpoint".into())))
    }

    pub(super) fn write(path: &Path, _: &Checkpoint) -> Result<()> {
        check(path)
    }
}
