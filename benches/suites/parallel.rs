//! Threads: a training step on one and on two, which leave the same bytes.

use subject::{Case, LARGE, Ran, Suite, Target, multiply_add_scaling, suite};

const MODELS: [&str; 6] = ["NHITS", "LSTM", "DLinear", "TCN", "TiDE", "TSMixer"];
/// One thread takes this many times as long as two.
const TARGET: f64 = 1.85;

fn main() {
    suite(|s| {
        if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
            return s.note("One core: nothing to compare.");
        }
        for model in MODELS {
            step(s, model);
        }
        for model in MODELS {
            same_bytes(s, model);
        }
    });
}

fn step(s: &mut Suite, model: &str) {
    let case = Case::new(model, LARGE);
    let most = format!("{model}: multiply-adds of two cores, of one");
    s.figure(&most, multiply_add_scaling(), "×", None);
    let [one, two] = [1, 2].map(|threads| {
        s.step("a training step, 1000 points", model, format!("threads {threads}"), &case, threads)
    });
    s.ratio(&format!("{model}: one thread → two"), &one, &two, Some(TARGET));
}

/// Losses and forecasts as bits.
fn bytes(ran: &Ran) -> Vec<u32> {
    let forecast = ran.predict();
    let forecasts = forecast.columns.iter().flat_map(|column| &column.values);
    ran.report.train_loss.iter().chain(forecasts).map(|v| v.to_bits()).collect()
}

fn same_bytes(s: &mut Suite, model: &str) {
    let case = Case::new(model, LARGE);
    let [one, two] = [1, 2].map(|threads| bytes(&case.fit(5, threads)));
    let other =
        one.iter().zip(&two).filter(|(a, b)| a != b).count() + one.len().abs_diff(two.len());
    let name = format!("{model}: losses and forecasts that differ, of {}", one.len());
    s.figure(&name, other as f64, "", Some(Target::AtMost(0.0)));
}
