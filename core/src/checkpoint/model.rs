//! A model's safetensors file: parameters as tensors, options in the metadata.

use safetensors::Dtype;
use serde_json::{Map, Value};

use super::parameters::Parameters;
use super::source::Source;
use super::weights::{RawTensor, Tensors, serialize};
use super::{StoredModel, StoredTensor, fail, losses, naming, options, tagged};
use crate::Result;

/// Metadata that is interpreted.
const NOTES: [&str; 4] = ["model_class", "hyper_parameters", "nf_format", "shared"];

/// Reads a model's options and locates its parameters. `class` is the model's class in the configuration.
pub(super) fn decode<'a>(
    file: &str,
    source: &'a Source,
    name: &str,
    class: &str,
) -> Result<(StoredModel, Parameters<'a>)> {
    let tensors = Tensors::parse(file, source.open()?)?;
    let stored = tensors.note("model_class").unwrap_or(class);
    if stored != class {
        return Err(match naming::class(stored) {
            Some(_) => {
                fail(format!("{file}: holds a {stored}, but configuration.json calls it a {class}"))
            }
            None => fail(format!(
                "{file}: model class {stored:?} is not known; known are NeuralForecast 3.3.0's own"
            )),
        });
    }
    let text = tensors.note("hyper_parameters");
    let text = text.ok_or_else(|| {
        fail(format!("{file}: \"hyper_parameters\" are missing; save the model again"))
    })?;
    let hyper_parameters: Map<String, Value> =
        super::json(&format!("{file}: hyper_parameters"), text.as_bytes())?;
    let (options, mut unknown) = options::decode(class, &hyper_parameters, file, &tensors)?;
    unknown.around = tensors.notes_beside(&NOTES);
    let (name, class) = (name.into(), class.into());
    let model = StoredModel { name, class, options, unknown, ..StoredModel::default() };
    Ok((model, Parameters::of(tensors)?))
}

/// Encodes a model as a file. Also returns the options that Python's format cannot hold.
pub(super) fn encode(model: &StoredModel) -> Result<(Vec<u8>, Map<String, Value>)> {
    let of = |mut e: crate::Error| {
        e.message = format!("model {:?}: {}", model.name, e.message);
        e
    };
    let encoded = options::encode(model).map_err(of)?;
    let (mut loss, mut valid) = losses::defaults(&model.class);
    if let Some(given) = model.options.get("loss").filter(|l| !l.is_null()) {
        loss = given.clone();
    }
    if let Some(given) = model.options.get("validLoss") {
        valid = (!given.is_null()).then(|| given.clone());
    }
    let valid_state = valid.as_ref().and_then(|v| options::kept_state(model, "valid_loss", v));
    let states = (options::kept_state(model, "loss", &loss), valid_state);
    let mut tensors = model.tensors.iter().map(|t| raw(model, t)).collect::<Result<Vec<_>>>()?;
    losses::add_entries((&loss, states.0), (valid.as_ref(), states.1), &mut tensors).map_err(of)?;
    tensors.extend(encoded.tensors);
    let mut notes = vec![
        ("model_class", model.class.clone()),
        ("hyper_parameters", Value::from(encoded.hyper_parameters).to_string()),
        ("nf_format", "2".into()),
        ("shared", "{}".into()), // shared tensors are written under each of their names
    ];
    let others = model.unknown.around.iter().filter(|(name, _)| !NOTES.contains(&name.as_str()));
    notes.extend(others.filter_map(|(name, text)| Some((name.as_str(), text.as_str()?.into()))));
    Ok((serialize(tensors, &notes).map_err(of)?, encoded.own))
}

/// A parameter with the dtype that torch uses for it.
fn raw(model: &StoredModel, tensor: &StoredTensor) -> Result<RawTensor> {
    let StoredTensor { name, shape, data } = tensor;
    let size = shape.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
    if size != Some(data.len()) {
        return Err(fail(format!(
            "model {:?}: tensor {name:?} of shape {shape:?} has {} values",
            model.name,
            data.len()
        )));
    }
    if name.starts_with(tagged::TENSOR_PREFIX) {
        return Err(fail(format!(
            "model {:?}: {name:?} is not a valid name of a parameter",
            model.name
        )));
    }
    if name.ends_with(".num_batches_tracked") {
        let values: Vec<i64> = data.iter().map(|v| *v as i64).collect();
        return Ok(RawTensor::i64s(name, shape.clone(), &values));
    }
    let raw = RawTensor::f32s(name, shape.clone(), data);
    Ok(match shape.split_last() {
        // FEDformer's Fourier weights are complex, represented here by a last axis of 2.
        Some((2, rest)) if model.class == "FEDformer" && name.ends_with(".weights1") => {
            RawTensor { dtype: Dtype::C64, shape: rest.to_vec(), ..raw }
        }
        _ => raw,
    })
}

#[cfg(test)]
mod tests {
    use super::super::source::Reader;
    use super::*;
    use serde_json::json;

    fn tensor(name: &str, shape: &[usize], data: &[f32]) -> StoredTensor {
        StoredTensor { name: name.into(), shape: shape.to_vec(), data: data.to_vec() }
    }

    fn decode(file: &str, bytes: &[u8], name: &str, class: &str) -> Result<StoredModel> {
        let source = Source::Memory(bytes.to_vec());
        let (model, parameters) = super::decode(file, &source, name, class)?;
        Ok(StoredModel { tensors: parameters.all()?, ..model })
    }

    fn file(notes: &[(&str, &str)], tensors: Vec<RawTensor>) -> Vec<u8> {
        let notes: Vec<_> = notes.iter().map(|(k, v)| (*k, v.to_string())).collect();
        serialize(tensors, &notes).unwrap()
    }

    #[test]
    fn shared_tensors_come_back_under_each_name() {
        let w = RawTensor::f32s("a.w", vec![2], &[1.0, 2.0]);
        let bytes = file(
            &[("hyper_parameters", "{}"), ("shared", r#"{"a.w":["b.w","c.w"]}"#)],
            vec![w.clone()],
        );
        let m = decode("TCN_0.safetensors", &bytes, "TCN", "TCN").unwrap();
        let expected = ["a.w", "b.w", "c.w"].map(|n| tensor(n, &[2], &[1.0, 2.0]));
        assert_eq!(m.tensors, expected);
        let greedy =
            json!({ "a.w": (0..100_000).map(|i| i.to_string()).collect::<Vec<_>>() }).to_string();
        for shared in [r#"{"x":["y"]}"#, r#"{"a.w":["a.w"]}"#, r#"{"a.w":"b.w"}"#, "[", &greedy] {
            let bytes = file(&[("hyper_parameters", "{}"), ("shared", shared)], vec![w.clone()]);
            assert!(
                decode("TCN_0.safetensors", &bytes, "TCN", "TCN")
                    .unwrap_err()
                    .message
                    .contains("hared")
            );
        }
    }

    #[test]
    fn complex_and_counting_tensors_keep_their_types() {
        let mut m =
            StoredModel { name: "F".into(), class: "FEDformer".into(), ..StoredModel::default() };
        m.tensors = vec![
            tensor("a.weights1", &[1, 2], &[1.0, -1.0]),
            tensor("b.num_batches_tracked", &[], &[7.0]),
        ];
        let (bytes, _) = encode(&m).unwrap();
        let stored = Tensors::parse("F", Reader::Memory(&bytes)).unwrap();
        let types = ["a.weights1", "b.num_batches_tracked"].map(|n| stored.raw(n).unwrap().dtype);
        assert_eq!(types, [Dtype::C64, Dtype::I64]);
        assert_eq!(decode("F", &bytes, "F", "FEDformer").unwrap(), m);
    }

    #[test]
    fn deepars_default_loss_brings_its_quantiles() {
        let m =
            StoredModel { name: "DeepAR".into(), class: "DeepAR".into(), ..StoredModel::default() };
        let read = decode("DeepAR_0", &encode(&m).unwrap().0, "DeepAR", "DeepAR").unwrap();
        assert_eq!(read.tensors, [tensor("loss.quantiles", &[5], &[0.5, 0.05, 0.1, 0.9, 0.95])]);
    }

    #[test]
    fn faults_are_named() {
        for (notes, expected) in [
            (&[][..], "\"hyper_parameters\" are missing"),
            (&[("hyper_parameters", "{")], "hyper_parameters"),
            (&[("hyper_parameters", "[]")], "hyper_parameters"),
            (&[("model_class", "LSTM")], "holds a LSTM, but configuration.json calls it a NHITS"),
            (&[("model_class", "Sundial")], "model class \"Sundial\" is not known"),
        ] {
            let e = decode("N_0.safetensors", &file(notes, Vec::new()), "N", "NHITS").unwrap_err();
            assert!(
                e.message.starts_with("N_0.safetensors: ") && e.message.contains(expected),
                "{e}"
            );
        }
        let mut m =
            StoredModel { name: "N".into(), class: "NHITS".into(), ..StoredModel::default() };
        m.tensors = vec![tensor("w", &[3], &[1.0])];
        assert!(encode(&m).unwrap_err().message.contains("tensor \"w\" of shape [3] has 1 values"));
        m.tensors = vec![tensor("w", &[1], &[1.0]), tensor("w", &[1], &[2.0])];
        assert!(encode(&m).unwrap_err().message.contains("twice"));
    }
}
