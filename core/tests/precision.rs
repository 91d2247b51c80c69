//! Training in 16 bits: the loss follows that of f32, memory of values is halved, and steps whose gradients are too large
//! are left out and counted.

mod series;

use neuro_divergent::{Control, FitOptions, FitReport};
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
    for model in ["NHITS", "LSTM", "DLinear"] {
        let wanted = loss(&fit(model, "f32", &json!({})));
        for precision in ["bf16", "fp16"] {
            let report = fit(model, precision, &json!({}));
            let got = loss(&report);
            assert!(
                (got - wanted).abs() < 0.01 * wanted,
                "{model} in {precision}: {got}, {wanted}"
            );
            assert_eq!(report.models[0].skipped_steps, 0);
        }
    }
}

#[test]
fn every_model_trains_in_16_bits() {
    for (model, _) in models() {
        for precision in ["bf16", "fp16"] {
            let report = fit(&model, precision, &json!({ "maxSteps": 2, "windowsBatchSize": 32 }));
            assert!(
                report.models[0].train_loss.iter().all(|l| l.is_finite()),
                "{model} {precision}"
            );
        }
    }
}

#[test]
fn values_take_half_the_memory() {
    // What is at work is wide: many layers, so that this is little of all.
    let layers = json!({ "maxSteps": 3, "mlpUnits": vec![[128, 128]; 6] });
    let of = |precision| fit("NHITS", precision, &layers).models[0].workspace_bytes;
    let (f32, bf16) = (of("f32"), of("bf16"));
    assert!(2 * bf16 <= f32, "{bf16} bytes instead of {f32}");
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
    assert!(skipped > 0 && skipped < 20, "{skipped} of 40 steps");
}
