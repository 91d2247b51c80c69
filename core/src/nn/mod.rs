//! Layers: parameters with upstream's names, and forwards that read like the paper.

mod activation;
mod batch_norm;
mod conv;
mod linear;
pub mod params;
mod recurrent;

pub use activation::{Activate, Activation, BlockActivation};
pub use batch_norm::BatchNorm1d;
pub use conv::{Conv1d, TemporalConvolutionEncoder};
pub use linear::{Linear, Mlp};
pub use params::{Init, Params, Path};
pub use recurrent::{Cell, Recurrent, RecurrentOptions, RecurrentState};
