//! Models: one training step and one forecast of each.

use subject::{Case, SMALL, models, suite};

fn main() {
    suite(|s| {
        let threads = neuro_divergent::runtime::threads();
        for (name, _) in models() {
            let case = Case::new(&name, SMALL);
            s.step("144 points", &name, "a training step", &case, threads);
            let ran = case.fit(1, threads);
            s.time("144 points", &name, "a forecast", || {
                ran.predict();
            });
        }
    });
}
