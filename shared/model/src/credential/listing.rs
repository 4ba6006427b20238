//! Which credentials a list shows, in which order, on which page (the seed product's page envelope).

use std::cmp::Ordering;

use super::Credential;
use super::input::{NOT_A_BOOLEAN, boolean_text};
use crate::violation::Violations;

/// Credentials on a page, where the query does not say.
const LENGTH_DEFAULT: usize = 10;
/// Most credentials on a page; a greater `length` is clamped.
const LENGTH_MAX: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrderBy {
    Name,
    CreatedAt,
    UpdatedAt,
    UsageCount,
}

/// A query of the list.
#[derive(Debug, Clone)]
pub struct CredentialListing {
    search: Option<String>,
    is_sensitive: Option<bool>,
    order_by: OrderBy,
    descending: bool,
    length: usize,
    /// Nothing when it was sent and is no number: no such page exists.
    page: Option<usize>,
}

/// A page. Pages count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialPage<T> {
    /// Credentials on all pages.
    pub count: usize,
    /// Pages; an empty list has one.
    pub page_total: usize,
    /// This page.
    pub page: usize,
    /// Credentials on a full page.
    pub length: usize,
    /// The credentials on this page.
    pub results: Vec<T>,
}

impl CredentialListing {
    /// Reads `search`, `is_sensitive`, `ordering`, `page` and `length` by their names. An unknown ordering is that by
    /// name, and a length that is none is the usual one, as in the seed's product.
    ///
    /// # Errors
    /// An `is_sensitive` that is no boolean.
    pub fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        let is_sensitive = query("is_sensitive").filter(|text| !text.is_empty()).map(boolean_text);
        if is_sensitive == Some(None) {
            return Err(Violations::one("is_sensitive", NOT_A_BOOLEAN));
        }
        let ordering = query("ordering").unwrap_or_default();
        let field = ordering.strip_prefix('-').unwrap_or(ordering);
        let order_by = match field {
            "created_at" => Some(OrderBy::CreatedAt),
            "updated_at" => Some(OrderBy::UpdatedAt),
            "usage_count" => Some(OrderBy::UsageCount),
            "name" => Some(OrderBy::Name),
            _ => None,
        };
        let length = query("length").and_then(|text| text.parse().ok()).filter(|length| *length > 0);
        Ok(Self {
            search: query("search").filter(|text| !text.is_empty()).map(str::to_lowercase),
            is_sensitive: is_sensitive.flatten(),
            order_by: order_by.unwrap_or(OrderBy::Name),
            descending: order_by.is_some() && ordering.starts_with('-'),
            length: length.unwrap_or(LENGTH_DEFAULT).min(LENGTH_MAX),
            page: query("page").map_or(Some(1), |text| text.parse().ok()),
        })
    }

    /// The page of a list, or nothing when there is no such page. `of` gives the credential and its number of uses.
    pub fn page<T>(&self, all: Vec<T>, of: impl Fn(&T) -> (&Credential, usize)) -> Option<CredentialPage<T>> {
        let mut found: Vec<T> = all.into_iter().filter(|item| self.shows(of(item).0)).collect();
        found.sort_by(|a, b| self.compare(of(a), of(b)));
        let (count, length) = (found.len(), self.length);
        let page_total = count.div_ceil(length).max(1);
        let page = self.page.filter(|page| (1..=page_total).contains(page))?;
        let results = found.into_iter().skip((page - 1) * length).take(length).collect();
        Some(CredentialPage { count, page_total, page, length, results })
    }

    /// The search is for a part of the name or the description, whatever the case, and never of the value.
    fn shows(&self, credential: &Credential) -> bool {
        let has =
            |text: &str| self.search.as_deref().is_none_or(|wanted| text.to_lowercase().contains(wanted));
        self.is_sensitive.is_none_or(|wanted| wanted == credential.is_sensitive)
            && (has(&credential.name) || has(&credential.description))
    }

    /// Ties are in the order of the ids, whichever way the list goes.
    fn compare(&self, (a, a_uses): (&Credential, usize), (b, b_uses): (&Credential, usize)) -> Ordering {
        let order = match self.order_by {
            OrderBy::Name => a.name.cmp(&b.name),
            OrderBy::CreatedAt => a.created_at.cmp(&b.created_at),
            OrderBy::UpdatedAt => a.updated_at.cmp(&b.updated_at),
            OrderBy::UsageCount => a_uses.cmp(&b_uses),
        };
        let order = if self.descending { order.reverse() } else { order };
        order.then(a.id.cmp(&b.id))
    }
}
