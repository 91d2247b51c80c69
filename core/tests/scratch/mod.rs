//! Saving to a directory of the test's own, and loading from it again.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use neuro_divergent::{Control, Forecast, NeuralForecast, PredictOptions, SaveOptions};

use crate::bits;

/// A directory of the test's own, removed when the test ends.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir()
            .join(format!("neuro-divergent-checkpoints-{}-{count}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.0.join("checkpoint")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn predict(nf: &NeuralForecast, options: &PredictOptions) -> Forecast {
    nf.predict(options, &Control::default()).unwrap()
}

/// Saves and loads a forecaster; panics unless the loaded one forecasts the same bytes.
pub(crate) fn same_after_loading(what: &str, nf: &NeuralForecast, options: &PredictOptions) {
    let scratch = Scratch::new();
    let save = SaveOptions { save_dataset: nf.panel().is_some(), ..SaveOptions::default() };
    nf.save(&scratch.dir(), &save).unwrap_or_else(|e| panic!("{what}: {e}"));
    let loaded = NeuralForecast::load(&scratch.dir()).unwrap_or_else(|e| panic!("{what}: {e}"));
    let (before, after) = (predict(nf, options), predict(&loaded, options));
    assert_eq!(bits::of_forecast(&after), bits::of_forecast(&before), "{what}");
    let index = |f: Forecast| (f.names, f.ids, f.times, f.models, f.h);
    assert_eq!(index(after), index(before), "{what}");
}
