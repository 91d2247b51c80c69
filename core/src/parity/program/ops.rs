//! Every operation can be run from its recorded description, and no attribute of that is superfluous.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::super::checks::Checks;
use super::super::json;
use super::super::ops::{apply, inputs};
use super::{Array, array, assert_close, interpret, reread, run};
use crate::rng::{Key, Stream};
use crate::tape::{Edge, Mask, Param, Pattern, Program, Tape, Var, Wavelet};

const CLOSE: f32 = 1e-5;

/// Runs the program of `y`, checks its values and that no attribute can be left out; adds its kinds to `seen`.
#[track_caller]
fn check(what: &str, x: &[Var<'_>], y: Var<'_>, seen: &mut BTreeSet<String>) {
    let named: Vec<(&str, Var<'_>)> = x.iter().map(|v| ("x", *v)).collect();
    let program = y.tape().program(&named, &[("y", y)]);
    let program = reread(&serde_json::to_value(program).unwrap());
    let given: HashMap<usize, Array> =
        program.inputs.iter().map(|i| i.value.id).zip(x.iter().map(|v| array(*v))).collect();
    let (_, numbers) = interpret(what, &program, &PARAMETERS, &given);
    assert_close(what, &numbers, &y.data(), CLOSE);
    for (i, operation) in program.operations.iter().enumerate() {
        seen.insert(operation.kind.clone());
        for (j, (name, _)) in operation.attributes.iter().enumerate() {
            let mut less = program.clone();
            less.operations[i].attributes.remove(j);
            assert!(!same(&less, &given, &numbers), "{what}: {} without {name}", operation.kind);
        }
    }
}

/// Whether a program computes these values.
fn same(program: &Program, given: &HashMap<usize, Array>, numbers: &[f32]) -> bool {
    let Ok(values) = run(program, &PARAMETERS, given) else { return false };
    let output = &values[&program.outputs[0].value.id].data;
    output.iter().zip(numbers).all(|(a, b)| (*a as f32 - b).abs() < 1e-6)
}

const PARAMETERS: [f32; 3] = [9.0, -0.5, 2.0];

fn wave<'t>(tape: &'t Tape, shape: &[usize]) -> Var<'t> {
    let size = shape.iter().product::<usize>();
    tape.constant(shape, &(0..size).map(|i| (i as f32 * 1.3 + 0.5).sin()).collect::<Vec<_>>())
}

/// Operations without a fixture: those of training, and those that torch does not have.
fn others(seen: &mut BTreeSet<String>) {
    let tape = Tape::default();
    let begin = |training: bool| {
        let key = training.then(|| Key::new((7 << 40) + 3, Stream::Dropout, 5));
        tape.reset(&Arc::new(PARAMETERS.to_vec()), key);
        tape.set_rows(6, 3);
    };
    begin(true);
    let x = wave(&tape, &[2, 3, 5]);
    check("dropout", &[x], x.dropout_along(1, 0.4), seen);
    begin(true);
    let x = wave(&tape, &[2, 3, 5]);
    check("gelu_tanh", &[x], x.gelu_tanh(), seen);
    begin(true);
    let x = wave(&tape, &[6, 5]);
    check("rrelu", &[x], x.rrelu(), seen);
    let pattern = Mask::Pattern(Arc::new(Pattern::new(4, 5, |i, j| (i + j) % 3 > 0)));
    for mask in [Mask::Causal, Mask::CausalAfter(1), pattern] {
        begin(true);
        let [q, k, v] = [[3, 4, 2, 3], [3, 5, 2, 3], [3, 5, 2, 4]].map(|s| wave(&tape, &s));
        check("attention", &[q, k, v], q.attention(k, v, 0.7, &mask, 0.3), seen);
    }
    begin(true);
    let [q, k, v] = [[3, 7, 2, 3], [3, 5, 2, 3], [3, 5, 2, 4]].map(|s| wave(&tape, &s));
    check("prob_attention", &[q, k, v], q.prob_attention(k, v, 0.7, false, [2, 3], 4), seen);
    begin(true);
    let x = wave(&tape, &[3, 4, 9]);
    check("stochastic_pool", &[x], x.stochastic_pool(1), seen);
    for drawn in [None, Some([1.0, 3.0, 2.0])] {
        begin(true);
        let [r, v] = [&[3, 6][..], &[3, 5, 2]].map(|s| wave(&tape, s));
        let counts = drawn.map(|counts| tape.constant([3], &counts));
        counts.into_iter().for_each(|counts| tape.set_counts(counts));
        let given: Vec<Var<'_>> = [r, v].into_iter().chain(counts).collect();
        check("delay_aggregation", &given, r.delay_aggregation(v, 6, 2), seen);
    }
    for drawn in [None, Some([1.0, 1.0, 90.0])] {
        begin(true);
        let (x, w) = (wave(&tape, &[3, 9, 2]), wave(&tape, &[2, 2, 3, 3]));
        let counts = drawn.map(|counts| tape.constant([3], &counts));
        counts.into_iter().for_each(|counts| tape.set_counts(counts));
        let given: Vec<Var<'_>> = [x, w].into_iter().chain(counts).collect();
        let [amplitudes, frequencies] = x.strongest_periods(2, true);
        let grids = x.grid_conv(frequencies, w, tape.constant([2], &[0.1, 0.2]), 9);
        check("strongest_periods", &given, grids.period_mix(amplitudes, frequencies, 9), seen);
    }
    begin(true);
    let (x, counts) = (wave(&tape, &[6, 4, 2]), tape.constant([3], &[1.0, 3.0, 2.0]));
    let [w, b] = [[0.5, 1.5, -1.0, 2.0], [0.1, 0.2, 0.3, 0.4]].map(|v| tape.constant([4], &v));
    tape.set_counts(counts);
    check("batch_norm", &[x, w, b, counts], x.batch_norm(1, [w, b], 1e-5), seen);
    begin(false);
    let (w, v) = (wave(&tape, &[2, 4, 3]), wave(&tape, &[4, 2]).transpose());
    check("softmax_mean", &[w], w.softmax_mean(v), seen);
    begin(false);
    let (v, w, to) = (wave(&tape, &[3, 2, 4]), wave(&tape, &[3, 2, 2]), wave(&tape, &[3, 2, 4]));
    check("weighted", &[v, w, to], v.weighted(w, 1, Some(to)), seen);
    begin(false);
    let (x, r) = (wave(&tape, &[3, 8]), wave(&tape, &[3, 4]));
    check("glu", &[x, r], x.glu(r), seen);
    begin(false);
    let knots: Vec<f32> = [[0.0f32; 7], [0.25; 7]]
        .iter()
        .flatten()
        .zip(0..)
        .map(|(by, i)| by + (i % 7) as f32 - 3.0)
        .collect();
    let (x, knots) = (wave(&tape, &[3, 2]), tape.constant([2, 7], &knots));
    check("spline_functions", &[x, knots], x.spline_functions(knots, 2), seen);
    for wavelet in Wavelet::ALL {
        begin(false);
        let x = wave(&tape, &[3, 4]);
        let [t, s, w] = [0.1, 1.0, 0.5].map(|by| wave(&tape, &[2, 4]).scale(0.3).add_scalar(by));
        let sums = x.wavelet_sums(wavelet, [t, s, w]);
        check("wavelet_sums", &[x, t, s, w], sums, seen);
    }
    begin(false);
    let x = wave(&tape, &[2, 9]);
    check("moving_average_transposed", &[x], x.moving_average_transposed(5), seen);
    begin(false);
    let (x, w) = (wave(&tape, &[3, 2]), tape.param(Param { offset: 1, shape: [1, 2].into() }));
    let y = (x.linear_relu(w, None).scale(0.3) + w.reshape([2])) * tape.constant([2], &[3.0; 2]);
    check("parameters and constants", &[x], y.flip().pad(1, [1, 2], Edge::Replicate), seen);
}

#[test]
fn every_operation_runs_from_its_description_alone() {
    let (mut seen, mut checks) = (BTreeSet::new(), Checks::default());
    for case in json("ops.json")["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        checks.row(name, || {
            let tape = Tape::default();
            let x = inputs(case, &tape);
            let y = apply(case, &x).unwrap();
            check(name, &x, y, &mut seen);
        });
    }
    checks.finish();
    others(&mut seen);
    // The documented kinds are those that exist.
    let documented: BTreeSet<String> = include_str!("../../tape/program.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("/// | `")?.split(" | ").next())
        .flat_map(|kinds| kinds.split(", ").map(|kind| kind.trim_matches('`').to_owned()))
        .filter(|kind| kind != "loss")
        .filter(|kind| kind != "attention_after") // of prompts, which a program does not have
        .collect();
    assert_eq!(seen, documented);
}

#[test]
fn a_program_has_names_shapes_and_places() {
    let tape = Tape::default();
    tape.reset(&Arc::new(PARAMETERS.to_vec()), None);
    let x = wave(&tape, &[2, 2]);
    let y = x.linear(tape.param(Param { offset: 1, shape: [1, 2].into() }), None).reshape([2]);
    let program = tape.program(&[("x", x)], &[("y", y)]);
    let program = program.with_names(|p| (p.offset == 1).then(|| "weight".into()));
    let expected = serde_json::json!({
        "inputs": [{ "name": "x", "value": { "id": 0, "shape": [2, 2] } }],
        "parameters": [{ "name": "weight", "offset": 1, "value": { "id": 1, "shape": [1, 2] } }],
        "operations": [
            {
                "kind": "linear",
                "attributes": [["rectified", { "flag": false }]],
                "inputs": [0, 1],
                "outputs": [{ "id": 2, "shape": [2, 1] }]
            },
            { "kind": "reshape", "attributes": [], "inputs": [2], "outputs": [{ "id": 3, "shape": [2] }] }
        ],
        "state": [],
        "outputs": [{ "name": "y", "value": { "id": 3, "shape": [2] } }]
    });
    assert_eq!(serde_json::to_value(program).unwrap(), expected);
}

#[test]
#[should_panic(expected = "a dry tape keeps no operations")]
fn a_dry_tape_has_no_program() {
    let tape = Tape::dry();
    let y = tape.constant([1], &[1.0]).exp();
    tape.program(&[], &[("y", y)]);
}
