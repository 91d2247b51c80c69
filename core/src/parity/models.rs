//! Forward pass, loss and gradients of every model with upstream's weights.

use super::checks::Checks;
use super::{Fixture, Tensor, assert_close, distributions, files};
use crate::models::{Batch, InputStream, Instance, ModelSpec};
use crate::nn::RecurrentState;
use crate::objective::{Asked, Compared, Place, Target, Totals};
use crate::rng::{Key, Stream};
use crate::scalers::Statistics;
use crate::tape::{Tape, Update, Var};

/// Tolerance of network outputs. The largest deviation is 2.0e-6 (decoding LSTMs), over AVX-512, AVX2 and neither; with
/// TiDE 2.3e-6.
const FORWARD: f32 = 3e-6;
/// Tolerance of losses and statistics, whose largest deviation is 3.4e-7.
const LOSS: f32 = 1e-6;
/// Tolerance of gradients. The largest deviation is 1.2e-5 (DeepNPTS and NHITS); with TiDE, whose layer norms cancel
/// digits, 2.4e-5.
const GRADIENT: f32 = 2e-5;

/// How the names of scalars end.
const SCALARS: [&str; 3] = [".num_batches_tracked", ".pe_scale", ".sdp_attn.scale"];

/// The names of weights whose gradient is 0, and the computed one a rounding error: see `tools/reference/no_slope.py`.
pub(super) fn without_slope(fixture: &Fixture) -> Vec<String> {
    let names = fixture.metadata("no_slope");
    names.map_or(Vec::new(), |names| serde_json::from_str(&names).unwrap())
}

fn tolerances(fixture: &Fixture) -> [f32; 2] {
    match &*fixture.meta("model") {
        "TiDE" => [5e-6, 5e-5],
        // Outputs near 0 deviate by up to 6.6e-6, gradients by 7.3e-5: those of a selection's weights are what is left of
        // sums that cancel.
        "TFT" => [1e-5, 1e-4],
        // Gradients deviate by up to 7.7e-5, upstream's by 3.1e-5 from those in double precision: what reaches a bias before
        // a batch normalization are sums that cancel.
        "PatchTST" => [FORWARD, 1e-4],
        // Through several blocks, gradients deviate by up to 2.8e-5, upstream's by 6.1e-5 from those in double precision: those of
        // keys and of normalizations are what is left of sums that cancel.
        "xLSTM" => [FORWARD, 1e-4],
        _ => [FORWARD, GRADIENT],
    }
}

/// A model with a fixture's options and weights.
pub(super) fn instance(fixture: &Fixture) -> Instance {
    let spec = ModelSpec { model: fixture.meta("model"), options: fixture.options() };
    let mut model = Instance::new(&spec).unwrap();
    for (name, t) in entries(fixture, "param.", &model) {
        model.set_parameter(&name, shape(&name, &t), &t.data).unwrap();
    }
    model
}

/// The shape of an entry; the fixture writer stores a scalar as a list of one number.
fn shape<'a>(name: &str, tensor: &'a Tensor) -> &'a [usize] {
    let scalar = SCALARS.iter().any(|scalar| name.ends_with(scalar));
    if scalar { &[] } else { &tensor.shape }
}

/// The entries of a `state_dict`, by name. Constants of losses are left out, learned parameters of losses are kept.
pub(super) fn entries(fixture: &Fixture, prefix: &str, model: &Instance) -> Vec<(String, Tensor)> {
    let constant = |n: &String| n.contains("loss.") && model.parameter(n).is_none();
    let names = fixture.names(prefix).into_iter().filter(|n| !constant(n));
    names.map(|name| (name.clone(), fixture.tensor(&format!("{prefix}{name}")))).collect()
}

fn batch<'t>(
    fixture: &Fixture,
    model: &Instance,
    tape: &'t Tape,
    group: &str,
    state: Option<&'t RecurrentState>,
) -> Batch<'t> {
    let constant = |t: Tensor| tape.constant(&t.shape[..], &t.data);
    let value = |name: &str| fixture.get(&format!("{group}.{name}")).map(constant);
    // The fixture also has the exogenous values before their embedding, in the order of the option.
    let exogenous = |name: &str, list: &[String], stream: &InputStream| {
        let Some(raw) = fixture.get(&format!("{group}.raw.{name}")) else { return value(name) };
        let raw = constant(raw);
        let last = raw.shape().rank() - 1;
        let axis = if model.spec.multivariate { 1 } else { last };
        let column = |c: &String| raw.slice(axis, list.iter().position(|l| l == c).unwrap(), 1);
        let columns: Vec<Var<'_>> = stream.columns.iter().map(column).collect();
        Some(Var::concat(&columns, axis))
    };
    let (train, streams) = (&model.common, &model.streams);
    Batch {
        insample_y: value("insample_y").unwrap(),
        insample_mask: value("insample_mask").unwrap(),
        futr_exog: exogenous("futr_exog", &train.futr_exog_list, &streams.futr),
        hist_exog: exogenous("hist_exog", &train.hist_exog_list, &streams.hist),
        stat_exog: exogenous("stat_exog", &train.stat_exog_list, &streams.stat),
        state,
    }
}

/// Checks that embedded categories equal the inputs of upstream's network.
fn check_embedding(fixture: &Fixture, model: &Instance, given: &Batch<'_>) {
    let seen = model.streams.embed(given, model.spec.multivariate);
    for (name, ours) in [
        ("futr_exog", seen.futr_exog),
        ("hist_exog", seen.hist_exog),
        ("stat_exog", seen.stat_exog),
    ] {
        let expected = fixture.get(&format!("batch.{name}"));
        assert_eq!(ours.is_some(), expected.is_some(), "{} {name}", fixture.name);
        if let (Some(ours), Some(expected)) = (ours, expected) {
            assert_eq!(ours.shape().dims(), expected.shape, "{} {name}", fixture.name);
            assert_close(&format!("{} {name}", fixture.name), &ours.data(), &expected.data, LOSS);
        }
    }
}

fn check(fixture: &Fixture) {
    let mut model = instance(fixture);
    let tape = Tape::default();
    tape.reset(&model.values, Some(Key::new(1, Stream::Dropout, 1))); // every dropout rate is 0
    let batch = batch(fixture, &model, &tape, "batch", None);
    check_embedding(fixture, &model, &batch);
    let expected = fixture.tensor("output");
    let [of_output, of_gradient] = tolerances(fixture);
    let output = model.forward(&batch).last(1, expected.shape[1]);
    let name = format!("{} {}", fixture.meta("model"), fixture.name);
    assert_close(&format!("{name} output"), &output.data(), &expected.data, of_output);

    let y = fixture.tensor("batch.outsample_y");
    let mut mask = fixture.tensor("batch.outsample_mask");
    if let Some(by_step) = &model.loss.horizon_weight {
        let steps = mask.data.chunks_mut(model.series).zip(by_step.iter().cycle());
        steps.for_each(|(step, weight)| step.iter_mut().for_each(|m| *m *= weight));
    }
    let weight = mask.data.iter().map(|m| f64::from(*m)).sum();
    let rows = y.shape[0] * model.series;
    let mut totals = Totals { weight, windows: rows as f64, ..Totals::default() };
    let scales = fixture.get("scale");
    if let Some(scale) = scales.as_ref().filter(|_| model.loss.target() == Target::Relative) {
        let of_row = |(row, scale): (usize, &f32)| {
            let [window, series] = [row / model.series, row % model.series];
            let steps = mask.data.iter().skip(window * mask.shape[1] * model.series + series);
            let steps = steps.step_by(model.series).take(mask.shape[1]);
            steps.map(|m| f64::from(*m)).sum::<f64>() * f64::from(*scale).ln()
        };
        totals.ln_scale = scale.data.iter().enumerate().map(of_row).sum();
    }
    // [B, h], or [B, h, N] of a multivariate model, as [B, N, h].
    let constant = |t: &super::Tensor| -> Var<'_> {
        let shape = [t.shape[0], t.shape[1], model.series];
        tape.constant(shape, &t.data).permute(&[0, 2, 1])
    };
    let counts = tape.constant([rows], &vec![1.0; rows]);
    let output = crate::batch::rows(output, model.series, &model.loss);
    // An implicit quantile network runs at the quantile levels that upstream drew.
    let levels = fixture.get("levels").map(|levels| constant(&levels));
    let forecast = model.head.at(output, levels);
    let affine = (model.loss.target() == Target::Original).then(|| {
        let affine = distributions::affine(fixture);
        let affine: Vec<f32> = affine.as_flattened().iter().map(|v| *v as f32).collect();
        tape.constant([rows, 2], &affine)
    });
    // A loss on the original scale has a target of its own in the fixture.
    let y = fixture.get("y").unwrap_or(y);
    let y = constant(&y);
    let with = Compared { y, weights: constant(&mask), counts, affine, drawn: levels };
    let loss = forecast.loss(&model.loss, with, &totals);
    let whole = model.loss.finish(f64::from(loss.data()[0]), &totals, &mut []) as f32;
    assert_close(&format!("{name} loss"), &[whole], &fixture.tensor("loss").data, LOSS);
    if model.loss.samples() > 0 {
        distributions::check(&name, fixture, &model, &output.data());
    }

    let mut grads = vec![0.0; model.values.len()];
    tape.backward(loss, &mut grads);
    let learned = fixture.names("grad.");
    let trained = || model.entries.iter().filter(|e| e.trained);
    let flat = without_slope(fixture);
    let largest = grads.iter().fold(0.0f32, |most, g| most.max(g.abs()));
    assert_eq!(
        learned.len() + flat.len(),
        trained().count(),
        "{name}: every weight has a gradient"
    );
    for entry in trained() {
        let grad = &grads[entry.param.offset..][..entry.param.shape.size()];
        if flat.contains(&entry.name) {
            let none = grad.iter().all(|g| g.abs() < 1e-5 * largest);
            assert!(none, "{name} grad.{}: {grad:?}", entry.name);
            continue;
        }
        let expected = fixture.tensor(&format!("grad.{}", entry.name));
        assert_eq!(entry.param.shape.dims(), shape(&entry.name, &expected));
        assert_close(&format!("{name} grad.{}", entry.name), grad, &expected.data, of_gradient);
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
    assert_close(&format!("{name} on scalar kernels"), &output.data(), &before, of_output);
    let updates = tape.take_updates();
    check_statistics(fixture, &mut model, updates);
}

/// Checks the running statistics after a batch, and the output in evaluation mode, which uses them.
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
        assert_close(&format!("{} {name}", fixture.name), got, &expected.data, LOSS);
    }
    let tape = Tape::default();
    tape.reset(&model.values, None);
    let output = model.forward(&batch(fixture, model, &tape, "batch", None));
    assert_close(&format!("{} by them", fixture.name), &output.data(), &expected.data, LOSS);
}

#[test]
fn forwards_losses_and_gradients_are_upstreams() {
    let mut checks = Checks::default();
    for entry in crate::models::registry() {
        let name = entry.spec.name;
        for path in files(&format!("models/{name}")) {
            let fixture = Fixture::open(&path);
            checks.row(format!("{name} {}", fixture.name), || check(&fixture));
        }
    }
    assert!(checks.finish() >= 435);
}

/// Decodes step by step as upstream does; returns whether the fixture has a forecast to compare with.
fn check_decoding(fixture: &Fixture) -> bool {
    // With implicit quantiles, the forecast at one of them; else the output of validation.
    let quantile = fixture.metadata("decoded_at");
    let kind = if quantile.is_some() { "predict_output" } else { "validate_output" };
    let Some(expected) = fixture.get(kind) else { return false };
    let asked = Asked::Quantile(quantile.map_or(0.5, |q| q.parse().unwrap()));
    let model = instance(fixture);
    let (input, outputs) = (model.input_size(), model.loss.numbers());
    let tape = Tape::default();
    let state = RecurrentState::default();
    let rows = expected.shape[0];
    let mut fed_back: Vec<f32> = Vec::new();
    for t in 0..expected.shape[1] {
        tape.reset(&model.values, None);
        let whole = batch(fixture, &model, &tape, "decode", Some(&state));
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
        let output = model.forward(&now).last(1, 1);
        let mapped = model.head.forward(output, asked, Place::default());
        let output = mapped.forecast.data().to_vec();
        let unscaled = Statistics { shift: 0.0, scale: 1.0 };
        let scaling = model.scaling(unscaled);
        fed_back = output.chunks(outputs).map(|o| model.loss.fed_back(o, &scaling)).collect();
        let at = |row: usize| &expected.data[(row * expected.shape[1] + t) * outputs..][..outputs];
        let step: Vec<f32> = (0..rows).flat_map(|row| at(row).to_vec()).collect();
        assert_close(&format!("{} step {t}", fixture.name), &output, &step, FORWARD);
    }
    true
}

#[test]
fn recurrent_decoding_is_upstreams() {
    let mut checks = Checks::default();
    for (name, count) in [("DeepAR", 8), ("LSTM", 7), ("GRU", 5), ("RNN", 5)] {
        let mut checked = 0;
        for path in files(&format!("models/{name}")) {
            let fixture = Fixture::open(&path);
            let what = format!("{name} {}", fixture.name);
            checks.row(what, || checked += usize::from(check_decoding(&fixture)));
        }
        assert!(checked >= count, "{name}: {checked}");
    }
    checks.finish();
}
