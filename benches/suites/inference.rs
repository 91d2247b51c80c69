//! Inference: forecasts of one series, of some and of many.

use std::time::Instant;

use neuro_divergent::{PredictorOptions, WindowExog};
use subject::{Case, LARGE, Ran, SMALL, Suite, Target, median, suite};

const MODELS: [&str; 3] = ["NHITS", "LSTM", "DLinear"];

fn main() {
    suite(|s| {
        fitted_forecaster(s);
        resident_predictor(s);
    });
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

// A resident predictor: from windows of bare numbers to their forecasts, as a server is asked for them.

fn resident_predictor(s: &mut Suite) {
    for model in MODELS {
        let ran = Case::new(model, SMALL).fit(1, threads());
        for windows in [1, 16, 64, 256, 1024] {
            let forecast = kept_ready(&ran, windows);
            s.time("forecast of a predictor", model, format!("windows {windows}"), forecast);
        }
        let target = (model == "NHITS").then_some(Target::AtMost(0.5));
        let ms = milliseconds(if s.quick() { 100 } else { 2000 }, kept_ready(&ran, 1));
        s.figure(&format!("{model}, one window: p50"), ms, "ms", target);
    }
}

/// A call that forecasts so many windows.
fn kept_ready(ran: &Ran, windows: usize) -> impl FnMut() + use<> {
    let options = PredictorOptions { batch: windows, ..PredictorOptions::default() };
    let mut predictor = ran.forecaster.predictor(&options).expect("it is fitted");
    let value = |i: usize| 100.0 + (i as f32 / 12.0).sin();
    let y: Vec<f32> = (0..windows * predictor.input_size()).map(value).collect();
    let mut out = vec![0.0; windows * predictor.h()];
    move || {
        predictor.predict(&y, WindowExog::default(), &mut out).expect("windows that fit");
    }
}

/// What half of the calls stay below.
fn milliseconds(calls: usize, mut call: impl FnMut()) -> f64 {
    let timed = |_| {
        let begin = Instant::now();
        call();
        begin.elapsed().as_secs_f64() * 1e3
    };
    median((0..calls).map(timed).collect())
}

fn threads() -> usize {
    neuro_divergent::runtime::threads()
}
