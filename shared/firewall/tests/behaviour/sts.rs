//! What EC2's identities ask of AWS Security Token Service, as a server sees it that records every request.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use firewall::ec2::Ec2;
use firewall::{AccountId, CloudAccess, Firewall, FirewallError, GroupRef, Purpose};
use model::credential::CredentialType;
use model::id::{OrgId, SessionId};
use model::secret::SecretJson;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::suite::acme;

const REGION: &str = "eu-central-1";
const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>\
    <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>\
    </Credentials><AssumedRoleUser><AssumedRoleId>AROA1:x</AssumedRoleId>\
    <Arn>arn:aws:sts::222222222222:assumed-role/postern/x</Arn></AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>";
const CALLER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111111111111</Account>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";
const RULES: &str = "<R><securityGroupRuleSet/></R>";
const REFUSED: &str = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the \
    request is invalid.</Message></Error></ErrorResponse>";

/// The bodies of all requests, in order, with the heads.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<Mutex<Vec<(String, String)>>>);

impl Requests {
    pub(crate) fn of(&self, action: &str) -> Vec<String> {
        let start = format!("Action={action}&");
        let all = self.0.lock().unwrap();
        all.iter().map(|(_, body)| body).filter(|body| body.starts_with(&start)).cloned().collect()
    }

    /// For which region and service each request was signed.
    fn scopes(&self) -> Vec<String> {
        let scope = |head: &str| {
            head.split("credential=")
                .nth(1)?
                .split('/')
                .skip(2)
                .take(2)
                .map(String::from)
                .reduce(|a, b| format!("{a}/{b}"))
        };
        self.0.lock().unwrap().iter().map(|(head, _)| scope(head).unwrap()).collect()
    }
}

async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        seen.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(seen).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    Some((head, String::from_utf8(body).unwrap()))
}

fn answer(body: &str) -> (u16, &'static str) {
    match body.split('&').next().unwrap() {
        "Action=AssumeRole" => (200, ASSUMED),
        "Action=GetCallerIdentity" => (200, CALLER),
        _ => (200, RULES),
    }
}

/// EC2 and STS on one address, and what they were asked.
pub(crate) async fn aws(refuse: bool) -> (Ec2, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, requests) = (listener.local_addr().unwrap(), Requests::default());
    let seen = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = seen.clone();
            tokio::spawn(async move {
                while let Some((head, body)) = request(&mut stream).await {
                    let (status, text) = if refuse { (403, REFUSED) } else { answer(&body) };
                    seen.0.lock().unwrap().push((head, body));
                    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", text.len());
                    stream.write_all(format!("{head}{text}").as_bytes()).await.unwrap();
                }
            });
        }
    });
    (Ec2::new(&config(&format!("http://{address}")).await), requests)
}

async fn config(url: &str) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(https::Https::default())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("AKIAOWN", "own", None, None, "test"))
        .endpoint_url(url)
        .load()
        .await
}

pub(crate) fn key(id: &str) -> CloudAccess {
    let value = format!(r#"{{"accessKeyId": "{id}", "secretAccessKey": "hunter2"}}"#);
    CloudAccess::read(&acme(), Some(CredentialType::AccessKey), Some(&SecretJson::new(value))).unwrap()
}

pub(crate) fn role(name: &str) -> CloudAccess {
    let value = format!(r#"{{"roleArn": "arn:aws:iam::222222222222:role/{name}"}}"#);
    CloudAccess::read(&acme(), Some(CredentialType::AssumeRole), Some(&SecretJson::new(value))).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn a_key_pairs_account_is_asked_for_once() {
    let (ec2, requests) = aws(false).await;
    let account = Ok(AccountId::from_number(111_111_111_111));
    for id in ["AKIA1", "AKIA1", "AKIA2", "AKIA1"] {
        assert_eq!(ec2.account(&key(id), REGION).await, account, "{id}");
    }
    assert_eq!(requests.of("GetCallerIdentity").len(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_roles_account_comes_with_its_credentials() {
    let (ec2, requests) = aws(false).await;
    for _ in 0..2 {
        let account = ec2.account(&role("postern"), REGION).await;
        assert_eq!(account, Ok(AccountId::from_number(222_222_222_222)));
    }
    assert_eq!((requests.of("AssumeRole").len(), requests.of("GetCallerIdentity").len()), (1, 0));
}

#[tokio::test(flavor = "current_thread")]
async fn a_refusal_is_told_and_asked_for_again() {
    let (ec2, requests) = aws(true).await;
    for _ in 0..2 {
        for access in [key("AKIA1"), role("postern")] {
            let refused = ec2.account(&access, REGION).await.unwrap_err();
            assert!(matches!(refused, FirewallError::Denied(_)), "{refused:?}");
        }
    }
    assert_eq!((requests.of("AssumeRole").len(), requests.of("GetCallerIdentity").len()), (2, 2));
}

/// What the n-th role was assumed with.
fn parameter(request: &str, name: &str) -> String {
    let found = form_urlencoded::parse(request.as_bytes()).find(|(key, _)| key == name);
    found.unwrap().1.into_owned()
}

#[tokio::test(flavor = "current_thread")]
async fn each_session_has_credentials_of_its_own_and_its_name_in_the_target_account() {
    let (ec2, requests) = aws(false).await;
    let group = GroupRef { region: REGION.into(), group_id: "sg-0abc123d".into() };
    let ids = ["01a1fc86-a5c4-7a51-9b5c-7f0d8f4c2b11", "01a1fc86-a5c4-7a51-9b5c-7f0d8f4c2b12"];
    for id in [ids[0], ids[1], ids[0]] {
        let purpose = Purpose::Session(SessionId::parse(id).unwrap());
        let access = role("postern").on_behalf_of(&acme(), &purpose);
        // The account that answers is the one whose credentials are at hand.
        ec2.account(&access, REGION).await.unwrap();
        let _ = ec2.describe(&access, &group).await;
    }
    let assumed = requests.of("AssumeRole");
    let names: Vec<_> = assumed.iter().map(|request| parameter(request, "RoleSessionName")).collect();
    assert_eq!(names, ids.map(|id| format!("postern-acme-{id}")));
    assert!(assumed.iter().all(|request| parameter(request, "ExternalId") == "postern:acme"));
}

/// The confused deputy: an organization that knows the role of another.
#[tokio::test(flavor = "current_thread")]
async fn a_role_that_was_assumed_for_one_organization_is_assumed_anew_for_another() {
    let (ec2, requests) = aws(false).await;
    let value = SecretJson::new(r#"{"roleArn": "arn:aws:iam::222222222222:role/postern"}"#.into());
    for name in ["acme", "globex"] {
        let org = OrgId::parse(name).unwrap();
        let access = CloudAccess::read(&org, Some(CredentialType::AssumeRole), Some(&value)).unwrap();
        ec2.account(&access.on_behalf_of(&org, &Purpose::Shared), REGION).await.unwrap();
    }
    let ids: Vec<_> = requests.of("AssumeRole").iter().map(|body| parameter(body, "ExternalId")).collect();
    assert_eq!(ids, ["postern:acme", "postern:globex"]);
}

fn in_region(region: &str) -> GroupRef {
    GroupRef { region: region.into(), group_id: "sg-0abc123d".into() }
}

/// An account has an identity in the regions that it has enabled, and the function's own is one of them.
#[tokio::test(flavor = "current_thread")]
async fn a_role_is_assumed_once_and_at_home_for_groups_of_every_region() {
    let (ec2, requests) = aws(false).await;
    for region in ["me-south-1", "ap-southeast-4", REGION] {
        ec2.account(&role("postern"), region).await.unwrap();
        let _ = ec2.describe(&role("postern"), &in_region(region)).await;
    }
    ec2.account(&key("AKIA1"), "me-south-1").await.unwrap();
    let mut scopes = requests.scopes();
    scopes.dedup();
    let expected =
        ["eu-central-1/sts", "me-south-1/ec2", "ap-southeast-4/ec2", "eu-central-1/ec2", "eu-central-1/sts"];
    assert_eq!(scopes, expected);
    assert_eq!(requests.of("AssumeRole").len(), 1);
}

/// Nothing of the function's own credentials leaves its partition. A key pair is known in its own partition alone.
#[tokio::test(flavor = "current_thread")]
async fn another_partition_is_asked_with_key_pairs_of_its_own_alone() {
    let (ec2, requests) = aws(false).await;
    let of_china = SecretJson::new(r#"{"roleArn": "arn:aws-cn:iam::222222222222:role/postern"}"#.into());
    let of_china = CloudAccess::read(&acme(), Some(CredentialType::AssumeRole), Some(&of_china)).unwrap();
    let groups = ["cn-north-1", "us-gov-west-1"].map(|region| (role("postern"), in_region(region)));
    for (access, group) in groups.into_iter().chain([(of_china, in_region(REGION))]) {
        let account = ec2.account(&access, &group.region).await.unwrap_err();
        let group = ec2.describe(&access, &group).await.unwrap_err();
        for refused in [account, group] {
            let FirewallError::Denied(words) = refused else { panic!("{refused:?}") };
            assert!(words.starts_with("Postern runs in the partition aws and can assume no role"), "{words}");
        }
    }
    assert_eq!(requests.scopes(), Vec::<String>::new());
    ec2.account(&key("AKIA1"), "cn-north-1").await.unwrap();
    let _ = ec2.describe(&key("AKIA1"), &in_region("cn-north-1")).await;
    assert!(
        requests.scopes().iter().all(|scope| scope.starts_with("cn-north-1/")),
        "{:?}",
        requests.scopes()
    );
}

/// AWS on connections of which each first one breaks when its first request has come; how often each action came.
async fn aws_that_breaks_off() -> (Ec2, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, requests) = (listener.local_addr().unwrap(), Requests::default());
    let seen = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some((head, body)) = request(&mut stream).await else { continue };
            let text = answer(&body).1;
            let action = body.split('&').next().unwrap().to_owned();
            let is_first = !seen.0.lock().unwrap().iter().any(|(_, body)| body.starts_with(&action));
            seen.0.lock().unwrap().push((head, body));
            let head =
                format!("HTTP/1.1 200 X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", text.len());
            if !is_first {
                stream.write_all(format!("{head}{text}").as_bytes()).await.unwrap();
            }
        }
    });
    (Ec2::new(&config(&format!("http://{address}")).await), requests)
}

#[tokio::test(flavor = "current_thread")]
async fn what_changes_nothing_is_asked_once_more_when_the_connection_broke() {
    let (ec2, requests) = aws_that_breaks_off().await;
    ec2.account(&key("AKIA1"), REGION).await.unwrap();
    ec2.describe(&role("postern"), &in_region(REGION)).await.unwrap();
    for action in ["GetCallerIdentity", "AssumeRole", "DescribeSecurityGroupRules", "DescribeSecurityGroups"]
    {
        assert_eq!(requests.of(action).len(), 2, "{action}");
    }
    let gone = ec2.revoke(&key("AKIA1"), &in_region(REGION), &["sgr-1".into()]).await;
    assert!(matches!(gone, Err(FirewallError::Unreachable(_))), "{gone:?}");
    let tag = firewall::RuleTag { deployment: None, org: "acme".into(), rule: "r".into() };
    let rule = firewall::NewRule { ingress: crate::suite::ssh("203.0.113.7"), tag };
    let made = ec2.authorize(&key("AKIA1"), &in_region(REGION), &[rule]).await;
    assert!(matches!(made, Err(FirewallError::Unreachable(_))), "{made:?}");
    for action in ["RevokeSecurityGroupIngress", "AuthorizeSecurityGroupIngress"] {
        assert_eq!(requests.of(action).len(), 1, "{action}");
    }
}
