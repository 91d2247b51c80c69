//! Which validation losses fit a loss, and which models a loss fits. Upstream: `common/_base_model.py: BaseModel.__init__`.

use super::{Judges, LossSpec, Objective, Target};
use crate::options::OptionValue;
use crate::scalers::ScalerType;
use crate::{Error, ErrorCode, Result};

/// The options of a model that its losses depend on.
pub(crate) struct Losses<'a> {
    pub(crate) loss: &'a LossSpec,
    pub(crate) valid_loss: Option<&'a LossSpec>,
    pub(crate) scaler: ScalerType,
    pub(crate) input_size: usize,
    pub(crate) h: usize,
}

impl Losses<'_> {
    /// Loss and validation loss, checked against each other as upstream does.
    pub(crate) fn read(&self) -> Result<[Objective; 2]> {
        let loss = self.one("loss", self.loss)?;
        if !loss.is_trainable() {
            let expected = "a loss that models can be trained with, such as MAE; this one can only be a validLoss";
            return Err(Error::option("loss", expected, self.loss.write()));
        }
        if loss.target() != Target::Scaled && self.scaler == ScalerType::Revin {
            // Upstream trains revin's affine map only through a likelihood, not through other losses.
            let message = format!(
                "scalerType \"revin\" is not supported with {}; use \"standard\", which scales the same without a learned affine map",
                loss.kind
            );
            return Err(Error::new(ErrorCode::Unsupported, message)
                .with(|d| d.option = Some("scalerType".into())));
        }
        let Some(spec) = self.valid_loss else { return Ok([loss.clone(), loss]) };
        let valid = self.one("validLoss", spec)?;
        if [&loss, &valid].map(|o| o.judges()) == [Judges::Distributions; 2] {
            return Ok([loss.clone(), loss]); // as upstream
        }
        match refusal(&loss, &valid) {
            None => Ok([loss, valid]),
            Some(("loss", expected)) => Err(Error::option("loss", &expected, self.loss.write())),
            Some((option, expected)) => Err(Error::option(option, &expected, spec.write())),
        }
    }

    fn one(&self, option: &str, spec: &LossSpec) -> Result<Objective> {
        let loss = Objective::new(spec, self.h, option)?;
        if let Some((steps, name)) =
            loss.formula.looks_back().filter(|(n, _)| *n >= self.input_size)
        {
            let expected = format!("less than inputSize ({})", self.input_size);
            return Err(Error::option(&format!("{option}.{name}"), &expected, steps));
        }
        Ok(loss)
    }
}

/// The option of the two that must be changed, and what it must be.
fn refusal(loss: &Objective, valid: &Objective) -> Option<(&'static str, String)> {
    let own_network = |objective: &Objective| objective.formula.cosines().is_some();
    let same_taus = valid.taus == loss.taus;
    let several = |objective: &Objective| objective.judges() == Judges::Quantiles;
    let wrong = |option, expected: &str| Some((option, expected.to_string()));
    match (loss.judges(), valid.judges()) {
        (_, Judges::Distributions) => wrong(
            "validLoss",
            "a loss of point or quantile forecasts such as MAE, because loss forecasts no distribution",
        ),
        (Judges::Distributions, Judges::Quantiles) if !same_taus => wrong(
            "validLoss",
            "a loss with the same quantiles as loss, or a point loss such as MAE",
        ),
        (Judges::Distributions, _) if own_network(valid) => {
            wrong("validLoss", "a loss without a network of its own, such as MAE")
        }
        _ if own_network(loss) && valid.kind != loss.kind => {
            Some(("validLoss", format!("{}, as the loss is", loss.kind)))
        }
        _ if own_network(valid) && valid.kind != loss.kind => {
            Some(("loss", format!("{}, as validLoss is", valid.kind)))
        }
        // Differs from upstream, which also accepts the same quantiles in another order, and then measures columns at the
        // quantiles of other columns.
        _ if several(loss) && !(several(valid) && valid.is_trainable() && same_taus) => {
            wrong("validLoss", "MQLoss or HuberMQLoss with the same quantiles as loss")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(kind: &str, args: &Value) -> LossSpec {
        LossSpec { kind: kind.into(), args: args.as_object().cloned().unwrap_or_default() }
    }

    fn read(loss: &LossSpec, valid_loss: Option<&LossSpec>) -> Result<[Objective; 2]> {
        let scaler = ScalerType::Identity;
        Losses { loss, valid_loss, scaler, input_size: 8, h: 4 }.read()
    }

    /// The accepted pairs of loss and validation loss, as upstream.
    #[test]
    fn losses_and_validation_losses_fit_each_other() {
        let quantiles = |list: &[f64]| json!({ "quantiles": list });
        let refused = |(loss, args): (&str, &Value), (valid, valid_args): (&str, &Value)| {
            let valid = (!valid.is_empty()).then(|| spec(valid, valid_args));
            let result = read(&spec(loss, args), valid.as_ref());
            result.err().map(|e| e.details.option.expect("it is named"))
        };
        let (none, q) = (Value::Null, json!({ "q": 0.9 }));
        let (two, three) = (quantiles(&[0.1, 0.9]), quantiles(&[0.1, 0.5, 0.9]));
        let turned = quantiles(&[0.9, 0.1]);
        for (loss, valid, expected) in [
            // A point loss accepts any validation loss that can measure a point forecast.
            (("MAE", &none), ("", &none), None),
            (("MAE", &none), ("MSE", &none), None),
            (("MSE", &none), ("RMSE", &none), None),
            (("MAE", &none), ("TukeyLoss", &none), None),
            (("MAE", &none), ("Accuracy", &none), None),
            (("MAE", &none), ("sCRPS", &none), None),
            (("MAE", &none), ("MQLoss", &none), None),
            (("QuantileLoss", &q), ("HuberMQLoss", &two), None),
            // Some losses can only validate, and relMSE is not available at all, since it needs a benchmark forecast.
            (("Accuracy", &none), ("MAE", &none), Some("loss")),
            (("sCRPS", &none), ("MAE", &none), Some("loss")),
            (("relMSE", &none), ("MAE", &none), Some("loss")),
            (("MAE", &none), ("relMSE", &none), Some("validLoss")),
            // A loss of several quantiles needs a validation loss of the same quantiles.
            (("MQLoss", &two), ("", &none), None),
            (("MQLoss", &two), ("MQLoss", &two), None),
            (("MQLoss", &two), ("HuberMQLoss", &two), None),
            (("HuberMQLoss", &three), ("MQLoss", &three), None),
            (("MQLoss", &two), ("MAE", &none), Some("validLoss")),
            (("HuberMQLoss", &two), ("QuantileLoss", &q), Some("validLoss")),
            (("MQLoss", &none), ("sCRPS", &none), Some("validLoss")),
            (("MQLoss", &two), ("MQLoss", &three), Some("validLoss")),
            (("MQLoss", &two), ("MQLoss", &turned), Some("validLoss")),
            // Implicit quantile losses fit only themselves.
            (("IQLoss", &none), ("", &none), None),
            (("IQLoss", &none), ("IQLoss", &none), None),
            (("HuberIQLoss", &none), ("HuberIQLoss", &none), None),
            (("IQLoss", &none), ("HuberIQLoss", &none), Some("validLoss")),
            (("HuberIQLoss", &none), ("IQLoss", &none), Some("validLoss")),
            (("IQLoss", &none), ("MAE", &none), Some("validLoss")),
            (("IQLoss", &none), ("MQLoss", &none), Some("validLoss")),
            (("MAE", &none), ("IQLoss", &none), Some("loss")),
            (("MQLoss", &none), ("HuberIQLoss", &none), Some("loss")),
        ] {
            assert_eq!(refused(loss, valid).as_deref(), expected, "{loss:?} with {valid:?}");
        }
    }

    #[test]
    fn the_season_of_mase_fits_into_the_input() {
        let of =
            |season: usize| read(&spec("MASE", &json!({ "seasonality": season })), None).map(drop);
        assert!(of(7).is_ok());
        assert_eq!(
            of(8).unwrap_err().to_string(),
            r#"option "loss.seasonality" must be less than inputSize (8), got 8"#
        );
    }
}
