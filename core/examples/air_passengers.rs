//! Trains three models on the classic series of airline passengers and scores them on its last year.
//!
//! `cargo run --release -p neuro-divergent --example air_passengers`

use neuro_divergent::data::{Frequency, Panel, PanelOptions, read_csv_text};
use neuro_divergent::{
    Control, FitOptions, Metric, ModelSpec, NeuralForecast, PredictOptions, evaluate,
};
use serde_json::json;

fn main() -> neuro_divergent::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/air-passengers.csv");
    let text = std::fs::read_to_string(file).expect("the series is part of the repository");
    let (whole, _) = Panel::from_table(&read_csv_text(&text, file)?, &PanelOptions::default())?;
    let known: Vec<&str> = text.lines().take(1 + 144 - 12).collect();
    let train = read_csv_text(&known.join("\n"), file)?;
    let model = |name: &str, options: serde_json::Value| ModelSpec {
        model: name.into(),
        options: options.as_object().cloned().unwrap_or_default(),
    };
    let models = vec![
        model(
            "NHITS",
            json!({ "h": 12, "inputSize": 24, "maxSteps": 300, "scalerType": "robust" }),
        ),
        model("LSTM", json!({ "h": 12, "inputSize": 24, "maxSteps": 300 })),
        model(
            "DLinear",
            json!({ "h": 12, "inputSize": 24, "maxSteps": 1000, "learningRate": 1e-3, "scalerType": "robust" }),
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
