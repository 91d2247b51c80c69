//! The resident predictor: the numbers of `predict`, whatever the model, and refusals that say what is wrong.

mod bits;
mod checks;
#[expect(dead_code, reason = "what is loaded makes predictors here")]
mod scratch;
#[expect(dead_code, reason = "the series are made here, of numbers that f32 has")]
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, LocalScaling, Table, Vocabulary};
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, Error, ErrorCode, FitMode, FitOptions, ModelSpec, NeuralForecast, PredictOptions,
    Predictor, PredictorOptions, SaveOptions, WindowExog,
};
use scratch::{Scratch, predict};
use serde_json::{Value, json};
use series::{forecaster, models, spec};

const H: usize = 4;
const ROWS: usize = 40;
const KINDS: [&str; 2] = ["large", "small"];

// Of series `i` at step `t`; numbers that f32 has.
fn y(i: usize, t: usize) -> f32 {
    let noise = (((i * 1000 + t) as f32 * 12.9898).sin() * 437.5).fract();
    (20 * (i + 1)) as f32 + (t as f32 / 3.0).sin() * 8.0 + noise + 2.0 * price(i, t)
}
fn price(i: usize, t: usize) -> f32 {
    ((t * t + i) % 7) as f32 / 4.0
}
fn visits(i: usize, t: usize) -> f32 {
    0.5 * y(i, t) + 1.0
}
fn size(i: usize) -> f32 {
    1.5 + i as f32
}
fn day(t: usize) -> usize {
    t % 4
}

/// A window: series, and the step that it begins at.
type Place = (usize, usize);

/// Rows of these series, each from its step on; `skip` of them are left out at the beginning.
fn rows(places: &[Place], skip: usize, len: usize) -> Table {
    let each: Vec<(usize, usize, usize)> = (places.iter().enumerate())
        .flat_map(|(w, (i, from))| (skip..skip + len).map(move |t| (w, *i, from + t)))
        .collect();
    let ints = |f: &dyn Fn(usize, usize) -> usize| {
        Column::Int(each.iter().map(|(w, _, t)| f(*w, *t) as i64).collect())
    };
    let floats = |f: &dyn Fn(usize, usize) -> f32| {
        Column::Float(each.iter().map(|(_, i, t)| f64::from(f(*i, *t))).collect())
    };
    let steps = each.iter().map(|(w, _, t)| (*t - places[*w].1) as i64).collect();
    Table::new(vec![
        ("unique_id".into(), Column::Int(each.iter().map(|(w, _, _)| *w as i64).collect())),
        ("ds".into(), Column::Int(steps)),
        ("y".into(), floats(&y)),
        ("price".into(), floats(&price)),
        ("visits".into(), floats(&visits)),
        ("day".into(), ints(&|_, t| day(t))),
    ])
    .unwrap()
}

fn statics(places: &[Place]) -> Table {
    let kind = |(i, _): &Place| Some(KINDS[i % 2].to_string());
    Table::new(vec![
        ("unique_id".into(), Column::Int((0..places.len() as i64).collect())),
        ("size".into(), Column::Float(places.iter().map(|(i, _)| size(*i).into()).collect())),
        ("kind".into(), Column::Text(places.iter().map(kind).collect())),
    ])
    .unwrap()
}

/// Three series, from the beginning.
const ALL: [Place; 3] = [(0, 0), (1, 0), (2, 0)];

fn fit(nf: &mut NeuralForecast) {
    let options = FitOptions { static_table: Some(statics(&ALL)), ..FitOptions::default() };
    nf.fit(&rows(&ALL, 0, ROWS), &options, &Control::default()).unwrap();
}

fn fitted(model: &str, options: &Value) -> NeuralForecast {
    let mut nf = forecaster(model, options);
    fit(&mut nf);
    nf
}

fn predictor(nf: &NeuralForecast, batch: usize) -> Predictor {
    nf.predictor(&PredictorOptions { batch, ..PredictorOptions::default() }).unwrap()
}

/// What a predictor is given for windows; in each window all of `places`' series if the model wants that.
struct Given {
    y: Vec<f32>,
    futr: Vec<f32>,
    hist: Vec<f32>,
    stat: Vec<f32>,
}

impl Given {
    fn new(p: &Predictor, places: &[Place]) -> Self {
        let [input, h] = [p.input_size(), p.h()];
        let [futr, hist, stat] = p.exogenous();
        let code = |name: &str, of: &str| {
            let (_, known) = p.categories().iter().find(|(column, _)| column == name).unwrap();
            match known {
                Vocabulary::Text(known) => known.iter().position(|k| k == of),
                Vocabulary::Int(known) => known.iter().position(|k| k.to_string() == of),
                other => panic!("{other:?}"),
            }
            .unwrap() as f32
                + 1.0
        };
        let value = |name: &String, i: usize, t: usize| match &name[..] {
            "price" => price(i, t),
            "visits" => visits(i, t),
            "day" => code("day", &day(t).to_string()),
            "size" => size(i),
            "kind" => code("kind", KINDS[i % 2]),
            other => panic!("{other}"),
        };
        let table = |names: &[String], steps: usize| -> Vec<f32> {
            let windows = places.iter();
            let steps = windows.flat_map(|(i, from)| (0..steps).map(move |t| (*i, from + t)));
            steps.flat_map(|(i, t)| names.iter().map(move |n| value(n, i, t))).collect()
        };
        Self {
            y: places
                .iter()
                .flat_map(|(i, from)| (0..input).map(move |t| y(*i, from + t)))
                .collect(),
            futr: table(futr, input + h),
            hist: table(hist, input),
            stat: table(stat, 1),
        }
    }

    fn exog(&self) -> WindowExog<'_> {
        WindowExog { futr: &self.futr, hist: &self.hist, stat: &self.stat }
    }
}

/// By the predictor: `[windows, h, outputs]`.
fn resident(p: &mut Predictor, places: &[Place]) -> Vec<f32> {
    let given = Given::new(p, places);
    let mut out = vec![f32::NAN; places.len() / p.n_series() * p.forecast_size()];
    p.predict(&given.y, given.exog(), &mut out).unwrap();
    out
}

/// By `predict`, of a table whose series are these windows, in the same order of values.
fn by_table(nf: &NeuralForecast, places: &[Place], input: usize) -> Vec<f32> {
    let forecast = predict(
        nf,
        &PredictOptions {
            data: Some(rows(places, 0, input)),
            static_table: Some(statics(places)),
            future: Some(rows(places, input, H)),
            ..PredictOptions::default()
        },
    );
    let of_row = |row: usize| forecast.columns.iter().map(move |c| c.values[row]);
    (0..places.len() * H).flat_map(of_row).collect()
}

/// Options of every kind that a model may have, beside the small ones.
fn variants(model: &Value) -> Vec<Value> {
    let has = |name: &str| model["options"].as_array().unwrap().iter().any(|o| o["name"] == name);
    let mut all = vec![
        json!({}),
        json!({ "scalerType": "robust" }),
        json!({ "scalerType": "revin" }),
        json!({ "scalerType": "minmax1", "loss": { "kind": "MQLoss", "args": { "level": [80, 90] } } }),
        json!({ "scalerType": "standard", "loss": { "kind": "HuberIQLoss", "args": { "cosEmbeddingDim": 8 } } }),
    ];
    let inputs = &model["inputs"];
    let list = |kind: &str, names: Value| if inputs[kind] == true { names } else { json!([]) };
    if inputs["futr"] == true || inputs["hist"] == true {
        let mut exogenous = json!({
            "futrExogList": list("futr", json!(["day", "price"])), "histExogList": list("hist", json!(["visits"])),
            "statExogList": list("stat", json!(["kind", "size"])), "scalerType": "invariant",
        });
        all.push(json!({ "futrExogList": list("futr", json!(["price"])), "histExogList": list("hist", json!(["visits"])),
                         "statExogList": list("stat", json!(["size"])), "scalerType": "minmax" }));
        if inputs["cat"] == true {
            let columns = [list("stat", json!(["kind"])), list("futr", json!(["day"]))];
            exogenous["catExogList"] =
                columns.iter().flat_map(|c| c.as_array().unwrap()).cloned().collect();
            all.push(exogenous);
        }
    }
    if has("recurrent") {
        all.push(json!({ "recurrent": true, "inferenceInputSize": 5, "scalerType": "standard" }));
        all.push(json!({ "recurrent": true, "futrExogList": ["price"], "statExogList": ["size"] }));
    }
    for options in &mut all {
        // A distribution is what some models have by default; it has a test of its own.
        if options.get("loss").is_none() {
            options["loss"] = json!({ "kind": "MAE", "args": {} });
        }
        let short = json!({ "h": H, "inputSize": 8, "maxSteps": 3, "learningRate": 0.01 });
        options.as_object_mut().unwrap().extend(short.as_object().unwrap().clone());
    }
    all
}

fn close(what: &str, got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a}, not {b}, at {i}");
    }
}

#[test]
fn a_predictor_gives_the_numbers_of_predict_for_every_model() {
    // More than a shard has, in any order.
    let places: Vec<Place> = (0..70).map(|w| (w % 3, (w * 5) % 23)).collect();
    let mut seen = 0;
    let mut checks = Checks::default();
    for (name, described) in models() {
        checks.row(&name, || {
            let together = described["multivariate"] == true;
            for options in variants(&described) {
                let what = format!("{name} {options}");
                let mut nf = match NeuralForecast::new(vec![spec(&name, &options)], None) {
                    Ok(nf) => nf,
                    Err(e) if e.details.option.as_deref() == Some("loss") => continue, // not with several outputs
                    Err(e) => panic!("{what}: {e}"),
                };
                fit(&mut nf);
                let mut p = predictor(&nf, places.len());
                assert_eq!((p.h(), p.n_series()), (H, if together { 3 } else { 1 }), "{what}");
                let titles: Vec<String> = predict_titles(&nf);
                assert_eq!(p.outputs(), titles, "{what}");
                let input = p.input_size();
                if together {
                    let windows: Vec<Vec<Place>> = [0, 7, 3]
                        .iter()
                        .map(|from| ALL.map(|(i, _)| (i, *from)).to_vec())
                        .collect();
                    let expected: Vec<_> =
                        windows.iter().map(|w| by_table(&nf, w, input)).collect();
                    for (window, expected) in windows.iter().zip(&expected) {
                        assert_eq!(resident(&mut p, window), *expected, "{what}");
                    }
                    let mut given = Given::new(&p, &windows.concat());
                    given.stat.truncate(given.stat.len() / windows.len());
                    let mut out = vec![f32::NAN; windows.len() * p.forecast_size()];
                    p.predict(&given.y, given.exog(), &mut out).unwrap();
                    close(&what, &out, &expected.concat(), 1e-5);
                } else {
                    for n in [70, 1, 66, 5] {
                        let expected = by_table(&nf, &places[..n], input);
                        let got = resident(&mut p, &places[..n]);
                        assert_eq!(bits::of(&got), bits::of(&expected), "{what}, {n} windows");
                    }
                }
                seen += 1;
            }
        });
    }
    checks.finish();
    assert!(seen > 100, "{seen}");
}

fn predict_titles(nf: &NeuralForecast) -> Vec<String> {
    let future = rows(&ALL, ROWS, H);
    let options = PredictOptions { future: Some(future), ..PredictOptions::default() };
    predict(nf, &options).columns.into_iter().map(|column| column.name).collect()
}

#[test]
fn samples_of_a_distribution_are_those_of_a_table_with_one_series() {
    for (model, args) in [
        ("NHITS", json!({ "distribution": "Normal", "numSamples": 200, "returnParams": true })),
        ("DeepAR", json!({ "distribution": "StudentT", "level": [80] })),
        ("TSMixer", json!({ "distribution": "Normal", "level": [90] })),
    ] {
        let loss = json!({ "kind": "DistributionLoss", "args": args });
        let options = json!({ "h": H, "inputSize": 8, "maxSteps": 3, "scalerType": "standard", "loss": loss });
        let nf = fitted(model, &options);
        let mut p = predictor(&nf, 3);
        let input = p.input_size();
        let windows: Vec<Vec<Place>> = match p.n_series() {
            1 => vec![vec![(0, 0)], vec![(2, 5)], vec![(2, 9)]],
            _ => [0, 5, 9].map(|from| ALL.map(|(i, _)| (i, from)).to_vec()).to_vec(),
        };
        let expected: Vec<f32> = windows.iter().flat_map(|w| by_table(&nf, w, input)).collect();
        let got = resident(&mut p, &windows.concat());
        // Rows of a batch are multiplied in other tiles than a row alone.
        close(model, &got, &expected, 1e-5);
        assert_eq!(resident(&mut p, &windows[0]), expected[..p.forecast_size()], "{model}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let nf = fitted("NHITS", &json!({ "h": H, "inputSize": 8, "maxSteps": 3 }));
    let places: Vec<Place> = (0..500).map(|w| (w % 3, w % 29)).collect();
    let options = |threads| PredictorOptions { batch: 500, threads, ..Default::default() };
    let mut all = [Some(1), Some(2), Some(3), Some(64), None]
        .map(|threads| nf.predictor(&options(threads)).unwrap())
        .into_iter();
    let mut first = all.next().unwrap();
    let mut others: Vec<Predictor> = all.collect();
    for n in [500, 129, 64, 1] {
        let expected = resident(&mut first, &places[..n]);
        for p in &mut others {
            assert_eq!(bits::of(&resident(p, &places[..n])), bits::of(&expected), "{n} windows");
        }
    }
    for threads in [0, 1025] {
        let error = nf.predictor(&options(Some(threads))).err().unwrap();
        assert_eq!(error.details.option.as_deref(), Some("threads"));
    }
}

#[test]
fn a_predictor_keeps_its_weights_whatever_becomes_of_the_forecaster() {
    let options = json!({ "h": H, "inputSize": 8, "maxSteps": 3, "learningRate": 0.05 });
    let mut nf = fitted("DLinear", &options);
    let mut p = predictor(&nf, 1);
    let before = resident(&mut p, &ALL[..1]);
    let more = FitOptions { mode: FitMode::Continue, ..FitOptions::default() };
    nf.fit(&rows(&ALL, 0, ROWS), &more, &Control::default()).unwrap();
    assert_ne!(resident(&mut predictor(&nf, 1), &ALL[..1]), before);
    assert_eq!(resident(&mut p, &ALL[..1]), before);
    drop(nf);
    assert_eq!(resident(&mut p, &ALL[..1]), before);
}

#[test]
fn a_loaded_forecaster_has_predictors_too_with_and_without_its_data() {
    let options = json!({
        "h": H, "inputSize": 8, "maxSteps": 3, "scalerType": "standard", "futrExogList": ["price", "day"],
        "statExogList": ["kind"], "catExogList": ["day", "kind"],
    });
    let nf = fitted("NHITS", &options);
    let expected = resident(&mut predictor(&nf, 1), &[(1, 3)]);
    for save_dataset in [true, false] {
        let scratch = Scratch::new();
        let save = SaveOptions { save_dataset, ..SaveOptions::default() };
        nf.save(&scratch.dir(), &save).unwrap();
        let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
        assert_eq!(resident(&mut predictor(&loaded, 1), &[(1, 3)]), expected);
    }
}

#[test]
fn one_of_several_models_is_chosen_by_its_name() {
    let options = json!({ "h": H, "inputSize": 8, "maxSteps": 3 });
    let other = json!({ "h": H, "inputSize": 6, "maxSteps": 3 });
    let specs: Vec<ModelSpec> = [("DLinear", &options), ("NHITS", &options), ("DLinear", &other)]
        .map(|(m, o)| spec(m, o))
        .into();
    let mut nf = NeuralForecast::new(specs, None).unwrap();
    fit(&mut nf);
    let of = |model: Option<&str>| {
        nf.predictor(&PredictorOptions { model: model.map(String::from), ..Default::default() })
    };
    let p = of(Some("DLinear1")).unwrap();
    assert_eq!(
        (p.name(), p.input_size(), p.outputs()),
        ("DLinear1", 6, &["DLinear1".to_string()][..])
    );
    for (model, says) in
        [(None, "say which: DLinear, NHITS, DLinear1"), (Some("NHIST"), "did you mean \"NHITS\"?")]
    {
        let error = of(model).err().unwrap();
        assert_eq!(
            (error.code, error.details.option.as_deref()),
            (ErrorCode::InvalidOption, Some("model"))
        );
        assert!(error.message.contains(says), "{error}");
    }
}

#[test]
fn what_cannot_have_a_predictor_is_refused() {
    let options = json!({ "h": H, "inputSize": 8, "maxSteps": 3, "statExogList": ["size"] });
    let none = PredictorOptions::default();
    let error = forecaster("NHITS", &options).predictor(&none).err().unwrap();
    assert_eq!(error.code, ErrorCode::NotFitted);
    let kind = Some(LocalScalerType::Standard);
    for (scaling, option) in [
        (LocalScaling { temporal: kind, statics: None }, "localScalerType"),
        (LocalScaling { temporal: None, statics: kind }, "localStaticScalerType"),
    ] {
        let mut nf = forecaster("NHITS", &options).with_local_scaling(scaling);
        fit(&mut nf);
        let error = nf.predictor(&none).err().unwrap();
        assert_eq!(error.code, ErrorCode::Unsupported);
        assert_eq!(error.details.option.as_deref(), Some(option));
        assert!(error.message.contains("scalerType instead"), "{error}");
    }
    let nf = fitted("NHITS", &options);
    for batch in [0, 65_537] {
        let error = nf.predictor(&PredictorOptions { batch, ..none.clone() }).err().unwrap();
        assert_eq!(error.details.option.as_deref(), Some("batch"), "{error}");
    }
}

/// A predictor of at most two windows that needs everything, what it takes, and a number more than each.
fn refused(change: impl Fn(&mut Given)) -> Error {
    let nf = fitted(
        "NHITS",
        &json!({ "h": H, "inputSize": 8, "maxSteps": 2, "futrExogList": ["price", "day"], "histExogList": ["visits"],
                 "statExogList": ["size"], "catExogList": ["day"] }),
    );
    let mut p = predictor(&nf, 2);
    let mut given = Given::new(&p, &ALL[..2]);
    let mut out = vec![0.0; 2 * p.forecast_size()];
    p.predict(&given.y, given.exog(), &mut out).unwrap();
    change(&mut given);
    let error = p.predict(&given.y, given.exog(), &mut out).unwrap_err();
    // Nothing is left of what was refused.
    assert_eq!(p.forecast(&mut out).unwrap_err().code, ErrorCode::Internal);
    error
}

#[test]
fn wrong_windows_are_refused_with_their_place() {
    use ErrorCode::{FutureExog, InvalidOption, MissingValue, Schema};
    type Change = fn(&mut Given);
    let cases: [(Change, ErrorCode, &str, &str); 12] = [
        (
            |g| g.y.truncate(15),
            InvalidOption,
            "y",
            "y has 15 values; it must have 8 for each window, and at most 16",
        ),
        (|g| g.y.clear(), InvalidOption, "y", "y has 0 values"),
        (|g| g.y.resize(24, 0.0), InvalidOption, "y", "y has 24 values"),
        (|g| g.y[11] = f32::NAN, MissingValue, "y", "y: NaN at window 1, step 3 (counted from 0)"),
        (|g| g.y[0] = f32::INFINITY, MissingValue, "y", "y: inf at window 0, step 0"),
        (
            |g| g.futr.truncate(40),
            InvalidOption,
            "futr",
            "futr has 40 values, and price, day of 2 windows are 48",
        ),
        (
            |g| g.futr.clear(),
            FutureExog,
            "futr",
            "needs futr, 48 values of price, day (futrExogList)",
        ),
        (
            |g| g.futr[2 * 13] = f32::NAN,
            MissingValue,
            "futr",
            "NaN of \"price\" at window 1, step 1",
        ),
        (
            |g| g.futr[1] = 5.0,
            InvalidOption,
            "futr",
            "5 of \"day\" is not the code of a category; these are 1 to 4",
        ),
        (|g| g.hist.clear(), Schema, "hist", "needs hist, 16 values of visits (histExogList)"),
        (
            |g| g.stat.push(1.0),
            InvalidOption,
            "stat",
            "stat has 3 values, and size of 2 windows are 2",
        ),
        (|g| g.stat[1] = f32::NAN, MissingValue, "stat", "NaN of \"size\" at window 1 "),
    ];
    let mut checks = Checks::default();
    for (change, code, option, says) in cases {
        checks.row(says, || {
            let error = refused(change);
            assert_eq!(
                (error.code, error.details.option.as_deref()),
                (code, Some(option)),
                "{error}"
            );
            assert!(error.message.contains(says), "{error}");
        });
    }
    checks.finish();
}

#[test]
fn what_a_model_does_not_take_and_no_room_for_the_forecast_are_refused() {
    let nf = fitted("DLinear", &json!({ "h": H, "inputSize": 8, "maxSteps": 2 }));
    let mut p = predictor(&nf, 2);
    let y = Given::new(&p, &ALL[..2]).y;
    let exog = WindowExog { hist: &[1.0], ..WindowExog::default() };
    let error = p.predict(&y, exog, &mut [0.0; 8]).unwrap_err();
    assert_eq!(error.code, ErrorCode::UnsupportedExog);
    assert!(error.message.contains("DLinear takes no hist"), "{error}");
    let error = p.predict(&y, WindowExog::default(), &mut [0.0; 4]).unwrap_err();
    assert_eq!(
        (error.code, error.details.option.as_deref()),
        (ErrorCode::InvalidOption, Some("out"))
    );
    assert!(
        error.message.contains("out has 4 values, and the forecast of 2 windows has 8"),
        "{error}"
    );
    let error = p.predict(&[f32::MAX; 8], WindowExog::default(), &mut [0.0; 4]).unwrap_err();
    assert_eq!(error.code, ErrorCode::Diverged);
    assert!(error.message.contains("DLinear for window 0 is not a finite number"), "{error}");
}
