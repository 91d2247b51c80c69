//! XLinear: gates over the numbers of each series, and over the series; a learned token of each series gathers what the
//! others have.
//!
//! Chen et al. 2026, "XLinear: A Lightweight and Accurate MLP-Based Model for Long-Term Time Series Forecasting with Exogenous
//! Inputs", <https://arxiv.org/abs/2601.09237>. Upstream: `models/xlinear.py`.
//!
//! Series come first: `[N, B, D]`. So both gates are products of few and large matrices, and nothing is transposed between them.

use super::prelude::*;

options! {
    /// Options of [`XLinear`] in addition to the shared ones.
    pub struct Options {
        /// Numbers per series, and per exogenous kind.
        pub hidden_size: usize = 128; at least 1,
        /// Hidden units of the gate over the numbers of a series.
        pub temporal_ff: usize = 256; at least 1,
        /// Hidden units of the gate over the series; a multiple of their number is recommended.
        pub channel_ff: usize = 8; at least 1,
        /// Dropout in the gate over the numbers of a series, from 0 to 1.
        pub temporal_dropout: f64 = 0.0; probability,
        /// Dropout in the gate over the series, from 0 to 1.
        pub channel_dropout: f64 = 0.0; probability,
        /// Dropout of the embedded series, from 0 to 1.
        pub embed_dropout: f64 = 0.0; probability,
        /// Dropout in front of the last layer, from 0 to 1.
        pub head_dropout: f64 = 0.0; probability,
        /// Whether windows are normalized and forecasts denormalized.
        pub use_norm: bool = true,
    }
}

/// A perceptron with one hidden layer, whose outputs become gates. The windows are the second axis.
struct Gate {
    hidden: Linear,
    gates: Linear,
    dropout: f32,
}

impl Gate {
    /// Declares `weight.0` and `weight.3` for `size` numbers that are gated.
    fn new(p: &Path<'_>, [size, hidden]: [usize; 2], dropout: f64) -> Self {
        let p = p.sub("weight");
        Self {
            hidden: Linear::new(&p.sub(0), size, hidden),
            gates: Linear::new(&p.sub(3), hidden, size),
            dropout: dropout as f32,
        }
    }

    /// Gates each series' numbers `[N, B, D]` and token `[N, 1, D]`, which lie side by side.
    fn over_numbers<'t>(&self, x: Var<'t>, token: Var<'t>) -> [Var<'t>; 2] {
        let size = x.dim(2);
        let hidden = self.hidden.forward_parts([Some(x), Some(token)]).relu();
        let hidden = hidden.dropout_along(1, self.dropout); // [N, B, hidden]
        let gates = |first| self.gates.forward_outputs(hidden, first, size).sigmoid();
        [x * gates(0), gates(size) * token]
    }

    /// The tokens `[N, B, D]`, gated by a look at all series `[N, B, D]` and all tokens.
    fn over_series<'t>(&self, x: Var<'t>, tokens: Var<'t>) -> Var<'t> {
        let [series, windows, size] = [0, 1, 2].map(|axis| x.dim(axis));
        let all = Var::concat(&[x, tokens], 0).reshape([2 * series, windows * size]);
        let hidden = self.hidden.forward_first(all).relu();
        let hidden = hidden.reshape([hidden.dim(0), windows, size]).dropout_along(1, self.dropout);
        let hidden = hidden.reshape([hidden.dim(0), windows * size]);
        // The gates of the series themselves are not used.
        let gates = self.gates.forward_first_outputs(hidden, series, series).sigmoid();
        tokens * gates.reshape([series, windows, size])
    }
}

/// The model.
pub struct XLinear {
    norm: Option<RevIn>,
    projection: Linear,
    token: Param,
    temporal: Gate,
    channel: Gate,
    hist: Option<Linear>,
    futr: Option<Linear>,
    stat: Option<Linear>,
    head: Linear,
    embed_dropout: f32,
    head_dropout: f32,
    dims: Dims,
}

impl Model for XLinear {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "XLinear",
        family: "multilayer perceptron",
        paper: "https://arxiv.org/abs/2601.09237",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: true,
        sharding: Sharding::Cached,
    };

    fn defaults() -> CommonOptions {
        CommonOptions::multivariate()
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let Dims { input, h, outputs, futr, hist, stat, series, .. } = dims;
        let hidden = o.hidden_size;
        let exogenous = |name: &str, numbers: usize| {
            (numbers > 0).then(|| Linear::new(&p.sub(name), numbers, hidden))
        };
        let kinds = [hist, futr, stat].iter().filter(|columns| **columns > 0).count();
        Ok(Self {
            norm: o.use_norm.then(RevIn::plain),
            projection: Linear::new(&p.sub("projection").sub(0), input, hidden),
            token: p.param("glob_token", [1, series, hidden], Init::Normal(1.0)),
            temporal: Gate::new(
                &p.sub("temporal_gating"),
                [2 * hidden, o.temporal_ff],
                o.temporal_dropout,
            ),
            channel: Gate::new(
                &p.sub("channel_gating"),
                [2 * series, o.channel_ff],
                o.channel_dropout,
            ),
            hist: exogenous("hist_exog_projection", hist * input),
            futr: exogenous("futr_exog_projection", futr * (input + h)),
            stat: exogenous("stat_exog_projection", stat),
            head: Linear::new(&p.sub("head").sub(1), (2 + kinds) * hidden, h * outputs),
            embed_dropout: o.embed_dropout as f32,
            head_dropout: o.head_dropout as f32,
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let Dims { h, outputs, series, .. } = self.dims;
        let (windows, tape) = (batch.size(), batch.tape());
        // [B, X, T, N] to [N, B, X·T].
        let flat =
            |x: Var<'t>| x.permute(&[3, 0, 1, 2]).reshape([series, windows, x.dim(1) * x.dim(2)]);
        let of_columns = |x: Option<Var<'t>>, map: Option<Linear>| {
            x.zip(map).map(|(x, map)| map.forward(flat(x)))
        };
        let hist = of_columns(batch.hist_exog, self.hist);
        let futr = of_columns(batch.futr_exog, self.futr);
        let stat = batch.stat_exog.zip(self.stat).map(|(x, map)| map.forward(x).unsqueeze(1));

        let forecast = |y: Var<'t>| {
            let x = self.projection.forward(y.permute(&[2, 0, 1])); // [N, B, D]
            let x = x.dropout_along(1, self.embed_dropout);
            let token = tape.param(self.token).reshape([series, 1, x.dim(2)]);
            let [own, tokens] = self.temporal.over_numbers(x, token);
            let seen = self.channel.over_series(x, tokens);
            let parts = [Some(own), Some(seen), hist, futr, stat];
            let parts = parts.map(|part| part.map(|part| self.dropped(part, windows)));
            let forecast = self.head.forward_parts(parts); // [N, B, h·O]
            forecast.permute(&[1, 2, 0]) // [B, h·O, N]
        };
        let y = batch.insample_y; // [B, L, N]
        let forecast = match &self.norm {
            Some(norm) => norm.around(y, forecast),
            None => forecast(y),
        };
        forecast.reshape([windows, h, outputs * series])
    }
}

impl XLinear {
    /// Dropout of a part of the head's inputs `[N, B or 1, D]`, from each window separately.
    fn dropped<'t>(&self, part: Var<'t>, windows: usize) -> Var<'t> {
        if self.head_dropout == 0.0 || !part.tape().is_training() {
            return part;
        }
        let each = if part.dim(1) == windows { part } else { part.repeat(1, windows) };
        each.dropout_along(1, self.head_dropout)
    }
}
