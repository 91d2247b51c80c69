//! Optimizer steps equal to `torch.optim`, each one pass over flat parameter, gradient and state buffers.
//!
//! Constants are computed in f64 and rounded once, as PyTorch does. `grad_scale` multiplies the gradient
//! first: the factor of gradient clipping, or 1.

/// One step of Adam or AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate. Default 0.001.
    pub lr: f64,
    /// Decay of the mean of gradients. Default 0.9.
    pub beta1: f64,
    /// Decay of the mean of squared gradients. Default 0.999.
    pub beta2: f64,
    /// Added to the denominator. Default 1e-8.
    pub eps: f64,
    /// Weight decay. Default 0; `torch.optim.AdamW` has 0.01.
    pub weight_decay: f64,
    /// Whether weight decay shrinks the parameters (AdamW) or is added to the gradient (Adam). Default false.
    pub decoupled: bool,
    /// Number of this step, from 1.
    pub step: u64,
}

impl Default for AdamStep {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            weight_decay: 0.0,
            decoupled: false,
            step: 1,
        }
    }
}

/// One step of stochastic gradient descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdStep {
    /// Learning rate. Default 0.001.
    pub lr: f64,
    /// Decay of the velocity; 0 has none. Default 0.
    pub momentum: f64,
    /// The fraction of the gradient that is not added to the velocity. Default 0.
    pub dampening: f64,
    /// Weight decay, added to the gradient. Default 0.
    pub weight_decay: f64,
    /// Nesterov momentum. Default false.
    pub nesterov: bool,
    /// Whether this is the first step, which sets the velocity to the gradient. Default true.
    pub first: bool,
}

impl Default for SgdStep {
    fn default() -> Self {
        Self {
            lr: 1e-3,
            momentum: 0.0,
            dampening: 0.0,
            weight_decay: 0.0,
            nesterov: false,
            first: true,
        }
    }
}

/// One step of RMSprop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmspropStep {
    /// Learning rate. Default 0.01.
    pub lr: f64,
    /// Decay of the mean of squared gradients. Default 0.99.
    pub alpha: f64,
    /// Added to the denominator. Default 1e-8.
    pub eps: f64,
    /// Weight decay, added to the gradient. Default 0.
    pub weight_decay: f64,
    /// Decay of the velocity; 0 has none. Default 0.
    pub momentum: f64,
    /// Divides by the variance instead of the mean square. Default false.
    pub centered: bool,
}

impl Default for RmspropStep {
    fn default() -> Self {
        Self { lr: 1e-2, alpha: 0.99, eps: 1e-8, weight_decay: 0.0, momentum: 0.0, centered: false }
    }
}

/// Checks that a state buffer has the right length. It may be empty if it is not used.
#[track_caller]
fn check_state(name: &str, state: usize, used: bool, n: usize) {
    assert!(state == n || (!used && state == 0), "{name} has {state} values for {n} parameters");
}

simd_fn! {
    /// Adam (Kingma and Ba 2014) and AdamW: updates `p`, the mean `m` and the mean square `v` of gradients.
    pub fn adam(s, p: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], step: &AdamStep, grad_scale: f32) {
        let n = p.len();
        assert_eq!([g.len(), m.len(), v.len()], [n; 3], "buffers of the optimizer differ in length");
        let exponent = step.step as f64;
        let correction1 = 1.0 - step.beta1.powf(exponent);
        let correction2 = 1.0 - step.beta2.powf(exponent);
        let (joined, shrink) =
            if step.decoupled { (0.0, 1.0 - step.lr * step.weight_decay) } else { (step.weight_decay, 1.0) };
        let splat = |x: f64| s.splat(x as f32);
        let (joined, shrink) = (splat(joined), splat(shrink));
        let (rest1, beta2, rest2) = (splat(1.0 - step.beta1), splat(step.beta2), splat(1.0 - step.beta2));
        let (root, eps, rate) = (splat(correction2.sqrt()), splat(step.eps), splat(step.lr / correction1));
        let grad_scale = s.splat(grad_scale);
        for at in (0..n).step_by(S::LANES) {
            let p0 = s.mul(shrink, s.load_at(p, at));
            let g = s.mul_add(joined, p0, s.mul(grad_scale, s.load_at(g, at)));
            let m0 = s.load_at(m, at);
            let m1 = s.mul_add(rest1, s.sub(g, m0), m0);
            let v1 = s.mul_add(s.mul(rest2, g), g, s.mul(beta2, s.load_at(v, at)));
            let denominator = s.add(s.div(s.sqrt(v1), root), eps);
            s.store_at(m1, m, at);
            s.store_at(v1, v, at);
            s.store_at(s.neg_mul_add(rate, s.div(m1, denominator), p0), p, at);
        }
    }
}

simd_fn! {
    /// Stochastic gradient descent: updates `p`, and `momentum_buf`, which may be empty without momentum.
    pub fn sgd(s, p: &mut [f32], g: &[f32], momentum_buf: &mut [f32], step: &SgdStep, grad_scale: f32) {
        let n = p.len();
        assert_eq!(g.len(), n, "buffers of the optimizer differ in length");
        let has_momentum = step.momentum != 0.0;
        check_state("momentum_buf", momentum_buf.len(), has_momentum, n);
        // The first velocity is the gradient itself.
        let (old, new) = if step.first { (0.0, 1.0) } else { (step.momentum, 1.0 - step.dampening) };
        let (old, new) = (s.splat(old as f32), s.splat(new as f32));
        let (momentum, decay) = (s.splat(step.momentum as f32), s.splat(step.weight_decay as f32));
        let (lr, grad_scale) = (s.splat(step.lr as f32), s.splat(grad_scale));
        for at in (0..n).step_by(S::LANES) {
            let p0 = s.load_at(p, at);
            let mut g = s.mul_add(decay, p0, s.mul(grad_scale, s.load_at(g, at)));
            if has_momentum {
                let before = if step.first { s.zero() } else { s.load_at(momentum_buf, at) };
                let velocity = s.mul_add(old, before, s.mul(new, g));
                s.store_at(velocity, momentum_buf, at);
                g = if step.nesterov { s.mul_add(momentum, velocity, g) } else { velocity };
            }
            s.store_at(s.neg_mul_add(lr, g, p0), p, at);
        }
    }
}

simd_fn! {
    /// RMSprop: updates `p`, the mean square `v`, the velocity `buf` and the mean `avg` of gradients.
    /// `buf` may be empty without momentum, `avg` unless centered.
    pub fn rmsprop(
        s,
        p: &mut [f32],
        g: &[f32],
        v: &mut [f32],
        buf: &mut [f32],
        avg: &mut [f32],
        step: &RmspropStep,
        grad_scale: f32,
    ) {
        let n = p.len();
        assert_eq!([g.len(), v.len()], [n; 2], "buffers of the optimizer differ in length");
        let has_momentum = step.momentum != 0.0;
        check_state("buf", buf.len(), has_momentum, n);
        check_state("avg", avg.len(), step.centered, n);
        let (alpha, rest) = (s.splat(step.alpha as f32), s.splat((1.0 - step.alpha) as f32));
        let (momentum, decay) = (s.splat(step.momentum as f32), s.splat(step.weight_decay as f32));
        let (lr, eps, grad_scale) = (s.splat(step.lr as f32), s.splat(step.eps as f32), s.splat(grad_scale));
        for at in (0..n).step_by(S::LANES) {
            let p0 = s.load_at(p, at);
            let g = s.mul_add(decay, p0, s.mul(grad_scale, s.load_at(g, at)));
            let v1 = s.mul_add(s.mul(rest, g), g, s.mul(alpha, s.load_at(v, at)));
            s.store_at(v1, v, at);
            let mut spread = v1;
            if step.centered {
                let mean = s.load_at(avg, at);
                let mean = s.mul_add(rest, s.sub(g, mean), mean);
                s.store_at(mean, avg, at);
                spread = s.neg_mul_add(mean, mean, v1);
            }
            let mut change = s.div(g, s.add(s.sqrt(spread), eps));
            if has_momentum {
                change = s.mul_add(momentum, s.load_at(buf, at), change);
                s.store_at(change, buf, at);
            }
            s.store_at(s.neg_mul_add(lr, change, p0), p, at);
        }
    }
}

#[cfg(test)]
#[path = "optimizer_tests.rs"]
mod tests;
