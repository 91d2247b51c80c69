//! Runs a recorded operation, forward or backward.

use std::any::Any;

use super::record::{Backward, Inputs, Output, Place, Record};
use super::{Op, Reads, Shape};
use crate::interrupt::look;

impl Record {
    /// Runs the forward pass of a recorded operation.
    pub(super) fn run(&mut self, id: usize) {
        let Place::Buffer(buffer) = self.nodes[id].place else { return };
        look();
        let Some(op) = self.nodes[id].op.take() else { return };
        let inputs = std::mem::take(&mut self.nodes[id].inputs);
        let shape = self.nodes[id].shape;
        match op.half_op().filter(|_| self.works_on_half(&inputs, shape)) {
            Some(op) => self.run_half(op, &inputs, buffer, shape),
            None => self.run_wide(&*op, &inputs, buffer, shape),
        }
        self.settle();
        self.nodes[id].inputs = inputs;
        self.nodes[id].op = Some(op);
    }

    fn run_wide(&mut self, op: &dyn Op, inputs: &[usize], buffer: usize, shape: Shape) {
        inputs.iter().for_each(|input| self.widen(*input));
        let mut out = self.take_output(buffer, shape.size());
        let mut pool = std::mem::take(&mut self.storage.wide);
        let (data, kept) = (&mut out.data[..], &mut out.kept);
        let given = self.storage.half.is_some().then_some(&mut pool);
        let output = &mut Output { data, shape, kept, pool: given };
        op.forward(&Inputs { record: self, ids: inputs }, output);
        self.storage.wide = pool;
        out.has_grad = false;
        out.len = shape.size();
        self.put_output(buffer, out, op.keeps_exact());
    }

    /// Whether an operation works on 16 bits, if it can: it writes a long value, or reads one.
    fn works_on_half(&self, inputs: &[usize], shape: Shape) -> bool {
        let reads_long = inputs.first().is_some_and(|input| match self.nodes[*input].place {
            Place::Buffer(buffer) => self.buffers[buffer].narrow.may_be,
            _ => false,
        });
        let long = shape.size() >= self.storage.least || reads_long;
        self.storage.half.is_some() && shape.size() > 1 && long
    }

    /// Runs the backward pass of an operation whose output has a gradient.
    pub(super) fn run_back(&mut self, id: usize, buffer: usize, op: &dyn Op) {
        look();
        if let Some(op) = op.half_op().filter(|_| self.buffers[buffer].narrow.may_be) {
            for i in 1..self.nodes[id].inputs.len() {
                self.widen(self.nodes[id].inputs[i]);
            }
            op.backward_half(&mut Backward { record: self, id });
            self.let_go(buffer);
            return self.settle();
        }
        self.widen_grad(buffer);
        let reads = op.reads();
        if matches!(reads, Reads::Inputs | Reads::All) {
            for i in 0..self.nodes[id].inputs.len() {
                self.widen(self.nodes[id].inputs[i]);
            }
        }
        if matches!(reads, Reads::Output | Reads::All) {
            self.widen(id);
        }
        self.widen_kept(buffer);
        self.round_grad(buffer);
        op.backward(&mut Backward { record: self, id });
        self.let_go(buffer);
        self.settle();
    }
}

/// Stores `op` in a slot, in place of the operation of the previous step if that has the same type.
pub(super) fn keep_op<O: Op>(slot: &mut Option<Box<dyn Op>>, op: O) {
    if let Some(old) = slot.as_deref_mut()
        && let Some(old) = (old as &mut dyn Any).downcast_mut::<O>()
    {
        *old = op;
    } else {
        *slot = Some(Box::new(op));
    }
}
