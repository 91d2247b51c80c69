//! A recording as data: a [`Program`] that other software can read, write to a file, and run without this crate.

use serde::{Deserialize, Serialize};

use super::record::{Place, Record};
use super::{Param, Shape, Tape, Var};
use crate::rng::Key;

/// A forward pass as data.
///
/// Every value has a number, its id. Values are inputs, parameters or outputs of operations. Operations are listed in the
/// order in which they run; each reads only earlier values. Numbers are row-major.
///
/// Sizes are those of the batch that was recorded. For any number of windows `B` from two on, every size is `a + b·B`; two
/// programs of the same model at different `B` determine `a` and `b`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Inputs, other than the state.
    pub inputs: Vec<Named>,
    /// Slices of the flat buffer of parameters. One that is used twice may be listed twice.
    pub parameters: Vec<Parameter>,
    /// Slices of the flat buffer of weights of a frozen language model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<Parameter>,
    /// In the order in which they run.
    pub operations: Vec<Operation>,
    /// The state that one run leaves for the next, if the model decodes step by step.
    pub state: Vec<State>,
    /// The results.
    pub outputs: Vec<Named>,
}

/// A value: its id and its dimensions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// Its number in the program.
    pub id: usize,
    /// Its dimensions; none for a scalar.
    pub shape: Vec<usize>,
}

/// An input or an output of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// The value.
    pub value: Value,
}

/// A slice of the flat buffer of parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name in the model, if [given](Program::with_names).
    pub name: Option<String>,
    /// Its offset.
    pub offset: usize,
    /// The value.
    pub value: Value,
}

/// A part of the state of a recurrent layer.
///
/// The first forward pass of a sequence starts from zeros and reads no state. Later ones read in `before` what the previous one
/// left in `after` for the same layer and part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The layer of the stack, from 0.
    pub layer: usize,
    /// `hidden` or `cell`.
    pub part: String,
    /// Id of the state that is read; none where the forward pass starts from zeros.
    pub before: Option<usize>,
    /// Id of the state that is left.
    pub after: usize,
}

/// An operation: what it computes of which values.
///
/// | kind | inputs | attributes | output |
/// |---|---|---|---|
/// | `add`, `sub`, `mul`, `div` | a, b | | with NumPy's broadcasting |
/// | `scale`, `add_scalar` | x | `factor`; `number` | `factor·x`; `x + number` |
/// | `clamp` | x | `low`, `high` | `min(max(x, low), high)`; a missing limit does not apply |
/// | `relu`, `leaky_relu`, `elu`, `selu`, `gelu`, `gelu_tanh`, `silu`, `mish`, `softplus`, `sigmoid`, `tanh`, `softsign`, `log_sigmoid`, `hardshrink`, `softshrink`, `hardtanh`, `hardswish`, `exp`, `log`, `sqrt`, `abs`, `square`, `neg` | x | | of each number; activations with the defaults of `torch.nn` |
/// | `complex_tanh` | x `[.., 2n]` | | of `n` complex numbers: real parts, then imaginary parts |
/// | `prelu` | x, w | | `x` where positive, else `w·x`; `w` is one number |
/// | `rrelu` | x | `slopes`, drawn | `x` where positive, else `x` times a slope drawn between the two; if nothing is drawn, times their mean |
/// | `dropout` | x | `probability`, `axis`, drawn | a number becomes 0 if the random number for it is less than `probability` `p`, else it is divided by `1 - p`. `first` is the index of the first row along `axis`; a row has as many numbers as the axes after it. The random numbers of each index before `axis` start 2⁴⁰ later than those of the previous one |
/// | `linear` | x, W `[out, in]`, perhaps b | `rectified` | `x·Wᵀ + b` over the last axis, or the maximum of that and 0 if `rectified` |
/// | `linear_first` | x, W `[out, in]`, perhaps b | | `W·x + b` over the first axis of a matrix |
/// | `linear_blocks` | x, W `[n, out, in]`, perhaps b | | `x·Wᵀ + b` of each of `n` equal parts of the last axis |
/// | `matmul` | a `[.., m, k]`, b `[.., k, n]` | | matrix products; a `b` with two axes is used for all |
/// | `softmax`, `log_softmax` | x | | over the last axis |
/// | `glu` | x `[.., 2n]`, r `[.., n]` | | `r + a·σ(b)`, where a and b are the halves of a row of x |
/// | `skip_gate` | x, w, r, z | | `(x + w·r)·z·σ(z)`; w has a number for each place of the last axis |
/// | `weighted` | v `[.., n]`, w `[.., V]`, perhaps y `[.., n]` | `column` | each row of v times the number in that column of w, added to y |
/// | `softmax_mean` | w `[B, L, n]`, v `[B, L]` | | `Σ softmax(w)·v` over `L`: `[B, n]` |
/// | `spline_functions` | x `[B, n]`, t `[n, K]` | `order` | of each number, `x·σ(x)` and the B-splines of this order on the knots of its column: `[B, K - order, n]` |
/// | `wavelet_sums` | x `[B, L]`; t, s, w `[O, L]` | `wavelet` | `Σ w·ψ((x - t)/s)` over `L`, with ψ a `mexican_hat`, `morlet`, `dog`, `meyer` or `shannon`: `[B, O]` |
/// | `stochastic_pool` | x `[B, N, C]` | drawn | for each window and channel one of the N numbers: the first whose power `exp(x)`, together with those before it, is more than the random number times the sum of all N; else the last: `[B, C]` |
/// | `layer_norm` | x, γ, β | `eps` | over the last axis |
/// | `group_norm` | x, γ | `groups`, `eps` | over each of so many equal parts of the last axis, without a bias |
/// | `batch_norm` | x, γ, β; mean, variance, or while training perhaps the counts of windows | `training`, `axis`, `eps` | each channel along `axis`; while training by mean and biased variance over all other axes. The first axis holds equally many rows for each window, and a window counts as often as its count |
/// | `attention` | q, k, v `[B, L, H, d]` | `scale`, `mask`, perhaps `before`, `seen`, `dropout`, drawn | `softmax(scale·q·kᵀ)·v` of each head. `mask` is `all`, `causal`, `causal_after` (query i sees the keys up to `before` + i) or `pattern`; `seen` lists the pairs that a pattern allows, as query × number of keys + key. `first` is the index of the first row of the batch. The random numbers of the weights are ordered by row, head, key and query |
/// | `attention_after` | q, k, v `[B, n, H, d]` | `scale`, `layer` | causal attention of each head, in which each row also sees the keys and values that a frozen language model has in that `layer` for the row's prompt. The prompts are text, so a program does not have them |
/// | `prob_attention` | q, k, v `[B, L, H, d]` | `scale`, `causal`, `sampled`, `top`, drawn | ProbSparse attention of each head. Query `i` has `sampled` keys `⌊u·S⌋`, from the random numbers from `i·sampled` on; the same in all rows and heads. The `top` queries with the largest difference of the maximum of their sampled scores `q·k` and the sum of these over `S` get `softmax(scale·q·kᵀ)·v`, with `causal` of the keys up to their own; the others get the mean of all values, or with `causal` the sum of those up to their own. The output is `[B, H, L, d]` |
/// | `correlation` | q `[B, L, C]`, k `[B, S, C]` | | `1/C Σ q[(t + τ) mod L]·k[t]` over `t` and the channels, for each delay `τ`: `[B, L]`. Keys beyond `L` are left out, missing ones are zeros |
/// | `delay_aggregation` | r `[B, delays]`, v `[B, S, C]`, perhaps the counts of windows | `top`, `shared` | `Σ w·v[(t + δ) mod L]` over the `top` delays `δ` with the largest r, `w` the softmax of these: `[B, L, C]`. If `shared`, all windows have the delays that are best on average, where a window counts as often as its count. Values beyond `L` are left out, missing ones are zeros |
/// | `embedding` | table, codes | | the rows of the table at these indices |
/// | `conv` | x, W `[out, in, kernel]`, perhaps b | `kernel`, `stride`, `dilation`, `padding`, `time_major` | over time, with zero padding, of `[B, T, C]`, or of `[T, B, C]` if time-major |
/// | `causal_conv` | x `[B, T, C]`, W `[C, 1, kernel]`, b | | over time, of each channel by its own kernel; the last tap is that of the same step, and before the first step are zeros |
/// | `pad` | x | `axis`, `by`, `edge` | padded before and after with `zeros`, the other end (`circular`) or the nearest number (`replicate`) |
/// | `max_pool`, `avg_pool` | x | `size` | adjacent windows of the last axis; the last one may be shorter |
/// | `max_pool_steps` | x `[B, T, C]` | `size`, `stride`, `padding` | the maximum of each channel in windows along time, the first of which begins `padding` steps before the series |
/// | `resample` | x | `mode` | `torch.nn.functional.interpolate` of the last axis, `nearest`, `linear` or bi`cubic` |
/// | `moving_average` | x | `size` | centred, along the last axis, with the edge values repeated |
/// | `moving_average_steps` | x `[B, T, C]` | `size`, `remainder` | the same of each channel along time, or x minus that if `remainder` |
/// | `moving_average_transposed` | x | `size` | the transpose of that linear map |
/// | `rfft`, `irfft` | x | | over the last axis, real and imaginary parts side by side: `[.., n]`, `[.., n/2 + 1, 2]` |
/// | `strongest_frequencies` | x `[.., F, 2]` | `count` | the `count` pairs of a spectrum with the largest `re² + im²`, the others 0; the first frequency is one of these |
/// | `strongest_periods` | x `[B, T, C]`, perhaps the counts of windows | `count`, `shared` | the `count` frequencies of each window with the largest mean of `\|X_f\|` over the channels, where `X` is the Fourier transform over time and frequency 0 is left out: these means, in ascending order of the frequencies, and the frequencies, both `[B, count]`. If `shared`, all windows have the frequencies that are strongest on average, where a window counts as often as its count |
/// | `grid_conv` | x `[B, T, C]` or `[count, B, P, C]`, frequencies `[B, count]`, W `[O, C, kernel, kernel]`, b | `steps` | for each frequency f of a window of `T` = `steps` steps, the convolution, with zero padding, of its grid with rows of `⌊T/f⌋` steps, the last row filled up with zeros: `[count, B, P, O]`. It is 0 behind the cells of a grid, and for a frequency with the period of an earlier one |
/// | `period_mix` | v `[count, B, P, C]`, w `[B, count]`, frequencies `[B, count]` | | `Σ w·v` over the frequencies of a window: `[B, T, C]`, of the first `T` steps. The v of a frequency is that of the first with the same period `⌊T/f⌋` |
/// | `mean_kernel` | W `[O, C, 2i + 1, 2i + 1]`, i from 0 | | the mean of these kernels about the same center, as large as the last |
/// | `cosines` | x | | `cos(π·k·x)` of each number, `k` from 0 |
/// | `lstm`, `gru`, `rnn` | x `[B, T, in]`, W_ih, W_hh; b_ih, b_hh; W_hr; h `[B, R]`, and c `[B, H]` of an LSTM | `biased`, `projected`, `has_state`: which inputs there are; `gives_cell` of an LSTM | outputs of all steps, as in torch; the second output, if it is used, is the LSTM's cell state after the last step. If `gives_cell`, the only output has the rows of all steps, `[B·T, H]`, and after them the cell states, `[B, H]` |
/// | `mlstm` | q, k, v `[B, T, H·d]`, gates `[B, T, 2·H]` | | of each head `C_ij v_j / (n_i + 1e-6)` summed over `j ≤ i`, with `C_ij = q_i·k_j/√d·e^(F_i - F_j + ĩ_j - m_i)`, `F` the running sum of `ln σ(f̃)`, `m_i` the largest exponent of row i before it is subtracted, and `n_i = max(abs(Σ C_ij), e^(-m_i))`. The gates are ĩ of all heads, then f̃ |
/// | `slstm` | x, z `[B, T, H·2·d]`, W `[H, d, 4·d]`, b `[H·4·d]` | | outputs of all steps, `[B, T, H·d]`, from states of 0. Of each head, the gates ĩ, f̃, z̃, õ are x (the first two) or z, plus the output before times W, plus b. `m = max(ĩ, m' + ln σ(f̃))`, or ĩ in the first step; `c = e^(m' + ln σ(f̃) - m)·c' + e^(ĩ - m)·tanh(z̃)`; `n` alike, with 1 for `tanh(z̃)`; the output is `σ(õ)·c/n` |
/// | `slice` | x | `axis`, `start` | the output says how many entries |
/// | `concat`, `flip`, `repeat` | x, .. | `axis` | concatenation; reversal; repetition of an axis of size 1 |
/// | `permute` | x | `axes` | axis `i` of the output is axis `axes[i]` of the input |
/// | `reshape` | x | | the same numbers |
/// | `sum` | x | | of everything |
/// | `sum_axis`, `mean_axis`, `max_axis` | x | `axis` | the output does not have the axis |
/// | `fill`, `constant` | | `number`; `numbers` | constants of the model |
/// | `loss` | ŷ, y, weights, counts; shifts and scales; quantiles | `kind`, `arguments` and those of the batch; `has_scale`, `has_quantiles`: which inputs there are | a scalar: the contribution of these windows to the loss of the batch |
///
/// For random numbers, the attributes `seed`, `stream`, `step` and `first` say which they are. Number `i` is
/// word `(first + i) mod 4` of the block `(first + i) / 4` of Philox 4×32-10, whose key is the seed and whose counter is the
/// block, the step and the stream; its 24 upper bits are uniform in [0, 1). Dropout compares 16 bits: of every 256 numbers,
/// the first 128 take the lower halves of 128 words, the others the upper halves; one is dropped if it is below 2¹⁶·p.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// The kind of operation.
    pub kind: String,
    /// Names and values of its attributes.
    pub attributes: Vec<(String, Attribute)>,
    /// Ids of its inputs.
    pub inputs: Vec<usize>,
    /// Its outputs.
    pub outputs: Vec<Value>,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(u64),
    /// Whole numbers.
    Wholes(Vec<u64>),
    /// Any number.
    Number(f64),
    /// Any numbers.
    Numbers(Vec<f64>),
    /// One of several words.
    Text(String),
}

macro_rules! attribute {
    ($($from:ty: $value:ident => $attribute:expr,)*) => {
        $(impl From<$from> for Attribute {
            fn from($value: $from) -> Self {
                $attribute
            }
        })*
    };
}
attribute! {
    bool: flag => Self::Flag(flag),
    u64: number => Self::Whole(number),
    usize: number => Self::Whole(number as u64),
    &[usize]: numbers => Self::Wholes(numbers.iter().map(|n| *n as u64).collect()),
    [usize; 2]: numbers => numbers[..].into(),
    f32: number => Self::Number(number.into()),
    &[f32]: numbers => Self::Numbers(numbers.iter().map(|n| f64::from(*n)).collect()),
    [f32; 2]: numbers => numbers[..].into(),
    &[f64]: numbers => Self::Numbers(numbers.to_vec()),
    &str: text => Self::Text(text.into()),
}

/// The description of an operation: its kind and its attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    kind: String,
    attributes: Vec<(String, Attribute)>,
}

impl Description {
    /// A description of this kind, without attributes.
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.into(), attributes: Vec::new() }
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Attribute>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// Adds the attributes of its random numbers: the key, and the index of the first number or of the first row.
    #[must_use]
    pub(super) fn drawn(self, key: Key, first: usize) -> Self {
        let [seed, stream, step] = key.words();
        let key = self.with("seed", seed).with("stream", stream).with("step", step);
        key.with("first", first)
    }

    fn of(self, inputs: &[usize], output: Value) -> Operation {
        let Self { kind, attributes } = self;
        Operation { kind, attributes, inputs: inputs.to_vec(), outputs: vec![output] }
    }
}

impl Program {
    /// Adds the names that the parameters have in the model.
    #[must_use]
    pub fn with_names(mut self, name: impl Fn(Param) -> Option<String>) -> Self {
        for parameter in &mut self.parameters {
            let shape = Shape::from(&parameter.value.shape[..]);
            parameter.name = name(Param { offset: parameter.offset, shape });
        }
        self
    }
}

/// A part of a recurrent layer's state, as a tape keeps it.
#[derive(Clone, Copy)]
pub(super) struct Carried {
    layer: usize,
    part: &'static str,
    before: Option<usize>,
    after: usize,
}

impl Tape {
    /// Records a part of the state of a recurrent layer: this forward pass started from `before`, or zeros, and the next one starts
    /// from `after`.
    pub fn carry(&self, layer: usize, part: &'static str, before: Option<Var<'_>>, after: Var<'_>) {
        let (before, after) = (before.map(|value| value.id), after.id);
        self.carried.borrow_mut().push(Carried { layer, part, before, after });
    }

    /// The recording as data. Values from outside that are neither inputs nor state become constants of the program.
    ///
    /// # Panics
    /// On a tape that computes nothing: it keeps no operations.
    pub fn program(&self, inputs: &[(&str, Var<'_>)], outputs: &[(&str, Var<'_>)]) -> Program {
        let r = self.record.borrow();
        assert!(r.planned.is_none(), "a dry tape keeps no operations");
        let named = |values: &[(&str, Var<'_>)]| {
            let named =
                |(name, v): &(&str, Var<'_>)| Named { name: (*name).into(), value: r.value(v.id) };
            values.iter().map(named).collect()
        };
        let state = |c: &Carried| State {
            layer: c.layer,
            part: c.part.into(),
            before: c.before,
            after: c.after,
        };
        let mut program = Program {
            inputs: named(inputs),
            parameters: Vec::new(),
            frozen: Vec::new(),
            operations: Vec::new(),
            state: self.carried.borrow().iter().map(state).collect(),
            outputs: named(outputs),
        };
        (0..r.used_nodes).for_each(|id| r.describe(id, &mut program));
        program
    }
}

impl Record {
    fn value(&self, id: usize) -> Value {
        Value { id, shape: self.nodes[id].shape.dims().to_vec() }
    }

    /// Adds a value and its origin to a program whose inputs and state are known.
    fn describe(&self, id: usize, program: &mut Program) {
        let (node, value) = (&self.nodes[id], self.value(id));
        let operations = &mut program.operations;
        match (&node.op, node.inputs.first(), node.place) {
            (Some(op), ..) => operations.push(op.describe().of(&node.inputs, value)),
            (None, Some(of), Place::Kept { .. }) if self.nodes[*of].op.is_some() => {
                let maker = operations.iter_mut().rfind(|op| op.outputs[0].id == *of);
                maker.expect("it stands before").outputs.push(value);
            }
            (None, Some(_), _) => {
                operations.push(Description::new("reshape").of(&node.inputs, value));
            }
            (None, None, Place::Param(Param { offset, .. })) => {
                program.parameters.push(Parameter { name: None, offset, value });
            }
            (None, None, Place::Shared { offset, .. }) => {
                program.frozen.push(Parameter { name: None, offset, value });
            }
            (None, None, _) => {
                let given = program.inputs.iter().any(|input| input.value.id == id);
                let state = program.state.iter().any(|state| state.before == Some(id));
                if !given && !state {
                    operations.push(constant(self.data(id)).of(&[], value));
                }
            }
        }
    }
}

/// Values from outside that belong to the program.
fn constant(numbers: &[f32]) -> Description {
    match numbers {
        [first, rest @ ..] if rest.iter().all(|n| n.to_bits() == first.to_bits()) => {
            Description::new("fill").with("number", *first)
        }
        _ => Description::new("constant").with("numbers", numbers),
    }
}
