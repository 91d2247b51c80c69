//! DeepAR: a recurrent network that forecasts the distribution of the next value, step by step.
//!
//! Salinas et al. 2020, <https://arxiv.org/abs/1704.04110>. Upstream: `models/deepar.py`. As in upstream, and unlike
//! the paper, decoding feeds back the mean of each step's distribution, not a sample from it.

use serde_json::json;

use super::prelude::*;

options! {
    /// Options of [`DeepAR`] in addition to the shared ones.
    pub struct Options {
        /// Horizon during training.
        pub h_train: usize = 1; at least 1,
        /// Layers of the LSTM.
        pub lstm_n_layers: usize = 2; at least 1,
        /// Units of the LSTM.
        pub lstm_hidden_size: usize = 128; at least 1,
        /// Dropout between the layers of the LSTM, from 0 to 1.
        pub lstm_dropout: f64 = 0.1; probability,
        /// Hidden layers of the decoder.
        pub decoder_hidden_layers: usize = 0,
        /// Units of the decoder's hidden layers.
        pub decoder_hidden_size: usize = 0,
        /// Activation of the decoder's hidden layers.
        pub decoder_activation: Option<Activation> = None,
        /// Samples drawn from each step's distribution to estimate quantiles.
        pub trajectory_samples: usize = 100; at least 1,
    }
}

/// The model.
pub struct DeepAR {
    encoder: Recurrent,
    decoder: Mlp,
    recurrence: Recurrence,
}

impl Model for DeepAR {
    type Options = Options;
    const SPEC: Spec = Spec {
        name: "DeepAR",
        family: "recurrent",
        paper: "https://arxiv.org/abs/1704.04110",
        exogenous: Exogenous { futr: true, hist: true, stat: true, cat: true },
        multivariate: false,
        sharding: Sharding::Recurrent,
    };

    const CAN_EXCLUDE_TARGET: bool = false;

    fn defaults() -> CommonOptions {
        let student_t =
            json!({ "distribution": "StudentT", "level": [80, 90], "returnParams": false });
        let args = student_t.as_object().expect("an object").clone();
        CommonOptions {
            loss: LossSpec { kind: "DistributionLoss".into(), args },
            valid_loss: Some(LossSpec::named("MAE")),
            num_lr_decays: 3,
            inference_windows_batch_size: -1,
            ..CommonOptions::default()
        }
    }

    fn new(p: &Path<'_>, dims: Dims, o: &Options) -> Result<Self> {
        if o.decoder_hidden_layers > 0 && o.decoder_hidden_size == 0 {
            return Err(Error::option("decoderHiddenSize", "a whole number ≥ 1", 0));
        }
        if o.h_train > dims.h {
            return Err(Error::option("hTrain", &format!("at most h ({})", dims.h), o.h_train));
        }
        let encoder = RecurrentOptions {
            cell: Cell::Lstm,
            inputs: 1 + dims.hist + dims.futr + dims.stat,
            hidden: o.lstm_hidden_size,
            layers: o.lstm_n_layers,
            bias: true,
            dropout: o.lstm_dropout as f32,
            projection: 0,
        };
        let sizes = [o.lstm_hidden_size, o.decoder_hidden_size, dims.outputs];
        let activation = o.decoder_activation.unwrap_or(Activation::Relu);
        Ok(Self {
            encoder: Recurrent::new(&p.sub("hist_encoder"), encoder),
            decoder: Mlp::new(&p.sub("decoder"), sizes, o.decoder_hidden_layers + 1, activation),
            recurrence: Recurrence {
                h_train: o.h_train,
                inference_input_size: dims.input,
                trajectory_samples: o.trajectory_samples,
            },
        })
    }

    fn recurrence(&self) -> Option<Recurrence> {
        Some(self.recurrence)
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        let [rows, steps] = [batch.size(), batch.insample_y.dim(1)];
        let y = batch.insample_y.reshape([rows, steps, 1]);
        let stat = batch.stat_exog.map(|s| s.reshape([rows, 1, s.dim(1)]).repeat(1, steps));
        let input = concat_present([Some(y), batch.hist_exog, batch.futr_exog, stat], 2); // [B, L, 1 + X + F + S]
        let hidden = self.encoder.forward(input, batch.state); // [B, L, H]
        self.decoder.forward(hidden) // [B, L, O]
    }
}
