//! Recurrent layers, one window and one step at a time.

use super::layers::affine;
use super::numbers::of_one;
use super::{Array, Done, Step};

impl Step<'_> {
    /// The outputs of all steps, and an LSTM's cell state after the last one.
    pub(super) fn recurrent(&self) -> Done<Vec<Vec<f64>>> {
        let [x, w_ih, w_hh] = [self.x(0)?, self.x(1)?, self.x(2)?];
        let mut rest = self.inputs[3..].iter().copied();
        let [biased, projected, has_state] =
            [self.flag("biased")?, self.flag("projected")?, self.flag("has_state")?];
        let mut next = |present: bool| if present { rest.next() } else { None };
        let [b_ih, b_hh, w_hr] = [next(biased), next(biased), next(projected)];
        let cell = &*self.operation.kind;
        let [h0, c0] = [next(has_state), next(has_state && cell == "lstm")];
        let gates = if cell == "lstm" {
            4
        } else if cell == "gru" {
            3
        } else {
            1
        };
        let hidden = w_hh.shape[0] / gates;
        let of_window = |state: Option<&Array>, b: usize, size: usize| match state {
            Some(state) => state.data[b * size..][..size].to_vec(),
            None => vec![0.0; size],
        };
        let (mut outputs, mut cells) = (Vec::new(), Vec::new());
        for (b, window) in x.data.chunks_exact(x.shape[1] * x.shape[2]).enumerate() {
            let mut h = of_window(h0, b, w_hh.shape[1]);
            let mut c = of_window(c0, b, hidden);
            for step in window.chunks_exact(x.shape[2]) {
                let (of_x, of_h) = (affine(step, w_ih, b_ih), affine(&h, w_hh, b_hh));
                let gate = |g: usize, i: usize, f: fn(f64) -> f64| {
                    f(of_x[g * hidden + i] + of_h[g * hidden + i])
                };
                let (sigmoid, tanh) = (of_one("sigmoid").expect("a function"), f64::tanh);
                let out = |i: usize| match cell {
                    "lstm" => {
                        let kept = gate(1, i, sigmoid) * c[i];
                        let new = kept + gate(0, i, sigmoid) * gate(2, i, tanh);
                        [gate(3, i, sigmoid) * new.tanh(), new]
                    }
                    "gru" => {
                        let [reset, update] = [gate(0, i, sigmoid), gate(1, i, sigmoid)];
                        let at = 2 * hidden + i;
                        let new = (of_x[at] + reset * of_h[at]).tanh();
                        [(1.0 - update) * new + update * h[i], 0.0]
                    }
                    _ => [gate(0, i, tanh), 0.0],
                };
                let now: Vec<[f64; 2]> = (0..hidden).map(out).collect();
                c = now.iter().map(|[_, c]| *c).collect();
                h = now.iter().map(|[h, _]| *h).collect();
                if let Some(w_hr) = w_hr {
                    h = affine(&h, w_hr, None);
                }
                outputs.extend_from_slice(&h);
            }
            cells.extend(c);
        }
        if cell == "lstm" && self.flag("gives_cell")? {
            return Ok(vec![[outputs, cells].concat()]);
        }
        Ok(vec![outputs, cells])
    }

    /// The outputs of an sLSTM's heads.
    pub(super) fn slstm(&self) -> Done {
        let [gates, of_cell, w, bias] = [self.x(0)?, self.x(1)?, self.x(2)?, self.x(3)?];
        let [batch, steps, pairs] = [0, 1, 2].map(|axis| gates.shape[axis]);
        let [heads, width] = [w.shape[0], w.shape[1]];
        let mut outputs = vec![0.0; batch * steps * heads * width];
        let sigmoid = of_one("sigmoid").expect("a function");
        for (b, h) in (0..batch).flat_map(|b| (0..heads).map(move |h| (b, h))) {
            let mut state = vec![[0.0; 3]; width]; // y, c and n, the latter two relative to e^m
            let mut most = vec![f64::NEG_INFINITY; width];
            for t in 0..steps {
                let before = state.clone();
                for i in 0..width {
                    let raw = |gate: usize| {
                        let column = gate * width + i;
                        let given = if gate < 2 { gates } else { of_cell };
                        let at = (b * steps + t) * pairs + (h * 2 + gate % 2) * width + i;
                        let weight = |j: usize| w.data[(h * width + j) * 4 * width + column];
                        let recurrent = (0..width).map(|j| before[j][0] * weight(j)).sum::<f64>();
                        given.data[at] + bias.data[h * 4 * width + column] + recurrent
                    };
                    let kept = most[i] - (1.0 + (-raw(1)).exp()).ln();
                    most[i] = kept.max(raw(0));
                    let [old, new] = [kept, raw(0)].map(|weight| (weight - most[i]).exp());
                    let c = old * before[i][1] + new * raw(2).tanh();
                    let n = old * before[i][2] + new;
                    state[i] = [sigmoid(raw(3)) * c / n, c, n];
                    outputs[((b * steps + t) * heads + h) * width + i] = state[i][0];
                }
            }
        }
        Ok(outputs)
    }
}
