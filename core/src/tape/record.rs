//! The record of a tape: nodes and buffers, and what an operation sees of them in the forward and the backward pass.

use std::ops::Range;
use std::sync::Arc;

use super::buffer_pool::{Pool, fit};
use super::dry_run::Planned;
use super::storage::{Narrow, Storage};
use super::{Op, Param, Shape};
use crate::kernels::Compute;
use crate::kernels::elementwise::add_assign;
use crate::kernels::matmul::Mode;

/// Where the numbers of a value are stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Buffer(usize),
    Param(Param),
    /// Among the numbers that the operation of a buffer kept, from an index on.
    Kept {
        buffer: usize,
        from: usize,
    },
    /// In one of the shared lists.
    Shared {
        list: usize,
        offset: usize,
    },
}

pub(super) struct Node {
    /// `None` for values from outside and for views.
    pub(super) op: Option<Box<dyn Op>>,
    /// The inputs of the operation; for a view, the value that it is of.
    pub(super) inputs: Vec<usize>,
    pub(super) shape: Shape,
    pub(super) place: Place,
    pub(super) needs_grad: bool,
}

/// Numbers, their gradient, and what is kept for the backward pass. Reused in the next step.
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) data: Vec<f32>,
    pub(super) grad: Vec<f32>,
    pub(super) has_grad: bool,
    pub(super) kept: Vec<f32>,
    /// The length of `data`, also while it is stored in 16 bits or only planned.
    pub(super) len: usize,
    pub(super) narrow: Narrow,
}

#[derive(Default)]
pub(super) struct Record {
    pub(super) nodes: Vec<Node>,
    pub(super) used_nodes: usize,
    pub(super) buffers: Vec<Buffer>,
    pub(super) used_buffers: usize,
    /// None until the tape is reset, and after it has released them.
    pub(super) params: Option<Arc<Vec<f32>>>,
    /// Lists of others, whose numbers are read in place.
    pub(super) shared: Vec<Arc<Vec<f32>>>,
    pub(super) param_grads: Vec<f32>,
    /// The ranges of `param_grads` that hold gradients, where the contents of the rest are unspecified.
    pub(super) written: Option<Vec<Range<usize>>>,
    /// The memory of `written`, kept for the next step.
    pub(super) spare: Vec<Range<usize>>,
    pub(super) storage: Storage,
    pub(super) compute: Compute,
    /// Scratch memory of backward passes.
    pub(super) scratch: Vec<f32>,
    /// On a dry tape, the sizes so far.
    pub(super) planned: Option<Planned>,
}

/// The inputs of an operation.
pub struct Inputs<'a> {
    pub(super) record: &'a Record,
    pub(super) ids: &'a [usize],
}

impl Inputs<'_> {
    /// What kernels may do.
    pub(super) fn compute(&self) -> Compute {
        self.record.compute
    }

    /// How many inputs there are.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// The numbers of the `i`-th input.
    pub fn data(&self, i: usize) -> &[f32] {
        self.record.data(self.ids[i])
    }

    /// The shape of the `i`-th input.
    pub fn shape(&self, i: usize) -> Shape {
        self.record.nodes[self.ids[i]].shape
    }
}

/// The output of an operation while it is computed.
pub struct Output<'a> {
    /// The numbers, unspecified at first.
    pub data: &'a mut [f32],
    /// The dimensions.
    pub shape: Shape,
    /// Numbers kept for the backward pass.
    pub kept: &'a mut Vec<f32>,
    /// Where lists come from, if values are stored in 16 bits.
    pub(super) pool: Option<&'a mut Pool<f32>>,
}

impl Output<'_> {
    /// Makes `kept` `len` numbers long, with unspecified contents.
    pub fn keep(&mut self, len: usize) -> &mut [f32] {
        match &mut self.pool {
            Some(pool) => {
                pool.give(std::mem::take(self.kept));
                *self.kept = pool.take(len);
            }
            None => fit(self.kept, len),
        }
        self.kept
    }
}

/// One operation in the backward pass.
pub struct Backward<'a> {
    pub(super) record: &'a mut Record,
    pub(super) id: usize,
}

impl Backward<'_> {
    /// What kernels may do.
    pub(super) fn compute(&self) -> Compute {
        self.record.compute
    }

    /// The gradient of the output.
    pub fn grad(&self) -> &[f32] {
        &self.record.buffer(self.id).grad
    }

    /// The numbers of the output.
    pub fn output(&self) -> &[f32] {
        self.record.data(self.id)
    }

    /// The shape of the output.
    pub fn shape(&self) -> Shape {
        self.record.nodes[self.id].shape
    }

    /// What `forward` kept.
    pub fn kept(&self) -> &[f32] {
        &self.record.buffer(self.id).kept
    }

    /// Takes what `forward` kept; the caller may overwrite it.
    pub fn take_kept(&mut self) -> Vec<f32> {
        let Place::Buffer(i) = self.record.nodes[self.id].place else { unreachable!() };
        std::mem::take(&mut self.record.buffers[i].kept)
    }

    /// Gives back what [`Backward::take_kept`] took, so that its memory is reused.
    pub fn give_kept(&mut self, kept: Vec<f32>) {
        let Place::Buffer(i) = self.record.nodes[self.id].place else { unreachable!() };
        self.record.buffers[i].kept = kept;
    }

    /// Takes scratch memory for at least `len` numbers, with unspecified contents. The caller
    /// [gives it back](Self::give_scratch).
    pub(super) fn take_scratch(&mut self, len: usize) -> Vec<f32> {
        let mut scratch = std::mem::take(&mut self.record.scratch);
        if scratch.len() < len {
            fit(&mut scratch, len);
        }
        scratch
    }

    /// Gives back what [`Backward::take_scratch`] took.
    pub(super) fn give_scratch(&mut self, scratch: Vec<f32>) {
        self.record.scratch = scratch;
    }

    /// Takes the gradient of the output. The caller may change it, and [gives it back](Self::give_grad).
    pub fn take_grad(&mut self) -> Vec<f32> {
        let Place::Buffer(i) = self.record.nodes[self.id].place else { unreachable!() };
        std::mem::take(&mut self.record.buffers[i].grad)
    }

    /// Gives back what [`Backward::take_grad`] took, so that its memory is reused.
    pub fn give_grad(&mut self, grad: Vec<f32>) {
        let Place::Buffer(i) = self.record.nodes[self.id].place else { unreachable!() };
        self.record.buffers[i].grad = grad;
    }

    /// How many inputs there are.
    pub fn count(&self) -> usize {
        self.record.nodes[self.id].inputs.len()
    }

    /// The numbers of the `i`-th input.
    pub fn input(&self, i: usize) -> &[f32] {
        self.record.data(self.record.nodes[self.id].inputs[i])
    }

    /// The shape of the `i`-th input.
    pub fn input_shape(&self, i: usize) -> Shape {
        self.input_node(i).shape
    }

    /// Whether the `i`-th input needs a gradient.
    pub fn needs_grad(&self, i: usize) -> bool {
        self.input_node(i).needs_grad
    }

    /// Adds a whole gradient to the `i`-th input; the first one is moved instead of added. Returns a buffer with unspecified
    /// contents.
    pub fn hand_over(&mut self, i: usize, mut grad: Vec<f32>) -> Vec<f32> {
        if let Place::Buffer(buffer) = self.input_node(i).place
            && self.needs_grad(i)
            && !self.record.buffers[buffer].has_grad
        {
            let b = &mut self.record.buffers[buffer];
            assert_eq!(grad.len(), b.len, "a gradient is as long as its value");
            std::mem::swap(&mut b.grad, &mut grad);
            b.has_grad = true;
        } else {
            self.accumulate(i, |_, dx| add_assign(dx, &grad));
        }
        grad
    }

    /// Lets `work` write the gradient of the `i`-th input, or add to it, as the mode says; not called if it needs none.
    pub fn set_or_add(&mut self, i: usize, work: impl FnOnce(&Self, &mut [f32], Mode)) {
        let place = self.input_node(i).place;
        match place {
            Place::Buffer(buffer)
                if self.needs_grad(i) && !self.record.buffers[buffer].has_grad =>
            {
                let mut grad = self.record.room_for_grad(buffer);
                self.record.buffers[buffer].has_grad = true;
                work(self, &mut grad, Mode::Write);
                self.record.buffers[buffer].grad = grad;
            }
            Place::Param(param) if self.needs_grad(i) && self.record.is_first(&param.range()) => {
                let mut grads = std::mem::take(&mut self.record.param_grads);
                work(self, &mut grads[param.range()], Mode::Write);
                self.record.param_grads = grads;
            }
            _ => self.accumulate(i, |b, dx| work(b, dx, Mode::Add)),
        }
    }

    fn input_node(&self, i: usize) -> &Node {
        &self.record.nodes[self.record.nodes[self.id].inputs[i]]
    }

    /// Lets `add` add to the gradient of the `i`-th input; not called if it needs none.
    pub fn accumulate(&mut self, i: usize, add: impl FnOnce(&Self, &mut [f32])) {
        let node = self.input_node(i);
        if !node.needs_grad {
            return;
        }
        match node.place {
            Place::Param(param) => {
                let first = self.record.is_first(&param.range());
                let mut grads = std::mem::take(&mut self.record.param_grads);
                let grad = &mut grads[param.range()];
                if first {
                    grad.fill(0.0);
                }
                add(self, grad);
                self.record.param_grads = grads;
            }
            Place::Buffer(buffer) => {
                let mut grad = self.record.take_grad(buffer);
                add(self, &mut grad);
                self.record.buffers[buffer].grad = grad;
            }
            Place::Kept { .. } | Place::Shared { .. } => {
                unreachable!("a kept output or a shared value needs no gradient")
            }
        }
    }
}

impl Record {
    pub(super) fn data(&self, id: usize) -> &[f32] {
        match self.nodes[id].place {
            Place::Buffer(i) => {
                assert!(
                    !self.buffers[i].narrow.only,
                    "a value in 16 bits is widened before it is read"
                );
                &self.buffers[i].data
            }
            Place::Param(p) => {
                &self.params.as_ref().expect("a tape is reset to parameters")[p.range()]
            }
            Place::Kept { buffer, from } => {
                &self.buffers[buffer].kept[from..from + self.nodes[id].shape.size()]
            }
            Place::Shared { list, offset } => {
                &self.shared[list][offset..offset + self.nodes[id].shape.size()]
            }
        }
    }

    pub(super) fn buffer(&self, id: usize) -> &Buffer {
        match self.nodes[id].place {
            Place::Buffer(i) => &self.buffers[i],
            Place::Param(_) | Place::Kept { .. } | Place::Shared { .. } => {
                unreachable!("a value without a buffer")
            }
        }
    }

    /// Takes the gradient of a buffer, which is 0 when it is first used.
    pub(super) fn take_grad(&mut self, buffer: usize) -> Vec<f32> {
        self.widen_grad(buffer);
        if self.buffers[buffer].has_grad {
            return std::mem::take(&mut self.buffers[buffer].grad);
        }
        let mut grad = self.room_for_grad(buffer);
        grad.fill(0.0);
        self.buffers[buffer].has_grad = true;
        grad
    }

    pub(super) fn new_buffer(&mut self) -> usize {
        if self.used_buffers == self.buffers.len() {
            self.buffers.push(Buffer::default());
        }
        self.used_buffers += 1;
        self.used_buffers - 1
    }

    /// Takes the next node, and reuses the memory that the previous step left there.
    pub(super) fn new_node(
        &mut self,
        inputs: impl IntoIterator<Item = usize>,
        shape: Shape,
        place: Place,
        needs_grad: bool,
    ) -> usize {
        let id = self.used_nodes;
        if id == self.nodes.len() {
            self.nodes.push(Node { op: None, inputs: Vec::new(), shape, place, needs_grad });
        }
        let node = &mut self.nodes[id];
        node.inputs.clear();
        node.inputs.extend(inputs);
        (node.shape, node.place, node.needs_grad) = (shape, place, needs_grad);
        self.used_nodes += 1;
        id
    }
}
