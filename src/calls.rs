//! What a call is given beside its arguments: options as JSON, and tables by the names of their options.

use std::collections::HashMap;

use engine::options::Options;
use engine::{RunOptions, calls};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error::to_napi;
use crate::table::{Source, TableInput};

/// What a call is given.
#[napi(object, object_to_js = false)]
pub struct Given {
    /// The options that JSON carries, as JSON.
    pub options: String,
    /// What holds where options do not say otherwise, as JSON.
    pub settings: String,
    /// The options that are tables, by name.
    pub tables: HashMap<String, TableInput>,
}

/// The options of a call, whose tables are still to be read.
pub(crate) struct Call<T> {
    pub(crate) options: T,
    pub(crate) of_run: RunOptions,
    tables: Vec<(String, Source)>,
}

impl Given {
    /// Reads the options and copies the tables. Runs on the JavaScript thread.
    pub(crate) fn read<T: Options>(self, call: &str) -> Result<Call<T>> {
        let (options, of_run) =
            calls::read::<T>(call, &self.options, &self.settings).map_err(to_napi)?;
        let tables = self.tables.into_iter().map(|(name, table)| (name, table.copy())).collect();
        Ok(Call { options, of_run, tables })
    }
}

impl<T: Options> Call<T> {
    /// The options with their tables. Runs on a worker thread.
    pub(crate) fn complete(mut self) -> engine::Result<T> {
        for (name, table) in self.tables {
            self.options.set_table(&name, table.read()?);
        }
        Ok(self.options)
    }
}

/// Refuses names of options that a call does not have, and says which of its options are tables.
#[napi]
pub(crate) fn check_options(call: String, names: Vec<String>) -> Result<Vec<String>> {
    calls::check_names(&call, &names).and_then(|()| calls::tables_of(&call)).map_err(to_napi)
}

/// Refuses settings that no call could have.
#[napi]
pub(crate) fn check_settings(settings: String) -> Result<()> {
    calls::read::<engine::options::NoOptions>("configure", &settings, "{}")
        .map(drop)
        .map_err(to_napi)
}
