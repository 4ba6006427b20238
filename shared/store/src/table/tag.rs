//! Tags of objects, for `ETag` and `If-Match`.

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::precondition::{ETag, Precondition};
use model::refusal::Refusal;
use serde::Serialize;

use crate::table::error::{StoreError, corrupt};
use crate::table::item::Item;
use crate::table::keys::VERSION;

/// Bytes of the digest that a tag shows: enough that no two states of one object share a tag.
const TAG_BYTES: usize = 12;

/// An object with the version in which it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    pub value: T,
    pub(crate) version: i64,
}

impl<T> Versioned<T> {
    /// An object of an item, with the item's version.
    pub(crate) fn of(item: &Item, value: T) -> Result<Self, StoreError> {
        Ok(Self { value, version: item.number(VERSION)? })
    }

    /// The changed object, with the next version.
    pub(crate) fn next(&self, value: T) -> Self {
        Self { value, version: self.version + 1 }
    }
}

impl<T: Serialize> Versioned<T> {
    /// The tag of this state.
    ///
    /// # Errors
    /// A defect.
    pub fn tag(&self) -> Result<ETag, StoreError> {
        tag(self.version, &self.value)
    }
}

/// The tag of a state, made from version and representation. Links and copied names change the representation without a new version. A
/// replaced secret changes the version without a visible change.
pub(crate) fn tag(version: i64, shown: &impl Serialize) -> Result<ETag, StoreError> {
    let mut digest = Context::new(&SHA256);
    digest.update(&version.to_be_bytes());
    digest.update(&serde_json::to_vec(shown).map_err(corrupt)?);
    let digest = digest.finish();
    Ok(ETag::new(URL_SAFE_NO_PAD.encode(digest.as_ref().get(..TAG_BYTES).unwrap_or_default())))
}

/// Refuses a change of a state that the caller did not expect. The object's tag is computed only if the caller names one.
pub(crate) fn require(
    expected: &Precondition,
    tag: impl FnOnce() -> Result<ETag, StoreError>,
) -> Result<(), StoreError> {
    if expected.admits_without_tag() || expected.admits(&tag()?) {
        return Ok(());
    }
    Err(Refusal::PreconditionFailed.into())
}
