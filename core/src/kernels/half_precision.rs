//! Numbers of 16 bits: bfloat16 and IEEE's binary16. Rounding is to the nearest, ties to even; what is too large becomes
//! infinite, NaN stays NaN.

use std::ops::Range;

use super::Compute;
use super::parallel::par_rows;

/// A format of 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// bfloat16: the exponent of f32, eight bits of precision.
    Bf16,
    /// binary16: eleven bits of precision, from 6·10⁻⁸ to 65504.
    F16,
}

/// Numbers, as they are stored.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    /// In f32.
    Wide(&'a [f32]),
    /// In 16 bits.
    Half(Half, &'a [u16]),
}

impl<'a> Numbers<'a> {
    /// Some of them.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        match self {
            Self::Wide(x) => Self::Wide(&x[range]),
            Self::Half(half, x) => Self::Half(half, &x[range]),
        }
    }

    /// Some of them in f32: where they are, or widened into `room`.
    pub fn wide<'b>(self, compute: Compute, range: Range<usize>, room: &'b mut [f32]) -> &'b [f32]
    where
        'a: 'b,
    {
        match self {
            Self::Wide(x) => &x[range],
            Self::Half(half, x) => {
                let room = &mut room[..range.len()];
                widen(compute, half, &x[range], room);
                room
            }
        }
    }
}

/// Bits of f32: its infinity, the least number that is infinite in binary16, the least one that is normal there.
const INFINITY: u32 = 0xff << 23;
const F16_INFINITE: u32 = (127 + 16) << 23;
const F16_NORMAL: u32 = (127 - 14) << 23;
/// Added to a number below [`F16_NORMAL`], it moves the bits that binary16 keeps to the end.
const F16_SHIFT: u32 = (127 - 15 + 23 - 10 + 1) << 23;
/// What exponents of f32 and binary16 differ by.
const EXPONENTS: u32 = (127 - 15) << 23;

#[inline(always)]
fn to_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
    let nan = (bits >> 16) | 0x40;
    (if x.is_nan() { nan } else { rounded }) as u16
}

#[inline(always)]
fn of_bf16(x: u16) -> f32 {
    f32::from_bits(u32::from(x) << 16)
}

#[inline(always)]
fn to_f16(x: f32) -> u16 {
    let sign = x.to_bits() & 0x8000_0000;
    let bits = x.to_bits() ^ sign;
    let large = if bits > INFINITY { 0x7e00 } else { 0x7c00 };
    let small =
        (f32::from_bits(bits) + f32::from_bits(F16_SHIFT)).to_bits().wrapping_sub(F16_SHIFT);
    let normal = bits.wrapping_sub(EXPONENTS).wrapping_add(0xfff + ((bits >> 13) & 1)) >> 13;
    let bits = if bits >= F16_INFINITE {
        large
    } else if bits < F16_NORMAL {
        small
    } else {
        normal
    };
    (bits | (sign >> 16)) as u16
}

#[inline(always)]
fn of_f16(x: u16) -> f32 {
    let bits = (u32::from(x) & 0x7fff) << 13;
    let exponent = bits & (0x7c00 << 13);
    let normal = bits + EXPONENTS;
    let small = f32::from_bits(normal + (1 << 23)) - f32::from_bits(F16_NORMAL);
    let bits = if exponent == 0x7c00 << 13 {
        normal + EXPONENTS
    } else if exponent == 0 {
        small.to_bits()
    } else {
        normal
    };
    f32::from_bits(bits | (u32::from(x) & 0x8000) << 16)
}

/// Numbers that a thread changes at least, where threads share the work.
const SHARED: usize = 1 << 14;

/// Rounds `x` to `half`.
pub fn narrow(compute: Compute, half: Half, x: &[f32], y: &mut [u16]) {
    assert_eq!(x.len(), y.len(), "numbers and their rounded ones");
    par_rows(compute, [y], [1], SHARED, &|at, [y]: [&mut [u16]; 1]| narrow_part(half, &x[at..], y));
}

/// The numbers that [`narrow`] made, exactly.
pub fn widen(compute: Compute, half: Half, x: &[u16], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "numbers and their rounded ones");
    par_rows(compute, [y], [1], SHARED, &|at, [y]: [&mut [f32]; 1]| widen_part(half, &x[at..], y));
}

/// Makes of each number the nearest one of `half`.
pub fn round(compute: Compute, half: Half, x: &mut [f32]) {
    par_rows(compute, [x], [1], SHARED, &|_, [x]: [&mut [f32]; 1]| round_part(half, x));
}

/// Makes zeros of what [`relu`](super::pointwise::relu) gave 0 for, in either format: the gradient of its argument.
pub fn relu_mask(compute: Compute, y: &[u16], g: &mut [u16]) {
    assert_eq!(y.len(), g.len(), "inputs and output differ in length");
    par_rows(compute, [g], [1], SHARED, &|at, [g]: [&mut [u16]; 1]| {
        relu_mask_part(&y[at..][..g.len()], g)
    });
}

simd_fn! {
    fn relu_mask_part(_s, y: &[u16], g: &mut [u16]) {
        g.iter_mut().zip(y).for_each(|(g, y)| *g = if (*y as i16) > 0 { *g } else { 0 });
    }
}

/// Adds numbers in 16 bits to others.
pub fn add_wide(compute: Compute, half: Half, x: &[u16], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "numbers and their rounded ones");
    par_rows(compute, [y], [1], SHARED, &|at, [y]: [&mut [f32]; 1]| {
        add_wide_part(half, &x[at..], y)
    });
}

simd_fn! {
    fn add_wide_part(_s, half: Half, x: &[u16], y: &mut [f32]) {
        match half {
            Half::Bf16 => y.iter_mut().zip(x).for_each(|(y, x)| *y += of_bf16(*x)),
            Half::F16 => y.iter_mut().zip(x).for_each(|(y, x)| *y += of_f16(*x)),
        }
    }
}

simd_fn! {
    /// Widens lines of a block to lines of 32: how many there are, how long, and how far apart.
    pub(super) fn widen_block(_s, half: Half, x: &[u16], lines: [usize; 3], to: &mut [f32; 1024]) {
        let [lines, len, stride] = lines;
        for (i, to) in to.chunks_exact_mut(32).take(lines).enumerate() {
            let (x, to) = (&x[i * stride..][..len], &mut to[..len]);
            match half {
                Half::Bf16 => to.iter_mut().zip(x).for_each(|(y, x)| *y = of_bf16(*x)),
                Half::F16 => to.iter_mut().zip(x).for_each(|(y, x)| *y = of_f16(*x)),
            }
        }
    }
}

simd_fn! {
    fn narrow_part(_s, half: Half, x: &[f32], y: &mut [u16]) {
        match half {
            Half::Bf16 => y.iter_mut().zip(x).for_each(|(y, x)| *y = to_bf16(*x)),
            Half::F16 => y.iter_mut().zip(x).for_each(|(y, x)| *y = to_f16(*x)),
        }
    }
}

simd_fn! {
    fn widen_part(_s, half: Half, x: &[u16], y: &mut [f32]) {
        match half {
            Half::Bf16 => y.iter_mut().zip(x).for_each(|(y, x)| *y = of_bf16(*x)),
            Half::F16 => y.iter_mut().zip(x).for_each(|(y, x)| *y = of_f16(*x)),
        }
    }
}

simd_fn! {
    fn round_part(_s, half: Half, x: &mut [f32]) {
        match half {
            Half::Bf16 => x.iter_mut().for_each(|x| *x = of_bf16(to_bf16(*x))),
            Half::F16 => x.iter_mut().for_each(|x| *x = of_f16(to_f16(*x))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::each_isa;

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

    #[test]
    fn known_numbers_are_rounded_as_torch_does() {
        each_isa(|_| {
            for (half, pairs) in [(Half::F16, &F16[..]), (Half::Bf16, &BF16[..])] {
                let (x, bits): (Vec<f32>, Vec<u16>) = pairs.iter().copied().unzip();
                let mut y = vec![0; x.len()];
                narrow(Compute::default(), half, &x, &mut y);
                assert_eq!(y, bits, "{half:?}");
            }
        });
    }

    #[test]
    fn every_number_of_16_bits_survives() {
        let all: Vec<u16> = (0..=u16::MAX).collect();
        each_isa(|_| {
            for half in [Half::Bf16, Half::F16] {
                let (mut wide, mut back) = (vec![0.0; all.len()], vec![0; all.len()]);
                widen(Compute::default(), half, &all, &mut wide);
                narrow(Compute::default(), half, &wide, &mut back);
                for ((a, b), x) in all.iter().zip(&back).zip(&wide) {
                    assert!(x.is_nan() || a == b, "{half:?} {a:#x} {x} {b:#x}");
                }
                let mut rounded = wide.clone();
                round(Compute::default(), half, &mut rounded);
                let same =
                    |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
                assert!(rounded.iter().zip(&wide).all(same));
            }
        });
    }
}
