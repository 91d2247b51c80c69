//! Slices and lists whose type is known at run time: f32 or one of the 16-bit types.

use std::ops::Range;

use half::{bf16, f16};

use super::Compute;
use super::half_precision::{self, narrow, widen};

/// Numbers as they are stored.
#[derive(Clone, Copy, Debug)]
pub enum FloatSlice<'a> {
    /// In f32.
    F32(&'a [f32]),
    /// In bfloat16.
    Bf16(&'a [bf16]),
    /// In binary16.
    F16(&'a [f16]),
}

impl<'a> FloatSlice<'a> {
    /// How many there are.
    pub fn len(self) -> usize {
        match self {
            Self::F32(x) => x.len(),
            Self::Bf16(x) => x.len(),
            Self::F16(x) => x.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// A range of them.
    #[must_use]
    pub fn slice(self, range: Range<usize>) -> Self {
        match self {
            Self::F32(x) => Self::F32(&x[range]),
            Self::Bf16(x) => Self::Bf16(&x[range]),
            Self::F16(x) => Self::F16(&x[range]),
        }
    }

    /// A range of them in f32: borrowed where they are in f32 already, else widened into `buffer`.
    pub fn wide<'b>(self, compute: Compute, range: Range<usize>, buffer: &'b mut [f32]) -> &'b [f32]
    where
        'a: 'b,
    {
        if let Self::F32(x) = self {
            return &x[range];
        }
        let buffer = &mut buffer[..range.len()];
        self.copy_to(compute, range, buffer);
        buffer
    }

    /// Copies a range of them to `y`, in f32.
    pub fn copy_to(self, compute: Compute, range: Range<usize>, y: &mut [f32]) {
        match self {
            Self::F32(x) => y.copy_from_slice(&x[range]),
            Self::Bf16(x) => widen(compute, &x[range], y),
            Self::F16(x) => widen(compute, &x[range], y),
        }
    }
}

/// A list of numbers in a 16-bit format.
#[derive(Clone, Debug)]
pub enum HalfVec {
    /// In bfloat16.
    Bf16(Vec<bf16>),
    /// In binary16.
    F16(Vec<f16>),
}

impl Default for HalfVec {
    fn default() -> Self {
        Self::Bf16(Vec::new())
    }
}

impl HalfVec {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bf16(x) => x.len(),
            Self::F16(x) => x.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many there is memory for.
    pub fn capacity(&self) -> usize {
        match self {
            Self::Bf16(x) => x.capacity(),
            Self::F16(x) => x.capacity(),
        }
    }

    /// All of them.
    pub fn as_slice(&self) -> FloatSlice<'_> {
        match self {
            Self::Bf16(x) => FloatSlice::Bf16(x),
            Self::F16(x) => FloatSlice::F16(x),
        }
    }

    /// Sets all of them to 0.
    pub fn zero(&mut self) {
        match self {
            Self::Bf16(x) => x.fill(bf16::ZERO),
            Self::F16(x) => x.fill(f16::ZERO),
        }
    }

    /// Writes `x` from index `at` on: rounded if it is in f32, else copied.
    ///
    /// # Panics
    /// If `x` is in the other 16-bit format.
    #[track_caller]
    pub fn write(&mut self, compute: Compute, at: usize, x: FloatSlice<'_>) {
        match (self, x) {
            (Self::Bf16(y), FloatSlice::F32(x)) => narrow(compute, x, &mut y[at..at + x.len()]),
            (Self::F16(y), FloatSlice::F32(x)) => narrow(compute, x, &mut y[at..at + x.len()]),
            (Self::Bf16(y), FloatSlice::Bf16(x)) => y[at..at + x.len()].copy_from_slice(x),
            (Self::F16(y), FloatSlice::F16(x)) => y[at..at + x.len()].copy_from_slice(x),
            _ => panic!("a tape stores its values in one 16-bit format"),
        }
    }

    /// Rounds `x`, which stays in f32, and writes it.
    pub fn write_rounding(&mut self, compute: Compute, x: &mut [f32]) {
        match self {
            Self::Bf16(y) => half_precision::round_and_narrow(compute, x, y),
            Self::F16(y) => half_precision::round_and_narrow(compute, x, y),
        }
    }

    /// Writes all of them to `y`, in f32.
    pub fn widen(&self, compute: Compute, y: &mut [f32]) {
        self.as_slice().copy_to(compute, 0..self.len(), y);
    }

    /// Adds the numbers from index `at` on to `y`, in f32.
    pub fn add_to(&self, compute: Compute, at: usize, y: &mut [f32]) {
        let range = at..at + y.len();
        match self {
            Self::Bf16(x) => half_precision::add_wide(compute, &x[range], y),
            Self::F16(x) => half_precision::add_wide(compute, &x[range], y),
        }
    }

    /// Sets to 0 what belongs to a 0 of `y`, the output of a rectifier.
    ///
    /// # Panics
    /// If `y` is in the other format.
    #[track_caller]
    pub fn relu_mask(&mut self, compute: Compute, y: &Self) {
        match (self, y) {
            (Self::Bf16(g), Self::Bf16(y)) => half_precision::relu_mask(compute, y, g),
            (Self::F16(g), Self::F16(y)) => half_precision::relu_mask(compute, y, g),
            _ => panic!("a tape stores its values in one 16-bit format"),
        }
    }
}
