//! Inference: forecasts of one series, of some and of many.

use subject::{Case, LARGE, Suite, suite};

const MODELS: [&str; 3] = ["NHITS", "LSTM", "DLinear"];

fn main() {
    suite(fitted_forecaster);
}

// A fitted forecaster: from its data to a forecast with times and ids.

/// Steps of each series: as much as training wants.
const ROWS: usize = 96;

fn fitted_forecaster(s: &mut Suite) {
    for model in MODELS {
        for series in [1, 64, 1024] {
            let ran = Case::new(model, LARGE).on(series, ROWS).fit(1, threads());
            s.time("predict of a forecaster", model, format!("series {series}"), || {
                ran.predict();
            });
        }
    }
}

fn threads() -> usize {
    neuro_divergent::runtime::threads()
}
