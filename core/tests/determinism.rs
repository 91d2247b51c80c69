//! The same seed gives the same bytes: for any number of threads, any order of the rows, again and again.

mod bits;
mod checks;
mod rows;
mod series;

use checks::Checks;
use neuro_divergent::data::{Column, Table};
use neuro_divergent::{Control, FitOptions, PredictOptions};
use serde_json::{Value, json};
use series::{forecaster, models, panel};

/// What a run leaves: every number as bits.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    forecast: Vec<(String, Vec<u32>)>,
    train_loss: Vec<u32>,
    val_loss: Vec<u32>,
    steps: (usize, usize, &'static str),
}

/// Everything random at once: dropout, windows drawn from a few of the series, validation, early stopping.
/// First with the defaults, then with each own switch the other way.
fn options(described: &Value, seed: u64) -> Vec<Value> {
    let mut options = json!({
        "h": 4, "inputSize": 12, "maxSteps": 10, "learningRate": 2e-2, "scalerType": "standard", "randomSeed": seed,
        "batchSize": 3, "windowsBatchSize": 600, "valCheckSteps": 2, "earlyStopPatienceSteps": 1,
    });
    let all = || described["options"].as_array().unwrap().iter();
    for option in all() {
        let name = option["name"].as_str().unwrap();
        if name.to_lowercase().contains("dropout") && option["ts"] == "number" {
            options[name] = json!(0.2);
        }
    }
    let switches = all().filter(|o| o["shared"] == false && o["ts"] == "boolean");
    let switched = switches.map(|o| {
        let mut options = options.clone();
        options[o["name"].as_str().unwrap()] = json!(o["default"] == false);
        options
    });
    let mut variants: Vec<Value> = switched.collect();
    // Quantiles that are drawn for every point, in training and in validation.
    let mut implicit = options.clone();
    let args = json!({ "cosEmbeddingDim": 8, "concentration0": 1.5 });
    implicit["loss"] = json!({ "kind": "HuberIQLoss", "args": args });
    variants.push(implicit);
    variants.insert(0, options);
    variants
}

/// Enough that a step has more windows than one thread takes at once, many times over.
fn data() -> Table {
    panel(5, 230)
}

fn run_with(model: &str, options: &Value, table: &Table, threads: Option<usize>) -> Run {
    let control = Control { threads, ..Control::default() };
    let mut nf = forecaster(model, options);
    let fit = FitOptions { val_size: 8, ..FitOptions::default() };
    let report = nf.fit(table, &fit, &control).unwrap().models.remove(0);
    let forecast = nf.predict(&PredictOptions::default(), &control).unwrap();
    Run {
        forecast: bits::of_forecast(&forecast),
        train_loss: bits::of(&report.train_loss),
        val_loss: bits::of(&report.val_loss),
        steps: (report.steps, report.best_step, report.stop_reason),
    }
}

/// Compares a run of each model with those that `others` makes of it.
fn compare(others: impl Fn(&str, &Value, &Table) -> Vec<Run>) {
    let table = data();
    for (model, described) in models() {
        for options in options(&described, 1) {
            let run = run_with(&model, &options, &table, Some(2));
            assert!(run.train_loss.len() > 3 && !run.val_loss.is_empty());
            for (i, same) in others(&model, &options, &table).into_iter().enumerate() {
                assert_eq!(same, run, "{model}, run {i}, {options}");
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    compare(|model, options, table| {
        [1, 3, 8].map(|threads| run_with(model, options, table, Some(threads))).to_vec()
    });
}

#[test]
fn a_run_can_be_repeated() {
    compare(|model, options, table| {
        (0..2).map(|_| run_with(model, options, table, None)).collect()
    });
}

#[test]
fn the_order_of_the_rows_changes_no_byte() {
    compare(|model, options, table| {
        let n = table.rows();
        let backwards = rows::pick(table, (0..n).rev());
        let strided = rows::pick(table, (0..n).map(|i| i * 77 % n));
        [backwards, strided].map(|table| run_with(model, options, &table, None)).to_vec()
    });
}

#[test]
fn integers_and_text_identify_series_alike() {
    compare(|model, options, table| {
        let mut numbered = table.clone();
        let Column::Text(ids) = &table.columns[0].1 else { unreachable!("ids are text") };
        let number = |id: Option<&str>| id.unwrap()[1..].parse().unwrap();
        numbered.columns[0].1 = Column::Int(ids.iter().map(number).collect());
        vec![run_with(model, options, &numbered, None)]
    });
}

#[test]
fn another_seed_gives_other_numbers() {
    let table = data();
    let mut checks = Checks::default();
    for (model, described) in models() {
        checks.row(&model, || {
            let run = |seed| run_with(&model, &options(&described, seed)[0], &table, None);
            let (one, two) = (run(1), run(2));
            assert_ne!(one.train_loss, two.train_loss, "{model}");
            assert_ne!(one.forecast, two.forecast, "{model}");
        });
    }
    checks.finish();
}

#[test]
fn dropout_is_on_where_the_model_has_it() {
    let has = |described: &Value| {
        let options = options(described, 1).remove(0);
        options.as_object().unwrap().keys().any(|name| name.to_lowercase().contains("dropout"))
    };
    let with: Vec<String> =
        models().into_iter().filter(|(_, d)| has(d)).map(|(name, _)| name).collect();
    let mut checks = Checks::default();
    for model in ["LSTM", "NHITS"] {
        checks.row(model, || {
            assert!(with.iter().any(|name| name == model), "{with:?}");
        });
    }
    checks.finish();
}

#[test]
fn more_shards_change_a_step_by_rounding_alone() {
    let table = data();
    for model in ["MLP", "LSTM", "DLinear"] {
        let run = |shards: Value, threads: usize| {
            let options = json!({
                "h": 4, "inputSize": 12, "maxSteps": 5, "windowsBatchSize": 600, "shards": shards,
            });
            run_with(model, &options, &table, Some(threads))
        };
        let (usual, many) = (run(Value::Null, 2), run(json!(50), 2));
        assert_eq!(run(json!(50), 7), many, "{model}");
        // Of few weights the sums of other parts may round to the same numbers.
        assert!(model != "MLP" || usual != many, "{model}: sums of other parts round otherwise");
        for (usual, many) in usual.train_loss.iter().zip(&many.train_loss) {
            let [usual, many] = [usual, many].map(|bits| f32::from_bits(*bits));
            assert!((usual - many).abs() < 1e-4 * usual.abs(), "{model}: {usual} and {many}");
        }
    }
}
