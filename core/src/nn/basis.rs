//! The basis of a block, which its outputs are coefficients of: single steps, fixed functions, or exogenous columns.
//!
//! Upstream: `models/nbeatsx.py: IdentityBasis, TrendBasis, SeasonalityBasis, ExogenousBasis`.

use super::basis_functions::{TrendBasis, harmonic_count, seasonality};
use super::params::Path;
use crate::tape::{Param, Var};

/// The sizes of a basis.
#[derive(Clone, Copy, Debug)]
pub struct BasisDims {
    /// `L`: input steps.
    pub input: usize,
    /// `h`: forecast steps.
    pub h: usize,
    /// `O`: numbers per step.
    pub outputs: usize,
}

/// Maps the coefficients of a block, `[B, θ]`, to backcast `[B, L]` and forecast `[B, h, O]`.
#[derive(Clone, Copy, Debug)]
pub struct Basis {
    kind: Kind,
    dims: BasisDims,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Identity,
    /// `backcast [P, L]` and `forecast [P, h]`: one function a row.
    Functions {
        backcast: Param,
        forecast: Param,
    },
    /// `P` exogenous columns.
    Exogenous(usize),
}

impl Basis {
    /// Every coefficient is a value.
    pub fn identity(dims: BasisDims) -> Self {
        Self { kind: Kind::Identity, dims }
    }

    /// Coefficients of `n_basis + 1` functions for the past, and as many for each output.
    pub fn trend(path: &Path<'_>, kind: TrendBasis, n_basis: usize, dims: BasisDims) -> Self {
        let count = n_basis + 1;
        Self::functions(path, count, dims, move |length, _| kind.functions(length, count))
    }

    /// Coefficients of cosines and sines.
    pub fn seasonality(path: &Path<'_>, harmonics: usize, dims: BasisDims) -> Self {
        let (count, h) = (2 * harmonic_count(harmonics, dims.h), dims.h);
        Self::functions(path, count, dims, move |length, past| {
            seasonality(harmonics, h, length, past)
        })
    }

    /// Coefficients of `columns` exogenous columns. As in upstream, they are the same for every output.
    pub fn exogenous(columns: usize, dims: BasisDims) -> Self {
        Self { kind: Kind::Exogenous(columns), dims }
    }

    /// With the functions that `table` computes, from the number of steps and whether they are past ones.
    fn functions(
        path: &Path<'_>,
        count: usize,
        dims: BasisDims,
        table: impl Fn(usize, bool) -> Vec<f32> + Copy + Send + Sync + 'static,
    ) -> Self {
        let BasisDims { input, h, .. } = dims;
        let backcast = path.table("backcast_basis", [count, input], move || table(input, true));
        let forecast = path.table("forecast_basis", [count, h], move || table(h, false));
        Self { kind: Kind::Functions { backcast, forecast }, dims }
    }

    /// `θ`: the number of coefficients.
    pub fn thetas(&self) -> usize {
        let BasisDims { input, h, outputs } = self.dims;
        match self.kind {
            Kind::Identity => input + outputs * h,
            Kind::Functions { backcast, .. } => (outputs + 1) * backcast.shape.dims()[0],
            Kind::Exogenous(columns) => 2 * columns,
        }
    }

    /// Declares that upstream has the same basis at another path too.
    pub fn tie(&self, path: &Path<'_>) {
        if let Kind::Functions { backcast, forecast } = self.kind {
            path.tie("backcast_basis", backcast);
            path.tie("forecast_basis", forecast);
        }
    }

    /// Backcast and forecast. A basis of exogenous columns needs them: `[B, L + h, P]`.
    pub fn forward<'t>(&self, theta: Var<'t>, exogenous: Option<Var<'t>>) -> (Var<'t>, Var<'t>) {
        let BasisDims { input, h, outputs } = self.dims;
        let rows = theta.dim(0);
        match self.kind {
            Kind::Identity => {
                let forecast = theta.last(1, outputs * h).reshape([rows, h, outputs]);
                (theta.slice(1, 0, input), forecast)
            }
            Kind::Functions { backcast, forecast } => {
                let [past, future] = [backcast, forecast].map(|p| theta.tape().fixed(p));
                let count = backcast.shape.dims()[0];
                let of_outputs = theta.last(1, outputs * count).reshape([rows, count, outputs]);
                let forecast = of_outputs.transpose().matmul(future).transpose(); // [B, h, O]
                (theta.slice(1, 0, count).matmul(past), forecast)
            }
            Kind::Exogenous(columns) => {
                let exogenous = exogenous.expect("a basis of exogenous columns is given them");
                let weights = |start| theta.slice(1, start, columns).unsqueeze(2); // [B, P, 1]
                let sum = |start, from, len| exogenous.slice(1, from, len).matmul(weights(start));
                // As in upstream, the first half of the coefficients is the forecast's.
                (sum(columns, 0, input).squeeze(2), sum(0, input, h))
            }
        }
    }
}
