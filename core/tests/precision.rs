//! Training in 16 bits: the loss follows that of f32, memory of values is halved, and steps whose gradients are too large
//! are left out and counted.

mod checks;
mod series;

use checks::Checks;
use neuro_divergent::{Control, FitOptions, FitReport, ModelSpec, NeuralForecast};
use serde_json::{Value, json};
use series::{forecaster, models, panel};

fn fit(model: &str, precision: &str, more: &Value) -> FitReport {
    fit_with(1, model, precision, more)
}

fn fit_with(threads: usize, model: &str, precision: &str, more: &Value) -> FitReport {
    let mut options = json!({
        "h": 12, "inputSize": 24, "maxSteps": 40, "scalerType": "standard", "precision": precision,
        "windowsBatchSize": 256, "batchSize": 6,
    });
    let more = more.as_object().expect("options are an object").clone();
    options.as_object_mut().expect("options are an object").extend(more);
    let control = Control { threads: Some(threads), ..Control::default() };
    let mut nf = forecaster(model, &options);
    nf.fit(&panel(6, 144), &FitOptions::default(), &control).unwrap()
}

/// The mean loss of the last ten steps.
fn loss(report: &FitReport) -> f64 {
    let last = &report.models[0].train_loss[30..];
    last.iter().map(|l| f64::from(*l)).sum::<f64>() / last.len() as f64
}

#[test]
fn losses_follow_those_of_f32() {
    let mut checks = Checks::default();
    for model in ["NHITS", "LSTM", "DLinear"] {
        checks.row(model, || {
            let wanted = loss(&fit(model, "f32", &json!({})));
            // Eight seeds give differences of at most 0.0006 and 0.00016; without any training it is 0.03 to 0.5.
            for (precision, most) in [("bf16", 0.001), ("fp16", 0.0003)] {
                let report = fit(model, precision, &json!({}));
                let got = loss(&report);
                assert!(
                    (got - wanted).abs() < most * wanted,
                    "{model} in {precision}: {got}, {wanted}"
                );
                assert_eq!(report.models[0].skipped_steps, 0);
            }
        });
    }
    checks.finish();
}

#[test]
fn every_model_trains_in_16_bits() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let losses = |precision: &str| {
                let more = json!({ "maxSteps": 2, "windowsBatchSize": 32 });
                fit(&model, precision, &more).models.remove(0).train_loss
            };
            let wanted = losses("f32");
            // Eight seeds of all models give differences of at most 0.0011 and 0.00015, of both steps.
            for (precision, most) in [("bf16", 0.002), ("fp16", 0.0003)] {
                let got = losses(precision);
                assert_eq!(got.len(), 2);
                for (got, wanted) in got.iter().zip(&wanted) {
                    assert!((got / wanted - 1.0).abs() < most, "{precision}: {got}, not {wanted}");
                }
            }
        });
    }
    checks.finish();
}

/// Bytes of values and their gradients after training with such options, those of the model's own left at their defaults. Each
/// step has a batch with another number of distinct windows.
fn memory(model: &str, val_size: usize, more: &Value) -> usize {
    let mut options = json!({ "h": 24, "inputSize": 48, "maxSteps": 30 });
    let more = more.as_object().expect("options are an object").clone();
    options.as_object_mut().expect("options are an object").extend(more);
    let mut options = options.as_object().expect("options are an object").clone();
    options.extend(series::language::needed(model));
    let mut nf =
        NeuralForecast::new(vec![ModelSpec { model: model.into(), options }], None).unwrap();
    let control = Control { threads: Some(1), ..Control::default() };
    let options = FitOptions { val_size, ..FitOptions::default() };
    nf.fit(&panel(1, 1000), &options, &control).unwrap().models[0].workspace_bytes
}

#[test]
fn values_take_half_the_memory_however_many_windows_a_step_has() {
    for model in ["NHITS", "MLP", "LSTM", "GRU", "RNN"] {
        let of = |precision: &str| memory(model, 0, &json!({ "precision": precision }));
        let f32 = of("f32");
        for precision in ["bf16", "fp16"] {
            let half = of(precision);
            assert!(2 * half <= f32, "{model} in {precision}: {half} bytes, {f32} in f32");
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_steps() {
    for (model, precision) in
        [("NHITS", "f32"), ("NHITS", "bf16"), ("LSTM", "bf16"), ("GRU", "bf16")]
    {
        let [few, many] = [3, 30].map(|steps| {
            memory(model, 0, &json!({ "precision": precision, "maxSteps": steps })) as f64
        });
        assert!(many < 1.02 * few, "{model} in {precision}: {few} bytes, later {many}");
    }
}

#[test]
fn memory_does_not_depend_on_validation() {
    let [rare, often] = [100, 5].map(|steps| {
        memory("NHITS", 24, &json!({ "precision": "bf16", "maxSteps": 12, "valCheckSteps": steps }))
            as f64
    });
    // A list has up to an eighth more room than a step wants.
    assert!((often / rare - 1.0).abs() < 0.125, "{rare} bytes, with checks {often}");
}

#[test]
fn results_do_not_depend_on_threads() {
    for precision in ["bf16", "fp16"] {
        let run = |threads| {
            fit_with(threads, "NHITS", precision, &json!({ "maxSteps": 5 }))
                .models
                .remove(0)
                .train_loss
        };
        assert_eq!(run(1), run(3));
    }
}

#[test]
fn gradients_that_are_too_large_skip_a_step_and_are_counted() {
    let report = fit(
        "NHITS",
        "fp16",
        &json!({
            "scalerType": "identity", "loss": { "kind": "MSE" }, "windowsBatchSize": 1, "batchSize": 1,
        }),
    );
    let skipped = report.models[0].skipped_steps;
    // The scale is halved until the gradients fit: 4 or 5 times with eight seeds.
    assert!((3..=6).contains(&skipped), "{skipped} of 40 steps");
}
