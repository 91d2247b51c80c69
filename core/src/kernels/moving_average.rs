//! The mean of the window around each value of a row, the edge values repeated beyond the ends: the trend of a series.
//!
//! A running sum in f64: O(n) whatever the window, and accurate for values of 1e9 with moves of 1e-3 of f32's precision.
//! A value that is not finite makes the rest of its row NaN.

/// Checks the lengths and gives the number of values on each side of the middle one.
#[track_caller]
fn half_of(x: usize, cols: usize, window: usize, y: usize) -> usize {
    assert!(window % 2 == 1, "a moving average has a middle: {window} is not odd");
    assert!(cols > 0 && x.is_multiple_of(cols), "not rows of {cols} values");
    assert_eq!(x, y, "input and output differ in length");
    window / 2
}

/// `y[i]` is the mean of `x[i - half ..= i + half]`, with `window = 2 half + 1`, for each row of `x` `[rows, cols]`.
#[track_caller]
pub fn moving_average(x: &[f32], cols: usize, window: usize, y: &mut [f32]) {
    let half = half_of(x.len(), cols, window, y.len()) as isize;
    let last = cols as isize - 1;
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

/// The gradient of [`moving_average`], its transpose: adds that of the input to `dx` `[rows, cols]`.
#[track_caller]
pub fn moving_average_grad(g: &[f32], cols: usize, window: usize, dx: &mut [f32]) {
    let half = half_of(g.len(), cols, window, dx.len()) as isize;
    let last = cols as isize - 1;
    for (g, dx) in g.chunks_exact(cols).zip(dx.chunks_exact_mut(cols)) {
        let at = |i: isize| if (0..=last).contains(&i) { f64::from(g[i as usize]) } else { 0.0 };
        // Place i of the padded row is read by outputs i - half ..= i + half; the padding belongs to the edge values.
        let mut sum = 0.0;
        let mut edge = 0.0;
        for i in -half..=last + half {
            sum += at(i + half);
            let share = sum / window as f64;
            sum -= at(i - half);
            edge += share;
            // The first value collects what lies before it, the last what lies behind.
            if (0..last).contains(&i) {
                dx[i as usize] += edge as f32;
                edge = 0.0;
            }
        }
        dx[last as usize] += edge as f32;
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
