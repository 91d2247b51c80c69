//! Layers: parameters with upstream's names, and forwards that read like the paper.

mod activation;
mod batch_norm;
mod conv;
mod embedding;
mod linear;
mod lstm;
pub mod params;

pub use activation::{Activate, Activation, BlockActivation};
pub use batch_norm::BatchNorm1d;
pub use conv::{Conv1d, TemporalConvolutionEncoder};
pub use embedding::Embedding;
pub use linear::{Linear, Mlp};
pub use lstm::{Lstm, LstmOptions, LstmState};
pub use params::{Init, Params, Path};
