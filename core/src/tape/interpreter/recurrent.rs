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
}
