//! Common names of the id, time and target columns, suggested if a table lacks one of these columns but has such a name.

use super::assembly::PanelOptions;
use super::columns::{camel_case, find, same_name};
use super::table::Table;
use crate::{Error, nearest};

const USUAL: [(&str, &[&str]); 3] = [
    (
        "id",
        &[
            "id",
            "series",
            "series_id",
            "item",
            "item_id",
            "store",
            "store_id",
            "sku",
            "product",
            "product_id",
            "key",
            "name",
            "symbol",
            "ticker",
            "group",
            "entity",
            "unique",
        ],
    ),
    (
        "time",
        &[
            "date",
            "datetime",
            "date_time",
            "timestamp",
            "time",
            "ts",
            "dt",
            "day",
            "week",
            "month",
            "quarter",
            "year",
            "period",
            "t",
            "step",
        ],
    ),
    (
        "target",
        &[
            "value", "values", "target", "sales", "demand", "y", "quantity", "qty", "amount",
            "count", "price", "close", "load", "units",
        ],
    ),
];

/// Extends the error for an absent special column with the option that names the columns; other errors are unchanged.
pub(crate) fn with_roles(mut error: Error, table: &Table, options: &PanelOptions) -> Error {
    let names = &options.names;
    let roles = USUAL.iter().zip([&names.id, &names.time, &names.target]);
    let lacking: Vec<_> = roles.filter(|(_, own)| find(table, own).is_none()).collect();
    let at_fault = lacking.iter().find(|(_, own)| error.details.column.as_ref() == Some(own));
    let Some(((role_at_fault, _), _)) = at_fault else { return error };
    let taken = |name: &str| {
        let special = [&names.id, &names.time, &names.target, &names.weight, &names.mask];
        special.into_iter().chain(&options.exogenous).any(|other| same_name(other, name))
    };
    let free = || table.names().filter(|name| !taken(name));
    let meant = |usual: &[&str], own: &str| {
        let camel = |name: &str| camel_case(name).to_lowercase();
        let is_usual =
            |name: &&str| usual.iter().any(|u| camel(u) == camel(&name.replace(' ', "_")));
        nearest(own, free()).or_else(|| free().find(is_usual))
    };
    let found = lacking.iter().filter_map(|((role, usual), own)| {
        meant(usual, own).map(|name| format!("{role}: '{name}'"))
    });
    let mut said: Vec<String> = found.collect();
    if said.is_empty() {
        said.push(format!("{role_at_fault}: '…'"));
    }
    let said = said.join(", ");
    error.message.push_str(&format!(". Say what the columns are called: columns: {{ {said} }}"));
    error.with(|d| d.option = Some("columns".into()))
}

#[cfg(test)]
mod tests {
    use super::super::panel::Panel;
    use super::super::table::Column;
    use super::*;

    fn message(columns: &[&str], options: &PanelOptions) -> String {
        let column = |name: &&str| (name.to_string(), Column::Int(vec![1, 1]));
        let table = Table::new(columns.iter().map(column).collect()).unwrap();
        let error = Panel::from_table(&table, options).unwrap_err();
        with_roles(error, &table, options).message
    }

    #[test]
    fn usual_names_are_offered_for_what_is_lacking() {
        let options = PanelOptions::default();
        for (columns, expected) in [
            (
                &["date", "value"][..],
                "there is no time column \"ds\". The table has: date, value. \
                 Say what the columns are called: columns: { time: 'date', target: 'value' }",
            ),
            (
                &["Series ID", "Timestamp", "sales"],
                "there is no time column \"ds\". The table has: Series ID, Timestamp, sales. \
                 Say what the columns are called: columns: { id: 'Series ID', time: 'Timestamp', target: 'sales' }",
            ),
            (
                &["ds", "yhat"],
                "there is no target column \"y\". The table has: ds, yhat. \
                 Say what the columns are called: columns: { target: '…' }",
            ),
            (
                &["store", "ds", "y"],
                "the table has no column \"unique_id\" and times repeat; with more than one series, that column must \
                 say which series a row belongs to. Say what the columns are called: columns: { id: 'store' }",
            ),
        ] {
            assert_eq!(message(columns, &options), expected);
        }
    }

    #[test]
    fn exogenous_columns_and_other_errors_are_left_alone() {
        let options = PanelOptions { exogenous: vec!["price".into()], ..PanelOptions::default() };
        assert!(message(&["unique_id", "ds", "price"], &options).ends_with("{ target: '…' }"));
        let text = Column::Text(vec![Some("two".into())].into());
        let columns = vec![("ds".into(), Column::Int(vec![1])), ("y".into(), text)];
        let table = Table::new(columns).unwrap();
        let error = Panel::from_table(&table, &PanelOptions::default()).unwrap_err();
        let before = error.message.clone();
        assert_eq!(with_roles(error, &table, &PanelOptions::default()).message, before);
    }
}
