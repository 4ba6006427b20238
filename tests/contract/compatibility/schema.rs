//! Two schemas of the same value.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{Comparison, Way, members, resolved, texts};

/// Keywords that say nothing about which values are valid.
const ANNOTATIONS: [&str; 7] =
    ["$ref", "$comment", "title", "description", "example", "examples", "deprecated"];
/// Keywords that are compared here.
const COMPARED: [&str; 23] = [
    "type",
    "enum",
    "const",
    "properties",
    "required",
    "items",
    "propertyNames",
    "additionalProperties",
    "unevaluatedProperties",
    "pattern",
    "format",
    "uniqueItems",
    "allOf",
    "anyOf",
    "oneOf",
    "minLength",
    "minimum",
    "minItems",
    "minProperties",
    "maxLength",
    "maximum",
    "maxItems",
    "maxProperties",
];
const LOWER_LIMITS: [&str; 4] = ["minLength", "minimum", "minItems", "minProperties"];
const UPPER_LIMITS: [&str; 4] = ["maxLength", "maximum", "maxItems", "maxProperties"];
const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

/// Old and new.
type Pair<'a> = (&'a Value, &'a Value);

fn types(schema: &Value) -> BTreeSet<&str> {
    let mut types = match schema.get("type") {
        Some(Value::String(one)) => BTreeSet::from([one.as_str()]),
        Some(list) => texts(list),
        None => BTreeSet::from(TYPES),
    };
    if types.contains("number") {
        types.insert("integer");
    }
    types
}

/// The values that a schema lists, where it does.
fn listed(schema: &Value) -> Option<Vec<&Value>> {
    let constant = schema.get("const").map(|value| vec![value]);
    constant.or_else(|| Some(schema["enum"].as_array()?.iter().collect()))
}

impl Comparison<'_> {
    /// Compares what is valid under two schemas, whose references are followed.
    pub(super) fn schema(&mut self, place: &str, (old, new): Pair<'_>, way: Way) {
        let name = |schema: &Value| schema["$ref"].as_str().map(str::to_owned);
        let mut place = place.to_owned();
        if let (Some(old), Some(new)) = (name(old), name(new)) {
            // Each named schema is told of by its name, once for each way that its values go.
            let way_in_words = if way == Way::ToApi { "sent" } else { "answered" };
            place = format!("{} as {way_in_words}", old.rsplit('/').next().unwrap_or_default());
            if !self.compared.insert((old, new, way)) {
                return;
            }
        }
        let (old, new) = (&resolved(self.old, old), &resolved(self.new, new));
        self.types(&place, (old, new), way);
        self.listed(&place, (old, new), way);
        self.limits(&place, (old, new), way);
        self.texts(&place, (old, new), way);
        self.object(&place, (old, new), way);
        self.parts(&place, (old, new), way);
        self.unjudged(&place, (old, new));
    }

    fn types(&mut self, place: &str, (old, new): Pair<'_>, way: Way) {
        let (old, new) = (types(old), types(new));
        let (lost, won) = (&old - &new, &new - &old);
        match way {
            Way::ToApi => self.hold(lost.is_empty(), || format!("{place} must not be {lost:?} any more")),
            Way::FromApi => self.hold(won.is_empty(), || format!("{place} may be {won:?} now")),
        }
    }

    /// A value that was listed stays. A new one is an addition, but for `null`, for which nobody looks.
    fn listed(&mut self, place: &str, (old, new): Pair<'_>, way: Way) {
        match (listed(old), listed(new)) {
            (None, Some(_)) if way == Way::ToApi => {
                self.breaks.push(format!("{place} must be a listed value now"));
            }
            (Some(_), None) if way == Way::FromApi => {
                self.breaks.push(format!("{place} may be any value now"));
            }
            (Some(old), Some(new)) => {
                for lost in old.iter().filter(|value| !new.contains(value)) {
                    self.breaks.push(format!("{place} is {lost} no more"));
                }
                let is_null_new = new.contains(&&Value::Null) && !old.contains(&&Value::Null);
                self.hold(way == Way::ToApi || !is_null_new, || format!("{place} may be null now"));
            }
            _ => {}
        }
    }

    fn limits(&mut self, place: &str, (old, new): Pair<'_>, way: Way) {
        let lower = LOWER_LIMITS.map(|name| (name, 1.0));
        for (name, sign) in lower.into_iter().chain(UPPER_LIMITS.map(|name| (name, -1.0))) {
            let limit =
                |schema: &Value| schema[name].as_f64().map_or(f64::NEG_INFINITY, |limit| sign * limit);
            let (before, after) = (limit(old), limit(new));
            match way {
                Way::ToApi => self.hold(after <= before, || format!("{place}: {name} is tighter")),
                Way::FromApi => self.hold(after >= before, || format!("{place}: {name} is looser")),
            }
        }
    }

    /// Whether one pattern takes what another does cannot be told.
    fn texts(&mut self, place: &str, (old, new): Pair<'_>, way: Way) {
        for name in ["pattern", "format", "uniqueItems"] {
            let is_harmless = match way {
                Way::ToApi => new.get(name).is_none(),
                Way::FromApi => old.get(name).is_none(),
            };
            self.hold(is_harmless || old.get(name) == new.get(name), || {
                format!("{place}: {name} is another")
            });
        }
    }

    fn object(&mut self, place: &str, (old, new): Pair<'_>, way: Way) {
        for (name, old) in members(&old["properties"]) {
            match new["properties"].get(name) {
                None => self.breaks.push(format!("{place}: {name} is gone")),
                Some(new) => self.schema(&format!("{place}: {name}"), (old, new), way),
            }
        }
        let (before, after) = (texts(&old["required"]), texts(&new["required"]));
        let (lost, won) = (&before - &after, &after - &before);
        match way {
            Way::ToApi => self.hold(won.is_empty(), || format!("{place}: {won:?} must be there now")),
            Way::FromApi => self.hold(lost.is_empty(), || format!("{place}: {lost:?} may be missing now")),
        }
        for name in ["additionalProperties", "unevaluatedProperties"] {
            let (old, new) =
                (old.get(name).unwrap_or(&Value::Bool(true)), new.get(name).unwrap_or(&Value::Bool(true)));
            if old.is_object() && new.is_object() {
                self.schema(&format!("{place}: any member"), (old, new), way);
            } else if way == Way::ToApi && old != new && *new != true && *old != false {
                self.breaks.push(format!("{place}: other members must not be there any more"));
            }
        }
    }

    /// Schemas within the schema.
    fn parts(&mut self, place: &str, (old, new): Pair<'_>, way: Way) {
        let anything = json!({});
        for name in ["items", "propertyNames"] {
            let (old, new) = (old.get(name).unwrap_or(&anything), new.get(name).unwrap_or(&anything));
            if old != new || old.get("$ref").is_some() {
                self.schema(&format!("{place}: {name}"), (old, new), way);
            }
        }
        for name in ["allOf", "anyOf", "oneOf"] {
            let list = |schema: &Value| schema[name].as_array().cloned().unwrap_or_default();
            let (old, new) = (list(old), list(new));
            // One more of several is an alternative more; one more of all is a condition more.
            let may_grow = (name == "allOf") == (way == Way::FromApi) && !old.is_empty();
            let is_as_long = old.len() == new.len() || (may_grow && new.len() > old.len());
            self.hold(is_as_long, || format!("{place}: {name} has other schemas"));
            for (number, pair) in old.iter().zip(&new).enumerate() {
                self.schema(&format!("{place}: {name} {number}"), pair, way);
            }
        }
    }

    /// What nothing above understands must not change.
    fn unjudged(&mut self, place: &str, (old, new): Pair<'_>) {
        let names: BTreeSet<&String> = members(old).chain(members(new)).map(|(name, _)| name).collect();
        for name in names {
            let is_judged = ANNOTATIONS.contains(&name.as_str()) || COMPARED.contains(&name.as_str());
            self.hold(is_judged || old.get(name) == new.get(name), || format!("{place}: {name} is another"));
        }
    }
}
