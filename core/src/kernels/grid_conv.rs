//! Convolution of a series that is laid out as a grid, one period in each row. Upstream: `models/timesnet.py: TimesBlock`.
//!
//! A cell is the numbers of one step. All windows whose grid has the same shape are convolved together. Their rows are laid
//! out with the same row of all windows side by side: `[R, n, p·C]` for `R` rows of `p` columns of `n` windows. Then the
//! cells that an output sees in a row of the grid are contiguous, and moving by a row of the grid moves by `n` rows of the
//! matrix. So each column and each row of the kernel is one product over all windows, and taps outside the grid are left out.

use super::Compute;
use super::elementwise::{add_assign, column_sums_add};
use super::matmul::{Mat, Mode, matmul, matmul_strided};
use super::parallel::par_rows;
use super::periods::{is_first, period};
use super::permute::{Permutation, permute, permute_add};

/// Threads share a product in an even number of blocks of about so many rows.
const BLOCK: usize = 144;
/// At least so many rows are worth sharing.
const SHARED: usize = 32;

/// Grids of `B` windows, `count` of each.
#[derive(Clone, Copy, Debug)]
pub struct Grids {
    /// `B`.
    pub windows: usize,
    /// Grids of a window.
    pub count: usize,
    /// `T`: the steps of a window.
    pub steps: usize,
    /// Whether the input has a value for each grid, `[count, B, P, C]`; otherwise it is `[B, T, C]`, the same for all.
    pub each: bool,
    /// `C` and `O`.
    pub channels: [usize; 2],
    /// Rows and columns of the kernel; odd.
    pub kernel: usize,
}

/// The most cells of a grid of `steps` steps: whole rows of any period of a frequency.
pub fn most_cells(steps: usize) -> usize {
    (1..=steps / 2).map(|f| steps.next_multiple_of(steps / f)).max().unwrap_or(steps)
}

/// The windows whose grids have this period.
#[derive(Clone, Copy)]
struct Group {
    period: usize,
    rows: usize,
    /// How many windows.
    windows: usize,
}

impl Grids {
    fn cells(self) -> usize {
        most_cells(self.steps)
    }

    fn taps(self) -> usize {
        self.kernel * self.kernel
    }

    /// Numbers of the kernel.
    fn weights(self) -> usize {
        self.taps().saturating_mul(self.channels[0]).saturating_mul(self.channels[1])
    }

    /// Numbers of all cells of a group with so many channels.
    fn packed(self, channels: usize) -> usize {
        self.windows.saturating_mul(self.cells()).saturating_mul(channels)
    }

    /// Scratch numbers: input and output of a group, and the kernel.
    pub fn scratch(self) -> usize {
        let [channels, outputs] = self.channels;
        let cells = self.packed(channels).saturating_add(self.packed(outputs));
        cells.saturating_add(self.weights())
    }

    /// Scratch numbers that the backward pass needs in addition: the gradient of the kernel.
    pub fn gradient_scratch(self) -> usize {
        self.weights()
    }

    /// Visits each group of grids of the same shape.
    fn each_group(self, chosen: &[f32], mut visit: impl FnMut(Group)) {
        let mut last = 0;
        for f in 1..=self.steps / 2 {
            let period = self.steps / f;
            if period == last {
                continue;
            }
            last = period;
            let windows = self.members(chosen, period).count();
            if windows > 0 {
                visit(Group { period, rows: self.steps.div_ceil(period), windows });
            }
        }
    }

    /// Window and number of each grid with this period. A window has only the first of several that are equal.
    fn members(self, chosen: &[f32], p: usize) -> impl Iterator<Item = (usize, usize)> {
        chosen.chunks_exact(self.count).enumerate().flat_map(move |(window, own)| {
            let first =
                move |i: &usize| period(self.steps, own[*i]) == p && is_first(self.steps, own, *i);
            (0..self.count).filter(first).map(move |i| (window, i))
        })
    }

    /// Where the input of a grid begins, and how many of its cells are steps of the input.
    fn source(self, (window, i): (usize, usize), cells: usize) -> (usize, usize) {
        if self.each {
            ((i * self.windows + window) * self.cells(), cells)
        } else {
            (window * self.steps, self.steps)
        }
    }

    /// Where the output of a grid begins, in cells.
    fn target(self, (window, i): (usize, usize)) -> usize {
        (i * self.windows + window) * self.cells()
    }
}

/// Visits each row of the grids of a group: the first number in the packed matrix, the first step of the row in its grid.
fn each_row(group: Group, channels: usize, n: usize, mut visit: impl FnMut(usize, usize)) {
    for row in 0..group.rows {
        visit((row * group.windows + n) * group.period * channels, row * group.period);
    }
}

/// Lays out the cells of a group, which begin at `start(member)` and of which so many are known; others are 0.
fn pack(
    group: Group,
    members: impl Iterator<Item = (usize, usize)>,
    channels: usize,
    x: &[f32],
    packed: &mut [f32],
    start: impl Fn((usize, usize)) -> (usize, usize),
) {
    for (n, member) in members.enumerate() {
        let (start, known) = start(member);
        each_row(group, channels, n, |at, step| {
            let cells = group.period.min(known.saturating_sub(step));
            let (some, rest) =
                packed[at..][..group.period * channels].split_at_mut(cells * channels);
            if cells > 0 {
                some.copy_from_slice(&x[(start + step) * channels..][..some.len()]);
            }
            rest.fill(0.0);
        });
    }
}

/// Adds or copies packed cells back to where [`pack`] read them.
fn unpack(
    group: Group,
    members: impl Iterator<Item = (usize, usize)>,
    channels: usize,
    packed: &[f32],
    y: &mut [f32],
    mode: Mode,
    start: impl Fn((usize, usize)) -> (usize, usize),
) {
    for (n, member) in members.enumerate() {
        let (start, known) = start(member);
        each_row(group, channels, n, |at, step| {
            let cells = group.period.min(known.saturating_sub(step));
            if cells > 0 {
                let from = &packed[at..][..cells * channels];
                let to = &mut y[(start + step) * channels..][..from.len()];
                match mode {
                    Mode::Write => to.copy_from_slice(from),
                    Mode::Add => add_assign(to, from),
                }
            }
        });
    }
}

/// Of the kernel's columns, the first that an output in column `at` sees, and the columns of the grid that it sees.
fn seen(kernel: usize, columns: usize, at: usize) -> (usize, [usize; 2]) {
    let half = kernel / 2;
    let [from, to] = [at.saturating_sub(half), columns.min(at + half + 1)];
    (from + half - at, [from, to])
}

/// Rows of the matrix, of `all`, among `first..first + count`, whose partner in row `k` of the kernel lies inside, and the first
/// of these partners.
fn reached(
    group: Group,
    kernel: usize,
    k: usize,
    [first, count]: [usize; 2],
) -> Option<[usize; 3]> {
    let (half, all) = (kernel / 2, group.rows * group.windows);
    let (forward, back) = (k.saturating_sub(half), half.saturating_sub(k));
    let (forward, back) = (forward * group.windows, back * group.windows);
    let from = first.max(back);
    let to = (first + count).min(all.saturating_sub(forward));
    (from < to).then(|| [from, to - from, from + forward - back])
}

/// Adds the convolution of the packed `x` with `w` `[kernel, kernel, C, O]` to the packed `y`.
fn convolve(
    compute: Compute,
    group: Group,
    [channels, outputs]: [usize; 2],
    kernel: usize,
    [x, w]: [&[f32]; 2],
    y: &mut [f32],
) {
    let Group { period, rows, windows } = group;
    let (all, of_tap) = (rows * windows, channels * outputs);
    let (from_width, width) = (period * channels, period * outputs);
    // Blocks depend on the sizes only, so that the result does not depend on the threads.
    let blocks = if all < 2 * SHARED { 1 } else { all.div_ceil(BLOCK).next_multiple_of(2) };
    let each = all.div_ceil(blocks);
    let own = Compute { shared: false, ..compute };
    par_rows(compute, [y], [each * width], 1, &|first, [y]: [&mut [f32]; 1]| {
        for (i, y) in y.chunks_mut(each * width).enumerate() {
            let here = [(first + i) * each, y.len() / width];
            for at in 0..period {
                let (column, [from, to]) = seen(kernel, period, at);
                let inner = (to - from) * channels;
                for k in 0..kernel {
                    let Some([row, count, partner]) = reached(group, kernel, k, here) else {
                        continue;
                    };
                    let x = Mat {
                        data: &x[partner * from_width + from * channels..],
                        rows: count,
                        cols: inner,
                        row_stride: from_width,
                        col_stride: 1,
                    };
                    let w = &w[(k * kernel + column) * of_tap..][..inner * outputs];
                    let y = &mut y[(row - here[0]) * width + at * outputs..];
                    matmul_strided(own, x, Mat::new(w, inner, outputs), y, width, Mode::Add);
                }
            }
        }
    });
}

/// Adds the gradient of [`convolve`] at `w`, for the packed gradient `g` of its output.
fn weight_grad(
    compute: Compute,
    group: Group,
    [channels, outputs]: [usize; 2],
    kernel: usize,
    [x, g]: [&[f32]; 2],
    dw: &mut [f32],
) {
    let Group { period, rows, windows } = group;
    let (all, of_tap) = (rows * windows, channels * outputs);
    let (from_width, width) = (period * channels, period * outputs);
    let own = Compute { shared: false, ..compute };
    par_rows(compute, [dw], [kernel * of_tap], 1, &|first, [dw]: [&mut [f32]; 1]| {
        for (k, dw) in dw.chunks_exact_mut(kernel * of_tap).enumerate() {
            let Some([row, count, partner]) = reached(group, kernel, first + k, [0, all]) else {
                continue;
            };
            for at in 0..period {
                let (column, [from, to]) = seen(kernel, period, at);
                let inner = (to - from) * channels;
                let part = |data, cols, row_stride| Mat {
                    data,
                    rows: count,
                    cols,
                    row_stride,
                    col_stride: 1,
                };
                let x = part(&x[partner * from_width + from * channels..], inner, from_width);
                let g = part(&g[row * width + at * outputs..], outputs, width);
                let dw = &mut dw[column * of_tap..][..inner * outputs];
                matmul(own, x.t(), g, dw, Mode::Add);
            }
        }
    });
}

/// Writes the convolutions `[count, B, P, O]` of all grids with the kernel `w` `[O, C, kernel, kernel]`, and a bias. What lies
/// behind the cells of a grid is 0, and so is every grid that is equal to an earlier one of the same window.
pub fn grid_conv(
    compute: Compute,
    n: Grids,
    [x, chosen, w, bias]: [&[f32]; 4],
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let [channels, outputs] = n.channels;
    let (by_tap, cells) = scratch.split_at_mut(n.weights());
    permute(&Permutation::new(&[outputs, channels, n.taps()], &[2, 1, 0]), w, by_tap);
    let (packed, result) = cells.split_at_mut(n.packed(channels));
    y.fill(0.0);
    n.each_group(chosen, |group| {
        let cells = group.rows * group.period;
        let members = || n.members(chosen, group.period);
        let [packed, result] = [(&mut *packed, channels), (&mut *result, outputs)]
            .map(|(all, channels)| &mut all[..group.windows * cells * channels]);
        pack(group, members(), channels, x, packed, |member| n.source(member, cells));
        result.chunks_exact_mut(outputs).for_each(|cell| cell.copy_from_slice(bias));
        convolve(compute, group, n.channels, n.kernel, [packed, by_tap], result);
        unpack(group, members(), outputs, result, y, Mode::Write, |member| {
            (n.target(member), cells)
        });
    });
}

/// Adds the gradient of [`grid_conv`] at `x`.
pub fn grid_conv_grad(
    compute: Compute,
    n: Grids,
    [g, chosen, w]: [&[f32]; 3],
    dx: &mut [f32],
    scratch: &mut [f32],
) {
    let [channels, outputs] = n.channels;
    let (flipped, cells) = scratch.split_at_mut(n.weights());
    // A cell gets from each output what the tap on the opposite side of the kernel gave to it.
    permute(&Permutation::new(&[outputs, channels, n.taps()], &[2, 0, 1]), w, flipped);
    let (mut front, mut back) = flipped.split_at_mut(n.taps() / 2 * channels * outputs);
    let of_tap = channels * outputs;
    while !front.is_empty() {
        let (first, rest) = front.split_at_mut(of_tap);
        let (others, last) = back.split_at_mut(back.len() - of_tap);
        first.swap_with_slice(last);
        (front, back) = (rest, others);
    }
    let (of_y, of_x) = cells.split_at_mut(n.packed(outputs));
    n.each_group(chosen, |group| {
        let cells = group.rows * group.period;
        let members = || n.members(chosen, group.period);
        let [of_y, of_x] = [(&mut *of_y, outputs), (&mut *of_x, channels)]
            .map(|(all, channels)| &mut all[..group.windows * cells * channels]);
        pack(group, members(), outputs, g, of_y, |member| (n.target(member), cells));
        of_x.fill(0.0);
        convolve(compute, group, [outputs, channels], n.kernel, [of_y, flipped], of_x);
        unpack(group, members(), channels, of_x, dx, Mode::Add, |member| n.source(member, cells));
    });
}

/// Adds the gradient of [`grid_conv`] at `w` and `bias`. `of_taps` are as many numbers as `w` has.
pub fn grid_conv_weight_grad(
    compute: Compute,
    n: Grids,
    [g, x, chosen]: [&[f32]; 3],
    dw: &mut [f32],
    scratch: &mut [f32],
    of_taps: &mut [f32],
) {
    let [channels, outputs] = n.channels;
    let (packed, of_y) = scratch[n.weights()..].split_at_mut(n.packed(channels));
    of_taps.fill(0.0);
    n.each_group(chosen, |group| {
        let cells = group.rows * group.period;
        let members = || n.members(chosen, group.period);
        let [packed, of_y] = [(&mut *packed, channels), (&mut *of_y, outputs)]
            .map(|(all, channels)| &mut all[..group.windows * cells * channels]);
        pack(group, members(), channels, x, packed, |member| n.source(member, cells));
        pack(group, members(), outputs, g, of_y, |member| (n.target(member), cells));
        weight_grad(compute, group, n.channels, n.kernel, [packed, of_y], of_taps);
    });
    permute_add(&Permutation::new(&[n.taps(), channels, outputs], &[2, 1, 0]), of_taps, dw);
}

/// Adds the gradient of [`grid_conv`] at `bias`.
pub fn grid_conv_bias_grad(compute: Compute, n: Grids, [g, chosen]: [&[f32]; 2], db: &mut [f32]) {
    let outputs = n.channels[1];
    n.each_group(chosen, |group| {
        let cells = group.rows * group.period;
        for member in n.members(chosen, group.period) {
            let g = &g[n.target(member) * outputs..][..cells * outputs];
            column_sums_add(Compute { shared: false, ..compute }, g, outputs, db);
        }
    });
}

#[cfg(test)]
#[path = "grid_conv_tests.rs"]
mod tests;
