//! Linear maps of blocks: rows are split into `n` equal parts, each of which has a matrix of its own, so that all together are
//! a block-diagonal matrix.
//!
//! Small square blocks are a band around the diagonal. Its diagonals are stored one after the other, so that columns are lanes:
//! `y[c] = Σ_s diagonal_s[c]·x[c + s]`. Larger blocks are one matrix product each.

use super::Compute;
use super::matmul::{Mat, Mode, matmul_strided};
use super::scratch::pieces;

/// Up to this size, a square block is a part of a band.
const MOST_OF_BAND: usize = 8;
/// Rows whose products for the gradient of a band are summed at a time: they stay in the L1 cache.
const ROWS_AT_ONCE: usize = 16;

/// The number of blocks and the size of each.
#[derive(Clone, Copy, Debug)]
pub struct Blocks {
    /// Number of blocks.
    pub count: usize,
    /// Inputs of a block.
    pub inputs: usize,
    /// Outputs of a block.
    pub outputs: usize,
}

impl Blocks {
    fn is_band(self) -> bool {
        self.inputs == self.outputs && self.inputs <= MOST_OF_BAND
    }

    /// Lengths of the diagonals, or the sums of their gradients, and of so many rows with zeros around them.
    fn lengths(self, rows: usize) -> [usize; 2] {
        let (reach, columns) = (self.inputs - 1, self.count * self.inputs);
        [(2 * reach + 1) * columns, rows * (columns + 2 * reach)]
    }

    /// How many numbers of scratch memory the map needs.
    pub fn scratch(self) -> usize {
        if self.is_band() { self.lengths(1).iter().sum() } else { 0 }
    }

    /// How many numbers of scratch memory the gradients need.
    pub fn grad_scratch(self) -> usize {
        if self.is_band() { self.lengths(ROWS_AT_ONCE).iter().sum() } else { 0 }
    }

    /// Calls `f` with the place of each weight, and its place on the diagonals of the map or of its transpose.
    fn each_weight(self, transposed: bool, mut f: impl FnMut(usize, usize)) {
        let (size, columns) = (self.inputs, self.count * self.inputs);
        for place in 0..self.count * size * size {
            let [block, o, i] = [place / (size * size), place / size % size, place % size];
            let [row, column] = if transposed { [i, o] } else { [o, i] };
            let diagonal = column + size - 1 - row;
            f(place, diagonal * columns + block * size + row);
        }
    }

    fn diagonals(self, w: &[f32], transposed: bool, to: &mut [f32]) {
        to.fill(0.0);
        self.each_weight(transposed, |place, at| to[at] = w[place]);
    }

    /// The part of block `i` of rows of `size` numbers for each block.
    fn part(self, x: &[f32], i: usize, size: usize) -> Mat<'_> {
        let row_stride = self.count * size;
        let rows = x.len() / row_stride;
        Mat { data: &x[i * size..], rows, cols: size, row_stride, col_stride: 1 }
    }

    fn block(self, w: &[f32], i: usize) -> Mat<'_> {
        let size = self.inputs * self.outputs;
        Mat::new(&w[i * size..][..size], self.outputs, self.inputs)
    }

    /// `y = x Wᵀ + bias` of each block, for `x` `[rows, count, inputs]`, `w` `[count, outputs, inputs]`, `bias` `[count·outputs]`.
    pub fn forward(
        self,
        compute: Compute,
        x: &[f32],
        w: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let mode = if bias.is_some() { Mode::Add } else { Mode::Write };
        if let Some(bias) = bias {
            assert_eq!(bias.len(), self.count * self.outputs, "one bias per output");
            y.chunks_exact_mut(bias.len()).for_each(|row| row.copy_from_slice(bias));
        }
        if self.is_band() {
            let [diagonals, row] = pieces(scratch, self.lengths(1));
            self.diagonals(w, false, diagonals);
            return band(x, diagonals, self.count * self.inputs, row, y, mode);
        }
        for i in 0..self.count {
            let (x, w) = (self.part(x, i, self.inputs), self.block(w, i).t());
            let (to, stride) = (&mut y[i * self.outputs..], self.count * self.outputs);
            matmul_strided(compute, x, w, to, stride, mode);
        }
    }

    /// The gradient for the input.
    pub fn grad(
        self,
        compute: Compute,
        g: &[f32],
        w: &[f32],
        dx: &mut [f32],
        mode: Mode,
        scratch: &mut [f32],
    ) {
        if self.is_band() {
            let [diagonals, row] = pieces(scratch, self.lengths(1));
            self.diagonals(w, true, diagonals);
            return band(g, diagonals, self.count * self.inputs, row, dx, mode);
        }
        for i in 0..self.count {
            let (g, w) = (self.part(g, i, self.outputs), self.block(w, i));
            let (to, stride) = (&mut dx[i * self.inputs..], self.count * self.inputs);
            matmul_strided(compute, g, w, to, stride, mode);
        }
    }

    /// Adds to the gradient of the weight.
    pub fn weight_grad(
        self,
        compute: Compute,
        g: &[f32],
        x: &[f32],
        dw: &mut [f32],
        scratch: &mut [f32],
    ) {
        if self.is_band() {
            let [sums, rows] = pieces(scratch, self.lengths(ROWS_AT_ONCE));
            sums.fill(0.0);
            band_weight_grad(g, x, self.count * self.inputs, rows, sums);
            return self.each_weight(false, |place, at| dw[place] += sums[at]);
        }
        let size = self.inputs * self.outputs;
        for (i, dw) in dw.chunks_exact_mut(size).enumerate() {
            let (g, x) = (self.part(g, i, self.outputs).t(), self.part(x, i, self.inputs));
            matmul_strided(compute, g, x, dw, self.inputs, Mode::Add);
        }
    }
}

/// The number of columns next to a column that a band reaches.
#[inline(always)]
fn reach(diagonals: &[f32], columns: usize) -> usize {
    diagonals.len() / columns / 2
}

simd_fn! {
    /// The product of each row with a band. `row` is scratch memory for a row with zeros around it.
    fn band(s, x: &[f32], diagonals: &[f32], columns: usize, row: &mut [f32], y: &mut [f32], mode: Mode) {
        assert!(x.len() == y.len() && x.len().is_multiple_of(columns), "rows of a band");
        let reach = reach(diagonals, columns);
        row.fill(0.0);
        for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact_mut(columns)) {
            row[reach..][..columns].copy_from_slice(x);
            for at in (0..columns).step_by(S::LANES) {
                let mut sum = if mode == Mode::Add { s.load_at(y, at) } else { s.zero() };
                for (i, diagonal) in diagonals.chunks_exact(columns).enumerate() {
                    sum = s.mul_add(s.load_at(diagonal, at), s.load_at(row, at + i), sum);
                }
                s.store_at(sum, y, at);
            }
        }
    }
}

simd_fn! {
    /// The gradient of [`band`] for the diagonals: `sums[i][c] += Σ_rows g[c]·x[c + i]`. Products of numbers of different blocks
    /// are among them.
    fn band_weight_grad(s, g: &[f32], x: &[f32], columns: usize, rows: &mut [f32], sums: &mut [f32]) {
        assert!(x.len() == g.len() && x.len().is_multiple_of(columns), "rows of a band");
        let reach = reach(sums, columns);
        let width = columns + 2 * reach;
        rows.fill(0.0);
        let some = ROWS_AT_ONCE * columns;
        for (x, g) in x.chunks(some).zip(g.chunks(some)) {
            for (row, x) in rows.chunks_exact_mut(width).zip(x.chunks_exact(columns)) {
                row[reach..][..columns].copy_from_slice(x);
            }
            for (i, sums) in sums.chunks_exact_mut(columns).enumerate() {
                for at in (0..columns).step_by(S::LANES) {
                    let mut sum = s.load_at(sums, at);
                    for (g, row) in g.chunks_exact(columns).zip(rows.chunks_exact(width)) {
                        sum = s.mul_add(s.load_at(g, at), s.load_at(row, at + i), sum);
                    }
                    s.store_at(sum, sums, at);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::{assert_close, each_isa, numbers};

    #[test]
    fn values_and_gradients_equal_their_formulas() {
        let rows = 19; // more than are summed at a time
        each_isa(|_| {
            let sizes =
                [[1, 1, 1], [5, 4, 4], [16, 4, 4], [7, 8, 8], [3, 2, 2], [3, 9, 9], [2, 3, 5]];
            for [count, inputs, outputs] in sizes {
                let blocks = Blocks { count, inputs, outputs };
                let [x, g] = [inputs, outputs].map(|n| numbers(rows * count * n, n as u64));
                let w = numbers(count * inputs * outputs, 3);
                let mut scratch = vec![7.0; blocks.grad_scratch().max(blocks.scratch())];
                let (mut y, mut dx, mut dw) =
                    (vec![9.0; g.len()], vec![0.5; x.len()], vec![0.25; w.len()]);
                let compute = Compute::default();
                blocks.forward(compute, &x, &w, None, &mut y, &mut scratch);
                blocks.grad(compute, &g, &w, &mut dx, Mode::Add, &mut scratch);
                blocks.weight_grad(compute, &g, &x, &mut dw, &mut scratch);
                let (mut exact, mut exact_dx, mut exact_dw) =
                    (vec![0.0; g.len()], vec![0.5; x.len()], vec![0.25; w.len()]);
                for (place, w) in w.iter().enumerate() {
                    let [block, o, i] =
                        [place / (inputs * outputs), place / inputs % outputs, place % inputs];
                    for row in 0..rows {
                        let (from, to) = (
                            (row * count + block) * inputs + i,
                            (row * count + block) * outputs + o,
                        );
                        exact[to] += f64::from(*w) * f64::from(x[from]);
                        exact_dx[from] += f64::from(*w) * f64::from(g[to]);
                        exact_dw[place] += f64::from(g[to]) * f64::from(x[from]);
                    }
                }
                assert_close(&y, &exact, 4e-6);
                assert_close(&dx, &exact_dx, 4e-6);
                assert_close(&dw, &exact_dw, 2e-5);
                let bias = numbers(count * outputs, 4);
                blocks.forward(compute, &x, &w, Some(&bias), &mut y, &mut scratch);
                let of_bias = |i: usize| f64::from(bias[i % bias.len()]);
                let biased: Vec<f64> =
                    exact.iter().enumerate().map(|(i, y)| y + of_bias(i)).collect();
                assert_close(&y, &biased, 4e-6);
                blocks.grad(compute, &g, &w, &mut dx, Mode::Write, &mut scratch);
                let written: Vec<f64> = exact_dx.iter().map(|d| d - 0.5).collect();
                assert_close(&dx, &written, 4e-6);
            }
        });
    }
}
