//! Options that all models share. Upstream: `common/_base_model.py: BaseModel.__init__`.

use serde_json::{Value, json};

use super::lr_scheduler::LrScheduler;
use super::optimizer::Optimizer;
use super::schedule::Schedule;
use crate::losses::{Loss, LossSpec};
use crate::options::{OptionValue, choices, options};
use crate::scalers::ScalerType;
use crate::{Error, ErrorCode, Result};

/// Shares of the points of a window that must be available for training: of the input and of the horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Availability(pub [f64; 2]);

impl OptionValue for Availability {
    fn expected() -> String {
        "a number from 0 to 1, or two of them".into()
    }
    fn ts() -> String {
        "number | [number, number]".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let both = match value.as_array().map(Vec::as_slice) {
            None => [value.as_f64()?; 2],
            Some([input, horizon]) => [input.as_f64()?, horizon.as_f64()?],
            Some(_) => return None,
        };
        both.iter().all(|v| (0.0..=1.0).contains(v)).then_some(Self(both))
    }
    fn write(&self) -> Value {
        if self.0[0] == self.0[1] { json!(self.0[0]) } else { json!(self.0) }
    }
}

choices! {
    /// How gradients are limited.
    pub enum ClipAlgorithm {
        /// All together, by their norm.
        Norm = "norm",
        /// Each by itself.
        Value = "value",
    }
}

choices! {
    /// What early stopping looks at, named as upstream names it.
    pub enum ValMonitor {
        /// The validation loss.
        ValLoss = "ptl/val_loss",
        /// The same, under the name that it has while a batch is validated.
        ValidLoss = "valid_loss",
        /// The training loss of the step before the check.
        TrainLoss = "train_loss",
    }
}

options! {
    /// Options that all models share; each model may change the defaults.
    pub struct Train {
        /// Steps to forecast.
        pub h: usize = 0; at least 1,
        /// Steps of history that the model sees.
        pub input_size: usize = 0; at least 1,
        /// Name of the result's columns, instead of the model's.
        pub alias: Option<String> = None,
        /// Columns known in advance, such as holidays or prices.
        pub futr_exog_list: Vec<String> = Vec::new(),
        /// Columns known until the forecast begins.
        pub hist_exog_list: Vec<String> = Vec::new(),
        /// Columns of the static table, one value per series.
        pub stat_exog_list: Vec<String> = Vec::new(),
        /// Hides the target's own history from the model.
        pub exclude_insample_y: bool = false,
        /// What training minimises.
        pub loss: LossSpec = LossSpec::named("MAE"),
        /// What validation measures; the loss when left out.
        pub valid_loss: Option<LossSpec> = None,
        /// Training steps.
        pub max_steps: usize = 1000; at least 1,
        /// Learning rate at the beginning.
        pub learning_rate: f64 = 1e-3,
        /// How often the learning rate is halved, evenly over the steps; -1 for never.
        pub num_lr_decays: i64 = -1,
        /// Validation checks without improvement after which training stops; -1 for never.
        pub early_stop_patience_steps: i64 = -1,
        /// The loss that must improve for training to go on, and by which the best weights are chosen. It is looked at with
        /// each validation check.
        pub val_monitor: ValMonitor = ValMonitor::ValLoss,
        /// Training steps between validation checks.
        pub val_check_steps: usize = 100; at least 1,
        /// Whether the weights of the best validation check are kept instead of the last; true when early stopping is on.
        pub restore_best: Option<bool> = None,
        /// Series per step.
        pub batch_size: usize = 32; at least 1,
        /// Series per batch of validation; batchSize when left out.
        pub valid_batch_size: Option<usize> = None; at least 1,
        /// Windows per step, drawn from the series of the step; null for all of them.
        pub windows_batch_size: Option<usize> = Some(1024); at least 1,
        /// Windows per batch of validation; -1 for all.
        pub inference_windows_batch_size: i64 = 1024,
        /// Steps between the beginnings of windows.
        pub step_size: usize = 1; at least 1,
        /// Whether windows may begin before the series, padded with zeros.
        pub start_padding_enabled: bool = false,
        /// Share of a window's points that must be available: of both parts, or of input and horizon.
        pub training_data_availability_threshold: Availability = Availability([0.0; 2]),
        /// Whether the last batch of series of an epoch is left out when it is not full.
        pub drop_last_loader: bool = false,
        /// How each window is scaled.
        pub scaler_type: ScalerType = ScalerType::Identity,
        /// Seed of everything random.
        pub random_seed: i64 = 1,
        /// Optimizer; Adam when left out.
        pub optimizer: Optimizer = Optimizer::default(),
        /// How the learning rate changes, instead of by numLrDecays. It goes by steps since the model was new, over
        /// maxSteps, whatever fit is told.
        pub lr_scheduler: Option<LrScheduler> = None,
        /// The most that a gradient may be; see gradientClipAlgorithm.
        pub gradient_clip_val: Option<f64> = None,
        /// Whether gradientClipVal limits the gradient's norm, and longer ones are shortened, or each of its numbers.
        pub gradient_clip_algorithm: ClipAlgorithm = ClipAlgorithm::Norm,
        /// Batches whose mean gradient makes a step. The last batch of an epoch makes one too, with what is there:
        /// with fewer than accumulateGradBatches × batchSize series, nothing more is accumulated.
        pub accumulate_grad_batches: usize = 1; at least 1,
    }
}

impl Train {
    /// Refuses values out of range.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("h", self.h), ("inputSize", self.input_size)] {
            if value == 0 {
                let message = format!("option \"{name}\" is required: a whole number ≥ 1");
                return Err(Error::new(ErrorCode::InvalidOption, message)
                    .with(|d| d.option = Some(name.into())));
            }
        }
        let limits = [("h", self.h), ("inputSize", self.input_size)];
        if let Some((name, value)) = limits.into_iter().find(|(_, v)| *v > 1_000_000) {
            return Err(Error::option(name, "at most 1000000", value));
        }
        for (name, value) in [
            ("learningRate", Some(self.learning_rate)),
            ("gradientClipVal", self.gradient_clip_val),
        ] {
            if let Some(value) = value.filter(|v| *v <= 0.0) {
                return Err(Error::option(name, "a number > 0", value));
            }
        }
        if self.inference_windows_batch_size == 0 {
            return Err(Error::option(
                "inferenceWindowsBatchSize",
                "a whole number ≥ 1, or -1 for all",
                0,
            ));
        }
        if self.random_seed < 0 {
            return Err(Error::option("randomSeed", "a whole number ≥ 0", self.random_seed));
        }
        if self.alias.as_deref().is_some_and(|a| a.is_empty() || a.contains(['/', '\\', '\0'])) {
            return Err(Error::option(
                "alias",
                "text without slashes, not empty",
                self.alias.clone(),
            ));
        }
        self.optimizer.check()?;
        Schedule::new(self).map(drop)
    }

    /// Loss and validation loss, checked against each other as upstream does.
    pub fn losses(&self) -> Result<(Loss, Loss)> {
        let loss = self.read_loss("loss", &self.loss)?;
        if !loss.is_trainable() {
            let expected = "a loss that models can be trained with, such as MAE; this one only measures, as validLoss";
            return Err(Error::option("loss", expected, self.loss.write()));
        }
        let Some(spec) = &self.valid_loss else { return Ok((loss.clone(), loss)) };
        let valid = self.read_loss("validLoss", spec)?;
        let same = valid.is_multi_quantile() && valid.quantiles == loss.quantiles;
        if loss.is_multi_quantile() && !same {
            let expected = "MQLoss or HuberMQLoss with the quantiles of loss";
            return Err(Error::option("validLoss", expected, spec.write()));
        }
        Ok((loss, valid))
    }

    fn read_loss(&self, option: &str, spec: &LossSpec) -> Result<Loss> {
        let loss = Loss::new(spec, self.h, option)?;
        if let Some(seasonality) = loss.seasonality().filter(|s| *s >= self.input_size) {
            let expected = format!("less than inputSize ({})", self.input_size);
            return Err(Error::option(&format!("{option}.seasonality"), &expected, seasonality));
        }
        Ok(loss)
    }

    /// Whether the best weights are kept instead of the last.
    pub fn restores_best(&self) -> bool {
        self.restore_best.unwrap_or(self.early_stop_patience_steps > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validation_loss_of_another_shape_is_refused() {
        let mut train = Train {
            h: 4,
            input_size: 8,
            valid_loss: Some(LossSpec::named("MSE")),
            ..Train::default()
        };
        assert!(train.losses().is_ok());
        train.loss = LossSpec::named("MQLoss");
        assert_eq!(train.losses().unwrap_err().details.option.as_deref(), Some("validLoss"));
        for (kind, allowed) in [("HuberMQLoss", true), ("sCRPS", false), ("QuantileLoss", false)] {
            train.valid_loss = Some(LossSpec::named(kind));
            assert_eq!(train.losses().is_ok(), allowed, "{kind}");
        }
    }

    #[test]
    fn some_losses_only_measure() {
        let of = |loss: &str, valid: &str| {
            let (loss, valid_loss) = (LossSpec::named(loss), Some(LossSpec::named(valid)));
            let train = Train { h: 4, input_size: 8, loss, valid_loss, ..Train::default() };
            train.losses().err().and_then(|e| e.details.option)
        };
        for measure in ["Accuracy", "sCRPS", "MQLoss", "HuberMQLoss", "RMSE", "TukeyLoss"] {
            assert_eq!(of("MAE", measure), None);
        }
        assert_eq!(of("Accuracy", "MAE").as_deref(), Some("loss"));
        assert_eq!(of("sCRPS", "MAE").as_deref(), Some("loss"));
        assert_eq!(of("relMSE", "MAE").as_deref(), Some("loss"));
        assert_eq!(of("MAE", "relMSE").as_deref(), Some("validLoss"));
    }

    #[test]
    fn the_season_of_mase_fits_into_the_input() {
        let of = |season: usize| {
            let args = json!({ "seasonality": season }).as_object().unwrap().clone();
            let loss = LossSpec { kind: "MASE".into(), args };
            Train { h: 4, input_size: 8, loss, ..Train::default() }.losses().map(drop)
        };
        assert!(of(7).is_ok());
        assert_eq!(
            of(8).unwrap_err().to_string(),
            r#"option "loss.seasonality" must be less than inputSize (8), got 8"#
        );
    }
}
