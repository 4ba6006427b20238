//! Identifiers in each of their spellings.

use model::id::{ApiKeyId, CredentialId, NotAnId, OrgId, ResourceId, RoleId, SessionId, UserId};
use model::time::Timestamp;

#[test]
fn an_id_knows_its_millisecond() {
    let id = SessionId::parse("019c7020-a27f-7cde-944b-e07fc1f90ae7").unwrap();
    assert_eq!(id.unix_millis(), 0x019c_7020_a27f);
    // Later than whatever else is made here: ids never go back, even where their times do.
    for millis in [9_000_000_000_123, 9_000_000_000_999, 9_000_000_001_000] {
        let now = Timestamp::from_unix_millis(millis).unwrap();
        assert_eq!(SessionId::generate(now).unix_millis(), millis);
        assert_eq!(SessionId::generate(now).uuid().get_version_num(), 7);
    }
}

#[test]
fn each_kind_has_the_spellings_of_its_face() {
    let (uuid, spelling) = ("550e8400-e29b-41d4-a716-446655440000", "BWBeN28Vb7cMEx7Ym8AUzs");
    let (role, key) = (RoleId::parse(uuid).unwrap(), ApiKeyId::parse(uuid).unwrap());
    assert_eq!((role.base58().as_str(), key.base58().as_str()), (spelling, spelling));
    assert_eq!((RoleId::parse_any(uuid), RoleId::parse_any(spelling)), (Ok(role), Ok(role)));
    assert_eq!((ApiKeyId::parse_base58(spelling), ApiKeyId::parse_base58(uuid)), (Ok(key), Err(NotAnId)));
    assert_eq!(CredentialId::parse(uuid).unwrap().uri(), format!("credentials://{spelling}"));
    assert_eq!(CredentialId::parse_any("credentials://x"), Err(NotAnId));
    assert_eq!(RoleId::parse_any(&format!("credentials://{spelling}")), Err(NotAnId));
    assert_eq!((role.to_string().as_str(), ResourceId::from(role.uuid()).uuid()), (uuid, key.uuid()));
    for (subject, shown) in [(uuid, spelling), ("auth0|ada", "auth0|ada")] {
        let user = UserId::parse(subject).unwrap();
        assert_eq!((user.base58().as_str(), user.to_string().as_str()), (shown, subject));
    }
}

#[test]
fn stored_ids_are_checked_when_they_are_read() {
    assert_eq!(serde_json::from_str::<UserId>("\"a|b\"").ok(), UserId::parse("a|b").ok());
    assert_eq!(serde_json::from_str::<OrgId>("\"acme\"").ok(), OrgId::parse("acme").ok());
    assert!(serde_json::from_str::<UserId>("\"a#b\"").is_err());
    assert!(serde_json::from_str::<OrgId>("\"a|b\"").is_err());
    let now = Timestamp::from_unix_millis(1_000).unwrap();
    let made = UserId::generate(now);
    assert!(ResourceId::parse(made.as_str()).is_ok() && made != UserId::generate(now));
    assert_eq!(UserId::postern().as_str(), "postern");
}
