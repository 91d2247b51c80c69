//! Calls by name: reading their options, refusing unknown ones, and the description from which the types are generated.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use super::{
    ChartOptions, ChartTables, CrossValidationOptions, DecomposeOptions, FileFormat, FileInput,
    FitMode, FitOptions, FutureOptions, Init, InsampleOptions, MetricsOptions, OnShort,
    PredictOptions, PredictorOptions, RunOptions, SaveOptions, SimulateOptions, TrainingCheckpoint,
    WindowOptions,
};
use crate::conformal::{ConformalMethod, PredictionIntervals};
use crate::data::{ColumnNames, CsvOptions, Decimal, NumericTime, OnGap, OnMissing, Table};
use crate::forecast::{By, EnsembleMethod, EnsembleOptions, Metric};
use crate::options::{
    Choice, Field, NoOptions, OptionValue, Options, check_given, object_of, read_option,
    unknown_option,
};
use crate::scalers::LocalScalerType;
use crate::simulation::Dependence;
use crate::{Error, Result};

/// A call, or an object that a call takes.
struct Call {
    name: &'static str,
    /// Name of the type of its options.
    ty: &'static str,
    doc: &'static str,
    own: fn() -> Vec<Field>,
    /// The options of [`RunOptions`] that it also has.
    of_run: &'static [&'static str],
    elsewhere: &'static [(&'static str, &'static str)],
}

const fn call<T: Options>(name: &'static str, of_run: &'static [&'static str]) -> Call {
    named::<T>(name, T::NAME, of_run)
}

const fn named<T: Options>(
    name: &'static str,
    ty: &'static str,
    of_run: &'static [&'static str],
) -> Call {
    Call { name, ty, doc: T::DOC, own: T::fields, of_run, elsewhere: T::ELSEWHERE }
}

/// Run options that every long call has.
const ALL: &[&str] = &["signal", "onProgress", "progressIntervalMs", "threads", "memoryLimitBytes"];

static CALLS: [Call; 23] = [
    call::<Init>("NeuralForecast", &[]),
    call::<FitOptions>("fit", ALL),
    call::<ColumnNames>("columns", &[]),
    call::<TrainingCheckpoint>("checkpoint", &[]),
    call::<PredictionIntervals>("predictionIntervals", &[]),
    call::<PredictOptions>("predict", ALL),
    call::<InsampleOptions>("predictInsample", ALL),
    call::<CrossValidationOptions>("crossValidation", ALL),
    call::<SimulateOptions>("simulate", ALL),
    call::<DecomposeOptions>("decompose", ALL),
    call::<FutureOptions>("makeFutureFrame", &[]),
    call::<FutureOptions>("missingFuture", &[]),
    Call { own: of_predictor, ..call::<PredictorOptions>("predictor", &[]) },
    named::<WindowOptions>("predictSync", "WindowExog", &[]),
    call::<SaveOptions>("save", &["signal"]),
    named::<NoOptions>("load", "LoadOptions", &["signal", "memoryLimitBytes"]),
    call::<(ChartOptions, ChartTables)>("toSVG", &[]),
    call::<MetricsOptions>("metrics", &[]),
    Call { own: of_ensemble, ..call::<EnsembleOptions>("ensemble", &[]) },
    call::<FileInput>("file", &[]),
    call::<CsvOptions>("readCsv", &[]),
    named::<NoOptions>("configure", "Settings", &["threads", "memoryLimitBytes"]),
    call::<RunOptions>("run", &[]),
];

/// In JavaScript, the model is a separate argument.
fn of_predictor() -> Vec<Field> {
    PredictorOptions::fields().into_iter().filter(|field| field.name != "model").collect()
}

/// In JavaScript, method and models are separate arguments.
fn of_ensemble() -> Vec<Field> {
    let apart = ["method", "models"];
    EnsembleOptions::fields().into_iter().filter(|field| !apart.contains(&&*field.name)).collect()
}

impl Call {
    fn of(name: &str) -> Result<&'static Self> {
        let names = || CALLS.iter().map(|call| call.name).collect::<Vec<_>>().join(", ");
        let found = CALLS.iter().find(|call| call.name == name);
        found.ok_or_else(|| Error::option("call", &format!("one of {}", names()), name))
    }

    fn fields(&self) -> Vec<Field> {
        let of_run = RunOptions::fields().into_iter();
        let of_run = of_run.filter(|field| self.of_run.contains(&&*field.name));
        (self.own)().into_iter().chain(of_run).collect()
    }

    fn unknown(&self, name: &str) -> Error {
        let known: Vec<String> = self.fields().into_iter().map(|field| field.name).collect();
        unknown_option(self.name, name, &known, self.elsewhere)
    }
}

/// The names of the options of a call, and of those that are tables.
struct Names {
    all: Vec<String>,
    tables: Vec<String>,
}

impl Names {
    /// The names of a call. They are collected once, because calls are frequent and their descriptions long.
    fn of(call: &Call) -> &'static Self {
        static ALL: OnceLock<Vec<Names>> = OnceLock::new();
        let names = |call: &Call| {
            let fields = call.fields();
            let tables = fields.iter().filter(|field| field.ts == Option::<Table>::ts());
            let tables = tables.map(|field| field.name.clone()).collect();
            Self { tables, all: fields.into_iter().map(|field| field.name).collect() }
        };
        let all = ALL.get_or_init(|| CALLS.iter().map(names).collect());
        let place = CALLS.iter().position(|other| other.name == call.name);
        &all[place.expect("it is one of the calls")]
    }
}

/// Refuses names of options that a call does not have.
pub fn check_names(call: &str, names: &[String]) -> Result<()> {
    let call = Call::of(call)?;
    let known = &Names::of(call).all;
    let unknown = names.iter().find(|name| !known.contains(name));
    unknown.map_or(Ok(()), |name| Err(call.unknown(name)))
}

/// The options of a call that are tables, which JSON cannot represent.
pub fn tables_of(call: &str) -> Result<Vec<String>> {
    Ok(Names::of(Call::of(call)?).tables.clone())
}

/// Reads the options of a call and of its run from JSON. Null counts as left out. `settings` are used for options of the
/// call that are not given.
pub fn read<T: Options>(call: &str, given: &str, settings: &str) -> Result<(T, RunOptions)> {
    let call = Call::of(call)?;
    let (given, settings) = (object(call, given)?, object(call, settings)?);
    let (mut own, mut of_run) = (T::default(), RunOptions::default());
    let mut set = |name: &str, value: &Value| {
        let shared = call.of_run.contains(&name);
        Ok::<_, Error>(own.set(name, value)? || (shared && of_run.set(name, value)?))
    };
    for (name, value) in &settings {
        set(name, value)?;
    }
    for (name, value) in &given {
        if !set(name, value)? {
            return Err(call.unknown(name));
        }
    }
    check_given::<T>(&given)?;
    Ok((own, of_run))
}

fn object(call: &Call, json: &str) -> Result<Map<String, Value>> {
    match serde_json::from_str(json) {
        Ok(Value::Object(map)) => Ok(map.into_iter().filter(|(_, v)| !v.is_null()).collect()),
        _ => {
            let names: Vec<String> = call.fields().into_iter().map(|field| field.name).collect();
            Err(Error::option(call.name, &object_of(&names), json))
        }
    }
}

/// The metrics of a JSON list of names; [`Metric::USUAL`] if left out.
pub fn metrics(names: Option<&str>) -> Result<Vec<Metric>> {
    let Some(names) = names else { return Ok(Metric::USUAL.to_vec()) };
    let names = serde_json::from_str(names).unwrap_or_else(|_| names.into());
    read_option("names", &names, &[])
}

/// All calls with their options and the types of these, for documentation and generated types.
pub fn describe() -> Value {
    let field = |f: Field| json!({ "name": f.name, "doc": f.doc, "ts": f.ts, "default": f.default, "range": f.range, "needed": f.needed });
    let fields = |all: Vec<Field>| all.into_iter().map(field).collect::<Vec<_>>();
    let call = |c: &Call| json!({ "name": c.name, "type": c.ty, "doc": c.doc.trim(), "ofRun": c.of_run, "options": fields((c.own)()) });
    json!({
        "calls": CALLS.iter().map(call).collect::<Vec<_>>(),
        "choices": [
            choice::<OnGap>("OnGap"),
            choice::<OnMissing>("OnMissing"),
            choice::<OnShort>("OnShort"),
            choice::<FitMode>("FitMode"),
            choice::<By>("By"),
            choice::<ConformalMethod>("ConformalMethod"),
            choice::<EnsembleMethod>("EnsembleMethod"),
            choice::<Dependence>("Dependence"),
            choice::<NumericTime>("TimeUnit"),
            choice::<LocalScalerType>("LocalScalerType"),
            choice::<FileFormat>("FileFormat"),
            choice::<Decimal>("Decimal"),
        ],
    })
}

fn choice<T: Choice + OptionValue>(ty: &str) -> Value {
    let values = T::VALUES.iter().map(|(name, doc)| json!({ "name": name, "doc": doc.trim() }));
    json!({ "type": ty, "doc": T::DOC.trim(), "ts": T::ts(), "values": values.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: Options>(call: &str, given: &Value) -> String {
        read::<T>(call, &given.to_string(), "{}").map(drop).unwrap_err().message
    }

    #[test]
    fn options_of_a_call_and_of_its_run_are_read_from_one_object() {
        let given = json!({ "valSize": 12.0, "onGap": "mask", "columns": { "time": "day" }, "threads": 2, "maxSteps": null });
        let (fit, run) = read::<FitOptions>("fit", &given.to_string(), "{}").unwrap();
        assert_eq!((fit.val_size, fit.on_gap, fit.max_steps), (12, OnGap::Mask, None));
        assert_eq!((&*fit.names.time, &*fit.names.id), ("day", "unique_id"));
        assert_eq!((run.threads, run.progress_interval_ms), (Some(2), 100.0));
    }

    #[test]
    fn settings_hold_where_a_call_has_them_and_is_not_told_otherwise() {
        let settings = json!({ "threads": 3, "memoryLimitBytes": 1000 }).to_string();
        let (_, run) = read::<FitOptions>("fit", r#"{ "threads": 2 }"#, &settings).unwrap();
        assert_eq!((run.threads, run.memory_limit_bytes), (Some(2), Some(1000)));
        let (predictor, _) = read::<PredictorOptions>("predictor", "{}", &settings).unwrap();
        assert_eq!(predictor.threads, Some(3));
        let (_, run) = read::<SaveOptions>("save", "{}", &settings).unwrap();
        assert_eq!((run.threads, run.memory_limit_bytes), (None, None), "save has neither");
    }

    #[test]
    fn what_a_call_does_not_have_is_refused_with_what_was_meant() {
        for (call, name, end) in [
            ("fit", "val_size", "did you mean \"valSize\"?"),
            ("fit", "df", "it is the first argument"),
            ("save", "threads", "it has overwrite, saveDataset, signal"),
            ("predictor", "model", "it is the first argument"),
            ("configure", "logLevel", "it has threads, memoryLimitBytes"),
            ("columns", "y", "did you mean \"target\"?"),
        ] {
            let refused = check_names(call, &[name.into()]).unwrap_err();
            assert_eq!(refused.message, format!("{call} has no option \"{name}\"; {end}"));
            assert_eq!(refused.details.option.as_deref(), Some(name));
        }
        let e = message::<SaveOptions>("save", &json!({ "threads": 2 }));
        assert_eq!(e, "save has no option \"threads\"; it has overwrite, saveDataset, signal");
        let e = message::<FitOptions>("fit", &json!({ "columns": { "y": "sales" } }));
        assert_eq!(e, "columns has no option \"y\"; did you mean \"target\"?");
    }

    #[test]
    fn what_has_to_be_given_and_what_is_out_of_range_is_said() {
        let models = "a list of model specs, such as NHITS({ h: 12, inputSize: 24 })";
        assert_eq!(
            message::<Init>("NeuralForecast", &json!({ "freq": 1 })),
            format!("option \"models\" is required: {models}")
        );
        assert_eq!(
            message::<Init>("NeuralForecast", &json!({ "models": [5] })),
            format!("option \"models\" must be {models}, got [5]")
        );
        assert_eq!(
            message::<InsampleOptions>("predictInsample", &json!({ "stepSize": 0 })),
            "option \"stepSize\" must be a whole number ≥ 1, got 0"
        );
        assert_eq!(
            metrics(Some(r#"["mae", 5]"#)).unwrap_err().message,
            "option \"names\" must be a list, each item the name of a metric, such as \"mae\", got [\"mae\",5]"
        );
        assert_eq!(metrics(None).unwrap(), Metric::USUAL);
    }

    #[test]
    fn tables_are_set_beside_json() {
        assert_eq!(tables_of("predict").unwrap(), ["data", "static", "future"]);
        assert_eq!(tables_of("toSVG").unwrap(), ["history", "actual"]);
        let (mut options, _) = read::<PredictOptions>("predict", "{}", "{}").unwrap();
        assert!(options.set_table("static", Table::one_series(vec![1.0])));
        assert!(options.static_table.is_some() && options.data.is_none());
        assert!(!options.set_table("h", Table::one_series(vec![1.0])), "no table");
        assert_eq!(
            message::<PredictOptions>("predict", &json!({ "data": 5 })),
            "option \"data\" must be a table or null, got 5"
        );
        assert!(options.check().is_ok());
    }

    #[test]
    fn every_option_has_a_sentence() {
        for call in &CALLS {
            let silent = call.fields().into_iter().find(|field| field.doc.is_empty());
            assert_eq!(silent.map(|field| field.name), None, "{}", call.name);
        }
    }
}
