//! Categorical columns: learned, unseen, refused, and kept over everything that may happen to a forecaster.

mod bits;
mod scratch;

use std::fs;

use neuro_divergent::data::{Column, LocalScaling, Table, Vocabularies, Vocabulary};
use neuro_divergent::scalers::LocalScalerType;
use neuro_divergent::{
    Control, Error, ErrorCode, FitMode, FitOptions, Forecast, InsampleOptions, ModelSpec,
    NeuralForecast, PredictOptions, SaveOptions, TrainingCheckpoint, checkpoint, describe,
};
use scratch::{Scratch, predict, same_after_loading};
use serde_json::{Value, json};

const H: usize = 4;
const ROWS: usize = 72;
const WEATHER: [(&str, f64); 3] = [("dry", 10.0), ("snow", 30.0), ("wet", -5.0)];

/// Weather without a pattern.
fn weather(series: usize, t: usize) -> usize {
    let x = ((series * 1000 + t) as f64 * 12.9898).sin() * 43758.5453;
    ((x - x.floor()) * 3.0) as usize
}

fn text<'a>(values: impl Iterator<Item = &'a str>) -> Column {
    Column::Text(values.map(Some).collect())
}

/// Rows `from..to` of two series whose values follow the weather; `day` is 0 to 3 in turn, `open` always 1 of `b`.
fn rows(from: usize, to: usize) -> Table {
    let places: Vec<(usize, usize)> =
        (0..2).flat_map(|i| (from..to).map(move |t| (i, t))).collect();
    let each = |f: &dyn Fn((usize, usize)) -> f64| places.iter().map(|p| f(*p)).collect();
    Table::new(vec![
        ("unique_id".into(), text(places.iter().map(|(i, _)| ["a", "b"][*i]))),
        ("ds".into(), Column::Int(places.iter().map(|(_, t)| *t as i64).collect())),
        (
            "y".into(),
            Column::Float(each(&|(i, t)| 100.0 + WEATHER[weather(i, t)].1 + (t % 4) as f64)),
        ),
        ("weather".into(), text(places.iter().map(|(i, t)| WEATHER[weather(*i, *t)].0))),
        ("day".into(), Column::Int(places.iter().map(|(_, t)| (t % 4) as i64).collect())),
        ("price".into(), Column::Float(each(&|(_, t)| (t as f64).cos()))),
    ])
    .unwrap()
}

fn shops() -> Table {
    Table::new(vec![
        ("unique_id".into(), text(["b", "a"].into_iter())),
        ("kind".into(), text(["small", "large"].into_iter())),
        ("size".into(), Column::Float(vec![1.0, 2.0])),
    ])
    .unwrap()
}

fn lists() -> Value {
    json!({ "futrExogList": ["price", "weather"], "histExogList": ["day"], "statExogList": ["size", "kind"],
            "catExogList": ["kind", "weather", "day"] })
}

/// Models that take categories, small, in all their modes.
fn models(options: &Value) -> Vec<ModelSpec> {
    let all = describe();
    let takes = all.as_array().unwrap().iter().filter(|m| m["inputs"]["cat"] == true);
    let names: Vec<&str> = takes.map(|m| m["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"NHITS") && names.contains(&"LSTM") && !names.contains(&"DLinear"));
    let small = |model: &str, more: Value| {
        let mut all = json!({ "h": H, "inputSize": 8, "maxSteps": 6, "scalerType": "standard", "learningRate": 5e-3 });
        for some in [&more, options] {
            all.as_object_mut().unwrap().extend(some.as_object().unwrap().clone());
        }
        ModelSpec { model: model.into(), options: all.as_object().unwrap().clone() }
    };
    let lstm = json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16 });
    vec![
        small("NHITS", json!({ "mlpUnits": [[32, 32], [32, 32]] })),
        small("LSTM", lstm.clone()),
        small("LSTM", json!({ "encoderHiddenSize": 16, "recurrent": true, "alias": "recurrent" })),
    ]
}

fn new(options: &Value) -> Result<NeuralForecast, Error> {
    NeuralForecast::new(models(options), None)
}

fn training() -> FitOptions {
    FitOptions { static_table: Some(shops()), ..FitOptions::default() }
}

fn ahead(from: usize) -> PredictOptions {
    PredictOptions { future: Some(rows(from, from + H)), ..PredictOptions::default() }
}

fn fit(nf: &mut NeuralForecast, table: &Table, options: &FitOptions) -> Result<Vec<String>, Error> {
    Ok(nf.fit(table, options, &Control::default())?.data_warnings)
}

fn fitted(options: &Value) -> NeuralForecast {
    let mut nf = new(options).unwrap();
    fit(&mut nf, &rows(0, ROWS), &training()).unwrap();
    nf
}

fn with(mut options: Value, more: Value) -> Value {
    options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    options
}

/// A column of a table, replaced.
fn replaced(mut table: Table, name: &str, column: Column) -> Table {
    table.columns.iter_mut().find(|(n, _)| n == name).unwrap().1 = column;
    table
}

fn mean_errors(forecast: &Forecast) -> Vec<f64> {
    let actual = rows(ROWS, ROWS + H);
    let Some(Column::Float(actual)) = actual.column("y") else { panic!("y is a number") };
    let error = |column: &neuro_divergent::Column| {
        let off = column.values.iter().zip(actual).map(|(v, y)| (f64::from(*v) - y).abs());
        off.sum::<f64>() / column.values.len() as f64
    };
    forecast.columns.iter().map(error).collect()
}

#[test]
fn what_follows_a_category_is_learned() {
    let more = json!({ "maxSteps": 300, "learningRate": 1e-2, "futrExogList": ["weather"], "catExogList": ["weather"] });
    let errors = mean_errors(&predict(&fitted(&more), &ahead(ROWS)));
    let without = mean_errors(&predict(
        &fitted(&json!({ "maxSteps": 300, "learningRate": 1e-2 })),
        &ahead(ROWS),
    ));
    // Eight seeds give 0.8 to 4.2, and without the weather 7 to 22; the mean of each series gives 10.
    for (with, without) in errors.iter().zip(&without) {
        assert!(*with < 5.5 && *without > 5.5, "{errors:?} against {without}");
    }
}

#[test]
fn an_unseen_category_forecasts_and_says_nothing_of_its_name() {
    let nf = fitted(&lists());
    let unseen = |name: &str| {
        let future =
            replaced(rows(ROWS, ROWS + H), "weather", text(std::iter::repeat_n(name, 2 * H)));
        predict(&nf, &PredictOptions { future: Some(future), ..PredictOptions::default() })
    };
    assert_eq!(unseen("hail").columns, unseen("fog").columns);
    assert_ne!(unseen("hail").columns, unseen("snow").columns);
    let missing = replaced(rows(ROWS, ROWS + H), "weather", Column::Text(vec![None; 2 * H].into()));
    let options = PredictOptions { future: Some(missing), ..PredictOptions::default() };
    let e = nf.predict(&options, &Control::default()).unwrap_err();
    assert_eq!((e.code, e.details.column.as_deref()), (ErrorCode::MissingValue, Some("weather")));
}

#[test]
fn numbers_as_categories_are_told_apart_and_not_measured() {
    let renamed = |factor: i64| {
        let day = (0..2 * ROWS).map(|row| (row % ROWS % 4) as i64 * factor).collect();
        let mut nf = new(&lists()).unwrap();
        fit(&mut nf, &replaced(rows(0, ROWS), "day", Column::Int(day)), &training()).unwrap();
        predict(&nf, &ahead(ROWS)).columns
    };
    assert_eq!(renamed(1), renamed(1_000_000));
}

#[test]
fn whole_series_are_scaled_but_not_their_categories() {
    let scaling = LocalScaling {
        temporal: Some(LocalScalerType::Standard),
        statics: Some(LocalScalerType::Minmax),
    };
    let mut nf = new(&lists()).unwrap().with_local_scaling(scaling);
    fit(&mut nf, &rows(0, ROWS), &training()).unwrap();
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let stored = checkpoint::read(&scratch.dir()).unwrap();
    let names =
        |scalers: &[(String, _)]| scalers.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(names(&stored.scalers.temporal), ["y", "price"]);
    assert_eq!(names(&stored.scalers.statics), ["size"]);
    same_after_loading("scaled", &nf, &ahead(ROWS));
}

#[test]
fn saved_categories_mean_the_same() {
    let nf = fitted(&with(lists(), json!({ "catEmbDim": "sqrt" })));
    same_after_loading("categories", &nf, &ahead(ROWS));
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let stored = checkpoint::read(&scratch.dir()).unwrap();
    let known = |text: &[&str]| Vocabulary::Text(text.iter().map(|t| t.to_string()).collect());
    assert_eq!(stored.vocabularies.get("weather"), Some(&known(&["dry", "snow", "wet"])));
    assert_eq!(stored.vocabularies.get("kind"), Some(&known(&["large", "small"])));
    assert_eq!(stored.vocabularies.get("day"), Some(&Vocabulary::Int(vec![0, 1, 2, 3])));
    for model in &stored.models {
        assert_eq!(
            model.options["categoricalCardinalities"],
            json!({ "kind": 2, "weather": 3, "day": 4 })
        );
        let shape = |name: &str| {
            let weight = model.tensors.iter().find(|t| t.name == format!("{name}.weight"));
            weight.unwrap_or_else(|| panic!("{name}")).shape.clone()
        };
        assert_eq!(shape("stat_cat_embeddings.0"), [3, 2]);
        assert_eq!(shape("futr_cat_embeddings.0"), [4, 2]);
        assert_eq!(shape("hist_cat_embeddings.0"), [5, 2]);
    }
}

#[test]
fn other_data_have_other_categories_also_after_loading() {
    let nf = fitted(&lists());
    let scratch = Scratch::new();
    nf.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
    let days = (0..2 * ROWS).map(|row| (row % 9) as i64).collect();
    let table = replaced(rows(0, ROWS), "day", Column::Int(days));
    let mut forecasts = Vec::new();
    for mut nf in [nf, loaded] {
        assert_eq!(fit(&mut nf, &table, &training()).unwrap(), Vec::<String>::new());
        forecasts.push(bits::of_forecast(&predict(&nf, &ahead(ROWS))));
    }
    assert_eq!(forecasts[0], forecasts[1]);
}

#[test]
fn training_goes_on_with_the_categories_it_has() {
    let go_on = FitOptions { mode: FitMode::Continue, ..training() };
    let mut whole = new(&with(lists(), json!({ "maxSteps": 12 }))).unwrap();
    fit(&mut whole, &rows(0, ROWS), &training()).unwrap();
    let whole = bits::of_forecast(&predict(&whole, &ahead(ROWS)));

    let options = with(lists(), json!({ "maxSteps": 12 }));
    let first = FitOptions { max_steps: Some(6), ..training() };
    let mut parts = new(&options).unwrap();
    fit(&mut parts, &rows(0, ROWS), &first).unwrap();
    let scratch = Scratch::new();
    parts.save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
    for mut nf in [parts, loaded] {
        let more = FitOptions { max_steps: Some(6), ..go_on.clone() };
        assert_eq!(fit(&mut nf, &rows(0, ROWS), &more).unwrap(), Vec::<String>::new());
        assert_eq!(bits::of_forecast(&predict(&nf, &ahead(ROWS))), whole);
        // More of them do not change what the others mean.
        let new = replaced(rows(0, ROWS), "weather", text(std::iter::repeat_n("aurora", 2 * ROWS)));
        let warnings = fit(&mut nf, &new, &more).unwrap();
        assert_eq!(
            warnings,
            [
                "column \"weather\" has 144 values that are not among the learned categories; they count as unseen"
            ]
        );
        predict(&nf, &ahead(ROWS));
    }
}

#[test]
fn what_is_saved_on_the_way_has_the_categories() {
    let scratch = Scratch::new();
    let on_the_way = Some(TrainingCheckpoint { path: scratch.dir(), every_steps: 4 });
    let options = FitOptions { checkpoint: on_the_way, ..training() };
    let mut nf = new(&lists()).unwrap();
    fit(&mut nf, &rows(0, ROWS), &options).unwrap();
    let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
    let of = |nf: &NeuralForecast| bits::of_forecast(&predict(nf, &ahead(ROWS)));
    assert_eq!(of(&loaded), of(&nf));
}

#[test]
fn horizons_are_longer_and_insample_windows_read_them() {
    let known_ahead =
        with(lists(), json!({ "histExogList": [], "catExogList": ["kind", "weather"] }));
    let nf = fitted(&known_ahead);
    let far = |weather: &str| {
        let column = text((0..6 * H).map(|i| if i % (3 * H) < H { "wet" } else { weather }));
        let future = replaced(rows(ROWS, ROWS + 3 * H), "weather", column);
        predict(
            &nf,
            &PredictOptions { future: Some(future), h: Some(3 * H), ..PredictOptions::default() },
        )
    };
    let (dry, snow) = (far("dry"), far("snow"));
    assert_eq!(dry.columns[0].values.len(), 6 * H);
    for (dry, snow) in dry.columns.iter().zip(&snow.columns) {
        assert_ne!(dry.values[H..3 * H], snow.values[H..3 * H], "{}", dry.name);
    }
    // The last window is what is forecast from the rows before it.
    let nf = fitted(&lists());
    let insample = nf.predict_insample(&InsampleOptions::default(), &Control::default()).unwrap();
    let before = PredictOptions {
        data: Some(rows(0, ROWS - H)),
        static_table: Some(shops()),
        ..ahead(ROWS - H)
    };
    let then = predict(&nf, &before);
    for (insample, then) in insample.columns.iter().zip(&then.columns) {
        let n = insample.values.len() / 2;
        for (i, then) in then.values.iter().enumerate() {
            let found = insample.values[(i / H + 1) * n - H + i % H];
            assert!(
                (found - then).abs() <= 1e-5 * then.abs(),
                "{}: {found}, {then}",
                insample.name
            );
        }
    }
}

#[test]
fn new_series_are_read_with_the_learned_categories() {
    let nf = fitted(&lists());
    let options =
        PredictOptions { data: Some(rows(0, ROWS)), static_table: Some(shops()), ..ahead(ROWS) };
    assert_eq!(predict(&nf, &options).columns, predict(&nf, &ahead(ROWS)).columns);
}

#[test]
fn models_without_categories_refuse_them_by_name() {
    for (option, value, message) in [
        (
            "catExogList",
            json!(["kind"]),
            "DLinear does not take catExogList, which names \"kind\"; it takes no exogenous columns",
        ),
        (
            "categoricalCardinalities",
            json!({ "kind": 2 }),
            "DLinear does not take categoricalCardinalities: it has no categories",
        ),
        ("catEmbDim", json!(4), "DLinear does not take catEmbDim: it has no categories"),
    ] {
        let options = json!({ "h": 2, "inputSize": 4, option: value }).as_object().unwrap().clone();
        let spec = ModelSpec { model: "DLinear".into(), options };
        let e = NeuralForecast::new(vec![spec], None).err().unwrap();
        assert_eq!((e.code, e.message.as_str()), (ErrorCode::UnsupportedExog, message));
        assert_eq!(e.details.model.as_deref(), Some("DLinear"));
        assert_eq!(e.details.option.as_deref(), Some(option));
    }
}

#[test]
fn lists_and_numbers_of_categories_are_checked() {
    let refused = |more: Value| {
        let e = new(&with(lists(), more)).err().unwrap();
        assert_eq!(e.code, ErrorCode::InvalidOption);
        (e.message, e.details.column)
    };
    assert_eq!(
        refused(json!({ "catExogList": ["visits"] })),
        (
            "option \"catExogList\" must be columns of futrExogList, histExogList or statExogList, got \"visits\"".into(),
            Some("visits".into())
        )
    );
    assert_eq!(
        refused(json!({ "catExogList": ["day", "day"] })).0,
        "option \"catExogList\" must be columns, each once, got \"day\""
    );
    refused(json!({ "catEmbDim": "cube" }));
    refused(json!({ "categoricalCardinalities": { "day": 0 } }));

    let mut few = new(&with(lists(), json!({ "categoricalCardinalities": { "day": 3 } }))).unwrap();
    let e = fit(&mut few, &rows(0, ROWS), &training()).unwrap_err();
    assert_eq!(
        e.message,
        "column \"day\" has 4 different values, and categoricalCardinalities leaves room for 3; \
         raise it to at least 4, or leave the column out of it"
    );
    assert!(!few.fitted());
    let many = fitted(&with(lists(), json!({ "categoricalCardinalities": { "day": 30 } })));
    same_after_loading("room for more", &many, &ahead(ROWS));

    let mut two = models(&lists());
    for (spec, count) in two.iter_mut().zip([5, 6]) {
        spec.options.insert("categoricalCardinalities".into(), json!({ "day": count }));
    }
    let e = NeuralForecast::new(two, None).err().unwrap();
    assert_eq!(
        e.message,
        "categoricalCardinalities of \"day\" must be the same for all models; NHITS has 5, LSTM has 6"
    );
}

#[test]
fn columns_that_hold_no_categories_are_refused_where_they_are() {
    let refused = |table: &Table| {
        let e = fit(&mut new(&lists()).unwrap(), table, &training()).unwrap_err();
        (e.code, e.details.column.unwrap(), e.message)
    };
    let dates = replaced(rows(0, ROWS), "weather", Column::Date(vec![0; 2 * ROWS]));
    let (code, column, _) = refused(&dates);
    assert_eq!((code, column.as_str()), (ErrorCode::Schema, "weather"));
    let mut days: Vec<f64> = (0..2 * ROWS).map(|row| (row % 4) as f64).collect();
    days[5] = f64::NAN;
    let missing = replaced(rows(0, ROWS), "day", Column::Float(days));
    let (code, _, message) = refused(&missing);
    assert_eq!(code, ErrorCode::MissingValue);
    assert!(
        message.starts_with("\"day\" is missing in series \"a\" at 5; fill it in, mask"),
        "{message}"
    );
    let Some(Column::Float(mut y)) = missing.column("y").cloned() else { panic!("y is a number") };
    y[5] = f64::NAN;
    fit(&mut new(&lists()).unwrap(), &replaced(missing, "y", Column::Float(y)), &training())
        .unwrap();
    let (code, column, _) = refused(&Table { columns: rows(0, ROWS).columns[..3].to_vec() });
    assert_eq!((code, column.as_str()), (ErrorCode::Schema, "day"));
}

#[test]
fn checkpoints_whose_categories_do_not_fit_are_refused() {
    let scratch = Scratch::new();
    fitted(&lists()).save(&scratch.dir(), &SaveOptions::default()).unwrap();
    let good = checkpoint::read(&scratch.dir()).unwrap();
    let refused = |change: &dyn Fn(&mut checkpoint::Checkpoint)| {
        let mut bad = good.clone();
        change(&mut bad);
        let other = Scratch::new();
        checkpoint::write(&other.dir(), &bad, false).unwrap();
        let e = NeuralForecast::load(&other.dir()).err().expect("it makes no sense");
        assert_eq!(e.code, ErrorCode::Checkpoint, "{e}");
        e.message
    };
    for wrong in [5.0, 1.5, -1.0] {
        let message = refused(&|c| {
            let panel = c.panel.as_mut().unwrap();
            panel.temporal.iter_mut().find(|(name, _)| name == "day").unwrap().1[3] = wrong;
        });
        assert!(
            message.contains("\"day\"") && message.contains("not the code of a category"),
            "{message}"
        );
    }
    let message = refused(&|c| c.panel.as_mut().unwrap().statics[1].1[0] = 3.0);
    assert!(message.contains("\"kind\""), "{message}");
    let message = refused(&|c| c.vocabularies = Vocabularies::default());
    assert!(message.contains("categorical_vocab_"), "{message}");
    let message = refused(&|c| {
        let days = Vocabulary::Int((0..9).collect());
        c.vocabularies.0.iter_mut().find(|(name, _)| name == "day").unwrap().1 = days;
    });
    assert!(message.contains("the options make it"), "{message}");
    let message = refused(&|c| {
        for model in &mut c.models {
            model.options.remove("countedCategories");
        }
        let days = Vocabulary::Int((0..9).collect());
        c.vocabularies.0.iter_mut().find(|(name, _)| name == "day").unwrap().1 = days;
    });
    assert!(message.contains("categoricalCardinalities leaves room for 4"), "{message}");
    assert!(fs::exists(scratch.dir().join("configuration.json")).unwrap());
}
