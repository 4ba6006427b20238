//! Which credentials a list shows, in which order, on which page.

use model::credential::{Credential, CredentialListing, CredentialPage};
use model::query::FromQuery as _;
use model::violation::Violations;

use crate::at;
use crate::credentials::credential;

fn listing(query: &[(&str, &'static str)]) -> Result<CredentialListing, Violations> {
    CredentialListing::read(|name| query.iter().find(|(other, _)| *other == name).map(|(_, value)| *value))
}

/// A credential with its number of uses.
type Used = (Credential, usize);

fn page(query: &[(&str, &'static str)], all: &[Used]) -> Option<CredentialPage<Used>> {
    listing(query).unwrap().page(all.to_vec(), |(credential, uses)| (credential, *uses))
}

fn shown(query: &[(&str, &'static str)], all: &[Used]) -> String {
    page(query, all).unwrap().results.iter().map(|(credential, _)| credential.name.as_str()).collect()
}

/// Four credentials, of which each order is another: ids and creations `abcd`, names as they stand.
fn four() -> Vec<Used> {
    [("b", true, "Blue", 40, 1), ("d", false, "red", 30, 3), ("a", true, "", 20, 1), ("c", false, "", 10, 0)]
        .into_iter()
        .zip(0..)
        .map(|((name, is_sensitive, description, updated, uses), created)| {
            let credential = Credential {
                description: description.into(),
                created_at: at(created),
                updated_at: at(updated),
                ..credential(name, is_sensitive)
            };
            (credential, uses)
        })
        .collect()
}

#[test]
fn a_list_has_an_order_and_may_be_turned() {
    let all = four();
    for (ordering, names) in [
        ("name", "abcd"),
        ("-name", "dcba"),
        ("created_at", "bdac"),
        ("-created_at", "cadb"),
        ("updated_at", "cadb"),
        ("-updated_at", "bdac"),
        ("usage_count", "cbad"),
        ("-usage_count", "dbac"),
    ] {
        assert_eq!(shown(&[("ordering", ordering)], &all), names, "{ordering}");
    }
    assert_eq!(shown(&[], &all), "abcd");
    let choices = "name, -name, created_at, -created_at, updated_at, -updated_at, usage_count, -usage_count";
    for wrong in ["value", "-value", "", "-", "Name", "--name"] {
        let refused = listing(&[("ordering", wrong)]).unwrap_err();
        assert_eq!(refused, Violations::one("ordering", format!("Must be one of: {choices}.")), "{wrong}");
    }
}

#[test]
fn a_list_is_narrowed_by_what_it_shows() {
    let all = four();
    for (query, names) in [
        ([("search", "B"), ("is_sensitive", "1")], "b"),
        ([("search", "RED"), ("is_sensitive", "f")], "d"),
        ([("search", "blue"), ("is_sensitive", "yes")], "b"),
        ([("search", "blue"), ("is_sensitive", "no")], ""),
        ([("search", ""), ("is_sensitive", "TRUE")], "ab"),
        ([("search", ""), ("is_sensitive", "0")], "cd"),
    ] {
        assert_eq!(shown(&query, &all), names, "{query:?}");
    }
    let refused = listing(&[("is_sensitive", "maybe")]).unwrap_err();
    assert_eq!(refused, Violations::one("is_sensitive", "Must be a valid boolean: true or false."));
}

#[test]
fn a_list_comes_in_pages_that_count_from_one() {
    let all = four();
    for (page_number, length, names) in [
        ("1", "3", Some("abc")),
        ("2", "3", Some("d")),
        ("3", "3", None),
        ("2", "2", Some("cd")),
        ("4", "1", Some("d")),
        ("1", "4", Some("abcd")),
        ("2", "4", None),
        ("99999999999999999999", "3", None),
    ] {
        let found = page(&[("page", page_number), ("length", length)], &all);
        let found = found.map(|page| {
            assert_eq!((page.count, page.page.to_string().as_str()), (4, page_number));
            assert_eq!(page.page_total, 4_usize.div_ceil(page.length));
            page.results.iter().map(|(credential, _)| credential.name.as_str()).collect::<String>()
        });
        assert_eq!(found.as_deref(), names, "{page_number} {length}");
    }
    let empty = page(&[], &[]).unwrap();
    assert_eq!((empty.count, empty.page_total, empty.page), (0, 1, 1));
}

#[test]
fn a_page_has_ten_unless_said_otherwise_and_a_hundred_at_most() {
    for (length, expected) in [("1", 1), ("100", 100), ("101", 100), ("99999999999999999999", 100)] {
        assert_eq!(page(&[("length", length)], &[]).unwrap().length, expected, "{length}");
    }
    assert_eq!(page(&[], &[]).unwrap().length, 10);
    for field in ["length", "page"] {
        for wrong in ["0", "-1", "+1", "1.5", "x", ""] {
            let refused = listing(&[(field, wrong)]).unwrap_err();
            assert_eq!(refused, Violations::one(field, "Must be a whole number of at least 1."), "{wrong}");
        }
    }
}
