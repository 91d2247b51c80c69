//! A list of all losses, for what must hold of every one of them.

use serde_json::{Value, json};

use super::LossSpec;
use super::distribution::Family;
use super::kinds::KINDS;

/// The values that an argument has in the list, where a loss cannot do without it.
fn usual(argument: &str) -> Vec<Value> {
    match argument {
        "q" => vec![json!(0.5)],
        "seasonality" => vec![json!(1)],
        "nComponents" => vec![json!(2)],
        "distribution" => Family::NAMES.iter().map(|name| json!(name)).collect(),
        _ => vec![],
    }
}

/// Every loss there is, with the arguments that it needs, once for each distribution; others have their defaults.
pub fn every_loss() -> Vec<LossSpec> {
    let specs = |(kind, arguments): &(&str, &[&str])| {
        let mut specs = vec![LossSpec::named(kind)];
        for argument in arguments.iter().filter(|argument| !usual(argument).is_empty()) {
            let with = |spec: LossSpec, value: Value| {
                let mut spec = spec;
                spec.args.insert(argument.to_string(), value);
                spec
            };
            let each = specs.iter();
            specs = each
                .flat_map(|s| usual(argument).into_iter().map(|v| with(s.clone(), v)))
                .collect();
        }
        specs
    };
    KINDS.iter().flat_map(specs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::losses::Loss;

    #[test]
    fn every_loss_can_be_made() {
        let all = every_loss();
        for (kind, _) in KINDS {
            assert!(all.iter().any(|spec| spec.kind == kind), "{kind}");
        }
        for spec in all {
            assert_eq!(Loss::new(&spec, 2, "loss").unwrap().kind, spec.kind);
        }
    }
}
