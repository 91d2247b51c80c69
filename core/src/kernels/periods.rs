//! The strongest frequencies of windows, their amplitudes, and the periods that belong to them. Upstream:
//! `models/timesnet.py: FFT_for_Period`.
//!
//! `X_f = Σ_t x_t e^{-2πift/T}`; the amplitude of a window at `f` is the mean of `|X_f|` over its channels. All frequencies
//! of a window are one product with a table of cosines and sines.

use super::Compute;
use super::elementwise::axpy;
use super::matmul::{Mat, Mode, matmul};
use super::parallel::par_rows;
use super::top::largest;

/// Windows `[B, T, C]`, of each of which `count` frequencies are chosen.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// `B`.
    pub windows: usize,
    /// `T`.
    pub steps: usize,
    /// `C`.
    pub channels: usize,
    /// Chosen frequencies of a window.
    pub count: usize,
}

/// How many numbers of each kind are kept, in their order.
struct Lengths {
    /// The chosen frequencies `[B, count]`.
    chosen: usize,
    /// Real and imaginary parts of their `X_f` divided by its size, `[B, count, 2, C]`.
    phases: usize,
    /// `cos(2πft/T)`, then `-sin(2πft/T)`, of each frequency: `[F, 2, T]`.
    table: usize,
    /// Real and imaginary parts of a window `[F, 2, C]`.
    spectrum: usize,
    /// `[B, F]`.
    amplitudes: usize,
    /// Their mean over the windows, and space to sort.
    mean: usize,
}

impl Sizes {
    /// Frequencies of a window, with the constant.
    fn frequencies(self) -> usize {
        self.steps / 2 + 1
    }

    fn lengths(self) -> Lengths {
        let Self { windows, steps, channels, count } = self;
        let all = self.frequencies();
        let chosen = windows.saturating_mul(count);
        Lengths {
            chosen,
            phases: chosen.saturating_mul(2 * channels),
            table: (2 * all).saturating_mul(steps),
            spectrum: 2 * all * channels,
            amplitudes: windows.saturating_mul(all),
            mean: 2 * all,
        }
    }

    /// Numbers that are kept from the forward to the backward pass, with scratch.
    pub fn kept(self) -> usize {
        let Lengths { chosen, phases, table, spectrum, amplitudes, mean } = self.lengths();
        // The gradient of a chosen spectrum lies where the spectrum of a window was, and its rows of the table behind it.
        let scratch = spectrum.max(2 * self.count * (self.channels + self.steps));
        let parts = [phases, table, scratch, amplitudes, mean];
        parts.into_iter().fold(chosen, usize::saturating_add)
    }
}

/// `⌊T/f⌋`: the steps of a period of frequency `f`.
pub fn period(steps: usize, frequency: f32) -> usize {
    steps / (frequency as usize).max(1)
}

/// Writes the table of cosines and sines.
fn fill_table(steps: usize, table: &mut [f32]) {
    let (constant, rest) = table.split_at_mut(2 * steps);
    let (first, others) = rest.split_at_mut(2 * steps);
    constant.fill(0.0);
    constant[..steps].fill(1.0);
    let (cosines, sines) = first.split_at_mut(steps);
    for (t, (cosine, sine)) in cosines.iter_mut().zip(sines).enumerate() {
        let angle = std::f64::consts::TAU * t as f64 / steps as f64;
        *cosine = angle.cos() as f32;
        *sine = -angle.sin() as f32;
    }
    // Frequency f is at step t where the first one is at f·t.
    for (f, rows) in (2..).zip(others.chunks_exact_mut(2 * steps)) {
        let (cosines, sines) = rows.split_at_mut(steps);
        let mut at = 0;
        for (cosine, sine) in cosines.iter_mut().zip(sines) {
            *cosine = first[at];
            *sine = first[steps + at];
            at = (at + f) % steps;
        }
    }
}

simd_fn! {
    /// `Σ √(re² + im²)`.
    fn amplitude(s, re: &[f32], im: &[f32]) -> f32 {
        let mut sum = s.zero();
        for at in (0..re.len().min(im.len())).step_by(S::LANES) {
            let (re, im) = (s.load_at(re, at), s.load_at(im, at));
            sum = s.add(sum, s.sqrt(s.mul_add(re, re, s.mul(im, im))));
        }
        s.sum(sum)
    }
}

/// Writes the amplitudes of the strongest frequencies of each window to `y` `[B, count]`, and what the backward pass needs to
/// `kept`, which begins with these frequencies. The constant is never one of them.
///
/// With `shared`, all windows have the frequencies that are strongest on average, where a window counts as often as its count.
pub fn strongest(
    compute: Compute,
    n: Sizes,
    shared: bool,
    [x, counts]: [&[f32]; 2],
    y: &mut [f32],
    kept: &mut [f32],
) {
    let Sizes { windows, steps, channels, count } = n;
    let (frequencies, of) = (n.frequencies(), n.lengths());
    let (chosen, rest) = kept.split_at_mut(of.chosen);
    let (phases, rest) = rest.split_at_mut(of.phases);
    let (table, rest) = rest.split_at_mut(of.table);
    let (spectrum, rest) = rest.split_at_mut(of.spectrum);
    let (amplitudes, rest) = rest.split_at_mut(of.amplitudes);
    let (mean, spare) = rest.split_at_mut(frequencies);
    fill_table(steps, table);
    let compute = Compute { rounds: false, ..compute };
    let transform = |x: &[f32], rows: &[f32], spectrum: &mut [f32]| {
        let table = Mat::new(rows, rows.len() / steps, steps);
        matmul(compute, table, Mat::new(x, steps, channels), spectrum, Mode::Write);
    };
    let of_window = steps * channels;
    let size = |z: &[f32]| {
        let (re, im) = z.split_at(channels);
        amplitude(re, im) / channels as f32
    };
    for (x, amplitudes) in x.chunks_exact(of_window).zip(amplitudes.chunks_exact_mut(frequencies)) {
        transform(x, table, spectrum);
        let each = amplitudes.iter_mut().zip(spectrum.chunks_exact(2 * channels));
        each.for_each(|(to, z)| *to = size(z));
    }
    // The constant, which has no period, is left out.
    let (mean, spare) = (&mut mean[1..], &mut spare[..frequencies - 1]);
    if shared {
        mean.fill(0.0);
        for (i, row) in amplitudes.chunks_exact(frequencies).enumerate() {
            axpy(mean, counts.get(i).copied().unwrap_or(1.0), &row[1..]);
        }
        largest(mean, spare, &mut chosen[..count]);
        (1..windows).for_each(|i| chosen.copy_within(..count, i * count));
    } else {
        for (row, chosen) in
            amplitudes.chunks_exact(frequencies).zip(chosen.chunks_exact_mut(count))
        {
            largest(&row[1..], spare, chosen);
        }
    }
    chosen.iter_mut().for_each(|f| *f += 1.0);
    let each = chosen.chunks_exact(count).zip(amplitudes.chunks_exact(frequencies));
    for ((chosen, row), y) in each.zip(y.chunks_exact_mut(count)) {
        y.iter_mut().zip(chosen).for_each(|(y, f)| *y = row[*f as usize]);
    }
    let of_phases = phases.chunks_exact_mut(count * 2 * channels);
    for ((x, chosen), phases) in
        x.chunks_exact(of_window).zip(chosen.chunks_exact(count)).zip(of_phases)
    {
        for (f, phase) in chosen.iter().zip(phases.chunks_exact_mut(2 * channels)) {
            let rows = &table[2 * steps * *f as usize..][..2 * steps];
            transform(x, rows, phase);
            let (re, im) = phase.split_at_mut(channels);
            unit(re, im);
        }
    }
}

simd_fn! {
    /// Divides complex numbers by their size; zero stays zero.
    fn unit(s, re: &mut [f32], im: &mut [f32]) {
        let n = re.len().min(im.len());
        for at in (0..n).step_by(S::LANES) {
            let end = n.min(at + S::LANES);
            let (a, b) = (s.load_at(re, at), s.load_at(im, at));
            let size = s.sqrt(s.mul_add(a, a, s.mul(b, b)));
            let is_some = s.lt(s.zero(), size);
            let factor = s.select(is_some, s.div(s.splat(1.0), size), s.zero());
            s.store_partial(s.mul(a, factor), &mut re[at..end]);
            s.store_partial(s.mul(b, factor), &mut im[at..end]);
        }
    }
}

/// Adds the gradient of [`strongest`] at `x`, for the gradient `g` `[B, count]` of the amplitudes.
pub fn strongest_grad(compute: Compute, n: Sizes, g: &[f32], kept: &mut [f32], dx: &mut [f32]) {
    let Sizes { steps, channels, count, .. } = n;
    let of = n.lengths();
    let (chosen, rest) = kept.split_at_mut(of.chosen);
    let (phases, rest) = rest.split_at_mut(of.phases);
    let (table, scratch) = rest.split_at_mut(of.table);
    let (rows, of_spectrum) = scratch.split_at_mut(2 * count * steps);
    let of_spectrum = &mut of_spectrum[..2 * count * channels];
    let compute = Compute { rounds: false, ..compute };
    let windows = chosen.chunks_exact(count).zip(phases.chunks_exact(2 * count * channels));
    let windows = windows.zip(g.chunks_exact(count)).zip(dx.chunks_exact_mut(steps * channels));
    for (((chosen, phases), g), dx) in windows {
        for (f, rows) in chosen.iter().zip(rows.chunks_exact_mut(2 * steps)) {
            rows.copy_from_slice(&table[2 * steps * *f as usize..][..2 * steps]);
        }
        of_spectrum.fill(0.0);
        let pairs =
            of_spectrum.chunks_exact_mut(2 * channels).zip(phases.chunks_exact(2 * channels));
        pairs.zip(g).for_each(|((to, phase), g)| axpy(to, g / channels as f32, phase));
        let rows = Mat::new(rows, 2 * count, steps).t();
        matmul(compute, rows, Mat::new(of_spectrum, 2 * count, channels), dx, Mode::Add);
    }
}

/// The first of a window's frequencies that has the period of the `i`-th one.
fn first_with_its_period(steps: usize, chosen: &[f32], i: usize) -> usize {
    let same = |f: &f32| period(steps, *f) == period(steps, chosen[i]);
    chosen.iter().position(same).unwrap_or(i)
}

/// Values by period, `[count, B, P, C]`, of which the first `T` steps are read.
#[derive(Clone, Copy, Debug)]
pub struct ByPeriod {
    /// `B`.
    pub windows: usize,
    /// `T`.
    pub steps: usize,
    /// `P·C`.
    pub stride: usize,
    /// `T·C`.
    pub size: usize,
    /// Periods of a window.
    pub count: usize,
}

impl ByPeriod {
    /// Where the values of the `i`-th period of a window begin. Equal periods share those of the first.
    fn start(self, window: usize, chosen: &[f32], i: usize) -> usize {
        let slot = first_with_its_period(self.steps, chosen, i);
        (slot * self.windows + window) * self.stride
    }

    fn chosen(self, chosen: &[f32], window: usize) -> &[f32] {
        &chosen[window * self.count..][..self.count]
    }
}

/// `y[b] = Σ_i w[b, i]·v[i, b]` over the periods of a window: `[B, T, C]`.
pub fn mix(compute: Compute, n: ByPeriod, [v, w, chosen]: [&[f32]; 3], y: &mut [f32]) {
    par_rows(compute, [y], [n.size], 8, &|first, [y]: [&mut [f32]; 1]| {
        y.fill(0.0);
        for (b, y) in y.chunks_exact_mut(n.size).enumerate() {
            let (window, chosen) = (first + b, n.chosen(chosen, first + b));
            for i in 0..n.count {
                axpy(y, w[window * n.count + i], &v[n.start(window, chosen, i)..][..n.size]);
            }
        }
    });
}

/// Adds the gradient of [`mix`] at `v`.
pub fn mix_values_grad(n: ByPeriod, [g, w, chosen]: [&[f32]; 3], dv: &mut [f32]) {
    for (window, g) in g.chunks_exact(n.size).enumerate() {
        let chosen = n.chosen(chosen, window);
        for i in 0..n.count {
            let start = n.start(window, chosen, i);
            axpy(&mut dv[start..][..n.size], w[window * n.count + i], g);
        }
    }
}

/// Adds the gradient of [`mix`] at `w`.
pub fn mix_weights_grad(n: ByPeriod, [g, v, chosen]: [&[f32]; 3], dw: &mut [f32]) {
    let rows = g.chunks_exact(n.size).zip(dw.chunks_exact_mut(n.count));
    for (window, (g, dw)) in rows.enumerate() {
        let chosen = n.chosen(chosen, window);
        for (i, dw) in dw.iter_mut().enumerate() {
            *dw += super::reduce::dot(g, &v[n.start(window, chosen, i)..][..n.size]);
        }
    }
}

/// Whether the `i`-th of a window's frequencies is the first with its period.
pub(super) fn is_first(steps: usize, chosen: &[f32], i: usize) -> bool {
    first_with_its_period(steps, chosen, i) == i
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::testing::each_isa;

    #[test]
    fn the_strongest_frequencies_are_found_and_the_constant_is_none() {
        let n = Sizes { windows: 2, steps: 12, channels: 2, count: 2 };
        let wave = |f: usize, t: usize| (std::f32::consts::TAU * (f * t) as f32 / 12.0).sin();
        let window = |[a, b, constant]: [f32; 3]| {
            (0..12).flat_map(move |t| [constant + a * wave(2, t), constant + b * wave(5, t)])
        };
        let x: Vec<f32> = window([4.0, 1.0, 9.0]).chain(window([1.0, 3.0, 9.0])).collect();
        each_isa(|_| {
            for (shared, counts, expected) in
                [(false, &[][..], [[2.0, 5.0], [2.0, 5.0]]), (true, &[], [[2.0, 5.0], [2.0, 5.0]])]
            {
                let (mut y, mut kept) = ([0.0; 4], vec![f32::NAN; n.kept()]);
                strongest(Compute::default(), n, shared, [&x, counts], &mut y, &mut kept);
                assert_eq!(kept[..4], expected.concat());
                // |X_f| of a sine with factor a is 6·a, in one of two channels.
                let amplitudes = [12.0, 3.0, 3.0, 9.0];
                assert!(y.iter().zip(amplitudes).all(|(a, b)| (a - b).abs() < 1e-4), "{y:?}");
            }
        });
        let one = Sizes { count: 1, ..n };
        let chosen = |shared: bool, counts: &[f32]| {
            let (mut y, mut kept) = ([0.0; 2], vec![f32::NAN; one.kept()]);
            strongest(Compute::default(), one, shared, [&x, counts], &mut y, &mut kept);
            [kept[0], kept[1]]
        };
        assert_eq!(chosen(false, &[]), [2.0, 5.0]);
        assert_eq!(chosen(true, &[]), [2.0, 2.0]);
        assert_eq!(chosen(true, &[1.0, 9.0]), [5.0, 5.0]);
    }

    #[test]
    fn equal_periods_share_the_values_of_the_first() {
        // Periods 12, 2, 2 and 6.
        let chosen = [1.0, 5.0, 6.0, 2.0];
        let firsts = [0, 1, 2, 3].map(|i| first_with_its_period(12, &chosen, i));
        assert_eq!(firsts, [0, 1, 1, 3]);
        assert_eq!([1.0, 5.0, 6.0, 2.0].map(|f| period(12, f)), [12, 2, 2, 6]);
    }
}
