//! Optimizers: Adam, AdamW, SGD, RMSprop; each step one pass over flat buffers. As torch.optim.

use serde_json::{Map, Value, json};

use crate::interrupt::look;
use crate::kernels::optimizer::{AdamStep, RmspropStep, SgdStep, adam, rmsprop, sgd};
use crate::options::{OptionValue, choices, options};
use crate::{Error, Result, memory};

choices! {
    /// The optimizers there are.
    pub enum OptimizerKind {
        /// Kingma & Ba 2015; weight decay is added to the gradient.
        Adam = "Adam",
        /// Loshchilov & Hutter 2019; weight decay apart from the gradient.
        AdamW = "AdamW",
        /// Gradient descent, with momentum or Nesterov's.
        Sgd = "SGD",
        /// Tieleman & Hinton 2012.
        Rmsprop = "RMSprop",
    }
}

options! {
    /// An optimizer and its settings; the learning rate is the model's.
    pub struct Optimizer {
        /// Which one.
        pub kind: OptimizerKind = OptimizerKind::Adam,
        /// Pull of the weights towards zero; 0.01 by default for AdamW, else 0.
        pub weight_decay: Option<f64> = None,
        /// Momentum of SGD and RMSprop.
        pub momentum: Option<f64> = None,
        /// Nesterov's momentum, for SGD.
        pub nesterov: Option<bool> = None,
        /// Dampening of SGD's momentum.
        pub dampening: Option<f64> = None,
        /// Decay of the two moments of Adam and AdamW; 0.9 and 0.999 by default.
        pub betas: Option<Vec<f64>> = None,
        /// Decay of RMSprop's mean square; 0.99 by default.
        pub alpha: Option<f64> = None,
        /// Whether RMSprop subtracts the mean gradient.
        pub centered: Option<bool> = None,
        /// Keeps divisions away from zero; 1e-8 by default.
        pub eps: Option<f64> = None,
    }
}

impl Optimizer {
    /// The settings that each kind takes.
    fn settings(kind: OptimizerKind) -> &'static [&'static str] {
        match kind {
            OptimizerKind::Adam | OptimizerKind::AdamW => &["weightDecay", "betas", "eps"],
            OptimizerKind::Sgd => &["weightDecay", "momentum", "nesterov", "dampening"],
            OptimizerKind::Rmsprop => &["weightDecay", "momentum", "alpha", "centered", "eps"],
        }
    }

    /// Only what was given.
    fn given(&self) -> Map<String, Value> {
        crate::options::Options::to_json(self).into_iter().filter(|(_, v)| !v.is_null()).collect()
    }

    /// Refuses settings of another optimizer and values out of range.
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

/// What a step of training tells the optimizer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Learning rate.
    pub(crate) lr: f64,
    /// Momentum, or beta1 of Adam, where a schedule sets it.
    pub(crate) momentum: Option<f64>,
    /// Multiplies the gradients first.
    pub(crate) grad_scale: f32,
}

/// What an optimizer remembers of each parameter, and for how many steps it has.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OptimizerState {
    pub(crate) memory: [Vec<f32>; 3],
    pub(crate) steps: u64,
}

impl OptimizerState {
    /// Before the first step.
    pub(crate) fn new(sizes: [usize; 3]) -> Self {
        Self { memory: sizes.map(memory::list), steps: 0 }
    }

    /// Numbers in each memory for `size` parameters. A schedule may bring momentum to an optimizer that has none.
    pub(crate) fn sizes(settings: &Optimizer, has_momentum: bool, size: usize) -> [usize; 3] {
        let momentum = has_momentum || settings.momentum.unwrap_or(0.0) > 0.0;
        let used = match settings.kind {
            OptimizerKind::Adam | OptimizerKind::AdamW => [true, true, false],
            OptimizerKind::Sgd => [momentum, false, false],
            OptimizerKind::Rmsprop => [true, momentum, settings.centered == Some(true)],
        };
        used.map(|used| if used { size } else { 0 })
    }

    /// Moves the parameters against their gradients.
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

/// Numbers that one thread updates at a time.
const CHUNK: usize = 1 << 16;

/// Updates parameters and what is remembered of them chunk by chunk, in parallel; memory that is not used is empty.
///
/// Every number is updated by itself, so neither chunks nor threads change the result.
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
