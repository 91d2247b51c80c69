//! Conversions between f32 and the two 16-bit formats: bfloat16 and IEEE 754 binary16.
//!
//! Rounding is to nearest, ties to even. What is too large becomes infinite, and NaN stays NaN. The types are those of the
//! crate `half`. The conversions are ours: written without branches, they are compiled to vectors of each instruction set.
//! Those of binary16 are one instruction on AArch64. A test in `tape/storage.rs` compares them with the crate's.

use half::{bf16, f16};

use super::Compute;
use super::parallel::par_rows;
use crate::simd::Simd;

/// A 16-bit format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// bfloat16: the exponent range of f32, eight bits of precision.
    Bf16,
    /// binary16: eleven bits of precision, from 6·10⁻⁸ to 65504.
    F16,
}

/// A 16-bit type.
pub trait HalfFloat: Copy + Default + Send + Sync + 'static {
    /// The nearest number of this type.
    fn narrowed(x: f32) -> Self;
    /// The same number in f32, which holds all of them.
    fn widened(self) -> f32;
    /// The bits; the highest is the sign.
    fn bits(self) -> u16;

    /// [`Simd::widen_f16`] for this type. Returns how many numbers it converted: none without an instruction.
    #[inline(always)]
    fn widen_front<S: Simd>(_s: S, _x: &[Self], _put: impl FnMut(usize, S::V)) -> usize {
        0
    }
    /// [`Simd::narrow_f16`] for this type.
    #[inline(always)]
    fn narrow_front<S: Simd>(_s: S, _x: &[f32], _y: &mut [Self]) -> usize {
        0
    }
    /// [`Simd::round_f16`] for this type.
    #[inline(always)]
    fn round_front<S: Simd>(_s: S, _x: &mut [f32]) -> usize {
        0
    }
}

impl HalfFloat for bf16 {
    #[inline(always)]
    fn narrowed(x: f32) -> Self {
        let bits = x.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
        let nan = (bits >> 16) | 0x40;
        Self::from_bits((if x.is_nan() { nan } else { rounded }) as u16)
    }
    #[inline(always)]
    fn widened(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
    #[inline(always)]
    fn bits(self) -> u16 {
        self.to_bits()
    }
}

/// Bits of f32: infinity, the least number that is infinite in binary16, the least one that is normal there.
const INFINITY: u32 = 0xff << 23;
const F16_INFINITE: u32 = (127 + 16) << 23;
const F16_NORMAL: u32 = (127 - 14) << 23;
/// Added to a number below [`F16_NORMAL`], it moves the bits that binary16 keeps to the end of the mantissa.
const F16_SHIFT: u32 = (127 - 15 + 23 - 10 + 1) << 23;
/// The difference between the exponent biases of f32 and binary16.
const BIASES: u32 = (127 - 15) << 23;

impl HalfFloat for f16 {
    #[inline(always)]
    fn narrowed(x: f32) -> Self {
        let sign = x.to_bits() & 0x8000_0000;
        let bits = x.to_bits() ^ sign;
        let large = if bits > INFINITY { 0x7e00 } else { 0x7c00 };
        let small =
            (f32::from_bits(bits) + f32::from_bits(F16_SHIFT)).to_bits().wrapping_sub(F16_SHIFT);
        let normal = bits.wrapping_sub(BIASES).wrapping_add(0xfff + ((bits >> 13) & 1)) >> 13;
        let bits = if bits >= F16_INFINITE {
            large
        } else if bits < F16_NORMAL {
            small
        } else {
            normal
        };
        Self::from_bits((bits | (sign >> 16)) as u16)
    }
    #[inline(always)]
    fn widened(self) -> f32 {
        let x = self.to_bits();
        let bits = (u32::from(x) & 0x7fff) << 13;
        let exponent = bits & (0x7c00 << 13);
        let normal = bits + BIASES;
        let small = f32::from_bits(normal + (1 << 23)) - f32::from_bits(F16_NORMAL);
        let bits = if exponent == 0x7c00 << 13 {
            normal + BIASES
        } else if exponent == 0 {
            small.to_bits()
        } else {
            normal
        };
        f32::from_bits(bits | (u32::from(x) & 0x8000) << 16)
    }
    #[inline(always)]
    fn bits(self) -> u16 {
        self.to_bits()
    }
    #[inline(always)]
    fn widen_front<S: Simd>(s: S, x: &[Self], put: impl FnMut(usize, S::V)) -> usize {
        s.widen_f16(x, put)
    }
    #[inline(always)]
    fn narrow_front<S: Simd>(s: S, x: &[f32], y: &mut [Self]) -> usize {
        s.narrow_f16(x, y)
    }
    #[inline(always)]
    fn round_front<S: Simd>(s: S, x: &mut [f32]) -> usize {
        s.round_f16(x)
    }
}

/// Threads share conversions in pieces of at least so many numbers.
const SHARED: usize = 1 << 14;

/// Rounds `x` to a 16-bit type.
pub fn narrow<T: HalfFloat>(compute: Compute, x: &[f32], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "numbers and their rounded ones");
    par_rows(compute, [y], [1], SHARED, &|at, [y]: [&mut [T]; 1]| {
        narrow_part(&x[at..][..y.len()], y);
    });
}

/// Converts numbers of a 16-bit type to f32, exactly.
pub fn widen<T: HalfFloat>(compute: Compute, x: &[T], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "numbers and their rounded ones");
    par_rows(compute, [y], [1], SHARED, &|at, [y]: [&mut [f32]; 1]| {
        widen_part(&x[at..][..y.len()], y);
    });
}

/// Rounds each number to the nearest one of a 16-bit format; it stays in f32.
pub fn round(compute: Compute, half: Half, x: &mut [f32]) {
    par_rows(compute, [x], [1], SHARED, &|_, [x]: [&mut [f32]; 1]| match half {
        Half::Bf16 => round_part(bf16::ZERO, x),
        Half::F16 => round_part(f16::ZERO, x),
    });
}

/// [`narrow`] and [`round`] at once.
pub fn round_and_narrow<T: HalfFloat>(compute: Compute, x: &mut [f32], y: &mut [T]) {
    /// Numbers that stay in the first cache until they are widened.
    const AT_ONCE: usize = 1 << 11;
    assert_eq!(x.len(), y.len(), "numbers and their rounded ones");
    if compute.shared && x.len() >= 2 * SHARED {
        let (x, more_x) = x.split_at_mut(x.len() / 2);
        let (y, more_y) = y.split_at_mut(x.len());
        crate::runtime::join(
            || round_and_narrow(compute, x, y),
            || round_and_narrow(compute, more_x, more_y),
        );
        return;
    }
    for (x, y) in x.chunks_mut(AT_ONCE).zip(y.chunks_mut(AT_ONCE)) {
        narrow_part(x, y);
        widen_part(y, x);
    }
}

/// The gradient of [`relu`](super::pointwise::relu) from its output `y`: sets `g` to 0 where `y` is 0.
pub fn relu_mask<T: HalfFloat>(compute: Compute, y: &[T], g: &mut [T]) {
    assert_eq!(y.len(), g.len(), "inputs and output differ in length");
    par_rows(compute, [g], [1], SHARED, &|at, [g]: [&mut [T]; 1]| {
        relu_mask_part(&y[at..][..g.len()], g);
    });
}

/// `y += x`, in f32.
pub fn add_wide<T: HalfFloat>(compute: Compute, x: &[T], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "numbers and their rounded ones");
    par_rows(compute, [y], [1], SHARED, &|at, [y]: [&mut [f32]; 1]| {
        add_wide_part(&x[at..][..y.len()], y);
    });
}

/// Widens `x` to `y`, of the same length.
#[inline(always)]
fn widen_line<S: Simd, T: HalfFloat>(s: S, x: &[T], y: &mut [f32]) {
    let done = T::widen_front(s, x, |i, v| s.store(v, &mut y[i..]));
    y[done..].iter_mut().zip(&x[done..]).for_each(|(y, x)| *y = x.widened());
}

simd_fn! {
    /// Widens the lines of a block to lines of 32 numbers. `lines` says how many there are, how long, and how far apart.
    pub(super) fn widen_block<T: HalfFloat>(s, x: &[T], lines: [usize; 3], to: &mut [f32; 1024]) {
        let [lines, len, stride] = lines;
        for (i, to) in to.chunks_exact_mut(32).take(lines).enumerate() {
            widen_line(s, &x[i * stride..][..len], &mut to[..len]);
        }
    }
}

simd_fn! {
    fn narrow_part<T: HalfFloat>(s, x: &[f32], y: &mut [T]) {
        let done = T::narrow_front(s, x, y);
        y[done..].iter_mut().zip(&x[done..]).for_each(|(y, x)| *y = T::narrowed(*x));
    }
}

simd_fn! {
    fn widen_part<T: HalfFloat>(s, x: &[T], y: &mut [f32]) {
        widen_line(s, x, y);
    }
}

simd_fn! {
    fn round_part<T: HalfFloat>(s, _to: T, x: &mut [f32]) {
        let done = T::round_front(s, x);
        x[done..].iter_mut().for_each(|x| *x = T::narrowed(*x).widened());
    }
}

simd_fn! {
    fn relu_mask_part<T: HalfFloat>(_s, y: &[T], g: &mut [T]) {
        g.iter_mut().zip(y).for_each(|(g, y)| *g = if (y.bits() as i16) > 0 { *g } else { T::default() });
    }
}

simd_fn! {
    fn add_wide_part<T: HalfFloat>(s, x: &[T], y: &mut [f32]) {
        let done = T::widen_front(s, x, |i, v| s.store(s.add(s.load(&y[i..]), v), &mut y[i..]));
        y[done..].iter_mut().zip(&x[done..]).for_each(|(y, x)| *y += x.widened());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::each_isa;

    const PLAIN: Compute = Compute { shared: false, rounds: false };

    /// `(f32, bits)`: of torch.tensor(x).to(torch.float16).view(torch.int16), and of bfloat16.
    const F16: [(f32, u16); 12] = [
        (0.0, 0),
        (-0.0, 0x8000),
        (1.0, 0x3c00),
        (-2.5, 0xc100),
        (0.1, 0x2e66),
        (65504.0, 0x7bff),
        (65519.0, 0x7bff),
        (65520.0, 0x7c00),
        (6.0e-8, 0x0001),
        (2.9e-8, 0x0000),
        (6.1e-5, 0x03ff),
        (f32::NEG_INFINITY, 0xfc00),
    ];
    const BF16: [(f32, u16); 7] = [
        (1.0, 0x3f80),
        (-0.1, 0xbdcd),
        (1.0 + 1.0 / 256.0, 0x3f80), // halfway: to even
        (1.0 + 3.0 / 256.0, 0x3f82),
        (3.4e38, 0x7f80),
        (1e-40, 0x0001),
        (f32::INFINITY, 0x7f80),
    ];

    fn check_known<T: HalfFloat>(pairs: &[(f32, u16)]) {
        let (x, bits): (Vec<f32>, Vec<u16>) = pairs.iter().copied().unzip();
        let mut y = vec![T::default(); x.len()];
        narrow(PLAIN, &x, &mut y);
        assert_eq!(y.iter().map(|y| y.bits()).collect::<Vec<_>>(), bits);
    }

    #[test]
    fn known_numbers_are_rounded_as_torch_does() {
        each_isa(|_| {
            check_known::<f16>(&F16);
            check_known::<bf16>(&BF16);
        });
    }

    fn check_all<T: HalfFloat>(half: Half, of_bits: fn(u16) -> T) {
        let all: Vec<T> = (0..=u16::MAX).map(of_bits).collect();
        let (mut wide, mut back) = (vec![0.0; all.len()], vec![T::default(); all.len()]);
        widen(PLAIN, &all, &mut wide);
        narrow(PLAIN, &wide, &mut back);
        for ((a, b), x) in all.iter().zip(&back).zip(&wide) {
            let (a, b) = (a.bits(), b.bits());
            assert!(x.is_nan() || a == b, "{half:?} {a:#x} {x} {b:#x}");
        }
        let mut rounded = wide.clone();
        round(PLAIN, half, &mut rounded);
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        assert!(rounded.iter().zip(&wide).all(same));
    }

    #[test]
    fn every_number_of_16_bits_survives() {
        each_isa(|_| {
            check_all(Half::Bf16, bf16::from_bits);
            check_all(Half::F16, f16::from_bits);
        });
    }

    fn check_formulas<T: HalfFloat>(half: Half) {
        // Every sign and exponent and the upper bits of the mantissa, with what decides how both formats round.
        let lower = [0, 1, 0x0fff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x7fff, 0x8000, 0x8001, 0xffff];
        let all = (0..=u16::MAX).flat_map(|upper| lower.map(|low| u32::from(upper) << 16 | low));
        let x: Vec<f32> = all.map(f32::from_bits).collect();
        let expected: Vec<T> = x.iter().map(|x| T::narrowed(*x)).collect();
        let mut y = vec![T::default(); x.len()];
        narrow(PLAIN, &x, &mut y);
        for ((x, y), e) in x.iter().zip(&y).zip(&expected) {
            let both_nan = y.widened().is_nan() && e.widened().is_nan();
            assert!(both_nan || y.bits() == e.bits(), "{half:?} {x:e}: {:#x}", y.bits());
        }
        for n in 0..=67 {
            let x: Vec<f32> = (0..n).map(|i| (i * i) as f32 / 7.0 - 300.0).collect();
            let expected: Vec<f32> = x.iter().map(|x| T::narrowed(*x).widened()).collect();
            let (mut y, mut wide) = (vec![T::default(); n], x.clone());
            round_and_narrow(PLAIN, &mut wide, &mut y);
            assert_eq!(wide, expected);
            assert!(y.iter().zip(&expected).all(|(y, e)| y.widened() == *e));
            wide.clone_from(&x);
            round(PLAIN, half, &mut wide);
            assert_eq!(wide, expected);
            narrow(PLAIN, &x, &mut y);
            widen(PLAIN, &y, &mut wide);
            assert_eq!(wide, expected);
            add_wide(PLAIN, &y, &mut wide);
            assert!(wide.iter().zip(&expected).all(|(sum, e)| *sum == 2.0 * e));
        }
    }

    #[test]
    fn every_instruction_set_converts_as_the_formulas_do() {
        each_isa(|_| {
            check_formulas::<bf16>(Half::Bf16);
            check_formulas::<f16>(Half::F16);
        });
    }

    #[test]
    fn gradients_pass_where_the_rectifier_was_positive() {
        let y = [0.5, 0.0, -0.0, f32::INFINITY, 1e-7].map(f16::narrowed);
        each_isa(|_| {
            let mut g = [1.0, 2.0, 3.0, 4.0, 5.0].map(f16::narrowed);
            relu_mask(PLAIN, &y, &mut g);
            assert_eq!(g.map(f16::widened), [1.0, 0.0, 0.0, 4.0, 5.0]);
        });
    }
}
