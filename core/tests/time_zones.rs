//! Forecasts in a time zone: read, stepped and written by its clocks, before and after saving.

mod bits;
mod scratch;
#[expect(dead_code, reason = "forecasters are made here")]
mod series;

use neuro_divergent::data::{Column, Frequency, Table, TimeZone};
use neuro_divergent::{
    Control, Error, ErrorCode, FitOptions, NeuralForecast, PredictOptions, SaveOptions,
};
use scratch::{Scratch, predict, same_after_loading};
use serde_json::json;
use series::spec;

const BERLIN: &str = "Europe/Berlin";

/// Local midnights before the night in which clocks go forward.
fn march() -> Table {
    table((10..=30).map(|day| format!("2024-03-{day}")).collect())
}

fn table(ds: Vec<String>) -> Table {
    let y = (0..ds.len()).map(|t| (t as f64).sin()).collect();
    let ds = Column::Text(ds.into_iter().map(Some).collect());
    Table::new(vec![("ds".into(), ds), ("y".into(), Column::Float(y))]).unwrap()
}

fn forecaster(frequency: Option<&str>, zone: &str) -> Result<NeuralForecast, Error> {
    let options = json!({ "h": 3, "inputSize": 6, "maxSteps": 2, "windowsBatchSize": 8 });
    let frequency = frequency.map(|alias| Frequency::parse(alias).unwrap());
    NeuralForecast::new(vec![spec("DLinear", &options)], frequency)?
        .with_time_zone(TimeZone::parse(zone)?)
}

fn fitted(frequency: Option<&str>, table: &Table) -> NeuralForecast {
    let mut nf = forecaster(frequency, BERLIN).unwrap();
    nf.fit(table, &FitOptions::default(), &Control::default()).unwrap();
    nf
}

fn times(nf: &NeuralForecast, options: &PredictOptions) -> Vec<String> {
    let forecast = predict(nf, options);
    (0..3).map(|row| forecast.ds_text(row)).collect()
}

const NIGHTS: [&str; 3] =
    ["2024-03-31 00:00:00+01:00", "2024-04-01 00:00:00+02:00", "2024-04-02 00:00:00+02:00"];

#[test]
fn days_are_those_of_the_clocks_given_or_inferred() {
    for frequency in [Some("D"), None] {
        let nf = fitted(frequency, &march());
        assert_eq!(times(&nf, &PredictOptions::default()), NIGHTS);
        assert_eq!(nf.frequency().unwrap().to_string(), "D");
        let csv = predict(&nf, &PredictOptions::default()).to_csv();
        assert!(csv.contains("y,2024-03-31 00:00:00+01:00,"), "{csv}");
    }
    let hours = fitted(Some("24h"), &march());
    let exact =
        ["2024-03-31 00:00:00+01:00", "2024-04-01 01:00:00+02:00", "2024-04-02 01:00:00+02:00"];
    assert_eq!(times(&hours, &PredictOptions::default()), exact);
}

#[test]
fn the_zone_is_saved_with_the_data_and_without_them() {
    let nf = fitted(Some("D"), &march());
    let history = PredictOptions { data: Some(march()), ..PredictOptions::default() };
    same_after_loading("daily in a zone", &nf, &history);
    for save_dataset in [true, false] {
        let scratch = Scratch::new();
        nf.save(&scratch.dir(), &SaveOptions { save_dataset, ..SaveOptions::default() }).unwrap();
        let loaded = NeuralForecast::load(&scratch.dir()).unwrap();
        assert_eq!(times(&loaded, &history), NIGHTS);
        assert_eq!(predict(&loaded, &history).columns, predict(&nf, &history).columns);
        if save_dataset {
            assert_eq!(loaded.panel().unwrap().times, nf.panel().unwrap().times);
            assert_eq!(times(&loaded, &PredictOptions::default()), NIGHTS);
        }
    }
}

#[test]
fn times_off_the_clock_are_refused_in_local_time() {
    // Midnights of UTC are 1 o'clock in winter and 2 o'clock in summer.
    let utc = (25..=31)
        .chain(1..=14)
        .map(|day| format!("2024-{}-{day:02}T00:00Z", if day > 20 { "03" } else { "04" }));
    let mut nf = forecaster(Some("D"), BERLIN).unwrap();
    let e = nf.fit(&table(utc.collect()), &FitOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(
        (e.code, e.message.as_str()),
        (
            ErrorCode::Freq,
            "series \"y\": the time 2024-04-01T02:00:00+02:00 is not on the frequency \"D\", the nearest that is would be \
             2024-04-01T01:00:00+02:00. The times are midnights in UTC, not in Europe/Berlin: leave timeZone out, or write dates \
             without an offset, as texts"
        )
    );
}

#[test]
fn steps_and_unknown_places_have_no_time_zone() {
    let e = forecaster(Some("1"), BERLIN).err().unwrap();
    assert_eq!(
        e.message,
        "option \"timeZone\" must be left out for step numbers (frequency 1), got \"Europe/Berlin\""
    );
    let mut nf = forecaster(None, BERLIN).unwrap();
    let steps = Table::one_series((0..30).map(f64::from).collect());
    let e = nf.fit(&steps, &FitOptions::default(), &Control::default()).unwrap_err();
    assert_eq!(e.details.option.as_deref(), Some("timeZone"));
    assert_eq!(forecaster(Some("D"), "Mars").err().unwrap().code, ErrorCode::InvalidOption);
}
