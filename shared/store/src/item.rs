//! Items: the common attributes of each, and entities in and out of them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

use crate::error::{Cause, StoreError, corrupt};
use crate::keys::{self, Key, ListingKey};

/// The version of every shape that this code writes. Another one in the table is an error, never skipped.
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
    Once,
    Session,
    SessionRows,
    SessionOfUser,
    Ending,
    Group,
    Rule,
    Bucket,
    Audit,
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

/// A set of texts. DynamoDB has no empty one.
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
    /// Takes what DynamoDB returned.
    pub(crate) fn read(attributes: Attributes) -> Result<Self, StoreError> {
        let entity = attributes.get(keys::ENTITY).cloned().ok_or_else(|| corrupt("it has no entity"))?;
        let entity = serde_dynamo::from_attribute_value(entity).map_err(corrupt)?;
        let item = Self { attributes, entity };
        match item.number(keys::SHAPE)? {
            shape if shape == i64::from(SHAPE) => Ok(item),
            shape => Err(corrupt(format!("its shape {shape} is not {SHAPE}"))),
        }
    }

    /// The members of the entity.
    pub(crate) fn members<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        let data = self.attributes.get(keys::DATA).cloned().ok_or_else(|| corrupt("it has no members"))?;
        serde_dynamo::from_attribute_value(data).map_err(corrupt)
    }

    /// A text among the members, where the others are not needed.
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

    /// The place in its list.
    pub(crate) fn listing_sk(&self) -> Result<&str, StoreError> {
        self.key(keys::LISTING_SK)
    }

    /// Whether an attribute is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.attributes.contains_key(name)
    }

    fn key(&self, name: &str) -> Result<&str, StoreError> {
        text_in(&self.attributes, name)
    }

    /// The partition key.
    pub(crate) fn pk(&self) -> Result<&str, StoreError> {
        self.key(keys::PK)
    }

    /// The sort key.
    pub(crate) fn sk(&self) -> Result<&str, StoreError> {
        self.key(keys::SK)
    }

    /// A set of texts, in no order; empty where there is none.
    pub(crate) fn set(&self, name: &str) -> &[String] {
        let set = self.attributes.get(name).and_then(|value| value.as_ss().ok());
        set.map_or(&[], Vec::as_slice)
    }

    /// A binary attribute, where there is one.
    pub(crate) fn binary(&self, name: &str) -> Option<&[u8]> {
        self.attributes.get(name)?.as_b().ok().map(AsRef::as_ref)
    }
}

fn text_in<'a>(attributes: &'a Attributes, name: &str) -> Result<&'a str, StoreError> {
    let value = attributes.get(name).and_then(|value| value.as_s().ok());
    value.map(String::as_str).ok_or_else(|| corrupt(format!("it has no text {name}")))
}

/// Objects of a kind, each with what stands behind it in its partition. What stands behind nothing is passed over.
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
