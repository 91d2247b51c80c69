//! A call of a predictor allocates nothing, whatever the model and the number of windows: counted by the allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use neuro_divergent::data::{Column, Table};
use neuro_divergent::{
    Control, FitOptions, ModelSpec, NeuralForecast, PredictorOptions, WindowExog, describe,
};
use serde_json::{Value, json};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts the calls of each thread.
struct Counting;

fn count() {
    let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const ROWS: usize = 60;

fn fitted(model: &str, options: &Value) -> NeuralForecast {
    let wave = |scale: f64| (0..ROWS).map(|t| scale * (t as f64 / 2.0).sin()).collect();
    let table = Table::new(vec![
        ("unique_id".into(), Column::Int(vec![1; ROWS])),
        ("ds".into(), Column::Int((0..ROWS as i64).collect())),
        ("y".into(), Column::Float(wave(10.0))),
        ("price".into(), Column::Float(wave(1.0))),
    ]);
    let options = options.as_object().unwrap().clone();
    let mut nf =
        NeuralForecast::new(vec![ModelSpec { model: model.into(), options }], None).unwrap();
    nf.fit(&table.unwrap(), &FitOptions::default(), &Control::default()).unwrap();
    nf
}

#[test]
fn calls_allocate_nothing() {
    let short = json!({ "h": 6, "inputSize": 16, "maxSteps": 1, "scalerType": "robust" });
    let mut cases: Vec<(String, Value)> = vec![
        (
            "NHITS".into(),
            json!({ "futrExogList": ["price"], "loss": { "kind": "MQLoss", "args": {} } }),
        ),
        ("LSTM".into(), json!({ "recurrent": true, "histExogList": ["price"] })),
        ("GRU".into(), json!({ "recurrent": true, "futrExogList": ["price"] })),
    ];
    let all = describe();
    let names = all.as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap().to_string());
    let names = names.filter(|name| name != "TimeLLM"); // its tokenizer allocates
    // A distribution is sampled, which takes memory.
    let mae = json!({ "loss": { "kind": "MAE", "args": {} }, "validLoss": null });
    cases.extend(names.map(|name| (name, mae.clone())));
    for (model, more) in &cases {
        let mut options = short.clone();
        options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let nf = fitted(model, &options);
        let batch = 130; // more than two shards
        let o = PredictorOptions { batch, threads: Some(1), ..PredictorOptions::default() };
        let mut p = nf.predictor(&o).unwrap();
        let [futr, hist, _] = p.exogenous().map(<[String]>::len);
        let (input, size) = (p.input_size(), p.forecast_size());
        let numbers: Vec<f32> = (0..batch * (input + p.h())).map(|i| (i % 17) as f32).collect();
        let mut out = vec![0.0; batch * size];
        let mut run = |n: usize| {
            let exog = WindowExog {
                futr: &numbers[..n * futr * (input + 6)],
                hist: &numbers[..n * hist * input],
                stat: &[],
            };
            p.predict(&numbers[..n * input], exog, &mut out[..n * size]).unwrap();
        };
        run(1);
        for n in [1, 2, 3, 4, 5, 8, 33, 63, 64, 65, 66, 127, 128, 129, batch, 1, batch, 64, 2] {
            let before = ALLOCATIONS.get();
            run(n);
            let allocations = ALLOCATIONS.get() - before;
            assert_eq!(allocations, 0, "{model} {more}, {n} windows");
        }
    }
    // The count itself works.
    let before = ALLOCATIONS.get();
    std::hint::black_box(vec![0_u8; 99]);
    assert!(ALLOCATIONS.get() > before);
}
