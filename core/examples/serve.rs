//! Trains a model and saves it. Then, like a service, loads it once and forecasts each new window of numbers.
//!
//! `cargo run --release -p neuro-divergent --example serve`

use std::f64::consts::TAU;
use std::path::Path;

use neuro_divergent::data::{Frequency, Table};
use neuro_divergent::models::{CommonOptions, Model, NHITS, nhits};
use neuro_divergent::scalers::ScalerType;
use neuro_divergent::{
    Control, FitOptions, NeuralForecast, Predictor, PredictorOptions, Result, SaveOptions,
    WindowExog,
};

const H: usize = 12;
const INPUT: usize = 24;

fn main() -> Result<()> {
    let dir = std::env::temp_dir().join("neuro-divergent-serve");
    train(&dir)?;

    // The rest could be another program.
    let mut predictor = NeuralForecast::load(&dir)?.predictor(&PredictorOptions::default())?;
    for now in [200, 201, 202] {
        let recent: Vec<f32> = (now - INPUT..now).map(|t| demand(t) as f32).collect();
        let forecast = answer(&mut predictor, &recent)?;
        eprintln!("at {now}: {:.2} is next, {:.2} was expected", forecast[0], demand(now));
    }
    Ok(())
}

/// Trains on the past and saves the model to a folder.
fn train(dir: &Path) -> Result<()> {
    let model = NHITS::spec(
        CommonOptions {
            max_steps: 200,
            scaler_type: ScalerType::Robust,
            ..NHITS::common(H, INPUT)
        },
        nhits::Options { mlp_units: vec![vec![64, 64]; 3], ..Default::default() },
    );
    let past = Table::one_series((0..200).map(demand).collect());
    let mut forecaster = NeuralForecast::new(vec![model], Some(Frequency::step(1)?))?;
    forecaster.fit(&past, &FitOptions::default(), &Control::default())?;
    forecaster.save(dir, &SaveOptions { overwrite: true, save_dataset: false })
}

/// Forecasts the next `H` values after a window of `INPUT`. The predictor already holds all the memory this takes.
fn answer(predictor: &mut Predictor, window: &[f32]) -> Result<[f32; H]> {
    let mut forecast = [0.0; H];
    predictor.predict(window, WindowExog::default(), &mut forecast)?;
    Ok(forecast)
}

/// A season of 12 steps on a slow upward trend.
fn demand(t: usize) -> f64 {
    let t = t as f64;
    100.0 + 0.1 * t + 10.0 * (t / 12.0 * TAU).sin()
}
