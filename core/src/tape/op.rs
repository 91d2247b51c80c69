//! What an operation of the tape must have: its value, its derivative, and what it keeps and reads between them.

use std::any::Any;

use super::half_ops::HalfOp;
use super::{Backward, Description, Inputs, Output, Shape};

/// An operation: its fields are its attributes; value and derivative stand side by side.
pub trait Op: Any + Send {
    /// Its kind and its attributes: all that `forward` depends on besides its inputs and the shape of its output.
    fn describe(&self) -> Description;
    /// Computes the output, and keeps what the backward pass needs.
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>);
    /// How many numbers it keeps for the backward pass, for an output of this shape.
    fn kept(&self, _x: &Inputs<'_>, _shape: Shape) -> usize {
        0
    }
    /// Whether what it keeps must not be rounded to 16 bits, because it is positions or logarithms.
    fn keeps_exact(&self) -> bool {
        false
    }
    /// How many numbers of scratch memory its backward pass needs.
    fn scratch(&self, _x: &Inputs<'_>, _shape: Shape) -> usize {
        0
    }
    /// Adds to the gradients of the inputs.
    fn backward(&self, b: &mut Backward<'_>);
    /// Which values its backward pass reads. Others are not converted from 16 bits for it.
    fn reads(&self) -> Reads {
        Reads::All
    }
    /// Its version for values in 16 bits, if it has one.
    #[expect(private_interfaces, reason = "an operation outside the tape is one in f32")]
    fn half_op(&self) -> Option<&dyn HalfOp> {
        None
    }
}

/// The values that the backward pass of an operation reads, besides what it kept and the gradient of its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// None.
    Nothing,
    /// Its inputs.
    Inputs,
    /// Its output.
    Output,
    /// Its inputs and its output.
    All,
}
