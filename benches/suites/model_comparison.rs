//! Models against each other: what a forecast of the last steps is worth, and how long the same number of training steps took.
//!
//! The airline passengers are part of the repository. Longer series are read from the folder that `NF_BENCH_DATA` names, if
//! there is one: `ETTh1.csv` (its oil temperature) and `m4-hourly.csv`.

use std::path::Path;

use neuro_divergent::data::{Column, Panel, PanelOptions, Table, read_csv};
use neuro_divergent::{Forecast, Metric, Result, evaluate, seasonal_naive};
use subject::{Case, SMALL, Suite, airline_passengers, models, rounded, split_tails, suite};

/// Series with how they are forecast.
struct Data {
    name: &'static str,
    table: Table,
    h: usize,
    input: usize,
    season: usize,
    steps: usize,
}

type Read = fn(&Path) -> Result<Data>;

/// Files of longer series, and what is read from them.
const FILES: [(&str, Read); 2] = [("ETTh1.csv", oil_temperature), ("m4-hourly.csv", m4)];

fn main() {
    suite(|s| {
        let passengers = Data {
            name: "Airline passengers, the last 12 of 144 months held out",
            table: airline_passengers(),
            h: 12,
            input: 24,
            season: 12,
            steps: if s.quick() { 10 } else { 200 },
        };
        compare(s, &passengers);
        let Some(folder) = std::env::var_os("NF_BENCH_DATA") else {
            return s.note("Longer series are left out: there is no folder with them.");
        };
        for (file, read) in FILES {
            match read(&Path::new(&folder).join(file)) {
                Ok(data) => {
                    let steps = if s.quick() { 2 } else { data.steps };
                    compare(s, &Data { steps, ..data });
                }
                Err(error) => s.note(&format!("{file} is left out: {error}")),
            }
        }
    });
}

/// The last 2000 hours of the oil temperature of a transformer.
fn oil_temperature(file: &Path) -> Result<Data> {
    let whole = read_csv(file)?;
    let values = match whole.column("OT") {
        Some(Column::Float(values)) => values[values.len() - 2000..].to_vec(),
        other => panic!("OT is numbers, not {other:?}"),
    };
    let name = "Oil temperature, the last 24 of 2000 hours held out";
    Ok(Data { name, table: Table::one_series(values), h: 24, input: 48, season: 24, steps: 50 })
}

/// The first ten series of the hourly ones of M4.
fn m4(file: &Path) -> Result<Data> {
    let whole = read_csv(file)?;
    let (Some(Column::Text(ids)), Some(y)) = (whole.column("unique_id"), whole.column("y")) else {
        panic!("series are named, and have values");
    };
    let y: Vec<f64> = match y {
        Column::Float(values) => values.clone(),
        Column::Int(values) => values.iter().map(|v| *v as f64).collect(),
        other => panic!("values are numbers, not {other:?}"),
    };
    let mut names: Vec<Option<&str>> = ids.iter().collect();
    names.dedup();
    names.truncate(10);
    let kept: Vec<usize> = (0..ids.len()).filter(|row| names.contains(&ids.get(*row))).collect();
    let step = |row: &usize| (0..*row).rev().take_while(|r| ids.get(*r) == ids.get(*row)).count();
    let table = Table::new(vec![
        ("unique_id".into(), Column::Text(kept.iter().map(|row| ids.get(*row)).collect())),
        ("ds".into(), Column::Int(kept.iter().map(|row| step(row) as i64).collect())),
        ("y".into(), Column::Float(kept.iter().map(|row| y[*row]).collect())),
    ])?;
    let name = "M4 hourly, ten series, the last 48 hours held out";
    Ok(Data { name, table, h: 48, input: 48, season: 24, steps: 50 })
}

/// One row for each model, the best first, and one for the seasonal naive forecast.
fn compare(s: &mut Suite, data: &Data) {
    let train = split_tails(&data.table, data.h);
    let panel = |table| Panel::from_table(table, &PanelOptions::default()).expect("it is whole").0;
    let (actual, history) = (panel(&data.table), panel(&train));
    let mut rows = Vec::new();
    let mut naive = None;
    for (model, _) in models() {
        match score(data, &model, &train, &actual, &history) {
            Ok((scores, of_naive, ms)) => {
                naive.get_or_insert(of_naive);
                rows.push((model, scores, rounded(ms)));
            }
            Err(error) => s.note(&format!("{model} is left out: {error}")),
        }
    }
    if let Some(scores) = naive {
        rows.push(("seasonal naive".into(), scores, String::new()));
    }
    rows.sort_by(|a, b| a.1[0].total_cmp(&b.1[0]));
    let name = format!("{}, {} steps", data.name, data.steps);
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(model, scores, ms)| {
            let scores = scores.iter().map(|score| rounded(*score));
            std::iter::once(model).chain(scores).chain([ms]).collect()
        })
        .collect();
    s.table(&name, &["model", "MAE", "sMAPE", "MASE", "fit: ms"], &rows);
}

/// Scores of the model and of the seasonal naive forecast, and milliseconds of the fit.
fn score(
    data: &Data,
    model: &str,
    train: &Table,
    actual: &Panel,
    history: &Panel,
) -> Result<([f64; 3], [f64; 3], f64)> {
    let case = Case::new(model, SMALL)
        .with("h", data.h)
        .with("inputSize", data.input)
        .with("maxSteps", data.steps)
        .with("scalerType", "standard")
        .with("windowsBatchSize", 128);
    let ran = case.fit_on(train, data.steps, neuro_divergent::runtime::threads())?;
    let mut forecast = ran.predict();
    let metrics = [Metric::Mae, Metric::Smape, Metric::Mase];
    let scores = |forecast: &Forecast| -> Result<[f64; 3]> {
        let scores = evaluate(forecast, actual, Some(history), data.season, &metrics)?;
        Ok([0, 1, 2].map(|i| scores.models[0].1[i].1))
    };
    let of_model = scores(&forecast)?;
    forecast.columns.truncate(1);
    forecast.columns[0].values = seasonal_naive(history, data.h, data.season);
    Ok((of_model, scores(&forecast)?, 1e3 * ran.whole.as_secs_f64()))
}
