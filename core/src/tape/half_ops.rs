//! Operations on values in 16 bits: only some rows at a time are converted to f32.

use std::ops::{Deref, Range};
use std::sync::Arc;

use super::buffer_pool::{HalfPool, fit};
use super::record::{Backward, Inputs, Place, Record};
use super::{Op, Shape};
use crate::kernels::Compute;
use crate::kernels::elementwise::add_assign;
use crate::kernels::float_slice::{FloatSlice, HalfVec};
use crate::kernels::half_precision::Half;

/// The 16-bit version of an operation. It reads its first input as it is stored, the others in f32.
pub(super) trait HalfOp: Op {
    /// Computes the output.
    fn forward_half(&self, x: &Inputs<'_>, out: &mut HalfOutput<'_>);
    /// Adds to the gradients of the inputs.
    fn backward_half(&self, b: &mut Backward<'_>);
}

/// The output of a [`HalfOp`] while it is computed. The contents of its lists are unspecified at first.
pub(super) struct HalfOutput<'a> {
    pub(super) half: Half,
    pub(super) data: &'a mut HalfVec,
    pub(super) shape: Shape,
    /// Kept for the derivative.
    pub(super) kept: &'a mut HalfVec,
    pool: &'a mut HalfPool,
    /// Scratch memory.
    pub(super) scratch: &'a mut Vec<f32>,
}

impl HalfOutput<'_> {
    /// Makes `kept` `len` numbers long, with unspecified contents.
    pub(super) fn keep(&mut self, len: usize) {
        self.pool.give(std::mem::take(self.kept));
        *self.kept = self.pool.take(self.half, len);
    }
}

/// How many numbers such an operation has in f32 at a time.
const AT_ONCE: usize = 3 << 16;

/// Splits `rows`, each of which takes `width` numbers in f32, into parts of nearly equal length. Returns the length of the
/// longest, and the parts.
pub(super) fn parts(rows: usize, width: usize) -> (usize, Cuts) {
    evenly(rows, (AT_ONCE / width.max(1)).max(32) / 32 * 32)
}

/// The same for time steps, each of which is a batch of rows.
pub(super) fn steps(time: usize, width: usize) -> (usize, Cuts) {
    evenly(time, (AT_ONCE / width.max(1)).max(1))
}

fn evenly(len: usize, most: usize) -> (usize, Cuts) {
    let n = len.div_ceil(most).max(1);
    (len.div_ceil(n), Cuts { len, n, left: 0..n })
}

/// Consecutive ranges of nearly equal length.
pub(super) struct Cuts {
    len: usize,
    n: usize,
    left: Range<usize>,
}

impl Cuts {
    fn at(&self, i: usize) -> Range<usize> {
        i * self.len / self.n..(i + 1) * self.len / self.n
    }
}

impl Iterator for Cuts {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        self.left.next().map(|i| self.at(i))
    }
}

impl DoubleEndedIterator for Cuts {
    fn next_back(&mut self) -> Option<Range<usize>> {
        self.left.next_back().map(|i| self.at(i))
    }
}

impl Inputs<'_> {
    /// The numbers of the `i`-th input, as they are stored.
    pub(super) fn numbers(&self, i: usize) -> FloatSlice<'_> {
        self.record.numbers(self.ids[i])
    }

    /// The numbers of the `i`-th input, a factor of a product.
    pub(super) fn factor(&self, i: usize) -> FloatSlice<'_> {
        self.record.factor(self.ids[i])
    }
}

impl Backward<'_> {
    /// The numbers of the `i`-th input, a factor of a product.
    pub(super) fn input_factor(&self, i: usize) -> FloatSlice<'_> {
        self.record.factor(self.record.nodes[self.id].inputs[i])
    }

    fn buffer(&self) -> usize {
        let Place::Buffer(i) = self.record.nodes[self.id].place else { unreachable!() };
        i
    }

    /// Takes the gradient of the output in 16 bits. The caller may change it, and [gives it back](Self::give_half).
    pub(super) fn take_half_grad(&mut self) -> HalfVec {
        let buffer = self.buffer();
        let (b, storage) = (&mut self.record.buffers[buffer], &mut self.record.storage);
        let half = storage.half.expect("values are in 16 bits");
        if b.narrow.has_grad {
            return std::mem::take(&mut b.narrow.grad);
        }
        let mut grad = storage.narrow.take(half, b.len);
        grad.write(self.record.compute, 0, FloatSlice::F32(&b.grad));
        storage.wide.give(std::mem::take(&mut b.grad));
        grad
    }

    /// Takes what `forward` kept in 16 bits. It is not needed afterwards.
    pub(super) fn use_up_kept(&mut self) -> HalfVec {
        let buffer = self.buffer();
        std::mem::take(&mut self.record.buffers[buffer].narrow.kept)
    }

    /// The numbers of the output, as they are stored.
    pub(super) fn output_numbers(&self) -> FloatSlice<'_> {
        self.record.numbers(self.id)
    }

    /// The numbers of the `i`-th input, which can be read while gradients are written.
    pub(super) fn lend(&self, i: usize) -> Lent {
        let input = self.record.nodes[self.id].inputs[i];
        match (self.record.nodes[input].place, &self.record.params) {
            (Place::Param(param), Some(params)) => Lent(params.clone(), param.range()),
            (Place::Shared { list, offset }, _) => {
                let size = self.record.nodes[input].shape.size();
                Lent(self.record.shared[list].clone(), offset..offset + size)
            }
            _ => {
                let data = self.record.data(input).to_vec();
                let all = 0..data.len();
                Lent(Arc::new(data), all)
            }
        }
    }

    /// Returns a list in 16 bits to the pool.
    pub(super) fn give_half(&mut self, list: HalfVec) {
        self.record.storage.narrow.give(list);
    }

    /// Passes the output in 16 bits to `work`, then frees it.
    pub(super) fn use_up_output(&mut self, work: impl FnOnce(&HalfVec)) {
        let buffer = self.buffer();
        work(&self.record.buffers[buffer].narrow.data);
        let (b, storage) = (&mut self.record.buffers[buffer], &mut self.record.storage);
        storage.wide.give(std::mem::take(&mut b.data));
        storage.narrow.give(std::mem::take(&mut b.narrow.data));
    }

    /// Starts a gradient of the `i`-th input that is written part by part, if it needs one. [`end_parts`](Self::end_parts) stores
    /// it.
    pub(super) fn begin_parts(&mut self, i: usize) -> Option<Parts> {
        if !self.needs_grad(i) {
            return None;
        }
        let compute = self.compute();
        let input = self.record.nodes[self.id].inputs[i];
        let (len, storage) = (self.record.nodes[input].shape.size(), &mut self.record.storage);
        if let Place::Buffer(buffer) = self.record.nodes[input].place
            && let Some(half) = storage.half
        {
            let b = &mut self.record.buffers[buffer];
            if b.narrow.may_be && (b.narrow.has_grad || !b.has_grad) {
                let before = b.narrow.has_grad.then(|| std::mem::take(&mut b.narrow.grad));
                let grad = before.unwrap_or_else(|| storage.narrow.take(half, len));
                return Some(Parts { compute, grad, wide: Vec::new(), adds: b.narrow.has_grad });
            }
        }
        let wide = storage.wide.take(len);
        Some(Parts { compute, grad: HalfVec::default(), wide, adds: false })
    }

    /// Stores the gradient of the `i`-th input, after all parts are written.
    pub(super) fn end_parts(&mut self, i: usize, parts: Parts) {
        let Parts { grad, wide, .. } = parts;
        if !wide.is_empty() {
            self.accumulate(i, |_, dx| add_assign(dx, &wide));
        } else if let Place::Buffer(buffer) =
            self.record.nodes[self.record.nodes[self.id].inputs[i]].place
        {
            let b = &mut self.record.buffers[buffer];
            (b.narrow.grad, b.narrow.has_grad, b.has_grad) = (grad, true, true);
        }
        self.record.storage.wide.give(wide);
    }
}

/// Numbers that can be read while the tape is borrowed mutably.
pub(super) struct Lent(Arc<Vec<f32>>, Range<usize>);

impl Deref for Lent {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.0[self.1.clone()]
    }
}

/// A gradient that is written part by part.
pub(super) struct Parts {
    compute: Compute,
    grad: HalfVec,
    /// Used instead of `grad` where the gradient is in f32.
    wide: Vec<f32>,
    /// Whether parts are added to an earlier gradient.
    adds: bool,
}

impl Parts {
    /// Sets all numbers to 0, unless they are an earlier gradient.
    pub(super) fn begin_with_zeros(&mut self) {
        self.wide.fill(0.0);
        if !self.adds {
            self.grad.zero();
        }
    }

    /// Writes or adds numbers in 16 bits, from index `at` on.
    pub(super) fn put_half(&mut self, at: usize, part: FloatSlice<'_>) {
        if self.wide.is_empty() && !self.adds {
            return self.grad.write(self.compute, at, part);
        }
        let mut wide = [0.0; 256];
        for first in (0..part.len()).step_by(wide.len()) {
            let end = part.len().min(first + wide.len());
            let wide = &mut wide[..end - first];
            part.copy_to(self.compute, first..end, wide);
            self.put(at + first, wide);
        }
    }

    /// Writes or adds numbers in f32, from index `at` on. Overwrites `part`.
    pub(super) fn put(&mut self, at: usize, part: &mut [f32]) {
        if self.wide.is_empty() {
            if self.adds {
                self.grad.add_to(self.compute, at, part);
            }
            self.grad.write(self.compute, at, FloatSlice::F32(part));
        } else {
            self.wide[at..at + part.len()].copy_from_slice(part);
        }
    }
}

impl Record {
    /// The numbers of a node in 16 bits, or in f32 where they have no other form.
    pub(super) fn numbers(&self, id: usize) -> FloatSlice<'_> {
        if let Place::Buffer(buffer) = self.nodes[id].place
            && self.storage.half.is_some()
            && self.buffers[buffer].narrow.valid
        {
            return self.buffers[buffer].narrow.data.as_slice();
        }
        FloatSlice::F32(self.data(id))
    }

    /// The numbers of a node in the form that a product reads without converting them, if they have it.
    pub(super) fn factor(&self, id: usize) -> FloatSlice<'_> {
        let only_half = |buffer: usize| self.buffers[buffer].narrow.only;
        match self.nodes[id].place {
            Place::Buffer(buffer) if self.compute.rounds || only_half(buffer) => self.numbers(id),
            _ => FloatSlice::F32(self.data(id)),
        }
    }

    /// Runs the forward pass of an operation in 16 bits.
    pub(super) fn run_half(
        &mut self,
        op: &dyn HalfOp,
        inputs: &[usize],
        buffer: usize,
        shape: Shape,
    ) {
        let Some(half) = self.storage.half else { return };
        inputs.iter().skip(1).for_each(|input| self.widen(*input));
        let mut b = std::mem::take(&mut self.buffers[buffer]);
        for list in [&mut b.data, &mut b.kept] {
            self.storage.wide.give(std::mem::take(list));
        }
        self.storage.narrow.give(std::mem::take(&mut b.narrow.data));
        let mut data = self.storage.narrow.take(half, shape.size());
        let mut scratch = std::mem::take(&mut self.scratch);
        let mut pool = std::mem::take(&mut self.storage.narrow);
        let (kept, scratch_of) = (&mut b.narrow.kept, &mut scratch);
        let x = Inputs { record: self, ids: inputs };
        let pool_of = &mut pool;
        op.forward_half(
            &x,
            &mut HalfOutput {
                half,
                data: &mut data,
                shape,
                kept,
                pool: pool_of,
                scratch: scratch_of,
            },
        );
        (self.scratch, self.storage.narrow) = (scratch, pool);
        b.narrow.data = data;
        (b.has_grad, b.len) = (false, shape.size());
        (b.narrow.valid, b.narrow.only, b.narrow.may_be) = (true, true, true);
        b.narrow.has_grad = false;
        self.buffers[buffer] = b;
    }
}

/// The first `len` numbers of a list, which grows to that length.
pub(super) fn grow(scratch: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if scratch.len() < len {
        fit(scratch, len);
    }
    &mut scratch[..len]
}

#[cfg(test)]
#[path = "half_ops_tests.rs"]
mod tests;
