//! Same numbers: forward, loss and gradients of every model, from upstream's weights.

use super::{Fixture, assert_close, files};
use crate::losses::Totals;
use crate::models::{Asked, Batch, Head, Instance, ModelSpec, Place};
use crate::nn::RecurrentState;
use crate::rng::{Key, Stream};
use crate::tape::{Tape, Update, Var};

const FORWARD: f32 = 1e-5;
const GRADIENT: f32 = 1e-4;

/// A model with a fixture's options and weights.
pub(super) fn instance(fixture: &Fixture) -> Instance {
    let spec = ModelSpec { model: fixture.meta("model"), options: fixture.options() };
    let mut model = Instance::new(&spec).unwrap();
    // Constants of losses are no parameters; what a loss learns is.
    let constant = |n: &str| n.contains("loss.") && model.parameter(n).is_none();
    let names: Vec<String> = fixture.names("param.").into_iter().filter(|n| !constant(n)).collect();
    for name in &names {
        let t = fixture.tensor(&format!("param.{name}"));
        // The writer of fixtures makes a list of a single number.
        let shape = if name.ends_with(".num_batches_tracked") { &[] } else { &t.shape[..] };
        model.set_parameter(name, shape, &t.data).unwrap();
    }
    model
}

fn batch<'t>(
    fixture: &Fixture,
    tape: &'t Tape,
    group: &str,
    state: Option<&'t RecurrentState>,
) -> Batch<'t> {
    let value = |name: &str| {
        let t = fixture.get(&format!("{group}.{name}"))?;
        Some(tape.constant(&t.shape[..], &t.data))
    };
    Batch {
        insample_y: value("insample_y").unwrap(),
        insample_mask: value("insample_mask").unwrap(),
        futr_exog: value("futr_exog"),
        hist_exog: value("hist_exog"),
        stat_exog: value("stat_exog"),
        state,
    }
}

fn check(fixture: &Fixture) {
    let mut model = instance(fixture);
    let tape = Tape::default();
    tape.reset(&model.values, Some(Key::new(1, Stream::Dropout, 1))); // every dropout is 0
    let batch = batch(fixture, &tape, "batch", None);
    let expected = fixture.tensor("output");
    let output = model.network.forward(&batch).last(1, expected.shape[1]);
    let name = format!("{} {}", fixture.meta("model"), fixture.name);
    assert_close(&format!("{name} output"), &output.data(), &expected.data, FORWARD);

    let (y, mask) = (fixture.tensor("batch.outsample_y"), fixture.tensor("batch.outsample_mask"));
    let weight = mask.data.iter().map(|m| f64::from(*m)).sum();
    let totals = Totals { weight, windows: y.shape[0] as f64, ..Totals::default() };
    let constant = |t: &super::Tensor| -> Var<'_> { tape.constant(&t.shape[..], &t.data) };
    let counts = tape.constant([y.shape[0]], &vec![1.0; y.shape[0]]);
    // An implicit quantile network at the quantiles that upstream drew.
    let levels = fixture.get("levels").map(|levels| constant(&levels));
    let forecast = match (&model.head, levels) {
        (Head::Implicit(head), Some(levels)) => head.at(output, levels),
        _ => output,
    };
    let weights = [constant(&mask), counts];
    let loss = forecast.loss(&model.loss, constant(&y), weights, levels, &totals);
    assert_close(&format!("{name} loss"), &loss.data(), &fixture.tensor("loss").data, FORWARD);

    let mut grads = vec![0.0; model.values.len()];
    tape.backward(loss, &mut grads);
    let learned = fixture.names("grad.");
    let trained = || model.entries.iter().filter(|e| e.trained);
    assert_eq!(learned.len(), trained().count(), "{name}: every parameter has a gradient");
    for entry in trained() {
        let grad = &grads[entry.param.offset..][..entry.param.shape.size()];
        let expected = fixture.tensor(&format!("grad.{}", entry.name));
        assert_eq!(entry.param.shape.dims(), expected.shape);
        assert_close(&format!("{name} grad.{}", entry.name), grad, &expected.data, GRADIENT);
    }

    for quantile in fixture.names("at.") {
        let asked = Asked::Quantile(quantile.parse().unwrap());
        let mapped = model.head.forward(output, asked, Place::default()).forecast;
        let expected = fixture.tensor(&format!("at.{quantile}")).data;
        assert_close(&format!("{name} at {quantile}"), &mapped.data(), &expected, FORWARD);
    }

    let before = output.data().to_vec();
    tape.replay();
    assert_eq!(before, output.data()[..], "{name}: the program gives the same numbers");
    crate::simd::with_isa(crate::simd::Isa::Scalar, || tape.replay());
    assert_close(&format!("{name} on scalar kernels"), &output.data(), &before, FORWARD);
    let updates = tape.take_updates();
    check_statistics(fixture, &mut model, updates);
}

/// What a batch makes of its running statistics, and the forecast by them.
fn check_statistics(fixture: &Fixture, model: &mut Instance, updates: Vec<Update>) {
    let statistics = fixture.names("after.");
    assert_eq!(updates.len(), statistics.len(), "{} updates", fixture.name);
    let Some(expected) = fixture.get("eval_output") else { return };
    let mut values = model.values.to_vec();
    updates.iter().for_each(|update| update.apply(&mut values));
    model.values = std::sync::Arc::new(values);
    for name in statistics {
        let expected = fixture.tensor(&format!("after.{name}"));
        let got = model.parameter(&name).unwrap();
        assert_close(&format!("{} {name}", fixture.name), got, &expected.data, FORWARD);
    }
    let tape = Tape::default();
    tape.reset(&model.values, None);
    let output = model.network.forward(&batch(fixture, &tape, "batch", None));
    assert_close(&format!("{} by them", fixture.name), &output.data(), &expected.data, FORWARD);
}

#[test]
fn forwards_losses_and_gradients_are_upstreams() {
    for entry in crate::models::registry() {
        for path in files(&format!("models/{}", entry.spec.name)) {
            check(&Fixture::open(&path));
        }
    }
}

/// Decodes step by step as upstream does; whether the fixture has a forecast to compare with.
fn check_decoding(fixture: &Fixture) -> bool {
    // With implicit quantiles, what is forecast at one of them; else what is validated.
    let quantile = fixture.metadata("decoded_at");
    let kind = if quantile.is_some() { "predict_output" } else { "validate_output" };
    let Some(expected) = fixture.get(kind) else { return false };
    let asked = Asked::Quantile(quantile.map_or(0.5, |q| q.parse().unwrap()));
    let model = instance(fixture);
    let (input, outputs) = (model.input_size(), model.loss.outputs());
    let tape = Tape::default();
    let state = RecurrentState::default();
    let rows = expected.shape[0];
    let mut fed_back: Vec<f32> = Vec::new();
    for t in 0..expected.shape[1] {
        tape.reset(&model.values, None);
        let whole = batch(fixture, &tape, "decode", Some(&state));
        let [from, len] = if t == 0 { [0, input] } else { [input + t - 1, 1] };
        let now = Batch {
            insample_y: match t {
                0 => whole.insample_y.slice(1, 0, input),
                _ => tape.constant([rows, 1], &fed_back),
            },
            insample_mask: whole.insample_mask.slice(1, from, len),
            futr_exog: whole.futr_exog.map(|v| v.slice(1, from, len)),
            hist_exog: whole.hist_exog.map(|v| v.slice(1, from, len)),
            ..whole
        };
        let output = model.network.forward(&now).last(1, 1);
        let mapped = model.head.forward(output, asked, Place::default());
        let output = mapped.forecast.data().to_vec();
        fed_back = output.chunks(outputs).map(|o| o.iter().sum::<f32>() / outputs as f32).collect();
        let at = |row: usize| &expected.data[(row * expected.shape[1] + t) * outputs..][..outputs];
        let step: Vec<f32> = (0..rows).flat_map(|row| at(row).to_vec()).collect();
        assert_close(&format!("{} step {t}", fixture.name), &output, &step, FORWARD);
    }
    true
}

#[test]
fn recurrent_decoding_is_upstreams() {
    for (name, count) in [("LSTM", 6), ("GRU", 5), ("RNN", 5)] {
        let fixtures = files(&format!("models/{name}"));
        let checked = fixtures.iter().filter(|p| check_decoding(&Fixture::open(p))).count();
        assert!(checked >= count, "{name}: {checked}");
    }
}
