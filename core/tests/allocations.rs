//! A training step that looks like the one before allocates nothing.
//!
//! The allocator counts for each thread. One thread runs the steps: with more, which buffers a shard meets is chance. It
//! says after each step how often it has allocated so far, and saying so copies the model's name.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::{Arc, Mutex};

use neuro_divergent::data::{Column, Table};
use neuro_divergent::{Control, FitOptions, ModelSpec, NeuralForecast, Progress};
use serde_json::{Value, json};

const STEPS: usize = 60;
/// Steps in which buffers still grow.
const FIRST: usize = 10;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    COUNT.with(|count| count.set(count.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn table() -> Table {
    let rows = 400;
    let y = (0..rows).map(|t| 20.0 + (f64::from(t) * 0.26).sin() * 5.0 + f64::from(t * 7919 % 13));
    Table::new(vec![
        ("unique_id".into(), Column::Text(vec![Some("a".into()); rows as usize].into())),
        ("ds".into(), Column::Int((0..i64::from(rows)).collect())),
        ("y".into(), Column::Float(y.collect())),
    ])
    .unwrap()
}

/// How often the thread had allocated after each step.
fn allocations(table: &Table, model: &str, own: &Value) -> Vec<usize> {
    let mut options = json!({ "h": 12, "inputSize": 24, "maxSteps": STEPS });
    options.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let options = options.as_object().unwrap().clone();
    let mut nf =
        NeuralForecast::new(vec![ModelSpec { model: model.into(), options }], None).unwrap();
    let counts = Arc::new(Mutex::new(Vec::with_capacity(STEPS)));
    let told = counts.clone();
    let progress = move |_: &Progress| told.lock().unwrap().push(COUNT.get());
    let control =
        Control { threads: Some(1), progress: Some(Arc::new(progress)), ..Control::default() };
    nf.fit(table, &FitOptions::default(), &control).unwrap();
    let counts = counts.lock().unwrap();
    counts.clone()
}

#[test]
fn steps_after_the_first_allocate_nothing() {
    let table = table();
    for (model, own) in [
        ("DLinear", json!({})),
        ("NLinear", json!({ "scalerType": "standard" })),
        ("NHITS", json!({ "mlpUnits": [[32, 32], [32, 32], [32, 32]] })),
        ("LSTM", json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16 })),
        ("xLSTM", json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16 })),
        ("xLSTM", json!({ "encoderHiddenSize": 16, "backbone": "sLSTM" })),
        ("MLP", json!({ "hiddenSize": 32, "precision": "bf16" })),
        ("LSTM", json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16, "precision": "bf16" })),
    ] {
        let counts = allocations(&table, model, &own);
        assert_eq!(counts.len(), STEPS);
        let steps: Vec<usize> = counts.windows(2).skip(FIRST).map(|c| c[1] - c[0]).collect();
        // The name of the model, for who is told.
        assert_eq!(steps, vec![1; STEPS - 1 - FIRST], "{model}");
    }
}
