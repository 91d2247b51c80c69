//! Values in 16 bits between operations: what is not at work is narrow.
//!
//! An operation reads and writes f32. With a [`Half`] format its output is rounded to it at once; the last value stays
//! in f32, older ones are stored in 16 bits and widened when an operation wants them. On the way back a value is let go of
//! with the operation that made it. Single numbers, such as a loss, and values from outside stay as they are.
//!
//! What is at work is much of all where layers are wide and few, so the largest operations are [narrow](super::half_ops)
//! themselves: they read and write 16 bits, and only some rows at a time are f32.

use std::collections::VecDeque;

use super::buffer_pool::{HalfPool, Pool, fit};
use super::record::{Buffer, Place, Record};
use crate::kernels::float_slice::{FloatSlice, HalfVec};
use crate::kernels::half_precision::{Half, round};

/// Values that stay in f32 after they were made or widened.
const RECENT: usize = 1;

/// How the values of a tape are stored.
#[derive(Default)]
pub(super) struct Storage {
    pub(super) half: Option<Half>,
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
    /// Whether `data` and `kept` are those of the buffer.
    pub(super) valid: bool,
    /// Whether the buffer holds only these.
    pub(super) only: bool,
    /// Whether the buffer may be narrowed.
    pub(super) may_be: bool,
    /// Whether the gradient is in 16 bits.
    pub(super) has_grad: bool,
}

impl Narrow {
    /// Bytes there is room for.
    pub(super) fn memory(&self) -> usize {
        [&self.data, &self.kept, &self.grad].iter().map(|list| list.capacity()).sum::<usize>()
            * size_of::<half::bf16>()
    }
}

impl Record {
    /// Bytes there is room for.
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

    /// Begins anew, with values stored so.
    pub(super) fn store_in(&mut self, half: Option<Half>) {
        if self.storage.half != half {
            self.buffers.clear();
            self.scratch = Vec::new();
            self.storage = Storage { half, ..Storage::default() };
        }
        if half.is_some() {
            self.begin_step();
        }
    }

    /// Gives the lists of an earlier step to those who want them in this one.
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

    /// Takes what an operation computes into.
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

    /// Puts a computed output in its place, rounded to what is stored.
    pub(super) fn put_output(&mut self, buffer: usize, mut b: Buffer) {
        if let Some(half) = self.storage.half {
            b.narrow.valid = false;
            b.narrow.only = false;
            b.narrow.has_grad = false;
            b.narrow.may_be = b.data.len() > 1;
            if b.narrow.may_be {
                round(self.compute, half, &mut b.data);
                self.storage.recent.push_back(buffer);
            }
        }
        self.buffers[buffer] = b;
    }

    /// Widens the numbers of a node.
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

    /// Widens the numbers of a buffer that an operation kept for its own way back.
    pub(super) fn widen_kept(&mut self, buffer: usize) {
        let b = &mut self.buffers[buffer];
        if self.storage.half.is_some() && b.narrow.valid && b.kept.is_empty() {
            b.kept = self.storage.wide.take(b.narrow.kept.len());
            b.narrow.kept.widen(self.compute, &mut b.kept);
        }
    }

    /// Narrows what has not been at work for a while.
    pub(super) fn settle(&mut self) {
        while self.storage.recent.len() > RECENT {
            let Some(buffer) = self.storage.recent.pop_front() else { return };
            self.narrow(buffer);
        }
    }

    /// Narrows a buffer, if it may be.
    fn narrow(&mut self, buffer: usize) {
        let Some(half) = self.storage.half else { return };
        let b = &mut self.buffers[buffer];
        if !b.narrow.may_be || b.narrow.only {
            return;
        }
        if !b.narrow.valid {
            let Narrow { data, kept, .. } = &mut b.narrow;
            for (wide, stored) in [(&b.data, data), (&b.kept, kept)] {
                self.storage.narrow.give(std::mem::take(stored));
                *stored = self.storage.narrow.take(half, wide.len());
                stored.write(self.compute, 0, FloatSlice::F32(wide));
            }
            b.narrow.valid = true;
        }
        b.narrow.only = true;
        self.storage.wide.give(std::mem::take(&mut b.data));
        self.storage.wide.give(std::mem::take(&mut b.kept));
    }

    /// Lets go of what the operation of a node needed on its way back: no other one wants it.
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

    /// A list for a gradient, of any numbers.
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

    /// Widens the gradient of a buffer.
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

    /// Rounds the gradient of an output as its value is, if that has few exponents.
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
