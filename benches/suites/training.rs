//! Training: a step of every model, and a whole fit with all that it does once.

use subject::{Case, LARGE, SMALL, Size, Suite, median, models, rounded, suite};

/// Steps of a fit at most, and about how long they may take together.
const STEPS: usize = 100;
const MILLISECONDS: f64 = 400.0;

fn main() {
    suite(|s| {
        let few = ["NHITS", "LSTM", "DLinear", "TCN"];
        let names: Vec<String> = models().into_iter().map(|(name, _)| name).collect();
        let names: Vec<&str> = if s.quick() {
            s.note("A quick run trains only a few of the models.");
            few.to_vec()
        } else {
            names.iter().map(String::as_str).collect()
        };
        for name in &names {
            let case = Case::new(name, LARGE);
            s.step("a training step", name, "1000 points", &case, threads());
        }
        let rows: Vec<Vec<String>> =
            names.iter().flat_map(|name| [SMALL, LARGE].map(|size| fit(s, name, size))).collect();
        let columns = [
            "model",
            "points",
            "steps",
            "fit: ms",
            "to the end of its first step: ms",
            "a later step: ms",
        ];
        s.table("A fit from table to fitted model", &columns, &rows);
    });
}

fn threads() -> usize {
    neuro_divergent::runtime::threads()
}

fn fit(s: &Suite, name: &str, size: Size) -> Vec<String> {
    let case = Case::new(name, size);
    let milliseconds = if s.quick() { MILLISECONDS / 4.0 } else { MILLISECONDS };
    let step = 1e3 * case.steps(2, threads()).as_secs_f64() / 2.0;
    let steps = ((milliseconds / step) as usize).clamp(3, STEPS);
    let rounds = if s.quick() { 1 } else { 3 };
    let (mut wholes, mut middles, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let ran = case.fit(steps, threads());
        let steps = ran.steps().iter().map(|d| 1e3 * d.as_secs_f64()).collect();
        wholes.push(1e3 * ran.whole.as_secs_f64());
        middles.push(median(steps));
        firsts.push(1e3 * ran.first.as_secs_f64());
    }
    let figures = [wholes, firsts, middles].map(|values| rounded(median(values)));
    let sizes = [name.to_string(), size.rows.to_string(), steps.to_string()];
    sizes.into_iter().chain(figures).collect()
}
