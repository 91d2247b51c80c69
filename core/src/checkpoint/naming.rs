//! Names here and in Python: model classes, the two spellings of options, and the settings that only one side has.

use crate::models::{find, model_names};

/// The classes of Python's loader. `configuration.json` has their names in lower case. Checkpoints with classes that are not
/// implemented here can be read and written back, but not loaded as a forecaster.
const PYTHON_CLASSES: [&str; 36] = [
    "Autoformer",
    "BiTCN",
    "DLinear",
    "DeepAR",
    "DeepNPTS",
    "DilatedRNN",
    "FEDformer",
    "GRU",
    "Informer",
    "KAN",
    "LSTM",
    "MLP",
    "MLPMultivariate",
    "NBEATS",
    "NBEATSx",
    "NHITS",
    "NLinear",
    "PatchTST",
    "RMoK",
    "RNN",
    "SOFTS",
    "SOFTSSharp",
    "StemGNN",
    "TCN",
    "TFT",
    "TSMixer",
    "TSMixerx",
    "TiDE",
    "TimeLLM",
    "TimeMixer",
    "TimeXer",
    "TimesNet",
    "VanillaTransformer",
    "XLinear",
    "iTransformer",
    "xLSTM",
];

/// A class by its name in any case. The prefix `auto` of upstream's hyperparameter search is dropped. Python cannot load
/// the models that only this library has.
pub(super) fn class(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let find = |wanted: &str| {
        PYTHON_CLASSES.into_iter().chain(model_names()).find(|c| c.to_lowercase() == wanted)
    };
    find(&lower).or_else(|| find(lower.strip_prefix("auto")?))
}

/// The option that lists the columns whose number of categories comes from the data, so that new data may change it.
pub(crate) const COUNTED: &str = "countedCategories";
/// The option that holds what HINT adds to the model that it wraps.
pub(crate) const HIERARCHY: &str = "hint";
/// Options that only this library has. Python would refuse or drop them, so they are kept in a separate file.
const OWN_OPTIONS: [&str; 9] = [
    HIERARCHY,
    "restoreBest",
    "precision",
    "shards",
    COUNTED,
    "attentionDropout",
    "independentWindows",
    "llmHash",
    "numTokens",
];

/// Whether an option has no counterpart in Python.
pub(super) fn is_own_option(name: &str) -> bool {
    OWN_OPTIONS.contains(&name)
}

/// Settings of Lightning's trainer and of data loading, which do not belong to the model.
const PLUMBING: [&str; 38] = [
    "accelerator",
    "barebones",
    "benchmark",
    "callbacks",
    "check_val_every_n_epoch",
    "dataloader_kwargs",
    "default_root_dir",
    "detect_anomaly",
    "deterministic",
    "devices",
    "enable_autolog_hparams",
    "enable_checkpointing",
    "enable_model_summary",
    "enable_progress_bar",
    "fast_dev_run",
    "inference_mode",
    "limit_predict_batches",
    "limit_test_batches",
    "limit_train_batches",
    "limit_val_batches",
    "log_every_n_steps",
    "logger",
    "max_epochs",
    "max_time",
    "min_epochs",
    "min_steps",
    "model_registry",
    "num_nodes",
    "num_sanity_val_steps",
    "overfit_batches",
    "plugins",
    "precision",
    "profiler",
    "reload_dataloaders_every_n_epochs",
    "strategy",
    "sync_batchnorm",
    "use_distributed_sampler",
    "val_check_interval",
];

/// Settings that upstream's base class stores with every model, even if the model does not take them.
const OF_BASE_CLASS: [&str; 4] = ["h_train", "inference_input_size", "n_samples", "n_series"];

/// Whether a Python hyper-parameter is not an option of the model: a trainer setting, a setting of the base class that the
/// model does not take, or an argument that upstream accepts and ignores.
pub(super) fn is_not_an_option(class: &str, hyper_parameter: &str) -> bool {
    let model = find(class).ok();
    let takes = || model.as_ref().is_some_and(|m| m.takes(&camel(hyper_parameter)));
    PLUMBING.contains(&hyper_parameter)
        || (OF_BASE_CLASS.contains(&hyper_parameter) && !takes())
        || model.as_ref().is_some_and(|m| m.ignored.contains(&hyper_parameter))
}

/// Whether null is Python's default of this hyper-parameter; then a null need not become an option.
pub(super) fn is_null_by_default(class: &str, hyper_parameter: &str) -> bool {
    let always = [
        "accumulate_grad_batches",
        "alias",
        "cat_exog_list",
        "categorical_cardinalities",
        "decoder_activation",
        "futr_exog_list",
        "gradient_clip_algorithm",
        "gradient_clip_val",
        "hist_exog_list",
        "inference_input_size",
        "lr_scheduler",
        "optimizer",
        "stat_exog_list",
        "valid_batch_size",
    ];
    always.contains(&hyper_parameter)
        || (hyper_parameter == "valid_loss" && super::losses::defaults(class).1.is_none())
}

/// Names for which [`camel`] and [`snake`] would not be inverse without these exceptions.
const IRREGULAR: [(&str, &str); 3] = [("T_max", "tMax"), ("T_0", "t0"), ("T_mult", "tMult")];

/// Python's spelling of an option as ours.
pub(super) fn camel(name: &str) -> String {
    if let Some((_, ours)) = IRREGULAR.iter().find(|(theirs, _)| *theirs == name) {
        return (*ours).into();
    }
    let mut out = String::new();
    let mut parts = name.split('_');
    out.extend(parts.next());
    for part in parts {
        let mut letters = part.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

/// Our spelling of an option as Python's.
pub(super) fn snake(name: &str) -> String {
    if let Some((theirs, _)) = IRREGULAR.iter().find(|(_, ours)| *ours == name) {
        return (*theirs).into();
    }
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A hyper-parameter of a model as our option. Two classes have the irregular name `MovingAvg_window`, where others have
/// the regular one.
pub(super) fn option(class: &str, hyper_parameter: &str) -> String {
    match (class, hyper_parameter) {
        ("Autoformer" | "FEDformer", "MovingAvg_window") => "movingAvgWindow".into(),
        _ => camel(hyper_parameter),
    }
}

/// Our option of a model as its hyper-parameter.
pub(super) fn hyper_parameter(class: &str, option: &str) -> String {
    match (class, option) {
        ("Autoformer" | "FEDformer", "movingAvgWindow") => "MovingAvg_window".into(),
        _ => snake(option),
    }
}

/// Schedules that both sides have: our kind and torch's class.
const SCHEDULES: [(&str, &str); 6] = [
    ("step", "StepLR"),
    ("cosine", "CosineAnnealingLR"),
    ("exponential", "ExponentialLR"),
    ("oneCycle", "OneCycleLR"),
    ("plateau", "ReduceLROnPlateau"),
    ("linearWarmup", "LinearLR"),
];

/// Our kind of a torch schedule; one without a counterpart keeps torch's name.
pub(super) fn schedule_kind(torch: &str) -> &str {
    SCHEDULES.iter().find(|(_, theirs)| *theirs == torch).map_or(torch, |(ours, _)| ours)
}

/// Torch's class for our kind of schedule; `None` for one without a counterpart.
pub(super) fn torch_schedule(kind: &str) -> Option<&str> {
    let known = SCHEDULES.iter().find(|(ours, _)| *ours == kind).map(|(_, theirs)| *theirs);
    known.or_else(|| kind.starts_with(|c: char| c.is_ascii_uppercase()).then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (theirs, ours) in [
            ("h", "h"),
            ("input_size", "inputSize"),
            ("n_pool_kernel_size", "nPoolKernelSize"),
            ("T_max", "tMax"),
            ("concentration0", "concentration0"),
            ("T_0", "t0"),
            ("max_lr", "maxLr"),
        ] {
            assert_eq!((camel(theirs).as_str(), snake(ours).as_str()), (ours, theirs));
        }
        assert_eq!(option("FEDformer", "MovingAvg_window"), "movingAvgWindow");
        assert_eq!(hyper_parameter("FEDformer", "movingAvgWindow"), "MovingAvg_window");
        assert_eq!(hyper_parameter("DLinear", "movingAvgWindow"), "moving_avg_window");
    }

    #[test]
    fn classes_are_found_in_any_case_and_behind_auto() {
        let found = [
            "nhits",
            "autonhits",
            "autoformer",
            "autoautoformer",
            "itransformer",
            "rlinear",
            "sundial",
        ]
        .map(class);
        let expected =
            ["NHITS", "NHITS", "Autoformer", "Autoformer", "iTransformer", "RLinear"].map(Some);
        assert_eq!(found[..6], expected);
        assert_eq!(found[6], None);
    }

    #[test]
    fn internals_are_told_from_options_by_class() {
        assert!(is_not_an_option("NHITS", "h_train") && !is_not_an_option("LSTM", "h_train"));
        assert!(is_not_an_option("NHITS", "n_series") && !is_not_an_option("TSMixer", "n_series"));
        assert!(is_not_an_option("NBEATS", "n_polynomials"));
        assert!(!is_not_an_option("NBEATSx", "n_polynomials"));
        for (class, ignored, taken) in [
            ("TCN", &["h_train", "n_samples"][..], &["context_size", "encoder_activation"][..]),
            ("RNN", &["context_size", "encoder_activation"], &["h_train", "encoder_bias"]),
            ("GRU", &["context_size", "encoder_activation"], &["inference_input_size"]),
            ("DilatedRNN", &["context_size", "inference_input_size"], &["dilations"]),
            ("DeepAR", &["inference_input_size", "n_samples"], &["h_train"]),
            ("Autoformer", &["h_train", "n_series"], &["MovingAvg_window"]),
        ] {
            assert!(ignored.iter().all(|name| is_not_an_option(class, name)), "{class}");
            assert!(!taken.iter().any(|name| is_not_an_option(class, name)), "{class}");
        }
        assert!(is_not_an_option("LSTM", "logger") && !is_not_an_option("LSTM", "val_monitor"));
        for kept in ["gradient_clip_val", "gradient_clip_algorithm", "accumulate_grad_batches"] {
            assert!(!is_not_an_option("LSTM", kept) && is_null_by_default("LSTM", kept));
        }
    }
}
