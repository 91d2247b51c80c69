//! Stochastic pooling: each channel of a window is that of one of its variables, drawn by the softmax over the variables.
//!
//! Han et al. 2024, <https://arxiv.org/abs/2404.14197>, section 3.2. The choice has no derivative: a gradient goes to the
//! number that was chosen.

use super::Compute;
use super::math::exp;
use super::matmul::Mode;
use super::parallel::par_rows;
use super::random::uniforms;
use crate::rng::Key;

/// Threads share the work in pieces of at least so many windows.
const SHARED_WINDOWS: usize = 32;

/// Draws a variable for each channel of `x` `[B, N, C]`, where `[N, C]` are the sizes of a window: `chosen` and `y` are
/// `[B, C]`. It is the first variable `n` with `Σ_{m ≤ n} exp(x[b, m, c]) > u Σ_m exp(x[b, m, c])`, where `u` is number
/// `first + b·C + c` of the key.
pub fn stochastic_pool(
    compute: Compute,
    (key, first): (Key, u64),
    x: &[f32],
    [variables, channels]: [usize; 2],
    chosen: &mut [f32],
    y: &mut [f32],
) {
    assert!(x.len() == y.len() * variables && chosen.len() == y.len(), "a channel of each window");
    let windows = |at: usize, [chosen, y]: [&mut [f32]; 2]| {
        uniforms(key, first + (at * channels) as u64, chosen);
        let x = &x[at * variables * channels..][..y.len() * variables];
        of_windows(x, [variables, channels], chosen, y);
    };
    par_rows(compute, [chosen, y], [channels; 2], SHARED_WINDOWS, &windows);
}

/// The gradient of [`stochastic_pool`]: `dx` is `g` at the chosen numbers, and 0 elsewhere.
pub fn stochastic_pool_grad(
    compute: Compute,
    [g, chosen]: [&[f32]; 2],
    [variables, channels]: [usize; 2],
    dx: &mut [f32],
    mode: Mode,
) {
    assert!(dx.len() == g.len() * variables && chosen.len() == g.len(), "a channel of each window");
    let windows = |at: usize, [dx]: [&mut [f32]; 1]| {
        let part = at * channels..at * channels + dx.len() / variables.max(1);
        grad_of_windows([&g[part.clone()], &chosen[part]], [variables, channels], dx, mode);
    };
    par_rows(compute, [dx], [variables * channels], SHARED_WINDOWS, &windows);
}

simd_fn! {
    /// `chosen` holds the random numbers at first.
    fn of_windows(s, x: &[f32], sizes: [usize; 2], chosen: &mut [f32], y: &mut [f32]) {
        let [variables, channels] = sizes;
        let one = s.splat(1.0);
        let results = chosen.chunks_exact_mut(channels.max(1)).zip(y.chunks_exact_mut(channels.max(1)));
        for (x, (chosen, y)) in x.chunks_exact((variables * channels).max(1)).zip(results) {
            for at in (0..channels).step_by(S::LANES) {
                let columns = at..channels.min(at + S::LANES);
                let mut largest = s.splat(f32::NEG_INFINITY);
                for x in x.chunks_exact(channels) {
                    largest = s.max(s.load_at(&x[columns.clone()], 0), largest);
                }
                let mut sum = s.zero();
                for x in x.chunks_exact(channels) {
                    sum = s.add(sum, exp(s, s.sub(s.load_at(&x[columns.clone()], 0), largest)));
                }
                let mark = s.mul(s.load_at(&chosen[columns.clone()], 0), sum);
                // A variable is passed as long as the sum up to it is at most the mark; the last one is not.
                let mut value = s.load_at(&x[columns.clone()], 0);
                let (mut index, mut before) = (s.zero(), s.zero());
                let following = x.chunks_exact(channels).skip(1);
                for (x, next) in x.chunks_exact(channels).zip(following) {
                    before = s.add(before, exp(s, s.sub(s.load_at(&x[columns.clone()], 0), largest)));
                    let passed = s.le(before, mark);
                    value = s.select(passed, s.load_at(&next[columns.clone()], 0), value);
                    index = s.add(index, s.select(passed, one, s.zero()));
                }
                s.store_at(index, &mut chosen[columns.clone()], 0);
                s.store_at(value, &mut y[columns], 0);
            }
        }
    }
}

simd_fn! {
    fn grad_of_windows(s, given: [&[f32]; 2], sizes: [usize; 2], dx: &mut [f32], mode: Mode) {
        let [variables, channels] = sizes;
        let [g, chosen] = given.map(|list| list.chunks_exact(channels.max(1)));
        for ((g, chosen), dx) in g.zip(chosen).zip(dx.chunks_exact_mut((variables * channels).max(1))) {
            for (n, dx) in dx.chunks_exact_mut(channels).enumerate() {
                let n = s.splat(n as f32);
                for at in (0..channels).step_by(S::LANES) {
                    let is_chosen = s.eq(s.load_at(chosen, at), n);
                    let mut grad = s.select(is_chosen, s.load_at(g, at), s.zero());
                    if mode == Mode::Add {
                        grad = s.add(grad, s.load_at(dx, at));
                    }
                    s.store_at(grad, dx, at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, each_isa_and_length, numbers};
    use crate::rng::Stream;

    #[test]
    fn choices_values_and_gradients_equal_their_definitions() {
        let (windows, variables) = (3, 5);
        let key = Key::new(1, Stream::Pooling, 2);
        each_isa_and_length(|n| {
            let sizes = [variables, n];
            let (x, g) = (numbers(windows * variables * n, 1), numbers(windows * n, 2));
            let (mut chosen, mut y) = (vec![9.0; windows * n], vec![9.0; windows * n]);
            stochastic_pool(Compute::default(), (key, 7), &x, sizes, &mut chosen, &mut y);
            let mut exact = vec![0.5; x.len()];
            for i in 0..windows * n {
                let at = |m: usize| (i / n * variables + m) * n + i % n;
                let power = |m: usize| f64::from(x[at(m)]).exp();
                let mark =
                    f64::from(key.uniform(7 + i as u64)) * (0..variables).map(power).sum::<f64>();
                let passed = |m: &usize| (0..=*m).map(power).sum::<f64>() <= mark;
                let m = (0..variables - 1).take_while(passed).count();
                assert_eq!((chosen[i], y[i]), (m as f32, x[at(m)]), "number {i} of {n}");
                exact[at(m)] += f64::from(g[i]);
            }
            for (mode, begin) in [(Mode::Write, 0.0f32), (Mode::Add, 0.5)] {
                let mut dx = vec![0.5; x.len()];
                stochastic_pool_grad(Compute::default(), [&g, &chosen], sizes, &mut dx, mode);
                dx.iter_mut().for_each(|dx| *dx += 0.5 - begin);
                assert_close(&dx, &exact, 1e-6);
            }
        });
    }

    #[test]
    fn variables_are_drawn_as_often_as_the_softmax_says() {
        // Shares of 1/4, 1/2 and 1/4 of 40,000 draws.
        let (windows, channels) = (100, 400);
        let of_window: Vec<f32> =
            [1.0f32, 2.0, 1.0].map(|share| vec![share.ln(); channels]).concat();
        let x = of_window.repeat(windows);
        each_isa(|_| {
            let (mut chosen, mut y) =
                (vec![0.0; windows * channels], vec![0.0; windows * channels]);
            let draw = (Key::new(5, Stream::Pooling, 1), 0);
            stochastic_pool(Compute::default(), draw, &x, [3, channels], &mut chosen, &mut y);
            for (variable, share) in [(0.0, 0.25), (1.0, 0.5), (2.0, 0.25)] {
                let drawn = chosen.iter().filter(|n| **n == variable).count() as f64 / 40_000.0;
                assert!(
                    (drawn - share).abs() < 4.0 * (share * (1.0 - share) / 40_000.0).sqrt(),
                    "{drawn}"
                );
            }
        });
    }
}
