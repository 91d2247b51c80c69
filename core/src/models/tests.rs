//! What a new model begins with, before anything is replaced, is a model that learns.

use super::*;
use crate::control::Control;
use crate::data::{Panel, PanelOptions, Table};
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
