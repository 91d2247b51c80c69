//! What can be said about the registered models without building them: options with defaults, inputs, papers.

use serde_json::{Map, Value, json};

use super::CommonOptions;
use super::entry::{N_SERIES, OF_CATEGORIES};
use super::{Entry, find, hint, registry};
use crate::options::{Field, Options};

/// All options of a model with their defaults; empty if there is no such model.
pub(crate) fn default_options(name: &str) -> Map<String, Value> {
    let of = |e: Entry| {
        let own = (e.fields)().into_iter().map(|field| (field.name, field.default));
        (e.defaults)().to_json().into_iter().chain(own).collect()
    };
    find(name).map_or_else(|_| Map::new(), of)
}

/// The part of a description that is about an option.
fn option(f: Field, shared: bool) -> Value {
    json!({
        "name": f.name, "doc": f.doc, "ts": f.ts, "default": f.default, "range": f.range, "needed": f.needed,
        "shared": shared
    })
}

/// A description of what wraps a model, for documentation and generated types.
pub fn describe_wrappers() -> Value {
    let options = hint::Options::fields().into_iter().map(|f| option(f, false));
    json!([{
        "name": hint::NAME,
        "family": "hierarchical reconciliation of another model",
        "paper": hint::PAPER,
        "options": options.collect::<Vec<_>>(),
    }])
}

/// A description of every model, for documentation and generated types.
pub fn describe() -> Value {
    let model = |e: Entry| {
        let exogenous = e.spec.exogenous;
        let taken = |f: &Field| {
            let lists = exogenous.options().into_iter().filter(|(_, takes)| !takes);
            let categories = OF_CATEGORIES.into_iter().filter(|_| !exogenous.cat);
            let hides_all = (!e.can_exclude_target).then_some("excludeInsampleY");
            let counts = (!e.spec.multivariate).then_some(N_SERIES);
            let not_taken = lists.map(|(name, _)| name).chain(categories);
            !not_taken.chain(hides_all).chain(counts).any(|name| name == f.name)
        };
        let defaults = (e.defaults)().to_json();
        let shared = CommonOptions::fields().into_iter().filter(taken).map(|mut f| {
            f.default = defaults[&f.name].clone();
            option(f, true)
        });
        let own = (e.fields)().into_iter().map(|f| option(f, false));
        json!({
            "name": e.spec.name,
            "family": e.spec.family,
            "paper": e.spec.paper,
            "inputs": {
                "futr": exogenous.futr, "hist": exogenous.hist, "stat": exogenous.stat, "cat": exogenous.cat
            },
            "multivariate": e.spec.multivariate,
            "options": shared.chain(own).collect::<Vec<_>>(),
        })
    };
    registry().into_iter().map(model).collect()
}
