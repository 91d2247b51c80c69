//! Attention in tiles, against the form that makes the matrix of all weights: time, and memory beside the results. And
//! against torch's, if `NF_BENCH_PYTHON` names a Python that has it.

use std::ffi::OsStr;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use neuro_divergent::kernels::Compute;
use neuro_divergent::kernels::attention::{Attention, Head, HeadGrads, Rows, STATISTICS};
use neuro_divergent::kernels::elementwise::scale;
use neuro_divergent::kernels::matmul::{Mat, Mode, matmul};
use neuro_divergent::kernels::softmax::{softmax, softmax_grad};
use neuro_divergent::tape::Mask;
use serde_json::{Value, json};
use subject::{
    Counting, Share, Suite, Target, median, multiply_add_limit, numbers, peak_of, rounded, suite,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Width of queries, keys and values.
const WIDTH: usize = 64;
/// At 4096 queries: the other form takes this many times as long, or the tiled one this share of the arithmetic's limit.
const TARGET: f64 = 4.2;
const SHARE: f64 = 0.85;

fn main() {
    suite(|s| {
        let limit = multiply_add_limit();
        s.figure("Multiply-adds of one core at most", limit / 1e9, "GFLOP/s", None);
        let lengths: &[usize] = if s.quick() { &[256, 1024] } else { &[256, 1024, 4096] };
        for &length in lengths {
            for (mask, seen) in [(Mask::All, "all"), (Mask::Causal, "causal")] {
                times(s, length, &mask, seen, limit);
            }
        }
        memory(s);
        if let Some(python) = std::env::var_os("NF_BENCH_PYTHON") {
            beside_torch(s, lengths, Torch::new(&python));
        }
    });
}

/// Heads of a call, shared among threads.
const HEADS: usize = 4;

/// A Python that times torch's attention.
struct Torch {
    child: Child,
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Torch {
    fn new(python: &OsStr) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peer/attention.py");
        let mut python = Command::new(python);
        let piped = python.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().expect("NF_BENCH_PYTHON can be started");
        let asks = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child, asks, answers }
    }

    /// Seconds of a call.
    fn seconds(&mut self, case: &Value) -> f64 {
        writeln!(self.asks, "{case}").expect("torch listens");
        let answer = self.answers.next().expect("torch answers").expect("with text");
        answer.parse().expect("a number")
    }

    fn end(self) {
        let Self { mut child, asks, .. } = self;
        drop(asks);
        child.wait().expect("torch ends with its input");
    }
}

/// Seconds of a call of ours.
fn seconds(heads: &mut [Work], mask: &Mask, backward: bool, threads: usize, calls: usize) -> f64 {
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for share in heads.chunks_mut(HEADS / threads) {
            scope.spawn(move || {
                for _ in 0..calls {
                    for head in &mut *share {
                        head.forward(mask);
                        if backward {
                            head.backward(mask);
                        }
                    }
                }
            });
        }
    });
    begin.elapsed().as_secs_f64() / calls as f64
}

/// Both sides in alternation, medians of five rounds.
fn beside_torch(s: &mut Suite, lengths: &[usize], mut torch: Torch) {
    let mut rows = Vec::new();
    for &length in lengths {
        let mut heads: Vec<_> = (0..HEADS).map(|_| Work::new(length)).collect();
        for (mask, seen) in [(Mask::All, "all"), (Mask::Causal, "causal")] {
            for (backward, what) in [(false, "forward"), (true, "forward and backward")] {
                let mut row = vec![format!("L {length}, {seen}, {what}")];
                for threads in [1, 2] {
                    let calls = (1 << 23) / (length * length) + 1;
                    let case = json!({
                        "threads": threads, "heads": HEADS, "length": length, "width": WIDTH,
                        "causal": seen == "causal", "backward": backward, "calls": calls,
                    });
                    let mut round = || {
                        let theirs = torch.seconds(&case);
                        (theirs, seconds(&mut heads, &mask, backward, threads, calls))
                    };
                    round();
                    let (theirs, ours): (Vec<_>, Vec<_>) = (0..5).map(|_| round()).unzip();
                    let (theirs, ours) = (median(theirs), median(ours));
                    let ms = |seconds: f64| format!("{} ms", rounded(1e3 * seconds));
                    row.extend([ms(theirs), ms(ours), format!("**{}×**", rounded(theirs / ours))]);
                }
                rows.push(row);
            }
        }
    }
    torch.end();
    let columns =
        ["4 heads of width 64", "torch, 1 thread", "ours", "", "torch, 2 threads", "ours", ""];
    s.table("Beside torch's `scaled_dot_product_attention`, f32", &columns, &rows);
}

fn times(s: &mut Suite, length: usize, mask: &Mask, seen: &str, limit: f64) {
    let mut work = Work::new(length);
    let group = format!("L {length}, {seen}");
    let tiled = s.time(&group, "forward", "tiled", || work.forward(mask));
    let both = "forward and backward";
    let tiled_both = s.time(&group, both, "tiled", || {
        work.forward(mask);
        work.backward(mask);
    });
    if length == 4096 {
        for (what, backward) in [("forward", false), (both, true)] {
            work.compute.rounds = true;
            let rounds = s.time(&group, what, "tiled, bf16", || {
                work.forward(mask);
                if backward {
                    work.backward(mask);
                }
            });
            work.compute.rounds = false;
            let exact = if backward { &tiled_both } else { &tiled };
            s.ratio(&format!("{group}, {what}: f32 → bf16"), exact, &rounds, None);
        }
    }
    let mut matrix = Matrices::new(length);
    let whole = s.time(&group, "forward", "all weights", || matrix.forward(&mut work, mask));
    let whole_both = s.time(&group, both, "all weights", || {
        matrix.forward(&mut work, mask);
        matrix.backward(&mut work);
    });
    // Two products forward, five backward; half of each if half of the weights are zero.
    let products = |n: f64| {
        let pairs = (length * length) as f64 * if matches!(mask, Mask::All) { 1.0 } else { 0.5 };
        n * 2.0 * pairs * WIDTH as f64 / limit
    };
    for (name, slow, fast, n) in
        [("forward", whole, tiled, 2.0), (both, whole_both, tiled_both, 7.0)]
    {
        let name = format!("{group}, {name}: all weights → tiled");
        if length == 4096 {
            let share = Share { seconds: products(n), share: SHARE };
            s.ratio_or(&name, &slow, &fast, TARGET, share);
        } else {
            s.ratio(&name, &slow, &fast, None);
        }
    }
}

/// Memory is counted on a thread of its own: what a thread keeps for the next product is part of it.
fn peak_on_a_thread(f: impl FnOnce() + Send) -> usize {
    std::thread::scope(|scope| {
        let counted = scope.spawn(|| peak_of(f).1);
        counted.join().expect("no panic")
    })
}

fn memory(s: &mut Suite) {
    const KIB: f64 = 1024.0;
    let length = 4096;
    let mut work = Work::new(length);
    let tiled = peak_on_a_thread(|| work.forward(&Mask::All)) as f64;
    let both = peak_on_a_thread(|| {
        work.forward(&Mask::All);
        work.backward(&Mask::All);
    }) as f64;
    let whole = peak_on_a_thread(|| {
        let mut matrices = Matrices { weights: vec![0.0; length * length], ..Matrices::new(0) };
        matrices.row = vec![0.0; length];
        matrices.forward(&mut work, &Mask::All);
    }) as f64;
    let target = Some(Target::AtMost(256.0));
    s.figure("L 4096, forward, tiled: workspace", tiled / KIB, "KiB", target);
    s.figure("L 4096, forward and backward, tiled: workspace", both / KIB, "KiB", None);
    s.figure("L 4096, forward, all weights: workspace", whole / KIB / KIB, "MiB", None);
    drop(work);

    if s.quick() {
        return s.note("L 65536 and the times of L 4096 are left out of a quick run.");
    }
    let length = 1 << 16;
    let mut work = Work::new(length);
    let begin = Instant::now();
    let tiled = peak_on_a_thread(|| work.forward(&Mask::All)) as f64;
    let seconds = begin.elapsed().as_secs_f64();
    let whole = (length * length * size_of::<f32>()) as f64;
    s.figure("L 65536, forward, tiled: workspace", tiled / 1e6, "MB", Some(Target::AtMost(3.3)));
    s.figure("L 65536, forward, all weights would take", whole / 1e9, "GB", None);
    s.figure("L 65536, forward, tiled, once", seconds, "s", None);
}

/// Inputs, results and gradients of one head.
struct Work {
    length: usize,
    compute: Compute,
    inputs: [Vec<f32>; 3],
    g: Vec<f32>,
    out: Vec<f32>,
    statistics: Vec<f32>,
    grads: [Vec<f32>; 3],
}

fn scale_of_scores() -> f32 {
    1.0 / (WIDTH as f32).sqrt()
}

impl Work {
    fn new(length: usize) -> Self {
        let size = length * WIDTH;
        Self {
            length,
            compute: Compute::default(),
            inputs: [1, 2, 3].map(|seed| numbers(size, seed)),
            g: numbers(size, 4),
            out: vec![0.0; size],
            statistics: vec![0.0; STATISTICS * length],
            grads: [0; 3].map(|_| vec![0.0; size]),
        }
    }

    fn head(inputs: &[Vec<f32>; 3], length: usize) -> Head<'_> {
        let [q, k, v] = inputs.each_ref().map(|x| Mat::new(black_box(x), length, WIDTH));
        Head { q, k, v }
    }

    fn forward(&mut self, mask: &Mask) {
        let attention =
            Attention { scale: scale_of_scores(), mask, compute: self.compute, drop: None };
        let out = Rows { data: &mut self.out, stride: WIDTH };
        attention.forward(Self::head(&self.inputs, self.length), out, &mut self.statistics);
    }

    fn backward(&mut self, mask: &Mask) {
        let attention =
            Attention { scale: scale_of_scores(), mask, compute: self.compute, drop: None };
        self.grads.iter_mut().for_each(|x| x.fill(0.0));
        let [q, k, v] = self.grads.each_mut().map(|data| Rows { data, stride: WIDTH });
        let outputs = [&self.out, &self.g].map(|x| Mat::new(x, self.length, WIDTH));
        let head = Self::head(&self.inputs, self.length);
        attention.backward(head, outputs, &self.statistics, HeadGrads { q, k, v });
    }
}

/// The same with products of whole matrices.
struct Matrices {
    weights: Vec<f32>,
    slopes: Vec<f32>,
    row: Vec<f32>,
}

impl Matrices {
    fn new(length: usize) -> Self {
        let matrix = || vec![0.0; length * length];
        Self { weights: matrix(), slopes: matrix(), row: vec![0.0; length] }
    }

    fn forward(&mut self, work: &mut Work, mask: &Mask) {
        let length = work.length;
        let Head { q, k, v } = Work::head(&work.inputs, length);
        matmul(Compute::default(), q, k.t(), &mut self.weights, Mode::Write);
        for (i, weights) in self.weights.chunks_exact_mut(length).enumerate() {
            scale(weights, scale_of_scores());
            if matches!(mask, Mask::Causal) {
                weights[i + 1..].fill(f32::NEG_INFINITY);
            }
            self.row.copy_from_slice(weights);
            softmax(&self.row, length, weights);
        }
        matmul(
            Compute::default(),
            Mat::new(&self.weights, length, length),
            v,
            &mut work.out,
            Mode::Write,
        );
    }

    fn backward(&mut self, work: &mut Work) {
        let length = work.length;
        let Head { q, k, v } = Work::head(&work.inputs, length);
        let g = Mat::new(&work.g, length, WIDTH);
        let [dq, dk, dv] = work.grads.each_mut();
        matmul(Compute::default(), Mat::new(&self.weights, length, length).t(), g, dv, Mode::Write);
        matmul(Compute::default(), g, v.t(), &mut self.slopes, Mode::Write);
        let rows = self.weights.chunks_exact(length);
        for (weights, slopes) in rows.zip(self.slopes.chunks_exact_mut(length)) {
            self.row.fill(0.0);
            softmax_grad(weights, slopes, length, &mut self.row);
            scale(&mut self.row, scale_of_scores());
            slopes.copy_from_slice(&self.row);
        }
        let slopes = Mat::new(&self.slopes, length, length);
        matmul(Compute::default(), slopes, k, dq, Mode::Write);
        matmul(Compute::default(), slopes.t(), q, dk, Mode::Write);
    }
}
