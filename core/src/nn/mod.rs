//! Layers: parameters with upstream's names, and forward passes that read like the papers.

mod activation;
mod attention;
mod basis;
mod basis_block;
mod basis_functions;
mod batch_norm;
mod block_mlp;
mod conv;
mod data_embedding;
mod decomposition;
mod doubly_residual;
mod embedding;
mod flatten_head;
mod fourier;
mod gated_residual;
mod global_token;
mod inception;
mod interpretable_attention;
mod inverted_embedding;
mod kan_linear;
mod latent_correlation;
mod layer_norm;
mod linear;
mod mlstm;
mod multiscale;
pub mod params;
mod patch_embedding;
mod patch_encoder;
mod polynomial_kan;
mod recurrent;
#[cfg(feature = "llm")]
mod reprogramming;
mod residual_attention;
mod revin;
#[cfg(feature = "llm")]
mod series_patches;
mod slstm;
mod spectral_block;
mod star;
mod transformer;
mod value_embedding;
mod variable_selection;
mod wavelet_kan;

pub use activation::{Activate, Activation, BlockActivation, GateActivation};
pub use attention::{AttentionLayer, AutoCorrelation, FullAttention, Mechanism, ProbAttention};
pub use basis::{Basis, BasisDims};
pub use basis_block::BasisBlock;
pub use basis_functions::TrendBasis;
pub use batch_norm::BatchNorm1d;
pub use block_mlp::{BlockMlp, BlockMlpOptions};
pub use conv::{ChannelConv, Conv1d, TemporalConvolutionEncoder};
pub use data_embedding::{CalendarEmbedding, DataEmbedding, MOST_STEPS};
pub use decomposition::{
    SeasonalDecoder, SeasonalDecoderLayer, SeasonalEncoder, SeasonalEncoderLayer,
};
pub use doubly_residual::doubly_residual;
pub use embedding::Embedding;
pub use flatten_head::FlattenHead;
pub use fourier::{FourierBlock, FourierCrossAttention, Frequencies};
pub use gated_residual::{GatedResidual, GatedResidualOptions, GatedSkip};
pub use global_token::{GlobalTokenEmbedding, GlobalTokenEncoder, GlobalTokenLayer};
pub use inception::Inception;
pub use interpretable_attention::{InterpretableAttention, InterpretableAttentionOptions};
pub use inverted_embedding::InvertedEmbedding;
pub use kan_linear::{KanLinear, KanOptions};
pub use latent_correlation::{LatentCorrelation, spectral_polynomials};
pub use layer_norm::{LayerNorm, ResidualNorm};
pub use linear::{Linear, Mlp};
pub use mlstm::{MLstm, MLstmOptions};
pub use multiscale::{MOST_SCALES, PastMixing, Scales};
pub use params::{Init, Params, Path, layers};
pub use patch_embedding::{PatchEmbedding, PatchPositions, Patches};
pub use patch_encoder::{PatchEncoder, PatchEncoderOptions};
pub use polynomial_kan::{JacobiKan, TaylorKan};
pub use recurrent::{Cell, Recurrent, RecurrentOptions, RecurrentState};
#[cfg(feature = "llm")]
pub use reprogramming::{Reprogramming, ReprogrammingSizes};
pub use residual_attention::{Compared, ResidualAttention, ResidualAttentionOptions};
pub use revin::RevIn;
#[cfg(feature = "llm")]
pub use series_patches::SeriesPatches;
pub use slstm::{GatedFeedForward, SLstm, SLstmOptions};
pub use spectral_block::SpectralBlock;
pub use star::{Star, StarLayer, VariablePositions};
pub use transformer::{
    Decoder, DecoderLayer, Distilling, Encoder, EncoderLayer, FeedForward, TransformerActivation,
    TransformerSizes,
};
pub use value_embedding::{EmbeddedValues, ValueEmbedding};
pub use variable_selection::{VariableSelection, VariableSelectionOptions};
pub use wavelet_kan::WaveletKan;
