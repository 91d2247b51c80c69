//! Arithmetic: how much of a training step of each model is the multiply-adds of its products at the processor's limit.
//!
//! The limit is measured in the same run, right before each step: chains of multiply-adds that stay in registers, on one
//! core, times how much two cores do together. Products of distinct windows are counted, those of the forward and of the
//! backward pass.

use neuro_divergent::kernels::counting::multiply_adds;
use subject::{
    Case, LARGE, SMALL, Size, Suite, median, models, multiply_add_limit, multiply_add_scaling,
    rounded, suite,
};

/// Models of few operations per number: their products are not what takes the time.
const LINEAR: [&str; 3] = ["DLinear", "NLinear", "RLinear"];

fn main() {
    suite(|s| {
        let threads = neuro_divergent::runtime::threads();
        for (name, size) in
            [("144 points, h 12, input 24", SMALL), ("1000 points, h 24, input 48", LARGE)]
        {
            table(s, name, size, threads);
        }
        s.note("Everything else than products is above the arithmetic: pointwise functions, normalization, the optimizer, memory.");
    });
}

fn table(s: &mut Suite, name: &str, size: Size, threads: usize) {
    let steps = if s.quick() { 4 } else { 16 };
    let measured = models().into_iter().map(|(model, _)| model);
    let measured = measured.filter(|m| !LINEAR.contains(&m.as_str()));
    let rows: Vec<Vec<String>> = measured.map(|m| row(&m, size, steps, threads)).collect();
    let columns =
        ["model", "10⁹ multiply-adds", "at the limit, ms", "a step, ms", "share of the limit"];
    s.table(name, &columns, &rows);
}

fn row(model: &str, size: Size, steps: usize, threads: usize) -> Vec<String> {
    let case = Case::new(model, size);
    let counted = |steps| {
        let before = multiply_adds();
        let ran = case.fit(steps, threads);
        (multiply_adds() - before, ran)
    };
    // What disturbs a measurement makes it smaller, never larger.
    let scalings = (0..5).map(|_| if threads > 1 { multiply_add_scaling() } else { 1.0 });
    // The limit counts a multiply-add as two operations.
    let limit = multiply_add_limit() / 2.0 * scalings.fold(1.0, f64::max);
    let ((few, _), (many, ran)) = (counted(2), counted(2 + steps));
    let each = (many - few) as f64 / steps as f64;
    let (least, step) =
        (each / limit, median(ran.steps().iter().map(|d| d.as_secs_f64()).collect()));
    let cells = [each / 1e9, 1e3 * least, 1e3 * step].map(rounded);
    [model.to_string()]
        .into_iter()
        .chain(cells)
        .chain([format!("{:.0} %", 100.0 * least / step)])
        .collect()
}
