//! Options that nobody knows, answered with the one that was meant.

use super::camel_case;
use crate::{Error, ErrorCode, nearest};

/// What options are called elsewhere.
const ELSEWHERE: [(&str, &str); 9] = [
    ("horizon", "h"),
    ("lookback", "inputSize"),
    ("inputLength", "inputSize"),
    ("lr", "learningRate"),
    ("epochs", "maxSteps"),
    ("maxEpochs", "maxSteps"),
    ("seed", "randomSeed"),
    ("scaler", "scalerType"),
    ("patience", "earlyStopPatienceSteps"),
];

/// The known option that was probably meant: one of nearly the same spelling, one that begins so, or another library's.
fn meant<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let camel = camel_case(name);
    let begins = || known.iter().find(|k| camel.len() >= 3 && k.starts_with(&camel));
    let elsewhere = || ELSEWHERE.iter().find(|(other, _)| camel.eq_ignore_ascii_case(other));
    nearest(name, known.iter().map(String::as_str))
        .or_else(|| begins().map(String::as_str))
        .or_else(|| {
            known.iter().find(|k| elsewhere().is_some_and(|(_, own)| k == own)).map(String::as_str)
        })
}

/// The error for an option nobody knows.
pub fn unknown_option(owner: &str, name: &str, known: &[String]) -> Error {
    let hint = meant(name, known).map_or_else(
        || format!("known options: {}", known.join(", ")),
        |n| format!("did you mean \"{n}\"?"),
    );
    Error::new(ErrorCode::InvalidOption, format!("{owner} has no option \"{name}\"; {hint}")).with(
        |d| {
            d.option = Some(name.into());
            d.model = Some(owner.into());
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_option_is_answered_with_the_one_that_was_meant() {
        let known = ["h", "inputSize", "histExogList", "learningRate"].map(String::from);
        let message = |name: &str| unknown_option("NHITS", name, &known).message;
        for (name, own) in [
            ("input_size", "inputSize"),
            ("hist_exog", "histExogList"),
            ("lr", "learningRate"),
            ("horizon", "h"),
        ] {
            let expected = format!("NHITS has no option \"{name}\"; did you mean \"{own}\"?");
            assert_eq!(message(name), expected);
        }
        assert!(
            message("x").ends_with("; known options: h, inputSize, histExogList, learningRate")
        );
        assert!(message("epochs").contains("known options"), "only what this model has");
    }
}
