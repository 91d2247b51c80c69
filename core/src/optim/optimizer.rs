//! Optimizers: Adam, AdamW, SGD and RMSprop, equal to torch.optim. A step is one pass over flat buffers.

use serde_json::{Map, Value, json};

use crate::interrupt::look;
use crate::kernels::optimizer::{AdamStep, RmspropStep, SgdStep, adam, rmsprop, sgd};
use crate::options::{OptionValue, choices, options};
use crate::{Error, Result, memory};

choices! {
    /// The kinds of optimizer.
    pub enum OptimizerKind {
        /// Kingma & Ba 2015, with weight decay added to the gradient.
        Adam = "Adam",
        /// Loshchilov & Hutter 2019: Adam with decoupled weight decay.
        AdamW = "AdamW",
        /// Stochastic gradient descent, optionally with momentum or Nesterov momentum.
        Sgd = "SGD",
        /// Tieleman & Hinton 2012.
        Rmsprop = "RMSprop",
    }
}

options! {
    /// An optimizer and its settings; the learning rate is the model's option `learningRate`.
    pub struct Optimizer {
        /// The kind.
        pub kind: OptimizerKind = OptimizerKind::Adam,
        /// Weight decay; 0.01 by default for AdamW, else 0.
        pub weight_decay: Option<f64> = None,
        /// Momentum of SGD and RMSprop; 0 by default.
        pub momentum: Option<f64> = None,
        /// Whether SGD uses Nesterov momentum, which needs a momentum > 0 and no dampening; false by default.
        pub nesterov: Option<bool> = None,
        /// Dampening of SGD's momentum; 0 by default.
        pub dampening: Option<f64> = None,
        /// Decay rates of the two moments of Adam and AdamW; 0.9 and 0.999 by default.
        pub betas: Option<Vec<f64>> = None,
        /// Decay rate of RMSprop's mean square; 0.99 by default.
        pub alpha: Option<f64> = None,
        /// Whether RMSprop divides by the estimated standard deviation instead of the root mean square; false by default.
        pub centered: Option<bool> = None,
        /// Added to the denominators of Adam, AdamW and RMSprop; 1e-8 by default.
        pub eps: Option<f64> = None,
    }
}

impl Optimizer {
    /// The settings that a kind accepts.
    fn settings(kind: OptimizerKind) -> &'static [&'static str] {
        match kind {
            OptimizerKind::Adam | OptimizerKind::AdamW => &["weightDecay", "betas", "eps"],
            OptimizerKind::Sgd => &["weightDecay", "momentum", "nesterov", "dampening"],
            OptimizerKind::Rmsprop => &["weightDecay", "momentum", "alpha", "centered", "eps"],
        }
    }

    /// The settings that were given.
    fn given(&self) -> Map<String, Value> {
        crate::options::Options::to_json(self).into_iter().filter(|(_, v)| !v.is_null()).collect()
    }

    /// Refuses settings that the kind does not accept, and values out of range.
    pub fn check(&self) -> Result<()> {
        let kind = self.kind.name();
        let takes = Self::settings(self.kind);
        if let Some(name) =
            self.given().keys().find(|n| *n != "kind" && !takes.contains(&n.as_str()))
        {
            let known: Vec<String> = takes.iter().map(ToString::to_string).collect();
            return Err(crate::options::unknown_option(
                &format!("optimizer {kind}"),
                name,
                &known,
                &[],
            ));
        }
        let at_least_zero = [
            ("weightDecay", self.weight_decay),
            ("momentum", self.momentum),
            ("eps", self.eps),
            ("alpha", self.alpha),
        ];
        if let Some((name, Some(value))) =
            at_least_zero.into_iter().find(|(_, v)| v.is_some_and(|v| v < 0.0))
        {
            return Err(Error::option(&format!("optimizer.{name}"), "a number ≥ 0", value));
        }
        let below_one = |b: &f64| (0.0..1.0).contains(b);
        if self.betas.as_ref().is_some_and(|b| b.len() != 2 || !b.iter().all(below_one)) {
            return Err(Error::option(
                "optimizer.betas",
                "two numbers from 0 to below 1",
                self.betas.clone(),
            ));
        }
        if self.nesterov == Some(true)
            && (self.momentum.unwrap_or(0.0) <= 0.0 || self.dampening.unwrap_or(0.0) != 0.0)
        {
            return Err(Error::option(
                "optimizer.nesterov",
                "used with a momentum > 0 and no dampening",
                true,
            ));
        }
        Ok(())
    }
}

impl OptionValue for Optimizer {
    fn expected() -> String {
        format!(
            "an optimizer such as {{ kind: 'AdamW', weightDecay: 0.01 }}, kind {}",
            OptimizerKind::expected()
        )
    }
    fn ts() -> String {
        "Optimizer".into()
    }
    fn read(value: &Value) -> Option<Self> {
        let mut optimizer = Self::default();
        let given = value.as_object().filter(|o| o.contains_key("kind"))?;
        for (name, value) in given {
            let known = crate::options::Options::set(&mut optimizer, name, value).ok()?;
            if !known {
                return None;
            }
        }
        Some(optimizer)
    }
    fn write(&self) -> Value {
        json!(self.given())
    }
    fn fault(_: &str, value: &Value) -> Option<Error> {
        crate::options::read_nested::<Self>("optimizer", value).err()
    }
}

/// The values of an optimizer step that the training step sets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Learning rate.
    pub(crate) lr: f64,
    /// Momentum, or beta1 for Adam and AdamW, if a schedule sets it.
    pub(crate) momentum: Option<f64>,
    /// The factor of the gradients, applied first.
    pub(crate) grad_scale: f32,
}

/// The optimizer state: up to three buffers with one number per parameter, and the number of steps taken.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OptimizerState {
    pub(crate) memory: [Vec<f32>; 3],
    pub(crate) steps: u64,
}

impl OptimizerState {
    /// The state before the first step, with buffers of these sizes.
    pub(crate) fn new(sizes: [usize; 3]) -> Self {
        Self { memory: sizes.map(memory::list), steps: 0 }
    }

    /// The size of each buffer for `size` parameters; 0 for unused ones. `has_momentum` says whether a schedule sets momentum,
    /// even if the optimizer's settings have none.
    pub(crate) fn sizes(settings: &Optimizer, has_momentum: bool, size: usize) -> [usize; 3] {
        let momentum = has_momentum || settings.momentum.unwrap_or(0.0) > 0.0;
        let used = match settings.kind {
            OptimizerKind::Adam | OptimizerKind::AdamW => [true, true, false],
            OptimizerKind::Sgd => [momentum, false, false],
            OptimizerKind::Rmsprop => [true, momentum, settings.centered == Some(true)],
        };
        used.map(|used| if used { size } else { 0 })
    }

    /// Updates the parameters by one step.
    pub(crate) fn step(&mut self, o: &Optimizer, values: &mut [f32], grads: &[f32], pace: Pace) {
        self.steps += 1;
        let Pace { lr, grad_scale, .. } = pace;
        let decay = o.weight_decay.unwrap_or(0.0);
        let eps = o.eps.unwrap_or(1e-8);
        let momentum = pace.momentum.or(o.momentum).unwrap_or(0.0);
        let [first, second, third] = &mut self.memory;
        let parts = [values, first, second, third];
        match o.kind {
            OptimizerKind::Adam | OptimizerKind::AdamW => {
                let decoupled = o.kind == OptimizerKind::AdamW;
                let betas = o.betas.as_deref().unwrap_or(&[0.9, 0.999]);
                let decay = o.weight_decay.unwrap_or(if decoupled { 0.01 } else { 0.0 });
                let step = AdamStep {
                    lr,
                    beta1: pace.momentum.unwrap_or(betas[0]),
                    beta2: betas[1],
                    eps,
                    weight_decay: decay,
                    decoupled,
                    step: self.steps,
                };
                in_chunks(parts, grads, &|[p, m, v, _], g| adam(p, g, m, v, &step, grad_scale));
            }
            OptimizerKind::Sgd => {
                let step = SgdStep {
                    lr,
                    momentum,
                    dampening: o.dampening.unwrap_or(0.0),
                    weight_decay: decay,
                    nesterov: o.nesterov.unwrap_or(false),
                    first: self.steps == 1,
                };
                in_chunks(parts, grads, &|[p, m, ..], g| sgd(p, g, m, &step, grad_scale));
            }
            OptimizerKind::Rmsprop => {
                let step = RmspropStep {
                    lr,
                    alpha: o.alpha.unwrap_or(0.99),
                    eps,
                    weight_decay: decay,
                    momentum,
                    centered: o.centered.unwrap_or(false),
                };
                in_chunks(parts, grads, &|[p, v, buf, avg], g| {
                    rmsprop(p, g, v, buf, avg, &step, grad_scale);
                });
            }
        }
    }
}

/// The largest number of parameters that is not split among threads.
const CHUNK: usize = 1 << 16;

/// Updates parameters and state in parallel chunks; unused state buffers are empty.
///
/// The update is elementwise, so neither chunks nor threads change the result.
fn in_chunks<F>(parts: [&mut [f32]; 4], grads: &[f32], update: &F)
where
    F: Fn([&mut [f32]; 4], &[f32]) + Sync,
{
    look();
    if grads.len() <= CHUNK {
        return update(parts, grads);
    }
    let middle = (grads.len() / 2).next_multiple_of(16);
    let mut right: [&mut [f32]; 4] = Default::default();
    let mut left: [&mut [f32]; 4] = Default::default();
    for ((part, left), right) in parts.into_iter().zip(&mut left).zip(&mut right) {
        let at = middle.min(part.len());
        (*left, *right) = part.split_at_mut(at);
    }
    crate::runtime::join(
        || in_chunks(left, &grads[..middle], update),
        || in_chunks(right, &grads[middle..], update),
    );
}
