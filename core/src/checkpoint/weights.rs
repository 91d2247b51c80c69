//! Tensors in safetensors files: every header is checked before a byte of data is used.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::fail;
use crate::Result;

/// The same bound as the safetensors format sets itself.
const MAX_HEADER: usize = 100_000_000;

/// A tensor of any type, kept as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct RawTensor {
    /// Its key in the file.
    pub name: String,
    /// Its number type.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values, little-endian and row-major.
    pub data: Vec<u8>,
}

impl RawTensor {
    pub(super) fn f32s(name: impl Into<String>, shape: Vec<usize>, values: &[f32]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { name: name.into(), dtype: Dtype::F32, shape, data }
    }

    pub(super) fn f64s(name: impl Into<String>, shape: Vec<usize>, values: &[f64]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { name: name.into(), dtype: Dtype::F64, shape, data }
    }

    pub(super) fn i64s(name: impl Into<String>, shape: Vec<usize>, values: &[i64]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { name: name.into(), dtype: Dtype::I64, shape, data }
    }

    pub(super) fn i32s(name: impl Into<String>, shape: Vec<usize>, values: &[i32]) -> Self {
        let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Self { name: name.into(), dtype: Dtype::I32, shape, data }
    }
}

/// The tensors of one file, not copied until they are asked for.
pub(super) struct Tensors<'a> {
    file: String,
    views: BTreeMap<String, TensorView<'a>>,
    metadata: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    /// Reads the header and checks it against the bytes that are really there.
    pub(super) fn parse(file: &str, bytes: &'a [u8]) -> Result<Self> {
        let broken = |why: String| {
            fail(format!(
                "{file}: not a readable safetensors file ({why}); it is damaged or cut off, copy it again"
            ))
        };
        let length = bytes.first_chunk::<8>().map(|b| u64::from_le_bytes(*b));
        let length = length
            .ok_or_else(|| broken(format!("expected at least 8 bytes, found {}", bytes.len())))?;
        let header = usize::try_from(length)
            .ok()
            .filter(|n| *n <= MAX_HEADER)
            .and_then(|n| bytes.get(8..n.checked_add(8)?))
            .ok_or_else(|| {
                broken(format!("its header claims {length} bytes, the file has {}", bytes.len()))
            })?;
        serde_json::Deserializer::from_slice(header)
            .deserialize_map(DistinctKeys)
            .map_err(|e| broken(format!("header: {e}")))?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| broken(e.to_string()))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| broken(e.to_string()))?;
        let metadata = metadata.metadata().clone().unwrap_or_default();
        Ok(Self { file: file.into(), views: tensors.tensors().into_iter().collect(), metadata })
    }

    /// No file, no tensors.
    pub(super) fn none(file: &str) -> Self {
        Self { file: file.into(), views: BTreeMap::new(), metadata: HashMap::new() }
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.views.keys().map(String::as_str)
    }

    /// A value of `__metadata__`.
    pub(super) fn note(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// All of `__metadata__` but these, in order.
    pub(super) fn notes_beside(&self, known: &[&str]) -> Map<String, Value> {
        let others = self.metadata.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        let sorted: BTreeMap<&String, &String> = others.collect();
        sorted.into_iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect()
    }

    fn view(&self, name: &str) -> Result<&TensorView<'a>> {
        self.views
            .get(name)
            .ok_or_else(|| fail(format!("{}: tensor {name:?} is missing; save again", self.file)))
    }

    fn wrong_type(&self, name: &str, expected: &str, dtype: Dtype) -> crate::Error {
        fail(format!("{}: tensor {name:?} must hold {expected}, found {dtype:?}", self.file))
    }

    /// A copy as stored.
    pub(super) fn raw(&self, name: &str) -> Result<RawTensor> {
        let v = self.view(name)?;
        Ok(RawTensor {
            name: name.into(),
            dtype: v.dtype(),
            shape: v.shape().to_vec(),
            data: v.data().to_vec(),
        })
    }

    /// Integers of any width.
    pub(super) fn integers(&self, name: &str) -> Result<(Vec<usize>, Vec<i64>)> {
        let v = self.view(name)?;
        let d = v.data();
        let values = match v.dtype() {
            Dtype::I64 => words(d, i64::from_le_bytes),
            Dtype::I32 => words(d, |b| i32::from_le_bytes(b).into()),
            Dtype::I16 => words(d, |b| i16::from_le_bytes(b).into()),
            Dtype::I8 => words(d, |b| i8::from_le_bytes(b).into()),
            Dtype::U32 => words(d, |b| u32::from_le_bytes(b).into()),
            Dtype::U16 => words(d, |b| u16::from_le_bytes(b).into()),
            Dtype::U8 | Dtype::BOOL => words(d, |b| u8::from_le_bytes(b).into()),
            Dtype::U64 => d
                .as_chunks::<8>()
                .0
                .iter()
                .map(|b| i64::try_from(u64::from_le_bytes(*b)))
                .collect::<Result<_, _>>()
                .map_err(|_| {
                    fail(format!("{}: tensor {name:?} has a value beyond 2^63", self.file))
                })?,
            other => return Err(self.wrong_type(name, "integers", other)),
        };
        Ok((v.shape().to_vec(), values))
    }

    /// Numbers of any type that `f64` holds exactly. Complex numbers get a last axis of two.
    pub(super) fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f64>)> {
        let v = self.view(name)?;
        let d = v.data();
        let mut shape = v.shape().to_vec();
        let values = match v.dtype() {
            Dtype::F64 => words(d, f64::from_le_bytes),
            Dtype::F32 => words(d, |b| f32::from_le_bytes(b).into()),
            Dtype::C64 => {
                shape.push(2);
                words(d, |b| f32::from_le_bytes(b).into())
            }
            Dtype::BF16 => {
                words(d, |b| f32::from_bits(u32::from(u16::from_le_bytes(b)) << 16).into())
            }
            Dtype::F16 => words(d, |b| half(u16::from_le_bytes(b))),
            Dtype::I64
            | Dtype::I32
            | Dtype::I16
            | Dtype::I8
            | Dtype::U64
            | Dtype::U32
            | Dtype::U16
            | Dtype::U8
            | Dtype::BOOL => {
                let values = self.integers(name)?.1;
                if let Some(v) = values.iter().find(|v| v.unsigned_abs() > 1 << 53) {
                    return Err(fail(format!(
                        "{}: tensor {name:?}: {v} is too large for a number",
                        self.file
                    )));
                }
                values.into_iter().map(|v| v as f64).collect()
            }
            other => return Err(self.wrong_type(name, "numbers", other)),
        };
        Ok((shape, values))
    }

    /// Numbers that `f32` holds exactly.
    pub(super) fn floats(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let v = self.view(name)?;
        if v.dtype() == Dtype::F32 {
            return Ok((v.shape().to_vec(), words(v.data(), f32::from_le_bytes)));
        }
        let (shape, values) = self.numbers(name)?;
        if let Some(v) = values.iter().find(|v| !v.is_nan() && f64::from(**v as f32) != **v) {
            return Err(fail(format!(
                "{}: tensor {name:?} must fit 32-bit floats, found {v}; in Python call model.float() and save again",
                self.file
            )));
        }
        Ok((shape, values.into_iter().map(|v| v as f32).collect()))
    }
}

fn words<const N: usize, T>(data: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks::<N>().0.iter().map(|b| read(*b)).collect()
}

fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1.0 + fraction / 1024.0) * 2f64.powi(e - 15),
    }
}

/// Accepts a JSON object only if no key comes twice.
struct DistinctKeys;

impl<'de> Visitor<'de> for DistinctKeys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            if seen.contains(&key) {
                return Err(serde::de::Error::custom(format!("tensor {key:?} comes twice")));
            }
            seen.insert(key);
        }
        Ok(())
    }
}

/// Tensors as a safetensors file. The same tensors give the same bytes.
pub(super) fn serialize(mut tensors: Vec<RawTensor>, notes: &[(&str, String)]) -> Result<Vec<u8>> {
    // Wide types first, as Python's writer does, so that every tensor is aligned.
    tensors.sort_by(|a, b| {
        b.dtype.bitsize().cmp(&a.dtype.bitsize()).then_with(|| a.name.cmp(&b.name))
    });
    let mut header = Map::new();
    let notes: Map<String, Value> =
        notes.iter().map(|(k, v)| ((*k).into(), v.as_str().into())).collect();
    header.insert("__metadata__".into(), notes.into());
    let mut at = 0;
    for t in &tensors {
        let end = at + t.data.len();
        let entry = json!({ "dtype": t.dtype, "shape": t.shape, "data_offsets": [at, end] });
        if header.insert(t.name.clone(), entry).is_some() {
            return Err(fail(format!(
                "tensor {:?} would be written twice; give each tensor once",
                t.name
            )));
        }
        at = end;
    }
    let mut header = Value::from(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    if header.len() > MAX_HEADER {
        return Err(fail(format!(
            "header of {} bytes, at most {MAX_HEADER} can be stored",
            header.len()
        )));
    }
    let mut bytes = Vec::with_capacity(8 + header.len() + at);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&header);
    for t in &tensors {
        bytes.extend_from_slice(&t.data);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn tensors_come_back_as_written_and_the_bytes_do_not_vary() {
        let tensors = || {
            vec![
                RawTensor::i32s("i", vec![2], &[-1, 7]),
                RawTensor::f64s("d", vec![1], &[0.1]),
                RawTensor::f32s("f", vec![1, 2], &[1.5, -0.0]),
                RawTensor::i64s("n", vec![], &[3]),
            ]
        };
        let bytes = serialize(tensors(), &[("a", "b".into())]).unwrap();
        assert_eq!(bytes, serialize(tensors(), &[("a", "b".into())]).unwrap());
        let read = Tensors::parse("x", &bytes).unwrap();
        assert_eq!(read.names().collect::<Vec<_>>(), ["d", "f", "i", "n"]);
        assert_eq!(read.integers("i").unwrap(), (vec![2], vec![-1, 7]));
        assert_eq!(read.numbers("d").unwrap(), (vec![1], vec![0.1]));
        assert_eq!(read.floats("f").unwrap(), (vec![1, 2], vec![1.5, -0.0]));
        assert_eq!(read.floats("n").unwrap(), (vec![], vec![3.0]));
        assert_eq!(read.note("a"), Some("b"));
        assert!(read.floats("d").unwrap_err().message.contains("0.1"));
        assert!(read.integers("f").is_err());
    }

    #[test]
    fn halves_are_widened_exactly() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 2f64.powi(-24)),
            (0x7bff, 65504.0),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7e00).is_nan());
        let bytes = with_header(
            r#"{"b":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}"#,
            &[0x80, 0x3f],
        );
        assert_eq!(Tensors::parse("x", &bytes).unwrap().floats("b").unwrap(), (vec![1], vec![1.0]));
    }

    #[test]
    fn complex_numbers_get_an_axis_of_two() {
        let data: Vec<u8> = [1f32, 2.0, 3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let bytes =
            with_header(r#"{"c":{"dtype":"C64","shape":[2],"data_offsets":[0,16]}}"#, &data);
        assert_eq!(
            Tensors::parse("x", &bytes).unwrap().floats("c").unwrap(),
            (vec![2, 2], vec![1.0, 2.0, 3.0, 4.0])
        );
    }

    #[test]
    fn hostile_headers_are_refused() {
        let cases: [(&str, Vec<u8>); 9] = [
            ("8 bytes", vec![1, 2, 3]),
            ("claims 1152921504606846976", (1u64 << 60).to_le_bytes().to_vec()),
            ("claims 18446744073709551615", u64::MAX.to_le_bytes().to_vec()),
            (
                "",
                with_header(
                    r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}}"#,
                    &[0; 4],
                ),
            ),
            (
                "",
                with_header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, &[0; 4]),
            ),
            ("", with_header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, &[0; 4])),
            (
                "",
                with_header(
                    r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4000000000]}}"#,
                    &[0; 4],
                ),
            ),
            (
                "comes twice",
                with_header(
                    r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                    &[0; 4],
                ),
            ),
            ("", with_header(&format!("{}{}", r#"{"a":"#, "[".repeat(100_000)), &[])),
        ];
        for (expected, bytes) in cases {
            let Err(e) = Tensors::parse("x.safetensors", &bytes) else {
                panic!("{expected} was read")
            };
            assert_eq!(e.code, crate::ErrorCode::Checkpoint);
            assert!(
                e.message.starts_with("x.safetensors: ") && e.message.contains(expected),
                "{e}"
            );
        }
    }
}
