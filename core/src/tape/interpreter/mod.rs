//! An interpreter of programs: plain loops in f64 that use what a [`Program`] says and nothing else of this crate.

mod attention;
mod layers;
mod layout;
mod numbers;
mod periods;
mod random;
mod recurrent;
mod rows;

use std::collections::HashMap;

use super::program::{Attribute, Operation, Program};

/// An array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f64>,
}

impl Array {
    /// The sizes before, at and after `axis`.
    fn around(&self, axis: usize) -> [usize; 3] {
        around(&self.shape, axis)
    }

    fn last(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// The rows along the last axis.
    fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.data.chunks_exact(self.last())
    }
}

fn around(shape: &[usize], axis: usize) -> [usize; 3] {
    [shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product()]
}

/// A result, or the message that an operation cannot be run.
type Done<T = Vec<f64>> = Result<T, String>;

/// An operation that is to be run: its description, its inputs, and the shape of its first output.
struct Step<'a> {
    operation: &'a Operation,
    inputs: Vec<&'a Array>,
    shape: &'a [usize],
}

impl<'a> Step<'a> {
    fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        self.operation.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    fn lacks<T>(&self, name: &str) -> Done<T> {
        Err(format!("{} does not say its {name}", self.operation.kind))
    }

    fn flag(&self, name: &str) -> Done<bool> {
        let Some(Attribute::Flag(flag)) = self.attribute(name) else { return self.lacks(name) };
        Ok(*flag)
    }

    fn whole(&self, name: &str) -> Done<u64> {
        let Some(Attribute::Whole(n)) = self.attribute(name) else { return self.lacks(name) };
        Ok(*n)
    }

    fn size(&self, name: &str) -> Done<usize> {
        self.whole(name).map(|n| n as usize)
    }

    fn sizes(&self, name: &str) -> Done<Vec<usize>> {
        let Some(Attribute::Wholes(n)) = self.attribute(name) else { return self.lacks(name) };
        Ok(n.iter().map(|n| *n as usize).collect())
    }

    fn number(&self, name: &str) -> Done<f64> {
        let Some(Attribute::Number(n)) = self.attribute(name) else { return self.lacks(name) };
        Ok(*n)
    }

    fn numbers(&self, name: &str) -> Done<&'a [f64]> {
        let Some(Attribute::Numbers(n)) = self.attribute(name) else { return self.lacks(name) };
        Ok(n)
    }

    fn text(&self, name: &str) -> Done<&'a str> {
        let Some(Attribute::Text(text)) = self.attribute(name) else { return self.lacks(name) };
        Ok(text)
    }

    fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// The `i`-th input.
    fn x(&self, i: usize) -> Done<&'a Array> {
        let lacks = || format!("{} has no input {i}", self.operation.kind);
        self.inputs.get(i).copied().ok_or_else(lacks)
    }

    /// Numbers of the first output.
    fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The outputs.
    fn run(&self) -> Done<Vec<Vec<f64>>> {
        let kind = &*self.operation.kind;
        if let Some(f) = numbers::of_one(kind) {
            return Ok(vec![self.x(0)?.data.iter().map(|x| f(*x)).collect()]);
        }
        if let Some(f) = numbers::of_two(kind) {
            return Ok(vec![self.broadcast(f)?]);
        }
        let output = match kind {
            "scale" | "add_scalar" | "clamp" | "prelu" | "fill" | "constant" | "sum" => {
                self.simple()
            }
            "slice" | "concat" | "flip" | "repeat" | "permute" | "reshape" | "pad" => self.layout(),
            "embedding" | "sum_axis" | "mean_axis" | "max_axis" => self.axis(),
            "dropout" | "rrelu" | "stochastic_pool" => self.random(),
            "linear" | "linear_first" | "linear_blocks" | "matmul" | "conv" | "causal_conv"
            | "batch_norm" => self.layer(),
            "attention" | "prob_attention" | "correlation" | "delay_aggregation" | "mlstm" => {
                self.attends()
            }
            "softmax"
            | "log_softmax"
            | "softmax_mean"
            | "glu"
            | "skip_gate"
            | "weighted"
            | "spline_functions"
            | "wavelet_sums"
            | "layer_norm"
            | "group_norm"
            | "max_pool"
            | "max_pool_steps"
            | "avg_pool"
            | "resample"
            | "moving_average"
            | "moving_average_steps"
            | "moving_average_transposed"
            | "rfft"
            | "irfft"
            | "strongest_frequencies"
            | "cosines"
            | "complex_tanh" => self.of_rows(),
            "grid_conv" => self.grid_conv(),
            "period_mix" => self.period_mix(),
            "mean_kernel" => self.mean_kernel(),
            "strongest_periods" => return self.strongest_periods(),
            "slstm" => self.slstm(),
            "lstm" | "gru" | "rnn" => return self.recurrent(),
            kind => Err(format!("there is no operation {kind}")),
        };
        Ok(vec![output?])
    }
}

/// Runs a program and returns all its values, by id. `given` are its inputs and its state.
pub(crate) fn run(
    program: &Program,
    parameters: &[f32],
    given: &HashMap<usize, Array>,
) -> Done<HashMap<usize, Array>> {
    let mut values = given.clone();
    for input in &program.inputs {
        let shape = given.get(&input.value.id).map(|array| &array.shape);
        if shape != Some(&input.value.shape) {
            return Err(format!("{} is {shape:?}, not {:?}", input.name, input.value.shape));
        }
    }
    for p in &program.parameters {
        let shape = p.value.shape.clone();
        let numbers = &parameters[p.offset..][..shape.iter().product()];
        let data = numbers.iter().map(|n| f64::from(*n)).collect();
        values.insert(p.value.id, Array { shape, data });
    }
    for operation in &program.operations {
        let input = |id| values.get(id).ok_or_else(|| format!("{operation:?}: no value {id}"));
        let inputs = operation.inputs.iter().map(input).collect::<Result<_, _>>()?;
        let step = Step { operation, inputs, shape: &operation.outputs[0].shape };
        let outputs = step.run()?;
        for (value, data) in operation.outputs.iter().zip(outputs) {
            let shape = value.shape.clone();
            if data.len() != shape.iter().product::<usize>() {
                return Err(format!("{operation:?}: {} numbers", data.len()));
            }
            values.insert(value.id, Array { shape, data });
        }
    }
    Ok(values)
}
