//! Inference: runs a model over given windows. It needs no trainer, clock, files or threads.

mod decode;
pub(crate) mod needs;
mod observations;
mod resident;
mod shard_forecast;
mod shards;
mod workers;

pub(crate) use decode::Purpose;
pub(crate) use observations::Observations;
pub(crate) use resident::Resident;
pub(crate) use shard_forecast::{ShardForecast, sampling};
pub(crate) use shards::{AT_ONCE, SHARD, parts, shards, windows_in};
pub(crate) use workers::{Worker, Workers};
