//! Losses: values, gradients and output names, with masks and horizon weights.

use super::{assert_close, floats, json};
use crate::losses::{Loss, LossSpec};
use crate::options::OptionValue;
use crate::tape::Tape;

#[test]
fn values_and_gradients_are_upstreams() {
    let cases = json("losses.json")["cases"].as_array().unwrap().clone();
    assert!(cases.len() >= 20);
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let y = floats(&case["y"]);
        let rows = case["y"].as_array().unwrap().len();
        let h = y.len() / rows;
        let loss = Loss::new(&LossSpec::read(&case["loss"]).unwrap(), h, "loss").unwrap();
        assert_eq!(serde_json::json!(loss.output_names), case["outputNames"], "{name}");
        let y_hat = floats(&case["yHat"]);
        let mut weights =
            if case["mask"].is_null() { vec![1.0; y.len()] } else { floats(&case["mask"]) };
        if let Some(by_step) = &loss.horizon_weight {
            weights.iter_mut().enumerate().for_each(|(i, w)| *w *= by_step[i % h]);
        }
        let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        if total == 0.0 {
            assert_eq!(
                floats(&case["value"]),
                [0.0],
                "{name}: a mean over nothing is 0, as the trainer has it"
            );
            continue;
        }
        let tape = Tape::default();
        let forecast = tape.variable([rows, h, loss.outputs()], &y_hat);
        let value = forecast.weighted_loss(
            &loss,
            tape.constant([rows, h], &y),
            tape.constant([rows, h], &weights),
            total,
        );
        tape.backward(value, &mut Vec::new());
        assert_close(name, &value.data(), &floats(&case["value"]), 1e-6);
        assert_close(&format!("{name} gradient"), &forecast.grad(), &floats(&case["grad"]), 1e-6);

        let wide = |v: &[f32]| v.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        let sum = loss.sum(&wide(&y), &wide(&y_hat), &weights);
        assert_close(
            &format!("{name} as validation"),
            &[(sum / total) as f32],
            &floats(&case["value"]),
            1e-6,
        );
    }
}
