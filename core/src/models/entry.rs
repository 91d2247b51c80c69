//! A registered model with its type erased, for the registry, instances, checkpoints and descriptions.

use serde_json::{Map, Value};

use super::{CommonOptions, Dims, Exogenous, Model, Network, Spec};
use crate::nn::Params;
use crate::options::{Field, Options};
use crate::{Error, ErrorCode, Result, options};

/// Options by their public names.
type Given = Map<String, Value>;

/// The largest value of a model's numeric options: the product of two of them still fits in a `usize`.
const MOST: f64 = 1e9;

/// A registered model.
pub(crate) struct Entry {
    pub(crate) spec: Spec,
    /// [`Model::IGNORED`]
    pub(crate) ignored: &'static [&'static str],
    pub(super) can_exclude_target: bool,
    pub(crate) defaults: fn() -> CommonOptions,
    pub(super) check: fn(&CommonOptions) -> Result<()>,
    pub(super) fields: fn() -> Vec<Field>,
    /// Splits options into shared and model-specific ones, and returns all of them with their values.
    pub(super) read: fn(&Given, &mut CommonOptions) -> Result<Given>,
    pub(super) build: fn(&Params, Dims, &Given) -> Result<Box<dyn Network>>,
}

/// The entry of a model.
pub(super) fn entry<M: Model>() -> Entry {
    Entry {
        spec: M::SPEC,
        ignored: M::IGNORED,
        can_exclude_target: M::CAN_EXCLUDE_TARGET && M::SPEC.exogenous != Exogenous::NONE,
        defaults: M::defaults,
        check: M::check,
        fields: M::Options::fields,
        read: |given, common| {
            let mut own = M::Options::default();
            for (name, value) in given {
                let taken = is_taken::<M>(name);
                let shared = taken && common.set(name, value)?;
                let own_one = taken && !shared && own.set(name, value)?;
                if !(shared || own_one) {
                    return Err(no_option::<M>(name));
                }
                if own_one && !options::numbers_are(value, &|number| number <= MOST) {
                    let expected = format!("at most {MOST}");
                    return Err(Error::option(name, &expected, value.clone()));
                }
            }
            Ok(own.to_json())
        },
        build: |params, dims, own| {
            let mut options = M::Options::default();
            for (name, value) in own {
                options.set(name, value)?;
            }
            Ok(Box::new(M::new(&params.root(), dims, &options)?))
        },
    }
}

impl Entry {
    /// Whether the model has this option, which not all models have.
    pub(crate) fn takes(&self, option: &str) -> bool {
        match option {
            N_SERIES => self.spec.multivariate,
            _ => (self.fields)().iter().any(|field| field.name == option),
        }
    }
}

/// The shared option of multivariate models.
pub(super) const N_SERIES: &str = "nSeries";

/// Options of models that take categorical columns.
pub(super) const OF_CATEGORIES: [&str; 2] = ["categoricalCardinalities", "catEmbDim"];

/// Whether this model takes a shared option.
fn is_taken<M: Model>(name: &str) -> bool {
    name != N_SERIES || M::SPEC.multivariate
}

fn no_option<M: Model>(name: &str) -> Error {
    let model = M::SPEC.name;
    if !is_taken::<M>(name) {
        let message = format!(
            "option \"{name}\" is not supported by {model}; leave it out: only models that see all series at once have it"
        );
        return Error::new(ErrorCode::Unsupported, message).with(|d| {
            d.option = Some(name.into());
            d.model = Some(model.into());
        });
    }
    let fields = CommonOptions::fields().into_iter().chain(M::Options::fields());
    let known = fields.map(|f| f.name).filter(|name| is_taken::<M>(name));
    let known: Vec<String> = known.collect();
    options::unknown_option(model, name, &known, CommonOptions::ELSEWHERE)
        .with(|d| d.model = Some(model.into()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::*;
    use crate::objective::LossSpec;

    #[test]
    fn a_spec_has_the_options_that_are_not_the_models_defaults() {
        let common = CommonOptions {
            windows_batch_size: None,
            loss: LossSpec::named("MSE"),
            valid_loss: None,
            ..DeepAR::common(3, 6)
        };
        let own = deepar::Options { lstm_n_layers: 1, ..Default::default() };
        let spec = DeepAR::spec(common, own);
        let expected = json!({
            "h": 3, "inputSize": 6, "loss": { "kind": "MSE", "args": {} }, "validLoss": null, "windowsBatchSize": null,
            "lstmNLayers": 1
        });
        assert_eq!((&*spec.model, Value::from(spec.options.clone())), ("DeepAR", expected));
        let model = Instance::new(&spec).unwrap();
        assert_eq!((model.common.windows_batch_size, model.valid_loss.kind), (None, "MSE"));
        assert_eq!(model.own["lstmNLayers"], 1);
        assert_eq!(NLinear::spec(NLinear::common(3, 6), nlinear::Options).options.len(), 2);
    }

    #[test]
    fn options_of_a_program_are_checked_as_those_of_a_user() {
        let message = |spec: ModelSpec| Instance::new(&spec).err().expect("refused").message;
        let nhits = |own| message(NHITS::spec(NHITS::common(3, 6), own));
        let dropout = |p| nhits::Options { dropout_prob_theta: p, ..Default::default() };
        for (p, got) in [(1.0, "1.0"), (-0.1, "-0.1"), (f64::NAN, "\"NaN\"")] {
            let expected = "option \"dropoutProbTheta\" must be a number from 0 to below 1, got ";
            assert_eq!(nhits(dropout(p)), format!("{expected}{got}"));
        }
        let mlp = |common: CommonOptions| message(MLP::spec(common, Default::default()));
        for (common, expected) in [
            (MLP::common(0, 6), "option \"h\" is required: a whole number ≥ 1"),
            (
                CommonOptions { gradient_clip_val: Some(f64::NAN), ..MLP::common(3, 6) },
                "option \"gradientClipVal\" must be a number > 0 or null, got \"NaN\"",
            ),
            (
                CommonOptions { alias: Some(String::new()), ..MLP::common(3, 6) },
                "option \"alias\" must be text without slashes, not empty, got \"\"",
            ),
            (
                CommonOptions { n_series: Some(2), ..MLP::common(3, 6) },
                "option \"nSeries\" is not supported by MLP; leave it out: only models that see all series at once have it",
            ),
            (
                CommonOptions {
                    training_data_availability_threshold: Availability([0.5, f64::NAN]),
                    ..MLP::common(3, 6)
                },
                "option \"trainingDataAvailabilityThreshold\" must be a number from 0 to 1, or two of them, got [0.5,null]",
            ),
        ] {
            assert_eq!(mlp(common), expected);
        }
    }
}
