//! Series and numbers to work on, the same on every run.

use std::f64::consts::TAU;
use std::path::Path;

use neuro_divergent::data::{Column, Table, read_csv};

/// A number in `0..1`, a function of its place.
fn noise(series: usize, row: usize) -> f64 {
    let wave = ((row + 131 * series) as f64 * 12.9898).sin() * 43_758.545_3;
    wave - wave.floor()
}

/// Series with a trend, two seasons and noise, at the steps 0, 1, 2, …
pub fn seasonal(series: usize, rows: usize) -> Table {
    let places = || (0..series).flat_map(|i| (0..rows).map(move |t| (i, t)));
    let value = |(i, t): (usize, usize)| {
        let season = |period: f64, size: f64| size * (TAU * (t + 5 * i) as f64 / period).sin();
        50.0 + t as f64 / 100.0 + season(12.0, 10.0) + season(84.0, 4.0) + 2.0 * noise(i, t)
    };
    let columns = vec![
        ("unique_id".into(), Column::Text(places().map(|(i, _)| Some(format!("s{i}"))).collect())),
        ("ds".into(), Column::Int(places().map(|(_, t)| t as i64).collect())),
        ("y".into(), Column::Float(places().map(value).collect())),
    ];
    Table::new(columns).expect("names differ, lengths agree")
}

/// Monthly airline passengers, 1949 to 1960.
pub fn airline_passengers() -> Table {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/air-passengers.csv");
    read_csv(file).expect("the series is part of the repository")
}

/// The table without the last `h` rows of each series; series are one after the other, in order of time.
pub fn split_tails(table: &Table, h: usize) -> Table {
    let ids: Vec<String> = match table.column("unique_id") {
        Some(Column::Text(ids)) => ids.iter().flatten().map(String::from).collect(),
        other => panic!("series are named by text, not {other:?}"),
    };
    let kept: Vec<usize> =
        (0..ids.len()).filter(|row| ids.get(row + h) == Some(&ids[*row])).collect();
    fn at<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
        rows.iter().map(|row| values[*row].clone()).collect()
    }
    let cut = |column: &Column| match column {
        Column::Float(v) => Column::Float(at(v, &kept)),
        Column::Int(v) => Column::Int(at(v, &kept)),
        Column::Text(v) => Column::Text(kept.iter().map(|row| v.get(*row)).collect()),
        Column::Date(v) => Column::Date(at(v, &kept)),
    };
    Table { columns: table.columns.iter().map(|(name, c)| (name.clone(), cut(c))).collect() }
}

/// Numbers in `-1..1`.
pub fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|i| (2.0 * noise(seed, i) - 1.0) as f32).collect()
}
