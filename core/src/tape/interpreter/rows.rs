//! Operations along the last axis.

use std::f64::consts::PI;

use super::{Array, Done, Step};

fn softmax(row: &[f64]) -> Vec<f64> {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = row.iter().map(|x| (x - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}

fn mean(row: &[f64]) -> f64 {
    row.iter().sum::<f64>() / row.len() as f64
}

/// Pairs of each of `n` numbers and the `size` numbers around it, with the edges repeated.
fn neighbours(n: usize, size: usize) -> impl Iterator<Item = (usize, usize)> {
    let near = move |i: usize| (i..i + size).map(move |j| j.saturating_sub(size / 2).min(n - 1));
    (0..n).flat_map(move |i| near(i).map(move |j| (i, j)))
}

/// Indices and weights for the `i`-th of `to` numbers interpolated from `from`. Positions are computed in f32, as in torch.
fn taps(mode: &str, [from, to]: [usize; 2], i: usize) -> Done<Vec<(usize, f64)>> {
    let scale = from as f32 / to as f32;
    let center = scale * (i as f32 + 0.5) - 0.5;
    let inside = |place: f32| place.clamp(0.0, from as f32 - 1.0) as usize;
    let cubic = |d: f64| match d.abs() {
        d if d <= 1.0 => (1.25 * d - 2.25) * d * d + 1.0,
        d => ((-0.75 * d + 3.75) * d - 6.0) * d + 3.0,
    };
    Ok(match mode {
        "nearest" => vec![(inside((i as f32 * scale).floor()), 1.0)],
        "linear" => {
            let center = center.max(0.0);
            let t = f64::from(center - center.floor());
            vec![(inside(center.floor()), 1.0 - t), (inside(center.floor() + 1.0), t)]
        }
        "cubic" => {
            let t = f64::from(center - center.floor());
            let tap = |k: i8| (inside(center.floor() + f32::from(k)), cubic(f64::from(k) - t));
            [-1, 0, 1, 2].map(tap).to_vec()
        }
        _ => return Err(format!("there is no interpolation {mode}")),
    })
}

impl Step<'_> {
    pub(super) fn of_rows(&self) -> Done {
        let x = self.x(0)?;
        let to = self.shape.last().copied().unwrap_or(1);
        let each = |f: &dyn Fn(&[f64]) -> Vec<f64>| -> Done { Ok(x.rows().flat_map(f).collect()) };
        match &*self.operation.kind {
            "softmax" => each(&softmax),
            "log_softmax" => each(&|row| softmax(row).iter().map(|p| p.ln()).collect()),
            "softmax_mean" => Ok(softmax_mean(x, self.x(1)?)),
            "wavelet_sums" => {
                let [t, s, w] = [self.x(1)?, self.x(2)?, self.x(3)?];
                wavelet_sums(self.text("wavelet")?, x, [t, s, w])
            }
            "spline_functions" => Ok(spline_functions(x, self.x(1)?, self.size("order")?)),
            "glu" => {
                let gated = |(x, r): (&[f64], &[f64])| {
                    let (a, b) = x.split_at(r.len());
                    let gates = a.iter().zip(b).map(|(a, b)| a / (1.0 + (-b).exp()));
                    gates.zip(r).map(|(y, r)| r + y).collect::<Vec<_>>()
                };
                Ok(x.rows().zip(self.x(1)?.rows()).flat_map(gated).collect())
            }
            "skip_gate" => {
                let [w, r, z] = [self.x(1)?, self.x(2)?, self.x(3)?];
                let of = |(i, x): (usize, &f64)| {
                    (x + w.data[i % to] * r.data[i]) * z.data[i] / (1.0 + (-z.data[i]).exp())
                };
                Ok(x.data.iter().enumerate().map(of).collect())
            }
            "weighted" => {
                let (column, w, sum) = (self.size("column")?, self.x(1)?, self.inputs.get(2));
                let of = |(i, x): (usize, &f64)| {
                    sum.map_or(0.0, |sum| sum.data[i]) + x * w.data[i / to * w.last() + column]
                };
                Ok(x.data.iter().enumerate().map(of).collect())
            }
            "layer_norm" => {
                let (eps, w, b) = (self.number("eps")?, self.x(1)?, self.x(2)?);
                each(&|row| {
                    let middle = mean(row);
                    let squares: Vec<f64> = row.iter().map(|x| (x - middle).powi(2)).collect();
                    let deviation = (mean(&squares) + eps).sqrt();
                    let affine = row.iter().zip(w.data.iter().zip(&b.data));
                    affine.map(|(x, (w, b))| (x - middle) / deviation * w + b).collect()
                })
            }
            "group_norm" => {
                let (groups, eps, w) = (self.size("groups")?, self.number("eps")?, self.x(1)?);
                let columns = to / groups;
                let of = |(i, part): (usize, &[f64])| {
                    let middle = mean(part);
                    let squares: Vec<f64> = part.iter().map(|x| (x - middle).powi(2)).collect();
                    let deviation = (mean(&squares) + eps).sqrt();
                    let w = w.data[i % groups * columns..].iter();
                    let scaled = part.iter().zip(w).map(|(x, w)| (x - middle) / deviation * w);
                    scaled.collect::<Vec<_>>()
                };
                Ok(x.data.chunks_exact(columns).enumerate().flat_map(of).collect())
            }
            "max_pool" => {
                let size = self.size("size")?;
                let most = |part: &[f64]| part.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                each(&|row| row.chunks(size).map(most).collect())
            }
            "max_pool_steps" => {
                let sizes = ["size", "stride", "padding"].map(|name| self.size(name));
                let [Ok(size), Ok(stride), Ok(padding)] = sizes else {
                    return self.lacks("windows");
                };
                let [batch, steps, channels] = [0, 1, 2].map(|axis| x.shape[axis]);
                let most = |(b, i, c): (usize, usize, usize)| {
                    let window = i * stride..i * stride + size;
                    let inside = (0..steps).filter(|t| window.contains(&(t + padding)));
                    let values = inside.map(|t| x.data[(b * steps + t) * channels + c]);
                    values.fold(f64::NEG_INFINITY, f64::max)
                };
                let windows = self.shape[1];
                let places = (0..batch).flat_map(|b| (0..windows).map(move |i| (b, i)));
                Ok(places
                    .flat_map(|(b, i)| (0..channels).map(move |c| (b, i, c)))
                    .map(most)
                    .collect())
            }
            "avg_pool" => {
                let size = self.size("size")?;
                each(&|row| row.chunks(size).map(mean).collect())
            }
            "resample" => {
                let mode = self.text("mode")?;
                let taps: Vec<_> =
                    (0..to).map(|i| taps(mode, [x.last(), to], i)).collect::<Result<_, _>>()?;
                let of = |row: &[f64], taps: &[(usize, f64)]| {
                    taps.iter().map(|(i, weight)| row[*i] * weight).sum()
                };
                each(&|row| taps.iter().map(|taps| of(row, taps)).collect())
            }
            kind @ ("moving_average" | "moving_average_transposed") => {
                let size = self.size("size")?;
                each(&|row| {
                    let mut y = vec![0.0; row.len()];
                    for (i, j) in neighbours(row.len(), size) {
                        let (from, to) = if kind == "moving_average" { (j, i) } else { (i, j) };
                        y[to] += row[from] / size as f64;
                    }
                    y
                })
            }
            "moving_average_steps" => {
                let (size, remainder) = (self.size("size")?, self.flag("remainder")?);
                let [_, steps, channels] = x.around(1);
                let mut y: Vec<f64> =
                    x.data.iter().map(|x| if remainder { *x } else { 0.0 }).collect();
                let sign = if remainder { -1.0 } else { 1.0 };
                for (x, y) in x.data.chunks(steps * channels).zip(y.chunks_mut(steps * channels)) {
                    for (t, from) in neighbours(steps, size) {
                        for c in 0..channels {
                            y[t * channels + c] += sign * x[from * channels + c] / size as f64;
                        }
                    }
                }
                Ok(y)
            }
            "complex_tanh" => each(&|row| {
                let (re, im) = row.split_at(row.len() / 2);
                let parts = |part: fn(f64, f64) -> f64| {
                    let divisor =
                        |(a, b): (f64, f64)| part(a, b) / ((2.0 * a).cosh() + (2.0 * b).cos());
                    re.iter().copied().zip(im.iter().copied()).map(divisor).collect::<Vec<_>>()
                };
                [parts(|a, _| (2.0 * a).sinh()), parts(|_, b| (2.0 * b).sin())].concat()
            }),
            "rfft" => each(&|row| {
                let turn =
                    |k: usize, t: usize| 2.0 * PI * (k * t % row.len()) as f64 / row.len() as f64;
                let part = |k: usize, f: fn(f64) -> f64| -> f64 {
                    row.iter().enumerate().map(|(t, x)| x * f(turn(k, t))).sum()
                };
                let bin = |k| [part(k, f64::cos), -part(k, f64::sin)];
                (0..=row.len() / 2).flat_map(bin).collect()
            }),
            "strongest_frequencies" => {
                let (frequencies, count) = (self.shape[self.shape.len() - 2], self.size("count")?);
                let strongest = |row: &[f64]| -> Vec<f64> {
                    let square = |k: usize| row[2 * k].powi(2) + row[2 * k + 1].powi(2);
                    let is_kept = |k: usize| {
                        let stronger = |i: &usize| square(*i) > square(k);
                        k > 0 && (1..frequencies).filter(stronger).count() < count
                    };
                    let kept = |(i, x): (usize, &f64)| if is_kept(i / 2) { *x } else { 0.0 };
                    row.iter().enumerate().map(kept).collect()
                };
                Ok(x.data.chunks_exact(2 * frequencies).flat_map(strongest).collect())
            }
            "irfft" => {
                let of = |bins: &[f64], t: usize| -> f64 {
                    let pairs = bins.chunks(2).enumerate().map(|(k, bin)| {
                        let angle = 2.0 * PI * (k * t % to) as f64 / to as f64;
                        match k == 0 || 2 * k == to {
                            true => bin[0] * angle.cos(),
                            false => 2.0 * (bin[0] * angle.cos() - bin[1] * angle.sin()),
                        }
                    });
                    pairs.sum::<f64>() / to as f64
                };
                let rows = x.data.chunks_exact(to / 2 * 2 + 2);
                Ok(rows.flat_map(|bins| (0..to).map(move |t| of(bins, t))).collect())
            }
            _ => {
                let of = |x: &f64| (0..to).map(|k| (PI * k as f64 * x).cos()).collect::<Vec<_>>();
                Ok(x.data.iter().flat_map(of).collect())
            }
        }
    }
}

/// Means of each row of `v`, weighted by the softmax along `L` of `w` `[B, L, n]`.
fn softmax_mean(w: &Array, v: &Array) -> Vec<f64> {
    let (len, n) = (w.shape[1], w.shape[2]);
    let windows = w.data.chunks_exact(len * n).zip(v.rows());
    let of = |w: &[f64], v: &[f64], column: usize| -> f64 {
        let weights: Vec<f64> = w.iter().skip(column).step_by(n).copied().collect();
        softmax(&weights).iter().zip(v).map(|(p, v)| p * v).sum()
    };
    windows.flat_map(|(w, v)| (0..n).map(move |column| of(w, v, column))).collect()
}

/// `silu` and the B-splines of each number, by the knots `t` of its column.
fn spline_functions(x: &Array, t: &Array, order: usize) -> Vec<f64> {
    fn spline(t: &[f64], i: usize, order: usize, x: f64) -> f64 {
        if order == 0 {
            return f64::from(u8::from(t[i] <= x && x < t[i + 1]));
        }
        let up = (x - t[i]) / (t[i + order] - t[i]);
        let down = (t[i + order + 1] - x) / (t[i + order + 1] - t[i + 1]);
        up * spline(t, i, order - 1, x) + down * spline(t, i + 1, order - 1, x)
    }
    let of_row = |x: &[f64]| {
        let silu = x.iter().map(|x| x / (1.0 + (-x).exp()));
        let splines = (0..t.last() - order - 1)
            .flat_map(|i| x.iter().zip(t.rows()).map(move |(x, t)| spline(t, i, order, *x)));
        silu.chain(splines).collect::<Vec<_>>()
    };
    x.rows().flat_map(of_row).collect()
}

/// Sums of wavelets of each row, with translations, scales and weights.
fn wavelet_sums(name: &str, x: &Array, [t, s, w]: [&Array; 3]) -> Done {
    let bell = |u: f64| (-0.5 * u * u).exp();
    let meyer = |v: f64| {
        let t = 2.0 * v - 1.0;
        let nu = t.powi(4) * (35.0 - 84.0 * t + 70.0 * t * t - 20.0 * t.powi(3));
        match v {
            v if v <= 0.5 => (PI * v).sin(),
            v if v >= 1.0 => 0.0,
            v => (PI * v).sin() * (PI / 2.0 * nu).cos(),
        }
    };
    let of = |u: f64| {
        Ok(match name {
            "mexican_hat" => 2.0 / (3f64.sqrt() * PI.powf(0.25)) * (u * u - 1.0) * bell(u),
            "morlet" => bell(u) * (5.0 * u).cos(),
            "dog" => -u * bell(u),
            "meyer" => meyer(u.abs()),
            "shannon" if u == 0.0 => 1.0,
            "shannon" => u.sin() / u,
            _ => return Err(format!("there is no wavelet {name}")),
        })
    };
    let mut y = Vec::new();
    for x in x.rows() {
        for ((t, s), w) in t.rows().zip(s.rows()).zip(w.rows()) {
            let terms = x.iter().zip(t).zip(s.iter().zip(w));
            y.push(terms.map(|((x, t), (s, w))| Ok(w * of((x - t) / s)?)).sum::<Done<f64>>()?);
        }
    }
    Ok(y)
}
