//! Models: one file each, registered by one line below.

mod batch;
pub mod dlinear;
mod encoder_decoder;
pub mod gru;
mod head;
mod instance;
pub mod lstm;
pub mod nhits;
pub mod rnn;

pub use batch::Batch;
pub(crate) use head::{Asked, Head, Place};
pub use instance::{Instance, ModelSpec};

use serde_json::{Map, Value, json};

use crate::nn::{Params, Path};
use crate::options::{Field, Options};
use crate::tape::Var;
use crate::train::Train;
use crate::{Error, ErrorCode, Result, nearest, options};

/// What a model file needs.
pub(crate) mod prelude {
    pub(crate) use super::{Batch, Dims, Exogenous, Model, Recurrence, Spec, concat_present};
    pub(crate) use crate::nn::{
        Activate, Activation, BlockActivation, Cell, Linear, Mlp, Path, Recurrent, RecurrentOptions,
    };
    pub(crate) use crate::options::{choices, options};
    pub(crate) use crate::scalers::ScalerType;
    pub(crate) use crate::tape::{Interpolation, PoolMode, Var};
    pub(crate) use crate::train::Train;
    pub(crate) use crate::{Error, Result};
}

/// The kinds of exogenous columns that a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exogenous {
    /// Known in advance.
    pub futr: bool,
    /// Known until the forecast.
    pub hist: bool,
    /// Constant in time.
    pub stat: bool,
}

impl Exogenous {
    /// None at all.
    pub const NONE: Self = Self { futr: false, hist: false, stat: false };

    /// The option that lists each kind's columns, and whether the model has it.
    pub fn options(self) -> [(&'static str, bool); 3] {
        [("futrExogList", self.futr), ("histExogList", self.hist), ("statExogList", self.stat)]
    }
}

/// What is known of a model without making one.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Upstream's class name.
    pub name: &'static str,
    /// For the table of models.
    pub family: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// What it takes beside the target.
    pub exogenous: Exogenous,
}

/// Sizes a model is built for.
#[derive(Clone, Copy, Debug)]
pub struct Dims {
    /// `L`: steps of input.
    pub input: usize,
    /// `h`: steps of forecast.
    pub h: usize,
    /// `O`: numbers per step, as the loss wants.
    pub outputs: usize,
    /// `F`: columns known in advance.
    pub futr: usize,
    /// `X`: columns known until the forecast.
    pub hist: usize,
    /// `S`: columns that do not change.
    pub stat: usize,
}

/// A model that forecasts one step at a time and feeds it back.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// Steps of horizon while training.
    pub h_train: usize,
    /// Steps of input while forecasting.
    pub inference_input_size: usize,
}

/// A model: what upstream's class says, in one file.
pub trait Model: Send + Sync + Sized + 'static {
    /// Options beside the shared ones.
    type Options: Options;
    /// Name and abilities.
    const SPEC: Spec;

    /// Shared options whose defaults differ.
    fn train() -> Train {
        Train::default()
    }

    /// Declares the parameters.
    fn new(path: &Path<'_>, dims: Dims, options: &Self::Options) -> Result<Self>;

    /// Set for models that forecast step by step.
    fn recurrence(&self) -> Option<Recurrence> {
        None
    }

    /// Whether a window's forecast depends on the others of its batch while training, as with batch normalisation.
    /// The batch of such a model is not cut into shards.
    fn couples_windows(&self) -> bool {
        false
    }

    /// Forecast of each window: `[B, h, O]`, scaled as the input is.
    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t>;
}

/// [`Model`] without its type.
pub(crate) trait Network: Send + Sync {
    fn recurrence(&self) -> Option<Recurrence>;
    fn couples_windows(&self) -> bool;
    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t>;
}

impl<M: Model> Network for M {
    fn recurrence(&self) -> Option<Recurrence> {
        Model::recurrence(self)
    }

    fn couples_windows(&self) -> bool {
        Model::couples_windows(self)
    }

    fn forward<'t>(&self, batch: &Batch<'t>) -> Var<'t> {
        Model::forward(self, batch)
    }
}

/// The parts that are there, one after the other along `axis`.
pub(crate) fn concat_present<'t, const N: usize>(
    parts: [Option<Var<'t>>; N],
    axis: usize,
) -> Var<'t> {
    let Some(first) = parts.iter().flatten().next() else { unreachable!("a model has an input") };
    let mut present = [*first; N];
    let mut count = 0;
    for part in parts.into_iter().flatten() {
        present[count] = part;
        count += 1;
    }
    if count == 1 { *first } else { Var::concat(&present[..count], axis) }
}

/// Options by their outside names.
type Given = Map<String, Value>;

/// A registered model.
pub(crate) struct Entry {
    pub(crate) spec: Spec,
    train: fn() -> Train,
    fields: fn() -> Vec<Field>,
    /// Splits options into shared and own ones, and gives all of them with their values.
    read: fn(&Given, &mut Train) -> Result<Given>,
    build: fn(&Params, Dims, &Given) -> Result<Box<dyn Network>>,
}

fn entry<M: Model>() -> Entry {
    Entry {
        spec: M::SPEC,
        train: M::train,
        fields: M::Options::fields,
        read: |given, train| {
            let mut own = M::Options::default();
            for (name, value) in given {
                if !train.set(name, value)? && !own.set(name, value)? {
                    return Err(no_option::<M>(name));
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

/// Options of the contract that do not exist yet.
const PLANNED: [&str; 6] =
    ["precision", "maxEpochs", "catExogList", "catEmbDim", "categoricalCardinalities", "nSeries"];

fn no_option<M: Model>(name: &str) -> Error {
    if PLANNED.contains(&name) {
        return Error::new(
            ErrorCode::Unsupported,
            format!("option \"{name}\" is not supported by {}", M::SPEC.name),
        )
        .with(|d| {
            d.option = Some(name.into());
            d.model = Some(M::SPEC.name.into());
        });
    }
    let fields = Train::fields().into_iter().chain(M::Options::fields());
    let known: Vec<String> = fields.map(|f| f.name).collect();
    options::unknown_option(M::SPEC.name, name, &known)
}

macro_rules! registry {
    ($($module:ident::$model:ident),* $(,)?) => {
        /// All models.
        pub(crate) fn registry() -> Vec<Entry> {
            vec![$(entry::<$module::$model>()),*]
        }
    };
}

registry! {
    dlinear::DLinear,
    gru::GRU,
    lstm::LSTM,
    nhits::NHITS,
    rnn::RNN,
}

/// The registered model of this name.
pub(crate) fn find(name: &str) -> Result<Entry> {
    let all = registry();
    let names: Vec<&str> = all.iter().map(|e| e.spec.name).collect();
    let hint = nearest(name, names.iter().copied())
        .map_or(String::new(), |n| format!("did you mean \"{n}\"? "));
    let error = Error::new(
        ErrorCode::Unsupported,
        format!("there is no model \"{name}\"; {hint}models: {}", names.join(", ")),
    )
    .with(|d| {
        d.model = Some(name.into());
        d.expected = Some(json!(names));
    });
    all.into_iter().find(|e| e.spec.name == name).ok_or(error)
}

/// Everything known of every model, for documentation and generated types.
pub fn describe() -> Value {
    let option = |f: Field, shared: bool| json!({ "name": f.name, "doc": f.doc, "ts": f.ts, "default": f.default, "shared": shared });
    let model = |e: Entry| {
        let exogenous = e.spec.exogenous;
        let only_target = exogenous == Exogenous::NONE;
        let taken = |f: &Field| {
            let not_taken = exogenous.options().into_iter().filter(|(_, takes)| !takes);
            let hides_all = only_target.then_some(("excludeInsampleY", false));
            !not_taken.chain(hides_all).any(|(name, _)| name == f.name)
        };
        let defaults = (e.train)().to_json();
        let shared = Train::fields().into_iter().filter(taken).map(|mut f| {
            f.default = defaults[&f.name].clone();
            option(f, true)
        });
        let own = (e.fields)().into_iter().map(|f| option(f, false));
        json!({
            "name": e.spec.name,
            "family": e.spec.family,
            "paper": e.spec.paper,
            "inputs": { "futr": exogenous.futr, "hist": exogenous.hist, "stat": exogenous.stat },
            "options": shared.chain(own).collect::<Vec<_>>(),
        })
    };
    registry().into_iter().map(model).collect()
}

#[cfg(test)]
#[path = "../../../tools/skeleton/model.rs"]
pub mod skeleton;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Panel, PanelOptions, Table};
    use crate::train::{Control, Run, TrainingState, train};

    #[test]
    fn what_a_new_model_begins_with_learns() {
        let options =
            json!({ "h": 3, "inputSize": 6, "learningRate": 0.01, "windowsBatchSize": 16 });
        let options = options.as_object().unwrap().clone();
        let given = ModelSpec { model: "Skeleton".into(), options };
        let mut model = instance::build(&entry::<skeleton::Skeleton>(), &given).unwrap();
        let wave = Table::one_series((0..60).map(|t| f64::from(t).sin()).collect());
        let (panel, _) = Panel::from_table(&wave, &PanelOptions::default()).unwrap();
        let mut state = TrainingState::new(&model, 100).unwrap();
        let mut run = Run { panel: &panel, val_size: 0, control: &Control::default(), save: None };
        let losses = train(&mut model, &mut state, &mut run).unwrap().train_loss;
        assert!(losses[99] < 0.5 * losses[0], "from {} to {}", losses[0], losses[99]);
    }
}
