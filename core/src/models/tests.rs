//! What a new model begins with, before anything is replaced, is a model that learns; and models whose windows depend on each
//! other have a form in which they do not.

use super::*;
use crate::control::Control;
use crate::data::{Panel, PanelOptions, Table};
use crate::rng::{Key, Stream};
use crate::tape::Tape;
use crate::train::{Run, TrainingState, train};

#[test]
fn what_a_new_model_begins_with_learns() {
    let options = json!({ "h": 3, "inputSize": 6, "learningRate": 0.01, "windowsBatchSize": 16 });
    let options = options.as_object().unwrap().clone();
    let given = ModelSpec { model: "Skeleton".into(), options };
    let mut model =
        instance::build(&entry::<skeleton::Skeleton>(), &given, &Default::default(), None).unwrap();
    model.allocate().unwrap();
    model.initialize();
    let wave = Table::one_series((0..60).map(|t| f64::from(t).sin()).collect());
    let (panel, _) = Panel::from_table(&wave, &PanelOptions::default()).unwrap();
    let mut state = TrainingState::new(&model, 100).unwrap();
    let mut run = Run { panel: &panel, val_size: 0, control: &Control::default(), save: None };
    let losses = train(&mut model, &mut state, &mut run).unwrap().train_loss;
    assert!(losses[99] < 0.5 * losses[0], "from {} to {}", losses[0], losses[99]);
}

/// The forecasts in a training step, without dropout, of `windows` of one or three series from the `first` on. A
/// single series becomes faster and faster.
fn forecasts(model: &str, own: &Value, [first, windows]: [usize; 2]) -> Vec<f32> {
    let multivariate = find(model).unwrap().spec.multivariate;
    let mut options = match multivariate {
        true => json!({ "h": 3, "inputSize": 8, "nSeries": 3, "randomSeed": 2 }),
        false => json!({ "h": 3, "inputSize": 24, "randomSeed": 2 }),
    };
    options.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    let options = options.as_object().unwrap().clone();
    let model = Instance::new(&ModelSpec { model: model.into(), options }).unwrap();
    let tape = Tape::default();
    tape.reset(&model.values, Some(Key::new(1, Stream::Dropout, 4)));
    tape.set_rows(0, windows);
    let value = |i: usize| {
        let t = (i + 24 * first) as f32;
        if multivariate { (0.37 * t).sin() } else { (0.37 * t + 0.008 * t * t).sin() }
    };
    let y: Vec<f32> = (0..windows * 24).map(value).collect();
    let y = match multivariate {
        true => tape.constant([windows, 8, 3], &y),
        false => tape.constant([windows, 24], &y),
    };
    let batch = Batch {
        insample_y: y,
        insample_mask: y,
        futr_exog: None,
        hist_exog: None,
        stat_exog: None,
        state: None,
    };
    model.forward(&batch).data().to_vec()
}

#[test]
fn independent_windows_do_not_change_each_other() {
    let frequencies = json!({
        "dropout": 0.0, "decompMethod": "dft_decomp", "topK": 2, "dModel": 8, "downSamplingLayers": 3,
    });
    let mut alone = frequencies.clone();
    alone["channelIndependence"] = json!(1);
    for (model, own) in [
        ("TimeMixer", frequencies),
        ("TimeMixer", alone),
        ("StemGNN", json!({ "dropoutRate": 0.0 })),
        ("TimesNet", json!({ "dropout": 0.0, "topK": 2, "hiddenSize": 8, "convHiddenSize": 4 })),
    ] {
        let farthest = |independent: bool| {
            let mut options = own.clone();
            options["independentWindows"] = independent.into();
            let together = forecasts(model, &options, [0, 4]);
            let apart = (0..4).flat_map(|i| forecasts(model, &options, [i, 1]));
            together.iter().zip(apart).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()))
        };
        let [depends, independent] = [false, true].map(farthest);
        assert!(independent < 1e-6 && depends > 1e-4, "{model} {own}: {independent}, {depends}");
    }
}
