//! Training that goes on: in parts it gives the bytes of the whole, also across saving, cancelling and killing.

mod bits;
mod checks;
mod scratch;
mod series;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use checks::Checks;
use neuro_divergent::data::Table;
use neuro_divergent::{
    Control, Error, ErrorCode, FitMode, FitOptions, FitReport, NeuralForecast, Progress,
    SaveOptions, TrainingCheckpoint,
};
use scratch::{Scratch, predict, same_after_loading};
use serde_json::{Value, json};
use series::{forecaster, models, panel, spec};

const VAL_SIZE: usize = 8;

fn first(max_steps: Option<usize>) -> FitOptions {
    FitOptions { val_size: VAL_SIZE, max_steps, ..FitOptions::default() }
}

fn more(max_steps: Option<usize>) -> FitOptions {
    FitOptions { mode: FitMode::Continue, ..first(max_steps) }
}

fn fit(nf: &mut NeuralForecast, table: &Table, options: &FitOptions) -> FitReport {
    nf.fit(table, options, &Control::default()).unwrap()
}

fn refused(nf: &mut NeuralForecast, table: &Table, options: &FitOptions) -> Error {
    nf.fit(table, options, &Control::default()).unwrap_err()
}

fn forecast(nf: &NeuralForecast) -> Vec<(String, Vec<u32>)> {
    bits::of_forecast(&predict(nf, &Default::default()))
}

fn saved(nf: &NeuralForecast) -> NeuralForecast {
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    NeuralForecast::load(&scratch.dir()).unwrap()
}

/// Everything random at once: dropout, windows drawn from a few of the series.
fn options(described: &Value, more: &Value) -> Value {
    let mut options = json!({
        "h": 4, "inputSize": 12, "maxSteps": 14, "learningRate": 1e-2, "scalerType": "standard", "batchSize": 2,
        "windowsBatchSize": 40, "valCheckSteps": 3,
    });
    for option in described["options"].as_array().unwrap() {
        let name = option["name"].as_str().unwrap();
        if name.to_lowercase().contains("dropout") && option["ts"] == "number" {
            options[name] = json!(0.2);
        }
    }
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

fn variants() -> Vec<Value> {
    vec![
        json!({ "numLrDecays": 3, "restoreBest": true, "learningRate": 0.1 }),
        json!({ "lrScheduler": { "kind": "step", "stepSize": 4, "gamma": 0.7 }, "accumulateGradBatches": 2 }),
        json!({ "lrScheduler": { "kind": "oneCycle", "maxLr": 0.05, "totalSteps": 14 } }),
        json!({ "lrScheduler": { "kind": "oneCycle", "maxLr": 0.01 }, "optimizer": { "kind": "SGD" } }),
        json!({ "lrScheduler": { "kind": "warmupCosine", "warmupSteps": 5 }, "dropLastLoader": true,
                "optimizer": { "kind": "RMSprop", "momentum": 0.5, "centered": true } }),
        json!({ "lrScheduler": { "kind": "plateau", "patience": 0, "threshold": 0.5, "cooldown": 1 }, "valCheckSteps": 1,
                "gradientClipVal": 0.01, "gradientClipAlgorithm": "value" }),
    ]
}

#[test]
fn seven_and_seven_steps_are_fourteen() {
    let table = panel(5, 60);
    let mut checks = Checks::default();
    for (model, described) in models() {
        checks.row(&model, || {
            for variant in variants() {
                let what = format!("{model} with {variant}");
                let new = || forecaster(&model, &options(&described, &variant));
                let (mut whole, mut parts) = (new(), new());
                let one = fit(&mut whole, &table, &first(None)).models.remove(0);
                let two = fit(&mut parts, &table, &first(Some(7))).models.remove(0);
                // With `restoreBest`, both have the weights of the best step; it may be among the first seven.
                let same = variant.get("restoreBest").is_some() && one.best_step == two.best_step;
                assert_eq!(forecast(&parts) == forecast(&whole), same, "{what}");
                let mut loaded = saved(&parts);
                assert!(!loaded.interrupted() && loaded.memory_usage().training > 0);
                for nf in [&mut parts, &mut loaded] {
                    let three = fit(nf, &table, &more(Some(7)));
                    assert_eq!(three.data_warnings, Vec::<String>::new());
                    let three = &three.models[0];
                    assert_eq!(forecast(nf), forecast(&whole), "{what}");
                    let losses = [&two.train_loss[..], &three.train_loss].concat();
                    assert_eq!(bits::of(&losses), bits::of(&one.train_loss), "{what}");
                    let losses = [&two.val_loss[..], &three.val_loss].concat();
                    assert_eq!(bits::of(&losses), bits::of(&one.val_loss), "{what}");
                    let steps = [&two.val_steps[..], &three.val_steps].concat();
                    assert_eq!((steps, three.steps), (one.val_steps.clone(), 14), "{what}");
                    assert_eq!((three.best_step, three.stop_reason), (one.best_step, "maxSteps"));
                }
            }
        });
    }
    checks.finish();
}

#[test]
fn a_run_that_stopped_early_goes_on() {
    let options = json!({ "h": 4, "inputSize": 12, "maxSteps": 40, "learningRate": 0.5, "valCheckSteps": 1,
        "earlyStopPatienceSteps": 2 });
    let (table, mut nf) = (panel(2, 60), forecaster("DLinear", &options));
    let report = fit(&mut nf, &table, &first(None)).models.remove(0);
    assert_eq!(report.stop_reason, "earlyStop");
    let again = fit(&mut nf, &table, &more(Some(2))).models.remove(0);
    assert_eq!((again.steps, again.train_loss.len()), (report.steps + 2, 2));
    assert!(again.best_step >= report.best_step);
    same_after_loading("weights of the best check, with others beside", &nf, &Default::default());
}

#[test]
fn new_weights_are_the_default() {
    let (table, options) = (panel(2, 60), json!({ "h": 4, "inputSize": 8, "maxSteps": 6 }));
    let mut nf = forecaster("NHITS", &options);
    fit(&mut nf, &table, &first(None));
    let once = forecast(&nf);
    fit(&mut nf, &table, &first(None));
    assert_eq!(forecast(&nf), once);
    fit(&mut nf, &table, &more(None));
    assert_ne!(forecast(&nf), once);
}

#[test]
fn other_data_go_on_from_the_weights_if_they_have_the_columns() {
    let options = json!({ "h": 4, "inputSize": 8, "maxSteps": 5, "histExogList": ["visits"], "valCheckSteps": 1,
        "restoreBest": true, "batchSize": 2 });
    let mut nf = forecaster("NHITS", &options);
    fit(&mut nf, &panel(4, 60), &first(None));
    let before = forecast(&nf);
    let report = fit(&mut nf, &panel(3, 70), &more(None)).models.remove(0);
    assert_eq!((report.steps, report.val_steps[..] == [6, 7, 8, 9, 10]), (10, true));
    assert!(report.best_step > 5, "what was best on other data is forgotten");
    assert_ne!(forecast(&nf), before);
    let fewer = Table::new(panel(2, 60).columns.into_iter().filter(|c| c.0 != "visits").collect());
    let e = refused(&mut nf, &fewer.unwrap(), &more(None));
    assert_eq!((e.code, e.details.column.as_deref()), (ErrorCode::Schema, Some("visits")));
}

#[test]
fn what_cannot_go_on_is_refused() {
    let (table, model) = (panel(2, 60), json!({ "h": 4, "inputSize": 8, "maxSteps": 5 }));
    let mut nf = forecaster("DLinear", &model);
    assert_eq!(refused(&mut nf, &table, &more(None)).code, ErrorCode::NotFitted);
    let e = refused(&mut nf, &table, &first(Some(0)));
    assert_eq!(e.message, "option \"maxSteps\" must be a whole number ≥ 1 or null, got 0");
    let scratch = Scratch::new();
    fs::create_dir(scratch.dir()).unwrap();
    fs::write(scratch.dir().join("letter.txt"), "mine").unwrap();
    let keep = |every_steps| FitOptions {
        checkpoint: Some(TrainingCheckpoint { path: scratch.dir(), every_steps }),
        ..first(None)
    };
    let e = refused(&mut nf, &table, &keep(0));
    assert_eq!(e.details.option.as_deref(), Some("checkpoint.everySteps"));
    let e = refused(&mut nf, &table, &keep(100));
    assert!(e.code == ErrorCode::Checkpoint && e.message.contains("letter.txt"), "{e}");
    assert!(!nf.fitted());

    let schedule = |kind: Value| {
        let mut options = model.clone();
        options["lrScheduler"] = kind;
        forecaster("DLinear", &options)
    };
    let mut nf = schedule(json!({ "kind": "oneCycle", "maxLr": 0.1 }));
    fit(&mut nf, &table, &first(None));
    let e = refused(&mut nf, &table, &more(Some(1)));
    assert_eq!(
        e.message,
        "the schedule of DLinear ends after 5 steps, and training would go to step 6; \
         set lrScheduler.totalSteps to at least 6"
    );
    let mut nf = schedule(json!({ "kind": "plateau" }));
    let e = refused(&mut nf, &table, &FitOptions::default());
    assert_eq!(e.details.option.as_deref(), Some("valSize"));
}

#[test]
fn a_checkpoint_of_python_s_goes_on_with_a_new_optimizer_and_says_so() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints");
    let mut nf = NeuralForecast::load(&folder.join("integers")).unwrap();
    let before = forecast(&nf);
    let h = nf.h();
    let options = FitOptions { val_size: 2 * h, ..more(Some(1)) };
    let report = fit(&mut nf, &panel(2, 90), &options);
    assert_eq!(report.data_warnings.len(), report.models.len());
    assert!(report.data_warnings[0].ends_with(
        "the checkpoint has no training state; training continues from the weights with a new optimizer, from step 0"
    ));
    assert!(report.models.iter().all(|m| m.steps == 1));
    assert_ne!(forecast(&nf), before);
    assert_eq!(fit(&mut nf, &panel(2, 90), &options).data_warnings, Vec::<String>::new());
}

/// Three models, of which the second stops early.
fn three() -> NeuralForecast {
    let shared = json!({ "h": 4, "inputSize": 12, "maxSteps": 12, "batchSize": 2, "windowsBatchSize": 40,
        "scalerType": "standard", "valCheckSteps": 2, "numLrDecays": 2 });
    let with = |model: &str, more: Value| {
        let mut options = shared.clone();
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec(model, &options)
    };
    let stops = json!({ "earlyStopPatienceSteps": 1, "learningRate": 0.9, "maxSteps": 30, "alias": "stops" });
    let models = vec![
        with("NHITS", json!({ "dropoutProbTheta": 0.2, "restoreBest": true })),
        with("DLinear", stops),
        with("LSTM", json!({ "optimizer": { "kind": "AdamW" } })),
    ];
    NeuralForecast::new(models, None).unwrap()
}

fn kept(path: &Path, mode: FitMode) -> FitOptions {
    let checkpoint = Some(TrainingCheckpoint { path: path.into(), every_steps: 5 });
    FitOptions { mode, checkpoint, ..first(None) }
}

/// The model and step at which runs are interrupted.
const INTERRUPTED: [(&str, usize); 4] = [("NHITS", 5), ("NHITS", 11), ("stops", 1), ("LSTM", 8)];

/// Loads what an interrupted run saved, finishes it, and compares with a run that was not.
fn finishes(path: &Path, whole: &NeuralForecast, what: &str) {
    let table = panel(3, 60);
    let mut nf = NeuralForecast::load(path).unwrap();
    assert!(nf.interrupted(), "{what}");
    let report = fit(&mut nf, &table, &kept(path, FitMode::Continue));
    assert_eq!(report.models[1].stop_reason, "earlyStop", "{what}");
    assert_eq!(forecast(&nf), forecast(whole), "{what}");
    let mut loaded = NeuralForecast::load(path).unwrap();
    assert!(!loaded.interrupted() && !nf.interrupted());
    assert_eq!(forecast(&loaded), forecast(whole), "{what}");
    fit(&mut loaded, &table, &more(Some(3)));
    fit(&mut nf, &table, &more(Some(3)));
    assert_eq!(forecast(&loaded), forecast(&nf), "{what}");
}

fn whole() -> NeuralForecast {
    let mut nf = three();
    let report = fit(&mut nf, &panel(3, 60), &first(None));
    assert_eq!(report.models[1].stop_reason, "earlyStop");
    nf
}

#[test]
fn a_cancelled_run_is_finished_from_its_checkpoint() {
    let whole = whole();
    let mut checks = Checks::default();
    for (model, step) in INTERRUPTED {
        checks.row(format!("{model} {step}"), || {
            let scratch = Scratch::new();
            let cancel = Arc::new(AtomicBool::new(false));
            let flag = cancel.clone();
            let progress = move |p: &Progress| {
                flag.fetch_or(p.model == model && p.step == step, Ordering::Relaxed);
            };
            let control =
                Control { cancel, progress: Some(Arc::new(progress)), ..Control::default() };
            let mut nf = three();
            let e = nf.fit(&panel(3, 60), &kept(&scratch.dir(), FitMode::Fresh), &control);
            assert_eq!(e.unwrap_err().code, ErrorCode::Aborted);
            assert!(!nf.fitted(), "the forecaster is as it was");
            finishes(&scratch.dir(), &whole, &format!("cancelled at {step} of {model}"));
        });
    }
    checks.finish();
}

const CHILD: &str = "NEURO_DIVERGENT_TEST_CHECKPOINT";
const CHILD_STOPS: &str = "NEURO_DIVERGENT_TEST_STOPS";

/// The process that is killed; does nothing when it runs as a test.
#[test]
fn child() {
    let (Ok(path), Ok(stops)) = (env::var(CHILD), env::var(CHILD_STOPS)) else { return };
    let progress = move |p: &Progress| {
        if format!("{} {}", p.model, p.step) == stops {
            fs::write(Path::new(&env::var(CHILD).unwrap()).with_extension("reached"), "").unwrap();
            thread::sleep(Duration::from_secs(600)); // until it is killed
        }
    };
    let control = Control { progress: Some(Arc::new(progress)), ..Control::default() };
    let _ = three().fit(&panel(3, 60), &kept(Path::new(&path), FitMode::Fresh), &control);
}

#[test]
fn a_killed_process_s_run_is_finished_from_its_checkpoint() {
    let whole = whole();
    for (model, step) in INTERRUPTED {
        let scratch = Scratch::new();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child"])
            .env(CHILD, scratch.dir())
            .env(CHILD_STOPS, format!("{model} {step}"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let reached = scratch.dir().with_extension("reached");
        while !reached.exists() {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        finishes(&scratch.dir(), &whole, &format!("killed at {step} of {model}"));
    }
}

#[test]
fn a_damaged_state_is_refused_and_can_be_deleted() {
    let (scratch, table) = (Scratch::new(), panel(2, 60));
    let options = json!({ "h": 2, "inputSize": 4, "maxSteps": 4, "restoreBest": true, "valCheckSteps": 1, "learningRate": 0.9 });
    let mut nf = forecaster("DLinear", &options);
    fit(&mut nf, &table, &first(None));
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let file = scratch.dir().join("neural-trader.state");
    let bytes = fs::read(&file).unwrap();
    let load = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        NeuralForecast::load(&scratch.dir())
    };
    for cut in 0..40 {
        let e = load(&bytes[..bytes.len() * cut / 40]).err().expect("cut off");
        assert_eq!(e.code, ErrorCode::Checkpoint, "{e}");
    }
    for at in (0..bytes.len()).step_by(3) {
        let mut spoiled = bytes.clone();
        spoiled[at] ^= 1 << (at % 8);
        if let Err(e) = load(&spoiled) {
            assert_eq!(e.code, ErrorCode::Checkpoint, "{e}");
        }
    }
    let text = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len(), "offsets stay");
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes());
        let mut changed = bytes.clone();
        changed[at.unwrap_or_else(|| panic!("no {from}"))..][..to.len()]
            .copy_from_slice(to.as_bytes());
        load(&changed).err().unwrap_or_else(|| panic!("{to} was read"))
    };
    for (from, to, expected) in [
        (r#"\"step\":4"#, r#"\"step\":9"#, "impossible numbers"),
        (r#"\"done\":true"#, r#"\"done\":null"#, "unreadable numbers"),
        (r#""format":"1""#, r#""format":"2""#, "format must be 1"),
        ("/memory.0", "/memory.2", "numbers in \"memory.2\" where 0 belong"),
        ("/aside", "/as1de", "an unknown part \"as1de\""),
        ("DLinear_0.safetensors/aside", "DLinear_1.safetensors/aside", "belongs to no model"),
    ] {
        let e = text(from, to);
        assert!(e.code == ErrorCode::Checkpoint && e.message.contains(expected), "{e}");
    }

    let mut other = options.clone();
    other["randomSeed"] = json!(2);
    let mut other = forecaster("DLinear", &other);
    fit(&mut other, &table, &first(None));
    other.save(&scratch.dir(), &SaveOptions { overwrite: true, ..SaveOptions::default() }).unwrap();
    let e = load(&bytes).err().expect("the state of other weights");
    assert!(e.message.contains("delete neural-trader.state"), "{e}");
    fs::remove_file(&file).unwrap();
    let mut loaded = NeuralForecast::load(&scratch.dir()).unwrap();
    assert_eq!(fit(&mut loaded, &table, &more(Some(1))).data_warnings.len(), 1);
}
