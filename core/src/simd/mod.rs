//! Vectors of f32: one trait, one implementation per instruction set, chosen at run time.
//!
//! A kernel is written once, generic over [`Simd`], and passed to [`dispatch`], which enters a function compiled for the
//! instruction set in use. Everything that this function calls is `#[inline(always)]`, so it is compiled with the same
//! instructions: a binary built for baseline x86-64 still runs AVX-512 code where the processor has it. A token (`Avx2`,
//! `Avx512`, ..) can only be created where the processor supports it, so a value of its type proves that its
//! instructions may be executed.
//!
//! The choice is per process: the environment variable `NF_ISA`, else the fastest. A thread-local override ([`with_isa`])
//! lets tests and benchmarks compare instruction sets.

/// Defines methods of one or a few instructions that do not access memory.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! lanewise {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $out:ty = $body:expr;)*) => { $(
        $(#[$doc])*
        #[inline(always)]
        fn $name(self, $($arg: $ty),*) -> $out {
            // SAFETY: the token proves that the processor has the instructions.
            unsafe { $body }
        }
    )* };
}

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod bf16;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "aarch64")]
mod neon_bf16;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod no_bf16;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86_bf16;
#[cfg(target_arch = "x86_64")]
mod x86_bf16_packing;

use half::f16;
use std::cell::Cell;
use std::sync::OnceLock;

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Plain Rust, one value at a time. It runs everywhere, and the others are tested against it.
    Scalar,
    /// x86-64's baseline, 4 values.
    Sse2,
    /// x86-64 with AVX2 and FMA, 8 values.
    Avx2,
    /// x86-64 with AVX-512F, 16 values.
    Avx512,
    /// The same, with matrix products by AMX tiles.
    Amx,
    /// AArch64 Advanced SIMD, 4 values; products of rounded numbers by FEAT_BF16, where the processor has it.
    Neon,
}

impl Isa {
    /// All instruction sets that there is code for, slowest first.
    const ALL: [Self; 6] =
        [Self::Scalar, Self::Neon, Self::Sse2, Self::Avx2, Self::Avx512, Self::Amx];

    /// The name, as `NF_ISA` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Amx => "amx",
            Self::Neon => "neon",
        }
    }

    /// Whether this processor can run it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::Avx2::new().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::Avx512::new().is_some(),
            Self::Amx => bf16::Unit::of(self, false).is_some(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            _ => false,
        }
    }

    /// All that this processor can run, slowest first.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|isa| isa.is_available()).collect()
    }
}

thread_local! {
    static OVERRIDE: Cell<Option<Isa>> = const { Cell::new(None) };
}

/// The fastest instruction set of this processor, or the one `NF_ISA` names. Found once.
fn detected() -> Isa {
    static DETECTED: OnceLock<Isa> = OnceLock::new();
    *DETECTED.get_or_init(|| {
        let available = Isa::available();
        let Ok(wanted) = std::env::var("NF_ISA") else { return available[available.len() - 1] };
        available.iter().copied().find(|isa| isa.name() == wanted).unwrap_or_else(|| {
            let names: Vec<_> = available.iter().map(|isa| isa.name()).collect();
            panic!("NF_ISA={wanted} cannot run on this processor; it has {}", names.join(", "))
        })
    })
}

/// The instruction set that kernels called on this thread use.
pub fn isa() -> Isa {
    OVERRIDE.get().unwrap_or_else(detected)
}

/// The name of the instruction set in use.
pub fn isa_name() -> &'static str {
    isa().name()
}

/// Runs `f`. Kernels that this thread calls meanwhile use `isa`; other threads are not affected.
///
/// # Panics
/// When this processor cannot run `isa`.
pub fn with_isa<T>(isa: Isa, f: impl FnOnce() -> T) -> T {
    struct Restore(Option<Isa>);
    impl Drop for Restore {
        fn drop(&mut self) {
            OVERRIDE.set(self.0);
        }
    }
    assert!(isa.is_available(), "{} cannot run on this processor", isa.name());
    let _restore = Restore(OVERRIDE.replace(Some(isa)));
    f()
}

/// Work that can be compiled for any instruction set. `run` must be `#[inline(always)]`.
pub trait Kernel {
    /// What it returns.
    type Out;
    /// Does the work with the vectors of `s`.
    fn run<S: Simd>(self, s: S) -> Self::Out;
}

/// Runs `kernel` on the instruction set in use.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Out {
    match isa() {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 | Isa::Amx => avx512::Avx512::new().expect("detected").run(kernel),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::Avx2::new().expect("detected").run(kernel),
        #[cfg(target_arch = "x86_64")]
        Isa::Sse2 => sse2::Sse2::new().run(kernel),
        #[cfg(target_arch = "aarch64")]
        Isa::Neon => neon::Neon::new().run(kernel),
        _ => kernel.run(scalar::Scalar),
    }
}

/// Operations on a vector of [`Simd::LANES`] f32 values.
///
/// `max`, `min` and the comparisons follow the formulas in their documentation, for NaN too.
pub trait Simd: Copy {
    /// The vector.
    type V: Copy;
    /// The result of a comparison, one flag per lane.
    type M: Copy;
    /// Values in a vector.
    const LANES: usize;
    /// Rows of the register tile of the matrix product, for one, two and three vectors of columns; 0 where a tile is not so
    /// wide. The sums, a vector for each of the columns and what is multiplied with them must fit the registers.
    const TILE_ROWS: [usize; 3];
    /// Whether [`mul_add_lane`](Self::mul_add_lane) is one instruction. Vectors then have four lanes.
    const MULTIPLIES_BY_LANE: bool = false;

    /// Every lane is `x`.
    fn splat(self, x: f32) -> Self::V;
    /// The first `LANES` values of `x`, which has at least that many.
    fn load(self, x: &[f32]) -> Self::V;
    /// All of `x`, which has at most `LANES` values, padded with zeros.
    fn load_partial(self, x: &[f32]) -> Self::V;
    /// Writes the first `LANES` values of `y`, which has at least that many.
    fn store(self, v: Self::V, y: &mut [f32]);
    /// Fills `y`, which has at most `LANES` values, with the first lanes.
    fn store_partial(self, v: Self::V, y: &mut [f32]);

    /// `a + b`
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `1 / a` within 1 ULP, for `a` from 1 to 2^125.
    #[inline(always)]
    fn reciprocal(self, a: Self::V) -> Self::V {
        self.div(self.splat(1.0), a)
    }
    /// `a * b + c`, rounded once where the processor can.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a[LANE] * b + c`, rounded once where the processor can.
    #[inline(always)]
    fn mul_add_lane<const LANE: usize>(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        let mut lanes = [0.0; 16];
        self.store(a, &mut lanes);
        self.mul_add(self.splat(lanes[LANE]), b, c)
    }
    /// `c - a * b`, rounded once where the processor can.
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `if a > b { a } else { b }`
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `if a < b { a } else { b }`
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `|a|`
    fn abs(self, a: Self::V) -> Self::V;
    /// `-a`
    fn neg(self, a: Self::V) -> Self::V;
    /// The correctly rounded square root.
    fn sqrt(self, a: Self::V) -> Self::V;
    /// The nearest integer, ties to even.
    fn round(self, a: Self::V) -> Self::V;
    /// `a < b`, false if either is NaN.
    fn lt(self, a: Self::V, b: Self::V) -> Self::M;
    /// `a <= b`, false if either is NaN.
    fn le(self, a: Self::V, b: Self::V) -> Self::M;
    /// `a == b`, false if either is NaN.
    fn eq(self, a: Self::V, b: Self::V) -> Self::M;
    /// `if m { a } else { b }`
    fn select(self, m: Self::M, a: Self::V, b: Self::V) -> Self::V;
    /// `2^n` for a whole `n` in -126..=127.
    fn pow2(self, n: Self::V) -> Self::V;
    /// `a * 2^n` for a whole `n <= 0`. The result is unspecified where it would not be a normal number.
    #[inline(always)]
    fn times_pow2(self, a: Self::V, n: Self::V) -> Self::V {
        self.mul(a, self.pow2(n))
    }
    /// `a * 2^n` for a whole `n` in -150..=128 and `a` from 1/2 to 2, where the result is subnormal or infinite too.
    #[inline(always)]
    fn scaled(self, a: Self::V, n: Self::V) -> Self::V {
        let half = self.round(self.mul(n, self.splat(0.5)));
        self.mul(self.mul(a, self.pow2(half)), self.pow2(self.sub(n, half)))
    }
    /// `(m, e)` with `a = m * 2^e` and `m` in [1, 2), for a normal `a > 0`.
    fn split(self, a: Self::V) -> (Self::V, Self::V);
    /// The sum of the lanes, in a fixed order.
    fn sum(self, a: Self::V) -> f32;
    /// The largest lane, none of which is NaN.
    fn max_of(self, a: Self::V) -> f32;
    /// Transposes a tile: row `c` of `y` (`LANES` values, `y_stride` apart) is column `c` of the `rows <= LANES` rows of `x`
    /// (`LANES` values, `x_stride` apart), padded with zeros.
    fn transpose(self, x: &[f32], x_stride: usize, rows: usize, y: &mut [f32], y_stride: usize);

    /// Converts numbers of binary16 to f32, as many from the front as there are whole vectors, if the processor has an
    /// instruction for that. `put` gets each vector with the index of its first number. Returns how many it converted.
    #[inline(always)]
    fn widen_f16(self, _x: &[f16], _put: impl FnMut(usize, Self::V)) -> usize {
        0
    }
    /// Rounds numbers to binary16, to nearest with ties to even: as many as [`widen_f16`](Self::widen_f16) would convert.
    #[inline(always)]
    fn narrow_f16(self, _x: &[f32], _y: &mut [f16]) -> usize {
        0
    }
    /// The same, and back to f32.
    #[inline(always)]
    fn round_f16(self, _x: &mut [f32]) -> usize {
        0
    }

    /// Every lane is zero.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }

    /// The values of `x` from index `at` on: a vector, padded with zeros at the end of the slice.
    #[inline(always)]
    fn load_at(self, x: &[f32], at: usize) -> Self::V {
        let rest = &x[at..];
        if rest.len() >= Self::LANES { self.load(rest) } else { self.load_partial(rest) }
    }

    /// Writes `y` from index `at` on: a vector, or up to the end of the slice.
    #[inline(always)]
    fn store_at(self, v: Self::V, y: &mut [f32], at: usize) {
        let rest = &mut y[at..];
        if rest.len() >= Self::LANES { self.store(v, rest) } else { self.store_partial(v, rest) }
    }
}
