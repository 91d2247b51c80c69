//! Values in 16 bits between operations: what is not at work is narrow.
//!
//! An operation reads and writes f32. With a [`Half`] format its output is rounded to it at once; the last value stays
//! in f32, older ones are stored in 16 bits and widened when an operation wants them. On the way back a value is let go of
//! with the operation that made it. Single numbers, such as a loss, and values from outside stay as they are.

use std::collections::VecDeque;

use super::record::{Buffer, Place, Record};
use crate::kernels::half::{Half, narrow, round, widen};

/// Values that stay in f32 after they were made or widened.
const RECENT: usize = 1;

/// Lists of f32 that are not in use, by length.
#[derive(Default)]
pub(super) struct Pool(Vec<Vec<f32>>);

impl Pool {
    /// A list of `len` numbers of any value: the shortest that is long enough.
    pub(super) fn take(&mut self, len: usize) -> Vec<f32> {
        let long_enough = self.0.iter().enumerate().filter(|(_, list)| list.capacity() >= len);
        let shortest = long_enough.min_by_key(|(_, list)| list.capacity()).map(|(i, _)| i);
        let mut list = shortest.map_or_else(Vec::new, |i| self.0.swap_remove(i));
        list.resize(len, 0.0);
        list
    }

    pub(super) fn give(&mut self, list: Vec<f32>) {
        if list.capacity() > 0 {
            self.0.push(list);
        }
    }

    /// Numbers there is room for.
    pub(super) fn capacity(&self) -> usize {
        self.0.iter().map(Vec::capacity).sum()
    }
}

/// How the values of a tape are stored.
#[derive(Default)]
pub(super) struct Storage {
    pub(super) half: Option<Half>,
    pool: Pool,
    /// Buffers in f32 that can be narrowed, the oldest first.
    recent: VecDeque<usize>,
}

impl Storage {
    /// Numbers there is room for beside those of the buffers.
    pub(super) fn capacity(&self) -> usize {
        self.pool.capacity()
    }
}

/// A buffer's numbers in 16 bits.
#[derive(Default)]
pub(super) struct Narrow {
    data: Vec<u16>,
    kept: Vec<u16>,
    /// Whether they are those of the buffer.
    valid: bool,
    /// Whether the buffer holds only these.
    pub(super) only: bool,
    /// Whether the buffer may be narrowed.
    pub(super) may_be: bool,
}

impl Narrow {
    /// Bytes there is room for.
    pub(super) fn memory(&self) -> usize {
        (self.data.capacity() + self.kept.capacity()) * size_of::<u16>()
    }
}

impl Record {
    /// Begins anew, with values stored so.
    pub(super) fn store_in(&mut self, half: Option<Half>) {
        if self.storage.half != half {
            self.buffers.clear();
            self.storage = Storage { half, ..Storage::default() };
        }
        self.storage.recent.clear();
    }

    /// Takes what an operation computes into.
    pub(super) fn take_output(&mut self, buffer: usize, len: usize) -> Buffer {
        let mut b = std::mem::take(&mut self.buffers[buffer]);
        if self.storage.half.is_some() {
            for (list, len) in [(&mut b.data, len), (&mut b.kept, b.narrow.kept.len())] {
                self.storage.pool.give(std::mem::take(list));
                *list = self.storage.pool.take(len);
            }
        } else {
            b.data.resize(len, 0.0);
        }
        b
    }

    /// Puts a computed output in its place, rounded to what is stored.
    pub(super) fn put_output(&mut self, buffer: usize, mut b: Buffer) {
        if let Some(half) = self.storage.half {
            b.narrow.valid = false;
            b.narrow.only = false;
            b.narrow.may_be = b.data.len() > 1;
            if b.narrow.may_be {
                round(half, &mut b.data);
                self.storage.recent.push_back(buffer);
            }
        }
        self.buffers[buffer] = b;
    }

    /// Widens the values of a node.
    pub(super) fn widen(&mut self, id: usize) {
        let (Place::Buffer(buffer), Some(half)) = (self.nodes[id].place, self.storage.half) else {
            return;
        };
        let b = &mut self.buffers[buffer];
        if b.narrow.only {
            b.data = self.storage.pool.take(b.narrow.data.len());
            b.kept = self.storage.pool.take(b.narrow.kept.len());
            widen(half, &b.narrow.data, &mut b.data);
            widen(half, &b.narrow.kept, &mut b.kept);
            b.narrow.only = false;
            self.storage.recent.push_back(buffer);
        }
    }

    /// Narrows what has not been at work for a while.
    pub(super) fn settle(&mut self) {
        let Some(half) = self.storage.half else { return };
        while self.storage.recent.len() > RECENT {
            let Some(buffer) = self.storage.recent.pop_front() else { return };
            let b = &mut self.buffers[buffer];
            if !b.narrow.may_be || b.narrow.only {
                continue;
            }
            if !b.narrow.valid {
                let Narrow { data, kept, .. } = &mut b.narrow;
                for (wide, stored) in [(&b.data, data), (&b.kept, kept)] {
                    stored.resize(wide.len(), 0);
                    narrow(half, wide, stored);
                }
                b.narrow.valid = true;
            }
            b.narrow.only = true;
            self.storage.pool.give(std::mem::take(&mut b.data));
            self.storage.pool.give(std::mem::take(&mut b.kept));
        }
    }

    /// Lets go of what the operation of a node needed on its way back: no other one wants it.
    pub(super) fn let_go(&mut self, buffer: usize) {
        if self.storage.half.is_none() {
            return;
        }
        let b = &mut self.buffers[buffer];
        self.storage.pool.give(std::mem::take(&mut b.grad));
        b.has_grad = false;
        if b.narrow.may_be {
            self.storage.pool.give(std::mem::take(&mut b.data));
            self.storage.pool.give(std::mem::take(&mut b.kept));
            b.narrow.may_be = false;
        }
    }

    /// A list for a gradient, of any numbers.
    pub(super) fn room_for_grad(&mut self, buffer: usize) -> Vec<f32> {
        let b = &mut self.buffers[buffer];
        let (len, grad) = (b.len, std::mem::take(&mut b.grad));
        if self.storage.half.is_some() {
            self.storage.pool.give(grad);
            return self.storage.pool.take(len);
        }
        let mut grad = grad;
        grad.resize(len, 0.0);
        grad
    }

    /// Rounds the gradient of an output as its value is, if that has few exponents.
    pub(super) fn round_grad(&mut self, buffer: usize) {
        if self.storage.half == Some(Half::F16) {
            let b = &mut self.buffers[buffer];
            if b.len > 1 {
                round(Half::F16, &mut b.grad);
            }
        }
    }
}
