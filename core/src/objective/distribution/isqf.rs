//! The incremental spline quantile function (Park et al. 2022, <https://proceedings.mlr.press/v151/park22a.html>): the
//! quantiles of the loss, piecewise linear functions between them and exponential tails beyond. The loss is `softplus` of the
//! continuous ranked probability score. Upstream: `ISQF`, `isqf_domain_map`.
//!
//! The score is `∫ g(α)·(q(α) - y) dα` over the levels α from 0 to 1, with `g(α) = 2·([q(α) > y] - α)`. Its derivative with
//! respect to a parameter of `q` is `∫ g(α)·dq(α) dα`, because the factor is 0 where `g` jumps. So each part of `q` needs two
//! integrals, and they give score and slopes alike.
//!
//! *Differs from upstream:* the mean is exact, where upstream's is that of 1000 samples.

use super::likelihood::with_room;
use super::{Distribution, Target, softplus, softplus_slope};
use crate::rng::Key;
use crate::variates::uniform;

/// Added to distances between knots and to the rates of the tails, so that their inverse does not overflow.
const LEAST: f64 = 1e-4;

/// The numbers of the network, and the parameters in their place: for each spline the widths of its pieces in levels, as
/// shares, then their heights, as shares; the rates of the left and of the right tail; the quantiles.
#[derive(Debug)]
pub(super) struct Isqf {
    /// The levels of the quantiles, ascending.
    taus: Vec<f64>,
    /// Pieces per spline.
    pieces: usize,
}

/// A linear piece of `q`.
struct Piece {
    /// Level and quantile at its beginning.
    level: f64,
    from: f64,
    width: f64,
    height: f64,
}

/// The integrals of a piece: `∫ g dα` and `∫ g·(α - α₀) dα`.
fn integrals(piece: &Piece, y: f64) -> [f64; 2] {
    let Piece { level, from, width, height } = *piece;
    let end = level + width;
    let jump = level + width * ((y - from) / height).clamp(0.0, 1.0);
    let whole = 2.0 * (end - jump) - (end * end - level * level);
    let before = jump - level;
    let cubes = 2.0 / 3.0 * (end.powi(3) - level.powi(3)) - level * (end * end - level * level);
    [whole, width * width - before * before - cubes]
}

/// The integrals of the left tail below level `x`, where `y` is `by` above its quantile, in units of the rate: `∫ g dα` and
/// `∫ g·ln(α / x) dα`. The right tail is its mirror image.
fn tail(x: f64, by: f64) -> [f64; 2] {
    let ln_share = by.min(0.0);
    let share = ln_share.exp();
    // `share·ln share` is 0 at 0.
    let product = if share == 0.0 { 0.0 } else { share * ln_share };
    [2.0 * x * (1.0 - share) - x * x, 0.5 * x * x + 2.0 * x * (share - 1.0 - product)]
}

impl Isqf {
    pub(super) fn new(taus: Vec<f64>, pieces: usize) -> Self {
        Self { taus, pieces }
    }

    /// Pieces of all splines.
    fn all(&self) -> usize {
        (self.taus.len() - 1) * self.pieces
    }

    /// Shares of a spline's pieces from numbers of the network: softmax, kept away from 0.
    fn shares(&self, numbers: &[f64], to: &mut [f64]) {
        let largest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = numbers.iter().map(|x| (x - largest).exp()).sum();
        let whole = 1.0 + self.pieces as f64 * LEAST;
        for (to, x) in to.iter_mut().zip(numbers) {
            *to = ((x - largest).exp() / sum + LEAST) / whole;
        }
    }

    /// Turns slopes with respect to shares into those with respect to the numbers before softmax.
    fn share_slopes(&self, shares: &[f64], slopes: &mut [f64]) {
        let whole = 1.0 + self.pieces as f64 * LEAST;
        let soft = |share: f64| share * whole - LEAST;
        let mean: f64 =
            shares.iter().zip(&*slopes).map(|(share, slope)| soft(*share) * slope).sum();
        for (slope, share) in slopes.iter_mut().zip(shares) {
            *slope = soft(*share) * (*slope - mean) / whole;
        }
    }

    /// Rates of the tails and quantiles, behind the shares.
    fn ends<'a>(&self, parameters: &'a [f64]) -> ([f64; 2], &'a [f64]) {
        let rest = &parameters[2 * self.all()..];
        ([rest[0], rest[1]], &rest[2..])
    }

    /// The pieces of a spline, from the left.
    fn spline<'a>(&'a self, spline: usize, parameters: &'a [f64]) -> impl Iterator<Item = Piece> {
        let (_, quantiles) = self.ends(parameters);
        let [width, height] = [&self.taus, quantiles].map(|ends| ends[spline + 1] - ends[spline]);
        let (mut level, mut from) = (self.taus[spline], quantiles[spline]);
        (spline * self.pieces..(spline + 1) * self.pieces).map(move |i| {
            let piece = Piece {
                level,
                from,
                width: width * parameters[i],
                height: height * parameters[self.all() + i],
            };
            level += piece.width;
            from += piece.height;
            piece
        })
    }

    /// The integrals of both tails, the right one's mirrored.
    fn tails(&self, y: f64, parameters: &[f64]) -> [[f64; 2]; 2] {
        let ([left, right], quantiles) = self.ends(parameters);
        let last = self.taus.len() - 1;
        [
            tail(self.taus[0], (y - quantiles[0]) * left),
            tail(1.0 - self.taus[last], (quantiles[last] - y) * right),
        ]
    }

    /// The continuous ranked probability score.
    fn score(&self, y: f64, parameters: &[f64]) -> f64 {
        let ([left, right], quantiles) = self.ends(parameters);
        let last = quantiles.len() - 1;
        let [[below, below_ln], [above, above_ln]] = self.tails(y, parameters);
        let mut sum = below * (quantiles[0] - y) + below_ln / left - above * (quantiles[last] - y)
            + above_ln / right;
        for piece in (0..last).flat_map(|spline| self.spline(spline, parameters)) {
            let [whole, moment] = integrals(&piece, y);
            sum += whole * (piece.from - y) + moment * piece.height / piece.width;
        }
        sum
    }

    /// Writes the slopes of the score with respect to the parameters.
    fn score_slopes(&self, y: f64, parameters: &[f64], to: &mut [f64]) {
        let (all, last) = (self.all(), self.taus.len() - 1);
        let ([left, right], quantiles) = self.ends(parameters);
        let [[below, below_ln], [above, above_ln]] = self.tails(y, parameters);
        let (shares, ends) = to.split_at_mut(2 * all);
        let (of_rates, of_quantiles) = ends.split_at_mut(2);
        of_rates.copy_from_slice(&[-below_ln / (left * left), -above_ln / (right * right)]);
        of_quantiles.fill(0.0);
        of_quantiles[0] += below;
        of_quantiles[last] -= above;
        let (of_widths, of_heights) = shares.split_at_mut(all);
        for spline in 0..last {
            let own = spline * self.pieces..(spline + 1) * self.pieces;
            let [width, height] =
                [&self.taus, quantiles].map(|ends| ends[spline + 1] - ends[spline]);
            let (of_widths, of_heights) = (&mut of_widths[own.clone()], &mut of_heights[own]);
            // A piece's size moves those to its right: what all pieces add less what those up to it add.
            let (mut to_levels, mut to_quantiles, mut done) = (0.0, 0.0, 0.0);
            for (i, piece) in self.spline(spline, parameters).enumerate() {
                let [whole, moment] = integrals(&piece, y);
                let (steep, share) = (piece.height / piece.width, piece.height / height);
                let of_height = moment / piece.width;
                to_levels -= whole * steep;
                to_quantiles += whole;
                of_widths[i] = -of_height * steep - to_levels;
                of_heights[i] = of_height - to_quantiles;
                let of_end = whole * done + of_height * share;
                of_quantiles[spline] += whole - of_end;
                of_quantiles[spline + 1] += of_end;
                done += share;
            }
            of_widths.iter_mut().for_each(|slope| *slope = (*slope + to_levels) * width);
            of_heights.iter_mut().for_each(|slope| *slope = (*slope + to_quantiles) * height);
        }
    }

    /// The quantile at a level.
    fn quantile(&self, level: f64, parameters: &[f64]) -> f64 {
        let ([left, right], quantiles) = self.ends(parameters);
        let last = quantiles.len() - 1;
        if level < self.taus[0] {
            return quantiles[0] + (level / self.taus[0]).ln() / left;
        }
        if level >= self.taus[last] {
            return quantiles[last] - ((1.0 - level) / (1.0 - self.taus[last])).ln() / right;
        }
        let spline = self.taus.partition_point(|tau| *tau <= level) - 1;
        let holds = |piece: &Piece| level < piece.level + piece.width;
        match self.spline(spline, parameters).find(holds) {
            Some(piece) => piece.from + (level - piece.level) / piece.width * piece.height,
            None => quantiles[spline + 1],
        }
    }
}

impl Distribution for Isqf {
    fn numbers(&self) -> usize {
        2 * self.all() + 2 + self.taus.len()
    }

    fn parameters(&self) -> Vec<String> {
        Vec::new()
    }

    fn parameters_first(&self) -> bool {
        false
    }

    fn target(&self) -> Target {
        Target::Relative
    }

    fn map(&self, numbers: &[f64], [shift, scale]: [f64; 2], to: &mut [f64]) {
        let all = self.all();
        for (numbers, to) in
            numbers[..2 * all].chunks(self.pieces).zip(to[..2 * all].chunks_mut(self.pieces))
        {
            self.shares(numbers, to);
        }
        for i in 2 * all..2 * all + 2 {
            to[i] = (softplus(numbers[i]) + LEAST) / scale;
        }
        let mut quantile = 0.0;
        for (i, number) in numbers.iter().enumerate().skip(2 * all + 2) {
            quantile += if i == 2 * all + 2 { *number } else { softplus(*number) + LEAST };
            to[i] = quantile * scale + shift;
        }
    }

    fn loss(&self, y: f64, parameters: &[f64]) -> f64 {
        softplus(self.score(y, parameters))
    }

    fn slopes(&self, y: f64, numbers: &[f64], affine: [f64; 2], to: &mut [f64]) {
        let all = self.all();
        with_room(numbers.len(), |parameters| {
            self.map(numbers, affine, parameters);
            self.score_slopes(y, parameters, to);
            let outer = softplus_slope(self.score(y, parameters));
            to.iter_mut().for_each(|slope| *slope *= outer);
            for (shares, slopes) in
                parameters[..2 * all].chunks(self.pieces).zip(to[..2 * all].chunks_mut(self.pieces))
            {
                self.share_slopes(shares, slopes);
            }
        });
        for i in 2 * all..2 * all + 2 {
            to[i] *= softplus_slope(numbers[i]);
        }
        // A number moves its quantile and those above it.
        let mut sum = 0.0;
        for i in (2 * all + 2..numbers.len()).rev() {
            sum += to[i];
            to[i] = if i == 2 * all + 2 { sum } else { sum * softplus_slope(numbers[i]) };
        }
    }

    fn mean(&self, parameters: &[f64]) -> f64 {
        let ([left, right], quantiles) = self.ends(parameters);
        let last = quantiles.len() - 1;
        let tails = self.taus[0] * (quantiles[0] - 1.0 / left)
            + (1.0 - self.taus[last]) * (quantiles[last] + 1.0 / right);
        let pieces = (0..last).flat_map(|spline| self.spline(spline, parameters));
        tails + pieces.map(|p| p.width * (p.from + 0.5 * p.height)).sum::<f64>()
    }

    fn sample(&self, parameters: &[f64], key: Key, index: u64) -> f64 {
        self.quantile(uniform(key, index), parameters)
    }
}
