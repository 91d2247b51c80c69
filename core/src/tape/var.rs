//! Access to a value on a tape: shape, numbers, gradient.

use std::cell::Ref;
use std::fmt::Debug;

use super::{Shape, Tape, Var};

impl<'t> Var<'t> {
    /// Its tape.
    pub fn tape(self) -> &'t Tape {
        self.tape
    }

    /// Its dimensions.
    pub fn shape(self) -> Shape {
        self.tape.record.borrow().nodes[self.id].shape
    }

    /// The size along one axis.
    #[track_caller]
    pub fn dim(self, axis: usize) -> usize {
        self.shape().dims()[axis]
    }

    /// Its numbers.
    pub fn data(self) -> Ref<'t, [f32]> {
        if self.tape.half.get().is_some()
            && let Ok(mut record) = self.tape.record.try_borrow_mut()
        {
            record.widen(self.id);
        }
        Ref::map(self.tape.record.borrow(), |r| r.data(self.id))
    }

    /// What its operation kept for the backward pass.
    pub(super) fn kept(self) -> Ref<'t, [f32]> {
        Ref::map(self.tape.record.borrow(), |r| &r.buffer(self.id).kept[..])
    }

    /// The gradient of a [variable](Tape::variable) after [`Tape::backward`]; zeros if nothing reached it.
    pub fn grad(self) -> Vec<f32> {
        let r = self.tape.record.borrow();
        let b = r.buffer(self.id);
        if b.has_grad { b.grad.clone() } else { vec![0.0; b.len] }
    }
}

impl Debug for Var<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "%{} {:?}", self.id, self.shape())
    }
}
