//! TFT, the Temporal Fusion Transformer: selects variables at each step, encodes them with recurrent layers that begin in a
//! state made of the static columns, and combines the steps by attention whose weights can be read.
//!
//! Lim et al. 2021, "Temporal Fusion Transformers for interpretable multi-horizon time series forecasting",
//! <https://arxiv.org/abs/1912.09363>. Upstream: `models/tft.py`.
//!
//! As in upstream, the last value of the target stands in for the columns known in advance where there are none, and the
//! networks that make contexts of the static columns use ELU whatever `grnActivation` is.

use super::heads::dividing;
use super::prelude::*;
use super::shown;
use crate::nn::{
    EmbeddedValues, GateActivation, GatedResidual, GatedResidualOptions, GatedSkip,
    InterpretableAttention, InterpretableAttentionOptions, ValueEmbedding, VariableSelection,
    VariableSelectionOptions,
};

choices! {
    /// Recurrent layers of the encoders.
    pub enum RnnType {
        /// Long short-term memory.
        Lstm = "lstm",
        /// Gated recurrent unit.
        Gru = "gru",
    }
}

options! {
    /// Options of [`TFT`] in addition to the shared ones.
    pub struct Options {
        /// How many variables the target becomes, each with its own embedding.
        pub tgt_size: usize = 1; at least 1,
        /// Units of all layers.
        pub hidden_size: usize = 128; at least 1,
        /// Heads of the attention. It must divide `hiddenSize`.
        pub n_head: usize = 4; at least 1,
        /// Dropout of the attention's weights, from 0 to 1.
        pub attn_dropout: f64 = 0.0; probability,
        /// Activation of the gated residual networks.
        pub grn_activation: GateActivation = GateActivation(Activation::Elu),
        /// Recurrent layers of each encoder.
        pub n_rnn_layers: usize = 1; at least 1,
        /// Kind of the recurrent layers.
        pub rnn_type: RnnType = RnnType::Lstm,
        /// Whether all recurrent layers begin in the same state, made of the static columns, instead of each in its own.
        pub one_rnn_initial_state: bool = false,
        /// Dropout of the gated residual networks and of the attention's output, from 0 to 1.
        pub dropout: f64 = 0.1; probability,
    }
}

impl Options {
    fn selection(&self, variables: usize, context: bool) -> VariableSelectionOptions {
        VariableSelectionOptions {
            variables,
            hidden: self.hidden_size,
            context,
            dropout: self.dropout as f32,
            activation: self.grn_activation.0,
        }
    }

    fn residual(&self, context: bool, activation: Activation) -> GatedResidualOptions {
        GatedResidualOptions {
            inputs: self.hidden_size,
            hidden: self.hidden_size,
            outputs: None,
            context,
            dropout: self.dropout as f32,
            activation,
        }
    }

    fn encoder(&self) -> RecurrentOptions {
        RecurrentOptions {
            cell: match self.rnn_type {
                RnnType::Lstm => Cell::Lstm,
                RnnType::Gru => Cell::Gru,
            },
            inputs: self.hidden_size,
            hidden: self.hidden_size,
            layers: self.n_rnn_layers,
            bias: true,
            dropout: 0.0,
            projection: 0,
        }
    }
}

/// Makes contexts of the static columns. Upstream: `StaticCovariateEncoder`.
struct StaticEncoder {
    selection: VariableSelection,
    /// The contexts of variable selection and of the enrichment.
    contexts: [GatedResidual; 2],
    /// The initial hidden state of each recurrent layer, or one of all.
    hidden: Vec<GatedResidual>,
    /// The initial cell states of LSTMs.
    cell: Vec<GatedResidual>,
}

impl StaticEncoder {
    fn new(p: &Path<'_>, columns: usize, o: &Options) -> Self {
        let states = if o.one_rnn_initial_state { 1 } else { o.n_rnn_layers };
        let place = p.sub("context_grns");
        let network =
            |i: usize| GatedResidual::new(&place.sub(i), o.residual(false, Activation::Elu));
        let cells = if o.rnn_type == RnnType::Lstm { states } else { 0 };
        Self {
            selection: VariableSelection::new(&p.sub("vsn"), o.selection(columns, false)),
            contexts: [0, 1].map(network),
            hidden: layers(states, |i| network(2 + i)),
            cell: layers(cells, |i| network(2 + states + i)),
        }
    }

    /// The initial state of a recurrent layer.
    fn state<'t>(&self, x: Var<'t>, layer: usize) -> [Var<'t>; 2] {
        let hidden = self.hidden[layer].forward(x, None);
        [hidden, self.cell.get(layer).map_or(hidden, |cell| cell.forward(x, None))]
    }
}

/// The model.
pub struct TFT {
    target: ValueEmbedding,
    futr: ValueEmbedding,
    hist: Option<ValueEmbedding>,
    stat: Option<(ValueEmbedding, StaticEncoder)>,
    /// Variable selection of the past and of the future.
    selection: [VariableSelection; 2],
    encoders: [Recurrent; 2],
    encoder_gate: GatedSkip,
    enrichment: GatedResidual,
    attention: InterpretableAttention,
    attention_gate: GatedSkip,
    position_wise: GatedResidual,
    decoder_gate: GatedSkip,
    output: Linear,
    targets: usize,
    dims: Dims,
}

impl Model for TFT {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "TFT",
        family: "transformer",
        paper: "https://arxiv.org/abs/1912.09363",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: false },
        multivariate: false,
        sharding: Sharding::Sequence,
    };

    const INTERPRETABLE: bool = true;

    fn defaults() -> CommonOptions {
        CommonOptions { scaler_type: ScalerType::Robust, ..CommonOptions::default() }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        let hidden = o.hidden_size;
        dividing("nHead", [hidden, o.n_head])?;
        let futr = dims.futr.max(1);
        let embeddings = p.sub("embedding");
        let embed = |name: &str, columns| ValueEmbedding::new(&embeddings, name, columns, hidden);
        let gate = |p: &Path<'_>, gate: &str, norm: &str| {
            GatedSkip::new(&p.sub(gate), &p.sub(norm), hidden, hidden)
        };
        let residual =
            |p: &Path<'_>, context| GatedResidual::new(p, o.residual(context, o.grn_activation.0));
        let (encoder, decoder) = (p.sub("temporal_encoder"), p.sub("temporal_fusion_decoder"));
        let attention = InterpretableAttentionOptions {
            hidden,
            heads: o.n_head,
            steps: dims.input + dims.h,
            queries: dims.h,
            weight_dropout: o.attn_dropout as f32,
            dropout: o.dropout as f32,
        };
        let statics = |columns| {
            let encoder = StaticEncoder::new(&p.sub("static_encoder"), columns, o);
            (embed("stat_exog_embedding", columns), encoder)
        };
        let selection = [("history_vsn", dims.hist + futr + o.tgt_size), ("future_vsn", futr)];
        Ok(Self {
            stat: (dims.stat > 0).then(|| statics(dims.stat)),
            futr: embed("futr_exog_embedding", futr),
            hist: (dims.hist > 0).then(|| embed("hist_exog_embedding", dims.hist)),
            target: embed("tgt_embedding", o.tgt_size),
            selection: selection.map(|(name, variables)| {
                VariableSelection::new(&encoder.sub(name), o.selection(variables, true))
            }),
            encoders: ["history_encoder", "future_encoder"]
                .map(|name| Recurrent::new(&encoder.sub(name), o.encoder())),
            encoder_gate: gate(&encoder, "input_gate", "input_gate_ln"),
            enrichment: residual(&decoder.sub("enrichment_grn"), true),
            attention: InterpretableAttention::new(&decoder.sub("attention"), attention),
            attention_gate: gate(&decoder, "attention_gate", "attention_ln"),
            position_wise: residual(&decoder.sub("positionwise_grn"), false),
            decoder_gate: gate(&decoder, "decoder_gate", "decoder_ln"),
            output: Linear::new(&p.sub("output_adapter"), hidden, dims.outputs),
            targets: o.tgt_size,
            dims,
        })
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let (h, tape) = (self.dims.h, batch.tape());
        let show = |name, weights: Option<Var<'t>>, of: EmbeddedValues<'t>| {
            tape.show(name, || weights.unwrap_or_else(|| of.ones()));
        };
        let statics =
            self.stat.as_ref().zip(batch.stat_exog).map(|((embedding, encoder), stat)| {
                let columns = embedding.forward(stat); // [B, S]
                let weights = encoder.selection.weights(columns, None);
                show(shown::STATICS, weights, columns);
                (encoder, encoder.selection.forward(columns, weights)) // [B, hidden]
            });
        let context = |i: usize| statics.map(|(encoder, x)| encoder.contexts[i].forward(x, None));

        let (of_selection, variables) = (context(0), self.variables(batch)); // [B, L, V], [B, h, F]
        let [past, future] = [0, 1].map(|i| {
            let weights = self.selection[i].weights(variables[i], of_selection);
            show([shown::PAST, shown::FUTURE][i], weights, variables[i]);
            self.selection[i].forward(variables[i], weights)
        }); // [B, L, hidden], [B, h, hidden]

        let one = statics.filter(|(encoder, _)| encoder.hidden.len() == 1);
        let one = one.map(|(encoder, x)| encoder.state(x, 0));
        let state = |layer| one.or_else(|| statics.map(|(encoder, x)| encoder.state(x, layer)));
        let encoded = self.encoders[0].followed_by(&self.encoders[1], [past, future], state);
        let selected = Var::concat(&[past, future], 1); // [B, L + h, hidden]
        let steps = self.encoder_gate.forward(Var::concat(&encoded, 1), selected);

        let enriched = self.enrichment.forward(steps, context(1));
        tape.show(shown::ATTENTION, || self.attention.weights(enriched).mean_axis(1));
        let x = self.attention.forward(enriched); // [B, h, hidden]
        let x = self.attention_gate.forward(x, enriched.last(1, h));
        let x = self.position_wise.forward(x, None);
        let x = self.decoder_gate.forward(x, steps.last(1, h));
        self.output.forward(x) // [B, h, O]
    }
}

impl TFT {
    /// The variables of the past, `[B, L, X + F + targets]`, and of the future, `[B, h, F]`.
    fn variables<'t>(&self, batch: &Batch<'t>) -> [EmbeddedValues<'t>; 2] {
        let Dims { input, h, .. } = self.dims;
        let y = batch.insample_y; // [B, L]
        let last = || y.last(1, 1).unsqueeze(1).repeat(1, input + h);
        let futr = self.futr.forward(batch.futr_exog.unwrap_or_else(last)); // [B, L + h, F]
        let targets = self.target.forward(y.unsqueeze(2).repeat(2, self.targets));
        let known = futr.steps(0, input).and(targets);
        let hist = self.hist.as_ref().zip(batch.hist_exog).map(|(hist, x)| hist.forward(x));
        [hist.map_or(known, |hist| hist.and(known)), futr.steps(input, h)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Instance;

    #[test]
    fn options_that_do_not_fit_are_refused_by_name() {
        let message =
            |own| Instance::new(&TFT::spec(TFT::common(3, 6), own)).err().unwrap().message;
        let heads = Options { hidden_size: 10, n_head: 4, ..Default::default() };
        assert_eq!(message(heads), "option \"nHead\" must be a divisor of hiddenSize (10), got 4");
        let mut given = TFT::spec(TFT::common(3, 6), Options::default());
        given.options.insert("grnActivation".into(), "GLU".into());
        let expected = "option \"grnActivation\" must be one of ReLU, Softplus, Tanh, SELU, LeakyReLU, Sigmoid, ELU, \
                        GELU, got \"GLU\"";
        assert_eq!(Instance::new(&given).err().unwrap().message, expected);
    }

    #[test]
    fn the_defaults_are_upstreams() {
        let common = TFT::common(3, 6);
        assert_eq!(common.scaler_type, ScalerType::Robust);
        assert_eq!((common.max_steps, common.learning_rate), (1000, 1e-3));
        assert_eq!((common.batch_size, common.windows_batch_size), (32, Some(1024)));
    }
}
