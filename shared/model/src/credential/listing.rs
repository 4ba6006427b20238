//! Which credentials a list shows, in which order, on which page (the seed product's page envelope).

use std::cmp::Ordering;

use super::Credential;
use super::input::boolean_text;
use crate::query::FromQuery;
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
    page: usize,
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

/// The orders of a list, by their names; each may be turned round.
const ORDERS: [(&str, OrderBy); 4] = [
    ("name", OrderBy::Name),
    ("created_at", OrderBy::CreatedAt),
    ("updated_at", OrderBy::UpdatedAt),
    ("usage_count", OrderBy::UsageCount),
];

/// Which order, and whether it is turned round.
fn order(sent: Option<&str>, wrong: &mut Violations) -> (OrderBy, bool) {
    let Some(sent) = sent else { return (OrderBy::Name, false) };
    let (field, descending) = sent.strip_prefix('-').map_or((sent, false), |field| (field, true));
    if let Some((_, order_by)) = ORDERS.iter().find(|(name, _)| *name == field) {
        return (*order_by, descending);
    }
    let known = ORDERS.map(|(name, _)| format!("{name}, -{name}")).join(", ");
    wrong.add("ordering", format!("Must be one of: {known}."));
    (OrderBy::Name, false)
}

/// A whole number from 1 on. One that no machine holds is the greatest that one does.
fn count(name: &str, sent: Option<&str>, wrong: &mut Violations) -> Option<usize> {
    let sent = sent?;
    let is_number = !sent.starts_with('0') && !sent.is_empty() && sent.bytes().all(|b| b.is_ascii_digit());
    let number = is_number.then(|| sent.parse().unwrap_or(usize::MAX));
    if number.is_none() {
        wrong.add(name, "Must be a whole number of at least 1.");
    }
    number
}

impl FromQuery for CredentialListing {
    const PARAMETERS: &'static [&'static str] = &["search", "is_sensitive", "ordering", "page", "length"];

    fn read<'q>(query: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Violations> {
        let mut wrong = Violations::default();
        let is_sensitive = query("is_sensitive").map(boolean_text);
        if is_sensitive == Some(None) {
            wrong.add("is_sensitive", "Must be a valid boolean: true or false.");
        }
        let (order_by, descending) = order(query("ordering"), &mut wrong);
        let page = count("page", query("page"), &mut wrong).unwrap_or(1);
        // More than there may be on a page is what there may be, as in the seed's product: its own scripts ask for 10000.
        let length = count("length", query("length"), &mut wrong).unwrap_or(LENGTH_DEFAULT).min(LENGTH_MAX);
        let search = query("search").map(str::to_lowercase);
        wrong.or(Self { search, is_sensitive: is_sensitive.flatten(), order_by, descending, length, page })
    }
}

impl CredentialListing {
    /// The page of a list, or nothing when there is no such page. `of` gives the credential and its number of uses.
    pub fn page<T>(&self, all: Vec<T>, of: impl Fn(&T) -> (&Credential, usize)) -> Option<CredentialPage<T>> {
        let mut found: Vec<T> = all.into_iter().filter(|item| self.shows(of(item).0)).collect();
        found.sort_by(|a, b| self.compare(of(a), of(b)));
        let (count, length) = (found.len(), self.length);
        let page_total = count.div_ceil(length).max(1);
        let page = Some(self.page).filter(|page| (1..=page_total).contains(page))?;
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
