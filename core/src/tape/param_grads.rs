//! Gradients of a recording. Those of parameters are one flat buffer: the first gradient of a parameter overwrites its range;
//! later ones are added.

use std::ops::Range;

use super::record::{Backward, Place, Record};
use super::{Tape, Var};
use crate::memory;

impl Tape {
    /// Gradients of a scalar with respect to everything it depends on.
    ///
    /// Those of parameters are added to `grads`, a flat buffer with the layout of the parameters.
    #[track_caller]
    pub fn backward(&self, loss: Var<'_>, grads: &mut Vec<f32>) {
        self.backward_from(loss, 1.0, grads);
    }

    /// Gradients of a multiple of the scalar, which overwrite `grads`. Only the first `trained` numbers of the parameters get
    /// any.
    #[track_caller]
    pub fn backward_over(
        &self,
        loss: Var<'_>,
        multiple: f32,
        trained: usize,
        grads: &mut Vec<f32>,
    ) {
        self.record.borrow_mut().begin_params();
        memory::reserve(grads, trained.saturating_sub(grads.len()));
        grads.resize(trained, 0.0);
        self.backward_from(loss, multiple, grads);
    }

    /// Gradients of a multiple of the scalar, added to `grads`.
    #[track_caller]
    pub fn backward_from(&self, loss: Var<'_>, multiple: f32, grads: &mut Vec<f32>) {
        let mut r = self.record.borrow_mut();
        assert_eq!(r.nodes[loss.id].shape.size(), 1, "gradients are taken of a scalar");
        std::mem::swap(&mut r.param_grads, grads);
        if let Place::Buffer(buffer) = r.nodes[loss.id].place
            && r.nodes[loss.id].needs_grad
        {
            let mut seed = r.take_grad(buffer);
            seed[0] += multiple;
            r.buffers[buffer].grad = seed;
            for id in (0..=loss.id).rev() {
                let Place::Buffer(buffer) = r.nodes[id].place else { continue };
                if !r.nodes[id].needs_grad || !r.buffers[buffer].has_grad {
                    continue;
                }
                let Some(op) = r.nodes[id].op.take() else { continue };
                r.run_back(id, buffer, &*op);
                r.nodes[id].op = Some(op);
            }
        }
        r.finish_params();
        std::mem::swap(&mut r.param_grads, grads);
    }
}

impl Record {
    /// Whether no gradient has been written to this range yet. Marks it as written.
    pub(super) fn is_first(&mut self, range: &Range<usize>) -> bool {
        let Some(written) = &mut self.written else { return false };
        let at = written.partition_point(|other| other.end <= range.start);
        match written.get(at).filter(|other| other.start < range.end) {
            None => {
                written.insert(at, range.clone());
                true
            }
            Some(other) => {
                assert_eq!(other, range, "parameters overlap");
                false
            }
        }
    }

    /// From here on, first gradients overwrite what `param_grads` holds.
    pub(super) fn begin_params(&mut self) {
        let mut list = std::mem::take(&mut self.spare);
        list.clear();
        self.written = Some(list);
    }

    /// Zeroes the ranges that no gradient was written to.
    pub(super) fn finish_params(&mut self) {
        let Some(written) = self.written.take() else { return };
        let mut end = 0;
        for range in &written {
            self.param_grads[end..range.start].fill(0.0);
            end = range.end;
        }
        self.param_grads[end..].fill(0.0);
        self.spare = written;
    }
}

impl Backward<'_> {
    /// Lets `add` add to the gradients of two inputs at once. Returns whether it did: only if both are parameters that need one.
    pub(super) fn accumulate_both(
        &mut self,
        inputs: [usize; 2],
        add: impl FnOnce(&Self, [&mut [f32]; 2]),
    ) -> bool {
        let nodes = inputs.map(|i| &self.record.nodes[self.record.nodes[self.id].inputs[i]]);
        let [Place::Param(first), Place::Param(second)] = nodes.map(|node| node.place) else {
            return false;
        };
        let apart = first.range().end <= second.offset || second.range().end <= first.offset;
        if !nodes.iter().all(|node| node.needs_grad) || !apart {
            return false;
        }
        for param in [first, second] {
            if self.record.is_first(&param.range()) {
                self.record.param_grads[param.range()].fill(0.0);
            }
        }
        let mut grads = std::mem::take(&mut self.record.param_grads);
        let both = grads.get_disjoint_mut([first.range(), second.range()]);
        add(self, both.expect("two ranges of the parameters"));
        self.record.param_grads = grads;
        true
    }
}
