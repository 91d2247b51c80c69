//! Operations: values and gradients against torch, and gradients against finite differences.

use std::sync::Arc;

use serde_json::Value;

use super::checks::Checks;
use super::{assert_close, floats, json};
use crate::tape::{
    Edge, Interpolation, Mask, Pattern, PoolMode, RecurrentWeights, StepWindows, Steps, Tape, Var,
    Wavelet,
};

/// The frequencies of windows that are among a case's attributes: `[B, count]`.
fn frequencies<'t>(case: &Value, x: Var<'t>) -> Var<'t> {
    let rows = case["attributes"]["frequencies"].as_array().unwrap();
    let numbers: Vec<f32> = rows.iter().flat_map(floats).collect();
    x.tape().constant([rows.len(), numbers.len() / rows.len()], &numbers)
}

/// Applies the fixture's operation; `None` if there is no such operation here.
pub(super) fn apply<'t>(case: &Value, x: &[Var<'t>]) -> Option<Var<'t>> {
    let attribute = |name: &str| case["attributes"][name].as_u64().unwrap() as usize;
    let number = |name: &str| case["attributes"][name].as_f64().unwrap() as f32;
    let axes = || -> Vec<usize> {
        let axes = case["attributes"]["axes"].as_array().unwrap();
        axes.iter().map(|axis| axis.as_u64().unwrap() as usize).collect()
    };
    let op = case["op"].as_str().unwrap();
    Some(match op {
        "add" => x[0] + x[1],
        "sub" => x[0] - x[1],
        "mul" => x[0] * x[1],
        "div" => x[0] / x[1],
        "add_scalar" => x[0].add_scalar(number("number")),
        "clamp" => x[0].clamp(number("low"), number("high")),
        "neg" => -x[0],
        "matmul" => x[0].matmul(x[1]),
        "linear" => x[0].linear(x[1], x.get(2).copied()),
        "linear_blocks" => x[0].linear_blocks(x[1], x.get(2).copied()),
        "linear_first" => x[0].linear_first(x[1], x.get(2).copied()),
        "relu" => x[0].relu(),
        "leaky_relu" => x[0].leaky_relu(),
        "elu" => x[0].elu(),
        "selu" => x[0].selu(),
        "gelu" => x[0].gelu(),
        "silu" => x[0].silu(),
        "mish" => x[0].mish(),
        "softplus" => x[0].softplus(),
        "sigmoid" => x[0].sigmoid(),
        "tanh" => x[0].tanh(),
        "softsign" => x[0].softsign(),
        "log_sigmoid" => x[0].log_sigmoid(),
        "hardshrink" => x[0].hardshrink(),
        "softshrink" => x[0].softshrink(),
        "hardtanh" => x[0].hardtanh(),
        "hardswish" => x[0].hardswish(),
        "celu" => x[0].elu(),
        "rrelu" => x[0].rrelu(),
        "cosines" => x[0].cosines(attribute("count")),
        "exp" => x[0].exp(),
        "log" => x[0].log(),
        "sqrt" => x[0].sqrt(),
        "abs" => x[0].abs(),
        "embedding" => {
            let codes: Vec<f32> = floats(&case["attributes"]["codes"]);
            let shape: Vec<usize> = case["attributes"]["shape"]
                .as_array()?
                .iter()
                .map(|d| d.as_u64().unwrap() as usize)
                .collect();
            x[0].rows(x[0].tape().constant(&shape[..], &codes))
        }
        "rfft" => x[0].rfft(),
        "irfft" => x[0].irfft(attribute("n")),
        "strongest_frequencies" => x[0].strongest_frequencies(attribute("count")),
        "square" => x[0].square(),
        "prelu" => x[0].prelu(x[1]),
        "sum_all" => x[0].sum(),
        "concat" => Var::concat(x, attribute("axis")),
        "slice" => {
            x[0].slice(attribute("axis"), attribute("start"), attribute("end") - attribute("start"))
        }
        "mean_all" => x[0].mean(),
        "sum" => x[0].sum_axis(attribute("axis")),
        "mean" => x[0].mean_axis(attribute("axis")),
        "max" => x[0].max_axis(attribute("axis")),
        "variance" => x[0].variance_axis(attribute("axis")),
        "softmax" if attribute("axis") + 1 < x[0].shape().rank() => {
            x[0].transpose().softmax().transpose()
        }
        "softmax" => x[0].softmax(),
        "log_softmax" => x[0].log_softmax(),
        "layer_norm" => x[0].layer_norm(x[1], x[2], number("eps")),
        "group_norm" => x[0].group_norm(attribute("groups"), x[1], number("eps")),
        "flip" => x[0].flip_axis(attribute("axis")),
        "permute" => x[0].permute(&axes()),
        "repeat" => x[0].repeat(attribute("axis"), attribute("times")),
        "max_pool1d" => x[0].pool(PoolMode::Max, attribute("kernel")),
        "avg_pool1d" => x[0].pool(PoolMode::Avg, attribute("kernel")),
        "interpolate" => {
            let mode = match case["attributes"]["mode"].as_str().unwrap() {
                "nearest" => Interpolation::Nearest,
                "linear" => Interpolation::Linear,
                _ => Interpolation::Cubic,
            };
            x[0].resample(mode, attribute("size"))
        }
        "moving_average" => x[0].moving_average(attribute("window")),
        "attention" => {
            let (queries, keys, band) = (x[0].dim(1), x[1].dim(1), attribute("band"));
            let within = |i: usize, j: usize| i >= j && i < j + band;
            let mask = match (attribute("causal"), band) {
                (1, _) => Mask::Causal,
                (_, 0) => Mask::All,
                _ => Mask::Pattern(Arc::new(Pattern::new(queries, keys, within))),
            };
            let scale = 1.0 / (x[0].dim(3) as f32).sqrt();
            x[0].attention(x[1], x[2], scale, &mask, 0.0)
        }
        "skip_gate" => x[0].skip_gate(x[1], x[2], x[3]),
        "causal_conv" => x[0].causal_conv(x[1], x[2]),
        "mlstm" => x[0].mlstm(x[1], x[2], x[3]),
        "slstm" => x[0].slstm(x[1], x[2], x[3]),
        "complex_tanh" => x[0].complex_tanh(),
        "correlation" => x[0].correlation(x[1]),
        "delay_aggregation" => x[0].delay_aggregation(x[1], attribute("steps"), attribute("top")),
        "moving_average_steps" if attribute("remainder") == 1 => {
            x[0].above_moving_average(attribute("window"))
        }
        "moving_average_steps" => x[0].moving_average_steps(attribute("window")),
        "prob_attention" => {
            let scale = 1.0 / (x[0].dim(3) as f32).sqrt();
            let counts = [attribute("sampled"), attribute("top")];
            x[0].prob_attention(x[1], x[2], scale, attribute("causal") == 1, counts, 2)
        }
        "spline_functions" => {
            let grid = case["attributes"]["grid"].as_array().unwrap();
            let knots: Vec<f32> = grid.iter().flat_map(floats).collect();
            let knots = x[0].tape().constant([grid.len(), knots.len() / grid.len()], &knots);
            x[0].spline_functions(knots, attribute("order"))
        }
        "wavelet_sums" => {
            let name = case["attributes"]["wavelet"].as_str().unwrap();
            let wavelet = Wavelet::ALL.into_iter().find(|wavelet| wavelet.name() == name)?;
            x[0].wavelet_sums(wavelet, [x[1], x[2], x[3]])
        }
        "strongest_periods" => {
            x[0].strongest_periods(attribute("count"), attribute("shared") == 1)[0]
        }
        "grid_conv" => x[0].grid_conv(frequencies(case, x[0]), x[1], x[2], attribute("steps")),
        "period_mix" => x[0].period_mix(x[1], frequencies(case, x[0]), attribute("steps")),
        "mean_kernel" => x[0].tape().mean_kernel(x),
        "stochastic_pool" => x[0].stochastic_pool(2),
        "max_pool_steps" => {
            let [size, stride, padding] = ["size", "stride", "padding"].map(attribute);
            x[0].max_pool_steps(StepWindows { size, stride, padding })
        }
        "batch_norm" => {
            let (affine, eps) = ([x[1], x[2]], case["attributes"]["eps"].as_f64().unwrap() as f32);
            if case["attributes"]["training"] == true {
                x[0].batch_norm(1, affine, eps)
            } else {
                let running = ["mean", "variance"].map(|name| {
                    let values = floats(&case["attributes"][name]);
                    x[0].tape().constant([values.len()], &values)
                });
                x[0].normalized(1, affine, running, eps)
            }
        }
        "conv" => {
            let [left, right] =
                [0, 1].map(|i| case["attributes"]["padding"][i].as_u64().unwrap() as usize);
            let time_first = case["attributes"]["timeFirst"] == true;
            let edge = match case["attributes"]["edge"].as_str().unwrap() {
                "circular" => Edge::Circular,
                "replicate" => Edge::Replicate,
                _ => Edge::Zeros,
            };
            let axis = usize::from(!time_first);
            let input = if time_first { x[0] } else { x[0].transpose() };
            // The convolution pads with zeros itself; other padding is applied before it.
            let own = edge == Edge::Zeros;
            let input = if own { input } else { input.pad(axis, [left, right], edge) };
            let steps = Steps {
                kernel: x[1].dim(2),
                stride: attribute("stride"),
                dilation: attribute("dilation"),
                padding: if own { [left, right] } else { [0, 0] },
            };
            let y = input.conv(axis, x[1], x.get(2).copied(), steps);
            if time_first { y } else { y.transpose() }
        }
        "lstm" | "gru" | "rnn" => {
            let named = |name: &str| named(case, x, name);
            let (weights, state) = (weights(case, x), named("h0"));
            match op {
                "gru" => x[0].gru(weights, state),
                "rnn" => x[0].rnn(weights, state),
                _ => {
                    let state = state.zip(named("c0")).map(|(h, c)| [h, c]);
                    x[0].lstm(weights, named("w_hr"), state)
                }
            }
        }
        _ => return None,
    })
}

/// The input of a name, if the case has it.
fn named<'t>(case: &Value, x: &[Var<'t>], name: &str) -> Option<Var<'t>> {
    let names = case["inputs"].as_array().unwrap();
    names.iter().position(|i| i["name"] == name).map(|i| x[i])
}

/// The weights of a recurrent layer.
fn weights<'t>(case: &Value, x: &[Var<'t>]) -> RecurrentWeights<'t> {
    let of = |name| named(case, x, name);
    RecurrentWeights {
        input: of("w_ih").expect("an input weight"),
        hidden: of("w_hh").expect("a hidden weight"),
        biases: of("b_ih").zip(of("b_hh")).map(|(a, b)| [a, b]),
    }
}

pub(super) fn inputs<'t>(case: &Value, tape: &'t Tape) -> Vec<Var<'t>> {
    let input = |i: &Value| {
        let shape: Vec<usize> =
            i["shape"].as_array().unwrap().iter().map(|d| d.as_u64().unwrap() as usize).collect();
        tape.variable(&shape[..], &floats(&i["data"]))
    };
    case["inputs"].as_array().unwrap().iter().map(input).collect()
}

#[test]
fn values_and_gradients_are_torchs() {
    let cases = json("ops.json")["cases"].as_array().unwrap().clone();
    let mut checks = Checks::default();
    for case in &cases {
        checks.row(case["name"].as_str().unwrap(), || check(case));
    }
    assert!(checks.finish() >= 225);
}

fn check(case: &Value) {
    let (name, op) = (case["name"].as_str().unwrap(), case["op"].as_str().unwrap());
    let tape = Tape::default();
    let x = inputs(case, &tape);
    let y = apply(case, &x).unwrap_or_else(|| panic!("{name} is not tested"));
    let output = &case["outputs"][0];
    assert_close(name, &y.data(), &floats(&output["data"]), 1e-5);
    if op == "lstm" {
        let c_n = floats(&case["outputs"][2]["data"]);
        assert_close(&format!("{name} c_n"), &y.lstm_cell(x[2].dim(0) / 4).data(), &c_n, 1e-5);
    }
    // The gradient of Σ g ⊙ y with respect to y is g, the output gradient that torch was given.
    let g = tape.constant(y.shape().dims(), &floats(&output["grad"]));
    // torch's gradient of a recurrent layer also flows through its last states.
    let only_first_output = case["outputs"].as_array().unwrap().len() == 1;
    let scalar = (y * g).sum();
    tape.backward(scalar, &mut Vec::new());
    for (x, input) in x.iter().zip(case["inputs"].as_array().unwrap()) {
        if only_first_output {
            let what = format!("{name} d{}", input["name"]);
            assert_close(&what, &x.grad(), &floats(&input["grad"]), 2e-5);
        }
    }
}

/// An LSTM whose cell state is an output too: torch's gradients flow through all three of its outputs.
fn check_states(case: &Value) {
    let (name, tape) = (case["name"].as_str().unwrap(), Tape::default());
    let x = inputs(case, &tape);
    let state = named(case, &x, "h0").zip(named(case, &x, "c0")).map(|(h, c)| [h, c]);
    let [y, cell] = x[0].lstm_and_cell(weights(case, &x), state);
    let outputs = [y, y.last(1, 1).squeeze(1), cell];
    let mut scalar = tape.constant([], &[0.0]);
    for (got, expected) in outputs.into_iter().zip(case["outputs"].as_array().unwrap()) {
        let what = format!("{name} {}", expected["name"]);
        assert_close(&what, &got.data(), &floats(&expected["data"]), 1e-5);
        let g = tape.constant(got.shape().dims(), &floats(&expected["grad"]));
        scalar = scalar + (got * g).sum();
    }
    tape.backward(scalar, &mut Vec::new());
    for (x, input) in x.iter().zip(case["inputs"].as_array().unwrap()) {
        let what = format!("{name} d{}", input["name"]);
        assert_close(&what, &x.grad(), &floats(&input["grad"]), 2e-5);
    }
}

#[test]
fn gradients_of_an_lstm_flow_through_its_last_states() {
    let cases = json("ops.json")["cases"].as_array().unwrap().clone();
    let of = |case: &&Value| case["op"] == "lstm" && case["attributes"]["projSize"] == 0;
    let mut checks = Checks::default();
    for case in cases.iter().filter(of) {
        checks.row(case["name"].as_str().unwrap(), || check_states(case));
    }
    assert_eq!(checks.finish(), 3);
}

/// Every operation's gradient against central differences of its own forward.
#[test]
fn gradients_are_the_slopes_of_the_forwards() {
    let mut checks = Checks::default();
    for case in json("ops.json")["cases"].as_array().unwrap() {
        checks.row(case["name"].as_str().unwrap(), || check_slopes(case));
    }
    checks.finish();
}

fn check_slopes(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let value = |data: &[Vec<f32>], want_grads: bool| -> (f64, Vec<Vec<f32>>) {
        let tape = Tape::default();
        let x: Vec<Var<'_>> = inputs(case, &tape)
            .iter()
            .zip(data)
            .map(|(v, d)| tape.variable(v.shape().dims(), d))
            .collect();
        let y = apply(case, &x).unwrap_or_else(|| panic!("{name} is not tested"));
        let weights: Vec<f32> =
            (0..y.shape().size()).map(|i| ((i * 7 + 3) % 5) as f32 * 0.3 - 0.6).collect();
        let sum = y.data().iter().zip(&weights).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum();
        let mut grads = Vec::new();
        if want_grads {
            let weighted = (y * tape.constant(y.shape().dims(), &weights)).sum();
            tape.backward(weighted, &mut Vec::new());
            grads = x.iter().map(|v| v.grad()).collect();
        }
        (sum, grads)
    };
    let tape = Tape::default();
    let data: Vec<Vec<f32>> = inputs(case, &tape).iter().map(|v| v.data().to_vec()).collect();
    let (_, grads) = value(&data, true);
    for (k, grad) in grads.iter().enumerate() {
        let scale = grad.iter().fold(0.1f32, |m, g| m.max(g.abs()));
        for i in 0..grad.len() {
            let step = 1e-2f32;
            let moved = |by: f32| {
                let mut data = data.clone();
                data[k][i] += by;
                value(&data, false).0
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            let off = (slope - f64::from(grad[i])).abs();
            // A kink between the two points shows as a difference of one-sided slopes; torch's convention is checked above.
            let kink = ((moved(step) - 2.0 * moved(0.0) + moved(-step)) / f64::from(step)).abs();
            assert!(
                off < 1e-2 * f64::from(scale) + kink,
                "{name} input {k}[{i}]: slope {slope}, gradient {}",
                grad[i]
            );
        }
    }
}
