//! Lists, whole or in parts.

use model::refusal::Refusal;
use model::violation::Violations;

use crate::error::StoreError;
use crate::expression::Expression;
use crate::item::{Entity, Item, text};
use crate::{Store, cursor, keys};

/// Which part of a list is wanted. Without anything, the whole.
#[derive(Debug, Clone, Default)]
pub struct ListPart {
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
}

impl<T> Listed<T> {
    /// The same objects in another form.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(form).collect(), next: self.next }
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
    pub(crate) async fn list_part(
        &self,
        list: &str,
        kind: Entity,
        part: &ListPart,
    ) -> Result<(Vec<Item>, Option<String>), StoreError> {
        let after = part.cursor.as_deref().map(|cursor| position(list, cursor)).transpose()?;
        let limit = part.limit.unwrap_or(usize::MAX);
        let enough = |items: &[Item]| items.iter().filter(|item| item.entity == kind).count() > limit;
        // One more than wanted tells the last part from one that is just full.
        let expected = part.limit.map(|limit| limit + 1);
        let mut items = self.query_listing(&behind(list, after.as_deref()), expected, enough).await?;
        let owners = items.iter().enumerate().filter(|(_, item)| item.entity == kind);
        let Some((end, _)) = owners.clone().nth(limit) else {
            return Ok((items, None));
        };
        let last = limit.checked_sub(1).and_then(|last| owners.clone().nth(last));
        let next = last.map(|(_, item)| item.listing_sk()).transpose()?;
        let next = next.map(|position| cursor::encode(list, position));
        items.truncate(end);
        Ok((items, next))
    }
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
