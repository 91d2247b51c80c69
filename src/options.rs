//! Options of the calls, from the JSON that the face sends; which names exist is the face's to check.

use engine::data::{
    ColumnNames, CsvOptions, Decimal, Frequency, LocalScaling, NumericTime, OnGap, OnMissing,
    TimeZone,
};
use engine::scalers::LocalScalerType;
use engine::{Error, FitMode, OnShort, Result, TrainingCheckpoint};
use serde_json::{Map, Value};

/// Options of one call, by name.
pub(crate) struct Options(Map<String, Value>);

impl Options {
    /// Reads the JSON object of the face.
    pub(crate) fn parse(json: &str) -> Result<Self> {
        let Ok(Value::Object(map)) = serde_json::from_str(json) else {
            return Err(Error::option("options", "an object", json));
        };
        Ok(Self(map.into_iter().filter(|(_, v)| !v.is_null()).collect()))
    }

    /// A whole number that is not negative.
    pub(crate) fn count(&self, name: &str) -> Result<usize> {
        self.0.get(name).map_or(Ok(0), |v| match v.as_u64() {
            Some(n) => Ok(n as usize),
            None => Err(Error::option(name, "a whole number ≥ 0", v.clone())),
        })
    }

    /// A whole number of at least 1.
    pub(crate) fn size(&self, name: &str) -> Result<Option<usize>> {
        let size = |v: &Value| match v.as_u64() {
            Some(n) if n > 0 => Ok(n as usize),
            _ => Err(Error::option(name, "a whole number ≥ 1", v.clone())),
        };
        self.0.get(name).map(size).transpose()
    }

    /// `true` or `false`, or the value when left out.
    pub(crate) fn flag(&self, name: &str, otherwise: bool) -> Result<bool> {
        self.0.get(name).map_or(Ok(otherwise), |v| {
            v.as_bool().ok_or_else(|| Error::option(name, "true or false", v.clone()))
        })
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>> {
        let text = |v: &Value| {
            v.as_str().map(String::from).ok_or_else(|| Error::option(name, "a text", v.clone()))
        };
        self.0.get(name).map(text).transpose()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        self.list(name, "a list of texts", |v| v.as_str().map(String::from))
    }

    /// A list of numbers.
    pub(crate) fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>> {
        self.list(name, "a list of numbers", Value::as_f64)
    }

    fn list<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<Vec<T>>> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let items = value.as_array().and_then(|items| items.iter().map(read).collect());
        items.map(Some).ok_or_else(|| Error::option(name, expected, value.clone()))
    }

    /// What the special columns are called.
    pub(crate) fn column_names(&self) -> Result<ColumnNames> {
        let mut names = ColumnNames::default();
        let Some(Value::Object(given)) = self.0.get("columns") else { return Ok(names) };
        let given = Self(given.clone());
        let fields = [
            ("id", &mut names.id),
            ("time", &mut names.time),
            ("target", &mut names.target),
            ("weight", &mut names.weight),
            ("mask", &mut names.mask),
        ];
        for (key, field) in fields {
            if let Some(name) = given.text(key)? {
                *field = name;
            }
        }
        Ok(names)
    }

    /// What to do where a series skips a time.
    pub(crate) fn on_gap(&self) -> Result<Option<OnGap>> {
        self.text("onGap")?.map(|text| OnGap::parse(&text)).transpose()
    }

    /// What to do with series shorter than the input.
    pub(crate) fn on_short(&self) -> Result<OnShort> {
        Ok(self.text("onShort")?.map(|text| OnShort::parse(&text)).transpose()?.unwrap_or_default())
    }

    /// What to do with missing values.
    pub(crate) fn on_missing(&self) -> Result<Option<OnMissing>> {
        self.text("onMissing")?.map(|text| OnMissing::parse(&text)).transpose()
    }

    /// Where training begins.
    pub(crate) fn mode(&self) -> Result<FitMode> {
        match self.text("mode")?.as_deref() {
            None | Some("fresh") => Ok(FitMode::Fresh),
            Some("continue") => Ok(FitMode::Continue),
            Some(other) => Err(Error::option("mode", "\"fresh\" or \"continue\"", other)),
        }
    }

    /// Where and how often training is saved on its way.
    pub(crate) fn checkpoint(&self) -> Result<Option<TrainingCheckpoint>> {
        let Some(value) = self.0.get("checkpoint") else { return Ok(None) };
        let expected = "{ path: a directory, everySteps: a whole number ≥ 1 }";
        let wrong = || Error::option("checkpoint", expected, value.clone());
        let given = Self(value.as_object().ok_or_else(wrong)?.clone());
        let path = given.text("path")?.ok_or_else(wrong)?.into();
        let every_steps = given.size("everySteps")?.ok_or_else(wrong)?;
        Ok(Some(TrainingCheckpoint { path, every_steps }))
    }

    /// How far apart the times are; `None` means: to be inferred.
    pub(crate) fn frequency(&self) -> Result<Option<Frequency>> {
        match self.0.get("freq") {
            None => Ok(None),
            Some(Value::String(alias)) => Frequency::parse(alias).map(Some),
            Some(Value::Number(n)) if n.as_i64().is_some() => {
                Frequency::step(n.as_i64().unwrap_or(0)).map(Some)
            }
            Some(v) => Err(Error::option(
                "freq",
                "a pandas alias such as \"MS\", or a whole number of steps",
                v.clone(),
            )),
        }
    }

    /// How a CSV file is written.
    pub(crate) fn csv(&self) -> Result<CsvOptions> {
        let decimal = self.text("decimal")?.as_deref().map(Decimal::parse).transpose()?;
        Ok(CsvOptions { decimal: decimal.unwrap_or_default() })
    }

    /// What numbers in time columns count.
    pub(crate) fn time_unit(&self) -> Result<Option<NumericTime>> {
        self.text("timeUnit")?.as_deref().map(NumericTime::parse).transpose()
    }

    /// The time zone of the machine, if it is one that the engine knows; the face gives it, users do not.
    pub(crate) fn machine_zone(&self) -> Result<Option<TimeZone>> {
        Ok(self.text("machineZone")?.and_then(|name| TimeZone::parse(&name).ok()))
    }

    /// How whole series and static columns are scaled.
    pub(crate) fn local_scaling(&self) -> Result<LocalScaling> {
        let kind = |name: &str| {
            self.0.get(name).map(|v| LocalScalerType::from_option(name, v)).transpose()
        };
        Ok(LocalScaling {
            temporal: kind("localScalerType")?,
            statics: kind("localStaticScalerType")?,
        })
    }

    /// The options that have no reader of their own.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }
}
