//! Every model with every loss it can be trained with, every window scaler and every kind of exogenous column: it trains
//! two steps, and forecasts the same bytes after saving and loading. New models, losses and scalers join by themselves.

mod bits;
mod checks;
mod scratch;
#[expect(dead_code, reason = "models are made smaller here")]
mod series;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use checks::Checks;
use neuro_divergent::data::{Column, Table};
use neuro_divergent::objective::{LossSpec, Objective, every_loss};
use neuro_divergent::options::OptionValue;
use neuro_divergent::{Control, ErrorCode, FitOptions, ModelSpec, NeuralForecast, PredictOptions};
use scratch::same_after_loading;
use serde_json::{Map, Value, json};
use series::{models, panel};

const H: usize = 2;
const INPUT: usize = 8;
const ROWS: usize = 26;
/// Name in `describe`, option, a column of numbers and one of categories of each kind of exogenous column.
const EXOGENOUS: [(&str, &str, &str, &str); 3] = [
    ("futr", "futrExogList", "price", "label"),
    ("hist", "histExogList", "visits", "label"),
    ("stat", "statExogList", "size", "kind"),
];

/// An option's default with sizes of 16 and more made small: 8 if even, 9 if odd. `None` if there is nothing to change.
fn small(default: &Value) -> Option<Value> {
    match default {
        Value::Number(n) => {
            let n = n.as_u64().filter(|n| *n >= 16)?;
            Some(json!(8 + n % 2))
        }
        Value::Array(items) => {
            let smaller: Vec<Option<Value>> = items.iter().map(small).collect();
            let any = smaller.iter().any(Option::is_some);
            let each = smaller.into_iter().zip(items).map(|(s, item)| s.unwrap_or(item.clone()));
            any.then(|| each.collect())
        }
        _ => None,
    }
}

/// Options of a model that make it small: its own sizes, as long as it takes them.
fn tiny(name: &str, described: &Value) -> Map<String, Value> {
    let own = described["options"].as_array().unwrap().iter().filter(|o| o["shared"] == false);
    let named = |o: &Value| Some((o["name"].as_str().unwrap().to_string(), small(&o["default"])?));
    let mut options: Map<String, Value> = own.filter_map(named).collect();
    loop {
        let model = small_spec(name, &options);
        let Err(e) = NeuralForecast::new(vec![model], None) else { return options };
        let refused = e.details.option.clone().filter(|option| options.remove(option).is_some());
        assert!(refused.is_some(), "{name} with {options:?}: {e}");
    }
}

fn small_spec(model: &str, options: &Map<String, Value>) -> ModelSpec {
    let shared = json!({ "h": H, "inputSize": INPUT, "maxSteps": 2, "windowsBatchSize": 8, "learningRate": 0.01 });
    let mut all = shared.as_object().unwrap().clone();
    all.extend(options.clone());
    all.extend(series::language::needed(model));
    ModelSpec { model: model.into(), options: all }
}

/// The values of the option `scalerType`.
fn scalers(described: &Value) -> Vec<Value> {
    let all = described["options"].as_array().unwrap();
    let ts = all.iter().find(|o| o["name"] == "scalerType").unwrap()["ts"].as_str().unwrap();
    ts.split(" | ").map(|name| json!(name.trim_matches('\''))).collect()
}

/// Histories of numbers, the same of a target that is 0 or 1, and how to fit and forecast them.
type Tables = ([Table; 2], FitOptions, PredictOptions);

/// Histories, static columns and what is known ahead, of three series.
fn tables() -> Tables {
    let mut whole = panel(3, ROWS + H);
    let (_, target) = whole.columns.iter_mut().find(|(name, _)| name == "y").unwrap();
    // A yes or no, which every distribution has.
    if let Column::Float(y) = target {
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        y.iter_mut().for_each(|y| *y = f64::from(u8::from(*y > mean)));
    }
    let label = |row: usize| Some(["low", "middle", "high"][row % 3]);
    whole.columns.push(("label".into(), Column::Text((0..3 * (ROWS + H)).map(label).collect())));
    let part = |known: bool| {
        let rows: Vec<usize> =
            (0..3 * (ROWS + H)).filter(|row| (row % (ROWS + H) < ROWS) == known).collect();
        let column = |column: &Column| match column {
            Column::Float(v) => Column::Float(rows.iter().map(|r| v[*r]).collect()),
            Column::Int(v) => Column::Int(rows.iter().map(|r| v[*r]).collect()),
            Column::Date(v) => Column::Date(rows.iter().map(|r| v[*r]).collect()),
            Column::Text(v) => Column::Text(rows.iter().map(|r| v.get(*r)).collect()),
        };
        Table { columns: whole.columns.iter().map(|(n, c)| (n.clone(), column(c))).collect() }
    };
    let statics = Table::new(vec![
        ("unique_id".into(), Column::Text((0..3).map(|i| Some(format!("s{i}"))).collect())),
        ("size".into(), Column::Float(vec![0.25, -1.5, 4.0])),
        ("kind".into(), Column::Text(["a", "b", "a"].map(Some).into_iter().collect())),
    ]);
    let numbers = part(true);
    let mut flags = numbers.clone();
    flags.columns[2].1 = flags.column("price").unwrap().clone();
    (
        [numbers, flags],
        FitOptions { static_table: Some(statics.unwrap()), ..FitOptions::default() },
        PredictOptions { future: Some(part(false)), ..PredictOptions::default() },
    )
}

/// Losses that need a scaler that shifts.
const SHIFTED: [&str; 2] = ["Tweedie", "NBMM"];

/// The name of a loss's distribution, or of the loss.
fn law(loss: &LossSpec) -> &str {
    loss.args.get("distribution").and_then(Value::as_str).unwrap_or(&loss.kind)
}

/// The models of a scaler: one of each loss, and one of each kind of exogenous column.
fn with_scaler(
    name: &str,
    tiny: &Map<String, Value>,
    described: &Value,
    scaler: &Value,
) -> Vec<ModelSpec> {
    let losses = every_loss();
    let mut more: Vec<(String, Value)> = losses
        .iter()
        .filter(|loss| Objective::new(loss, H, "loss").unwrap().is_trainable())
        // `targets.rs` tests that these are refused.
        .filter(|loss| scaler != "identity" || !SHIFTED.contains(&law(loss)))
        .map(|loss| {
            (
                format!("{} {}", loss.kind, law(loss)),
                json!({ "loss": loss.write(), "validLoss": null }),
            )
        })
        .collect();
    assert!(more.len() >= 13, "{more:?}");
    for (kind, option, numbers, categories) in EXOGENOUS {
        let takes = |kind: &str| described["inputs"][kind] == true;
        if takes(kind) {
            more.push((option.into(), json!({ option: [numbers] })));
        }
        if takes(kind) && takes("cat") {
            let both = json!({ option: [numbers, categories], "catExogList": [categories] });
            more.push((format!("{option} cat"), both));
        }
    }
    let spec = |(what, more): (String, Value)| {
        let mut options = tiny.clone();
        options.extend(more.as_object().unwrap().clone());
        options.insert("scalerType".into(), scaler.clone());
        options
            .insert("alias".into(), format!("{name} {what} {}", scaler.as_str().unwrap()).into());
        small_spec(name, &options)
    };
    more.into_iter().map(spec).collect()
}

/// Trains and saves all of them together, but those that are refused; says how many those are.
fn survive(name: &str, specs: Vec<ModelSpec>, (tables, fit, predict): &Tables) -> usize {
    let all = specs.len();
    let taken = |spec: &ModelSpec| match NeuralForecast::new(vec![spec.clone()], None) {
        Ok(_) => true,
        // A model may refuse a loss, or what a loss makes of it, but it says so.
        Err(e) => {
            let codes = [ErrorCode::InvalidOption, ErrorCode::Unsupported];
            assert!(codes.contains(&e.code) && e.details.option.is_some(), "{spec:?}: {e}");
            false
        }
    };
    let specs: Vec<ModelSpec> = specs.into_iter().filter(taken).collect();
    let taken = specs.len();
    let of_flags = |spec: &ModelSpec| spec.options["alias"].as_str().unwrap().contains("Bernoulli");
    let (flags, numbers): (Vec<_>, Vec<_>) = specs.into_iter().partition(of_flags);
    for (specs, table) in [numbers, flags].into_iter().zip(tables) {
        if specs.is_empty() {
            continue;
        }
        let mut nf = NeuralForecast::new(specs, None).unwrap();
        let control = Control { threads: Some(1), ..Control::default() };
        let report = nf.fit(table, fit, &control).unwrap_or_else(|e| panic!("{name}: {e}"));
        for model in report.models {
            let losses = &model.train_loss;
            let finite = losses.iter().all(|l| l.is_finite());
            assert!(losses.len() == 2 && finite, "{}: {losses:?}", model.name);
        }
        same_after_loading(name, &nf, predict);
    }
    all - taken
}

#[test]
fn every_model_with_every_loss_scaler_and_exogenous_column_trains_and_survives_saving() {
    let tables = tables();
    let mut jobs = Vec::new();
    for (name, described) in models() {
        let tiny = tiny(&name, &described);
        let scalers = scalers(&described);
        assert!(scalers.len() >= 7, "{scalers:?}");
        let specs = scalers.iter().map(|scaler| with_scaler(&name, &tiny, &described, scaler));
        jobs.extend(specs.map(|specs| (name.clone(), specs)));
    }
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((name, specs)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = catch_unwind(AssertUnwindSafe(|| {
                let refused = survive(name, specs.clone(), &tables);
                // The scaler revin refuses every likelihood.
                assert!(
                    3 * refused < 2 * specs.len(),
                    "{name} refuses {refused} of {}",
                    specs.len()
                );
            }));
            let what = format!("{name} {}", specs[0].options["scalerType"]);
            results.lock().unwrap().push((what, result));
        }
    };
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let mut checks = Checks::default();
    for (what, result) in results.into_inner().unwrap() {
        checks.row(what, || result.unwrap_or_else(|panic| resume_unwind(panic)));
    }
    assert_eq!(checks.finish(), jobs.len());
}
