//! The fields of a credential in each of the forms in which they can be sent.

use model::credential::input::{Given, GivenFields, InvalidFields};
use model::credential::{CredentialDraft, CredentialUpdate};
use model::principal::Actor;
use model::violation::Violations;
use serde_json::{Value, json};

use crate::at;

/// The members of a JSON body, or the fields of a form where the value is a `Given`.
pub(crate) fn sent(fields: impl IntoIterator<Item = (&'static str, Given)>) -> GivenFields {
    let mut all = GivenFields::default();
    for (name, given) in fields {
        all.set(name.into(), given);
    }
    all
}

pub(crate) fn json_field(value: &Value) -> Given {
    Given::Json { value: value.clone(), raw: value.to_string() }
}

fn text_field(text: &str) -> Given {
    Given::Text(text.into())
}

fn listed(violations: &Violations) -> Vec<(String, String)> {
    violations.iter().map(|(field, sentence)| (field.into(), sentence.into())).collect()
}

/// What is wrong with one field of a PATCH.
fn fault(name: &'static str, given: Given) -> Vec<String> {
    let rejected: Option<Box<InvalidFields>> = CredentialUpdate::read_partial(&sent([(name, given)])).err();
    let violations = rejected.map(|rejected| rejected.violations(true)).unwrap_or_default();
    violations
        .iter()
        .map(|(field, sentence)| {
            assert_eq!(field, name);
            sentence.into()
        })
        .collect()
}

/// The credential that a POST makes of one field beside a name and a value, and its value.
fn made(name: &'static str, given: Given) -> (model::credential::Credential, Option<String>) {
    let fields = [("name", text_field("n")), ("value", text_field("v")), (name, given)];
    let draft = CredentialDraft::read(&sent(fields)).unwrap();
    let org = model::id::OrgId::parse("acme").unwrap();
    let (credential, value) = draft.create(&Actor::system(org), at(0)).unwrap();
    (credential, value.map(|value| value.expose().into()))
}

#[test]
fn texts_are_trimmed_and_numbers_are_texts() {
    let longest = "é".repeat(255);
    for (given, name) in [
        (text_field(" DB key\t"), "DB key"),
        (json_field(&json!(" DB key ")), "DB key"),
        (json_field(&json!(12)), "12"),
        (json_field(&json!(-12)), "-12"),
        (json_field(&json!(1.5)), "1.5"),
        (Given::Json { value: json!(1e3), raw: "1e3".into() }, "1000.0"),
        (json_field(&json!(format!("  {longest} "))), &longest),
    ] {
        assert_eq!(made("name", given.clone()).0.name, name, "{given:?}");
    }
    assert_eq!(made("description", text_field("  ")).0.description, "");
    assert_eq!(made("description", text_field(&"x".repeat(1024))).0.description.len(), 1024);
}

#[test]
fn texts_that_cannot_stand_are_refused() {
    let long = "Ensure this field has no more than 255 characters.";
    let null_characters = "Null characters are not allowed.";
    let control_characters = "Control characters and changes of direction are not allowed.";
    for (given, sentences) in [
        (json_field(&json!(null)), vec!["This field may not be null."]),
        (json_field(&json!(" ")), vec!["This field may not be blank."]),
        (text_field(""), vec!["This field may not be blank."]),
        (json_field(&json!(true)), vec!["Not a valid string."]),
        (json_field(&json!([])), vec!["Not a valid string."]),
        (json_field(&json!({})), vec!["Not a valid string."]),
        (Given::File, vec!["Not a valid string."]),
        (Given::LoneSurrogate(0xd800), vec!["Surrogate characters are not allowed: U+D800."]),
        (text_field(&"x".repeat(256)), vec![long]),
        (text_field("a\0b"), vec![null_characters]),
        (text_field("\u{1b}[31mred"), vec![control_characters]),
        (text_field("a\u{202e}b"), vec![control_characters]),
        (text_field("\u{200b}\u{3164}\u{2060}\u{ad}"), vec!["This field may not be blank."]),
        (text_field(&"\0".repeat(256)), vec![long, null_characters]),
    ] {
        assert_eq!(fault("name", given.clone()), sentences, "{given:?}");
    }
    let long = ["Ensure this field has no more than 1024 characters."];
    assert_eq!(fault("description", text_field(&"x".repeat(1025))), long);
    assert_eq!(fault("description", text_field("a\u{7}")), [control_characters]);
    for kept in ["a\tb\nc\r\nd\u{2028}e", "e\u{301}", "\u{1F468}\u{200D}\u{1F469}"] {
        assert_eq!(made("name", text_field(kept)).0.name, kept);
        assert_eq!(made("description", text_field(kept)).0.description, kept);
    }
}

#[test]
fn a_value_has_at_most_32_levels() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |value, _| json!([value]));
    assert_eq!(made("value", json_field(&nested(32))).1.unwrap(), nested(32).to_string());
    let sentence = ["Ensure this field has no more than 32 levels."];
    assert_eq!(fault("value", json_field(&nested(33))), sentence);
    assert_eq!(fault("value", json_field(&json!({"a": nested(32)}))), sentence);
    // A text is not looked into.
    assert_eq!(made("value", text_field(&nested(33).to_string())).0.name, "n");
}

#[test]
fn a_boolean_has_many_spellings() {
    for (texts, is_sensitive) in
        [(["true", "T", "yes", "Y", "On", "1"], true), (["False", "f", "NO", "n", "off", "0"], false)]
    {
        for text in texts {
            assert_eq!(made("is_sensitive", text_field(text)).0.is_sensitive, is_sensitive, "{text}");
            assert_eq!(made("is_sensitive", json_field(&json!(text))).0.is_sensitive, is_sensitive, "{text}");
        }
    }
    for (value, is_sensitive) in
        [(json!(true), true), (json!(false), false), (json!(1), true), (json!(0.0), false)]
    {
        assert_eq!(made("is_sensitive", json_field(&value)).0.is_sensitive, is_sensitive, "{value}");
    }
    assert!(made("is_sensitive", text_field("")).0.is_sensitive, "an empty field of a form was not sent");
    assert_eq!(fault("is_sensitive", json_field(&json!(null))), ["This field may not be null."]);
    let no_booleans = [json!(""), json!("2"), json!("null"), json!(2), json!(0.5), json!([]), json!({})];
    let others = [Given::File, Given::LoneSurrogate(0xd800), text_field("nope")];
    for given in no_booleans.iter().map(json_field).chain(others) {
        assert_eq!(fault("is_sensitive", given.clone()), ["Must be a valid boolean."], "{given:?}");
    }
}

#[test]
fn a_team_is_a_role_or_nobody() {
    let id = "550e8400-e29b-41d4-a716-446655440000";
    for (given, team) in [
        (json_field(&json!("BWBeN28Vb7cMEx7Ym8AUzs")), Some(id)),
        (text_field(id), Some(id)),
        (text_field(""), None),
        (json_field(&json!("")), None),
        (json_field(&json!(null)), None),
    ] {
        let found = made("team", given.clone()).0.team.map(|team| team.to_string());
        assert_eq!(found.as_deref(), team, "{given:?}");
    }
    for (given, kind) in [
        (json_field(&json!(true)), "bool"),
        (json_field(&json!([])), "list"),
        (json_field(&json!({})), "dict"),
        (Given::File, "file"),
    ] {
        let sentence = format!("Incorrect type. Expected pk value, received {kind}.");
        assert_eq!(fault("team", given), [sentence]);
    }
    let surrogate = ["Surrogate characters are not allowed: U+DC00."];
    assert_eq!(fault("team", Given::LoneSurrogate(0xdc00)), surrogate);
    for (given, named) in [(json_field(&json!(12)), "12"), (text_field("x y"), "x y")] {
        assert_eq!(fault("team", given), [format!("Invalid pk \"{named}\" - object does not exist.")]);
    }
}

#[test]
fn a_value_is_taken_as_it_stands() {
    for (given, value) in [
        (text_field(" a\"b "), Some(r#"" a\"b ""#)),
        (json_field(&json!(" x ")), Some("\" x \"")),
        (json_field(&json!({"a": [1, null]})), Some(r#"{"a":[1,null]}"#)),
        (Given::Json { value: json!(1e3), raw: "1e3".into() }, Some("1e3")),
    ] {
        assert_eq!(made("value", given.clone()).1.as_deref(), value, "{given:?}");
    }
    for (given, sentence) in [
        (json_field(&json!("")), "This field may not be blank."),
        (Given::File, "Not a valid string."),
        (Given::LoneSurrogate(0xd800), "Surrogate characters are not allowed: U+D800."),
    ] {
        assert_eq!(fault("value", given), [sentence]);
    }
}

#[test]
fn an_empty_field_of_a_form_is_a_credential_without_a_value() {
    for value in [text_field(""), json_field(&json!(null))] {
        let fields = [("name", text_field("n")), ("value", value), ("is_sensitive", text_field("no"))];
        let draft = CredentialDraft::read(&sent(fields)).unwrap();
        let org = model::id::OrgId::parse("acme").unwrap();
        let (credential, value) = draft.create(&Actor::system(org), at(0)).unwrap();
        assert!(!credential.has_value && value.is_none());
    }
}

#[test]
fn a_value_has_at_most_64_kib() {
    let text = "\"".repeat(65_536);
    let list = json!(["x".repeat(65_532)]);
    for given in [text_field(&text), json_field(&json!(text)), json_field(&list)] {
        assert_eq!(fault("value", given), [""; 0]);
    }
    let list = json!(["x".repeat(65_533)]);
    for given in [text_field(&format!("{text}x")), json_field(&json!(format!("{text}x"))), json_field(&list)]
    {
        let sentence = "Ensure this field has no more than 65536 characters.";
        assert_eq!(fault("value", given), [sentence]);
    }
}

#[test]
fn a_provider_and_a_type_are_words_of_a_list() {
    for (name, good) in [("provider", "AWS"), ("credential_type", "ACCESS_KEY")] {
        assert_eq!(fault(name, text_field(good)), [""; 0]);
        assert_eq!(fault(name, json_field(&json!(good))), [""; 0]);
        assert_eq!(fault(name, json_field(&json!("X"))), ["\"X\" is not a valid choice."]);
        for bad in [json_field(&json!(1)), Given::File, Given::LoneSurrogate(0xd800)] {
            assert_eq!(fault(name, bad), ["Not a valid string."]);
        }
    }
    for absent in [text_field(""), json_field(&json!(null))] {
        assert_eq!(fault("provider", absent.clone()), ["This field may not be null."]);
        assert_eq!(made("credential_type", absent).0.credential_type, None);
    }
    assert_eq!(fault("provider", json_field(&json!(""))), ["\"\" is not a valid choice."]);
    assert_eq!(fault("credential_type", json_field(&json!(""))), ["\"\" is not a valid choice."]);
}

#[test]
fn everything_that_is_wrong_is_named_in_the_order_of_the_schema() {
    let required = "This field is required.";
    let fields = sent([("credential_type", Given::File), ("is_sensitive", Given::File)]);
    for rejected in [CredentialUpdate::read_whole(&fields).err(), CredentialDraft::read(&fields).err()] {
        let found = listed(&rejected.unwrap().violations(true));
        let found: Vec<_> =
            found.iter().map(|(field, sentence)| (field.as_str(), sentence.as_str())).collect();
        let (boolean, string) = ("Must be a valid boolean.", "Not a valid string.");
        let all =
            [("name", required), ("is_sensitive", boolean), ("value", required), ("credential_type", string)];
        assert_eq!(found, all);
    }
    assert!(CredentialUpdate::read_partial(&sent([])).is_ok());
}

#[test]
fn a_team_that_nobody_knows_is_named_among_the_others() {
    let named = "BWBeN28Vb7cMEx7Ym8AUzs";
    let fields = sent([("name", Given::File), ("team", text_field(named)), ("value", Given::File)]);
    let rejected = CredentialUpdate::read_whole(&fields).unwrap_err();
    assert_eq!(rejected.team.as_ref().unwrap().named, named);
    let fields = |team_exists| {
        let violations = rejected.clone().violations(team_exists);
        violations.iter().map(|(field, _)| field.into()).collect::<Vec<String>>()
    };
    assert_eq!(fields(true), ["name", "value"]);
    assert_eq!(fields(false), ["name", "team", "value"]);
    let alone = model::credential::input::unknown_team(named);
    assert_eq!(alone, Violations::one("team", format!("Invalid pk \"{named}\" - object does not exist.")));
}

#[test]
fn of_a_repeated_field_the_last_counts_and_debug_shows_none() {
    let fields = sent([("name", Given::File), ("value", text_field("hunter2")), ("name", text_field("n"))]);
    assert!(CredentialUpdate::read_whole(&fields).is_ok());
    let (json, text) = (json_field(&json!("hunter2")), text_field("hunter2"));
    assert_eq!(
        format!("{:?}", [json, text, Given::LoneSurrogate(0xd800), Given::File]),
        "[Json, Text, LoneSurrogate, File]"
    );
}

#[test]
fn a_body_has_fields_or_none() {
    assert!(GivenFields::default().is_empty());
    assert!(!sent([("anything", Given::Text(String::new()))]).is_empty());
}
