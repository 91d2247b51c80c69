//! The tape: values, the operations that made them, and reverse-mode differentiation.
//!
//! An operation is a plain struct that implements [`Op`]: its fields are its attributes, `forward` computes, `backward`
//! is the derivative, side by side. Recording an operation computes its output at once and keeps the struct. So the tape can
//! run backward for gradients, and forward again ([`Tape::replay`]). A recording can also be exported as data, a
//! [`Program`], because every operation describes itself ([`Op::describe`]).
//!
//! A tape keeps its buffers and operations when it is [reset](Tape::reset), so a training step with the same shapes as the
//! previous one allocates nothing.

mod arithmetic;
mod attention;
mod autocorrelation;
mod batch_norm;
mod buffer_pool;
mod causal_conv;
mod complex;
mod conv;
mod cosines;
mod drawn;
mod dropout;
mod dry_run;
mod embedding;
mod fft;
mod glu;
mod grid_conv;
mod gru;
mod half_ops;
#[cfg(test)]
pub(crate) mod interpreter;
mod layout;
mod linear;
mod linear_blocks;
mod lstm;
mod matmul;
mod mlstm;
mod norm;
mod observation;
mod op;
mod outside;
mod param_grads;
mod periods;
mod permute;
mod pointwise;
mod prob_attention;
mod program;
mod prompt_attention;
mod record;
mod recurrent;
mod recurrent_half;
mod reduce;
mod rnn;
mod rrelu;
mod run;
mod shape;
mod skip_gate;
mod slstm;
mod softmax_mean;
mod spectrum;
mod spline;
mod stochastic_pool;
mod storage;
mod var;
mod wavelet;
mod weighted;
mod window;

pub use crate::kernels::Compute;
pub use crate::kernels::attention_mask::{Mask, Pattern};
pub use crate::kernels::half_precision::Half;
pub use crate::kernels::spline::HIGHEST_ORDER;
pub use batch_norm::{BatchStatistics, Update};
pub use conv::{Edge, Steps};
pub use op::{Op, Reads};
pub use program::{Attribute, Description, Named, Operation, Parameter, Program, State, Value};
pub use prompt_attention::Earlier;
pub use record::{Backward, Inputs, Output};
pub use recurrent::RecurrentWeights;
pub use shape::Shape;
pub use wavelet::Wavelet;
pub use window::{Interpolation, PoolMode, StepWindows};

use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::sync::Arc;

use crate::kernels::resample::Taps;
use crate::rng::Key;

use fft::Fft;
use program::Carried;
use record::{Place, Record};
use run::keep_op;

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
    carried: RefCell<Vec<Carried>>,
    half: Cell<Option<Half>>,
    observed: observation::Observed,
    /// Tables of interpolations, each made once.
    taps: RefCell<Vec<Arc<Taps>>>,
    /// Fourier transforms, one for each length.
    ffts: RefCell<Vec<Arc<Fft>>>,
}

impl Tape {
    /// A tape for a model with these parameters, ready for a forward.
    ///
    /// `training` switches dropout and the statistics of batches on; its key makes the masks.
    pub fn reset(&self, params: &Arc<Vec<f32>>, training: Option<Key>) {
        let mut r = self.record.borrow_mut();
        r.used_nodes = 0;
        r.used_buffers = 0;
        r.shared.clear();
        r.params = Some(params.clone());
        r.store_in(self.half.get());
        self.training.set(training);
        self.layers.set(0);
        self.rows.set([0, 1]);
        self.counts.set(None);
        self.updates.borrow_mut().clear();
        self.carried.borrow_mut().clear();
        self.observed.forget();
    }

    /// Sets the 16-bit format in which values are stored between operations, from the next [reset](Self::reset) on; f32 if none.
    pub fn store_in(&self, half: Option<Half>) {
        self.half.set(half);
    }

    /// Sets what kernels may do from here on. The default is one thread and products in f32.
    pub fn set_compute(&self, compute: Compute) {
        self.record.borrow_mut().compute = compute;
    }

    /// What kernels may do.
    #[cfg(feature = "llm")]
    pub(crate) fn compute(&self) -> Compute {
        self.record.borrow().compute
    }

    /// Whether this forward pass is one of training.
    pub fn is_training(&self) -> bool {
        self.training.get().is_some()
    }

    /// Sets the number of times that each window of the batch was drawn: `[B]`. The default is once.
    pub fn set_counts(&self, counts: Var<'_>) {
        self.counts.set(Some(counts.id));
    }

    /// How often each window of the batch was drawn, if it was set.
    fn counts(&self) -> Option<Var<'_>> {
        self.counts.get().map(|id| Var { tape: self, id })
    }

    /// Requests a change of untrained numbers after this step.
    pub fn update(&self, update: Update) {
        self.updates.borrow_mut().push(update);
    }

    /// The changes that this forward pass requested.
    pub fn take_updates(&self) -> Vec<Update> {
        self.updates.take()
    }

    /// Sets the position of this tape's windows in the whole batch: `count` windows from the `first` on. Dropout masks depend on it.
    pub fn set_rows(&self, first: usize, count: usize) {
        self.rows.set([first, count]);
    }

    /// Releases the parameters, so that the optimizer can change them in place.
    pub fn release(&self) {
        self.record.borrow_mut().params = None;
    }

    /// Computes an operation and records it.
    pub fn record<O: Op>(&self, op: O, inputs: &[Var<'_>], shape: impl Into<Shape>) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        debug_assert!(inputs.iter().all(|v| std::ptr::eq(v.tape, self)), "values of another tape");
        let needs_grad = inputs.iter().any(|v| r.nodes[v.id].needs_grad);
        let buffer = r.new_buffer();
        let ids = inputs.iter().map(|v| v.id);
        let shape = shape.into();
        let id = r.new_node(ids, shape, Place::Buffer(buffer), needs_grad);
        if r.planned.is_some() {
            let x = Inputs { record: &r, ids: &r.nodes[id].inputs };
            let (kept, scratch) = (op.kept(&x, shape), op.scratch(&x, shape));
            r.plan(id, buffer, [kept, scratch]);
            return Var { tape: self, id };
        }
        keep_op(&mut r.nodes[id].op, op);
        r.run(id);
        Var { tape: self, id }
    }

    /// A view of the same numbers with another shape.
    fn alias(&self, of: Var<'_>, shape: Shape) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        let (place, needs_grad) = (r.nodes[of.id].place, r.nodes[of.id].needs_grad);
        let place = match place {
            Place::Param(p) => Place::Param(Param { shape, ..p }),
            buffer => buffer,
        };
        let id = r.new_node([of.id], shape, place, needs_grad);
        r.nodes[id].op = None;
        Var { tape: self, id }
    }

    /// Another output of the operation that made `of`: numbers that it kept, from an index on. It has no gradient.
    fn kept_output(&self, of: Var<'_>, from: usize, shape: Shape) -> Var<'_> {
        let mut r = self.record.borrow_mut();
        let Place::Buffer(buffer) = r.nodes[of.id].place else { unreachable!("an output") };
        let id = r.new_node([of.id], shape, Place::Kept { buffer, from }, false);
        r.nodes[id].op = None;
        Var { tape: self, id }
    }

    /// Runs every recorded operation again, in order.
    pub fn replay(&self) {
        let mut r = self.record.borrow_mut();
        for id in 0..r.used_nodes {
            r.run(id);
        }
    }

    /// Bytes held by this tape.
    pub fn memory(&self) -> usize {
        self.record.borrow().memory()
    }
}

#[cfg(test)]
mod tests;
