//! What is planned is enough: no model takes more memory than it was said to need, nor much less; and what would need more
//! than is allowed is refused with bytes and option before it begins.

#[path = "../../benches/subject/allocation.rs"]
#[expect(unreachable_pub, reason = "the benchmarks have it as a module of their library")]
mod allocation;
mod checks;
mod language;

use std::sync::Mutex;

use allocation::{Counting, peak_of};
use checks::Checks;
use neuro_divergent::checkpoint;
use neuro_divergent::data::{Column, Table};
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, ModelSpec, NeuralForecast, PredictOptions,
    PredictorOptions, SaveOptions, TrainingCheckpoint, describe, model_names,
};
use serde_json::{Value, json};

/// One test at a time, so that nothing else allocates meanwhile.
static ALONE: Mutex<()> = Mutex::new(());

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that have nothing to do with sizes: threads, names, tables of kernels.
const BESIDE: usize = 6 << 20;

fn table(series: usize, rows: usize) -> Table {
    let each = || (0..series).flat_map(|i| (0..rows).map(move |t| (i, t)));
    let id = |i: usize| Some(format!("s{i}"));
    let y = |(i, t): (usize, usize)| 20.0 + (t as f64 * 0.26 + i as f64).sin() * 5.0;
    Table::new(vec![
        ("unique_id".into(), Column::Text(each().map(|(i, _)| id(i)).collect())),
        ("ds".into(), Column::Int(each().map(|(_, t)| t as i64).collect())),
        ("y".into(), Column::Float(each().map(y).collect())),
    ])
    .unwrap()
}

fn forecaster(model: &str, own: Value) -> Result<NeuralForecast, Error> {
    let mut options = json!({ "h": 24, "inputSize": 96, "maxSteps": 2, "randomSeed": 1 });
    let options = options.as_object_mut().unwrap();
    options.extend(language::needed(model));
    options.extend(own.as_object().unwrap().clone());
    let options = options.clone();
    NeuralForecast::new(vec![ModelSpec { model: model.into(), options }], None)
}

fn limited(bytes: usize) -> Control {
    Control { memory_limit: Some(bytes), threads: Some(2), ..Control::default() }
}

/// The bytes that a refused call would have needed.
fn needed<T>(result: Result<T, Error>) -> usize {
    let e = result.err().expect("a byte is not enough");
    assert_eq!(e.code, ErrorCode::MemoryLimit, "{e}");
    assert_eq!(e.details.expected, Some(json!(1)));
    e.details.actual.unwrap().as_u64().unwrap() as usize
}

/// What is wrong with a plan: too little, or more than three times what was taken.
fn fault(what: &str, planned: usize, peak: usize) -> Option<String> {
    let right = peak <= planned + BESIDE && planned <= 3 * peak + BESIDE;
    (!right).then(|| format!("{what}: {planned} bytes planned, {peak} taken\n"))
}

#[test]
fn no_model_takes_more_than_is_planned() {
    let _alone = ALONE.lock();
    let table = table(4, 600);
    let mut faults = Vec::new();
    let scalars = json!({ "backbone": "sLSTM", "valCheckSteps": 1 });
    let of_model = |name: &'static str| match name {
        "DLinear" | "NLinear" | "RLinear" => (name, json!({ "h": 200, "inputSize": 400 })),
        _ => (name, json!({ "valCheckSteps": 1, "earlyStopPatienceSteps": 5 })),
    };
    for (name, own) in model_names().into_iter().map(of_model).chain([("xLSTM", scalars)]) {
        let val_size = if own.get("h").is_some() { 0 } else { 48 };
        let mut nf = forecaster(name, own).unwrap();
        let options = FitOptions { val_size, ..FitOptions::default() };
        let planned = needed(nf.fit(&table, &options, &limited(1)));
        let (report, peak) = peak_of(|| nf.fit(&table, &options, &limited(planned)));
        report.unwrap();
        faults.extend(fault(&format!("training {name}"), planned, peak));

        for interpretation in [false, true].into_iter().take(if name == "TFT" { 2 } else { 1 }) {
            let options = PredictOptions { interpretation, ..PredictOptions::default() };
            let planned = needed(nf.predict(&options, &limited(1)));
            let (forecast, peak) = peak_of(|| nf.predict(&options, &limited(planned)));
            forecast.unwrap();
            assert!(
                peak <= planned + BESIDE,
                "forecasting with {name}, interpretation {interpretation}: {planned} planned, {peak} taken"
            );
        }
    }
}

#[test]
fn a_hierarchy_takes_no_more_than_is_planned() {
    let _alone = ALONE.lock();
    let series = 40;
    let sums = |i: usize, j: usize| if i < 10 { j.is_multiple_of(i + 1) } else { i == 10 + j };
    let row = |i: usize| (0..30).map(move |j| f64::from(u8::from(sums(i, j))));
    let s: Vec<Vec<f64>> = (0..series).map(|i| row(i).collect()).collect();
    let args = json!({ "distribution": "StudentT", "numSamples": 20_000 });
    let loss = json!({ "kind": "DistributionLoss", "args": args });
    let options = json!({ "h": 24, "inputSize": 96, "maxSteps": 1, "randomSeed": 1, "loss": loss });
    let options = json!({
        "model": { "model": "MLP", "options": options }, "S": s, "reconciliation": "MinTraceWLS"
    });
    let options = options.as_object().unwrap().clone();
    let mut nf =
        NeuralForecast::new(vec![ModelSpec { model: "HINT".into(), options }], None).unwrap();
    nf.fit(&table(series, 200), &FitOptions::default(), &Control::default()).unwrap();
    let predict = |control: &Control| nf.predict(&PredictOptions::default(), control);
    let refused = predict(&limited(1)).unwrap_err();
    assert_eq!(refused.details.option.as_deref(), Some("loss"), "{refused}");
    assert!(refused.message.contains("for samples of all series"), "{refused}");
    let planned = needed(predict(&limited(1)));
    let (forecast, peak) = peak_of(|| predict(&limited(planned)));
    forecast.unwrap();
    assert!(peak <= planned + BESIDE, "{planned} bytes planned, {peak} taken");
    assert!(peak > series * 20_000 * size_of::<f64>(), "{peak}: samples of all series are held");
}

#[test]
fn sizes_that_fit_no_machine_are_refused_with_the_option_to_make_smaller() {
    let _alone = ALONE.lock();
    let huge = 1_000_000_000;
    for (model, own, option) in [
        ("MLP", json!({ "hiddenSize": huge }), "hiddenSize"),
        ("LSTM", json!({ "encoderHiddenSize": huge }), "encoderHiddenSize"),
        ("NHITS", json!({ "mlpUnits": [[512, huge], [huge, 512]] }), "mlpUnits"),
        ("TCN", json!({ "kernelSize": huge }), "kernelSize"),
        ("NLinear", json!({ "h": 1_000_000, "inputSize": 900_000 }), "h"),
        ("NBEATS", json!({ "h": 1_000_000, "inputSize": 1000, "nHarmonics": 1000 }), "nHarmonics"),
        ("TSMixer", json!({ "ffDim": huge, "nSeries": 1_000_000 }), "ffDim"),
    ] {
        let e = forecaster(model, own).err().unwrap_or_else(|| panic!("{model} is made"));
        assert_eq!(e.code, ErrorCode::MemoryLimit, "{model}: {e}");
        assert_eq!(e.details.option.as_deref(), Some(option), "{model}: {e}");
        assert_eq!(e.details.model.as_deref(), Some(model));
        let bytes = |v: Option<Value>| v.unwrap().as_u64().unwrap();
        assert!(bytes(e.details.actual) > bytes(e.details.expected));
    }
    // A number of layers is no size, but as endless.
    for (model, own) in [
        ("MLP", json!({ "numLayers": huge })),
        ("NBEATS", json!({ "nBlocks": [huge, 1, 1] })),
        ("LSTM", json!({ "encoderNLayers": huge })),
    ] {
        let e = forecaster(model, own).err().unwrap_or_else(|| panic!("{model} is made"));
        assert_eq!(e.code, ErrorCode::InvalidOption, "{model}: {e}");
    }
}

/// No value of any option ends the process or keeps the constructor busy: it is refused, or it does no harm.
#[test]
fn no_option_is_too_large_to_be_asked_for() {
    let _alone = ALONE.lock();
    let huge = 1_000_000_000;
    let larger = |ts: &str, default: &Value, number: Value| match ts {
        "number" | "number | null" => Some(number),
        "number[]" => {
            let lengths = default.as_array().map_or(1, Vec::len);
            Some(vec![number; lengths].into())
        }
        "number[][]" => Some(json!([[number, number], [number, number]])),
        "number[][][]" => Some(json!([[[number, number]]])),
        _ => None,
    };
    let mut tried = 0;
    let mut checks = Checks::default();
    for model in describe().as_array().unwrap() {
        checks.row(&model["name"], || {
            let name = model["name"].as_str().unwrap();
            for option in model["options"].as_array().unwrap() {
                let (option, ts, default) =
                    (&option["name"], option["ts"].as_str().unwrap(), &option["default"]);
                for number in [json!(huge), json!(u64::MAX), json!(9_007_199_254_740_991_u64)] {
                    let Some(value) = larger(ts, default, number) else { continue };
                    let mut own = serde_json::Map::new();
                    own.insert(option.as_str().unwrap().into(), value);
                    let (made, peak) = peak_of(|| forecaster(name, own.into()).err());
                    let code = made.map(|e| e.code);
                    let allowed = [
                        None,
                        Some(ErrorCode::InvalidOption),
                        Some(ErrorCode::MemoryLimit),
                        Some(ErrorCode::Unsupported),
                        Some(ErrorCode::UnsupportedExog),
                    ];
                    assert!(allowed.contains(&code), "{name}, {option}: {code:?}");
                    assert!(peak < 200 << 20, "{name}, {option}: {peak} bytes");
                    tried += 1;
                }
            }
        });
    }
    checks.finish();
    assert!(tried > 1000, "{tried} values tried");
}

#[test]
fn what_a_limit_does_not_allow_is_refused_call_by_call() {
    let _alone = ALONE.lock();
    let data = table(2, 120);
    let mut nf = forecaster("MLP", json!({ "hiddenSize": 64 })).unwrap();
    let e = nf.fit(&data, &FitOptions::default(), &limited(100_000)).unwrap_err();
    assert_eq!((e.code, e.details.option.as_deref()), (ErrorCode::MemoryLimit, Some("hiddenSize")));
    assert!(e.message.starts_with("training MLP needs "), "{e}");
    assert!(
        e.message.contains("but memoryLimitBytes allows 100 kB; make hiddenSize smaller than 64"),
        "{e}"
    );
    assert!(!nf.fitted(), "nothing has changed");
    nf.fit(&data, &FitOptions::default(), &Control::default()).unwrap();

    let path = std::env::temp_dir().join(format!("neural-trader-unwritten-{}", std::process::id()));
    let saving = FitOptions {
        checkpoint: Some(TrainingCheckpoint { path: path.clone(), every_steps: 1 }),
        ..FitOptions::default()
    };
    let [plain, with_checkpoints] = [&FitOptions::default(), &saving]
        .map(|options| needed(nf.fit(&data, options, &limited(1))));
    let weights = nf.memory_usage().weights;
    assert!(with_checkpoints >= plain + 2 * 3 * weights, "copies of weights and of Adam's memory");
    assert!(!path.exists(), "what is refused writes nothing");

    let further = PredictOptions { h: Some(1_000_000), ..PredictOptions::default() };
    let e = nf.predict(&further, &limited(1 << 20)).unwrap_err();
    assert_eq!((e.code, e.details.option.as_deref()), (ErrorCode::MemoryLimit, Some("h")));

    let own = json!({
        "hiddenSize": 8,
        "loss": { "kind": "DistributionLoss", "args": { "distribution": "Normal", "numSamples": 1_000_000 } },
    });
    let mut samples = forecaster("MLP", own).unwrap();
    samples.fit(&data, &FitOptions::default(), &Control::default()).unwrap();
    let e = samples.predict(&PredictOptions::default(), &limited(8_000_000)).unwrap_err();
    assert_eq!(
        (e.code, e.details.option.as_deref()),
        (ErrorCode::MemoryLimit, Some("loss")),
        "{e}"
    );

    let dir = std::env::temp_dir().join(format!("neural-trader-memory-{}", std::process::id()));
    nf.save(&dir, &SaveOptions { overwrite: true, ..SaveOptions::default() }).unwrap();
    let e = NeuralForecast::load_with(&dir, &limited(1000)).err().unwrap();
    assert_eq!(e.code, ErrorCode::MemoryLimit, "{e}");
    NeuralForecast::load_with(&dir, &limited(1 << 20)).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();

    nf.predictor(&PredictorOptions::default()).unwrap();
}

/// Options that ask for a larger model than the file holds take no memory.
#[test]
fn a_checkpoint_cannot_ask_for_more_than_it_holds() {
    let _alone = ALONE.lock();
    let mut nf = forecaster("MLP", json!({ "hiddenSize": 8 })).unwrap();
    nf.fit(&table(1, 200), &FitOptions::default(), &Control::default()).unwrap();
    let dir = std::env::temp_dir().join(format!("neural-trader-hostile-{}", std::process::id()));
    nf.save(&dir, &SaveOptions { overwrite: true, ..SaveOptions::default() }).unwrap();
    let mut stored = checkpoint::read(&dir).unwrap();
    stored.models[0].options.insert("hiddenSize".into(), json!(50_000));
    checkpoint::write(&dir, &stored, true).unwrap();
    let (loaded, peak) = peak_of(|| NeuralForecast::load(&dir));
    let e = loaded.err().expect("10 GB of weights are not in the file");
    assert_eq!(e.code, ErrorCode::Checkpoint, "{e}");
    assert!(e.message.contains("the options make it [50000, "), "{e}");
    assert!(peak < BESIDE, "{peak} bytes taken");
    std::fs::remove_dir_all(&dir).unwrap();
}
