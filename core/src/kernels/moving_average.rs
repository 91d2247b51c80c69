//! Centred moving average of each row, with the edge values repeated beyond the ends: the trend of a series.
//!
//! Sums are in f64, so values around 1e9 do not lose small changes. Short rows sum many windows at once; long rows use a
//! running sum, which is O(n) for any window. A value that is not finite may make the rest of its row NaN.

/// Checks the lengths and gives the number of values on each side of the middle one.
#[track_caller]
fn half_of(x: usize, cols: usize, window: usize, y: usize) -> usize {
    assert!(window % 2 == 1, "a moving average has a middle: {window} is not odd");
    assert!(cols > 0 && x.is_multiple_of(cols), "not rows of {cols} values");
    assert_eq!(x, y, "input and output differ in length");
    window / 2
}

/// Padded rows up to this length sum many windows at once; longer ones use a running sum.
const PADDED: usize = 512;
/// Sums made at once.
const SIDE_BY_SIDE: usize = 8;

/// Whether many windows are summed at once: more additions, but they do not depend on each other.
fn side_by_side(cols: usize, window: usize) -> bool {
    cols + 3 * window + 2 * SIDE_BY_SIDE <= PADDED
}

/// `sums[i] = Σ x[i..i + window]` for the first `n`; overwrites `x`. Sums of 1, 2, 4, … numbers are computed from each other,
/// and those in the binary representation of `window` are added. Plain loops over arrays, which the compiler vectorises.
#[inline(always)]
fn window_sums(x: &mut [f64; PADDED], window: usize, n: usize, sums: &mut [f64; PADDED]) {
    let some = |x: &[f64; PADDED], at: usize| -> [f64; SIDE_BY_SIDE] {
        x[at..at + SIDE_BY_SIDE].try_into().expect("as many")
    };
    let (mut size, mut done) = (1, 0);
    while size <= window {
        if window & size != 0 {
            for at in (0..n).step_by(SIDE_BY_SIDE) {
                let (old, more) = (some(sums, at), some(x, at + done));
                for i in 0..SIDE_BY_SIDE {
                    sums[at + i] = if done == 0 { more[i] } else { old[i] + more[i] };
                }
            }
            done += size;
        }
        let longer = if 2 * size <= window { n + window - size } else { 0 };
        for at in (0..longer).step_by(SIDE_BY_SIDE) {
            let (low, high) = (some(x, at), some(x, at + size));
            for i in 0..SIDE_BY_SIDE {
                x[at + i] = low[i] + high[i];
            }
        }
        size *= 2;
    }
}

/// `y[i]` is the mean of `x[i - half ..= i + half]`, with `window = 2 half + 1`, for each row of `x` `[rows, cols]`.
#[track_caller]
pub fn moving_average(x: &[f32], cols: usize, window: usize, y: &mut [f32]) {
    let half = half_of(x.len(), cols, window, y.len());
    if side_by_side(cols, window) {
        return means(x, cols, half, y);
    }
    let (half, last) = (half as isize, cols as isize - 1);
    for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
        let at = |i: isize| f64::from(x[i.clamp(0, last) as usize]);
        let mut sum: f64 = (-half..half).map(at).sum();
        for (i, y) in (0..).zip(y) {
            sum += at(i + half);
            *y = (sum / window as f64) as f32;
            sum -= at(i - half);
        }
    }
}

simd_fn! {
    /// [`moving_average`], many windows at once.
    fn means(s, x: &[f32], cols: usize, half: usize, y: &mut [f32]) {
        let _ = s;
        let (mut padded, mut sums, window) = ([0.0; PADDED], [0.0; PADDED], 2 * half + 1);
        for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
            padded[..half].fill(f64::from(x[0]));
            padded[half..half + cols].iter_mut().zip(x).for_each(|(to, x)| *to = f64::from(*x));
            padded[half + cols..2 * half + cols].fill(f64::from(x[cols - 1]));
            window_sums(&mut padded, window, cols, &mut sums);
            y.iter_mut().zip(&sums).for_each(|(y, sum)| *y = (*sum / window as f64) as f32);
        }
    }
}

/// The gradient of [`moving_average`], its transpose: adds that of the input to `dx` `[rows, cols]`.
#[track_caller]
pub fn moving_average_grad(g: &[f32], cols: usize, window: usize, dx: &mut [f32]) {
    let half = half_of(g.len(), cols, window, dx.len());
    if side_by_side(cols, window) {
        return spread(g, cols, half, dx);
    }
    let (half, last) = (half as isize, cols as isize - 1);
    for (g, dx) in g.chunks_exact(cols).zip(dx.chunks_exact_mut(cols)) {
        let at = |i: isize| if (0..=last).contains(&i) { f64::from(g[i as usize]) } else { 0.0 };
        // Position i of the padded row is read by outputs i - half ..= i + half; the padding belongs to the edge values.
        let mut sum = 0.0;
        let mut edge = 0.0;
        for i in -half..=last + half {
            sum += at(i + half);
            let share = sum / window as f64;
            sum -= at(i - half);
            edge += share;
            // The first value also gets the gradient of the padding before it, the last one that of the padding behind.
            if (0..last).contains(&i) {
                dx[i as usize] += edge as f32;
                edge = 0.0;
            }
        }
        dx[last as usize] += edge as f32;
    }
}

simd_fn! {
    /// [`moving_average_grad`], many windows at once.
    fn spread(s, g: &[f32], cols: usize, half: usize, dx: &mut [f32]) {
        let _ = s;
        // The gradient of each position of the padded row, which has `half` more at both ends.
        let (mut padded, mut sums, window) = ([0.0; PADDED], [0.0; PADDED], 2 * half + 1);
        for (g, dx) in g.chunks_exact(cols).zip(dx.chunks_exact_mut(cols)) {
            padded[..2 * half].fill(0.0);
            let numbers = padded[2 * half..2 * half + cols].iter_mut().zip(g);
            numbers.for_each(|(to, g)| *to = f64::from(*g));
            padded[2 * half + cols..4 * half + cols].fill(0.0);
            window_sums(&mut padded, window, cols + 2 * half, &mut sums);
            let before: f64 = sums[..half].iter().sum();
            let behind: f64 = sums[half + cols..2 * half + cols].iter().sum();
            sums[half] += before;
            sums[half + cols - 1] += behind;
            let inside = &sums[half..half + cols];
            dx.iter_mut().zip(inside).for_each(|(dx, sum)| *dx += (*sum / window as f64) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, inner, numbers};

    fn definition(x: &[f32], window: usize) -> Vec<f64> {
        let (half, last) = ((window / 2) as i64, x.len() as i64 - 1);
        let mean = |i: i64| {
            (i - half..=i + half).map(|j| f64::from(x[j.clamp(0, last) as usize])).sum::<f64>()
                / window as f64
        };
        (0..=last).map(mean).collect()
    }

    #[test]
    fn equals_pytorch() {
        // x = torch.tensor([[1., 2, 4, 8, 16]]); p = torch.cat([x[:, :1], x, x[:, -1:]], 1)
        // F.avg_pool1d(p, 3, 1)
        let mut y = [0.0; 5];
        moving_average(&[1.0, 2.0, 4.0, 8.0, 16.0], 5, 3, &mut y);
        assert_close(&y, &[1.333_333_3, 2.333_333_3, 4.666_666_5, 9.333_333, 13.333_333], 1e-7);
    }

    #[test]
    fn every_length_equals_the_definition_and_its_adjoint() {
        for cols in 1..=67 {
            for window in [1, 3, 5, 25, 101] {
                let (x, g) = (numbers(2 * cols, 1), numbers(2 * cols, 2));
                let (mut y, mut dx) = (vec![0.0; 2 * cols], vec![0.0; 2 * cols]);
                moving_average(&x, cols, window, &mut y);
                let expected: Vec<f64> =
                    x.chunks(cols).flat_map(|x| definition(x, window)).collect();
                assert_close(&y, &expected, 1e-7);
                moving_average_grad(&g, cols, window, &mut dx);
                assert!((inner(&y, &g) - inner(&x, &dx)).abs() < 1e-4, "{cols} {window}");
            }
        }
    }

    #[test]
    fn large_values_keep_every_digit() {
        let x: Vec<f32> = (0..5000).map(|i| 1e9 + 64.0 * ((i * 7919) % 13) as f32).collect();
        let mut y = vec![0.0; x.len()];
        moving_average(&x, x.len(), 25, &mut y);
        let exact: Vec<f32> = definition(&x, 25).into_iter().map(|y| y as f32).collect();
        assert_eq!(y, exact);
    }

    #[test]
    #[should_panic(expected = "is not odd")]
    fn an_even_window_has_no_middle() {
        moving_average(&[1.0], 1, 2, &mut [0.0]);
    }
}
