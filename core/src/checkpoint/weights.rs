//! Reading and writing of tensors in safetensors files.

use std::collections::{BTreeMap, HashMap};

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde_json::{Map, Value, json};

use super::fail;
use super::header::{self, Header, MAX_HEADER};
use super::source::Reader;
use crate::Result;

/// A tensor of any type, kept as it was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct RawTensor {
    /// Its key in the file.
    pub name: String,
    /// Its element type.
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

/// The tensors of one file, read on demand.
pub(super) struct Tensors<'a> {
    file: String,
    reader: Reader<'a>,
    /// Offset of the tensors in the file.
    start: usize,
    infos: BTreeMap<String, TensorInfo>,
    notes: HashMap<String, String>,
}

impl<'a> Tensors<'a> {
    /// Reads the header and checks it against the size of the file.
    pub(super) fn parse(file: &str, reader: Reader<'a>) -> Result<Self> {
        let Header { start, infos, notes } = header::read(file, &reader)?;
        Ok(Self { file: file.into(), reader, start, infos, notes })
    }

    /// The tensors of a missing file: none.
    pub(super) fn none(file: &str) -> Self {
        let (infos, notes) = (BTreeMap::new(), HashMap::new());
        Self { file: file.into(), reader: Reader::Memory(&[]), start: 0, infos, notes }
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.infos.keys().map(String::as_str)
    }

    /// A value of `__metadata__`.
    pub(super) fn note(&self, key: &str) -> Option<&str> {
        self.notes.get(key).map(String::as_str)
    }

    /// The entries of `__metadata__` other than these, sorted by key.
    pub(super) fn notes_beside(&self, known: &[&str]) -> Map<String, Value> {
        let others = self.notes.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        let sorted: BTreeMap<&String, &String> = others.collect();
        sorted.into_iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect()
    }

    fn info(&self, name: &str) -> Result<&TensorInfo> {
        self.infos
            .get(name)
            .ok_or_else(|| fail(format!("{}: tensor {name:?} is missing; save again", self.file)))
    }

    /// The elements of a tensor, each of `N` bytes.
    fn read<const N: usize, T>(
        &self,
        tensor: &TensorInfo,
        number: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        let (from, to) = tensor.data_offsets;
        self.reader.collect(self.start + from..self.start + to, number)
    }

    fn wrong_type(&self, name: &str, expected: &str, dtype: Dtype) -> crate::Error {
        fail(format!("{}: tensor {name:?} must hold {expected}, found {dtype:?}", self.file))
    }

    /// A copy as stored.
    pub(super) fn raw(&self, name: &str) -> Result<RawTensor> {
        let v = self.info(name)?;
        let data = self.read(v, |[byte]| byte)?;
        Ok(RawTensor { name: name.into(), dtype: v.dtype, shape: v.shape.clone(), data })
    }

    /// The shape and elements of a tensor of any integer type.
    pub(super) fn integers(&self, name: &str) -> Result<(Vec<usize>, Vec<i64>)> {
        let v = self.info(name)?;
        let values = match v.dtype {
            Dtype::I64 => self.read(v, i64::from_le_bytes)?,
            Dtype::I32 => self.read(v, |b| i32::from_le_bytes(b).into())?,
            Dtype::I16 => self.read(v, |b| i16::from_le_bytes(b).into())?,
            Dtype::I8 => self.read(v, |b| i8::from_le_bytes(b).into())?,
            Dtype::U32 => self.read(v, |b| u32::from_le_bytes(b).into())?,
            Dtype::U16 => self.read(v, |b| u16::from_le_bytes(b).into())?,
            Dtype::U8 | Dtype::BOOL => self.read(v, |b| u8::from_le_bytes(b).into())?,
            Dtype::U64 => {
                let values = self.read(v, u64::from_le_bytes)?;
                values.into_iter().map(i64::try_from).collect::<Result<_, _>>().map_err(|_| {
                    fail(format!("{}: tensor {name:?} has a value beyond 2^63", self.file))
                })?
            }
            other => return Err(self.wrong_type(name, "integers", other)),
        };
        Ok((v.shape.clone(), values))
    }

    /// The shape and elements of a tensor whose numbers are exact in f64. Complex numbers get an additional last axis of 2.
    pub(super) fn numbers(&self, name: &str) -> Result<(Vec<usize>, Vec<f64>)> {
        let v = self.info(name)?;
        let mut shape = v.shape.clone();
        let values = match v.dtype {
            Dtype::F64 => self.read(v, f64::from_le_bytes)?,
            Dtype::F32 => self.read(v, |b| f32::from_le_bytes(b).into())?,
            Dtype::C64 => {
                shape.push(2);
                self.read(v, |b| f32::from_le_bytes(b).into())?
            }
            Dtype::BF16 => self.read(v, |b| bf16::from_le_bytes(b).into())?,
            Dtype::F16 => self.read(v, |b| f16::from_le_bytes(b).into())?,
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
                        "{}: tensor {name:?}: {v} is beyond 2^53, too large for a 64-bit float",
                        self.file
                    )));
                }
                values.into_iter().map(|v| v as f64).collect()
            }
            other => return Err(self.wrong_type(name, "numbers", other)),
        };
        Ok((shape, values))
    }

    /// Number of elements of a tensor; complex ones count as 2.
    pub(super) fn size(&self, name: &str) -> Result<usize> {
        let v = self.info(name)?;
        let parts = if v.dtype == Dtype::C64 { 2 } else { 1 };
        Ok(v.shape.iter().product::<usize>() * parts)
    }

    /// Reads a tensor whose numbers are exact in f32 into the slice that `place` returns for its shape.
    pub(super) fn floats_to<'t>(
        &self,
        name: &str,
        place: impl FnOnce(&[usize]) -> Result<&'t mut [f32]>,
    ) -> Result<()> {
        let v = self.info(name)?;
        if v.dtype != Dtype::F32 {
            let (shape, values) = self.floats(name)?;
            place(&shape)?.copy_from_slice(&values);
            return Ok(());
        }
        let (values, mut done) = (place(&v.shape)?, 0);
        let (from, to) = v.data_offsets;
        self.reader.each(self.start + from..self.start + to, |piece| {
            let read = piece.as_chunks::<4>().0;
            for (value, bytes) in values[done..].iter_mut().zip(read) {
                *value = f32::from_le_bytes(*bytes);
            }
            done += read.len();
        })
    }

    /// The shape and elements of a tensor whose numbers are exact in f32.
    pub(super) fn floats(&self, name: &str) -> Result<(Vec<usize>, Vec<f32>)> {
        let v = self.info(name)?;
        if v.dtype == Dtype::F32 {
            return Ok((v.shape.clone(), self.read(v, f32::from_le_bytes)?));
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

/// Encodes tensors as a safetensors file. The same tensors give the same bytes.
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
        let read = Tensors::parse("x", Reader::Memory(&bytes)).unwrap();
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
    fn numbers_of_16_bits_are_widened_exactly() {
        let read = |dtype: &str, bits: &[u16]| -> Vec<f64> {
            let data: Vec<u8> = bits.iter().flat_map(|b| b.to_le_bytes()).collect();
            let header = format!(
                r#"{{"b":{{"dtype":"{dtype}","shape":[{}],"data_offsets":[0,{}]}}}}"#,
                bits.len(),
                data.len()
            );
            let bytes = with_header(&header, &data);
            Tensors::parse("x", Reader::Memory(&bytes)).unwrap().numbers("b").unwrap().1
        };
        let known = [1.0, -2.0, 2f64.powi(-24), 65504.0, f64::INFINITY];
        assert_eq!(read("F16", &[0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00]), known);
        assert!(read("F16", &[0x7e00])[0].is_nan());
        assert_eq!(read("BF16", &[0x3f80, 0xc000, 0x7f80]), [1.0, -2.0, f64::INFINITY]);
        assert!(read("BF16", &[0x7fc0])[0].is_nan());
    }

    #[test]
    fn complex_numbers_get_an_axis_of_two() {
        let data: Vec<u8> = [1f32, 2.0, 3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let bytes =
            with_header(r#"{"c":{"dtype":"C64","shape":[2],"data_offsets":[0,16]}}"#, &data);
        assert_eq!(
            Tensors::parse("x", Reader::Memory(&bytes)).unwrap().floats("c").unwrap(),
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
                "appears twice",
                with_header(
                    r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                    &[0; 4],
                ),
            ),
            ("", with_header(&format!("{}{}", r#"{"a":"#, "[".repeat(100_000)), &[])),
        ];
        for (expected, bytes) in cases {
            let Err(e) = Tensors::parse("x.safetensors", Reader::Memory(&bytes)) else {
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
