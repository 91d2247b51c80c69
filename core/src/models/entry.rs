//! A registered model without its type: what the registry, instances, checkpoints and descriptions ask of it.

use serde_json::{Map, Value};

use super::{CommonOptions, Dims, Exogenous, Model, Network, Spec};
use crate::nn::Params;
use crate::options::{Field, Options};
use crate::{Error, ErrorCode, Result, options};

/// Options by their outside names.
type Given = Map<String, Value>;

/// The largest number that an option of a model can be: sizes that are made of two of them can still be counted.
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
    /// Splits options into shared and own ones, and gives all of them with their values.
    pub(super) read: fn(&Given, &mut CommonOptions) -> Result<Given>,
    pub(super) build: fn(&Params, Dims, &Given) -> Result<Box<dyn Network>>,
}

/// Of a model.
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
    /// Whether the model has an option that not all models have.
    pub(crate) fn takes(&self, option: &str) -> bool {
        match option {
            N_SERIES => self.spec.multivariate,
            _ => (self.fields)().iter().any(|field| field.name == option),
        }
    }
}

/// The shared option of multivariate models.
pub(super) const N_SERIES: &str = "nSeries";

/// Options of models that take categories.
pub(super) const OF_CATEGORIES: [&str; 2] = ["categoricalCardinalities", "catEmbDim"];

/// Whether a shared option is one of this model's.
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
    options::unknown_option(model, name, &known.collect::<Vec<_>>())
}
