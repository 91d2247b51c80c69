//! Names on both sides: classes, option names in two spellings, and which settings only one side knows.

use crate::models::{find, model_names};

/// Classes that Python's loader knows. `configuration.json` has their names in lower case; a file of one that is not here
/// can be read and written back, and a forecaster says that there is no such model.
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

/// A class by its name in any case; `auto` before it is upstream's hyperparameter search and is dropped. A model that only
/// we have is for our loader alone.
pub(super) fn class(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let find = |wanted: &str| {
        PYTHON_CLASSES.into_iter().chain(model_names()).find(|c| c.to_lowercase() == wanted)
    };
    find(&lower).or_else(|| find(lower.strip_prefix("auto")?))
}

/// Columns whose number of categories the data gave, and new data may change.
pub(crate) const COUNTED: &str = "countedCategories";
/// Options that only we have. Python would refuse or drop them, so they are kept in a file of ours.
const OWN_OPTIONS: [&str; 4] = ["restoreBest", "precision", "shards", COUNTED];

/// Whether an option of ours has no counterpart in Python.
pub(super) fn is_own_option(name: &str) -> bool {
    OWN_OPTIONS.contains(&name)
}

/// Settings of Lightning's trainer and of data loading: how Python runs, not what the model is.
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

/// Settings of upstream's base class, which stores them with every model, whether it takes them or not.
const OF_BASE_CLASS: [&str; 4] = ["h_train", "inference_input_size", "n_samples", "n_series"];

/// Whether a hyper-parameter of Python's is no option of the model: plumbing, a setting of its base class that it does not
/// take, or what upstream takes and ignores.
pub(super) fn is_not_an_option(class: &str, hyper_parameter: &str) -> bool {
    let model = find(class).ok();
    let takes = || model.as_ref().is_some_and(|m| m.takes(&camel(hyper_parameter)));
    PLUMBING.contains(&hyper_parameter)
        || (OF_BASE_CLASS.contains(&hyper_parameter) && !takes())
        || model.as_ref().is_some_and(|m| m.ignored.contains(&hyper_parameter))
}

/// Whether null is what Python takes when this hyper-parameter is not given: then it need not be an option.
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

/// Names that the plain rule would not bring back.
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

/// A hyper-parameter of a model as our option. One of upstream's names is irregular, and another class has the regular one:
/// a file of these classes is written back as it was.
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

/// Schedules that both sides have: ours, torch's.
const SCHEDULES: [(&str, &str); 6] = [
    ("step", "StepLR"),
    ("cosine", "CosineAnnealingLR"),
    ("exponential", "ExponentialLR"),
    ("oneCycle", "OneCycleLR"),
    ("plateau", "ReduceLROnPlateau"),
    ("linearWarmup", "LinearLR"),
];

/// Our kind of a torch schedule; one we do not have keeps torch's name.
pub(super) fn schedule_kind(torch: &str) -> &str {
    SCHEDULES.iter().find(|(_, theirs)| *theirs == torch).map_or(torch, |(ours, _)| ours)
}

/// Torch's class for our kind of schedule; `None` for one that only we have.
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
