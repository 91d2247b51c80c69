//! What the tests of the kernels share: numbers to compute with, and comparisons.

use crate::simd::{Isa, with_isa};

/// `n` numbers of both signs and magnitude 0.25..2, the same for the same `seed`.
pub(super) fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let unit = (state >> 40) as f32 / (1u64 << 24) as f32; // [0, 1)
            if unit < 0.5 { -0.25 - 3.5 * unit } else { 0.25 + 3.5 * (unit - 0.5) }
        })
        .collect()
}

/// Runs `f` once per instruction set of this machine.
pub(super) fn each_isa(f: impl Fn(Isa)) {
    for isa in Isa::available() {
        with_isa(isa, || f(isa));
    }
}

/// Runs `f` for every length 0..=67 on every instruction set of this machine.
pub(super) fn each_isa_and_length(f: impl Fn(usize)) {
    each_isa(|_| (0..=67).for_each(&f));
}

/// Asserts that each value is within `tolerance` of the expected one, relative to it (absolute below 1).
#[track_caller]
pub(super) fn assert_close(actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len());
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let error = (f64::from(a) - e).abs() / e.abs().max(1.0);
        assert!(error <= tolerance, "{}: value {i} is {a}, expected {e}", crate::simd::isa_name());
    }
}

/// `Σ a b` in f64.
pub(super) fn inner(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}
