//! Options of a model: camelCase JSON here, hyper-parameters in Python.

use serde_json::{Map, Value, json};

use super::fail;
use super::losses;
use super::naming::{
    camel, hyper_parameter, is_not_an_option, is_null_by_default, is_own_option, option,
    schedule_kind, snake, torch_schedule,
};
use super::tagged::{TAG, Tagged, has_tag, tag};
use super::weights::{RawTensor, Tensors};
use super::{StoredModel, Unknown};
use crate::Result;

/// Suffix of the unknown field of a model that keeps the changed state of a loss.
const STATE: &str = ".state";

/// Splits Python's hyper-parameters into our options and contents that are not interpreted.
///
/// A null that is Python's default is left out of the options.
pub(super) fn decode(
    class: &str,
    hyper_parameters: &Map<String, Value>,
    file: &str,
    tensors: &Tensors<'_>,
) -> Result<(Map<String, Value>, Unknown)> {
    let (mut options, mut unknown) = (Map::new(), Unknown::default());
    for (key, value) in hyper_parameters {
        let here = || Tagged::new(value, file, key, tensors);
        let ours = option(class, key);
        match (key.as_str(), tag(value)) {
            ("optimizer_kwargs" | "lr_scheduler_kwargs", _) => {} // read with their class
            (_, None) if value.is_null() && is_null_by_default(class, key) => {}
            ("optimizer" | "lr_scheduler", _) => {
                let kwargs = hyper_parameters.get(&format!("{key}_kwargs")).unwrap_or(&Value::Null);
                options.insert(
                    ours,
                    torch_class(key, value, kwargs)
                        .ok_or_else(|| here().wrong("a class of torch"))?,
                );
            }
            ("loss" | "valid_loss", Some(_)) => {
                let loss = losses::decode(value, file, key, tensors)?;
                if let Some(changed) = losses::changed_state(value, &loss, file, key, tensors)? {
                    unknown.fields.insert(format!("{key}{STATE}"), changed);
                }
                options.insert(ours, loss);
            }
            _ if is_not_an_option(class, key) => {
                here().collect_tensors(&mut unknown.tensors)?;
                unknown.fields.insert(key.clone(), value.clone());
            }
            (_, Some("tensor" | "array")) => {
                options.insert(ours, here().plain()?);
            }
            (_, _) if has_tag(value) => {
                here().collect_tensors(&mut unknown.tensors)?;
                unknown.fields.insert(key.clone(), value.clone());
            }
            _ => {
                options.insert(ours, value.clone());
            }
        }
    }
    Ok((options, unknown))
}

fn torch_class(key: &str, value: &Value, kwargs: &Value) -> Option<Value> {
    if tag(value) != Some("torch_cls") || value["kind"] != key || has_tag(kwargs) {
        return None;
    }
    let name = value["name"].as_str()?;
    let mut ours = Map::new();
    ours.insert("kind".into(), if key == "optimizer" { name } else { schedule_kind(name) }.into());
    if !kwargs.is_null() {
        ours.extend(kwargs.as_object()?.iter().map(|(k, v)| (camel(k), v.clone())));
    }
    Some(ours.into())
}

/// A model's options in Python's form.
#[derive(Default)]
pub(super) struct Encoded {
    /// The `hyper_parameters`.
    pub(super) hyper_parameters: Map<String, Value>,
    /// The tensors to which they refer.
    pub(super) tensors: Vec<RawTensor>,
    /// Options that Python's format cannot hold.
    pub(super) own: Map<String, Value>,
}

/// The state of `loss` or `valid_loss` that [`decode`] kept, if the loss has not changed.
pub(super) fn kept_state<'a>(model: &'a StoredModel, key: &str, loss: &Value) -> Option<&'a Value> {
    let kept = model.unknown.fields.get(&format!("{key}{STATE}"))?;
    (kept["of"] == *loss).then(|| &kept["state"])
}

/// Our options as hyper-parameters.
pub(super) fn encode(model: &StoredModel) -> Result<Encoded> {
    let mut out = Encoded::default();
    for (name, value) in &model.options {
        let key = hyper_parameter(&model.class, name);
        match name.as_str() {
            _ if is_own_option(name) => {
                out.own.insert(name.clone(), value.clone());
            }
            "loss" | "validLoss" => {
                let value = match value {
                    Value::Null if name == "loss" => continue,
                    Value::Null => Value::Null,
                    loss => {
                        losses::encode(loss, kept_state(model, &key, loss), &key, &mut out.tensors)?
                    }
                };
                out.hyper_parameters.insert(key, value);
            }
            "optimizer" | "lrScheduler" if !value.is_null() => {
                let (class, kwargs) = with_kwargs(model, name, value)?;
                let torch = if name == "optimizer" { Some(class) } else { torch_schedule(class) };
                let Some(torch) = torch else {
                    out.own.insert(name.clone(), value.clone());
                    continue;
                };
                out.hyper_parameters.insert(format!("{key}_kwargs"), kwargs.into());
                out.hyper_parameters
                    .insert(key.clone(), json!({ TAG: "torch_cls", "kind": key, "name": torch }));
            }
            // Upstream refuses an integer here.
            "trainingDataAvailabilityThreshold" => {
                out.hyper_parameters.insert(key, with_point(value));
            }
            "gradientClipVal" if value.is_null() => {}
            _ if has_tag(value) => {
                return Err(fail(format!(
                    "model {:?}: option {name:?} must not contain {TAG:?}",
                    model.name
                )));
            }
            _ => {
                out.hyper_parameters.insert(key, value.clone());
            }
        }
    }
    for (key, value) in &model.unknown.fields {
        if !key.ends_with(STATE) && !out.hyper_parameters.contains_key(key) {
            out.hyper_parameters.insert(key.clone(), value.clone());
        }
    }
    out.tensors.extend(model.unknown.tensors.iter().cloned());
    Ok(out)
}

fn with_kwargs<'a>(
    model: &StoredModel,
    name: &str,
    value: &'a Value,
) -> Result<(&'a str, Map<String, Value>)> {
    let wrong = || {
        fail(format!(
            "model {:?}: option {name:?} must be {{ kind, .. }} with plain settings, got {value}",
            model.name
        ))
    };
    let kind = value["kind"].as_str().filter(|_| !has_tag(value)).ok_or_else(wrong)?;
    let settings = value.as_object().ok_or_else(wrong)?;
    Ok((
        kind,
        settings.iter().filter(|(k, _)| *k != "kind").map(|(k, v)| (snake(k), v.clone())).collect(),
    ))
}

fn with_point(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_point).collect(),
        Value::Number(n) => n.as_f64().map_or(Value::Null, Value::from),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::Reader;
    use super::*;

    fn model(class: &str, options: Value) -> StoredModel {
        let Value::Object(options) = options else { panic!("options are an object") };
        StoredModel { name: class.into(), class: class.into(), options, ..StoredModel::default() }
    }

    fn back(class: &str, encoded: &Encoded) -> (Map<String, Value>, Unknown) {
        let bytes = super::super::weights::serialize(encoded.tensors.clone(), &[]).unwrap();
        decode(
            class,
            &encoded.hyper_parameters,
            "m",
            &Tensors::parse("m", Reader::Memory(&bytes)).unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn options_survive_the_way_through_python() {
        let m = model(
            "FEDformer",
            json!({
                "h": 4, "inputSize": 8, "movingAvgWindow": 25, "loss": { "kind": "MQLoss", "args": { "level": [80, 90] } },
                "validLoss": { "kind": "MAE", "args": { "horizonWeight": [1.0, 2.0] } },
                "optimizer": { "kind": "AdamW", "weightDecay": 0.01, "betas": [0.9, 0.99] },
                "lrScheduler": { "kind": "cosine", "tMax": 10, "etaMin": 0.1 },
                "trainingDataAvailabilityThreshold": [0.0, 0.5], "gradientClipVal": 1.5, "randomSeed": null,
                "futrExogList": ["a_b", "cD"], "catEmbDim": "fastai"
            }),
        );
        let encoded = encode(&m).unwrap();
        let h = &encoded.hyper_parameters;
        assert_eq!(h["MovingAvg_window"], 25);
        assert_eq!(
            h["optimizer"],
            json!({ TAG: "torch_cls", "kind": "optimizer", "name": "AdamW" })
        );
        assert_eq!(h["optimizer_kwargs"], json!({ "weight_decay": 0.01, "betas": [0.9, 0.99] }));
        assert_eq!(h["lr_scheduler"]["name"], "CosineAnnealingLR");
        assert_eq!(h["lr_scheduler_kwargs"], json!({ "T_max": 10, "eta_min": 0.1 }));
        assert_eq!(h["gradient_clip_val"], 1.5);
        assert!(encoded.own.is_empty());
        let (options, unknown) = back("FEDformer", &encoded);
        assert_eq!(options, m.options);
        assert_eq!(unknown, Unknown::default());
    }

    #[test]
    fn schedules_and_lightning_s_settings_have_python_s_names() {
        for (ours, class, kwargs) in [
            (
                json!({ "kind": "step", "stepSize": 5, "gamma": 0.3 }),
                "StepLR",
                json!({ "step_size": 5, "gamma": 0.3 }),
            ),
            (
                json!({ "kind": "exponential", "gamma": 0.9 }),
                "ExponentialLR",
                json!({ "gamma": 0.9 }),
            ),
            (
                json!({ "kind": "cosine", "tMax": 9, "etaMin": 0.1 }),
                "CosineAnnealingLR",
                json!({ "T_max": 9, "eta_min": 0.1 }),
            ),
            (
                json!({ "kind": "linearWarmup", "startFactor": 0.1, "endFactor": 1, "totalIters": 7 }),
                "LinearLR",
                json!({ "start_factor": 0.1, "end_factor": 1, "total_iters": 7 }),
            ),
            (
                json!({ "kind": "oneCycle", "maxLr": 0.1, "totalSteps": 9, "pctStart": 0.2, "annealStrategy": "linear",
                        "cycleMomentum": false, "baseMomentum": 0.8, "maxMomentum": 0.9, "divFactor": 5, "finalDivFactor": 10,
                        "threePhase": true }),
                "OneCycleLR",
                json!({ "max_lr": 0.1, "total_steps": 9, "pct_start": 0.2, "anneal_strategy": "linear",
                        "cycle_momentum": false, "base_momentum": 0.8, "max_momentum": 0.9, "div_factor": 5,
                        "final_div_factor": 10, "three_phase": true }),
            ),
            (
                json!({ "kind": "plateau", "mode": "max", "factor": 0.5, "patience": 2, "threshold": 0.1, "thresholdMode": "abs",
                        "cooldown": 1, "minLr": 0.01, "eps": 0.0 }),
                "ReduceLROnPlateau",
                json!({ "mode": "max", "factor": 0.5, "patience": 2, "threshold": 0.1, "threshold_mode": "abs",
                        "cooldown": 1, "min_lr": 0.01, "eps": 0.0 }),
            ),
        ] {
            let options = json!({ "lrScheduler": ours, "gradientClipAlgorithm": "value", "accumulateGradBatches": 4 });
            let m = model("NHITS", options);
            let encoded = encode(&m).unwrap();
            let h = &encoded.hyper_parameters;
            assert_eq!(
                h["lr_scheduler"],
                json!({ TAG: "torch_cls", "kind": "lr_scheduler", "name": class })
            );
            assert_eq!(h["lr_scheduler_kwargs"], kwargs);
            assert_eq!(
                (&h["gradient_clip_algorithm"], &h["accumulate_grad_batches"]),
                (&json!("value"), &json!(4))
            );
            assert!(encoded.own.is_empty());
            assert_eq!(back("NHITS", &encoded), (m.options, Unknown::default()));
        }
    }

    #[test]
    fn what_only_we_have_stays_out_of_pythons_file() {
        let options = json!({
            "restoreBest": true, "precision": "bf16", "lrScheduler": { "kind": "warmupCosine", "warmup": 5 },
            "trainingDataAvailabilityThreshold": 0, "gradientClipVal": null
        });
        let encoded = encode(&model("NHITS", options)).unwrap();
        let own: Vec<&String> = encoded.own.keys().collect();
        assert_eq!(own, ["restoreBest", "precision", "lrScheduler"]);
        assert_eq!(
            Value::from(encoded.hyper_parameters).to_string(),
            r#"{"training_data_availability_threshold":0.0}"#
        );
    }

    #[test]
    fn plumbing_and_internals_are_kept_aside() {
        let Value::Object(stored) = json!({
            "h": 4, "n_series": 1, "h_train": 1, "logger": false, "dataloader_kwargs": { "num_workers": 0 }, "alias": null,
            "val_monitor": "ptl/val_loss", "random_seed": null, "S": { TAG: "mapping", "items": [[1, 2]] }
        }) else {
            panic!()
        };
        let (options, unknown) = decode("NHITS", &stored, "m", &Tensors::none("m")).unwrap();
        assert_eq!(
            Value::from(options.clone()),
            json!({ "h": 4, "valMonitor": "ptl/val_loss", "randomSeed": null })
        );
        let kept: Vec<&String> = unknown.fields.keys().collect();
        assert_eq!(kept, ["n_series", "h_train", "logger", "dataloader_kwargs", "S"]);
        let m = StoredModel { class: "NHITS".into(), options, unknown, ..StoredModel::default() };
        let again = encode(&m).unwrap().hyper_parameters;
        assert!(stored.iter().all(|(k, v)| k == "alias" || again[k] == *v));
    }

    #[test]
    fn a_changed_quantile_state_is_kept_as_long_as_the_loss_is() {
        let loss = json!({ TAG: "loss", "cls": "DistributionLoss", "args": { "distribution": "Normal" }, "state": {
            "output_names": ["", "_ql0.3"],
            "quantiles": { TAG: "array", "kind": "torch", "dtype": "float32", "shape": [1], "values": [0.25] } } });
        let mut stored = Map::new();
        stored.insert("loss".into(), loss);
        let (options, unknown) = decode("NHITS", &stored, "m", &Tensors::none("m")).unwrap();
        let mut m =
            StoredModel { class: "NHITS".into(), options, unknown, ..StoredModel::default() };
        assert_eq!(kept_state(&m, "loss", &m.options["loss"]).unwrap()["quantiles"], json!([0.25]));
        let encoded = encode(&m).unwrap();
        assert_eq!(
            encoded.hyper_parameters["loss"]["state"]["output_names"],
            json!(["", "_ql0.3"])
        );
        assert_eq!(back("NHITS", &encoded), (m.options.clone(), m.unknown.clone()));
        m.options["loss"]["args"]["level"] = json!([50]);
        assert!(encode(&m).unwrap().hyper_parameters["loss"].get("state").is_none());
    }

    #[test]
    fn wrong_forms_are_named() {
        for (key, value, expected) in [
            ("optimizer", json!("Adam"), "\"optimizer\" must be a class of torch, found \"Adam\""),
            (
                "optimizer",
                json!({ TAG: "torch_cls", "kind": "lr_scheduler", "name": "StepLR" }),
                "a class of torch",
            ),
            ("loss", json!({ TAG: "loss", "cls": 3 }), "a loss with its class"),
            ("loss", json!({ TAG: "tensor", "key": "x" }), "a loss with its class"),
        ] {
            let mut stored = Map::new();
            stored.insert(key.into(), value);
            let e = decode("NHITS", &stored, "m", &Tensors::none("m")).unwrap_err();
            assert!(e.message.contains(expected), "{e}");
        }
        for options in [
            json!({ "loss": "MAE" }),
            json!({ "optimizer": { "lr": 1 } }),
            json!({ "x": { TAG: "loss" } }),
        ] {
            assert!(encode(&model("NHITS", options)).is_err());
        }
    }
}
