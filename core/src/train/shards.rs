//! How a training step is cut into shards: depends on the model and the number of windows, never on the number of threads.

use std::ops::Range;

use crate::infer::{SHARD, windows_in};
use crate::models::{Instance, Sharding};

/// Rows per shard of a recurrent model whose gradients exceed that cache: each shard reads and writes all of them.
const WIDE_SHARD: usize = 160;
/// Rows per shard of any other model whose gradients exceed it: threads share each layer, and gradients are written once.
const SHARED_SHARD: usize = 1024;
/// Rows per shard of a recurrent model, which keeps activations of every time step.
const RECURRENT_SHARD: usize = 32;
/// Rows per shard of a model that keeps activations of many layers at every time step.
const SEQUENCE_SHARD: usize = 16;
/// Rows per shard of a linear model, whose activations are hardly larger than its input.
const LINEAR_SHARD: usize = 320;
/// From this many trained parameters on, shards are wide.
const MANY_PARAMETERS: usize = 1 << 19;
/// Leaves of the sum tree: each adds its shards into one gradient buffer, one after the other.
pub(super) const LEAVES: usize = 8;

/// The number of shards of a step: 1, or even so that both halves of the tree have the same work.
pub(super) fn shard_count(windows: usize, model: &Instance) -> usize {
    let sharding = model.network.sharding();
    if sharding == Sharding::Whole || model.loss.couples_windows() {
        return windows.min(1);
    }
    let many = model.trained >= MANY_PARAMETERS && sharding != Sharding::Sequence;
    let asked = model.common.shards.unwrap_or(1);
    if many && model.recurrence().is_none() && asked == 1 {
        return windows.div_ceil(windows_in(SHARED_SHARD, model.series));
    }
    let rows = match sharding {
        _ if many && model.recurrence().is_none() => SHARED_SHARD,
        _ if many => WIDE_SHARD,
        Sharding::Linear => LINEAR_SHARD,
        Sharding::Recurrent => RECURRENT_SHARD,
        Sharding::Sequence => SEQUENCE_SHARD,
        Sharding::Cached | Sharding::Whole => SHARD,
    };
    let fast = windows.div_ceil(windows_in(rows, model.series));
    fast.max(asked).next_multiple_of(2).min(windows)
}

/// The windows of shard `i` of `shards`; shard sizes differ by at most one.
pub(super) fn shard(windows: usize, i: usize, shards: usize) -> Range<usize> {
    i * windows / shards..(i + 1) * windows / shards
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::models::ModelSpec;

    #[test]
    fn a_step_is_cut_by_what_the_model_keeps_of_a_window() {
        let shards = |model: &str, own: Value| {
            let mut options = json!({ "h": 2, "inputSize": 4 }).as_object().unwrap().clone();
            options.extend(own.as_object().unwrap().clone());
            shard_count(1024, &Instance::new(&ModelSpec { model: model.into(), options }).unwrap())
        };
        for (model, own, expected) in [
            ("MLP", json!({ "hiddenSize": 8 }), 16),
            ("MLP", json!({ "hiddenSize": 1024 }), 1),
            ("MLP", json!({ "hiddenSize": 1024, "shards": 6 }), 6),
            ("MLP", json!({ "hiddenSize": 8, "shards": 3 }), 16),
            ("DLinear", json!({ "shards": 7 }), 8),
            ("DLinear", json!({ "shards": 5000 }), 1024),
            ("LSTM", json!({ "encoderHiddenSize": 8 }), 32),
            ("LSTM", json!({ "shards": 50 }), 50),
            ("DilatedRNN", json!({ "encoderHiddenSize": 8 }), 32),
            ("GRU", json!({ "encoderHiddenSize": 512, "recurrent": true }), 8),
            ("TFT", json!({ "hiddenSize": 8 }), 64),
            ("TFT", json!({ "hiddenSize": 256 }), 64),
            ("DLinear", json!({}), 4),
            ("RLinear", json!({}), 4),
            ("DeepNPTS", json!({}), 1),
            (
                "DLinear",
                json!({ "loss": { "kind": "GMM", "args": { "batchCorrelation": true } } }),
                1,
            ),
            ("DeepNPTS", json!({ "batchNorm": false }), 16),
            ("TSMixer", json!({ "nSeries": 2 }), 1),
            ("TSMixer", json!({ "nSeries": 2, "nBlock": 0 }), 32),
            ("TSMixerx", json!({ "nSeries": 2 }), 32),
            ("VanillaTransformer", json!({}), 32),
            ("Informer", json!({}), 1),
            ("Informer", json!({ "distil": false }), 32),
            ("Autoformer", json!({}), 1),
            ("FEDformer", json!({}), 32),
            ("PatchTST", json!({}), 1),
            ("PatchTST", json!({ "encoderLayers": 0 }), 16),
            ("KAN", json!({}), 16),
            ("KAN", json!({ "hiddenSize": 16_384 }), 1),
            ("RMoK", json!({ "nSeries": 2 }), 1),
            ("iTransformer", json!({ "nSeries": 2, "hiddenSize": 8, "dFf": 8 }), 32),
            ("SOFTS", json!({ "nSeries": 2, "hiddenSize": 8, "dCore": 8, "dFf": 8 }), 32),
            ("TimesNet", json!({ "topK": 2 }), 1),
            (
                "TimesNet",
                json!({ "topK": 2, "hiddenSize": 8, "convHiddenSize": 8, "independentWindows": true }),
                16,
            ),
            ("TimeMixer", json!({ "nSeries": 2, "decompMethod": "dft_decomp" }), 32),
            ("StemGNN", json!({ "nSeries": 2 }), 1),
            ("StemGNN", json!({ "nSeries": 2, "independentWindows": true }), 32),
            ("TimeXer", json!({ "nSeries": 2, "patchLen": 2, "hiddenSize": 8, "dFf": 8 }), 64),
            ("xLSTM", json!({}), 64),
            ("xLSTM", json!({ "encoderHiddenSize": 512, "backbone": "sLSTM" }), 64),
        ] {
            assert_eq!(shards(model, own.clone()), expected, "{model} {own}");
        }
    }
}
