//! Which losses each model refuses, as `loss` and as `validLoss` of its default loss, and the option that the refusal names.

mod checks;
#[expect(dead_code, reason = "nothing is trained here")]
mod series;

use checks::Checks;
use neuro_divergent::objective::every_loss;
use neuro_divergent::options::OptionValue;
use neuro_divergent::{ErrorCode, ModelSpec, NeuralForecast};
use serde_json::json;
use series::models;

/// The option that is given, the loss, and the option that must be something else.
type Refusal<'a> = (&'a str, &'a str, &'a str);

/// What only measures trains no model.
const MEASURES: [Refusal<'_>; 2] = [("loss", "Accuracy", "loss"), ("loss", "sCRPS", "loss")];
/// A loss of points is not validated by one with a network of its own, nor by a likelihood.
const OF_POINTS: [Refusal<'_>; 12] = [
    ("validLoss", "IQLoss", "loss"),
    ("validLoss", "HuberIQLoss", "loss"),
    ("validLoss", "DistributionLoss Normal", "validLoss"),
    ("validLoss", "DistributionLoss StudentT", "validLoss"),
    ("validLoss", "DistributionLoss Poisson", "validLoss"),
    ("validLoss", "DistributionLoss NegativeBinomial", "validLoss"),
    ("validLoss", "DistributionLoss Tweedie", "validLoss"),
    ("validLoss", "DistributionLoss Bernoulli", "validLoss"),
    ("validLoss", "DistributionLoss ISQF", "validLoss"),
    ("validLoss", "PMM", "validLoss"),
    ("validLoss", "GMM", "validLoss"),
    ("validLoss", "NBMM", "validLoss"),
];
/// A likelihood is not validated by a loss with a network of its own.
const OF_DISTRIBUTIONS: [Refusal<'_>; 2] =
    [("validLoss", "IQLoss", "validLoss"), ("validLoss", "HuberIQLoss", "validLoss")];
/// A mean of the input is one number.
const OF_ONE_OUTPUT: [Refusal<'_>; 9] = [
    ("loss", "MQLoss", "loss"),
    ("loss", "HuberMQLoss", "loss"),
    ("loss", "DistributionLoss Normal", "loss"),
    ("loss", "DistributionLoss StudentT", "loss"),
    ("loss", "DistributionLoss NegativeBinomial", "loss"),
    ("loss", "DistributionLoss ISQF", "loss"),
    ("loss", "PMM", "loss"),
    ("loss", "GMM", "loss"),
    ("loss", "NBMM", "loss"),
];

fn expected(model: &str) -> Vec<Refusal<'static>> {
    let own: [&[Refusal<'_>]; 2] = match model {
        "DeepAR" => [&OF_DISTRIBUTIONS, &[]],
        "DeepNPTS" | "TimeLLM" => [&OF_POINTS, &OF_ONE_OUTPUT],
        _ => [&OF_POINTS, &[]],
    };
    [&MEASURES[..], own[0], own[1]].concat()
}

#[test]
fn every_model_refuses_these_losses_and_no_others() {
    let mut checks = Checks::default();
    for (model, _) in models() {
        checks.row(&model, || {
            let mut refused = Vec::new();
            for (option, loss) in ["loss", "validLoss"]
                .iter()
                .flat_map(|option| every_loss().into_iter().map(move |loss| (*option, loss)))
            {
                let mut options = json!({ "h": 4, "inputSize": 16, "maxSteps": 1 });
                if option == "loss" {
                    options["validLoss"] = json!(null); // judged by itself, whatever the model's default is
                }
                options[option] = loss.write();
                let mut options = options.as_object().unwrap().clone();
                options.extend(series::language::needed(&model));
                let spec = ModelSpec { model: model.clone(), options };
                let Err(e) = NeuralForecast::new(vec![spec], None) else { continue };
                assert_eq!(e.code, ErrorCode::InvalidOption, "{e}");
                let law = loss.args.get("distribution").and_then(|name| name.as_str());
                let name = [Some(&*loss.kind), law].into_iter().flatten();
                let named = e.details.option.expect("the option is named");
                refused.push((option, name.collect::<Vec<_>>().join(" "), named));
            }
            let mut got: Vec<Refusal<'_>> =
                refused.iter().map(|(option, loss, named)| (*option, &**loss, &**named)).collect();
            let mut expected = expected(&model);
            got.sort_unstable();
            expected.sort_unstable();
            assert_eq!(got, expected);
        });
    }
    checks.finish();
}
