//! Elementwise functions of one number, and of two with broadcasting.

use super::{Done, Step};

/// `Φ(x)`, by a series whose terms have the same sign.
fn normal_cdf(x: f64) -> f64 {
    if x.abs() > 12.0 {
        return f64::from(u8::from(x > 0.0));
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..400 {
        term *= x * x / f64::from(2 * n + 1);
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

fn softplus(x: f64) -> f64 {
    if x > 20.0 { x } else { x.exp().ln_1p() }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn elu(x: f64) -> f64 {
    if x > 0.0 { x } else { x.exp_m1() }
}

/// The function of one number of this name.
pub(super) fn of_one(kind: &str) -> Option<fn(f64) -> f64> {
    Some(match kind {
        "relu" => |x| x.max(0.0),
        "leaky_relu" => |x| if x > 0.0 { x } else { 0.01 * x },
        "elu" => elu,
        "selu" => |x| {
            let negative = 1.673_263_242_354_377_2 * x.min(0.0).exp_m1();
            1.050_700_987_355_480_5 * if x > 0.0 { x } else { negative }
        },
        "gelu" => |x| x * normal_cdf(x),
        "gelu_tanh" => |x| x * sigmoid(1.595_769_121_605_730_7 * (x + 0.044_715 * x.powi(3))),
        "silu" => |x| x * sigmoid(x),
        "mish" => |x| x * softplus(x).tanh(),
        "softplus" => softplus,
        "sigmoid" => sigmoid,
        "tanh" => f64::tanh,
        "softsign" => |x| x / (1.0 + x.abs()),
        "log_sigmoid" => |x| x.min(0.0) - (-x.abs()).exp().ln_1p(),
        "hardshrink" => |x| if x.abs() > 0.5 { x } else { 0.0 },
        "softshrink" => |x| x.signum() * (x.abs() - 0.5).max(0.0),
        "hardtanh" => |x| x.clamp(-1.0, 1.0),
        "hardswish" => |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        "exp" => f64::exp,
        "log" => f64::ln,
        "sqrt" => f64::sqrt,
        "abs" => f64::abs,
        "square" => |x| x * x,
        "neg" => |x| -x,
        _ => return None,
    })
}

/// The function of two numbers of this name.
pub(super) fn of_two(kind: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match kind {
        "add" => |a, b| a + b,
        "sub" => |a, b| a - b,
        "mul" => |a, b| a * b,
        "div" => |a, b| a / b,
        _ => return None,
    })
}

impl Step<'_> {
    /// `f` of two inputs, as NumPy broadcasts them.
    pub(super) fn broadcast(&self, f: fn(f64, f64) -> f64) -> Done {
        let inputs = [self.x(0)?, self.x(1)?];
        let at = |flat: usize| {
            let [a, b] = inputs.map(|input| {
                let (mut flat, mut stride, mut at) = (flat, 1, 0);
                // From the last axis on. An input does not move along axes that it lacks or that have size 1.
                let sizes = input.shape.iter().rev().copied().chain(std::iter::repeat(1));
                for (out, size) in self.shape.iter().rev().zip(sizes) {
                    at += flat % out * if size == 1 { 0 } else { stride };
                    (flat, stride) = (flat / out, stride * size);
                }
                input.data[at]
            });
            f(a, b)
        };
        Ok((0..self.len()).map(at).collect())
    }

    /// Operations with a number as attribute, constants, and the sum.
    pub(super) fn simple(&self) -> Done {
        let each = |f: &dyn Fn(f64) -> f64| -> Done {
            Ok(self.x(0)?.data.iter().map(|x| f(*x)).collect())
        };
        match &*self.operation.kind {
            "scale" => self.number("factor").and_then(|factor| each(&|x| factor * x)),
            "add_scalar" => self.number("number").and_then(|number| each(&|x| x + number)),
            "clamp" => {
                let limit = |name, none| if self.has(name) { self.number(name) } else { Ok(none) };
                let (low, high) = (limit("low", f64::MIN)?, limit("high", f64::MAX)?);
                each(&|x| x.max(low).min(high))
            }
            "prelu" => {
                let w = self.x(1)?.data[0];
                each(&|x| if x > 0.0 { x } else { w * x })
            }
            "fill" => Ok(vec![self.number("number")?; self.len()]),
            "constant" => Ok(self.numbers("numbers")?.to_vec()),
            _ => Ok(vec![self.x(0)?.data.iter().sum()]),
        }
    }
}
