//! GEMM with few rows, in blocks of bfloat16: threads share its columns.
//!
//! The left factor is packed first, for all threads. Then each thread packs the columns of the right factor just before it
//! multiplies them, so they stay in its own cache, and a faster thread takes more of them. If threads shared the rows
//! instead, half of the right factor would lie in another core's cache.

use super::bf16_gemm::{
    Bf16Operand, Bf16Plan, FloatMat, OWN_FACTOR, Product, SHARED_FACTOR, block, grow, pack,
    pack_strips,
};
use super::matmul::Init;
use super::parallel::par_columns;
use crate::simd::bf16::{DEPTH, SIDE, Side, Tile};

/// Blocks of the inner dimension that are packed and multiplied before going on: with 32 columns they fit the L2 cache
/// beside the rows.
const INNER: usize = 16;

/// The most rows of such a product.
pub(super) const SKINNY_ROWS: usize = 128;

/// Computes products of at most [`SKINNY_ROWS`] rows with one left factor.
pub(super) fn multiply<const N: usize>(
    plan: Bf16Plan,
    a: FloatMat<'_>,
    products: [Product<'_>; N],
) {
    let [m, k] = a.size();
    let mut buffer = SHARED_FACTOR.take();
    let len = m.div_ceil(SIDE) * k.div_ceil(DEPTH) * plan.block_tiles();
    let left = grow(&mut buffer, len);
    pack(plan, a, Side::Left, left);
    products.into_iter().for_each(|product| multiply_packed(plan, [m, k], left, product));
    SHARED_FACTOR.set(buffer);
}

fn multiply_packed(plan: Bf16Plan, [m, k]: [usize; 2], left: &[Tile], product: Product<'_>) {
    let (steps, block_tiles) = (k.div_ceil(DEPTH), plan.block_tiles());
    let Product { b, n, stride, c, init } = product;
    par_columns(c, [n, stride], SIDE, &|j, lines: &mut [&mut [f32]]| {
        let (microkernel, mut buffer) = (plan.microkernel(), OWN_FACTOR.take());
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
                    let own = grow(&mut buffer, some * block_tiles);
                    pack_strips(plan, b.part(p * DEPTH, 0, inner, n).t(), j, Side::Right, own);
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
        OWN_FACTOR.set(buffer);
    });
}
