//! Layers: parameters with upstream's names, and forwards that read like the paper.

mod activation;
mod basis;
mod basis_block;
mod basis_functions;
mod block_mlp;
mod doubly_residual;
mod layer_norm;
mod linear;
mod lstm;
pub mod params;
mod revin;

pub use activation::{Activate, Activation, BlockActivation};
pub use basis::{Basis, BasisDims};
pub use basis_block::BasisBlock;
pub use basis_functions::TrendBasis;
pub use block_mlp::{BlockMlp, BlockMlpOptions};
pub use doubly_residual::doubly_residual;
pub use layer_norm::LayerNorm;
pub use linear::{Linear, Mlp};
pub use lstm::{Lstm, LstmOptions, LstmState};
pub use params::{Init, Params, Path};
pub use revin::RevIn;
