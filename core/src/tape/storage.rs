//! Mixed precision: values are stored in 16 bits between operations.
//!
//! An operation reads and writes f32. With a [`Half`] format its output is rounded to that format at once. The last value
//! stays in f32 too; older ones are in 16 bits only, and widened when an operation reads them. The backward pass frees a value
//! together with the operation that made it. Short values, and values from outside, stay in f32; short ones are rounded, except
//! scalars such as a loss.
//!
//! In a model of few wide layers, the values that one operation reads and writes are a large part of all memory. So the
//! largest operations [work on 16 bits](super::half_ops) themselves, and only some rows at a time are in f32.

use std::collections::VecDeque;

use super::buffer_pool::{HalfPool, Pool, fit};
use super::record::{Buffer, Place, Record};
use crate::kernels::float_slice::{FloatSlice, HalfVec};
use crate::kernels::half_precision::{Half, round};

/// How many values stay in f32 after they were made or widened.
const RECENT: usize = 1;

/// The least length of a value that is stored in 16 bits. Shorter ones stay in a core's cache until the next operation reads
/// them: converting them would take longer than it saves.
pub(super) const LEAST: usize = 1 << 15;

/// The format in which a tape stores its values, and its free memory.
#[derive(Default)]
pub(super) struct Storage {
    pub(super) half: Option<Half>,
    /// The least length of a value that is stored in that format.
    pub(super) least: usize,
    pub(super) wide: Pool<f32>,
    pub(super) narrow: HalfPool,
    /// Buffers in f32 that can be narrowed, the oldest first.
    recent: VecDeque<usize>,
}

/// A buffer's numbers in 16 bits.
#[derive(Default)]
pub(super) struct Narrow {
    pub(super) data: HalfVec,
    pub(super) kept: HalfVec,
    pub(super) grad: HalfVec,
    /// Whether `data` is up to date.
    pub(super) valid: bool,
    /// Whether `data` and `kept` are the only copy.
    pub(super) only: bool,
    /// Whether the buffer may be stored in 16 bits.
    pub(super) may_be: bool,
    /// Whether the gradient is in 16 bits.
    pub(super) has_grad: bool,
}

impl Narrow {
    /// Bytes of capacity.
    pub(super) fn memory(&self) -> usize {
        [&self.data, &self.kept, &self.grad].iter().map(|list| list.capacity()).sum::<usize>()
            * size_of::<half::bf16>()
    }
}

impl Record {
    /// Bytes of capacity.
    pub(super) fn memory(&self) -> usize {
        let of = |b: &Buffer| {
            let wide = b.data.capacity() + b.grad.capacity() + b.kept.capacity();
            wide * size_of::<f32>() + b.narrow.memory()
        };
        let scratch = self.scratch.capacity() * size_of::<f32>();
        self.buffers.iter().map(of).sum::<usize>()
            + scratch
            + self.storage.wide.memory()
            + self.storage.narrow.memory()
    }

    /// Sets the format of values, and starts a step.
    pub(super) fn store_in(&mut self, half: Option<Half>) {
        if self.storage.half != half {
            self.buffers.clear();
            self.scratch = Vec::new();
            self.storage = Storage { half, least: LEAST, ..Storage::default() };
        }
        if half.is_some() {
            self.begin_step();
        }
    }

    /// Returns the lists of the previous step to the pools.
    fn begin_step(&mut self) {
        let storage = &mut self.storage;
        storage.recent.clear();
        storage.wide.begin();
        storage.narrow.begin();
        for b in &mut self.buffers {
            storage.wide.give_old(std::mem::take(&mut b.grad));
            if b.narrow.may_be {
                storage.wide.give_old(std::mem::take(&mut b.data));
                storage.wide.give_old(std::mem::take(&mut b.kept));
            }
            let Narrow { data, kept, grad, .. } = std::mem::take(&mut b.narrow);
            [data, kept, grad].into_iter().for_each(|list| storage.narrow.give_old(list));
        }
    }

    /// Takes the buffer that an operation writes its output to.
    pub(super) fn take_output(&mut self, buffer: usize, len: usize) -> Buffer {
        let mut b = std::mem::take(&mut self.buffers[buffer]);
        if self.storage.half.is_some() {
            for list in [&mut b.data, &mut b.kept] {
                self.storage.wide.give(std::mem::take(list));
            }
            b.data = self.storage.wide.take(len);
        } else {
            fit(&mut b.data, len);
        }
        b
    }

    /// Stores a computed output, rounded to the format. If what the operation keeps is `exact`, the buffer stays in f32.
    pub(super) fn put_output(&mut self, buffer: usize, mut b: Buffer, exact: bool) {
        if let Some(half) = self.storage.half {
            let n = &mut b.narrow;
            let pool = &mut self.storage.narrow;
            pool.give(std::mem::take(&mut n.data));
            pool.give(std::mem::take(&mut n.kept));
            (n.only, n.has_grad) = (false, false);
            n.may_be = b.data.len() >= self.storage.least && !exact;
            n.valid = n.may_be;
            if n.may_be {
                n.data = pool.take(half, b.data.len());
                n.data.write_rounding(self.compute, &mut b.data);
                self.storage.recent.push_back(buffer);
            } else if b.data.len() > 1 {
                round(self.compute, half, &mut b.data);
            }
        }
        self.buffers[buffer] = b;
    }

    /// Converts the numbers of a node to f32, if they are in 16 bits only.
    pub(super) fn widen(&mut self, id: usize) {
        let Place::Buffer(buffer) = self.nodes[id].place else { return };
        let b = &mut self.buffers[buffer];
        if b.narrow.only {
            b.data = self.storage.wide.take(b.narrow.data.len());
            b.narrow.data.widen(self.compute, &mut b.data);
            b.narrow.only = false;
            self.storage.recent.push_back(buffer);
        }
    }

    /// Converts to f32 what an operation kept for its backward pass.
    pub(super) fn widen_kept(&mut self, buffer: usize) {
        let b = &mut self.buffers[buffer];
        if self.storage.half.is_some() && b.narrow.valid && b.kept.is_empty() {
            b.kept = self.storage.wide.take(b.narrow.kept.len());
            b.narrow.kept.widen(self.compute, &mut b.kept);
        }
    }

    /// Stores in 16 bits what no recent operation has used.
    pub(super) fn settle(&mut self) {
        while self.storage.recent.len() > RECENT {
            let Some(buffer) = self.storage.recent.pop_front() else { return };
            self.narrow(buffer);
        }
    }

    /// Stores a buffer in 16 bits, if it may be.
    fn narrow(&mut self, buffer: usize) {
        let Some(half) = self.storage.half else { return };
        let b = &mut self.buffers[buffer];
        if !b.narrow.may_be || b.narrow.only {
            return;
        }
        if b.narrow.kept.is_empty() && !b.kept.is_empty() {
            b.narrow.kept = self.storage.narrow.take(half, b.kept.len());
            b.narrow.kept.write(self.compute, 0, FloatSlice::F32(&b.kept));
        }
        b.narrow.only = true;
        self.storage.wide.give(std::mem::take(&mut b.data));
        self.storage.wide.give(std::mem::take(&mut b.kept));
    }

    /// Frees what only the backward pass of a buffer's operation needed.
    pub(super) fn let_go(&mut self, buffer: usize) {
        if self.storage.half.is_none() {
            return;
        }
        let storage = &mut self.storage;
        let b = &mut self.buffers[buffer];
        storage.wide.give(std::mem::take(&mut b.grad));
        storage.narrow.give(std::mem::take(&mut b.narrow.grad));
        b.has_grad = false;
        b.narrow.has_grad = false;
        if b.narrow.may_be {
            storage.wide.give(std::mem::take(&mut b.data));
            storage.wide.give(std::mem::take(&mut b.kept));
            storage.narrow.give(std::mem::take(&mut b.narrow.data));
            storage.narrow.give(std::mem::take(&mut b.narrow.kept));
            b.narrow.may_be = false;
        }
    }

    /// A list for a gradient, with unspecified contents.
    pub(super) fn room_for_grad(&mut self, buffer: usize) -> Vec<f32> {
        let b = &mut self.buffers[buffer];
        let (len, mut grad) = (b.len, std::mem::take(&mut b.grad));
        if self.storage.half.is_some() {
            self.storage.wide.give(grad);
            return self.storage.wide.take(len);
        }
        fit(&mut grad, len);
        grad
    }

    /// Converts the gradient of a buffer to f32.
    pub(super) fn widen_grad(&mut self, buffer: usize) {
        if !self.buffers[buffer].narrow.has_grad {
            return;
        }
        let mut grad = self.room_for_grad(buffer);
        let b = &mut self.buffers[buffer];
        b.narrow.grad.widen(self.compute, &mut grad);
        (b.grad, b.narrow.has_grad) = (grad, false);
        self.storage.narrow.give(std::mem::take(&mut b.narrow.grad));
    }

    /// Rounds the gradient of an output to binary16, if that is the format of values: as torch does, so that gradients that
    /// overflow become infinite and lower the loss scale.
    pub(super) fn round_grad(&mut self, buffer: usize) {
        if self.storage.half == Some(Half::F16) {
            let b = &mut self.buffers[buffer];
            if b.len > 1 {
                round(self.compute, Half::F16, &mut b.grad);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    use crate::kernels::Compute;
    use crate::kernels::half_precision::{HalfFloat, narrow, widen};

    /// Our conversions against those of the crate `half`, bit by bit; for NaN, that both are.
    fn compare<T: HalfFloat>(of_bits: fn(u16) -> T, theirs: fn(f32) -> u16, back: fn(T) -> f32) {
        let all: Vec<T> = (0..=u16::MAX).map(of_bits).collect();
        let mut wide = vec![0.0; all.len()];
        widen(Compute::default(), &all, &mut wide);
        for (x, wide) in all.iter().zip(&wide) {
            let expected = back(*x);
            let same = wide.to_bits() == expected.to_bits();
            assert!(same || (wide.is_nan() && expected.is_nan()), "{:#x}: {wide}", x.bits());
        }
        // Every exponent, with mantissas around what is kept, halfway, and between.
        let ends = [0, 1, 0x7fff, 0x8000, 0x8001, 0x0fff, 0x1000, 0x1001, 0xffff];
        let mut x: Vec<f32> = (0..=u16::MAX)
            .flat_map(|high| ends.map(|low| f32::from_bits(u32::from(high) << 16 | low)))
            .collect();
        x.extend((0..1 << 16).map(|i: u32| f32::from_bits(i.wrapping_mul(0x9e37_79b9))));
        let mut y = vec![T::default(); x.len()];
        narrow(Compute::default(), &x, &mut y);
        for (x, y) in x.iter().zip(&y) {
            let same = y.bits() == theirs(*x);
            assert!(same || (x.is_nan() && y.widened().is_nan()), "{x}: {:#x}", y.bits());
        }
    }

    #[test]
    fn conversions_equal_those_of_the_crate() {
        for isa in crate::simd::Isa::available() {
            crate::simd::with_isa(isa, || {
                compare(bf16::from_bits, |x| bf16::from_f32(x).to_bits(), bf16::to_f32);
                compare(f16::from_bits, |x| f16::from_f32(x).to_bits(), f16::to_f32);
            });
        }
    }
}
