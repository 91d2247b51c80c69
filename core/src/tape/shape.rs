//! Shapes: up to six dimensions, row-major, passed by value.

use std::fmt;

/// The most dimensions of a value.
pub(super) const MAX_RANK: usize = 6;

/// The dimensions of a value. A scalar has none.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Shape {
    dims: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    /// The dimensions.
    pub fn dims(&self) -> &[usize] {
        &self.dims[..self.rank]
    }

    /// How many dimensions there are.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of elements. It saturates instead of overflowing.
    pub fn size(&self) -> usize {
        self.dims().iter().fold(1, |size, n| size.saturating_mul(*n))
    }

    /// The last dimension; 1 for a scalar.
    pub fn last(&self) -> usize {
        self.dims().last().copied().unwrap_or(1)
    }

    /// The shape with another size along `axis`.
    #[must_use]
    pub fn with(mut self, axis: usize, size: usize) -> Self {
        self.dims[..self.rank][axis] = size;
        self
    }

    /// The shape without `axis`.
    #[must_use]
    #[track_caller]
    pub fn without(mut self, axis: usize) -> Self {
        self.dims[..self.rank].copy_within(axis + 1.., axis);
        self.rank -= 1;
        self.dims[self.rank] = 0;
        self
    }

    /// The shape with an axis of size one inserted before `axis`.
    #[must_use]
    #[track_caller]
    pub fn with_new(mut self, axis: usize) -> Self {
        assert!(axis <= self.rank && self.rank < MAX_RANK, "a new axis {axis} in {self:?}");
        self.dims.copy_within(axis..self.rank, axis + 1);
        self.dims[axis] = 1;
        self.rank += 1;
        self
    }

    /// The product of the sizes before `axis`, its size, and the product of those after it.
    pub fn around(&self, axis: usize) -> (usize, usize, usize) {
        let d = self.dims();
        (d[..axis].iter().product(), d[axis], d[axis + 1..].iter().product())
    }

    /// The shape that both broadcast to, as in NumPy.
    #[track_caller]
    pub fn broadcast(self, other: Self) -> Self {
        let rank = self.rank.max(other.rank);
        let mut out = Self { dims: [0; MAX_RANK], rank };
        for axis in 0..rank {
            let (a, b) = (self.aligned(rank, axis), other.aligned(rank, axis));
            assert!(a == b || a == 1 || b == 1, "shapes {self:?} and {other:?} do not broadcast");
            out.dims[axis] = if a == 1 { b } else { a };
        }
        out
    }

    /// The size along `axis` after the shape is padded with leading ones to `rank`.
    fn aligned(&self, rank: usize, axis: usize) -> usize {
        (axis + self.rank).checked_sub(rank).map_or(1, |i| self.dims[i])
    }

    /// Strides for reading this shape as if it were `out`: 0 along broadcast dimensions.
    pub fn strides_within(&self, out: Self) -> [usize; MAX_RANK] {
        let mut strides = [0; MAX_RANK];
        let mut stride = 1;
        for axis in (0..out.rank).rev() {
            let size = self.aligned(out.rank, axis);
            strides[axis] = if size == 1 { 0 } else { stride };
            stride *= size;
        }
        strides
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dims().fmt(f)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(sizes: [usize; N]) -> Self {
        Self::from(&sizes[..])
    }
}

impl From<&[usize]> for Shape {
    #[track_caller]
    fn from(sizes: &[usize]) -> Self {
        assert!(sizes.len() <= MAX_RANK, "at most {MAX_RANK} dimensions, got {sizes:?}");
        let mut dims = [0; MAX_RANK];
        dims[..sizes.len()].copy_from_slice(sizes);
        Self { dims, rank: sizes.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        assert_eq!(Shape::from([4, 1, 3]).broadcast(Shape::from([5, 1])), Shape::from([4, 5, 3]));
        assert_eq!(Shape::from([1, 3]).strides_within(Shape::from([2, 4, 3]))[..3], [0, 0, 1]);
        assert_eq!(Shape::from([2, 1, 3]).strides_within(Shape::from([2, 4, 3]))[..3], [3, 0, 1]);
    }

    #[test]
    fn axes_come_and_go() {
        let shape = Shape::from([2, 3, 4]);
        assert_eq!(shape.without(1), Shape::from([2, 4]));
        assert_eq!(shape.without(2), Shape::from([2, 3]));
        assert_eq!(shape.without(0).with_new(0), Shape::from([1, 3, 4]));
        assert_eq!(shape.with_new(3), Shape::from([2, 3, 4, 1]));
    }

    #[test]
    #[should_panic(expected = "do not broadcast")]
    fn shapes_that_differ_do_not_broadcast() {
        let _ = Shape::from([2, 3]).broadcast(Shape::from([4, 3]));
    }
}
