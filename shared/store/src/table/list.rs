//! Lists and their pages.

use model::refusal::Refusal;
use model::time::Timestamp;
use model::violation::Violations;
use serde::Serialize;

use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Each, Entity, Item, Unreadable, keys_of, text};
use crate::table::{Store, cursor, keys};

/// A request for a page. The default is the whole list.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Most objects of the page.
    pub limit: Option<usize>,
    /// The cursor after which the page begins.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The objects, in the order of their creation.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
    /// The unreadable objects of this page, which `items` does not contain.
    pub unreadable: Vec<UnreadableObject>,
}

/// An unreadable object of a list: what its keys say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadableObject {
    /// Its id.
    pub id: String,
    /// When it was created. An id that a person chose does not contain it.
    pub created_at: Option<Timestamp>,
}

impl UnreadableObject {
    /// What an item's keys say. If the id contains no time, the listing's sort key begins with one.
    fn of(found: &Each) -> Self {
        let id = keys::id_of_partition(keys_of(found).0);
        let place = match found {
            Ok(item) => item.listing_sk().ok(),
            Err(unreadable) => unreadable.text(keys::LISTING_SK),
        };
        let created_at = place.and_then(|place| place.split('#').next()).and_then(Timestamp::in_id);
        Self { id: id.into(), created_at: created_at.or_else(|| Timestamp::in_id(id)) }
    }
}

impl<T> Listed<T> {
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Listed<U> {
        let items = self.items.into_iter().map(form).collect();
        Listed { items, next: self.next, unreadable: self.unreadable }
    }

    /// The objects of a page. An unreadable one is named, and the others are shown.
    pub(crate) fn of(
        found: impl IntoIterator<Item = (UnreadableObject, Result<T, Unreadable>)>,
        next: Option<String>,
    ) -> Self {
        let (mut items, mut unreadable) = (Vec::new(), Vec::new());
        for (known, object) in found {
            match object {
                Ok(object) => items.push(object),
                Err(_) => {
                    tracing::error!(id = known.id, "an object of a list cannot be read");
                    unreadable.push(known);
                }
            }
        }
        Self { items, next, unreadable }
    }
}

pub(crate) fn position(list: &str, cursor: &str) -> Result<String, StoreError> {
    let position = cursor::decode(list, cursor);
    position.ok_or_else(|| {
        Refusal::Invalid(Violations::one("cursor", "cursor was not made for this list")).into()
    })
}

impl Store {
    /// The items of a page: objects of a kind, each followed by its child items. With them the cursor of the next page.
    pub(crate) async fn list_page(
        &self,
        list: &str,
        kind: Entity,
        page: &PageRequest,
    ) -> Result<(Vec<Each>, Option<String>), StoreError> {
        let after = page.cursor.as_deref().map(|cursor| position(list, cursor)).transpose()?;
        let limit = page.limit.unwrap_or(usize::MAX);
        let enough = |items: &[Each]| items.iter().filter(|found| is_object(found, kind)).count() > limit;
        // One more than wanted shows whether there is a next page.
        let expected = page.limit.map(|limit| limit + 1);
        let mut items = self.query_listing(&behind(list, after.as_deref()), expected, enough).await?;
        let owners = items.iter().enumerate().filter(|(_, found)| is_object(found, kind));
        let Some((end, _)) = owners.clone().nth(limit) else {
            return Ok((items, None));
        };
        let last = limit.checked_sub(1).and_then(|last| owners.clone().nth(last));
        let next = last.map(|(_, found)| listing_sk(found)).transpose()?;
        let next = next.map(|position| cursor::encode(list, position));
        items.truncate(end);
        Ok((items, next))
    }
}

/// Whether an item is an object of the list, and not a child item of one.
fn is_object(found: &Each, kind: Entity) -> bool {
    match found {
        Ok(item) => item.entity == kind,
        // A rule has no child items. The own item of every other object is the first of its partition.
        Err(unreadable) => kind == Entity::Rule || unreadable.sk().starts_with('#'),
    }
}

fn listing_sk(found: &Each) -> Result<&str, StoreError> {
    match found {
        Ok(item) => item.listing_sk(),
        Err(unreadable) => unreadable.text(keys::LISTING_SK).ok_or_else(|| unreadable.error()),
    }
}

/// The objects of a list without child items, each with what its keys say.
pub(crate) fn each_object<T>(
    found: &[Each],
    reader: impl Fn(&Item) -> Result<T, StoreError>,
) -> impl Iterator<Item = (UnreadableObject, Result<T, Unreadable>)> {
    found.iter().map(move |one| {
        let object = one.as_ref().map_err(Unreadable::clone).and_then(|item| item.read_as(&reader));
        (UnreadableObject::of(one), object)
    })
}

/// The objects of a list with their child items, each with what its keys say. An object with an unreadable child item is unreadable.
/// Orphaned child items are skipped.
pub(crate) fn each_with_belongings<T>(
    found: Vec<Each>,
    kind: Entity,
    reader: impl Fn(&[Item]) -> Result<T, StoreError>,
) -> Vec<(UnreadableObject, Result<T, Unreadable>)> {
    let mut objects: Vec<(String, UnreadableObject, Vec<Each>)> = Vec::new();
    for one in found {
        let pk = String::from(keys_of(&one).0);
        if is_object(&one, kind) {
            objects.push((pk, UnreadableObject::of(&one), vec![one]));
        } else if let Some((owner, _, items)) = objects.last_mut()
            && *owner == pk
        {
            items.push(one);
        }
    }
    let read = |items: Vec<Each>| {
        let items = items.into_iter().collect::<Result<Vec<Item>, Unreadable>>()?;
        reader(&items).map_err(|error| match items.first() {
            Some(owner) => owner.unreadable(&error),
            None => Unreadable::default(),
        })
    };
    objects.into_iter().map(|(_, known, items)| (known, read(items))).collect()
}

/// The condition for a list after an object and its child items.
fn behind(list: &str, after: Option<&str>) -> Expression {
    let (pk, sk) = (keys::LISTING_PK, keys::LISTING_SK);
    match after {
        None => Expression::new(format!("#{pk} = :pk"), [(":pk", text(list))]),
        Some(after) => Expression::new(
            format!("#{pk} = :pk AND #{sk} > :after"),
            [(":pk", text(list)), (":after", text(keys::behind(after)))],
        ),
    }
}
