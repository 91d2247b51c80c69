//! Precision: a training step, memory and what is learned in f32, bf16 and fp16, where the engine has them.

use subject::{Case, Counting, LARGE, Suite, Target, peak_of, suite};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// An f32 step of NHITS takes this many times as long as one in bf16.
const TARGET: f64 = 1.8;
/// Fits whose losses are averaged. Training magnifies any rounding: in f32 with vectors in place of tiles, whose sums differ by
/// 2⁻²⁴, losses of single seeds differ by up to 4 %.
const SEEDS: usize = 16;

fn main() {
    suite(|s| {
        for model in ["NHITS", "MLP", "LSTM"] {
            // Scaled: eight bits of precision do not resolve the moves of a series around its level.
            let f32 = Case::new(model, LARGE).with("scalerType", "standard");
            let group = "a training step, 1000 points";
            let baseline = s.step(group, model, "f32", &f32, threads());
            let (steps, seeds) = if s.quick() { (5, 1) } else { (100, SEEDS) };
            let learned = Learned::of(&f32, steps, seeds);
            for precision in ["bf16", "fp16"] {
                let case = f32.clone().with("precision", precision);
                if let Err(error) = case.forecaster() {
                    s.note(&format!("{model} in {precision} is left out: {error}"));
                    continue;
                }
                let time = s.step(group, model, precision, &case, threads());
                let target = (model == "NHITS" && precision == "bf16").then_some(TARGET);
                s.ratio(&format!("{model}: f32 → {precision}"), &baseline, &time, target);
                compare(
                    s,
                    &format!("{model}, {precision}"),
                    &learned,
                    &Learned::of(&case, steps, seeds),
                );
            }
        }
    });
}

fn threads() -> usize {
    neuro_divergent::runtime::threads()
}

/// What fits with several seeds came to.
struct Learned {
    /// Loss of the last steps, of each seed.
    losses: Vec<f64>,
    /// Most bytes in use at once while fitting.
    peak: f64,
    /// Bytes of values between operations and their gradients.
    workspace: f64,
}

impl Learned {
    fn of(case: &Case, steps: usize, seeds: usize) -> Self {
        let (mut losses, mut most, mut workspace) = (Vec::new(), 0, 0);
        for seed in 1..=seeds {
            let case = case.clone().with("randomSeed", seed);
            let (ran, peak) = peak_of(|| case.fit(steps, threads()));
            let last = &ran.report.train_loss[steps - steps.min(10)..];
            losses.push(last.iter().map(|l| f64::from(*l)).sum::<f64>() / last.len() as f64);
            most = most.max(peak);
            workspace = workspace.max(ran.report.workspace_bytes);
        }
        Self { losses, peak: most as f64, workspace: workspace as f64 }
    }
}

fn compare(s: &mut Suite, name: &str, f32: &Learned, other: &Learned) {
    let percent = |a: f64, b: f64| 100.0 * a / b;
    let loss = mean(&f32.losses);
    let differences: Vec<f64> = other
        .losses
        .iter()
        .zip(&f32.losses)
        .map(|(other, f32)| percent(other - f32, loss))
        .collect();
    let difference = mean(&differences);
    let squares = differences.iter().map(|d| (d - difference) * (d - difference)).sum::<f64>();
    let count = differences.len() as f64;
    let error = (squares / (count - 1.0).max(1.0) / count).sqrt();
    let one = Some(Target::AtMost(1.0));
    let of_seeds = format!("{name}: mean loss differs from that of f32 by");
    s.figure(&of_seeds, difference.abs(), "%", one);
    s.figure(&format!("{name}: standard error of that difference"), error, "%", None);
    let half = Some(Target::AtMost(50.0));
    let workspace = percent(other.workspace, f32.workspace);
    s.figure(&format!("{name}: values and their gradients, of those of f32"), workspace, "%", half);
    let peak = percent(other.peak, f32.peak);
    s.figure(&format!("{name}: most memory while fitting, of that of f32"), peak, "%", None);
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}
