//! Implicit quantile losses: a small network after the model's own forecasts any quantile.

use super::{Elementwise, Formula, Given, Loss, Made, Pinball, PinballOfHuber, loss};
use crate::Result;
use crate::nn::{Activate, Activation, Linear, Path};
use crate::objective::head::{Asked, Head, Mapped, Place};
use crate::objective::outputs::{Estimated, Output};
use crate::rng::Key;
use crate::tape::Var;
use crate::variates::beta;

loss! {
    /// Implicit quantile loss: learns all quantiles at once, so that `predict` can forecast any of them. By default it
    /// forecasts the median, in a column such as `NHITS_ql0.5`. In training, quantiles are drawn from a Beta distribution,
    /// which is uniform if both concentrations are 1.
    pub struct IQLoss: "IQLoss", "iq", implicit weighted {}
}

impl Loss for IQLoss {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        let cosines = Cosines {
            count: self.cos_embedding_dim,
            concentration: [self.concentration0, self.concentration1],
        };
        Ok(Made::quantiles(Implicit { cosines, loss: Pinball }, unasked()))
    }
}

loss! {
    /// `IQLoss` with the Huber loss in place of the absolute error: quadratic for errors up to `delta`.
    pub struct HuberIQLoss: "HuberIQLoss", "huberIQ", implicit weighted {
        /// Size of the error at which the loss becomes linear.
        pub delta: f64 = 1.0; positive,
    }
}

impl Loss for HuberIQLoss {
    fn make(self, _: &Given<'_>) -> Result<Made> {
        let cosines = Cosines {
            count: self.cos_embedding_dim,
            concentration: [self.concentration0, self.concentration1],
        };
        let loss = PinballOfHuber(self.delta);
        Ok(Made::quantiles(Implicit { cosines, loss }, unasked()))
    }
}

/// The default column: the median, with upstream's name.
fn unasked() -> Estimated {
    vec![(0.5, Output::quantile(&0.5.into()))]
}

fn is_count(cosines: &usize) -> bool {
    (1..=4096).contains(cosines)
}

/// The settings of an implicit quantile network.
#[derive(Clone, Copy, Debug)]
struct Cosines {
    /// Number of cosines in the embedding of a quantile.
    count: usize,
    /// `concentration0` and `concentration1`.
    concentration: [f64; 2],
}

/// A loss with a random quantile for each point.
#[derive(Debug)]
struct Implicit<L> {
    cosines: Cosines,
    loss: L,
}

impl<L: Elementwise + std::fmt::Debug + Send + Sync + 'static> Formula for Implicit<L> {
    fn elementwise(&self) -> Option<&dyn Elementwise> {
        Some(&self.loss)
    }

    fn head(&self, path: &Path<'_>) -> Head {
        Head::Implicit(Box::new(ImplicitQuantiles::new(&path.sub("loss"), self.cosines)))
    }

    fn cosines(&self) -> Option<usize> {
        Some(self.cosines.count)
    }
}

/// `f(ŷ·(1 + g(cos(π·τ·[0, 1, ..]))))`: maps the network's output `ŷ` to the quantile `τ`.
///
/// Gouttes et al. 2021, "Probabilistic Time Series Forecasting with Implicit Quantile Networks",
/// <https://arxiv.org/abs/2107.03743>. Upstream: `losses/pytorch.py: QuantileLayer, IQLoss.domain_map`.
pub(crate) struct ImplicitQuantiles {
    options: Cosines,
    hidden: Linear,
    activate: Activate,
    gain: Linear,
    output: Linear,
    bend: Activate,
}

impl ImplicitQuantiles {
    fn new(path: &Path<'_>, options: Cosines) -> Self {
        let layer = path.sub("quantile_layer").sub("output_layer");
        let (n, output) = (options.count, path.sub("output_layer"));
        Self {
            options,
            hidden: Linear::new(&layer.sub(0), n, n),
            activate: Activate::new(&layer.sub(1), Activation::Prelu),
            gain: Linear::new(&layer.sub(2), n, 1),
            output: Linear::new(&output.sub(0), 1, 1),
            bend: Activate::new(&output.sub(1), Activation::Prelu),
        }
    }

    pub(in crate::objective) fn forward<'t>(
        &self,
        output: Var<'t>,
        asked: Asked,
        place: Place,
    ) -> Mapped<'t> {
        let (tape, shape) = (output.tape(), output.shape());
        let taus = match asked {
            Asked::Drawn(key) => {
                let per_step = shape.last();
                let [row, all] = [shape.size() / shape.dims()[0], place.horizon * per_step];
                let index =
                    |i: usize| (place.row + i / row) * all + place.step * per_step + i % row;
                tape.input(shape, |to| {
                    to.iter_mut()
                        .enumerate()
                        .for_each(|(i, q)| *q = self.draw(key, index(i) as u64));
                })
            }
            // One quantile for all numbers, embedded once.
            Asked::Quantile(q) => tape.constant([1], &[q]),
        };
        let forecast = self.at(output, taus);
        let own = matches!(asked, Asked::Drawn(_));
        Mapped { forecast, drawn: own.then_some(taus) }
    }

    fn draw(&self, key: Key, index: u64) -> f32 {
        match self.options.concentration {
            [1.0, 1.0] => key.uniform(index),
            [c0, c1] => beta(key, index, [c1, c0]) as f32,
        }
    }

    /// The forecast at `taus`: one quantile for each number of `output`, or one for all.
    pub(in crate::objective) fn at<'t>(&self, output: Var<'t>, taus: Var<'t>) -> Var<'t> {
        let (tape, shape) = (output.tape(), output.shape());
        let cosines = taus.cosines(self.options.count); // [taus, n]
        let hidden = self.activate.forward(self.hidden.forward(cosines));
        let gain = self.gain.forward(hidden) + tape.constant([1], &[1.0]); // [taus, 1]
        let bent = output.reshape([shape.size(), 1]) * gain; // [numbers, 1]
        self.bend.forward(self.output.forward(bent)).reshape(shape)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::nn::Params;
    use crate::objective::{Head, LossSpec, Objective};
    use crate::rng::Stream;
    use crate::tape::Tape;

    fn head(args: serde_json::Value) -> (Box<ImplicitQuantiles>, Arc<Vec<f32>>) {
        let spec = LossSpec { kind: "IQLoss".into(), args: args.as_object().unwrap().clone() };
        let params = Params::default();
        let loss = Objective::new(&spec, 3, "loss").unwrap();
        let Head::Implicit(head) = loss.head(&params.root()) else { unreachable!() };
        let mut values = vec![0.0; params.size()];
        let entries = params.into_entries();
        entries.iter().enumerate().for_each(|(i, e)| e.initialize(i, 1, &mut values));
        (head, Arc::new(values))
    }

    #[test]
    fn what_is_drawn_does_not_depend_on_shards_or_steps() {
        let (head, values) = head(serde_json::json!({ "concentration0": 2.0 }));
        let asked = Asked::Drawn(Key::new(1, Stream::Quantiles, 7));
        let drawn = |shape: [usize; 3], place: Place| {
            let tape = Tape::default();
            tape.reset(&values, None);
            let output = tape.constant(shape, &vec![1.0; shape.iter().product()]);
            head.forward(output, asked, place).drawn.unwrap().data().to_vec()
        };
        let whole = drawn([4, 3, 1], Place { horizon: 3, ..Place::default() });
        assert_eq!(drawn([2, 3, 1], Place { row: 2, step: 0, horizon: 3 }), whole[6..]);
        let last = drawn([4, 1, 1], Place { row: 0, step: 2, horizon: 3 });
        assert_eq!(last, [whole[2], whole[5], whole[8], whole[11]]);
        assert!(whole.iter().all(|q| (0.0..=1.0).contains(q)));
    }

    #[test]
    fn one_quantile_for_all_is_the_same_as_one_for_each() {
        let (head, values) = head(serde_json::json!({}));
        let tape = Tape::default();
        tape.reset(&values, None);
        let output = tape.constant([2, 2, 1], &[1.0, -2.0, 0.5, 3.0]);
        let once = head.forward(output, Asked::Quantile(0.3), Place::default());
        let each = head.at(output, tape.constant([2, 2, 1], &[0.3; 4]));
        assert!(once.drawn.is_none());
        assert_eq!(once.forecast.data()[..], each.data()[..]);
    }
}
