//! A pool of lists of numbers that are not in use.

use half::{bf16, f16};

use crate::kernels::float_slice::HalfVec;
use crate::kernels::half_precision::Half;
use crate::memory::reserve;

/// Free lists. A step with the same shapes as the previous one finds all its lists here. A list that a whole step did not use
/// is freed, so the pool never holds more than two steps need.
#[derive(Default)]
pub(super) struct Pool<T>(Vec<Free<T>>);

struct Free<T> {
    list: Vec<T>,
    /// Whether it was in use in this step.
    used: bool,
}

impl<T: Copy + Default> Pool<T> {
    /// A list of `len` numbers with unspecified contents: the shortest free one with enough capacity, or a new one.
    pub(super) fn take(&mut self, len: usize) -> Vec<T> {
        if len == 0 {
            return Vec::new();
        }
        let sizes = self.0.iter().map(|free| free.list.capacity()).enumerate();
        let fitting = sizes.filter(|(_, size)| (len..=2 * len).contains(size));
        let shortest = fitting.min_by_key(|(_, size)| *size);
        let mut list = shortest.map_or_else(Vec::new, |(i, _)| self.0.swap_remove(i).list);
        fit(&mut list, len);
        list
    }

    /// Takes back what is no longer in use.
    pub(super) fn give(&mut self, list: Vec<T>) {
        self.put(list, true);
    }

    /// Takes back what was in use before this step.
    pub(super) fn give_old(&mut self, list: Vec<T>) {
        self.put(list, false);
    }

    fn put(&mut self, list: Vec<T>, used: bool) {
        if list.capacity() > 0 {
            self.0.push(Free { list, used });
        }
    }

    /// Starts a step: frees what the previous one did not use.
    pub(super) fn begin(&mut self) {
        self.0.retain_mut(|free| std::mem::take(&mut free.used));
    }

    /// Bytes of capacity.
    pub(super) fn memory(&self) -> usize {
        self.0.iter().map(|free| free.list.capacity()).sum::<usize>() * size_of::<T>()
    }
}

/// The same for lists in 16 bits. A tape has one format at a time, so one of the two is empty.
#[derive(Default)]
pub(super) struct HalfPool {
    bf16: Pool<bf16>,
    f16: Pool<f16>,
}

impl HalfPool {
    /// A list of `len` numbers with unspecified contents.
    pub(super) fn take(&mut self, half: Half, len: usize) -> HalfVec {
        match half {
            Half::Bf16 => HalfVec::Bf16(self.bf16.take(len)),
            Half::F16 => HalfVec::F16(self.f16.take(len)),
        }
    }

    /// Takes back what is no longer in use.
    pub(super) fn give(&mut self, list: HalfVec) {
        match list {
            HalfVec::Bf16(list) => self.bf16.give(list),
            HalfVec::F16(list) => self.f16.give(list),
        }
    }

    /// Takes back what was in use before this step.
    pub(super) fn give_old(&mut self, list: HalfVec) {
        match list {
            HalfVec::Bf16(list) => self.bf16.give_old(list),
            HalfVec::F16(list) => self.f16.give_old(list),
        }
    }

    /// Starts a step: frees what the previous one did not use.
    pub(super) fn begin(&mut self) {
        self.bf16.begin();
        self.f16.begin();
    }

    /// Bytes of capacity.
    pub(super) fn memory(&self) -> usize {
        self.bf16.memory() + self.f16.memory()
    }
}

/// Makes a list `len` numbers long, with unspecified contents. If it must grow, it gets an eighth more capacity: the number of
/// distinct windows of a step varies by less, so it grows only once.
pub(super) fn fit<T: Copy + Default>(list: &mut Vec<T>, len: usize) {
    if list.capacity() < len {
        *list = Vec::new(); // freed first, so that both are not there at once
        reserve(list, len + len / 8);
    }
    list.resize(len, T::default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_vary_do_not_pile_up() {
        let mut pool = Pool::<f32>::default();
        let step = |pool: &mut Pool<f32>, rows: usize| {
            pool.begin();
            let lists = [64, 512, 512, 72].map(|width| pool.take(rows * width));
            lists.into_iter().for_each(|list| pool.give(list));
        };
        step(&mut pool, 600);
        let first = pool.memory();
        for i in 0..50 {
            step(&mut pool, 600 + i * 37 % 60);
            assert_eq!(pool.memory(), first, "step {i}");
        }
        for rows in [100, 100, 100] {
            step(&mut pool, rows);
        }
        assert!(pool.memory() < first / 5, "a smaller batch frees what it does not want");
    }

    #[test]
    fn a_list_is_a_little_longer_than_wanted() {
        let mut list = Vec::<bf16>::new();
        fit(&mut list, 800);
        fit(&mut list, 900);
        assert_eq!((list.len(), list.capacity()), (900, 900));
        fit(&mut list, 901);
        assert_eq!(list.capacity(), 901 + 901 / 8);
    }
}
