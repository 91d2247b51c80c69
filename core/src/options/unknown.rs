//! Unknown options, and the ones that were probably meant.

use super::{Options, camel_case};
use crate::{Error, ErrorCode, nearest};

/// Names of options in other libraries, and the options here; see [`Options::ELSEWHERE`].
type Elsewhere<'a> = &'a [(&'a str, &'a str)];

/// What was probably meant: the option that another library calls `name`, else one with nearly the same spelling, else one
/// that begins with `name` or that `name` begins with.
fn meant<'a>(name: &str, known: &'a [String], elsewhere: Elsewhere<'a>) -> Option<&'a str> {
    let plain = name.replace('_', "").to_lowercase();
    let same = |names: &str| names.split(' ').any(|other| other == plain);
    let other = elsewhere.iter().find(|(names, _)| same(names)).map(|(_, here)| *here);
    let there = |here: &&str| here.contains(' ') || known.iter().any(|k| k == here);
    let camel = camel_case(name);
    let begins = |k: &&String| {
        (k.len() > 2 && camel.starts_with(k.as_str())) || (camel.len() > 2 && k.starts_with(&camel))
    };
    other
        .filter(there)
        .or_else(|| nearest(name, known.iter().map(String::as_str)))
        .or_else(|| known.iter().find(begins).map(String::as_str))
}

/// The error for an unknown option of `owner`.
pub fn unknown_option(owner: &str, name: &str, known: &[String], elsewhere: Elsewhere) -> Error {
    let near = meant(name, known, elsewhere);
    let option = near.filter(|near| known.iter().any(|k| k == near));
    let hint = match (option, near) {
        (Some(option), _) => format!("did you mean \"{option}\"?"),
        (None, Some(sentence)) => sentence.into(),
        (None, None) => format!("it has {}", known.join(", ")),
    };
    let message = format!("{owner} has no option \"{name}\"; {hint}");
    Error::new(ErrorCode::InvalidOption, message).with(|d| {
        d.option = Some(name.into());
        d.expected = Some(option.map_or_else(|| known.into(), Into::into));
    })
}

/// The error for an option that the struct `T` does not have.
pub fn no_option<T: Options>(owner: &str, name: &str) -> Error {
    let known: Vec<String> = T::fields().into_iter().map(|field| field.name).collect();
    unknown_option(owner, name, &known, T::ELSEWHERE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_option_is_answered_with_the_one_that_was_meant() {
        let known = ["h", "inputSize", "histExogList", "learningRate"].map(String::from);
        let elsewhere = [
            ("horizon steps", "h"),
            ("lr", "learningRate"),
            ("epochs", "maxSteps"),
            ("df", "it is the first argument"),
        ];
        let error = |name: &str| unknown_option("NHITS", name, &known, &elsewhere);
        for (name, own) in [
            ("input_size", "inputSize"),
            ("hist_exog", "histExogList"),
            ("inputSizeMax", "inputSize"),
            ("lr", "learningRate"),
            ("horizon", "h"),
            ("Steps", "h"),
        ] {
            let expected = format!("NHITS has no option \"{name}\"; did you mean \"{own}\"?");
            assert_eq!(error(name).message, expected);
            assert_eq!(error(name).details.expected, Some(json!(own)));
        }
        assert_eq!(error("df").message, "NHITS has no option \"df\"; it is the first argument");
        let all = "; it has h, inputSize, histExogList, learningRate";
        assert!(error("x").message.ends_with(all));
        assert_eq!(error("x").details.expected, Some(json!(known)));
        assert!(error("epochs").message.ends_with(all), "only what this model has");
    }
}
