//! Lists, whole or in parts.

use model::refusal::Refusal;
use model::time::Timestamp;
use model::violation::Violations;
use serde::Serialize;

use crate::table::error::StoreError;
use crate::table::expression::Expression;
use crate::table::item::{Each, Entity, Item, Unreadable, keys_of, text};
use crate::table::{Store, cursor, keys};

/// Which part of a list is wanted. Without anything, the whole.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// At most so many objects.
    pub limit: Option<usize>,
    /// Those that follow a position.
    pub cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    /// The objects, in the order of their creation.
    pub items: Vec<T>,
    /// The cursor of what follows, unless nothing does.
    pub next: Option<String>,
    /// The objects of this part that cannot be read and that `items` does not show.
    pub unreadable: Vec<UnreadableObject>,
}

/// An object of a list that cannot be read: what its keys say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnreadableObject {
    /// Its id.
    pub id: String,
    /// When it was made. An id that people chose does not say it.
    pub created_at: Option<Timestamp>,
}

impl UnreadableObject {
    /// What is known of one of a list's items. The place in the list begins with the time where the id does not.
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
    /// The same objects in another form.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Listed<U> {
        let items = self.items.into_iter().map(form).collect();
        Listed { items, next: self.next, unreadable: self.unreadable }
    }

    /// The objects of a page, each read by itself: one that cannot be read is named, and hides no other.
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

/// The position that a cursor carries.
pub(crate) fn position(list: &str, cursor: &str) -> Result<String, StoreError> {
    let position = cursor::decode(list, cursor);
    position.ok_or_else(|| {
        Refusal::Invalid(Violations::one("cursor", "cursor was not made for this list")).into()
    })
}

impl Store {
    /// The items of a part of a list: objects of a kind, each followed by what belongs to it. With them the cursor of
    /// what follows.
    pub(crate) async fn list_page(
        &self,
        list: &str,
        kind: Entity,
        page: &PageRequest,
    ) -> Result<(Vec<Each>, Option<String>), StoreError> {
        let after = page.cursor.as_deref().map(|cursor| position(list, cursor)).transpose()?;
        let limit = page.limit.unwrap_or(usize::MAX);
        let enough = |items: &[Each]| items.iter().filter(|found| is_object(found, kind)).count() > limit;
        // One more than wanted tells the last part from one that is just full.
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

/// Whether one of a list's items is an object of the list, rather than something that belongs to one.
fn is_object(found: &Each, kind: Entity) -> bool {
    match found {
        Ok(item) => item.entity == kind,
        // Nothing belongs to a rule; the own item of every other object is the first of its partition.
        Err(unreadable) => kind == Entity::Rule || unreadable.sk().starts_with('#'),
    }
}

fn listing_sk(found: &Each) -> Result<&str, StoreError> {
    match found {
        Ok(item) => item.listing_sk(),
        Err(unreadable) => unreadable.text(keys::LISTING_SK).ok_or_else(|| unreadable.error()),
    }
}

/// The objects of a list that have nothing behind them, each with what its keys say.
pub(crate) fn each_object<T>(
    found: &[Each],
    reader: impl Fn(&Item) -> Result<T, StoreError>,
) -> impl Iterator<Item = (UnreadableObject, Result<T, Unreadable>)> {
    found.iter().map(move |one| {
        let object = one.as_ref().map_err(Unreadable::clone).and_then(|item| item.read_as(&reader));
        (UnreadableObject::of(one), object)
    })
}

/// The objects of a list, each with what belongs to it and with what its keys say. An object of which anything cannot be read is as
/// unreadable as what belongs to it. What stands behind nothing is passed over.
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

/// A list from an object's position on, without the object and what belongs to it.
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
