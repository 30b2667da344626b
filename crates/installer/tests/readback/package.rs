//! A package in memory, as rows of text.

use installer::database;
use installer::trasa::{self, Contents};
use msi::{Package, Select, Value};
use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

/// A row: column name to value, empty for none.
pub type Row = BTreeMap<String, String>;

/// The package, opened.
pub struct Opened(Package<Cursor<Vec<u8>>>);

/// Any contents will do: what is in the files is not looked at here.
pub fn contents() -> Contents {
    Contents {
        provider: b"a provider".to_vec(),
        config: b"a program".to_vec(),
        host: b"another program".to_vec(),
        licences: [b"MIT".to_vec(), b"Apache".to_vec()],
        icon: Some(b"an icon".to_vec()),
    }
}

impl Opened {
    pub fn of(version: &str) -> Self {
        let package = trasa::package(version.parse().unwrap(), contents());
        Self(Package::open(Cursor::new(database::write(&package).unwrap())).unwrap())
    }

    pub fn tables(&self) -> Vec<String> {
        self.0.tables().map(|table| table.name().to_owned()).filter(|name| !name.starts_with('_')).collect()
    }

    pub fn rows(&mut self, table: &str) -> Vec<Row> {
        let rows = self.0.select_rows(Select::table(table)).unwrap();
        rows.map(|row| {
            let columns = row.columns().iter().map(|column| column.name().to_owned());
            let values = (0..row.len()).map(|at| match &row[at] {
                Value::Null => String::new(),
                Value::Int(number) => number.to_string(),
                Value::Str(text) => text.clone(),
                Value::Binary => "binary".to_owned(),
            });
            columns.zip(values).collect()
        })
        .collect()
    }

    /// One column of a table.
    pub fn column(&mut self, table: &str, column: &str) -> Vec<String> {
        self.rows(table).into_iter().map(|row| row[column].clone()).collect()
    }

    pub fn property(&mut self, name: &str) -> String {
        let rows = self.rows("Property");
        rows.iter().find(|row| row["Property"] == name).map(|row| row["Value"].clone()).unwrap_or_default()
    }

    pub fn stream(&mut self, name: &str) -> Vec<u8> {
        let mut content = Vec::new();
        self.0.read_stream(name).unwrap().read_to_end(&mut content).unwrap();
        content
    }

    pub fn has_stream(&self, name: &str) -> bool {
        self.0.has_stream(name)
    }

    pub fn summary(&self) -> &msi::SummaryInfo {
        self.0.summary_info()
    }
}
