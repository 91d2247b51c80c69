//! The training state in checkpoints: numbers and arrays, which are checked against the model when they are loaded.

use serde_json::{Map, Value};

use crate::checkpoint::{StoredState, StoredTensor};
use crate::models::Instance;
use crate::optim::OptimizerState;
use crate::train::{Counters, TrainingState};
use crate::{Error, ErrorCode, Result};

const ASIDE: &str = "aside";
const MEMORY: [&str; 3] = ["memory.0", "memory.1", "memory.2"];
const OPTIMIZER_STEPS: &str = "optimizerSteps";

/// The training state of a model as a checkpoint stores it.
pub(super) fn stored(model: &Instance, state: &TrainingState) -> StoredState {
    let [_, aside] = state.weights(model);
    let numbers = serde_json::to_value(&state.counters).expect("numbers and names");
    let mut numbers = match numbers {
        Value::Object(numbers) => numbers,
        _ => Map::new(),
    };
    numbers.insert(OPTIMIZER_STEPS.into(), state.optimizer.steps.into());
    let tensor = |(name, data): (&str, &[f32])| StoredTensor {
        name: name.into(),
        shape: vec![data.len()],
        data: data.to_vec(),
    };
    let memory = MEMORY.into_iter().zip(state.optimizer.memory.iter().map(Vec::as_slice));
    let tensors = memory.chain([(ASIDE, aside)]).filter(|(_, data)| !data.is_empty());
    StoredState { numbers, tensors: tensors.map(tensor).collect() }
}

/// The training state of a model from a checkpoint; an error if it does not fit the model.
pub(super) fn restored(model: &Instance, stored: StoredState) -> Result<TrainingState> {
    let wrong = |what: &str| {
        let name = model.name();
        let message = format!(
            "{name}: {what} in the training state; delete neural-trader.state to continue without it"
        );
        Error::new(ErrorCode::Checkpoint, message)
    };
    let mut numbers = stored.numbers;
    let steps = numbers.remove(OPTIMIZER_STEPS).and_then(|v| v.as_u64());
    let steps = steps.filter(|s| *s <= 1 << 53).ok_or_else(|| wrong("no number of steps"))?;
    let counters: Counters = serde_json::from_value(numbers.into())
        .map_err(|e| wrong(&format!("unreadable numbers ({e})")))?;
    if !counters.is_possible() {
        return Err(wrong("impossible numbers"));
    }
    let mut memory: [Vec<f32>; 3] = Default::default();
    let mut aside = Vec::new();
    let sizes = TrainingState::sizes(model)?;
    for tensor in stored.tensors {
        let (to, size) = match MEMORY.iter().position(|name| *name == tensor.name) {
            Some(i) => (&mut memory[i], sizes[i]),
            None if tensor.name == ASIDE => (&mut aside, model.size),
            None => return Err(wrong(&format!("an unknown part \"{}\"", tensor.name))),
        };
        if size != tensor.data.len() {
            let (name, found) = (&tensor.name, tensor.data.len());
            return Err(wrong(&format!("{found} numbers in \"{name}\" where {size} belong")));
        }
        let finite = match tensor.name == ASIDE {
            true => model.are_finite(&tensor.data),
            // Without an early exit, the loop is vectorized.
            false => tensor.data.iter().fold(true, |finite, v| finite & v.is_finite()),
        };
        if !finite {
            return Err(wrong(&format!("numbers in \"{}\" that are not finite", tensor.name)));
        }
        *to = tensor.data;
    }
    // Arrays that are not stored are 0.
    for (memory, size) in memory.iter_mut().zip(sizes) {
        memory.resize(size, 0.0);
    }
    Ok(TrainingState::of(counters, OptimizerState { memory, steps }, aside))
}
