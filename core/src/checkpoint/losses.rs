//! Losses: ours as `{kind, args}`, Python's as a tagged value, and the entries that a loss adds to Python's `state_dict`.

use serde_json::{Map, Value, json};

use super::fail;
use super::naming::{camel, snake};
use super::tagged::{TAG, TENSOR_PREFIX, Tagged, has_tag, numpy, tag, torch};
use super::weights::{RawTensor, Tensors};
use crate::Result;
use crate::models::{CommonOptions, find};
use crate::objective::{LossSpec, Stored, stored};
use crate::options::OptionValue;

/// The `state_dict` entries of a loss given as `{kind, args}`.
fn stored_of(loss: &Value) -> Result<Stored> {
    let wrong = || fail(format!("a loss must be {{ kind, args }}, found {loss}"));
    stored(&LossSpec::read(loss).ok_or_else(wrong)?)
}

/// A model class's default loss and validation loss, which are upstream's.
pub(super) fn defaults(class: &str) -> (Value, Option<Value>) {
    let defaults = find(class).map_or_else(|_| CommonOptions::default(), |m| (m.defaults)());
    (defaults.loss.write(), defaults.valid_loss.map(|loss| loss.write()))
}

/// Converts Python's tagged loss to ours. Arguments that are null are left out, as is `level` if `quantiles` is given.
pub(super) fn decode(
    value: &Value,
    file: &str,
    field: &str,
    tensors: &Tensors<'_>,
) -> Result<Value> {
    let wrong = |expected: &str| Tagged::new(value, file, field, tensors).wrong(expected);
    let (Some("loss"), Some(class), Some(stored)) =
        (tag(value), value["cls"].as_str(), value["args"].as_object())
    else {
        return Err(wrong("a loss with its class and arguments"));
    };
    let mut args = Map::new();
    for (key, value) in stored {
        let value = match value {
            Value::Null => continue,
            _ if key == "level" && stored.get("quantiles").is_some_and(|q| !q.is_null()) => {
                continue;
            }
            Value::Object(_) if tag(value).is_some() => {
                let (field, tagged) = (format!("{field}.{key}"), value);
                let read = Tagged::new(tagged, file, &field, tensors);
                if key == "horizon_weight" { flat(read.plain()?) } else { read.plain()? }
            }
            _ if has_tag(value) => return Err(wrong("a loss with plain arguments")),
            _ => value.clone(),
        };
        args.insert(camel(key), value);
    }
    Ok(json!({ "kind": class, "args": args }))
}

fn flat(value: Value) -> Value {
    match value {
        Value::Array(items) => items
            .into_iter()
            .flat_map(|v| match flat(v) {
                Value::Array(inner) => inner,
                other => vec![other],
            })
            .collect(),
        other => other,
    }
}

/// The state of a stored loss, if it differs from the one that its arguments give: `{"of": our loss, "state": ..}`.
///
/// Python's `predict(quantiles=..)` leaves such a state behind. It is written back as long as the loss does not change.
pub(super) fn changed_state(
    value: &Value,
    ours: &Value,
    file: &str,
    field: &str,
    tensors: &Tensors<'_>,
) -> Result<Option<Value>> {
    let Some(stored) = value.get("state").and_then(|s| s.get("quantiles")) else { return Ok(None) };
    let field = format!("{field}.state.quantiles");
    let (_, stored) = Tagged::new(stored, file, &field, tensors).numbers()?;
    // An invalid loss is refused later, with its model.
    let derived = stored_of(ours).ok().and_then(|stored| stored.quantiles);
    let derived = derived.map_or_else(Vec::new, |(_, quantiles)| quantiles);
    if stored.len() == derived.len()
        && stored.iter().zip(&derived).all(|(a, b)| *a == f64::from(*b))
    {
        return Ok(None);
    }
    let names = &value["state"]["output_names"];
    Ok(Some(json!({ "of": ours, "state": { "output_names": names, "quantiles": stored } })))
}

/// Converts our loss to Python's tagged loss; arrays go into `tensors`.
pub(super) fn encode(
    loss: &Value,
    state: Option<&Value>,
    path: &str,
    tensors: &mut Vec<RawTensor>,
) -> Result<Value> {
    let wrong = || {
        fail(format!(
            "option {path:?} must be {{ kind, args }} with a loss's name and plain arguments, got {loss}"
        ))
    };
    let (class, ours) =
        (loss["kind"].as_str().ok_or_else(wrong)?, loss.get("args").unwrap_or(&Value::Null));
    let mut args = Map::new();
    let none = Map::new();
    for (key, value) in if ours.is_null() { &none } else { ours.as_object().ok_or_else(wrong)? } {
        let key = snake(key);
        if has_tag(value) {
            return Err(wrong());
        }
        let weights = (key == "horizon_weight").then(|| value.as_array()).flatten();
        let value = match weights {
            // An array, because upstream calls `.flatten()` on it.
            Some(weights) => {
                let weights: Option<Vec<f64>> = weights.iter().map(Value::as_f64).collect();
                let weights = weights.ok_or_else(wrong)?;
                let path = format!("{path}.args.{key}");
                tensors.push(RawTensor::f64s(
                    format!("{TENSOR_PREFIX}{path}"),
                    vec![weights.len()],
                    &weights,
                ));
                numpy(&path, "float64")
            }
            None => value.clone(),
        };
        args.insert(key, value);
    }
    let mut tagged = json!({ TAG: "loss", "cls": class, "args": args });
    if let Some(state) = state {
        let values = state_quantiles(state);
        let path = format!("{path}.state.quantiles");
        tensors.push(RawTensor::f32s(
            format!("{TENSOR_PREFIX}{path}"),
            vec![values.len()],
            &values,
        ));
        tagged["state"] =
            json!({ "output_names": state["output_names"], "quantiles": torch(&path) });
    }
    Ok(tagged)
}

fn state_quantiles(state: &Value) -> Vec<f32> {
    let values = state["quantiles"].as_array().into_iter().flatten();
    values.map(|v| v.as_f64().unwrap_or(f64::NAN) as f32).collect()
}

/// Adds the entries of a model's losses to the `state_dict`, under `loss.` and `valid_loss.`.
///
/// Quantiles and constants are derived here and replace those in `tensors`. The learned network of an implicit quantile
/// loss must be in `tensors` under `loss.`; if it is absent under `valid_loss.`, it is copied there.
pub(super) fn add_entries(
    (loss, loss_state): (&Value, Option<&Value>),
    (valid, valid_state): (Option<&Value>, Option<&Value>),
    tensors: &mut Vec<RawTensor>,
) -> Result<()> {
    // A loss that only upstream has keeps its entries as they were read.
    let (Ok(of_loss), Ok(of_valid)) = (stored_of(loss), valid.map(stored_of).transpose()) else {
        return Ok(());
    };
    let own = valid.zip(of_valid).filter(|(_, stored)| !stored.replaces_valid_loss);
    tensors.retain(|t| !is_derived(&t.name));
    if own.as_ref().is_none_or(|(valid, s)| *valid == loss || s.cosines.is_some()) {
        let given: Vec<RawTensor> =
            tensors.iter().filter(|t| t.name.starts_with("loss.")).cloned().collect();
        for mut tensor in given {
            tensor.name = format!("valid_{}", tensor.name);
            if tensors.iter().all(|t| t.name != tensor.name) {
                tensors.push(tensor);
            }
        }
    }
    let of_valid = match own {
        Some((_, stored)) => (stored, valid_state),
        None => (of_loss.clone(), loss_state),
    };
    for (prefix, (stored, state)) in [("loss", (of_loss, loss_state)), ("valid_loss", of_valid)] {
        let quantiles = match (state, stored.quantiles) {
            (Some(state), own) => Some((own.map_or("quantiles", |o| o.0), state_quantiles(state))),
            (None, own) => own,
        };
        if let Some((name, values)) = quantiles {
            tensors.push(RawTensor::f32s(format!("{prefix}.{name}"), vec![values.len()], &values));
        }
        if let Some(n) = stored.cosines {
            let learned = format!("{prefix}.output_layer.0.weight");
            if tensors.iter().all(|t| t.name != learned) {
                return Err(fail(format!(
                    "tensor {learned:?} is missing: the loss learns a network of its own"
                )));
            }
            let integers: Vec<i64> = (0..n as i64).collect();
            let name = format!("{prefix}.quantile_layer.integers");
            tensors.push(RawTensor::i64s(name, vec![integers.len()], &integers));
        }
    }
    Ok(())
}

/// Whether an entry of the `state_dict` is derived from the losses.
fn is_derived(name: &str) -> bool {
    let part = name.strip_prefix("valid_").unwrap_or(name).strip_prefix("loss.");
    part.is_some_and(|part| {
        ["quantiles", "mql.quantiles", "quantile_layer.integers"].contains(&part)
    })
}

#[cfg(test)]
mod tests {
    use super::super::source::Reader;
    use super::*;

    fn of(kind: &str, args: Value) -> Value {
        json!({ "kind": kind, "args": args })
    }

    #[test]
    fn the_horizon_weight_travels_as_an_array() {
        let ours = of("MAE", json!({ "horizonWeight": [1.0, 0.1] }));
        let mut tensors = Vec::new();
        let theirs = encode(&ours, None, "loss", &mut tensors).unwrap();
        assert_eq!(theirs["args"]["horizon_weight"]["key"], "__hparams__.loss.args.horizon_weight");
        assert_eq!(
            tensors,
            [RawTensor::f64s("__hparams__.loss.args.horizon_weight", vec![2], &[1.0, 0.1])]
        );
        let bytes = super::super::weights::serialize(tensors, &[]).unwrap();
        let read =
            decode(&theirs, "m", "loss", &Tensors::parse("m", Reader::Memory(&bytes)).unwrap())
                .unwrap();
        assert_eq!(read, ours);
    }

    #[test]
    fn entries_follow_the_losses() {
        let names = |loss: Value, valid: Option<Value>, given: &[&str]| {
            let mut tensors = given.iter().map(|n| RawTensor::f32s(*n, vec![1], &[1.0])).collect();
            add_entries((&loss, None), (valid.as_ref(), None), &mut tensors).map(|()| {
                let mut names: Vec<String> = tensors.into_iter().map(|t| t.name).collect();
                names.sort();
                names
            })
        };
        let (mq, mae) = (of("MQLoss", json!({})), of("MAE", json!({})));
        assert_eq!(
            names(mq.clone(), None, &["w", "loss.quantiles"]).unwrap(),
            ["loss.quantiles", "valid_loss.quantiles", "w"]
        );
        assert_eq!(names(mae.clone(), Some(mq.clone()), &[]).unwrap(), ["valid_loss.quantiles"]);
        let normal = of("DistributionLoss", json!({ "distribution": "Normal" }));
        assert_eq!(names(normal.clone(), Some(mae.clone()), &[]).unwrap(), ["loss.quantiles"]);
        assert_eq!(
            names(normal.clone(), Some(normal), &[]).unwrap(),
            ["loss.quantiles", "valid_loss.quantiles"]
        );
        assert_eq!(
            names(mae, Some(of("sCRPS", json!({}))), &[]).unwrap(),
            ["valid_loss.mql.quantiles"]
        );
        let iq = of("IQLoss", json!({}));
        let learned = ["loss.output_layer.0.weight", "loss.quantile_layer.integers"];
        assert_eq!(
            names(iq.clone(), Some(iq.clone()), &learned[..1]).unwrap(),
            [
                learned[0],
                learned[1],
                "valid_loss.output_layer.0.weight",
                "valid_loss.quantile_layer.integers"
            ]
        );
        assert!(names(iq, None, &[]).unwrap_err().message.contains("loss.output_layer.0.weight"));
    }
}
