//! Values at the edges of a schema and beside them: some are valid, some are not, and the schema itself says which.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use support::description::DESCRIPTION;

/// Values for every member, of whatever type it should be.
fn of_any_type() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(2),
        json!(-1),
        json!(1.5),
        json!(1e30),
        json!([]),
        json!({}),
        json!([[]]),
        json!([null]),
    ]
}

/// Texts for every member.
const FEW_TEXTS: [&str; 7] = ["", "a", "0", "1", "true", "null", "550e8400-e29b-41d4-a716-446655440000"];

/// Texts that are blank, or have something in them that is not to be seen.
const BLANKS: [&str; 15] = [
    "", " ", "\t", "a", " a ", "a b", "a\nb", "a\u{0}b", "\u{0}", "\u{85}", "a\u{85}b", "a\u{7f}b", "\u{a0}",
    "\u{2028}", "\u{feff}",
];

/// Texts that some member, parameter or header takes for something.
const TEXTS: [&str; 78] = [
    "",
    " ",
    "\t",
    "a",
    " a ",
    "a b",
    "a\nb",
    "a\u{0}b",
    "\u{0}",
    "\u{85}",
    "a\u{85}b",
    "a\u{7f}b",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "😀",
    "null",
    "0",
    "1",
    "-1",
    "true",
    "TRUE",
    "False",
    "yes",
    "NO",
    "on",
    "oFF",
    "*",
    "\"tag\"",
    "W/\"tag\"",
    "\"a\", \"b\"",
    "\"a\"\"b\"",
    "tag",
    "sg-01234567",
    "sg-0123456",
    "sg-0123456789abcdef0",
    "sg-0123456789abcdef01",
    "sg-0123456G",
    "SG-01234567",
    "eu-central-1",
    "eu-central-123",
    "EU-central-1",
    "eu-1",
    "550e8400-e29b-41d4-a716-446655440000",
    "550E8400-E29B-41D4-A716-446655440000",
    "550e8400e29b41d4a716446655440000",
    "{550e8400-e29b-41d4-a716-446655440000}",
    "550e8400-e29b-41d4-a716-44665544000",
    "YcVfxkQb6JRzqk5kF2tNLv",
    "ZcVfxkQb6JRzqk5kF2tNLv",
    "YcVfxkQb6JRzqk5kF2tNL",
    "0cVfxkQb6JRzqk5kF2tNLv",
    "credentials://YcVfxkQb6JRzqk5kF2tNLv",
    "credentials://550e8400-e29b-41d4-a716-446655440000",
    "credentials://",
    "ada@acme.example",
    "a@b",
    "@b.cc",
    "a@b..cc",
    "a b@c.dd",
    "a@-b.cc",
    "a@b-.cc",
    "a@b_c.dd",
    "ä@bücher.example",
    "a@b@c.dd",
    "8.8.8.8",
    "8.8.8.256",
    "2606:4700::1111",
    "fe80::1",
    "2099-12-31T23:59:59Z",
    "2099-12-31T23:59:59+02:00",
    "2099-12-31T23:59:59.5Z",
    "2099-12-31",
    "2099-13-31T23:59:59Z",
    ".",
    "..",
    "a/b",
];

/// Addresses at the edges of what is public unicast.
const ADDRESSES: [&str; 42] = [
    "0.255.255.255",
    "1.0.0.1",
    "9.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "127.0.0.1",
    "128.0.0.1",
    "169.253.255.255",
    "169.254.0.0",
    "169.255.0.0",
    "172.15.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.0.1",
    "192.0.1.1",
    "192.167.255.255",
    "192.168.0.1",
    "192.169.0.0",
    "198.17.255.255",
    "198.18.0.0",
    "198.19.255.255",
    "198.20.0.0",
    "203.0.113.9",
    "223.255.255.255",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "2001:0:1::1",
    "2001:4860::8888",
    "2002::1",
    "2003::1",
    "3fff:ffff::1",
    "::ffff:8.8.8.8",
];

/// Texts of a length that different patterns take.
fn of_length(length: usize) -> Vec<String> {
    // Not of blanks: those around a text of a credential are removed before it is measured.
    let mut texts = vec!["a".repeat(length), "😀".repeat(length)];
    if length == "a@b.c".len() {
        texts.push("a@b.c".into());
    }
    if length > 6 {
        // A region, and an address of e-mail whose labels are as long as they may be.
        texts.push(format!("eu-{}-1", "b".repeat(length - 5)));
        let local = "a".repeat((length - 5).min(64));
        let labels = ("b".repeat(63) + ".").repeat(4);
        let domain: String = labels.chars().take(length - local.len() - 1).collect();
        texts.push(format!("{local}@{domain}"));
    }
    texts
}

/// A schema and all that it is made of: its reference, and the schemas that it joins.
pub(super) fn parts(schema: &Value) -> Vec<&Value> {
    let mut parts = vec![schema];
    if schema.get("$ref").is_some() {
        parts.extend(self::parts(DESCRIPTION.resolved(schema)));
    }
    for joined in ["allOf", "anyOf", "oneOf"] {
        let schemas = schema[joined].as_array().into_iter().flatten();
        parts.extend(schemas.flat_map(self::parts));
    }
    parts
}

/// The members that a schema speaks of, each with its schemas.
pub(super) fn properties(schema: &Value) -> Map<String, Value> {
    let mut all = Map::new();
    for part in parts(schema) {
        for (name, schema) in part["properties"].as_object().into_iter().flatten() {
            all.entry(name.as_str()).or_insert_with(|| schema.clone());
        }
    }
    all
}

/// Values at the limits of a schema and beside them, those that it lists, and two that most members do not take.
pub(super) fn at_limits(schema: &Value) -> Vec<Value> {
    let mut values = vec![json!(""), json!("nobody lists this")];
    for part in parts(schema) {
        values.extend(part["enum"].as_array().into_iter().flatten().cloned());
        values.extend(part.get("const").cloned());
        for (limit, beyond) in [("minLength", -1), ("maxLength", 1)] {
            if let Some(limit) = part[limit].as_i64() {
                let lengths = [limit, limit + beyond].into_iter();
                let lengths = lengths.filter_map(|length| usize::try_from(length).ok());
                values.extend(lengths.flat_map(of_length).map(Value::from));
            }
        }
        for (limit, beyond) in [("minimum", -1), ("maximum", 1)] {
            if let Some(limit) = part[limit].as_i64() {
                values.extend([json!(limit), json!(limit + beyond)]);
            }
        }
    }
    values
}

/// Values for a schema.
pub(super) fn of(schema: &Value) -> Vec<Value> {
    let parts = parts(schema);
    let says = |keyword: &str, word: &str| {
        parts.iter().any(|part| {
            part[keyword] == word || part[keyword].as_array().is_some_and(|all| all.contains(&json!(word)))
        })
    };
    let mut values = of_any_type();
    values.extend(FEW_TEXTS.map(Value::from));
    // What takes every text takes these; what wants a form is shown every other one.
    let has_form = parts.iter().any(|part| part.get("pattern").or_else(|| part.get("format")).is_some());
    if says("type", "string") {
        let texts = if has_form { &TEXTS[..] } else { &BLANKS[..] };
        values.extend(texts.iter().map(|text| json!(text)));
    }
    if says("format", "ipv4") || says("format", "ipv6") {
        values.extend(ADDRESSES.map(Value::from));
    }
    values.extend(at_limits(schema));
    values.extend(parts.iter().filter_map(|part| part.get("items")).flat_map(lists));
    values.extend(objects(schema));
    let mut known = BTreeSet::new();
    values.retain(|value| known.insert(value.to_string()));
    values
}

/// Values for what is within a value.
fn within(schema: &Value) -> Vec<Value> {
    let mut values = of_any_type();
    values.extend(FEW_TEXTS.map(Value::from));
    values.extend(at_limits(schema));
    values.extend(parts(schema).into_iter().filter_map(|part| part.get("items")).flat_map(lists));
    values
}

/// Lists of one of the items' values, and of a valid one twice.
fn lists(items: &Value) -> Vec<Value> {
    let items_of = within(items);
    let valid = items_of.iter().find(|value| DESCRIPTION.allows(items, value)).cloned();
    let twice = valid.map(|value| json!([value, value]));
    items_of.into_iter().map(|value| json!([value])).chain(twice).collect()
}

/// Objects of one member, and of all sets of members with valid values.
fn objects(schema: &Value) -> Vec<Value> {
    let (mut objects, mut valid) = (Vec::new(), Vec::new());
    for (name, schema) in properties(schema) {
        let values = within(&schema);
        let good = values.iter().filter(|value| !value.is_null() && DESCRIPTION.allows(&schema, value));
        valid.extend(good.max_by_key(|value| value.as_i64()).map(|value| (name.clone(), value.clone())));
        objects.extend(values.into_iter().map(|value| json!({name.as_str(): value})));
    }
    let sets = 1_usize << valid.len().min(6);
    objects.extend((0..sets).map(|set| {
        let chosen = valid.iter().enumerate().filter(|(place, _)| set & (1 << place) != 0);
        Value::Object(chosen.map(|(_, member)| member.clone()).collect())
    }));
    objects
}
