//! A product of few rows by tiles, whose columns threads share.
//!
//! The left factor is packed first, for all. Then each thread packs the columns of the right one that it multiplies next:
//! so they stay in its own cache, and a thread that is quicker takes more of them. Shared by rows, half of what a thread
//! multiplies with would lie in the cache of another.

use super::bf16_gemm::{
    Bf16Operand, Bf16Plan, LEFT, Product, RIGHT, Stored, block, pack, pack_from, room,
};
use super::matmul::Init;
use super::parallel::{SKINNY_ROWS, par_columns};
use crate::simd::bf16::{DEPTH, SIDE, Side, Tile};

/// Steps of the inner dimension that are packed and multiplied before the next, in blocks: so many of 32 columns stay in the
/// second cache beside the rows.
const INNER: usize = 16;

/// Computes products of at most [`SKINNY_ROWS`] rows with one left factor.
pub(super) fn multiply<const N: usize>(plan: Bf16Plan, a: Stored<'_>, products: [Product<'_>; N]) {
    let [m, k] = a.size();
    let mut buffer = RIGHT.take();
    let left = room(&mut buffer, m.div_ceil(SIDE) * k.div_ceil(DEPTH) * plan.block());
    pack(plan, a, Side::Left, left);
    products.into_iter().for_each(|product| multiply_packed(plan, [m, k], left, product));
    RIGHT.set(buffer);
}

fn multiply_packed(plan: Bf16Plan, [m, k]: [usize; 2], left: &[Tile], product: Product<'_>) {
    let (steps, block_tiles) = (k.div_ceil(DEPTH), plan.block());
    let Product { b, n, stride, c, init } = product;
    par_columns(c, [n, stride], SIDE, &|j, lines: &mut [&mut [f32]]| {
        let (microkernel, mut buffer) = (plan.microkernel(), LEFT.take());
        let mut sums = [0.0; SKINNY_ROWS * SIDE];
        let cols = lines[0].len();
        for (sums, line) in sums.chunks_exact_mut(SIDE).zip(&*lines) {
            match init {
                Init::Zero => {}
                Init::Accumulate => sums[..cols].copy_from_slice(line),
                Init::Bias(row) => sums[..cols].copy_from_slice(&row[j * SIDE..][..cols]),
            }
        }
        for p in (0..steps).step_by(INNER) {
            let some = INNER.min(steps - p);
            let right = match b {
                Bf16Operand::Packed(all) => all.part(j * steps + p, some, plan),
                Bf16Operand::Plain(b) => {
                    let inner = (some * DEPTH).min(k - p * DEPTH);
                    let own = room(&mut buffer, some * block_tiles);
                    pack_from(plan, b.part(p * DEPTH, 0, inner, n).t(), j, Side::Right, own);
                    &*own
                }
            };
            for (i, sums) in sums.chunks_exact_mut(SIDE * SIDE).take(m.div_ceil(SIDE)).enumerate() {
                let rows = &left[(i * steps + p) * block_tiles..][..right.len()];
                block(&microkernel, [rows, right], [SIDE; 2], sums, SIDE, Init::Accumulate, 0);
            }
        }
        for (sums, line) in sums.chunks_exact(SIDE).zip(lines) {
            line.copy_from_slice(&sums[..cols]);
        }
        LEFT.set(buffer);
    });
}
