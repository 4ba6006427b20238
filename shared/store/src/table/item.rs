//! Items: the common attributes of each, and entities in and out of them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use model::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;

use crate::table::error::{Cause, StoreError, corrupt};
use crate::table::keys::{self, Key, ListingKey};
use crate::table::size;

/// The version of every item's shape. An item with another version is [`Unreadable`], and is never skipped.
pub(crate) const SHAPE: u32 = 1;

/// What kind of thing an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Entity {
    Resource,
    Role,
    RoleName,
    Link,
    Credential,
    Reference,
    FormerValue,
    ValueChange,
    User,
    Email,
    Remains,
    ApiKey,
    #[serde(rename = "ONCE")]
    Idempotency,
    Session,
    SessionRows,
    SessionOfUser,
    Ending,
    Group,
    Rule,
    Bucket,
    SignIns,
    Audit,
    Closings,
    Deployment,
    Shard,
}

pub(crate) type Attributes = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn bytes(value: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// A stored time, in milliseconds since 1970.
pub(crate) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_unix_millis(millis).map_err(|_| corrupt("a time is out of range"))
}

/// A set of texts. DynamoDB has no empty sets.
pub(crate) fn set(values: impl IntoIterator<Item = impl ToString>) -> AttributeValue {
    AttributeValue::Ss(values.into_iter().map(|value| value.to_string()).collect())
}

/// An entity's members as one map attribute.
pub(crate) fn data(members: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_dynamo::to_attribute_value(members)
        .map_err(|error| StoreError::Defect(Cause::new(format!("an item cannot be written: {error}"))))
}

/// An item to be written.
#[derive(Debug)]
pub(crate) struct NewItem(Attributes);

impl NewItem {
    pub(crate) fn new(key: &Key, entity: Entity, members: &impl Serialize) -> Result<Self, StoreError> {
        Ok(Self(HashMap::from([
            (keys::PK.into(), text(&key.pk)),
            (keys::SK.into(), text(&key.sk)),
            (keys::ENTITY.into(), data(&entity)?),
            (keys::SHAPE.into(), number(SHAPE)),
            (keys::DATA.into(), data(members)?),
        ])))
    }

    pub(crate) fn listed(self, listing: ListingKey) -> Self {
        self.with(keys::LISTING_PK, text(listing.pk)).with(keys::LISTING_SK, text(listing.sk))
    }

    pub(crate) fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.into(), value);
        self
    }

    pub(crate) fn attributes(&self) -> &Attributes {
        &self.0
    }
}

/// An item that was read.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    attributes: Attributes,
    pub(crate) entity: Entity,
}

impl Item {
    /// Reads what DynamoDB returned. An unreadable item ends the operation.
    pub(crate) fn read(attributes: Attributes) -> Result<Self, StoreError> {
        let entity = readable_entity(&attributes)?;
        Ok(Self { attributes, entity })
    }

    /// Reads what DynamoDB returned, for callers that go on after an unreadable item.
    pub(crate) fn read_each(attributes: Attributes) -> Each {
        match readable_entity(&attributes) {
            Ok(entity) => Ok(Self { attributes, entity }),
            Err(error) => Err(Unreadable { attributes, cause: format!("{error:?}") }),
        }
    }

    /// The result of a reader, or the item as an unreadable one.
    pub(crate) fn read_as<T>(
        &self,
        reader: impl Fn(&Self) -> Result<T, StoreError>,
    ) -> Result<T, Unreadable> {
        reader(self).map_err(|error| self.unreadable(&error))
    }

    /// The item as an unreadable one.
    pub(crate) fn unreadable(&self, error: &StoreError) -> Unreadable {
        Unreadable { attributes: self.attributes.clone(), cause: format!("{error:?}") }
    }

    /// The members of the entity.
    pub(crate) fn members<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        let data = self.attributes.get(keys::DATA).cloned().ok_or_else(|| corrupt("it has no members"))?;
        serde_dynamo::from_attribute_value(data).map_err(corrupt)
    }

    /// One text of the members. The other members are not read.
    pub(crate) fn member(&self, name: &str) -> Result<&str, StoreError> {
        text_in(self.map(keys::DATA)?, name)
    }

    /// A number beside the members.
    pub(crate) fn number(&self, name: &str) -> Result<i64, StoreError> {
        let value = self.attributes.get(name).and_then(|value| value.as_n().ok());
        value
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(|| corrupt(format!("it has no number {name}")))
    }

    /// A text beside the members.
    pub(crate) fn text(&self, name: &str) -> Result<&str, StoreError> {
        self.key(name)
    }

    /// A further attribute, as one entity.
    pub(crate) fn attribute<T: DeserializeOwned>(&self, name: &str) -> Result<T, StoreError> {
        let value = self.attributes.get(name).cloned().ok_or_else(|| corrupt(format!("it has no {name}")))?;
        serde_dynamo::from_attribute_value(value).map_err(corrupt)
    }

    /// A map attribute, as it is.
    pub(crate) fn map(&self, name: &str) -> Result<&Attributes, StoreError> {
        let value = self.attributes.get(name).and_then(|value| value.as_m().ok());
        value.ok_or_else(|| corrupt(format!("it has no map {name}")))
    }

    /// The same, as a value for a condition.
    pub(crate) fn map_attribute(&self, name: &str) -> Result<AttributeValue, StoreError> {
        self.map(name).cloned().map(AttributeValue::M)
    }

    /// Bytes of the item without one of its attributes.
    pub(crate) fn bytes_beside(&self, name: &str) -> usize {
        size::of_attributes(self.attributes.iter().filter(|(other, _)| *other != name))
    }

    /// The sort key in the listing index.
    pub(crate) fn listing_sk(&self) -> Result<&str, StoreError> {
        self.key(keys::LISTING_SK)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    fn key(&self, name: &str) -> Result<&str, StoreError> {
        text_in(&self.attributes, name)
    }

    pub(crate) fn pk(&self) -> Result<&str, StoreError> {
        self.key(keys::PK)
    }

    pub(crate) fn sk(&self) -> Result<&str, StoreError> {
        self.key(keys::SK)
    }

    /// A set of texts in no order; empty if the attribute is missing.
    pub(crate) fn set(&self, name: &str) -> &[String] {
        let set = self.attributes.get(name).and_then(|value| value.as_ss().ok());
        set.map_or(&[], Vec::as_slice)
    }

    /// A binary attribute, if the item has it.
    pub(crate) fn binary(&self, name: &str) -> Option<&[u8]> {
        self.attributes.get(name)?.as_b().ok().map(AsRef::as_ref)
    }
}

fn text_in<'a>(attributes: &'a Attributes, name: &str) -> Result<&'a str, StoreError> {
    let value = attributes.get(name).and_then(|value| value.as_s().ok());
    value.map(String::as_str).ok_or_else(|| corrupt(format!("it has no text {name}")))
}

/// The kind of an item that this version can read.
fn readable_entity(attributes: &Attributes) -> Result<Entity, StoreError> {
    let entity = attributes.get(keys::ENTITY).cloned().ok_or_else(|| corrupt("it has no entity"))?;
    let entity = serde_dynamo::from_attribute_value(entity).map_err(corrupt)?;
    let shape = attributes.get(keys::SHAPE).and_then(|value| value.as_n().ok());
    let shape: Option<i64> = shape.and_then(|digits| digits.parse().ok());
    match shape {
        Some(shape) if shape == i64::from(SHAPE) => Ok(entity),
        Some(shape) => Err(corrupt(format!("its shape {shape} is not {SHAPE}"))),
        None => Err(corrupt("it has no number shape")),
    }
}

/// One of many items, readable or not.
pub(crate) type Each = Result<Item, Unreadable>;

/// An item of another shape, or with members that this version does not know. Only its keys are certain.
#[derive(Clone, Default)]
pub(crate) struct Unreadable {
    attributes: Attributes,
    cause: String,
}

/// Shows only the reason, for the log. Keys and attributes contain addresses.
impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl Unreadable {
    pub(crate) fn pk(&self) -> &str {
        self.text(keys::PK).unwrap_or_default()
    }

    pub(crate) fn sk(&self) -> &str {
        self.text(keys::SK).unwrap_or_default()
    }

    /// The attribute, if it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        text_in(&self.attributes, name).ok()
    }

    /// The member, if it is a text.
    pub(crate) fn member(&self, name: &str) -> Option<&str> {
        text_in(self.attributes.get(keys::DATA)?.as_m().ok()?, name).ok()
    }

    /// A set of texts; empty if the attribute is missing.
    pub(crate) fn set(&self, name: &str) -> &[String] {
        let set = self.attributes.get(name).and_then(|value| value.as_ss().ok());
        set.map_or(&[], Vec::as_slice)
    }

    /// The error of an operation that needs the item.
    pub(crate) fn error(&self) -> StoreError {
        StoreError::Defect(Cause::new(self.cause.clone()))
    }
}

/// The partition key and the sort key of an item, readable or not.
pub(crate) fn keys_of(found: &Each) -> (&str, &str) {
    match found {
        Ok(item) => (item.pk().unwrap_or_default(), item.sk().unwrap_or_default()),
        Err(unreadable) => (unreadable.pk(), unreadable.sk()),
    }
}

/// The items, for operations that need each of them.
pub(crate) fn all_readable(found: Vec<Each>) -> Result<Vec<Item>, StoreError> {
    found.into_iter().map(|one| one.map_err(|unreadable| unreadable.error())).collect()
}

/// The objects of a kind, each with the child items of its partition. Orphaned child items are skipped.
pub(crate) fn owned(items: &[Item], kind: Entity) -> Result<Vec<(&Item, Vec<&Item>)>, StoreError> {
    let mut owners: Vec<(&Item, Vec<&Item>)> = Vec::new();
    for item in items {
        if item.entity == kind {
            owners.push((item, Vec::new()));
        } else if let Some((owner, belongings)) = owners.last_mut()
            && owner.pk()? == item.pk()?
        {
            belongings.push(item);
        }
    }
    Ok(owners)
}
