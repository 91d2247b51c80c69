//! Attention and its relatives: what a step takes from other steps depends on both.

use super::{Array, Done, Step, around};

/// `1/C Σ q[(t + τ) mod L]·k[t]`.
fn correlation(q: &Array, k: &Array) -> Vec<f64> {
    let [_, steps, channels] = q.around(1);
    let given = k.shape[1];
    let of = |(b, delay): (usize, usize)| {
        let product = |t: usize| {
            let at = [b * steps + (t + delay) % steps, b * given + t].map(|row| row * channels);
            let both = q.data[at[0]..].iter().zip(&k.data[at[1]..]);
            both.take(channels).map(|(q, k)| q * k).sum::<f64>()
        };
        (0..given.min(steps)).map(product).sum::<f64>() / channels as f64
    };
    (0..q.shape[0]).flat_map(|b| (0..steps).map(move |delay| (b, delay))).map(of).collect()
}

/// The score of query `at` of all, and key `j` of the same row and head.
fn score(q: &Array, k: &Array, at: usize, j: usize) -> f64 {
    let [queries, heads, width] = [q.shape[1], q.shape[2], q.shape[3]];
    let key = ((at / heads / queries * k.shape[1] + j) * heads + at % heads) * width;
    let both = q.data[at * width..].iter().zip(&k.data[key..]);
    both.take(width).map(|(q, k)| q * k).sum()
}

/// What an mLSTM remembers, step by step from the definition: a matrix and a vector that gates scale.
fn mlstm([q, k, v]: [&Array; 3], gates: &Array) -> Vec<f64> {
    let ([batch, steps, all], heads) = (q.around(1), gates.last() / 2);
    let width = all / heads;
    let mut y = vec![0.0; q.data.len()];
    for (b, h) in (0..batch).flat_map(|b| (0..heads).map(move |h| (b, h))) {
        // Everything is relative to e^most, the largest weight that a step has had.
        let (mut matrix, mut vector) = (vec![0.0; width * width], vec![0.0; width]);
        let mut most = f64::NEG_INFINITY;
        for t in 0..steps {
            let of = |x: &Array, i: usize| x.data[(b * steps + t) * all + h * width + i];
            let gate = |i: usize| gates.data[(b * steps + t) * 2 * heads + i * heads + h];
            let kept = most - (1.0 + (-gate(1)).exp()).ln();
            most = kept.max(gate(0));
            let [old, new] = [kept, gate(0)].map(|weight| (weight - most).exp());
            let key = |i: usize| of(k, i) / (width as f64).sqrt();
            for i in 0..width {
                for j in 0..width {
                    let cell = &mut matrix[i * width + j];
                    *cell = old * *cell + new * of(v, i) * key(j);
                }
                vector[i] = old * vector[i] + new * key(i);
            }
            let along = |row: &[f64]| (0..width).map(|j| row[j] * of(q, j)).sum::<f64>();
            let norm = along(&vector).abs().max((-most).exp()) + 1e-6;
            for i in 0..width {
                let read = along(&matrix[i * width..][..width]);
                y[(b * steps + t) * all + h * width + i] = read / norm;
            }
        }
    }
    y
}

impl Step<'_> {
    pub(super) fn attends(&self) -> Done {
        let (x, w) = (self.x(0)?, self.x(1)?);
        match &*self.operation.kind {
            "attention" => self.attention(x, w, self.x(2)?),
            "prob_attention" => self.prob_attention(x, w, self.x(2)?),
            "correlation" => Ok(correlation(x, w)),
            "mlstm" => Ok(mlstm([x, w, self.x(2)?], self.x(3)?)),
            _ => self.delay_aggregation(x, w, self.inputs.get(2).copied()),
        }
    }

    fn delay_aggregation(&self, r: &Array, v: &Array, counts: Option<&Array>) -> Done {
        let (top, shared) = (self.size("top")?, self.flag("shared")?);
        let (steps, given, channels) = (self.shape[1], v.shape[1], v.shape[2]);
        let count = |b: usize| counts.map_or(1.0, |counts| counts.data[b]);
        let mean: Vec<f64> = (0..r.last())
            .map(|delay| r.rows().enumerate().map(|(b, row)| count(b) * row[delay]).sum())
            .collect();
        let mut y = Vec::new();
        for (b, row) in r.rows().enumerate() {
            let by = if shared { &mean[..] } else { row };
            let mut delays: Vec<usize> = (0..row.len()).collect();
            delays.sort_by(|i, j| by[*j].total_cmp(&by[*i]));
            delays.truncate(top);
            let sum: f64 = delays.iter().map(|delay| row[*delay].exp()).sum();
            for (t, c) in (0..steps).flat_map(|t| (0..channels).map(move |c| (t, c))) {
                let value = |delay: &usize| {
                    let from = (t + delay) % steps;
                    let at = (b * given + from) * channels + c;
                    row[*delay].exp() / sum * if from < given { v.data[at] } else { 0.0 }
                };
                y.push(delays.iter().map(value).sum());
            }
        }
        Ok(y)
    }

    fn prob_attention(&self, q: &Array, k: &Array, v: &Array) -> Done {
        let [queries, heads] = [q.shape[1], q.shape[2]];
        let [keys, values] = [v.shape[1], v.shape[3]];
        let (sampled, top, scale) =
            (self.size("sampled")?, self.size("top")?, self.number("scale")?);
        let (causal, drawn) = (self.flag("causal")?, self.drawn()?);
        let estimate = |at: usize| {
            let key = |n: usize| {
                let place = (at / heads % queries * sampled + n) as u64;
                (drawn.uniform(drawn.first + place) * keys as f64) as usize
            };
            let scores: Vec<f64> = (0..sampled).map(|n| score(q, k, at, key(n))).collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most - scores.iter().sum::<f64>() / keys as f64
        };
        let all = self.len() / values;
        let estimates: Vec<f64> = (0..all).map(estimate).collect();
        let mut y = Vec::new();
        for place in 0..all {
            let (b, h, i) = (place / queries / heads, place / queries % heads, place % queries);
            let at = (b * queries + i) * heads + h;
            let higher = |i: &usize| estimates[(b * queries + i) * heads + h] > estimates[at];
            let attends = (0..queries).filter(higher).count() < top;
            let seen = if causal { i + 1 } else { keys };
            let weight = |j| match (attends, causal) {
                (true, _) => (scale * score(q, k, at, j)).exp(),
                (false, true) => 1.0,
                (false, false) => 1.0 / keys as f64,
            };
            let weights: Vec<f64> = (0..seen).map(weight).collect();
            let sum: f64 = if attends { weights.iter().sum() } else { 1.0 };
            y.extend((0..values).map(|c| {
                let value = |j: usize| v.data[((b * keys + j) * heads + h) * values + c];
                weights.iter().enumerate().map(|(j, w)| w / sum * value(j)).sum::<f64>()
            }));
        }
        Ok(y)
    }

    fn attention(&self, q: &Array, k: &Array, v: &Array) -> Done {
        let scale = self.number("scale")?;
        let [queries, heads, width] = [q.shape[1], q.shape[2], q.shape[3]];
        let [keys, values] = [v.shape[1], v.shape[3]];
        let (mask, p) = (self.text("mask")?, self.number("dropout").unwrap_or(0.0));
        let seen = if mask == "pattern" { self.sizes("seen")? } else { Vec::new() };
        let drawn = if self.has("dropout") { Some(self.drawn()?) } else { None };
        let sees = |i: usize, j: usize| match mask {
            "all" => Ok(true),
            "causal" => Ok(j <= i),
            "causal_after" => Ok(j <= self.size("before")? + i),
            "pattern" => Ok(seen.contains(&(i * keys + j))),
            _ => Err(format!("there is no mask {mask}")),
        };
        let [_, _, inner] = around(&q.shape, 0);
        let mut y = vec![0.0; self.len()];
        for at in 0..q.data.len() / width {
            let (b, i, h) = (at * width / inner, at / heads % queries, at % heads);
            let mut weights = Vec::new();
            for j in 0..keys {
                let score = scale * score(q, k, at, j);
                weights.push(if sees(i, j)? { score.exp() } else { 0.0 });
            }
            let sum: f64 = weights.iter().sum();
            for (j, weight) in weights.iter().enumerate() {
                let left = drawn.as_ref().map_or(1.0, |drawn| {
                    let head = (drawn.first + b as u64) * heads as u64 + h as u64;
                    drawn.dropped(p, head * (queries * keys) as u64 + (j * queries + i) as u64)
                });
                for c in 0..values {
                    let v = v.data[((b * keys + j) * heads + h) * values + c];
                    y[at * values + c] += weight / sum * left * v;
                }
            }
        }
        Ok(y)
    }
}
