//! Loss scaling in mixed precision, so that 16-bit gradients neither underflow nor overflow.

use serde::{Deserialize, Serialize};

use crate::models::Precision;

/// Finite steps after which the scale grows again, and the limits of the scale. As in `torch.amp.GradScaler`.
const GROWTH_STEPS: u32 = 2000;
const FIRST_SCALE: f64 = 65536.0;
const SCALES: [f64; 2] = [1.0 / 65536.0, 16_777_216.0];

/// The factor of the loss before the backward pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossScale {
    /// A power of two.
    pub(crate) scale: f64,
    /// Finite steps since it changed.
    finite: u32,
}

impl LossScale {
    pub(crate) fn new(precision: Precision) -> Self {
        let scale = if precision == Precision::F16 { FIRST_SCALE } else { 1.0 };
        Self { scale, finite: 0 }
    }

    /// Whether the values are valid; those read from a file may not be.
    pub(crate) fn is_possible(&self) -> bool {
        (SCALES[0]..=SCALES[1]).contains(&self.scale)
    }

    /// Called after a step with finite gradients.
    pub(super) fn grow(&mut self, precision: Precision) {
        self.finite += u32::from(precision == Precision::F16);
        if self.finite >= GROWTH_STEPS {
            (self.scale, self.finite) = ((2.0 * self.scale).min(SCALES[1]), 0);
        }
    }

    /// Called after a step with non-finite gradients: halves the scale. Returns whether it is still in range; if not, the scale
    /// cannot be the cause.
    pub(super) fn back_off(&mut self) -> bool {
        (self.scale, self.finite) = (0.5 * self.scale, 0);
        self.scale >= SCALES[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_halved_at_once_and_doubled_after_2000_steps() {
        let mut s = LossScale::new(Precision::F16);
        assert!(s.back_off() && s.scale == 32768.0);
        (0..1999).for_each(|_| s.grow(Precision::F16));
        assert_eq!(s.scale, 32768.0);
        s.grow(Precision::F16);
        assert_eq!(s.scale, 65536.0);
        let halvings = (0..).take_while(|_| s.back_off()).count();
        assert_eq!(halvings, 32);
    }
}
