//! What stands between a network and its loss or forecast: tape operations, with parameters where the loss learns some.
//!
//! Every run goes the same way: `network.forward(batch)`, then [`Head::forward`], then the loss of what it gives, or the
//! forecast. A head is told what it is asked for ([`Asked`]) and where the rows of its shard lie in the whole batch, so that
//! what it draws does not depend on shards.

use std::f64::consts::PI;

use crate::losses::{Implicit, Loss};
use crate::nn::{Activate, Activation, Linear, Path};
use crate::rng::Key;
use crate::tape::{Tape, Var};
use crate::variates::beta;

/// What a head is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// What training and validation need: quantiles drawn from this key for every point.
    Drawn(Key),
    /// The forecast at this quantile, where the head can forecast any.
    Quantile(f32),
}

/// Where the numbers that a head gets lie in the whole batch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    /// The first window.
    pub(crate) row: usize,
    /// The first step of the horizon, and the steps of all of it.
    pub(crate) step: usize,
    pub(crate) horizon: usize,
}

/// What a head makes of a network's output.
#[derive(Clone, Copy)]
pub(crate) struct Mapped<'t> {
    /// `[B, h, outputs]`, scaled as the network's output is.
    pub(crate) forecast: Var<'t>,
    /// The quantile that each number of it was made at, if it is its own.
    pub(crate) levels: Option<Var<'t>>,
}

/// The head of a model, as its loss wants it. Upstream: a loss's `domain_map`.
pub(crate) enum Head {
    /// The network's output is the forecast.
    Identity,
    /// A network that maps the output to any quantile.
    Implicit(ImplicitQuantiles),
}

impl Head {
    /// Declares the parameters, under the names they have in upstream's `state_dict`.
    pub(crate) fn new(path: &Path<'_>, loss: &Loss) -> Self {
        match loss.implicit {
            None => Self::Identity,
            Some(implicit) => Self::Implicit(ImplicitQuantiles::new(&path.sub("loss"), implicit)),
        }
    }

    /// Of the output of a network, `[B, h, outputs]`.
    pub(crate) fn forward<'t>(&self, output: Var<'t>, asked: Asked, place: Place) -> Mapped<'t> {
        match self {
            Self::Identity => Mapped { forecast: output, levels: None },
            Self::Implicit(head) => head.forward(output, asked, place),
        }
    }

    /// Whether it forecasts any quantile that it is asked for.
    pub(crate) fn takes_any_quantile(&self) -> bool {
        matches!(self, Self::Implicit(_))
    }
}

/// `f(ŷ·(1 + g(cos(π·τ·[0, 1, ..]))))`: the network's output bent to the quantile `τ`.
///
/// Gouttes et al. 2021, "Probabilistic Time Series Forecasting with Implicit Quantile Networks",
/// <https://arxiv.org/abs/2107.03743>. Upstream: `losses/pytorch.py: QuantileLayer, IQLoss.domain_map`.
pub(crate) struct ImplicitQuantiles {
    implicit: Implicit,
    hidden: Linear,
    activate: Activate,
    gain: Linear,
    output: Linear,
    bend: Activate,
}

impl ImplicitQuantiles {
    fn new(path: &Path<'_>, implicit: Implicit) -> Self {
        let layer = path.sub("quantile_layer").sub("output_layer");
        let (n, output) = (implicit.cosines, path.sub("output_layer"));
        Self {
            implicit,
            hidden: Linear::new(&layer.sub(0), n, n),
            activate: Activate::new(&layer.sub(1), Activation::Prelu),
            gain: Linear::new(&layer.sub(2), n, 1),
            output: Linear::new(&output.sub(0), 1, 1),
            bend: Activate::new(&output.sub(1), Activation::Prelu),
        }
    }

    fn forward<'t>(&self, output: Var<'t>, asked: Asked, place: Place) -> Mapped<'t> {
        let (tape, shape) = (output.tape(), output.shape());
        let levels = match asked {
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
            // The same everywhere: once for all numbers.
            Asked::Quantile(q) => tape.constant([1], &[q]),
        };
        let forecast = self.at(output, levels);
        let own = matches!(asked, Asked::Drawn(_));
        Mapped { forecast, levels: own.then_some(levels) }
    }

    fn draw(&self, key: Key, index: u64) -> f32 {
        match self.implicit.concentration {
            [1.0, 1.0] => key.uniform(index),
            [c0, c1] => beta(key, index, [c1, c0]) as f32,
        }
    }

    /// The forecast at `levels`, one for each number of `output` or one for all.
    pub(crate) fn at<'t>(&self, output: Var<'t>, levels: Var<'t>) -> Var<'t> {
        let (tape, shape) = (output.tape(), output.shape());
        let cosines = self.cosines(tape, levels); // [levels, n]
        let hidden = self.activate.forward(self.hidden.forward(cosines));
        let gain = self.gain.forward(hidden) + tape.constant([1], &[1.0]); // [levels, 1]
        let bent = output.reshape([shape.size(), 1]) * gain; // [numbers, 1]
        self.bend.forward(self.output.forward(bent)).reshape(shape)
    }

    /// `cos(π·τ·k)` for each `k`, by `cos((k + 1)·x) = 2·cos(x)·cos(k·x) - cos((k - 1)·x)`.
    fn cosines<'t>(&self, tape: &'t Tape, levels: Var<'t>) -> Var<'t> {
        let n = self.implicit.cosines;
        tape.input([levels.shape().size(), n], |to| {
            for (row, q) in to.chunks_exact_mut(n).zip(&*levels.data()) {
                let step = (PI * f64::from(*q)).cos();
                let (mut now, mut next) = (1.0, step);
                for cosine in row {
                    *cosine = now as f32;
                    (now, next) = (next, 2.0 * step * next - now);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::losses::LossSpec;
    use crate::nn::Params;
    use crate::rng::Stream;

    fn head(args: serde_json::Value) -> (ImplicitQuantiles, Arc<Vec<f32>>) {
        let spec = LossSpec { kind: "IQLoss".into(), args: args.as_object().unwrap().clone() };
        let params = Params::default();
        let loss = Loss::new(&spec, 3, "loss").unwrap();
        let Head::Implicit(head) = Head::new(&params.root(), &loss) else { unreachable!() };
        let mut values = vec![0.0; params.size()];
        let entries = params.into_entries();
        entries.iter().enumerate().for_each(|(i, e)| e.initialize(i, 1, &mut values));
        (head, Arc::new(values))
    }

    #[test]
    fn cosines_are_cosines() {
        let (head, _) = head(serde_json::json!({ "cosEmbeddingDim": 128 }));
        let tape = Tape::default();
        let levels = [0.0, 0.013, 0.5, 0.77, 0.999, 1.0];
        let cosines = head.cosines(&tape, tape.constant([6], &levels));
        for (row, q) in cosines.data().chunks(128).zip(levels) {
            for (k, cosine) in row.iter().enumerate() {
                let expected = (PI * f64::from(q) * k as f64).cos() as f32;
                assert!((cosine - expected).abs() < 1e-7, "{k} of {q}: {cosine}, {expected}");
            }
        }
    }

    #[test]
    fn what_is_drawn_does_not_depend_on_shards_or_steps() {
        let (head, values) = head(serde_json::json!({ "concentration0": 2.0 }));
        let asked = Asked::Drawn(Key::new(1, Stream::Quantiles, 7));
        let drawn = |shape: [usize; 3], place: Place| {
            let tape = Tape::default();
            tape.reset(&values, None);
            let output = tape.constant(shape, &vec![1.0; shape.iter().product()]);
            head.forward(output, asked, place).levels.unwrap().data().to_vec()
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
        assert!(once.levels.is_none());
        assert_eq!(once.forecast.data()[..], each.data()[..]);
    }
}
