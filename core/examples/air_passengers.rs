//! Trains three models on the classic airline passengers series and scores them on its last year.
//!
//! `cargo run --release -p neuro-divergent --example air_passengers`

use neuro_divergent::data::{Frequency, Panel, PanelOptions, read_csv_text};
use neuro_divergent::models::{CommonOptions, DLinear, LSTM, Model, NHITS};
use neuro_divergent::scalers::ScalerType;
use neuro_divergent::{Control, FitOptions, Metric, NeuralForecast, PredictOptions, evaluate};

fn main() -> neuro_divergent::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/air-passengers.csv");
    let text = std::fs::read_to_string(file).expect("the series is part of the repository");
    let (whole, _) = Panel::from_table(&read_csv_text(&text, file)?, &PanelOptions::default())?;
    let known: Vec<&str> = text.lines().take(1 + 144 - 12).collect();
    let train = read_csv_text(&known.join("\n"), file)?;
    let models = vec![
        NHITS::spec(
            CommonOptions {
                max_steps: 300,
                scaler_type: ScalerType::Robust,
                ..NHITS::common(12, 24)
            },
            Default::default(),
        ),
        LSTM::spec(CommonOptions { max_steps: 300, ..LSTM::common(12, 24) }, Default::default()),
        DLinear::spec(
            CommonOptions {
                max_steps: 1000,
                learning_rate: 1e-3,
                scaler_type: ScalerType::Robust,
                ..DLinear::common(12, 24)
            },
            Default::default(),
        ),
    ];
    let mut forecaster = NeuralForecast::new(models, Some(Frequency::parse("MS")?))?;
    let report = forecaster.fit(&train, &FitOptions::default(), &Control::default())?;
    for m in &report.models {
        let per_step = m.elapsed_ms / m.steps as f64;
        eprintln!("{:8} {:6.2} ms a step, loss {:?}", m.name, per_step, m.train_loss.last());
    }
    let forecast = forecaster.predict(&PredictOptions::default(), &Control::default())?;
    for (name, scores) in evaluate(
        &forecast,
        &whole,
        forecaster.panel(),
        12,
        &[Metric::Mae, Metric::Smape, Metric::Mase],
    )?
    .models
    {
        eprintln!("{name:8} {scores:?}");
    }
    Ok(())
}
