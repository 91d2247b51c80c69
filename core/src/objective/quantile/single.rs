//! Losses of one quantile.

use super::{Given, Loss, Made, Mean, Pinball, PinballOfHuber, loss};
use serde_json::{Value, json};

use crate::Result;
use crate::objective::levels::{QUANTILE, is_quantile};
use crate::objective::outputs::Output;

loss! {
    /// Quantile loss of the quantile `q`.
    pub struct QuantileLoss: "QuantileLoss", "quantile", weighted {
        /// The quantile, between 0 and 1.
        pub q: Option<f64> = None; fits is_quantile "a number between 0 and 1",
    }
}

impl Loss for QuantileLoss {
    const NEEDED: &'static [&'static str] = &["q"];

    fn examples() -> Vec<Value> {
        vec![json!({ "q": 0.5 })]
    }

    fn make(self, given: &Given<'_>) -> Result<Made> {
        let q = given.required("q", QUANTILE, self.q)?;
        let output = Output::quantile(&given.argument("q", q));
        Ok(Made::quantiles(Mean(Pinball), vec![(q as f32, output)]))
    }
}

loss! {
    /// Quantile loss of the quantile `q` with the Huber loss in place of the absolute error: quadratic for errors up to
    /// `delta`.
    pub struct HuberQLoss: "HuberQLoss", "huberQ", weighted {
        /// The quantile, between 0 and 1.
        pub q: Option<f64> = None; fits is_quantile "a number between 0 and 1",
        /// Size of the error at which the loss becomes linear.
        pub delta: f64 = 1.0; positive,
    }
}

impl Loss for HuberQLoss {
    const NEEDED: &'static [&'static str] = &["q"];

    fn examples() -> Vec<Value> {
        vec![json!({ "q": 0.5 })]
    }

    fn make(self, given: &Given<'_>) -> Result<Made> {
        let q = given.required("q", QUANTILE, self.q)?;
        let (tau, delta) = (given.argument("q", q), given.argument("delta", self.delta));
        let output = Output::huber_quantile(&tau, &delta);
        Ok(Made::quantiles(Mean(PinballOfHuber(self.delta)), vec![(q as f32, output)]))
    }
}
