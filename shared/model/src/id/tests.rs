//! Spellings of ids.

use super::*;

#[test]
fn filters_take_every_spelling_of_a_uuid() {
    let id = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
    let parsed = ResourceId::parse(id).unwrap();
    let spelled =
        [id.into(), id.to_uppercase(), id.replace('-', ""), format!("urn:uuid:{id}"), format!("{{{id}}}")];
    for text in &spelled {
        assert_eq!(ResourceId::parse_spelled(text), Ok(parsed), "{text}");
        assert!(UserId::parse_spelled(text).unwrap().is_same(&UserId::parse(id).unwrap()), "{text}");
        for record in [id, "GPXmAhizavrUuoXNn3tzeA", &id.to_uppercase()] {
            assert!(spellings(text).contains(&record.to_owned()), "{text} {record}");
        }
    }
    assert_eq!(spellings("credentials://GPXmAhizavrUuoXNn3tzeA").len(), 4);
    assert_eq!(spellings("auth0|alice"), ["auth0|alice"]);
    for text in ["", "7c9e6679", "credentials://7c9e6679", "{7c9e6679-7425-40de-944b-e07fc1f90ae7"] {
        assert!(ResourceId::parse_spelled(text).is_err(), "{text}");
        assert_eq!(spellings(text), [text]);
    }
    let upper = UserId::parse(&id.to_uppercase()).unwrap();
    assert_eq!(UserId::parse_spelled(upper.as_str()).unwrap(), upper);
    assert!(upper.has_spellings() && !UserId::parse(id).unwrap().has_spellings());
    assert!(!UserId::parse("alice").unwrap().is_same(&UserId::parse("Alice").unwrap()));
}

#[test]
fn base58_is_the_uuid_as_one_number() {
    for (uuid, spelling) in [
        ("7c9e6679-7425-40de-944b-e07fc1f90ae7", "GPXmAhizavrUuoXNn3tzeA"),
        ("550e8400-e29b-41d4-a716-446655440000", "BWBeN28Vb7cMEx7Ym8AUzs"),
        ("00000000-0000-0000-0000-000000000000", "1111111111111111111111"),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "YcVfxkQb6JRzqk5kF2tNLv"),
    ] {
        let id = CredentialId::parse(uuid).unwrap();
        assert_eq!(id.base58(), spelling);
        assert_eq!(CredentialId::parse_any(spelling), Ok(id));
        assert_eq!(CredentialId::parse_any(&id.uri()), Ok(id));
    }
}

#[test]
fn base58_refuses_numbers_of_more_than_128_bits_and_other_lengths() {
    for text in
        ["YcVfxkQb6JRzqk5kF2tNLw", "zzzzzzzzzzzzzzzzzzzzzz", "4DY4qGohso1r", "", "0WBeN28Vb7cMEx7Ym8AUzs"]
    {
        assert_eq!(parse_base58(text), Err(NotAnId), "{text}");
    }
}

#[test]
fn every_uuid_survives_its_base58_spelling() {
    for shift in 0..128 {
        let uuid = Uuid::from_u128(u128::MAX >> shift);
        assert_eq!(parse_base58(&base58(uuid)), Ok(uuid));
    }
}

#[test]
fn only_the_hyphenated_spelling_is_an_id() {
    let id = "550e8400-e29b-41d4-a716-446655440000";
    assert!(ResourceId::parse(id).is_ok());
    assert_eq!(ResourceId::parse(&id.to_uppercase()), ResourceId::parse(id));
    for text in
        ["550e8400e29b41d4a716446655440000", "{550e8400-e29b-41d4-a716-446655440000}", "not-a-uuid", ""]
    {
        assert_eq!(ResourceId::parse(text), Err(NotAnId), "{text}");
    }
}

#[test]
fn ids_are_ordered_by_their_time() {
    let ids: Vec<_> = [1_000, 1_001, 2_000_000_000_000]
        .map(|millis| ResourceId::generate(Timestamp::from_unix_millis(millis).unwrap()))
        .into();
    assert!(ids.is_sorted());
    let now = Timestamp::from_unix_millis(2_000_000_000_001).unwrap();
    let ids: Vec<_> = (0..1000).map(|_| ResourceId::generate(now)).collect();
    assert!(ids.is_sorted());
}

#[test]
fn tenant_names_cannot_carry_a_key_separator() {
    for text in ["", "a#b", "a/b", "a b", "é", &"x".repeat(65)] {
        assert_eq!(OrgId::parse(text), Err(NotAnId), "{text}");
    }
    assert!(OrgId::parse(&"x".repeat(64)).is_ok());
}
