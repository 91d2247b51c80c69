//! What fitting promises: it can be cancelled, says when it diverges, stops early, keeps the best, and tells how it went.

mod bits;
mod checks;
mod series;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use checks::Checks;
use neuro_divergent::data::{Column, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, FitReport, NeuralForecast, PredictOptions, Progress,
};
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

fn fit(nf: &mut NeuralForecast, table: &Table, val_size: usize) -> Result<FitReport, Error> {
    nf.fit(table, &FitOptions { val_size, ..FitOptions::default() }, &Control::default())
}

fn forecast(nf: &NeuralForecast) -> Vec<(String, Vec<u32>)> {
    bits::of_forecast(&nf.predict(&PredictOptions::default(), &Control::default()).unwrap())
}

fn with(base: &Value, more: &Value) -> Value {
    let mut all = base.as_object().unwrap().clone();
    all.extend(more.as_object().unwrap().clone());
    all.into()
}

fn short() -> Value {
    json!({ "h": 4, "inputSize": 8, "maxSteps": 20, "windowsBatchSize": 32, "numLrDecays": -1 })
}

/// What a run told while it lasted. `at` is called with every report.
fn watched(at: impl Fn(&Progress) + Send + Sync + 'static) -> (Control, Arc<Mutex<Vec<Progress>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let to = told.clone();
    let progress = move |p: &Progress| {
        at(p);
        to.lock().unwrap().push(p.clone());
    };
    (Control { progress: Some(Arc::new(progress)), ..Control::default() }, told)
}

/// A run that is cancelled when `step` is done, and what it told.
fn cancelled_at(step: usize) -> (Control, Arc<Mutex<Vec<Progress>>>) {
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = cancel.clone();
    let (control, told) = watched(move |p| flag.store(p.step >= step, Ordering::Relaxed));
    (Control { cancel, ..control }, told)
}

#[test]
fn a_cancelled_run_ends_before_the_next_step_but_one() {
    let table = panel(2, 60);
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            for (step, val_size) in [(1, 0), (7, 8)] {
                let mut nf = forecaster(&model, &with(&short(), &json!({ "valCheckSteps": 1 })));
                let (control, told) = cancelled_at(step);
                let options = FitOptions { val_size, ..FitOptions::default() };
                let e = nf.fit(&table, &options, &control).unwrap_err();
                assert_eq!(e.code, ErrorCode::Aborted, "{model}: {e}");
                assert_eq!(e.message, "the run was cancelled; the forecaster is as it was before");
                let last = told.lock().unwrap().iter().map(|p| p.step).max().unwrap();
                assert!(last < step + 2, "{model}: cancelled at {step}, went on to {last}");
            }
        });
    }
    checks.finish();
}

#[test]
fn a_cancelled_first_fit_leaves_nothing_fitted() {
    let mut nf = forecaster("NHITS", &short());
    nf.fit(&panel(2, 60), &FitOptions::default(), &cancelled_at(3).0).unwrap_err();
    assert!(!nf.fitted() && nf.panel().is_none() && nf.frequency().is_none());
    let e = nf.predict(&PredictOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.code, ErrorCode::NotFitted);
}

#[test]
fn a_cancelled_second_fit_leaves_the_first() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut nf = forecaster(&model, &short());
            fit(&mut nf, &panel(2, 60), 0).unwrap();
            let before = (forecast(&nf), nf.panel().cloned());
            nf.fit(&panel(3, 50), &FitOptions::default(), &cancelled_at(3).0).unwrap_err();
            assert_eq!((forecast(&nf), nf.panel().cloned()), before, "{model}");
        });
    }
    checks.finish();
}

#[test]
fn a_forecast_can_be_cancelled() {
    let mut nf = forecaster("DLinear", &short());
    fit(&mut nf, &panel(1, 40), 0).unwrap();
    let control = Control::default();
    control.cancel.store(true, Ordering::Relaxed);
    let e = nf.predict(&PredictOptions::default(), &control).unwrap_err();
    assert_eq!(e.code, ErrorCode::Aborted);
}

/// Three series, of which one is multiplied.
fn huge(series: usize, factor: f64) -> Table {
    let mut table = panel(3, 40);
    for (name, column) in &mut table.columns {
        if let (true, Column::Float(y)) = (name == "y", column) {
            y[series * 40..][..40].iter_mut().for_each(|y| *y *= factor);
        }
    }
    table
}

#[test]
fn divergence_names_model_step_and_series() {
    let options = with(&short(), &json!({ "loss": { "kind": "MSE" }, "windowsBatchSize": null }));
    let identity = with(&options, &json!({ "scalerType": "identity" }));
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
        for (series, factor) in [(0, 1e30), (1, 1e30), (2, 1e30), (1, -1e30), (2, 1e25)] {
            let mut nf = forecaster(&model, &identity);
            let e = fit(&mut nf, &huge(series, factor), 0).unwrap_err();
            assert_eq!(e.code, ErrorCode::Diverged, "{model}: {e}");
            // Attention and layers that center their inputs subtract infinite numbers from each other.
            let loss = e.details.actual.as_ref().and_then(|actual| actual["loss"].as_str()).unwrap().to_string();
            assert!(["inf", "NaN"].contains(&&*loss), "{loss}");
            let message = format!(
                "training of {model} left the finite numbers at step 1 (loss {loss}), first in series \"s{series}\"; \
                 lower learningRate, set scalerType, or set gradientClipVal"
            );
            assert_eq!(e.message, message);
            assert_eq!(e.details.model.as_deref(), Some(&*model));
            assert_eq!(e.details.unique_id, Some(format!("s{series}")));
            assert_eq!(e.details.actual, Some(json!({ "step": 1, "loss": loss })));
            assert!(!nf.fitted());
        }
        });
    }
    checks.finish();
}

#[test]
fn a_learning_rate_that_explodes_is_divergence() {
    let options = json!({
        "learningRate": 1e6, "maxSteps": 200, "loss": { "kind": "MSE" }, "optimizer": { "kind": "SGD" },
    });
    let mut nf = forecaster("DLinear", &with(&short(), &options));
    let e = fit(&mut nf, &panel(2, 60), 0).unwrap_err();
    assert_eq!(e.code, ErrorCode::Diverged, "{e}");
    let step = e.details.actual.unwrap()["step"].as_u64().unwrap();
    assert!((2..20).contains(&step), "{step}");
    assert!(e.message.starts_with(&format!(
        "training of DLinear left the finite numbers at step {step} (loss "
    )));
}

#[test]
fn divergence_in_the_last_step_is_told_too() {
    let options = json!({ "learningRate": 1e300, "maxSteps": 1, "scalerType": "standard" });
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut nf = forecaster(&model, &with(&short(), &options));
            let e = fit(&mut nf, &panel(2, 60), 0).unwrap_err();
            assert_eq!(e.code, ErrorCode::Diverged, "{model}: {e}");
            assert!(!nf.fitted());
        });
    }
    checks.finish();
}

#[test]
fn a_diverged_fit_leaves_the_one_before() {
    let options = with(&short(), &json!({ "loss": { "kind": "MSE" }, "scalerType": "identity" }));
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut nf = forecaster(&model, &options);
            fit(&mut nf, &panel(2, 60), 0).unwrap();
            let before = forecast(&nf);
            assert_eq!(fit(&mut nf, &huge(1, 1e30), 0).unwrap_err().code, ErrorCode::Diverged);
            assert_eq!(forecast(&nf), before, "{model}");
        });
    }
    checks.finish();
}

/// Trains too fast, so that validation gets worse; stops after three checks without improvement.
fn impatient() -> Value {
    json!({
        "h": 4, "inputSize": 12, "maxSteps": 200, "learningRate": 0.02, "scalerType": "standard", "numLrDecays": -1,
        "valCheckSteps": 2, "earlyStopPatienceSteps": 3, "windowsBatchSize": 32,
    })
}

#[test]
fn early_stopping_keeps_the_weights_of_the_best_check() {
    let table = panel(2, 60);
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut nf = forecaster(&model, &impatient());
            let report = fit(&mut nf, &table, 8).unwrap().models.remove(0);
            assert_eq!(report.stop_reason, "earlyStop", "{model}");
            let best = (0..report.val_loss.len())
                .min_by(|a, b| report.val_loss[*a].total_cmp(&report.val_loss[*b]))
                .unwrap();
            assert_eq!(report.best_step, report.val_steps[best] as usize, "{model}");
            assert_eq!(report.val_loss.len(), best + 1 + 3, "{model} stops after three checks");
            assert_eq!(report.steps, report.best_step + 3 * 2, "{model}");

            let until = json!({ "maxSteps": report.best_step, "earlyStopPatienceSteps": -1 });
            let mut shorter = forecaster(&model, &with(&impatient(), &until));
            fit(&mut shorter, &table, 8).unwrap();
            assert_eq!(forecast(&nf), forecast(&shorter), "{model}");
        });
    }
    checks.finish();
}

#[test]
fn without_restore_best_the_last_weights_are_kept() {
    let table = panel(2, 60);
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut nf = forecaster(&model, &with(&impatient(), &json!({ "restoreBest": false })));
            let report = fit(&mut nf, &table, 8).unwrap().models.remove(0);
            assert_eq!(report.stop_reason, "earlyStop", "{model}");
            assert_eq!(report.best_step, report.steps, "{model}");

            let until = json!({ "maxSteps": report.steps, "earlyStopPatienceSteps": -1 });
            let mut shorter = forecaster(&model, &with(&impatient(), &until));
            fit(&mut shorter, &table, 8).unwrap();
            assert_eq!(forecast(&nf), forecast(&shorter), "{model}");
        });
    }
    checks.finish();
}

#[test]
fn the_best_can_be_kept_without_stopping_early() {
    let options = json!({ "restoreBest": true, "earlyStopPatienceSteps": -1, "maxSteps": 40 });
    let mut nf = forecaster("NHITS", &with(&impatient(), &options));
    let report = fit(&mut nf, &panel(2, 60), 8).unwrap().models.remove(0);
    assert_eq!((report.steps, report.stop_reason), (40, "maxSteps"));
    let best = report.val_loss.iter().copied().fold(f32::INFINITY, f32::min);
    let at = report.val_loss.iter().position(|l| *l == best).unwrap();
    assert_eq!(report.best_step, report.val_steps[at] as usize);
    assert!(report.best_step < 40, "{:?}", report.val_loss);
}

#[test]
fn progress_tells_every_step_once() {
    let (control, told) = watched(|_| ());
    let options =
        json!({ "maxSteps": 12, "valCheckSteps": 5, "learningRate": 0.01, "numLrDecays": 2 });
    let mut nf = forecaster("NHITS", &with(&short(), &options));
    let fit = FitOptions { val_size: 4, ..FitOptions::default() };
    let report = nf.fit(&panel(2, 60), &fit, &control).unwrap().models.remove(0);
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(told.iter().map(|p| p.step).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    for (p, loss) in told.iter().zip(&report.train_loss) {
        let checked = p.step % 5 == 0;
        assert_eq!(p.phase, if checked { "validate" } else { "fit" }, "step {}", p.step);
        assert_eq!((&*p.model, p.max_steps), ("NHITS", 12));
        assert_eq!(p.train_loss.unwrap() as f32, *loss);
        assert_eq!(p.val_loss.is_some(), p.step >= 5);
        let halved = [0.01, 0.005][usize::from(p.step > 6)];
        assert_eq!(p.lr, Some(halved), "step {}", p.step);
        assert!(p.windows_per_sec.is_some_and(|w| w > 0.0), "{p:?}");
        assert!(p.eta_ms.is_some_and(|ms| ms.is_finite() && ms >= 0.0), "{p:?}");
    }
    assert_eq!(told[11].eta_ms, Some(0.0));
    assert_eq!(told[11].val_loss.map(|l| l as f32), report.val_loss.last().copied());
}

#[test]
fn a_forecast_tells_each_model() {
    let mut nf =
        NeuralForecast::new(vec![spec("DLinear", &short()), spec("NHITS", &short())], None)
            .unwrap();
    fit(&mut nf, &panel(1, 40), 0).unwrap();
    let (control, told) = watched(|_| ());
    nf.predict(&PredictOptions::default(), &control).unwrap();
    let told = told.lock().unwrap();
    let said: Vec<_> = told.iter().map(|p| (p.phase, &*p.model, p.step, p.max_steps)).collect();
    assert_eq!(said, [("predict", "DLinear", 1, 1), ("predict", "NHITS", 1, 1)]);
}

#[test]
fn the_report_has_every_curve() {
    let seeded = |more| with(&with(&short(), &json!({ "randomSeed": 7 })), &more);
    let specs = vec![
        spec(
            "DLinear",
            &seeded(
                json!({ "maxSteps": 10, "valCheckSteps": 4, "alias": "line", "windowsBatchSize": null }),
            ),
        ),
        spec("LSTM", &seeded(json!({ "maxSteps": 5, "windowsBatchSize": null }))),
    ];
    let mut nf = NeuralForecast::new(specs, None).unwrap();
    let report = fit(&mut nf, &panel(2, 60), 4).unwrap();
    assert_eq!(report.seed, 7);
    assert!(report.data_warnings.is_empty(), "{:?}", report.data_warnings);
    let [line, lstm] = &report.models[..] else { panic!("two models, two reports") };
    assert_eq!(
        (&*line.name, line.steps, line.best_step, line.stop_reason),
        ("line", 10, 10, "maxSteps")
    );
    assert_eq!(
        (line.train_loss.len(), &line.val_steps[..], line.val_loss.len()),
        (10, &[4, 8][..], 2)
    );
    assert_eq!(line.parameters, 2 * (8 * 4 + 4), "two linear maps with biases");
    // valCheckSteps is more than maxSteps: the one check is at the end, as upstream.
    assert_eq!((&*lstm.name, lstm.steps, &lstm.val_steps[..]), ("LSTM", 5, &[5][..]));
    for model in &report.models {
        assert!(model.elapsed_ms > 0.0);
        assert!(model.train_loss.iter().chain(&model.val_loss).all(|l| l.is_finite() && *l > 0.0));
        assert!(model.train_loss[model.steps - 1] < model.train_loss[0], "{:?}", model.train_loss);
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["models"][0]["stopReason"], "maxSteps");
    assert_eq!(json["models"][0]["valSteps"], json!([4, 8]));
}

#[test]
fn fitting_twice_is_fitting_once() {
    let table = panel(2, 60);
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut nf = forecaster(&model, &short());
            let losses = |report: FitReport| bits::of(&report.models[0].train_loss);
            let first = losses(fit(&mut nf, &table, 0).unwrap());
            let before = forecast(&nf);
            assert_eq!(losses(fit(&mut nf, &table, 0).unwrap()), first, "{model}");
            assert_eq!(forecast(&nf), before, "{model} begins from new weights");
        });
    }
    checks.finish();
}
