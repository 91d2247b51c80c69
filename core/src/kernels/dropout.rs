//! Dropout. The random mask is generated where it is used.

use super::Compute;
use super::parallel::par_rows;
use super::random::{FACTORS, factors};
use crate::rng::Key;

/// Threads share the numbers in pieces of at least so many.
const SHARED: usize = 1 << 13;

/// `to[i] = from[i] / (1 - p)` where [`Key::keeps`] is true for `first + i`, else 0; added to `to` or not.
pub fn dropout(
    compute: Compute,
    key: Key,
    first: u64,
    p: f32,
    from: &[f32],
    to: &mut [f32],
    add: bool,
) {
    assert_eq!(from.len(), to.len(), "inputs and output differ in length");
    par_rows(compute, [to], [1], SHARED, &|at, [to]: [&mut [f32]; 1]| {
        part(key, first + at as u64, p, &from[at..][..to.len()], to, add);
    });
}

simd_fn! {
    fn part(s, key: Key, first: u64, p: f32, from: &[f32], to: &mut [f32], add: bool) {
        let _ = s; // plain loops, which the compiler vectorises for the instruction set of `s`
        let mut done = 0;
        while done < to.len() {
            let index = first + done as u64;
            let factors = factors(key, index / FACTORS as u64, p);
            let factors = &factors[(index % FACTORS as u64) as usize..];
            let end = to.len().min(done + factors.len());
            let (from, to) = (&from[done..end], &mut to[done..end]);
            if add {
                to.iter_mut().zip(from).zip(factors).for_each(|((t, f), factor)| *t += f * factor);
            } else {
                to.iter_mut().zip(from).zip(factors).for_each(|((t, f), factor)| *t = f * factor);
            }
            done = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{each_isa_and_length, numbers};
    use crate::rng::Stream;

    #[test]
    fn the_mask_is_made_of_the_numbers_of_the_key() {
        let key = Key::new(7, Stream::Dropout, 3);
        let compute = Compute::default();
        each_isa_and_length(|n| {
            for (first, p) in [(0, 0.5), (3, 0.1), (4_294_967_290, 0.9)] {
                let from = numbers(n, 1);
                let mut to = numbers(n, 2);
                let keep = 1.0 / (1.0 - p);
                let dropped = |i: usize| match key.keeps(first + i as u64, p) {
                    true => from[i] * keep,
                    false => 0.0,
                };
                let mut expected: Vec<f32> = (0..n).map(dropped).collect();
                dropout(compute, key, first, p, &from, &mut to, false);
                assert_eq!(to, expected);
                dropout(compute, key, first, p, &from, &mut to, true);
                expected.iter_mut().for_each(|v| *v *= 2.0);
                assert_eq!(to, expected);
            }
        });
    }
}
