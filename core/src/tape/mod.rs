//! The tape: values, the operations that made them, and the way back.
//!
//! An operation is a plain struct that implements [`Op`]: its fields are its attributes, `forward` computes, `backward`
//! is the derivative, side by side. Recording an operation computes its output at once and keeps the struct, so that the
//! tape can be walked backwards for gradients, and forwards again as a *program* ([`Tape::replay`]).
//!
//! A tape keeps its buffers and descriptors when it is [reset](Tape::reset): a training step that looks like the one
//! before allocates nothing.

mod arithmetic;
mod attention;
mod batch_norm;
mod conv;
mod cosines;
mod dropout;
mod embedding;
mod gru;
mod layout;
mod linear;
mod lstm;
mod matmul;
mod norm;
mod permute;
mod pointwise;
mod record;
mod recurrent;
mod reduce;
mod rnn;
mod rrelu;
mod shape;
mod softmax_mean;
mod window;

pub use crate::kernels::pattern::{Mask, Pattern};
pub use batch_norm::{BatchStatistics, Update};
pub use conv::{Edge, Steps};
pub use record::{Backward, Inputs, Output};
pub use recurrent::RecurrentWeights;
pub use shape::Shape;
pub use window::{Interpolation, PoolMode};

use std::any::Any;
use std::cell::{Cell, Ref, RefCell};
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use crate::kernels::resample::Taps;
use crate::rng::Key;

use record::{Buffer, Place, Record};

/// An operation: attributes as fields, value and derivative side by side.
pub trait Op: Any + Debug + Send {
    /// Computes the output, and whatever the derivative wants kept.
    fn forward(&self, x: &Inputs<'_>, out: &mut Output<'_>);
    /// Adds to the gradients of the inputs.
    fn backward(&self, b: &mut Backward<'_>);
}

/// A value on a tape.
#[derive(Clone, Copy)]
pub struct Var<'t> {
    tape: &'t Tape,
    id: usize,
}

/// A slice of the flat parameter buffer, with its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Where its numbers begin.
    pub offset: usize,
    /// Its dimensions.
    pub shape: Shape,
}

impl Param {
    fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.shape.size()
    }
}

/// Values and the operations that made them.
#[derive(Default)]
pub struct Tape {
    record: RefCell<Record>,
    training: Cell<Option<Key>>,
    layers: Cell<u32>,
    rows: Cell<[usize; 2]>,
    counts: Cell<Option<usize>>,
    updates: RefCell<Vec<Update>>,
    /// Tables of interpolations, each made once.
    taps: RefCell<Vec<Arc<Taps>>>,
}

impl Tape {
    /// A tape for a model with these parameters, ready for a forward.
    ///
    /// `training` switches dropout and the statistics of batches on; its key makes the masks.
    pub fn reset(&self, params: &Arc<Vec<f32>>, training: Option<Key>) {
        let mut r = self.record.borrow_mut();
        r.used_nodes = 0;
        r.used_buffers = 0;
        r.params = Some(params.clone());
        self.training.set(training);
        self.layers.set(0);
        self.rows.set([0, 1]);
        self.counts.set(None);
        self.updates.borrow_mut().clear();
    }

    /// Whether this forward is one of training.
    pub fn is_training(&self) -> bool {
        self.training.get().is_some()
    }

    /// Says how often each window of the batch counts: `[B]`. Left out, each counts once.
    pub fn set_counts(&self, counts: Var<'_>) {
        self.counts.set(Some(counts.id));
    }

    /// How often each window of the batch counts, if not once.
    fn counts(&self) -> Option<Var<'_>> {
        self.counts.get().map(|id| Var { tape: self, id })
    }

    /// Asks for numbers beside the parameters to be changed after this step.
    pub fn update(&self, update: Update) {
        self.updates.borrow_mut().push(update);
    }

    /// What this forward asked to be changed.
    pub fn take_updates(&self) -> Vec<Update> {
        self.updates.take()
    }

    /// Says that this tape's batch are `count` windows of the whole, from the `first` on: dropout masks depend on it.
    pub fn set_rows(&self, first: usize, count: usize) {
        self.rows.set([first, count]);
    }

    /// Lets go of the parameters, so that the optimizer may change them.
    pub fn release(&self) {
        self.record.borrow_mut().params = None;
    }

    /// A value from outside, filled in place: at first it holds whatever an earlier step left there.
    pub fn input(&self, shape: impl Into<Shape>, fill: impl FnOnce(&mut [f32])) -> Var<'_> {
        self.outside(shape.into(), false, fill)
    }

    /// A value from outside that takes the place of `data`, and leaves there whatever an earlier step left on the tape.
    #[track_caller]
    pub fn swap_in(&self, shape: impl Into<Shape>, data: &mut Vec<f32>) -> Var<'_> {
        let shape = shape.into();
        assert_eq!(data.len(), shape.size(), "numbers of {shape:?}");
        let mut r = self.record.borrow_mut();
        let buffer = r.new_buffer();
        let id = r.new_node([], shape, Place::Buffer(buffer), false);
        r.nodes[id].op = None;
        let b = &mut r.buffers[buffer];
        b.has_grad = false;
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
        let mut b = std::mem::take(&mut r.buffers[buffer]);
        drop(r);
        b.data.resize(shape.size(), 0.0);
        b.has_grad = false;
        fill(&mut b.data);
        self.record.borrow_mut().buffers[buffer] = b;
        Var { tape: self, id }
    }

    /// A parameter.
    pub fn param(&self, param: Param) -> Var<'_> {
        self.stored(param, true)
    }

    /// Numbers among the parameters that stay as they are: they get no gradient.
    pub fn fixed(&self, param: Param) -> Var<'_> {
        self.stored(param, false)
    }

    fn stored(&self, param: Param, needs_grad: bool) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        let id = r.new_node([], param.shape, Place::Param(param), needs_grad);
        r.nodes[id].op = None;
        Var { tape: self, id }
    }

    /// Computes an operation and records it.
    pub fn record<O: Op>(&self, op: O, inputs: &[Var<'_>], shape: impl Into<Shape>) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        debug_assert!(inputs.iter().all(|v| std::ptr::eq(v.tape, self)), "values of another tape");
        let needs_grad = inputs.iter().any(|v| r.nodes[v.id].needs_grad);
        let buffer = r.new_buffer();
        let ids = inputs.iter().map(|v| v.id);
        let id = r.new_node(ids, shape.into(), Place::Buffer(buffer), needs_grad);
        keep_op(&mut r.nodes[id].op, op);
        r.run(id);
        Var { tape: self, id }
    }

    /// The same numbers under another shape: nothing is copied.
    fn alias(&self, of: Var<'_>, shape: Shape) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        let (place, needs_grad) = (r.nodes[of.id].place, r.nodes[of.id].needs_grad);
        let place = match place {
            Place::Param(p) => Place::Param(Param { shape, ..p }),
            buffer => buffer,
        };
        let id = r.new_node([], shape, place, needs_grad);
        r.nodes[id].op = None;
        Var { tape: self, id }
    }

    /// Gradients of a scalar with respect to everything it depends on.
    ///
    /// Those of parameters are added to `grads`, the flat buffer beside the parameters.
    #[track_caller]
    pub fn backward(&self, loss: Var<'_>, grads: &mut Vec<f32>) {
        let mut r = self.record.borrow_mut();
        assert_eq!(r.nodes[loss.id].shape.size(), 1, "gradients are taken of a scalar");
        std::mem::swap(&mut r.param_grads, grads);
        if let Place::Buffer(buffer) = r.nodes[loss.id].place
            && r.nodes[loss.id].needs_grad
        {
            let mut seed = r.take_grad(buffer);
            seed[0] += 1.0;
            r.buffers[buffer].grad = seed;
            for id in (0..=loss.id).rev() {
                let Place::Buffer(buffer) = r.nodes[id].place else { continue };
                if !r.nodes[id].needs_grad || !r.buffers[buffer].has_grad {
                    continue;
                }
                let Some(op) = r.nodes[id].op.take() else { continue };
                op.backward(&mut Backward { record: &mut r, id });
                r.nodes[id].op = Some(op);
            }
        }
        std::mem::swap(&mut r.param_grads, grads);
    }

    /// Runs every recorded operation again, in order, from its descriptor alone.
    pub fn replay(&self) {
        let mut r = self.record.borrow_mut();
        for id in 0..r.used_nodes {
            r.run(id);
        }
    }

    /// The recorded operations: descriptor, inputs and shape of each, as text.
    pub fn program(&self) -> Vec<String> {
        let r = self.record.borrow();
        r.nodes[..r.used_nodes]
            .iter()
            .enumerate()
            .map(|(id, n)| match (&n.op, n.place) {
                (Some(op), _) => format!("%{id} = {op:?} {:?} -> {:?}", n.inputs, n.shape),
                (None, Place::Param(p)) => format!("%{id} = param @{} {:?}", p.offset, n.shape),
                (None, Place::Buffer(b)) => format!("%{id} = value #{b} {:?}", n.shape),
            })
            .collect()
    }

    /// Bytes held by this tape.
    pub fn memory(&self) -> usize {
        let r = self.record.borrow();
        let floats = |b: &Buffer| b.data.capacity() + b.grad.capacity() + b.kept.capacity();
        r.buffers.iter().map(floats).sum::<usize>() * size_of::<f32>()
    }

    /// The key of the next dropout layer, if training; and the place that the first of this batch's `rows`, equally many
    /// for each window, has among those of the whole.
    fn next_dropout(&self, rows: usize) -> Option<(Key, usize)> {
        let key = self.training.get()?;
        self.layers.set(self.layers.get() + 1);
        let [first, count] = self.rows.get();
        Some((key.layer(self.layers.get()), rows / count.max(1) * first))
    }
}

/// Puts `op` in a slot, over the descriptor of an earlier step if it is of the same kind.
fn keep_op<O: Op>(slot: &mut Option<Box<dyn Op>>, op: O) {
    if let Some(old) = slot.as_deref_mut()
        && let Some(old) = (old as &mut dyn Any).downcast_mut::<O>()
    {
        *old = op;
    } else {
        *slot = Some(Box::new(op));
    }
}

impl<'t> Var<'t> {
    /// The tape it is on.
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
        Ref::map(self.tape.record.borrow(), |r| r.data(self.id))
    }

    /// What its operation kept for the derivative.
    fn kept(self) -> Ref<'t, [f32]> {
        Ref::map(self.tape.record.borrow(), |r| &r.buffer(self.id).kept[..])
    }

    /// The gradient of a [variable](Tape::variable) after [`Tape::backward`]; zeros if nothing reached it.
    pub fn grad(self) -> Vec<f32> {
        let r = self.tape.record.borrow();
        let b = r.buffer(self.id);
        if b.has_grad { b.grad.clone() } else { vec![0.0; b.data.len()] }
    }
}

impl Debug for Var<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "%{} {:?}", self.id, self.shape())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_used_twice_collects_both_gradients() {
        let tape = Tape::default();
        let x = tape.variable([3], &[1.0, -2.0, 3.0]);
        let y = (x * x + x).sum();
        assert_eq!(y.data()[0], 1.0 + 4.0 + 9.0 + 2.0);
        tape.backward(y, &mut Vec::new());
        assert_eq!(x.grad(), [3.0, -3.0, 7.0]);
    }

    #[test]
    fn gradients_of_parameters_go_to_the_flat_buffer_and_add_up() {
        let tape = Tape::default();
        let params = Arc::new(vec![0.0, 2.0, 3.0]);
        let mut grads = vec![0.0; 3];
        for _ in 0..2 {
            tape.reset(&params, None);
            let w = tape.param(Param { offset: 1, shape: [2].into() });
            let x = tape.constant([2], &[10.0, 100.0]);
            tape.backward((w * x).sum(), &mut grads);
        }
        assert_eq!(grads, [0.0, 20.0, 200.0]);
    }

    #[test]
    fn replaying_the_descriptors_gives_the_same_numbers() {
        let tape = Tape::default();
        let x = tape.variable([2, 3], &[0.1, -0.5, 2.0, 1.0, 0.0, -1.0]);
        let y = (x.tanh() * x).reshape([3, 2]).sum();
        let before = y.data()[0];
        tape.replay();
        assert_eq!(y.data()[0], before);
        assert!(tape.program()[1].contains("Tanh"), "{:?}", tape.program());
    }
}
