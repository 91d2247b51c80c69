//! Weights of a GPT-2 model: where each lies in one flat buffer, and how they are read from `model.safetensors`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use sha2::{Digest, Sha256};

use super::config::Config;
use super::folder::Folder;
use crate::interrupt::look;
use crate::tape::{Param, Shape};
use crate::{Error, Result, memory};

pub(super) const FILE: &str = "model.safetensors";
/// The most bytes of a header.
const MOST_HEADER: u64 = 100 << 20;
/// Bytes read at a time; a multiple of the size of every number type.
const CHUNK: usize = 1 << 16;

/// Weight and bias of an affine map, `[out, in]` and `[out]`, or of a normalization.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub(super) weight: Param,
    pub(super) bias: Param,
}

/// One layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layer {
    pub(super) norms: [Affine; 2],
    /// To queries, keys and values.
    pub(super) attention: Affine,
    pub(super) projection: Affine,
    /// To the hidden numbers of the feed-forward block.
    pub(super) inner: Affine,
    pub(super) outer: Affine,
}

/// Where the weights lie.
pub(super) struct Layout {
    /// `[vocabulary, width]`
    pub(super) words: Param,
    /// `[positions, width]`
    pub(super) positions: Param,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Affine,
    tensors: HashMap<String, Tensor>,
    size: usize,
}

/// A tensor of the file.
#[derive(Clone, Copy)]
struct Tensor {
    param: Param,
    /// Whether the file has it as `[in, out]`.
    turned: bool,
}

impl Layout {
    /// The layout of a model with these sizes. `None` if they are too large to count.
    pub(super) fn new(config: &Config) -> Option<Self> {
        let mut tensors = HashMap::new();
        let mut size = 0_usize;
        let mut take = |name: String, shape: &[usize], turned: bool| {
            let numbers = shape.iter().try_fold(1_usize, |n, by| n.checked_mul(*by))?;
            let param = Param { offset: size, shape: Shape::from(shape) };
            size = size.checked_add(numbers)?;
            tensors.insert(name, Tensor { param, turned });
            Some(param)
        };
        let (width, inner) = (config.width, config.inner);
        let words = take("wte.weight".into(), &[config.vocabulary, width], false)?;
        let positions = take("wpe.weight".into(), &[config.positions, width], false)?;
        let mut affine = |name: String, weight: &[usize]| {
            let turned = weight.len() == 2;
            Some(Affine {
                weight: take(format!("{name}.weight"), weight, turned)?,
                bias: take(format!("{name}.bias"), &weight[..1], false)?,
            })
        };
        let mut layers = Vec::new();
        for i in 0..config.layers {
            let mut of = |name: &str, shape: &[usize]| affine(format!("h.{i}.{name}"), shape);
            layers.push(Layer {
                norms: [of("ln_1", &[width])?, of("ln_2", &[width])?],
                attention: of("attn.c_attn", &[3 * width, width])?,
                projection: of("attn.c_proj", &[width, width])?,
                inner: of("mlp.c_fc", &[inner, width])?,
                outer: of("mlp.c_proj", &[width, inner])?,
            });
        }
        let norm = affine("ln_f".into(), &[width])?;
        Some(Self { words, positions, layers, norm, tensors, size })
    }
}

/// The tensors of a model, as its file lists them.
struct Header {
    metadata: Metadata,
    /// Names begin so in the file: not at all, or with `transformer.`.
    prefix: &'static str,
}

/// Reads the weights as f32 and adds the bytes of the file to `hash`.
///
/// All sizes are checked before memory is taken for the weights.
pub(super) fn read(
    folder: &Folder,
    config: &Config,
    (file, length): (File, u64),
    hash: &mut Sha256,
) -> Result<(Layout, Vec<f32>)> {
    let mut file = std::io::BufReader::with_capacity(CHUNK, file);
    let header = read_header(folder, &mut file, length, hash)?;
    // Each layer has a weight, so there are no more layers than tensors.
    let few = config.layers <= header.metadata.tensors().len();
    let layout = few.then(|| Layout::new(config)).flatten();
    let Some(layout) = layout else {
        let what = format!("has too few weights for the {} layers of config.json", config.layers);
        return Err(folder.fault(FILE, &format!("{what}; copy both files of the same model")));
    };
    check(folder, &header, &layout)?;
    let bytes = layout.size.saturating_mul(size_of::<f32>());
    if bytes > SMALL && bytes > memory::available() {
        return Err(memory::refused(bytes));
    }
    let mut weights = memory::try_list::<f32>(layout.size)?;
    for name in header.metadata.offset_keys() {
        let info = header.metadata.info(&name).expect("a tensor of the header");
        let tensor = name.strip_prefix(header.prefix).and_then(|name| layout.tensors.get(name));
        let mut into = tensor.map(|tensor| Place::new(&mut weights, *tensor));
        read_tensor(folder, &name, info, &mut file, hash, &mut into)?;
    }
    Ok((layout, weights))
}

/// Weights of up to this many bytes are read without a query of the free memory.
const SMALL: usize = 64 << 20;

fn broken(folder: &Folder, e: &std::io::Error) -> Error {
    folder.fault(FILE, &format!("cannot be read ({e}); copy it again"))
}

fn read_header(
    folder: &Folder,
    file: &mut impl Read,
    length: u64,
    hash: &mut Sha256,
) -> Result<Header> {
    let wrong = |what: String| folder.fault(FILE, &format!("{what}; copy it again"));
    let mut first = [0; 8];
    file.read_exact(&mut first).map_err(|e| broken(folder, &e))?;
    let size = u64::from_le_bytes(first);
    if size > MOST_HEADER || size > length {
        return Err(wrong(format!(
            "is no file of the format safetensors: it has a header of {size} bytes"
        )));
    }
    let mut text = memory::try_list::<u8>(size as usize)?;
    file.read_exact(&mut text).map_err(|e| broken(folder, &e))?;
    hash.update(first);
    hash.update(&text);
    let metadata: Metadata = serde_json::from_slice(&text)
        .map_err(|e| wrong(format!("has a header that cannot be read ({e})")))?;
    let expected = 8 + size + metadata.data_len() as u64;
    if expected != length {
        return Err(wrong(format!("has {length} bytes, its header describes {expected}")));
    }
    let named = |name: &str| metadata.info(name).is_some();
    let prefix = if named("transformer.wte.weight") { "transformer." } else { "" };
    Ok(Header { metadata, prefix })
}

/// Checks that every weight is in the file, with its shape and a type that is read.
fn check(folder: &Folder, header: &Header, layout: &Layout) -> Result<()> {
    let mut names: Vec<&String> = layout.tensors.keys().collect();
    names.sort();
    for name in names {
        let Tensor { param, turned } = layout.tensors[name];
        let wrong = |what: String| {
            let fix = "copy config.json and model.safetensors of the same GPT-2 model";
            folder.fault(FILE, &format!("{what}; {fix}"))
        };
        let name = format!("{}{name}", header.prefix);
        let Some(info) = header.metadata.info(&name) else {
            return Err(wrong(format!("has no tensor \"{name}\", which config.json asks for")));
        };
        let mut shape = param.shape.dims().to_vec();
        if turned {
            shape.reverse();
        }
        if info.shape != shape {
            return Err(wrong(format!(
                "has a tensor \"{name}\" of shape {:?}, config.json makes it {shape:?}",
                info.shape
            )));
        }
        if number(info.dtype).is_none() {
            return Err(folder.fault(
                FILE,
                &format!(
                    "has a tensor \"{name}\" of {:?}; save the model as float32, float16 or bfloat16",
                    info.dtype
                ),
            ));
        }
    }
    Ok(())
}

/// Bytes of a number, and how it is read.
type Number = (usize, fn(&[u8]) -> f32);

/// Numbers of this type, if it is one that is read.
fn number(dtype: Dtype) -> Option<Number> {
    match dtype {
        Dtype::F32 => Some((4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
        Dtype::F16 => Some((2, |b| f16::from_le_bytes([b[0], b[1]]).to_f32())),
        Dtype::BF16 => Some((2, |b| bf16::from_le_bytes([b[0], b[1]]).to_f32())),
        _ => None,
    }
}

/// Where the numbers of a tensor go, one after the other.
struct Place<'a> {
    to: &'a mut [f32],
    /// Rows and columns of what is written, if the file has it turned.
    turned: Option<[usize; 2]>,
    at: usize,
}

impl<'a> Place<'a> {
    fn new(weights: &'a mut [f32], Tensor { param, turned }: Tensor) -> Self {
        let to = &mut weights[param.offset..][..param.shape.size()];
        let dims = param.shape.dims();
        Self { to, turned: turned.then(|| [dims[0], dims[1]]), at: 0 }
    }

    fn put(&mut self, number: f32) {
        let to = match self.turned {
            Some([rows, columns]) => self.at % rows * columns + self.at / rows,
            None => self.at,
        };
        self.to[to] = number;
        self.at += 1;
    }
}

/// Reads a tensor to its place, or past it.
fn read_tensor(
    folder: &Folder,
    name: &str,
    info: &TensorInfo,
    file: &mut impl Read,
    hash: &mut Sha256,
    into: &mut Option<Place<'_>>,
) -> Result<()> {
    let (mut rest, mut buffer) = (info.data_offsets.1 - info.data_offsets.0, vec![0; CHUNK]);
    while rest > 0 {
        look();
        let piece = &mut buffer[..CHUNK.min(rest)];
        file.read_exact(piece).map_err(|e| broken(folder, &e))?;
        hash.update(&piece);
        rest -= piece.len();
        let (Some(place), Some((size, number))) = (into.as_mut(), number(info.dtype)) else {
            continue;
        };
        for bytes in piece.chunks_exact(size) {
            let number = number(bytes);
            if !number.is_finite() {
                let at = place.at;
                let what = format!(
                    "has {number} at place {at} of \"{name}\"; take a model of finite numbers"
                );
                return Err(folder.fault(FILE, &what));
            }
            place.put(number);
        }
    }
    Ok(())
}
