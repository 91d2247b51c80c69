//! Operations that only move numbers: reshape, slice, concatenate, flip, repeat. Their derivatives move gradients back.

use super::half_ops::{HalfOp, HalfOutput};
use super::{Backward, Description, Inputs, Op, Output, Reads, Shape, Var};
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::Mode;

/// `len` entries along `axis`, beginning at `start`.
struct Slice {
    axis: usize,
    start: usize,
}

impl Slice {
    /// The range of the input that outer index `i` reads.
    fn range(&self, input: Shape, output: Shape, i: usize) -> std::ops::Range<usize> {
        let (_, size, inner) = input.around(self.axis);
        let len = output.dims()[self.axis] * inner;
        let from = i * size * inner + self.start * inner;
        from..from + len
    }
}

impl Op for Slice {
    fn describe(&self) -> Description {
        Description::new("slice").with("axis", self.axis).with("start", self.start)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (_, size, inner) = x.shape(0).around(self.axis);
        let (x, range) = (x.data(0), self.range(x.shape(0), out.shape, 0));
        let rows = x.chunks_exact((size * inner).max(1));
        if range.len() == 1 {
            out.data.iter_mut().zip(rows).for_each(|(to, x)| *to = x[range.start]);
            return;
        }
        for (x, to) in rows.zip(out.data.chunks_exact_mut(range.len().max(1))) {
            to.copy_from_slice(&x[range.clone()]);
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            let (_, size, inner) = b.shape().around(self.axis);
            for (i, g) in b.grad().chunks_exact((size * inner).max(1)).enumerate() {
                add_assign(&mut dx[self.range(b.input_shape(0), b.shape(), i)], g);
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }

    fn half_op(&self) -> Option<&dyn HalfOp> {
        Some(self)
    }
}

impl HalfOp for Slice {
    fn forward_half(&self, x: &Inputs<'_>, out: &mut HalfOutput<'_>) {
        let len = self.range(x.shape(0), out.shape, 0).len();
        let x_shape = x.shape(0);
        for i in 0..out.shape.size() / len.max(1) {
            let part = x.numbers(0).slice(self.range(x_shape, out.shape, i));
            out.data.write(x.compute(), i * len, part);
        }
    }

    fn backward_half(&self, b: &mut Backward<'_>) {
        let g = b.take_half_grad();
        if let Some(mut gradient) = b.begin_parts(0) {
            gradient.begin_with_zeros();
            let len = self.range(b.input_shape(0), b.shape(), 0).len();
            for i in 0..g.len() / len.max(1) {
                let part = g.as_slice().slice(i * len..(i + 1) * len);
                gradient.put_half(self.range(b.input_shape(0), b.shape(), i).start, part);
            }
            b.end_parts(0, gradient);
        }
        b.give_half(g);
    }
}

/// Concatenation along `axis`.
struct Concat {
    axis: usize,
}

impl Op for Concat {
    fn describe(&self) -> Description {
        Description::new("concat").with("axis", self.axis)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (outer, size, inner) = out.shape.around(self.axis);
        let mut at = 0;
        for k in 0..x.count() {
            let len = x.shape(k).dims()[self.axis] * inner;
            for i in 0..outer {
                let to = i * size * inner + at;
                out.data[to..to + len].copy_from_slice(&x.data(k)[i * len..(i + 1) * len]);
            }
            at += len;
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (outer, size, inner) = b.shape().around(self.axis);
        let mut at = 0;
        for k in 0..b.count() {
            let len = b.input_shape(k).dims()[self.axis] * inner;
            b.set_or_add(k, |b, dx, mode| {
                for i in 0..outer {
                    let from = i * size * inner + at;
                    let (g, dx) = (&b.grad()[from..from + len], &mut dx[i * len..(i + 1) * len]);
                    match mode {
                        Mode::Write => dx.copy_from_slice(g),
                        Mode::Add => add_assign(dx, g),
                    }
                }
            });
            at += len;
        }
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// Reversal of an axis.
struct Flip {
    axis: usize,
}

impl Flip {
    /// The index of inner row `i` when the axis is reversed.
    fn mirrored(size: usize, i: usize) -> usize {
        i / size * size + size - 1 - i % size
    }
}

impl Op for Flip {
    fn describe(&self) -> Description {
        Description::new("flip").with("axis", self.axis)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (_, size, inner) = out.shape.around(self.axis);
        if inner == 1 {
            for (from, to) in x.data(0).chunks_exact(size).zip(out.data.chunks_exact_mut(size)) {
                to.iter_mut().zip(from.iter().rev()).for_each(|(t, f)| *t = *f);
            }
        } else {
            for (i, to) in out.data.chunks_exact_mut(inner.max(1)).enumerate() {
                to.copy_from_slice(&x.data(0)[Self::mirrored(size, i) * inner..][..inner]);
            }
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        let (_, size, inner) = b.shape().around(self.axis);
        b.accumulate(0, |b, dx| {
            if inner == 1 {
                for (g, d) in b.grad().chunks_exact(size).zip(dx.chunks_exact_mut(size)) {
                    d.iter_mut().zip(g.iter().rev()).for_each(|(d, g)| *d += *g);
                }
            } else {
                for (i, g) in b.grad().chunks_exact(inner.max(1)).enumerate() {
                    add_assign(&mut dx[Self::mirrored(size, i) * inner..][..inner], g);
                }
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

/// Repetition along `axis`, which has size one.
struct Repeat {
    axis: usize,
}

impl Op for Repeat {
    fn describe(&self) -> Description {
        Description::new("repeat").with("axis", self.axis)
    }

    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>) {
        let (_, count, inner) = out.shape.around(self.axis);
        for (from, to) in
            x.data(0).chunks_exact(inner).zip(out.data.chunks_exact_mut(count * inner))
        {
            to.chunks_exact_mut(inner).for_each(|t| t.copy_from_slice(from));
        }
    }

    fn backward(&self, b: &mut Backward<'_>) {
        b.accumulate(0, |b, dx| {
            let (_, count, inner) = b.shape().around(self.axis);
            for (d, g) in dx.chunks_exact_mut(inner).zip(b.grad().chunks_exact(count * inner)) {
                g.chunks_exact(inner).for_each(|g| add_assign(d, g));
            }
        });
    }

    fn reads(&self) -> Reads {
        Reads::Nothing
    }
}

impl<'t> Var<'t> {
    /// The same numbers with another shape of the same size. Copies nothing.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert_eq!(
            shape.size(),
            self.shape().size(),
            "cannot reshape {:?} to {shape:?}",
            self.shape()
        );
        self.tape.alias(self, shape)
    }

    /// `len` entries along `axis`, beginning at `start`.
    #[track_caller]
    pub fn slice(self, axis: usize, start: usize, len: usize) -> Self {
        assert!(
            start + len <= self.dim(axis),
            "slice {start}..{} of axis {axis} of {:?}",
            start + len,
            self.shape()
        );
        if len == self.dim(axis) {
            return self;
        }
        self.tape.record(Slice { axis, start }, &[self], self.shape().with(axis, len))
    }

    /// The last `len` entries along `axis`.
    #[track_caller]
    pub fn last(self, axis: usize, len: usize) -> Self {
        self.slice(axis, self.dim(axis) - len, len)
    }

    /// Concatenates these values along `axis`.
    #[track_caller]
    pub fn concat(parts: &[Self], axis: usize) -> Self {
        let first = parts[0];
        for p in parts {
            assert_eq!(
                p.shape().with(axis, 0),
                first.shape().with(axis, 0),
                "sizes beside axis {axis} must agree"
            );
        }
        let size = parts.iter().map(|p| p.dim(axis)).sum();
        first.tape.record(Concat { axis }, parts, first.shape().with(axis, size))
    }

    /// Reverses the last axis.
    pub fn flip(self) -> Self {
        self.flip_axis(self.shape().rank() - 1)
    }

    /// Reverses an axis.
    pub fn flip_axis(self, axis: usize) -> Self {
        self.tape.record(Flip { axis }, &[self], self.shape())
    }

    /// Inserts an axis of size one before `axis`. Copies nothing.
    #[track_caller]
    pub fn unsqueeze(self, axis: usize) -> Self {
        self.reshape(self.shape().with_new(axis))
    }

    /// Removes `axis`, whose size is one. Copies nothing.
    #[track_caller]
    pub fn squeeze(self, axis: usize) -> Self {
        self.reshape(self.shape().without(axis))
    }

    /// `count` copies along `axis`, whose size is one.
    #[track_caller]
    pub fn repeat(self, axis: usize, count: usize) -> Self {
        assert_eq!(self.dim(axis), 1, "only an axis of size one is repeated");
        self.tape.record(Repeat { axis }, &[self], self.shape().with(axis, count))
    }
}
