//! A training step that looks like the one before allocates nothing.
//!
//! The allocator counts. Two runs that differ only in their number of steps allocate equally often, so the steps that one
//! has more allocate nothing. A pool of one thread runs them: with more, which thread's buffers a shard meets is chance.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use neuro_divergent::data::{Column, Table};
use neuro_divergent::{Control, FitOptions, ModelSpec, NeuralForecast};
use serde_json::json;

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
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
        ("unique_id".into(), Column::Text(vec![Some("a".into()); rows as usize])),
        ("ds".into(), Column::Int((0..i64::from(rows)).collect())),
        ("y".into(), Column::Float(y.collect())),
    ])
    .unwrap()
}

/// How often a run of so many steps allocates.
fn allocations(table: &Table, model: &str, own: &serde_json::Value, steps: usize) -> usize {
    let mut options = json!({ "h": 12, "inputSize": 24, "maxSteps": steps });
    let own = own.as_object().unwrap().clone();
    options.as_object_mut().unwrap().extend(own);
    let options = options.as_object().unwrap().clone();
    let model = ModelSpec { model: model.into(), options };
    let mut nf = NeuralForecast::new(vec![model], None).unwrap();
    let control = Control { threads: Some(1), ..Control::default() };
    let before = COUNT.load(Ordering::Relaxed);
    nf.fit(table, &FitOptions::default(), &control).unwrap();
    COUNT.load(Ordering::Relaxed) - before
}

#[test]
fn steps_after_the_first_allocate_nothing() {
    let table = table();
    let models = [
        ("DLinear", json!({})),
        ("NLinear", json!({ "scalerType": "standard" })),
        ("NHITS", json!({ "mlpUnits": [[32, 32], [32, 32], [32, 32]] })),
        ("LSTM", json!({ "encoderHiddenSize": 16, "decoderHiddenSize": 16 })),
    ];
    // What the process allocates once is not counted.
    models.each_ref().map(|(model, own)| allocations(&table, model, own, 1));
    let few = models.each_ref().map(|(model, own)| allocations(&table, model, own, 20));
    let many = models.each_ref().map(|(model, own)| allocations(&table, model, own, 60));
    assert_eq!(few, many, "allocations of 20 and of 60 steps");
}
