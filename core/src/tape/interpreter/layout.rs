//! Operations that move numbers, and reductions along an axis.

use super::{Array, Done, Step, around};

impl Step<'_> {
    /// The numbers that `from` finds for each place before, at and after `axis` of the output.
    fn placed(&self, axis: usize, from: impl Fn([usize; 3]) -> Done<f64>) -> Done {
        let [_, size, inner] = around(self.shape, axis);
        let place = |i| [i / (size * inner), i / inner % size, i % inner];
        (0..self.len()).map(|i| from(place(i))).collect()
    }

    pub(super) fn layout(&self) -> Done {
        let x = self.x(0)?;
        // The number of an input at a place before, at and after an axis.
        let at = |x: &Array, axis, [outer, i, inside]: [usize; 3]| {
            let [_, size, inner] = x.around(axis);
            x.data[(outer * size + i) * inner + inside]
        };
        match &*self.operation.kind {
            "reshape" => Ok(x.data.clone()),
            "permute" => self.permute(x),
            "slice" => {
                let (axis, start) = (self.size("axis")?, self.size("start")?);
                self.placed(axis, |[o, i, n]| Ok(at(x, axis, [o, start + i, n])))
            }
            "flip" => {
                let axis = self.size("axis")?;
                self.placed(axis, |[o, i, n]| Ok(at(x, axis, [o, x.shape[axis] - 1 - i, n])))
            }
            "repeat" => {
                let axis = self.size("axis")?;
                self.placed(axis, |[o, _, n]| Ok(at(x, axis, [o, 0, n])))
            }
            "concat" => {
                let axis = self.size("axis")?;
                self.placed(axis, |[o, mut i, n]| {
                    for part in &self.inputs {
                        match i.checked_sub(part.shape[axis]) {
                            Some(rest) => i = rest,
                            None => return Ok(at(part, axis, [o, i, n])),
                        }
                    }
                    Err("concat is longer than its parts".into())
                })
            }
            _ => {
                let (axis, edge) = (self.size("axis")?, self.text("edge")?);
                let [before, _] = self.sizes("by")?[..] else { return self.lacks("two ends") };
                let steps = x.shape[axis];
                self.placed(axis, |[o, i, n]| {
                    let inside = (before..before + steps).contains(&i);
                    let from = match edge {
                        _ if inside => i - before,
                        "zeros" => return Ok(0.0),
                        "circular" => (i + steps * before - before) % steps,
                        "replicate" => i.saturating_sub(before).min(steps - 1),
                        _ => return Err(format!("there is no edge {edge}")),
                    };
                    Ok(at(x, axis, [o, from, n]))
                })
            }
        }
    }

    fn permute(&self, x: &Array) -> Done {
        let axes = self.sizes("axes")?;
        let stride = |axis: usize| x.shape[axis + 1..].iter().product::<usize>();
        let number = |mut flat: usize| {
            let mut from = 0;
            for (size, axis) in self.shape.iter().zip(&axes).rev() {
                from += flat % size * stride(*axis);
                flat /= size;
            }
            x.data[from]
        };
        Ok((0..self.len()).map(number).collect())
    }

    pub(super) fn axis(&self) -> Done {
        let x = self.x(0)?;
        if self.operation.kind == "embedding" {
            let row = |code: &f64| x.rows().nth(*code as usize).expect("a row of the table");
            return Ok(self.x(1)?.data.iter().flat_map(row).copied().collect());
        }
        let [outer, size, inner] = x.around(self.size("axis")?);
        let along = |i: usize, n: usize| (0..size).map(move |k| x.data[(i * size + k) * inner + n]);
        let each = (0..outer).flat_map(|i| (0..inner).map(move |n| (i, n)));
        let of = |(i, n)| match &*self.operation.kind {
            "sum_axis" => along(i, n).sum(),
            "mean_axis" => along(i, n).sum::<f64>() / size as f64,
            _ => along(i, n).fold(f64::NEG_INFINITY, f64::max),
        };
        Ok(each.map(of).collect())
    }
}
