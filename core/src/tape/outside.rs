//! Values that come from outside: inputs, constants and parameters.

use std::sync::Arc;

use super::buffer_pool::fit;
use super::record::Place;
use super::{Param, Shape, Tape, Var};

impl Tape {
    /// A value from outside that `fill` writes in place. Its contents are unspecified at first.
    pub fn input(&self, shape: impl Into<Shape>, fill: impl FnOnce(&mut [f32])) -> Var<'_> {
        self.outside(shape.into(), false, fill)
    }

    /// A value from outside, swapped with `data`: the tape takes its numbers without copying, and leaves a list of the same
    /// length with unspecified contents.
    #[track_caller]
    pub fn swap_in(&self, shape: impl Into<Shape>, data: &mut Vec<f32>) -> Var<'_> {
        let shape = shape.into();
        let mut r = self.record.borrow_mut();
        if r.planned.is_some() {
            drop(r);
            return self.outside(shape, false, |_| {});
        }
        assert_eq!(data.len(), shape.size(), "numbers of {shape:?}");
        let buffer = r.new_buffer();
        let id = r.new_node([], shape, Place::Buffer(buffer), false);
        r.nodes[id].op = None;
        let b = &mut r.buffers[buffer];
        b.has_grad = false;
        b.len = data.len();
        b.narrow.only = false;
        b.narrow.may_be = false;
        std::mem::swap(&mut b.data, data);
        Var { tape: self, id }
    }

    /// A copy of numbers from outside.
    #[track_caller]
    pub fn constant(&self, shape: impl Into<Shape>, data: &[f32]) -> Var<'_> {
        self.input(shape, |to| to.copy_from_slice(data))
    }

    /// A copy of numbers from outside whose gradient can be asked for.
    #[track_caller]
    pub fn variable(&self, shape: impl Into<Shape>, data: &[f32]) -> Var<'_> {
        self.outside(shape.into(), true, |to| to.copy_from_slice(data))
    }

    /// `fill` may read other values of the tape.
    fn outside(&self, shape: Shape, needs_grad: bool, fill: impl FnOnce(&mut [f32])) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        let buffer = r.new_buffer();
        let id = r.new_node([], shape, Place::Buffer(buffer), needs_grad);
        r.nodes[id].op = None;
        if r.plan(id, buffer, [0, 0]) {
            return Var { tape: self, id };
        }
        let mut b = std::mem::take(&mut r.buffers[buffer]);
        drop(r);
        fit(&mut b.data, shape.size());
        b.len = shape.size();
        b.narrow.only = false;
        b.narrow.may_be = false;
        b.has_grad = false;
        fill(&mut b.data);
        self.record.borrow_mut().buffers[buffer] = b;
        Var { tape: self, id }
    }

    /// A parameter.
    pub fn param(&self, param: Param) -> Var<'_> {
        self.stored(param, true)
    }

    /// A constant among the parameters: it gets no gradient.
    pub fn fixed(&self, param: Param) -> Var<'_> {
        self.stored(param, false)
    }

    /// Numbers that are shared with others and never change: a slice of `list`. They get no gradient.
    pub fn shared(&self, list: &Arc<Vec<f32>>, slice: Param) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        let known = r.shared.iter().position(|other| Arc::ptr_eq(other, list));
        let known = known.unwrap_or_else(|| {
            r.shared.push(list.clone());
            r.shared.len() - 1
        });
        let place = Place::Shared { list: known, offset: slice.offset };
        let id = r.new_node([], slice.shape, place, false);
        r.nodes[id].op = None;
        Var { tape: self, id }
    }

    fn stored(&self, param: Param, needs_grad: bool) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        let id = r.new_node([], param.shape, Place::Param(param), needs_grad);
        r.nodes[id].op = None;
        Var { tape: self, id }
    }
}
