//! Every failure on every format: status, headers, body.

use http::Response;
use lambda_http::Body;
use model::api_key::Scope;
use model::id::{ApiKeyId, CredentialId, ResourceId, RoleId, RuleId, SessionId, UserId};
use model::link::LinkKind;
use model::refusal::Refusal;
use model::session::SessionStatus;
use model::violation::{NON_FIELD, Violations};
use serde_json::json;
use support::{ORG, START_MILLIS, TestApp, actor, at_millis};
use uuid::Uuid;
use web::access::OrgAdmin;
use web::admit;
use web::error_format::ErrorFormat;
use web::{Denied, Edge, Failure, Incoming, ParameterFault, UnknownSource, WrongParameters};

/// What went wrong inside. No answer may repeat it.
const CAUSE: &str = "SECRET-CAUSE";
/// A path of each format.
pub(crate) const PATHS: [(&str, &str); 3] =
    [("K", "/api/v1/resources/1"), ("R", "/api/v1/roles/1"), ("D", "/api/v1/credentials/1/")];

fn uuid(digit: u128) -> Uuid {
    Uuid::from_u128(0x1111_1111_1111_1111_1111_1111_1111_1111 * digit)
}

/// The name of a failure in the table. No wildcard: a new variant must be given a line in [`failures`].
fn name(failure: &Failure) -> String {
    match failure {
        Failure::Unauthenticated(why) => format!("Unauthenticated, {why:?}"),
        Failure::Forbidden(why) => format!("Forbidden, {why:?}"),
        Failure::UnknownSource(_) => "UnknownSource".into(),
        Failure::NoRoute => "NoRoute".into(),
        Failure::NoPage => "NoPage".into(),
        Failure::NoSuchId => "NoSuchId".into(),
        Failure::MethodNotAllowed { .. } => "MethodNotAllowed".into(),
        Failure::BodyTooLarge { .. } => "BodyTooLarge".into(),
        Failure::UriTooLong { .. } => "UriTooLong".into(),
        Failure::HeadersTooLarge { .. } => "HeadersTooLarge".into(),
        Failure::UnsupportedMediaType(_) => "UnsupportedMediaType".into(),
        Failure::TooManyRequests { .. } => "TooManyRequests".into(),
        Failure::Malformed(_) => "Malformed".into(),
        Failure::Parameters(_) => "Parameters".into(),
        Failure::NotAnObject(kind) => format!("NotAnObject, {kind}"),
        Failure::Refused(Refusal::Invalid(violations)) => {
            format!("Refused, Invalid, {} violations", violations.iter().count())
        }
        Failure::Refused(refusal) => format!("Refused, {}", refusal_name(refusal)),
        Failure::Unavailable(_) => "Unavailable".into(),
        Failure::Internal(_) => "Internal".into(),
    }
}

/// The name of a refusal. No wildcard: a new variant must be given a line in [`refusals`].
fn refusal_name(refusal: &Refusal) -> String {
    let name = match refusal {
        Refusal::NotAssigned(kind) => return format!("NotAssigned, {kind:?}"),
        Refusal::AlreadyAssigned(kind) => return format!("AlreadyAssigned, {kind:?}"),
        Refusal::TooManyLinks(kind) => return format!("TooManyLinks, {kind:?}"),
        Refusal::ResourceNotFound(_) => "ResourceNotFound",
        Refusal::RoleNotFound(_) => "RoleNotFound",
        Refusal::CredentialNotFound(_) => "CredentialNotFound",
        Refusal::UserNotFound(_) => "UserNotFound",
        Refusal::ApiKeyNotFound(_) => "ApiKeyNotFound",
        Refusal::ResourceInUse => "ResourceInUse",
        Refusal::SessionNotFound(_) => "SessionNotFound",
        Refusal::SessionNotStoppable(_) => "SessionNotStoppable",
        Refusal::SessionNotExtensible(_) => "SessionNotExtensible",
        Refusal::SessionEndsAt(_) => "SessionEndsAt",
        Refusal::SessionOutlived => "SessionOutlived",
        Refusal::ResourceOutOfReach(_) => "ResourceOutOfReach",
        Refusal::ResourceNotOpen(_) => "ResourceNotOpen",
        Refusal::NothingToOpen => "NothingToOpen",
        Refusal::ResourceNotOpenable(_) => "ResourceNotOpenable",
        Refusal::TooManyRows => "TooManyRows",
        Refusal::TooManyBlocks { .. } => "TooManyBlocks",
        Refusal::TooManyHolders => "TooManyHolders",
        Refusal::TooManySessions(_) => "TooManySessions",
        Refusal::NoAddress => "NoAddress",
        Refusal::RuleNotFound(_) => "RuleNotFound",
        Refusal::RuleNotStuck => "RuleNotStuck",
        Refusal::RuleUnreadable => "RuleUnreadable",
        Refusal::RuleNotWaiting => "RuleNotWaiting",
        Refusal::CredentialInUse(_) => "CredentialInUse",
        Refusal::CredentialHasRules(_) => "CredentialHasRules",
        Refusal::TooManyFormerValues => "TooManyFormerValues",
        Refusal::RoleNameTaken(_) => "RoleNameTaken",
        Refusal::UserIdTaken(_) => "UserIdTaken",
        Refusal::EmailTaken(_) => "EmailTaken",
        Refusal::UserInactive => "UserInactive",
        Refusal::UserDeleted => "UserDeleted",
        Refusal::VerificationFailed(_) => "VerificationFailed",
        Refusal::VerificationOutdated => "VerificationOutdated",
        Refusal::PreconditionFailed => "PreconditionFailed",
        Refusal::IdempotencyKeyReused => "IdempotencyKeyReused",
        Refusal::Invalid(_) => "Invalid",
    };
    name.into()
}

fn refusals() -> Vec<Refusal> {
    let user = UserId::parse("auth0.alice").unwrap();
    let mut refusals = vec![
        Refusal::ResourceNotFound(ResourceId::from(uuid(1))),
        Refusal::RoleNotFound(RoleId::from(uuid(2))),
        Refusal::CredentialNotFound(CredentialId::from(uuid(3))),
        Refusal::UserNotFound(user.clone()),
        Refusal::ApiKeyNotFound(ApiKeyId::from(uuid(4))),
        Refusal::ResourceInUse,
        Refusal::SessionNotFound(SessionId::from(uuid(5))),
        Refusal::SessionNotStoppable(SessionStatus::Expired),
        Refusal::SessionNotExtensible(SessionStatus::Pending),
        Refusal::SessionEndsAt(at_millis(START_MILLIS)),
        Refusal::SessionOutlived,
        Refusal::ResourceOutOfReach(ResourceId::from(uuid(1))),
        Refusal::ResourceNotOpen(ResourceId::from(uuid(1))),
        Refusal::NothingToOpen,
        Refusal::ResourceNotOpenable(ResourceId::from(uuid(6))),
        Refusal::TooManyRows,
        Refusal::TooManyBlocks { needed: 98, room: 96 },
        Refusal::TooManyHolders,
        Refusal::TooManySessions(1),
        Refusal::TooManySessions(20),
        Refusal::NoAddress,
        Refusal::RuleNotFound(RuleId::from(uuid(7))),
        Refusal::RuleNotStuck,
        Refusal::RuleUnreadable,
        Refusal::RuleNotWaiting,
        Refusal::CredentialInUse(1),
        Refusal::CredentialInUse(3),
        Refusal::CredentialHasRules(1),
        Refusal::CredentialHasRules(3),
        Refusal::TooManyFormerValues,
        Refusal::RoleNameTaken("Developers".into()),
        Refusal::UserIdTaken(user),
        Refusal::EmailTaken("alice@acme.example".into()),
        Refusal::UserInactive,
        Refusal::UserDeleted,
        Refusal::VerificationFailed("The security group sg-0abc123d does not exist in eu-central-1".into()),
        Refusal::VerificationOutdated,
        Refusal::PreconditionFailed,
        Refusal::IdempotencyKeyReused,
        Refusal::Invalid(several()),
    ];
    for kind in [LinkKind::RoleResource, LinkKind::RoleUser, LinkKind::UserResource] {
        refusals.extend([
            Refusal::NotAssigned(kind),
            Refusal::AlreadyAssigned(kind),
            Refusal::TooManyLinks(kind),
        ]);
    }
    refusals
}

fn parameters() -> WrongParameters {
    let wrong = [
        ("result", ParameterFault::Unknown),
        ("limit", ParameterFault::Repeated),
        ("limit", ParameterFault::Empty),
        ("cursor", ParameterFault::Empty),
    ];
    WrongParameters::new(&wrong, vec!["limit", "cursor"])
}

fn several() -> Violations {
    let mut violations = Violations::one("name", "name must not be blank");
    violations.add("region", "region is required");
    violations.add("name", "name must have at most 255 characters");
    violations.add(NON_FIELD, "A rule over several fields.");
    violations
}

/// The failures of callers, which only the access levels make.
async fn unauthenticated(app: &TestApp) -> [Failure; 5] {
    let admit = async |headers| {
        let context = json!({"http": {"method": "GET", "path": "/"}, "timeEpoch": 0});
        let event = json!({"headers": headers, "requestContext": context, "isBase64Encoded": false});
        let event = web::event::decode(&event.to_string()).unwrap();
        admit::<OrgAdmin>(&app.app, &Incoming::new(event, &Edge::default())).await.unwrap_err()
    };
    [
        admit(json!({})).await,
        admit(json!({"authorization": "Bearer nonsense"})).await,
        admit(json!({"authorization": format!("Bearer {}", app.token("a#b", ORG, &[]))})).await,
        admit(json!({"x-api-key": "pst_nonsense"})).await,
        admit(json!({"x-api-key": "pst_x", "authorization": "Bearer x"})).await,
    ]
}

/// The failure of an operation whose every call AWS answers with this.
async fn of_store(app: &TestApp, attempts: usize, status: u16, kind: &str) -> Failure {
    for _ in 0..attempts {
        app.proxy.fail_next("GetItem", status, &json!({"__type": kind, "message": CAUSE}));
    }
    app.db.resource(&actor(ORG).org, ResourceId::from(uuid(1))).await.unwrap_err().into()
}

/// Every variant at least once.
pub(crate) async fn failures() -> Vec<Failure> {
    let app = TestApp::new().await;
    let mut failures = Vec::from(unauthenticated(&app).await);
    failures.extend([
        Failure::Forbidden(Denied::NotAdmin),
        Failure::Forbidden(Denied::Scope(Scope::ResourcesRead)),
        Failure::UnknownSource(UnknownSource::ForeignDistribution),
        Failure::NoRoute,
        Failure::NoPage,
        Failure::NoSuchId,
        Failure::MethodNotAllowed { method: "PUT".into(), allowed: vec!["GET".into(), "DELETE".into()] },
        Failure::BodyTooLarge { limit: 262_144 },
        Failure::UriTooLong { limit: 8192 },
        Failure::HeadersTooLarge { limit: 10_240 },
        Failure::UnsupportedMediaType("text/csv".into()),
        Failure::TooManyRequests { retry_after: 7 },
        Failure::Malformed("expected value at line 1 column 2".into()),
        Failure::NotAnObject("null"),
        Failure::NotAnObject("list"),
        Failure::Parameters(parameters()),
        Violations::one("name", "name is required").into(),
        several().into(),
    ]);
    failures.extend(refusals().into_iter().map(Failure::Refused));
    failures.push(of_store(&app, store::CALL_ATTEMPTS as usize, 500, "InternalServerError").await);
    failures.push(of_store(&app, 1, 400, "AccessDeniedException").await);
    failures.push(Failure::internal(CAUSE));
    failures
}

pub(crate) fn render(failure: &Failure, path: &str) -> Response<Body> {
    ErrorFormat::of(path).render(failure, path, at_millis(START_MILLIS))
}

pub(crate) fn text(response: &Response<Body>) -> &str {
    str::from_utf8(response.body()).unwrap()
}

/// The headers beside the media type.
fn headers(response: &Response<Body>) -> Vec<String> {
    let is_of_all = |name: &str| ["content-type", "x-postern-error"].contains(&name);
    let shown = response.headers().iter().filter(|(name, _)| !is_of_all(name.as_str()));
    shown.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
}

#[tokio::test]
async fn errors() {
    let mut table = String::new();
    for failure in failures().await {
        table += &format!("{}\n", name(&failure));
        for (format, path) in PATHS {
            let response = render(&failure, path);
            let headers: String = headers(&response).iter().map(|header| format!("  [{header}]")).collect();
            table += &format!("  {format}  {}  {}{headers}\n", response.status().as_u16(), text(&response));
        }
        // The same on every format.
        let codes = PATHS.map(|(_, path)| render(&failure, path).headers()["x-postern-error"].clone());
        assert_eq!(codes, std::array::from_fn(|_| codes[0].clone()));
        if codes[0] == "UNUSABLE_CLAIM" {
            table += "     x-postern-error: UNUSABLE_CLAIM\n";
        }
    }
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("error_table", table);
    });
}

#[tokio::test]
async fn every_format_has_the_headers_that_its_status_requires() {
    for failure in failures().await {
        for (_, path) in PATHS {
            let response = render(&failure, path);
            let expected: &[&str] = match response.status().as_u16() {
                401 => &["www-authenticate: Bearer"],
                405 => &["allow: GET, DELETE"],
                429 => &["retry-after: 7"],
                503 => &["retry-after: 1"],
                _ => &[],
            };
            assert_eq!(headers(&response), expected, "{} {path}", name(&failure));
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(response.status(), failure.status());
        }
    }
}

#[tokio::test]
async fn no_answer_shows_a_cause() {
    let mut causes = 0;
    for failure in failures().await {
        causes += usize::from(failure.for_log().is_some_and(|cause| cause.contains(CAUSE)));
        for (_, path) in PATHS {
            let shown = text(&render(&failure, path)).to_owned();
            assert!(!shown.contains(CAUSE) && !shown.contains("Exception"), "{shown}");
        }
    }
    // What AWS says of an InternalServerError is not even for the log.
    assert_eq!(causes, 2);
}

#[tokio::test]
async fn each_format_has_its_own_members() {
    for failure in failures().await {
        for (format, path) in PATHS {
            let body: serde_json::Value = serde_json::from_str(text(&render(&failure, path))).unwrap();
            let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
            let invalid = matches!(failure, Failure::Refused(Refusal::Invalid(_)) | Failure::Parameters(_));
            match format {
                "K" => assert_eq!(members, ["error", "message", "timestamp"]),
                "R" if invalid => {
                    assert_eq!(
                        members,
                        ["timestamp", "status", "error", "message", "path", "validationErrors"]
                    );
                }
                "R" => assert_eq!(members, ["timestamp", "status", "error", "message", "path"]),
                _ if members == ["detail"] => assert!(body["detail"].is_string(), "{body}"),
                _ => assert!(body.as_object().unwrap().values().all(serde_json::Value::is_array), "{body}"),
            }
        }
    }
}
