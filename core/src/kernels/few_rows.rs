//! A product of few rows by tiles, whose columns threads share.
//!
//! The left factor is packed first, for all. Then each thread packs the columns of the right one that it multiplies next:
//! so they stay in its own cache, and a thread that is quicker takes more of them. Shared by rows, half of what a thread
//! multiplies with would lie in the cache of another.

use super::matmul::Start;
use super::parallel::{FEW_ROWS, in_columns};
use super::tiles::{Factor, LEFT, Product, RIGHT, Stored, Way, block, pack, pack_from, room};
use crate::simd::bf16::{DEPTH, SIDE, Side, Tile};

/// Steps of the inner dimension that are packed and multiplied before the next, in blocks: so many of 32 columns stay in the
/// second cache beside the rows.
const INNER: usize = 16;

/// Computes products of at most [`FEW_ROWS`] rows with one left factor.
pub(super) fn multiply<const N: usize>(way: Way, a: Stored<'_>, products: [Product<'_>; N]) {
    let [m, k] = a.size();
    let mut buffer = RIGHT.take();
    let left = room(&mut buffer, m.div_ceil(SIDE) * k.div_ceil(DEPTH) * way.block());
    pack(way, a, Side::Left, left);
    products.into_iter().for_each(|product| multiply_packed(way, [m, k], left, product));
    RIGHT.set(buffer);
}

fn multiply_packed(way: Way, [m, k]: [usize; 2], left: &[Tile], product: Product<'_>) {
    let (steps, block_tiles) = (k.div_ceil(DEPTH), way.block());
    let Product { b, n, stride, c, start } = product;
    in_columns(c, [n, stride], SIDE, &|j, lines: &mut [&mut [f32]]| {
        let (ready, mut buffer) = (way.take(), LEFT.take());
        let mut sums = [0.0; FEW_ROWS * SIDE];
        let cols = lines[0].len();
        for (sums, line) in sums.chunks_exact_mut(SIDE).zip(&*lines) {
            match start {
                Start::Zero => {}
                Start::Old => sums[..cols].copy_from_slice(line),
                Start::Row(row) => sums[..cols].copy_from_slice(&row[j * SIDE..][..cols]),
            }
        }
        for p in (0..steps).step_by(INNER) {
            let some = INNER.min(steps - p);
            let right = match b {
                Factor::Packed(all) => all.part(j * steps + p, some, way),
                Factor::Plain(b) => {
                    let inner = (some * DEPTH).min(k - p * DEPTH);
                    let own = room(&mut buffer, some * block_tiles);
                    pack_from(way, b.part(p * DEPTH, 0, inner, n).t(), j, Side::Right, own);
                    &*own
                }
            };
            for (i, sums) in sums.chunks_exact_mut(SIDE * SIDE).take(m.div_ceil(SIDE)).enumerate() {
                let rows = &left[(i * steps + p) * block_tiles..][..right.len()];
                block(&ready, [rows, right], [SIDE; 2], sums, SIDE, Start::Old, 0);
            }
        }
        for (sums, line) in sums.chunks_exact(SIDE).zip(lines) {
            line.copy_from_slice(&sums[..cols]);
        }
        LEFT.set(buffer);
    });
}
