//! Fills a table: one object of each kind is made over HTTP, and the others are copies of its items under other ids, which go
//! past the stream and past conditions.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use support::TestApp;

type Item = HashMap<String, AttributeValue>;

/// Items in one import.
const BATCH: usize = 20_000;

/// Items that were read as they stand.
pub(crate) struct Pattern {
    items: Vec<Item>,
}

fn text<'i>(item: &'i Item, name: &str) -> &'i str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

fn mentions(value: &AttributeValue, word: &str) -> bool {
    match value {
        AttributeValue::S(text) => text.contains(word),
        AttributeValue::Ss(texts) => texts.iter().any(|text| text.contains(word)),
        AttributeValue::M(map) => map.values().any(|value| mentions(value, word)),
        AttributeValue::L(list) => list.iter().any(|value| mentions(value, word)),
        AttributeValue::N(_) | _ => false,
    }
}

impl Pattern {
    /// All items of the kinds that name a word, such as an id.
    pub(crate) async fn read(app: &TestApp, kinds: &[&str], word: &str) -> Self {
        #[expect(clippy::disallowed_methods, reason = "patterns are read as they stand")]
        let scan = app.dynamodb.scan().table_name(&app.table).consistent_read(true);
        let items = scan.send().await.expect("a scan").items.unwrap_or_default().into_iter();
        let is_of = |item: &Item| {
            kinds.contains(&text(item, "entity")) && item.values().any(|value| mentions(value, word))
        };
        let items: Vec<Item> = items.filter(is_of).collect();
        for kind in kinds {
            assert!(items.iter().any(|item| text(item, "entity") == *kind), "there is no pattern of {kind}");
        }
        Self { items }
    }

    /// A text of the first item of a kind.
    pub(crate) fn text_of(&self, kind: &str, name: &str) -> String {
        let item = self.items.iter().find(|item| text(item, "entity") == kind).expect("a pattern");
        text(item, name).to_owned()
    }

    /// The items in DynamoDB's JSON, with other texts in place of some.
    pub(crate) fn copies(&self, replaced: &[(&str, &str)]) -> Vec<Value> {
        self.items.iter().map(|item| json_item(item, replaced)).collect()
    }
}

fn other(text: &str, replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn json_of(value: &AttributeValue, replaced: &[(&str, &str)]) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": other(text, replaced)}),
        AttributeValue::Ss(texts) => {
            json!({"SS": texts.iter().map(|text| other(text, replaced)).collect::<Vec<_>>()})
        }
        AttributeValue::N(digits) => json!({"N": digits}),
        AttributeValue::Bool(flag) => json!({"BOOL": flag}),
        AttributeValue::Null(_) => json!({"NULL": true}),
        AttributeValue::M(map) => json!({"M": json_item(map, replaced)}),
        AttributeValue::L(list) => {
            json!({"L": list.iter().map(|value| json_of(value, replaced)).collect::<Vec<_>>()})
        }
        AttributeValue::B(_) | _ => panic!("a pattern has {value:?}"),
    }
}

fn json_item(item: &Item, replaced: &[(&str, &str)]) -> Value {
    item.iter().map(|(name, value)| (name.clone(), json_of(value, replaced))).collect::<Map<_, _>>().into()
}

/// An id of a kind, older than everything that is made while measuring.
pub(crate) fn id(kind: usize, number: usize) -> String {
    format!("01900000-{kind:04x}-7000-8000-{number:012x}")
}

/// Puts copies into the table, a batch at a time.
pub(crate) fn import(app: &TestApp, copies: impl Iterator<Item = Vec<Value>>) {
    let mut batch = Vec::new();
    for items in copies {
        batch.extend(items);
        if batch.len() >= BATCH {
            app.aws.import(&app.table, std::mem::take(&mut batch)).expect("an import");
        }
    }
    app.aws.import(&app.table, batch).expect("an import");
}
