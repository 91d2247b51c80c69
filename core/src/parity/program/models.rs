//! The forward pass of every model can be run from its recorded program alone, at the recorded batch size and at another.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::super::checks::Checks;
use super::super::models::instance;
use super::super::{Fixture, files};
use super::{Array, array, assert_close, at_size, by_id, interpret, reread};
use crate::models::{Batch, InputStream, Instance, ModelSpec};
use crate::nn::{Activation, RecurrentState};
use crate::objective::{Asked, Place};
use crate::rng::{Key, Stream};
use crate::tape::{Tape, Var};

const CLOSE: f32 = 1e-5;
/// Windows in the recorded batches, and in the batch to which their programs are extrapolated.
const SIZES: [usize; 2] = [2, 5];
const OTHER: usize = 3;
/// Steps decoded one by one after the first.
const DECODED: usize = 3;

/// A recorded forward pass: program, inputs and output.
struct Recorded {
    program: Value,
    inputs: Vec<Array>,
    output: Vec<f32>,
}

/// The model of a fixture with dropout and its weights, or with one more option and initial weights.
fn model(path: &Path, other: Option<(&str, &str)>) -> (String, Instance) {
    let fixture = Fixture::open(path);
    let mut options = fixture.options();
    options.extend(other.map(|(name, value)| (name.into(), value.into())));
    let given = ModelSpec { model: fixture.meta("model"), options: options.clone() };
    let all = Instance::new(&given).unwrap().all_options();
    for (name, value) in all {
        // One option of that name accepts no number but 0.
        if name.to_lowercase().ends_with("dropout") && value.is_number() {
            options.insert(name, json!(0.25));
        }
    }
    let mut model = Instance::new(&ModelSpec { options, ..given }).unwrap();
    if other.is_none() {
        model.values = instance(&fixture).values;
    }
    (format!("{} {} {other:?}", fixture.meta("model"), fixture.name), model)
}

/// Values of an input; categories are given as codes.
fn numbers<'t>(
    tape: &'t Tape,
    name: usize,
    shape: &[usize],
    axis: usize,
    stream: Option<&InputStream>,
) -> Var<'t> {
    let key = Key::new(11, Stream::Init, name as u32);
    let (_, columns, inner) = crate::tape::Shape::from(shape).around(axis);
    tape.input(shape, |to| {
        for (i, x) in to.iter_mut().enumerate() {
            let column = i / inner % columns;
            *x = match stream {
                Some(stream) if column >= stream.numbers => key.below(i as u64, 3) as f32,
                _ => 2.0 * key.uniform(i as u64) - 1.0,
            };
        }
    })
}

/// A batch with this many windows and steps; `part` varies its values between parts.
fn batch<'t>(
    model: &Instance,
    tape: &'t Tape,
    windows: usize,
    steps: usize,
    part: usize,
    state: Option<&'t RecurrentState>,
) -> Batch<'t> {
    let h = model.given.options["h"].as_u64().unwrap() as usize;
    let beyond = if model.recurrence().is_some() { steps } else { steps + h };
    let (series, multivariate) = (model.series, model.spec.multivariate);
    let shape = |steps: usize, columns: usize| match multivariate {
        true => [windows, columns, steps, series],
        false => [windows, steps, columns, 1],
    };
    let exogenous = |name: usize, steps: usize, stream: &InputStream| {
        let columns = stream.columns.len();
        let shape = shape(steps, columns);
        let (shape, axis) = if multivariate { (&shape[..], 1) } else { (&shape[..3], 2) };
        (columns > 0).then(|| numbers(tape, 8 * part + name, shape, axis, Some(stream)))
    };
    let of_target = |name: usize| {
        let shape = [windows, steps, series];
        numbers(tape, 8 * part + name, if multivariate { &shape } else { &shape[..2] }, 0, None)
    };
    let stat = &model.streams.stat;
    let stat_shape = [if multivariate { series } else { windows }, stat.columns.len()];
    let stat_there = stat_shape[1] > 0;
    Batch {
        insample_y: of_target(0),
        insample_mask: of_target(1),
        futr_exog: exogenous(2, beyond, &model.streams.futr),
        hist_exog: exogenous(3, steps, &model.streams.hist),
        stat_exog: stat_there.then(|| numbers(tape, 4, &stat_shape, 1, Some(stat))),
        state,
    }
}

/// Records a forward pass and the head.
fn record(model: &Instance, tape: &Tape, batch: &Batch<'_>, counts: Option<Var<'_>>) -> Recorded {
    let asked = match tape.is_training() {
        true => Asked::Drawn(Key::new(2, Stream::Quantiles, 1)),
        false => Asked::Quantile(0.3),
    };
    let output = crate::batch::rows(model.forward(batch), model.series, &model.loss);
    let place = Place { row: 0, step: 0, horizon: output.dim(1) };
    let mapped = model.head.forward(output, asked, place);
    let inputs = [
        ("insample_y", Some(batch.insample_y)),
        ("insample_mask", Some(batch.insample_mask)),
        ("futr_exog", batch.futr_exog),
        ("hist_exog", batch.hist_exog),
        ("stat_exog", batch.stat_exog),
        ("counts", counts),
        ("drawn", mapped.drawn),
    ];
    let inputs: Vec<_> = inputs.into_iter().filter_map(|(name, v)| Some((name, v?))).collect();
    let program = tape.program(&inputs, &[("forecast", mapped.forecast)]);
    let entries = &model.entries;
    let program = program
        .with_names(|p| entries.iter().find(|entry| entry.param == p).map(|e| e.name.clone()));
    assert!(program.parameters.iter().all(|p| p.name.is_some()), "a parameter without a name");
    Recorded {
        program: serde_json::to_value(program).unwrap(),
        inputs: inputs.iter().map(|(_, v)| array(*v)).collect(),
        output: mapped.forecast.data().to_vec(),
    }
}

/// Records the forward pass of a batch, in training mode or not.
fn forward(model: &Instance, windows: usize, training: bool) -> Recorded {
    let tape = Tape::default();
    tape.reset(&model.values, training.then(|| Key::new(1, Stream::Dropout, 1)));
    let batch = batch(model, &tape, windows, model.input_size(), 0, None);
    let counts = training.then(|| {
        let counts: Vec<f32> = (0..windows).map(|i| 1.0 + (i % 3) as f32).collect();
        tape.constant([windows], &counts)
    });
    counts.into_iter().for_each(|counts| tape.set_counts(counts));
    record(model, &tape, &batch, counts)
}

/// Records step-by-step decoding.
fn decode(model: &Instance, windows: usize) -> Vec<Recorded> {
    let (tape, state) = (Tape::default(), RecurrentState::default());
    let step = |t: usize| {
        tape.reset(&model.values, None);
        let steps = if t == 0 { model.input_size() } else { 1 };
        record(model, &tape, &batch(model, &tape, windows, steps, t, Some(&state)), None)
    };
    (0..=DECODED).map(step).collect()
}

/// Runs the programs of consecutive steps, each from the state that the previous one left.
fn check(what: &str, model: &Instance, programs: &[Value], steps: &[Recorded]) {
    let mut left = Vec::new();
    for (t, (program, step)) in programs.iter().zip(steps).enumerate() {
        let what = format!("{what} step {t}");
        let program = reread(program);
        let mut given = by_id(&program, &step.inputs);
        for state in &program.state {
            let slot = (state.layer, state.part.clone());
            let before = left.iter().position(|(of, _)| *of == slot).map(|i| left.swap_remove(i).1);
            assert_eq!(before.is_some(), state.before.is_some(), "{what}: {state:?}");
            given.extend(state.before.zip(before));
        }
        assert!(left.is_empty(), "{what}: state that nobody reads");
        let (values, output) = interpret(&what, &program, &model.values, &given);
        assert_close(&what, &output, &step.output, CLOSE);
        left = program
            .state
            .iter()
            .map(|state| ((state.layer, state.part.clone()), values[&state.after].clone()))
            .collect();
    }
}

/// Checks two batch sizes, and a third to which the programs are extrapolated; returns what was recorded at the third.
fn check_sizes(what: &str, model: &Instance, of: impl Fn(usize) -> Vec<Recorded>) -> Vec<Recorded> {
    let recorded = SIZES.map(&of);
    for (steps, windows) in recorded.iter().zip(SIZES) {
        let programs: Vec<Value> = steps.iter().map(|step| step.program.clone()).collect();
        check(&format!("{what} of {windows}"), model, &programs, steps);
    }
    let other = of(OTHER);
    let fitted = |(a, b): (&Recorded, &Recorded)| {
        at_size(what, [&a.program, &b.program], SIZES.map(|n| n as i64), OTHER as i64)
    };
    let [one, two] = &recorded;
    let programs: Vec<Value> = one.iter().zip(two).map(fitted).collect();
    check(&format!("{what} made to fit {OTHER}"), model, &programs, &other);
    let named = other.iter().map(|step| &step.program);
    assert!(programs.iter().eq(named), "{what}: the program of {OTHER} windows is another");
    other
}

/// Checks the forward pass with and without training; adds the kinds of its operations to `seen`.
fn check_forwards(what: &str, model: &Instance, seen: &mut BTreeSet<String>) {
    for training in [false, true] {
        let what = format!("{what}, training: {training}");
        let one = check_sizes(&what, model, |windows| vec![forward(model, windows, training)]);
        seen.extend(reread(&one[0].program).operations.into_iter().map(|op| op.kind));
    }
}

/// Operations whose attributes or inputs depend on options, data or training mode.
const REACHED: [&str; 39] = [
    "attention",
    "avg_pool",
    "batch_norm",
    "causal_conv",
    "complex_tanh",
    "concat",
    "conv",
    "correlation",
    "cosines",
    "delay_aggregation",
    "dropout",
    "embedding",
    "fill",
    "glu",
    "grid_conv",
    "group_norm",
    "gru",
    "layer_norm",
    "linear",
    "linear_blocks",
    "linear_first",
    "lstm",
    "max_pool",
    "max_pool_steps",
    "mean_kernel",
    "mlstm",
    "moving_average_transposed",
    "period_mix",
    "prelu",
    "prob_attention",
    "resample",
    "reshape",
    "rnn",
    "skip_gate",
    "slstm",
    "softmax_mean",
    "stochastic_pool",
    "strongest_periods",
    "weighted",
];

#[test]
fn every_activation_runs_from_the_program_alone() {
    let path =
        files("models/GRU").into_iter().find(|path| path.ends_with("direct_gelu.safetensors"));
    let mut checks = Checks::default();
    for name in Activation::NAMES {
        let (what, model) = model(path.as_ref().unwrap(), Some(("decoderActivation", name)));
        checks.row(name, || check_forwards(&what, &model, &mut BTreeSet::new()));
    }
    checks.finish();
}

#[test]
fn every_model_runs_from_its_program_alone() {
    let (mut series, mut seen, mut checks) = (1, BTreeSet::new(), Checks::default());
    // The prompts of TimeLLM are text, which a program does not have.
    for entry in crate::models::registry().iter().filter(|entry| entry.spec.name != "TimeLLM") {
        for path in files(&format!("models/{}", entry.spec.name)) {
            let (what, model) = model(&path, None);
            series = series.max(model.series);
            checks.row(&what, || check_forwards(&what, &model, &mut seen));
        }
    }
    checks.finish();
    assert!(series >= 3, "models of several series");
    assert!(REACHED.iter().all(|kind| seen.contains(*kind)), "{seen:?}");
}

#[test]
fn decoding_runs_from_its_programs_and_the_state_that_they_name() {
    let mut checks = Checks::default();
    for (name, parts) in [("DeepAR", 2), ("LSTM", 2), ("GRU", 1), ("RNN", 1)] {
        let mut decoding = 0;
        for path in files(&format!("models/{name}")) {
            let (what, model) = model(&path, None);
            if model.recurrence().is_none() {
                continue;
            }
            decoding += 1;
            checks.row(&what, || {
                let steps = check_sizes(&what, &model, |windows| decode(&model, windows));
                let state = steps[1].program["state"].as_array().unwrap();
                assert!(!state.is_empty() && state.len() % parts == 0, "{state:?}");
                assert_eq!(steps[1].program, steps[2].program, "all later steps are alike");
            });
        }
        assert!(decoding >= 5, "{name}: {decoding}");
    }
    checks.finish();
}
