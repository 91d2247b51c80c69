//! 200 steps of every optimizer against `torch.optim`, and every length against the scalar code.
//!
//! PyTorch's numbers were made by, with `O = torch.optim` and the options named at each case:
//! `p = torch.tensor([1., -2, .5, 3, -.25], requires_grad=True); o = O.Adam([p], lr=.01)`
//! `for t in range(1, 201):`
//! `    g = p.detach() * torch.tensor([1., 2, .5, .25, 4]) + (t * 7 % 5 - 2) * .25; p.grad = g * scale; o.step()`

use super::*;
use crate::kernels::testing::{assert_close, each_isa, each_isa_and_length, numbers};
use crate::simd::{Isa, with_isa};

/// Parameters, gradients and three buffers of state; what an optimizer does with them at step `t`.
type Step<'a> = dyn Fn(u64, &mut [f32], &[f32], [&mut [f32]; 3]) + 'a;

fn adam(options: AdamStep, scale: f32) -> impl Fn(u64, &mut [f32], &[f32], [&mut [f32]; 3]) {
    move |t, p, g, [m, v, _]| super::adam(p, g, m, v, &AdamStep { step: t, ..options }, scale)
}

fn sgd(options: SgdStep, scale: f32) -> impl Fn(u64, &mut [f32], &[f32], [&mut [f32]; 3]) {
    move |t, p, g, [buf, _, _]| super::sgd(p, g, buf, &SgdStep { first: t == 1, ..options }, scale)
}

fn rmsprop(options: RmspropStep, scale: f32) -> impl Fn(u64, &mut [f32], &[f32], [&mut [f32]; 3]) {
    move |_, p, g, [v, buf, avg]| super::rmsprop(p, g, v, buf, avg, &options, scale)
}

#[track_caller]
fn check(step: &Step, expected: [f64; 5]) {
    each_isa(|_| {
        let mut p = [1.0, -2.0, 0.5, 3.0, -0.25];
        let [mut a, mut b, mut c] = [[0.0; 5]; 3];
        for t in 1..=200 {
            let mut g = p;
            for (g, factor) in g.iter_mut().zip([1.0, 2.0, 0.5, 0.25, 4.0]) {
                *g = *g * factor + ((t * 7 % 5) as f32 - 2.0) * 0.25;
            }
            step(t, &mut p, &g, [&mut a, &mut b, &mut c]);
        }
        assert_close(&p, &expected, 5e-6);
    });
    each_isa_and_length(|n| {
        let run = || {
            let (mut p, g) = (numbers(n, 1), numbers(n, 2));
            let [mut a, mut b, mut c] = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
            for t in 1..=3 {
                step(t, &mut p, &g, [&mut a, &mut b, &mut c]);
            }
            [p, a, b, c].concat()
        };
        let scalar: Vec<f64> = with_isa(Isa::Scalar, run).into_iter().map(f64::from).collect();
        assert_close(&run(), &scalar, 2e-6);
    });
}

#[test]
fn adam_equals_torch() {
    check(
        &adam(AdamStep { lr: 0.01, ..AdamStep::default() }, 1.0),
        [0.039640754, -0.50132954, 0.024783527, 1.48639, 4.5033114e-05],
    );
    check(
        &adam(AdamStep { lr: 0.01, weight_decay: 0.1, ..AdamStep::default() }, 1.0),
        [0.035495285, -0.50082195, 0.013438212, 1.4119647, 4.5681081e-05],
    );
    check(
        &adam(
            AdamStep { lr: 0.01, beta1: 0.8, beta2: 0.99, eps: 1e-6, ..AdamStep::default() },
            0.5,
        ),
        [0.040549695, -0.47576213, 0.030818187, 1.4770217, 0.00019377086],
    );
    check(
        &adam(
            AdamStep { lr: 0.01, weight_decay: 0.1, decoupled: true, ..AdamStep::default() },
            1.0,
        ),
        [0.02808002, -0.37706894, 0.019268686, 1.1772318, 4.572887e-05],
    );
}

#[test]
fn sgd_equals_torch() {
    check(
        &sgd(SgdStep { lr: 0.01, ..SgdStep::default() }, 1.0),
        [0.13616641, -0.032670382, 0.18506937, 1.819441, 0.0025296728],
    );
    check(
        &sgd(SgdStep { lr: 0.01, momentum: 0.9, weight_decay: 0.1, ..SgdStep::default() }, 1.0),
        [0.00019375865, 0.00021207168, 0.00017141982, 0.00021258263, 0.00018028278],
    );
    check(
        &sgd(SgdStep { lr: 0.01, momentum: 0.9, dampening: 0.5, ..SgdStep::default() }, 0.25),
        [0.06389007, -0.00143012, 0.1388523, 1.6161616, 2.9718965e-05],
    );
    check(
        &sgd(SgdStep { lr: 0.01, momentum: 0.9, nesterov: true, ..SgdStep::default() }, 1.0),
        [0.0026997002, 0.0027615125, 0.002669174, 0.0059978375, 0.0028892951],
    );
}

#[test]
fn rmsprop_equals_torch() {
    check(
        &rmsprop(RmspropStep::default(), 1.0),
        [0.0096114529, -0.08611834, 0.013353585, 0.87349862, 0.0078198137],
    );
    check(
        &rmsprop(
            RmspropStep { lr: 0.001, weight_decay: 0.1, momentum: 0.9, ..RmspropStep::default() },
            0.5,
        ),
        [-3.7943013e-05, -0.093856201, -0.00036382722, 0.72591263, 2.1686026e-05],
    );
    check(
        &rmsprop(
            RmspropStep {
                lr: 0.001,
                centered: true,
                alpha: 0.9,
                eps: 1e-6,
                ..RmspropStep::default()
            },
            1.0,
        ),
        [0.58097959, -0.80792677, 0.37158442, 2.6114378, -0.027716486],
    );
}

#[test]
fn unused_state_may_be_empty() {
    let (mut p, mut v) = ([1.0; 3], [0.0; 3]);
    super::sgd(&mut p, &[1.0; 3], &mut [], &SgdStep { lr: 0.5, ..SgdStep::default() }, 1.0);
    assert_eq!(p, [0.5; 3]);
    super::rmsprop(&mut p, &[1.0; 3], &mut v, &mut [], &mut [], &RmspropStep::default(), 1.0);
    assert_close(&p, &[0.4; 3], 1e-6);
}

#[test]
#[should_panic(expected = "momentum_buf has 0 values for 3 parameters")]
fn state_in_use_must_be_there() {
    super::sgd(
        &mut [1.0; 3],
        &[1.0; 3],
        &mut [],
        &SgdStep { momentum: 0.9, ..SgdStep::default() },
        1.0,
    );
}
