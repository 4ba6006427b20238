//! Records of the table's stream, as far as a worker needs them.

use model::id::OrgId;
use model::ingress::{GroupRef, Ingress};
use serde::Deserialize;
use std::collections::BTreeMap;

use crate::table::error::{StoreError, corrupt};
use crate::table::item::SHAPE;
use crate::table::keys::{self, ENTITY, GENERATION, PK, SHAPE as SHAPE_NAME, SK};

/// A record of the stream, in the form in which Lambda hands it over (AWS, "Using AWS Lambda with Amazon DynamoDB"). Members
/// that nobody here reads are passed over.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamRecord {
    dynamodb: Change,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    keys: Image,
    new_image: Option<Image>,
    old_image: Option<Image>,
}

type Image = BTreeMap<String, Attribute>;

/// An attribute, as far as it is a text or a number.
#[derive(Debug, Clone, Deserialize)]
struct Attribute {
    #[serde(rename = "S")]
    text: Option<String>,
    #[serde(rename = "N")]
    number: Option<String>,
}

fn text<'i>(image: &'i Image, name: &str) -> Option<&'i str> {
    image.get(name)?.text.as_deref()
}

fn number<'i>(image: &'i Image, name: &str) -> Option<&'i str> {
    image.get(name)?.number.as_deref()
}

impl StreamRecord {
    /// By which Lambda knows the record.
    #[must_use]
    pub fn sequence_number(&self) -> &str {
        &self.dynamodb.sequence_number
    }

    /// The group in which sessions have joined or left a rule, if that is what the record tells. The key says which group it is, so
    /// that a rule in a shape that this version does not know still has its group visited.
    ///
    /// # Errors
    /// A defect for a key that is no rule's.
    pub fn changed_group(&self) -> Result<Option<(OrgId, GroupRef)>, StoreError> {
        let Change { keys: key, new_image, old_image, .. } = &self.dynamodb;
        let Some(new) = new_image else { return Ok(None) };
        let (pk, sk) = text(key, PK).zip(text(key, SK)).ok_or_else(|| corrupt("a record has no key"))?;
        if text(new, ENTITY) != Some("RULE") {
            return Ok(None);
        }
        let generation = |image: &Image| number(image, GENERATION).map(String::from);
        let is_known = number(new, SHAPE_NAME) == Some(SHAPE.to_string().as_str());
        if is_known && old_image.as_ref().and_then(generation) == generation(new) {
            return Ok(None);
        }
        let group = keys::group_of_partition(pk)
            .filter(|_| sk.strip_prefix("RULE#").and_then(Ingress::parse).is_some());
        // A rule's key names an address, which no log needs.
        group.map(Some).ok_or_else(|| corrupt("a record's key is no rule's"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn record(new: &Value, old: &Value) -> StreamRecord {
        let mut change = json!({
            "SequenceNumber": "1", "Keys": {
                "pk": {"S": "ORG#acme#GROUP#eu-central-1#sg-0abc123def4567890"},
                "sk": {"S": "RULE#203.0.113.7|tcp|22-22"}},
        });
        for (name, image) in [("NewImage", new), ("OldImage", old)] {
            if !image.is_null() {
                change[name] = image.clone();
            }
        }
        let record = json!({"eventID": "e", "eventName": "MODIFY", "dynamodb": change});
        serde_json::from_value(record).unwrap()
    }

    fn rule(generation: &str) -> Value {
        json!({"entity": {"S": "RULE"}, "shape": {"N": "1"}, "generation": {"N": generation},
               "holders": {"SS": ["x"]}, "found": {"M": {}}})
    }

    #[test]
    fn only_joining_and_leaving_wakes_a_worker() {
        let group = |new, old| {
            record(&new, &old)
                .changed_group()
                .unwrap()
                .map(|(org, group)| format!("{org} {}", group.group_id))
        };
        let found = Some(String::from("acme sg-0abc123def4567890"));
        assert_eq!(group(rule("1"), Value::Null), found);
        assert_eq!(group(rule("2"), rule("1")), found);
        assert_eq!(group(rule("2"), rule("2")), None);
        assert_eq!(group(Value::Null, rule("2")), None);
        assert_eq!(group(json!({"entity": {"S": "AUDIT"}, "shape": {"N": "9"}}), Value::Null), None);
    }

    #[test]
    fn a_rule_of_another_shape_has_its_group_visited() {
        for shape in [json!({"N": "2"}), json!({"S": "1"})] {
            let mut new = rule("1");
            new["shape"] = shape;
            assert!(record(&new, &rule("1")).changed_group().unwrap().is_some());
        }
    }

    #[test]
    fn a_key_that_is_no_rules_is_a_defect() {
        let mut record = record(&rule("1"), &Value::Null);
        record.dynamodb.keys.get_mut("sk").unwrap().text = Some("RULE#nothing".into());
        assert!(record.changed_group().is_err());
    }
}
