//! The strongest frequencies of a spectrum.

use super::top::largest;

/// Scratch numbers that [`strongest`] needs for a spectrum of so many frequencies.
pub fn scratch(frequencies: usize) -> usize {
    3 * frequencies
}

/// For each row of `x` `[rows, F, 2]`, real and imaginary parts: `kept` `[rows, F]` is 1 at the `count` frequencies with the
/// largest amplitudes, of equal ones the first, and 0 elsewhere. The first frequency, the constant, is never kept; if there
/// are fewer others, all of them are.
pub fn strongest(
    x: &[f32],
    frequencies: usize,
    count: usize,
    scratch: &mut [f32],
    kept: &mut [f32],
) {
    kept.fill(0.0);
    let others = frequencies.saturating_sub(1);
    let count = count.min(others);
    if count == 0 {
        return;
    }
    let (squares, rest) = scratch.split_at_mut(others);
    let (spare, rest) = rest.split_at_mut(others);
    let chosen = &mut rest[..count];
    for (x, kept) in x.chunks_exact(2 * frequencies).zip(kept.chunks_exact_mut(frequencies)) {
        let (parts, _) = x[2..].as_chunks::<2>();
        for (square, [re, im]) in squares.iter_mut().zip(parts) {
            *square = re * re + im * im;
        }
        largest(squares, spare, chosen);
        chosen.iter().for_each(|i| kept[1 + *i as usize] = 1.0);
    }
}

/// `y[i, ..] = kept[i]·x[i, ..]` of pairs of real and imaginary parts; with `add`, added to `y`.
pub fn masked(x: &[f32], kept: &[f32], y: &mut [f32], add: bool) {
    let ((x, _), (y, _)) = (x.as_chunks::<2>(), y.as_chunks_mut::<2>());
    assert!(x.len() == y.len() && kept.len() == y.len(), "a number for each pair");
    for ((y, x), kept) in y.iter_mut().zip(x).zip(kept) {
        let masked = x.map(|x| kept * x);
        *y = if add { [y[0] + masked[0], y[1] + masked[1]] } else { masked };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_amplitudes_are_kept_but_not_the_constant() {
        // Amplitudes 9, 5, 1, 5, 2.
        let x = [9.0, 0.0, 3.0, -4.0, 0.0, 1.0, 5.0, 0.0, 2.0, 0.0];
        for (count, expected) in [
            (0, [0.0; 5]),
            (1, [0.0, 1.0, 0.0, 0.0, 0.0]),
            (2, [0.0, 1.0, 0.0, 1.0, 0.0]),
            (3, [0.0, 1.0, 0.0, 1.0, 1.0]),
            (4, [0.0, 1.0, 1.0, 1.0, 1.0]),
            (9, [0.0, 1.0, 1.0, 1.0, 1.0]),
        ] {
            let mut kept = [7.0; 10];
            strongest(&x.repeat(2), 5, count, &mut [0.0; 15], &mut kept);
            assert_eq!(kept[..], expected.repeat(2)[..], "{count}");
        }
        let mut kept = [7.0; 2];
        strongest(&[1.0, 2.0, 3.0, 4.0], 1, 3, &mut [0.0; 3], &mut kept);
        assert_eq!(kept, [0.0, 0.0], "a constant alone");
    }
}
