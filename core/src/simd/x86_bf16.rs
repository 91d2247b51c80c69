//! The GEMM microkernel for bfloat16 with sums in f32: by tiles (AMX) or dot products (AVX512-BF16).
//!
//! A number in f32 is the sum of three in bfloat16, each of which holds eight of its 24 bits; only what lies below the
//! smallest normal number is lost. Of the nine products of two such sums the six largest are computed, the smallest first.
//! The other three are below 2⁻²⁴ of the result, the precision of f32. Tiles multiply bfloat16 sixteen times as fast as
//! vectors multiply f32, so six products are still faster. Mixed precision needs one part of each number, and so one
//! product. Intel's manual, volume 2: `TDPBF16PS`, `TILELOADD`, `VDPBF16PS`.

use super::Isa;
use super::avx512::Avx512;
use super::bf16::{Bf16Unit, Block, DEPTH, Layout, SIDE, Side, Tile};
use super::x86_bf16_packing::{Lines, pack_half, pack_half_bf16};
use half::bf16;
use std::arch::asm;
use std::arch::x86_64::*;
use std::sync::OnceLock;

/// Whether contiguous numbers become columns of a tile.
fn needs_transpose(layout: Layout, side: Side) -> bool {
    matches!(layout, Layout::Lanes(_)) == (side == Side::Right)
}

/// Where the numbers of a tile are, for the first or the second 16 lanes.
fn lines(layout: Layout, half: usize, [lanes, steps]: [usize; 2]) -> Lines {
    let lanes = lanes.saturating_sub(16 * half).min(16);
    let steps = [steps.min(16), steps.saturating_sub(16)];
    match layout {
        Layout::Lanes(stride) => {
            Lines { first: 16 * half * stride, stride, second: 16, count: [lanes; 2], len: steps }
        }
        Layout::Steps(stride) => {
            Lines { first: 16 * half, stride, second: 16 * stride, count: steps, len: [lanes; 2] }
        }
    }
}

/// AMX, if the system lets this process use it, or AVX512-BF16.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    /// Whether it is AMX; else AVX512-BF16.
    amx: bool,
    _packs: Avx512,
}

impl Unit {
    fn amx() -> Option<Self> {
        static ALLOWED: OnceLock<bool> = OnceLock::new();
        let _packs = Avx512::new()?;
        ALLOWED.get_or_init(|| has_amx() && request_amx()).then_some(Self { amx: true, _packs })
    }

    fn avx512_bf16() -> Option<Self> {
        let _packs = Avx512::new()?;
        is_x86_feature_detected!("avx512bf16").then_some(Self { amx: false, _packs })
    }
}

impl Bf16Unit for Unit {
    fn of(isa: Isa, rounds: bool) -> Option<Self> {
        match isa {
            Isa::Amx => Self::amx(),
            Isa::Avx512 if rounds => Self::avx512_bf16(),
            _ => None,
        }
    }

    /// With AMX, configures the tile registers.
    fn start(self) {
        if self.amx {
            // SAFETY: the token proves AMX. The compiler has no use for tiles, and none for how they are configured.
            unsafe { asm!("ldtilecfg [{}]", in(reg) CONFIGURATION.0.as_ptr(), options(nostack)) };
        }
    }

    fn stop(self) {
        if self.amx {
            // SAFETY: the token proves AMX.
            unsafe { asm!("tilerelease", options(nostack, nomem)) };
        }
    }

    unsafe fn pack<const PARTS: usize>(
        self,
        x: &[f32],
        layout: Layout,
        size: [usize; 2],
        side: Side,
        out: &mut [Tile],
    ) {
        for half in 0..2 {
            let lines = lines(layout, half, size);
            // SAFETY: the token proves AVX-512F; lines and their lengths are the caller's.
            unsafe {
                match (size == [SIDE, DEPTH], needs_transpose(layout, side)) {
                    (true, true) => pack_half::<PARTS, true, true>(x, lines, half, out),
                    (true, false) => pack_half::<PARTS, true, false>(x, lines, half, out),
                    (false, true) => pack_half::<PARTS, false, true>(x, lines, half, out),
                    (false, false) => pack_half::<PARTS, false, false>(x, lines, half, out),
                }
            }
        }
    }

    unsafe fn pack_bf16(self, x: &[bf16], layout: Layout, side: Side, out: &mut [Tile]) {
        for half in 0..2 {
            let lines = lines(layout, half, [SIDE, DEPTH]);
            // SAFETY: the token proves AVX-512F; lines are the caller's.
            unsafe {
                match needs_transpose(layout, side) {
                    true => pack_half_bf16::<true>(x, lines, half, out),
                    false => pack_half_bf16::<false>(x, lines, half, out),
                }
            }
        }
    }

    unsafe fn multiply<const PARTS: usize>(self, block: Block) {
        // SAFETY: the token proves the instructions; the memory is the caller's, who started the unit: tiles are configured.
        unsafe {
            match (PARTS, self.amx) {
                (3, true) => multiply_f32(block),
                (1, true) => multiply_bf16(block),
                (1, false) => multiply_dots(block),
                _ => unreachable!("numbers in {PARTS} parts"),
            }
        }
    }
}

/// A block by dot products, a quarter at a time: 16 × 16 sums fit the registers.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn multiply_dots(block: Block) {
    let Block { blocks, a, b, init, init_stride, c, stride } = block;
    for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        // SAFETY: the memory is as `Block` says.
        unsafe {
            let mut sums = [_mm512_setzero_ps(); 16];
            for i in 0..16 {
                sums[i] = _mm512_loadu_ps(init.add((16 * row + i) * init_stride + 16 * column));
            }
            for at in 0..blocks {
                let words = &(*a.add(2 * at + row)).0;
                let lanes = &(*b.add(2 * at + column)).0;
                for p in 0..16 {
                    let lanes = _mm512_loadu_si512(lanes.as_ptr().add(16 * p).cast());
                    for i in 0..16 {
                        let word = _mm512_set1_epi32(words[16 * i + p] as i32);
                        sums[i] = _mm512_dpbf16_ps(sums[i], bits(word), bits(lanes));
                    }
                }
            }
            for i in 0..16 {
                _mm512_storeu_ps(c.add((16 * row + i) * stride + 16 * column), sums[i]);
            }
        }
    }
}

/// 32 numbers in bfloat16.
#[inline(always)]
fn bits(words: __m512i) -> __m512bh {
    // SAFETY: both types are 64 bytes, and every bit pattern is valid.
    unsafe { std::mem::transmute(words) }
}

/// Eight tiles of 16 rows of 64 bytes. Intel's manual, volume 2: `LDTILECFG`.
#[repr(align(64))]
struct Configuration([u8; 64]);

static CONFIGURATION: Configuration = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        bytes[16 + 2 * tile] = 64;
        bytes[48 + tile] = 16;
        tile += 1;
    }
    Configuration(bytes)
};

/// The four products of two tiles each: those in tmm4 and tmm5 with those in tmm6 and tmm7.
macro_rules! products {
    () => {
        "tdpbf16ps tmm0, tmm4, tmm6
         tdpbf16ps tmm1, tmm4, tmm7
         tdpbf16ps tmm2, tmm5, tmm6
         tdpbf16ps tmm3, tmm5, tmm7
        "
    };
}

/// Defines the loop over the inner dimension: `$step` is its body, `$bytes` how far each factor advances.
macro_rules! multiply {
    ($name:ident, $bytes:literal, [$($step:expr),*]) => {
        #[inline]
        unsafe fn $name(block: Block) {
            let Block { blocks, a, b, init, init_stride, c, stride } = block;
            // SAFETY: the memory is as `Block` says.
            unsafe {
                asm!(
                    "tileloadd tmm0, [{s} + {ss}]",
                    "tileloadd tmm1, [{s} + {ss} + 64]",
                    "tileloadd tmm2, [{s_low} + {ss}]",
                    "tileloadd tmm3, [{s_low} + {ss} + 64]",
                    "2:",
                    $($step,)*
                    concat!("add {a}, ", $bytes),
                    concat!("add {b}, ", $bytes),
                    "dec {n}",
                    "jnz 2b",
                    "tilestored [{c} + {cs}], tmm0",
                    "tilestored [{c} + {cs} + 64], tmm1",
                    "tilestored [{c_low} + {cs}], tmm2",
                    "tilestored [{c_low} + {cs} + 64], tmm3",
                    n = inout(reg) blocks => _,
                    a = inout(reg) a => _,
                    b = inout(reg) b => _,
                    line = in(reg) 64usize,
                    s = in(reg) init,
                    s_low = in(reg) init.add(16 * init_stride),
                    ss = in(reg) 4 * init_stride,
                    c = in(reg) c,
                    c_low = in(reg) c.add(16 * stride),
                    cs = in(reg) 4 * stride,
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                    options(nostack),
                );
            }
        }
    };
}

multiply!(
    multiply_bf16,
    2048,
    [
        "tileloadd tmm4, [{a} + {line}]",
        "tileloadd tmm6, [{b} + {line}]",
        "tileloadd tmm7, [{b} + {line} + 1024]",
        "tileloadd tmm5, [{a} + {line} + 1024]",
        products!()
    ]
);

multiply!(
    multiply_f32,
    6144,
    [
        // low × high, middle × high, middle × middle, high × middle, high × low, high × high
        "tileloadd tmm4, [{a} + {line} + 4096]",
        "tileloadd tmm6, [{b} + {line}]",
        "tileloadd tmm7, [{b} + {line} + 1024]",
        "tileloadd tmm5, [{a} + {line} + 5120]",
        products!(),
        "tileloadd tmm4, [{a} + {line} + 2048]",
        "tileloadd tmm5, [{a} + {line} + 3072]",
        products!(),
        "tileloadd tmm6, [{b} + {line} + 2048]",
        "tileloadd tmm7, [{b} + {line} + 3072]",
        products!(),
        "tileloadd tmm4, [{a} + {line}]",
        "tileloadd tmm5, [{a} + {line} + 1024]",
        products!(),
        "tileloadd tmm6, [{b} + {line} + 4096]",
        "tileloadd tmm7, [{b} + {line} + 5120]",
        products!(),
        "tileloadd tmm6, [{b} + {line}]",
        "tileloadd tmm7, [{b} + {line} + 1024]",
        products!()
    ]
);

/// Whether the processor multiplies tiles of bfloat16. Intel's manual, volume 2: `CPUID`, leaf 7.
fn has_amx() -> bool {
    const AMX_BF16: u32 = 1 << 22;
    const AMX_TILE: u32 = 1 << 24;
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & (AMX_BF16 | AMX_TILE) == AMX_BF16 | AMX_TILE
}

/// Requests the tile registers from Linux. On other systems they are not used. Linux: `Documentation/arch/x86/xstate.rst`.
#[cfg(target_os = "linux")]
fn request_amx() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const TILE_DATA: i64 = 18;
    let answer: i64;
    // SAFETY: the call touches no memory of this process; the kernel overwrites `rcx` and `r11`.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") TILE_DATA,
            out("rcx") _,
            out("r11") _,
            options(nostack, nomem),
        );
    }
    answer == 0
}

#[cfg(not(target_os = "linux"))]
fn request_amx() -> bool {
    false
}
