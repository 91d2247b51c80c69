//! The options of a call as JavaScript passes them: JSON, and tables by the names of their options.

use std::collections::HashMap;

use engine::options::Options;
use engine::{RunOptions, calls};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error::to_napi;
use crate::table::{Source, TableInput};

/// The options of a call as JavaScript passes them.
#[napi(object, object_to_js = false)]
pub struct Given {
    /// The options except tables, `signal` and `onProgress`, as JSON.
    pub options: String,
    /// Settings that apply unless the options override them, as JSON.
    pub settings: String,
    /// The options that are tables, by name.
    pub tables: HashMap<String, TableInput>,
}

/// The options of a call before its tables are read.
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

/// Refuses option names that a call does not have. Returns the names of its options that are tables.
#[napi]
pub(crate) fn check_options(call: String, names: Vec<String>) -> Result<Vec<String>> {
    calls::check_names(&call, &names).and_then(|()| calls::tables_of(&call)).map_err(to_napi)
}

/// Refuses settings that are invalid for every call.
#[napi]
pub(crate) fn check_settings(settings: String) -> Result<()> {
    calls::read::<engine::options::NoOptions>("configure", &settings, "{}")
        .map(drop)
        .map_err(to_napi)
}
