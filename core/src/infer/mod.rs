//! Forecasts: a model run over windows that are already cut. They need no trainer, clock or file, and no threads either.

mod decode;
pub(crate) mod needs;
mod resident;
mod shard_forecast;
mod shards;
mod workers;

pub(crate) use decode::Purpose;
pub(crate) use resident::Resident;
pub(crate) use shards::{SHARD, windows_in};
pub(crate) use workers::{Worker, Workers};
