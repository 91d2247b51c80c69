//! Values of a model's own options that it cannot have, alone or with its others, are refused in words of that model.

mod checks;
mod refused;
#[expect(dead_code, reason = "nothing is trained here")]
mod series;

use checks::Checks;
use neuro_divergent::{ErrorCode, NeuralForecast};
use refused::{refused, with};
use serde_json::json;
use series::spec;

#[test]
fn values_that_a_model_cannot_have_are_refused_in_its_words() {
    let multiplier = "option \"decoderInputSizeMultiplier\" must be";
    let range = "option \"gridRange\" must be two numbers, the first less than the second, got";
    let cases = [
        (
            "VanillaTransformer",
            json!({ "decoderInputSizeMultiplier": 1.0 }),
            format!("{multiplier} above 0 and so small that the decoder sees fewer steps than inputSize (8), got 1.0"),
        ),
        (
            "VanillaTransformer",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "Informer",
            json!({ "hiddenSize": 8, "nHead": 9 }),
            "option \"nHead\" must be at most hiddenSize (8), got 9".into(),
        ),
        (
            "Informer",
            json!({ "inputSize": 6000 }),
            "option \"inputSize\" must be small enough for 5000 steps of encoder and decoder, got \"6000 steps\"".into(),
        ),
        (
            "Informer",
            json!({ "h": 5000 }),
            "option \"h\" must be small enough for 5000 steps of encoder and decoder, got \"5004 steps\"".into(),
        ),
        (
            "Autoformer",
            json!({ "factor": 9 }),
            "option \"factor\" must be such that ⌊factor·ln 8⌋ is from 1 to 8, got 9".into(),
        ),
        (
            "Autoformer",
            json!({ "inputSize": 9, "decoderInputSizeMultiplier": 0.1, "h": 1, "factor": 1 }),
            "option \"factor\" must be such that ⌊factor·ln 2⌋ is from 1 to 2, got 1".into(),
        ),
        ("FEDformer", json!({ "nHead": 4 }), "option \"nHead\" must be 8, got 4".into()),
        (
            "FEDformer",
            json!({ "decoderInputSizeMultiplier": 0.1 }),
            format!("{multiplier} large enough for 4 frequencies of the decoder, whose 5 steps have 3, got 0.1"),
        ),
        (
            "FEDformer",
            json!({ "randomSeed": 1u64 << 32 }),
            "option \"randomSeed\" must be a whole number below 2³², got 4294967296".into(),
        ),
        (
            "PatchTST",
            json!({ "hiddenSize": 10, "nHeads": 4 }),
            "option \"nHeads\" must be a divisor of hiddenSize (10), got 4".into(),
        ),
        ("PatchTST", json!({ "stride": 0 }), "option \"stride\" must be a whole number ≥ 1, got 0".into()),
        ("PatchTST", json!({ "patchLen": 0 }), "option \"patchLen\" must be a whole number ≥ 1, got 0".into()),
        (
            "PatchTST",
            json!({ "activation": "elu" }),
            "option \"activation\" must be \"relu\" or \"gelu\", got \"elu\"; did you mean \"relu\"?".into(),
        ),
        (
            "iTransformer",
            json!({ "hiddenSize": 4, "nHeads": 5 }),
            "option \"nHeads\" must be at most hiddenSize (4), got 5".into(),
        ),
        (
            "SOFTSSharp",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "SOFTSSharp",
            json!({ "nSeries": 5001, "hiddenSize": 2, "dCore": 1, "dFf": 1 }),
            "option \"nSeries\" must be at most 5000, the number of positions, got 5001".into(),
        ),
        (
            "SOFTSSharp",
            json!({ "peKeepProb": 1.5 }),
            "option \"peKeepProb\" must be a number from 0 to 1, got 1.5".into(),
        ),
        ("SOFTS", json!({ "dCore": 0 }), "option \"dCore\" must be a whole number ≥ 1, got 0".into()),
        (
            "TimeMixer",
            json!({ "inputSize": 12, "downSamplingLayers": 3 }),
            "option \"downSamplingWindow\" must be such that inputSize (12) is a multiple of it to the power of \
             downSamplingLayers (3), got 2"
                .into(),
        ),
        (
            "TimeMixer",
            json!({ "downSamplingLayers": 0 }),
            "option \"downSamplingLayers\" must be a whole number from 1 to 31, got 0".into(),
        ),
        (
            "TimeMixer",
            json!({ "decompMethod": "dft_decomp", "dModel": 6, "topK": 5 }),
            "option \"topK\" must be at most dModel / 2 + 1 (4), got 5".into(),
        ),
        (
            "TimeMixer",
            json!({ "movingAvg": 4 }),
            "option \"movingAvg\" must be an odd number, got 4".into(),
        ),
        (
            "TimeMixer",
            json!({ "dModel": 5 }),
            "option \"dModel\" must be an even number, got 5".into(),
        ),
        (
            "TimeMixer",
            json!({ "channelIndependence": 2 }),
            "option \"channelIndependence\" must be a whole number from 0 to 1, got 2".into(),
        ),
        (
            "TimeMixer",
            json!({ "downSamplingMethod": "mean" }),
            "option \"downSamplingMethod\" must be \"max\", \"avg\" or \"conv\", got \"mean\"".into(),
        ),
        (
            "TimesNet",
            json!({ "topK": 7 }),
            "option \"topK\" must be at most 6, half of inputSize + h (12), got 7".into(),
        ),
        (
            "TimesNet",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "TimesNet",
            json!({ "numKernels": 33 }),
            "option \"numKernels\" must be a whole number from 1 to 32, got 33".into(),
        ),
        (
            "TimesNet",
            json!({ "inputSize": 5001 }),
            "option \"inputSize\" must be at most 5000, got 5001".into(),
        ),
        ("StemGNN", json!({ "nStacks": 3 }), "option \"nStacks\" must be 2, got 3".into()),
        (
            "StemGNN",
            json!({ "multiLayer": 0 }),
            "option \"multiLayer\" must be a whole number ≥ 1, got 0".into(),
        ),
        (
            "XLinear",
            json!({ "headDropout": 1.0 }),
            "option \"headDropout\" must be a number from 0 to below 1, got 1.0".into(),
        ),
        (
            "TimeXer",
            json!({ "patchLen": 9 }),
            "option \"patchLen\" must be at most inputSize (8), got 9".into(),
        ),
        (
            "TimeXer",
            json!({ "patchLen": 1, "inputSize": 5001 }),
            "option \"patchLen\" must be so large that inputSize (5001) has at most 5000 patches, got 1".into(),
        ),
        (
            "TimeXer",
            json!({ "hiddenSize": 7 }),
            "option \"hiddenSize\" must be an even number, got 7".into(),
        ),
        (
            "TimeXer",
            json!({ "patchLen": 4, "hiddenSize": 4, "nHeads": 5 }),
            "option \"nHeads\" must be at most hiddenSize (4), got 5".into(),
        ),
        (
            "KAN",
            json!({ "gridSize": 0 }),
            "option \"gridSize\" must be a whole number ≥ 1, got 0".into(),
        ),
        (
            "KAN",
            json!({ "splineOrder": 0 }),
            "option \"splineOrder\" must be a whole number from 1 to 15, got 0".into(),
        ),
        (
            "KAN",
            json!({ "splineOrder": 16 }),
            "option \"splineOrder\" must be a whole number from 1 to 15, got 16".into(),
        ),
        (
            "KAN",
            json!({ "scaleNoise": -0.1 }),
            "option \"scaleNoise\" must be a number ≥ 0, got -0.1".into(),
        ),
        ("KAN", json!({ "gridRange": [1, 1] }), format!("{range} [1,1]")),
        ("KAN", json!({ "gridRange": [0, 1, 2] }), format!("{range} [0,1,2]")),
        (
            "KAN",
            json!({ "gridRange": [1, 1.000_000_1] }),
            "option \"gridRange\" must be a range that has gridSize (5) intervals in f32, got \"[1.0, 1.0000001]\"".into(),
        ),
        (
            "KAN",
            json!({ "hiddenSize": 0 }),
            "option \"hiddenSize\" must be a whole number ≥ 1, or a list of them, got 0".into(),
        ),
        (
            "KAN",
            json!({ "hiddenSize": [4, 5] }),
            "option \"hiddenSize\" must be a number, or a list with nHiddenLayers (1) of them, got \"[4, 5]\"".into(),
        ),
        (
            "RMoK",
            json!({ "taylorOrder": 0 }),
            "option \"taylorOrder\" must be a whole number from 1 to 65, got 0".into(),
        ),
        (
            "RMoK",
            json!({ "jacobiDegree": 65 }),
            "option \"jacobiDegree\" must be at most 64, got 65".into(),
        ),
        (
            "RMoK",
            json!({ "jacobiDegree": -1 }),
            "option \"jacobiDegree\" must be a whole number ≥ 0, got -1".into(),
        ),
        (
            "RMoK",
            json!({ "waveletFunction": "mexican" }),
            "option \"waveletFunction\" must be \"mexican_hat\", \"morlet\", \"dog\", \"meyer\" or \"shannon\", got \"mexican\"".into(),
        ),
        (
            "xLSTM",
            json!({ "backbone": "attention" }),
            "option \"backbone\" must be \"mLSTM\" or \"sLSTM\", got \"attention\"".into(),
        ),
        (
            "xLSTM",
            json!({ "backbone": "sLSTM", "encoderHiddenSize": 10 }),
            "option \"encoderHiddenSize\" must be a multiple of 4 that is at least 8 with backbone \"sLSTM\", got 10".into(),
        ),
        (
            "xLSTM",
            json!({ "backbone": "sLSTM", "encoderHiddenSize": 4 }),
            "option \"encoderHiddenSize\" must be a multiple of 4 that is at least 8 with backbone \"sLSTM\", got 4".into(),
        ),
        (
            "xLSTM",
            json!({ "encoderNBlocks": 0 }),
            "option \"encoderNBlocks\" must be a whole number ≥ 1, got 0".into(),
        ),
    ];
    let mut checks = Checks::default();
    for (model, options, message) in cases {
        checks.row(format!("{model} {options}"), || {
            let new = NeuralForecast::new(vec![spec(model, &with(options.clone()))], None);
            refused(new, ErrorCode::InvalidOption, &message);
        });
    }
    checks.finish();
}
