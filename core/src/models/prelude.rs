//! The imports of a model file.

pub(crate) use super::stacks::{Part, for_each_stack, parts};
pub(crate) use super::{
    Batch, CommonOptions, Dims, Exogenous, Model, Recurrence, Sharding, Spec, concat_present,
};
pub(crate) use crate::nn::{
    Activation, AttentionLayer, Basis, BasisBlock, BatchNorm1d, BlockActivation, BlockMlp,
    BlockMlpOptions, Cell, Conv1d, DataEmbedding, Decoder, DecoderLayer, Encoder, EncoderLayer,
    FullAttention, Init, LayerNorm, Linear, Mlp, Path, ProbAttention, Recurrent, RecurrentOptions,
    RevIn, TemporalConvolutionEncoder, TransformerActivation, TransformerSizes, TrendBasis,
    doubly_residual, layers,
};
pub(crate) use crate::objective::LossSpec;
pub(crate) use crate::options::{OptionValue, choices, options};
pub(crate) use crate::scalers::ScalerType;
pub(crate) use crate::tape::{Interpolation, Param, PoolMode, Var};
pub(crate) use crate::{Error, Result};
