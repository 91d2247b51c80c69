//! Names of the columns of a forecast: no two may be the same, whether of models or of the table.

use super::models::Models;
use crate::data::{ColumnNames, same_name};
use crate::models::Instance;
use crate::objective::Output;
use crate::{Error, ErrorCode, Result};

/// What a column is, for messages, and its name.
type Taken<'a> = (&'static str, &'a str);

impl Models {
    /// Refuses aliases that collide whatever the table is.
    pub(super) fn check_aliases(&self) -> Result<()> {
        for (j, model) in self.iter().enumerate() {
            let same = |other: &&Instance| {
                other.name() == model.name()
                    && (other.common.alias.is_some() || model.common.alias.is_some())
            };
            // Upstream appends a number to the second.
            let Some(other) = self[..j].iter().find(same) else { continue };
            let message = format!(
                "two models, {} and {}, are both called \"{}\"; give each an alias of its own",
                other.class(),
                model.class(),
                model.name()
            );
            return Err(refusal(message, model));
        }
        let exogenous = self.exogenous();
        let exogenous = exogenous.iter().map(|name| ("an exogenous column", &name[..]));
        self.check_titles(&[("the cutoff", "cutoff")])?;
        self.check_titles(&exogenous.collect::<Vec<_>>())
    }

    /// Refuses special columns of a training table that have the same name, or the name of a model column, even if no
    /// forecast shows both.
    pub(super) fn check_columns(&self, names: &ColumnNames) -> Result<()> {
        let roles = [
            ("the id column", &names.id[..]),
            ("the time column", &names.time),
            ("the target column", &names.target),
            ("the weight column", &names.weight),
            ("the mask column", &names.mask),
        ];
        for (i, (role, name)) in roles.iter().enumerate() {
            if let Some((other, _)) = roles[..i].iter().find(|(_, other)| same_name(other, name)) {
                let message = format!(
                    "columns: {other} and {role} are both called \"{name}\"; name two columns"
                );
                return Err(Error::new(ErrorCode::InvalidOption, message).with(|d| {
                    d.option = Some("columns".into());
                    d.column = Some((*name).into());
                }));
            }
        }
        self.check_titles(&roles)
    }

    /// Refuses columns of models that have the name of another model's column, or of one of `taken`.
    pub(super) fn check_titles(&self, taken: &[Taken<'_>]) -> Result<()> {
        let names = self.names();
        let called = |i: usize| format!("{}, called \"{}\",", self[i].class(), names[i]);
        for (i, model) in self.iter().enumerate() {
            for (what, column) in taken {
                if let Some(title) = titles(model, &names[i]).find(|t| same_name(t, column)) {
                    let message = format!(
                        "{} would have the column \"{title}\", but \"{column}\" is {what}; choose another alias",
                        called(i)
                    );
                    return Err(refusal(message, model));
                }
            }
            for j in 0..self.len() {
                let own = |title: &String| owns(model, &names[i], title);
                let shared = (j != i).then(|| titles(&self[j], &names[j]).find(own));
                if let Some(title) = shared.flatten() {
                    let message = format!(
                        "{} and {} would both have the column \"{title}\"; choose another alias",
                        called(i.min(j)),
                        called(i.max(j))
                    );
                    let aliased = [j, i].into_iter().find(|k| self[*k].common.alias.is_some());
                    return Err(refusal(message, &self[aliased.unwrap_or(i)]));
                }
            }
        }
        Ok(())
    }
}

/// The name of a model and the names of its columns.
fn titles(model: &Instance, name: &str) -> impl Iterator<Item = String> {
    let columns = model.loss.outputs.iter().map(move |output| format!("{name}{output}"));
    std::iter::once(name.to_string()).chain(columns)
}

/// Whether a model has a column of this name, or would have it if some quantile were requested.
fn owns(model: &Instance, name: &str, title: &str) -> bool {
    let output = || Output::parse(title.strip_prefix(name)?)?.tau();
    let asked = || output().is_some();
    (model.forecasts_any_quantile() && asked()) || titles(model, name).any(|own| own == title)
}

fn refusal(message: String, model: &Instance) -> Error {
    Error::new(ErrorCode::InvalidOption, message).with(|d| {
        d.option = Some("alias".into());
        d.model = Some(model.class().into());
        d.actual = model.common.alias.clone().map(Into::into);
    })
}
