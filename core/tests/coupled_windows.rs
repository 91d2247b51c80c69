//! Windows of a batch depend on each other as in upstream, and not at all with `independentWindows`.

mod rows;
mod series;

use std::fs;
use std::path::Path;

use neuro_divergent::{
    Control, FitOptions, Forecast, InsampleOptions, NeuralForecast, PredictOptions,
};
use serde_json::{Value, json};
use series::{forecaster, models, panel};

const H: usize = 4;
const INPUT: usize = 8;

fn insample(nf: &NeuralForecast, step_size: usize) -> Forecast {
    let options = InsampleOptions { step_size, ..InsampleOptions::default() };
    nf.predict_insample(&options, &Control::default()).unwrap()
}

/// The largest difference of two lists, relative to the largest number.
fn farthest<'a>(pairs: impl IntoIterator<Item = (&'a f32, &'a f32)>) -> f32 {
    let most = |[off, largest]: [f32; 2], (a, b): (&f32, &f32)| {
        [off.max((a - b).abs()), largest.max(b.abs())]
    };
    let [off, largest] = pairs.into_iter().fold([0.0; 2], most);
    off / largest
}

#[test]
fn batches_of_windows_are_those_of_upstream() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/checkpoints");
    let text = fs::read_to_string(folder.join("coupled.expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let expected = &expected["insample"];
    let nf = NeuralForecast::load(&folder.join("coupled")).unwrap();
    let ours = insample(&nf, expected["stepSize"].as_u64().unwrap() as usize);
    let theirs = expected["forecast"].as_object().unwrap();
    assert_eq!(theirs.len(), 3);
    for (model, theirs) in theirs {
        let theirs = theirs.as_array().unwrap();
        let theirs: Vec<f32> = theirs.iter().map(|v| v.as_f64().unwrap() as f32).collect();
        let ours = ours.column(model).unwrap();
        assert_eq!(ours.len(), theirs.len(), "{model}");
        let off = farthest(ours.iter().zip(&theirs));
        assert!(off <= 1e-5, "{model}: {off}");
    }
}

/// How far forecasts of the training data are from those of each window by itself.
fn dependence(model: &str, options: &Value) -> f32 {
    let (series, rows, step) = (3, 40, 2);
    let mut table = panel(series, rows);
    table.columns.retain(|(name, _)| ["unique_id", "ds", "y"].contains(&&**name));
    let mut nf = forecaster(model, options);
    nf.fit(&table, &FitOptions::default(), &Control::default()).unwrap();
    let together = &insample(&nf, step).columns[0].values;
    let windows = (rows - H) / step + 1;
    let apart = (INPUT / step..windows).map(|window| {
        let known = (0..series).flat_map(|i| i * rows..i * rows + window * step);
        let options =
            PredictOptions { data: Some(rows::pick(&table, known)), ..Default::default() };
        let apart = nf.predict(&options, &Control::default()).unwrap();
        let each = apart.columns[0].values.chunks_exact(H).enumerate();
        let off = each
            .map(|(i, apart)| farthest(together[(i * windows + window) * H..].iter().zip(apart)));
        off.fold(0.0, f32::max)
    });
    apart.fold(0.0, f32::max)
}

#[test]
fn independent_windows_are_forecast_as_if_they_were_alone() {
    let rows = [
        ("StemGNN", json!({})),
        ("TimeMixer", json!({ "decompMethod": "dft_decomp" })),
        ("TimesNet", json!({ "learningRate": 0.01 })),
    ];
    let mut all = models();
    let named = |option: &Value| option["name"] == "independentWindows";
    all.retain(|(_, model)| model["options"].as_array().unwrap().iter().any(named));
    assert!(all.iter().map(|(name, _)| &name[..]).eq(rows.iter().map(|(model, _)| *model)));
    for (model, own) in rows {
        let [coupled, independent] = [false, true].map(|independent| {
            let mut options = json!({
                "h": H, "inputSize": INPUT, "maxSteps": 2, "windowsBatchSize": 16, "independentWindows": independent,
            });
            options.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
            dependence(model, &options)
        });
        assert!(coupled > 1e-4 && independent < 1e-6, "{model}: {coupled}, {independent}");
    }
}
