//! Mixed precision: weights, sums and the optimizer in f32, activations in 16 bits. Micikevicius et al. 2018,
//! <https://arxiv.org/abs/1710.03740>. Upstream: Lightning's `precision`.

use crate::options::choices;
use crate::tape::Half;

choices! {
    /// Number format of activations during training. Weights and forecasts are f32.
    pub enum Precision {
        /// f32.
        F32 = "f32",
        /// bfloat16, multiplied natively where the processor can.
        Bf16 = "bf16",
        /// IEEE binary16, with loss scaling so that gradients neither underflow nor overflow.
        F16 = "fp16",
    }
}

impl Precision {
    pub(crate) fn half(self) -> Option<Half> {
        match self {
            Self::F32 => None,
            Self::Bf16 => Some(Half::Bf16),
            Self::F16 => Some(Half::F16),
        }
    }
}
