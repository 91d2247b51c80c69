//! `config.json` of a GPT-2 model: its sizes, its activation, its scales.

use serde_json::{Map, Value};

use super::folder::Folder;
use crate::Result;

/// The largest size that is read: products of two such sizes fit in a `usize`.
const MOST: u64 = 1 << 30;

/// The activation between the two layers of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// `x·Φ(x)` with Φ by the hyperbolic tangent.
    GeluTanh,
    Gelu,
    Relu,
    Silu,
    Tanh,
}

/// The names of activations in `transformers`.
const ACTIVATIONS: [(&str, Activation); 8] = [
    ("gelu_new", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu", Activation::Gelu),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("tanh", Activation::Tanh),
];

/// Sizes and settings of a GPT-2 model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Numbers per token: `n_embd`.
    pub(crate) width: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    /// The most tokens that it reads: `n_positions`.
    pub(crate) positions: usize,
    /// Rows of its word embeddings.
    pub(crate) vocabulary: usize,
    /// Hidden numbers of its feed-forward blocks.
    pub(crate) inner: usize,
    pub(crate) activation: Activation,
    /// What layer normalization adds to a variance.
    pub(crate) eps: f32,
    scaled_by_width: bool,
    scaled_by_layer: bool,
}

impl Config {
    /// Reads `config.json`.
    pub(super) fn read(folder: &Folder, text: &[u8]) -> Result<Self> {
        let wrong = |what: String| folder.fault(FILE, &what);
        let json: Map<String, Value> = serde_json::from_slice(text)
            .map_err(|e| wrong(format!("is not a JSON object ({e}); copy it again")))?;
        let kind = json.get("model_type").and_then(Value::as_str);
        if kind != Some("gpt2") {
            let kind = kind.map_or("no type".into(), |kind| format!("the type \"{kind}\""));
            return Err(wrong(format!(
                "says that the model has {kind}; take a model of the GPT-2 family, whose model_type is \"gpt2\""
            )));
        }
        let size = |name: &str| {
            let value = json.get(name).unwrap_or(&Value::Null);
            let size = value.as_u64().filter(|n| (1..=MOST).contains(n));
            let expected =
                format!("\"{name}\" must be a whole number from 1 to {MOST}, got {value}");
            size.map(|n| n as usize).ok_or_else(|| wrong(expected))
        };
        let flag = |name: &str, usual: bool| match json.get(name) {
            None => Ok(usual),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(value) => Err(wrong(format!("\"{name}\" must be true or false, got {value}"))),
        };
        let (width, heads) = (size("n_embd")?, size("n_head")?);
        if width % heads != 0 {
            return Err(wrong(format!(
                "\"n_embd\" must be a multiple of \"n_head\", got {width} and {heads}"
            )));
        }
        if flag("add_cross_attention", false)? {
            let what = "has \"add_cross_attention\"; take a model without an encoder";
            return Err(wrong(what.into()));
        }
        let given = json.get("n_inner").is_some_and(|inner| !inner.is_null());
        let name = json.get("activation_function").map_or(Some("gelu_new"), Value::as_str);
        let activation = ACTIVATIONS.iter().find(|(known, _)| Some(*known) == name);
        let Some((_, activation)) = activation else {
            let known = ACTIVATIONS.map(|(name, _)| name).join(", ");
            let value = &json["activation_function"];
            return Err(wrong(format!(
                "\"activation_function\" must be one of {known}, got {value}"
            )));
        };
        let eps = json.get("layer_norm_epsilon").map_or(Some(1e-5), Value::as_f64);
        let Some(eps) = eps.filter(|eps| *eps > 0.0 && *eps < 1.0) else {
            let value = &json["layer_norm_epsilon"];
            return Err(wrong(format!(
                "\"layer_norm_epsilon\" must be a number above 0 and below 1, got {value}"
            )));
        };
        Ok(Self {
            width,
            layers: size("n_layer")?,
            heads,
            positions: size("n_positions")?,
            vocabulary: size("vocab_size")?,
            inner: if given { size("n_inner")? } else { 4 * width },
            activation: *activation,
            eps: eps as f32,
            scaled_by_width: flag("scale_attn_weights", true)?,
            scaled_by_layer: flag("scale_attn_by_inverse_layer_idx", false)?,
        })
    }

    /// The factor of a layer's attention scores.
    pub(super) fn scale(&self, layer: usize) -> f32 {
        let width = if self.scaled_by_width { (self.width / self.heads) as f32 } else { 1.0 };
        let depth = if self.scaled_by_layer { (layer + 1) as f32 } else { 1.0 };
        1.0 / (width.sqrt() * depth)
    }

    /// Bytes of the keys and values of one token in all layers.
    pub(crate) fn token_bytes(&self) -> usize {
        2 * self.layers * self.width * size_of::<f32>()
    }
}

/// The file.
pub(super) const FILE: &str = "config.json";
