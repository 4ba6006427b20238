//! The suite on EC2's Query API, as the moto server answers it: `tools/moto.sh cargo test -p firewall --features moto`.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use firewall::ec2::Ec2;
use firewall::{AccountId, CloudAccess, Firewall, FirewallError, GroupRef, NewRule, RuleTag};
use model::credential::CredentialType;
use model::ingress::Ingress;
use model::secret::SecretJson;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::suite::{self, Subject, acme, new, ssh};

const REGION: &str = "eu-central-1";

struct OnMoto {
    ec2: Ec2,
    config: SdkConfig,
    access: CloudAccess,
    groups: AtomicU32,
}

/// Where the server listens.
fn moto() -> String {
    #[expect(clippy::disallowed_methods, reason = "a test that is told where its server is")]
    std::env::var("POSTERN_MOTO").expect("POSTERN_MOTO: run this with tools/moto.sh")
}

fn access(kind: CredentialType, value: &str) -> CloudAccess {
    CloudAccess::read(&acme(), Some(kind), Some(&SecretJson::new(value.into()))).unwrap()
}

impl OnMoto {
    async fn new(access: CloudAccess) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https::Https::default())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new("AKIAOWN", "own", None, None, "test"))
            .endpoint_url(moto())
            .load()
            .await;
        Self { ec2: Ec2::new(&config), config, access, groups: AtomicU32::new(0) }
    }

    async fn with_key() -> Self {
        let key = r#"{"accessKeyId": "AKIA1", "secretAccessKey": "hunter2"}"#;
        Self::new(access(CredentialType::AccessKey, key)).await
    }

    /// A call that the firewall does not make, signed like those that it does; moto checks no signatures.
    async fn raw(&self, body: String) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let url = self.config.endpoint_url().unwrap().trim_end_matches('/');
        let address = url.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=AKIA1/20260218/{REGION}/ec2/aws4_request, \
             SignedHeaders=host, Signature=0\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer
    }
}

/// The text between two tags.
fn between<'t>(text: &'t str, tag: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("<{tag}>")).unwrap();
    rest.split_once(&format!("</{tag}>")).unwrap().0
}

impl Subject for OnMoto {
    fn firewall(&self) -> &dyn Firewall {
        &self.ec2
    }

    fn access(&self) -> CloudAccess {
        self.access.clone()
    }

    /// moto's own, unless a role names another.
    fn account(&self) -> AccountId {
        AccountId::parse("123456789012").unwrap()
    }

    /// moto makes the rules that come before the refused one.
    fn is_all_or_nothing(&self) -> bool {
        false
    }

    /// moto counts both together.
    fn counts_families_apart(&self) -> bool {
        false
    }

    async fn new_group(&self) -> GroupRef {
        let number = self.groups.fetch_add(1, Ordering::SeqCst);
        let name = format!("group-{number}-{:?}", std::thread::current().id());
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let body =
            format!("Action=CreateSecurityGroup&Version=2016-11-15&GroupName={name}&GroupDescription=test");
        let answer = self.raw(body).await;
        GroupRef { region: REGION.into(), group_id: between(&answer, "groupId").into() }
    }

    async fn add_foreign_rule(&self, group: &GroupRef, ingress: Ingress) {
        let (from, to) = ingress.opening.ports.unwrap();
        let body = format!(
            "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId={}&IpPermissions.1.IpProtocol=tcp\
             &IpPermissions.1.FromPort={from}&IpPermissions.1.ToPort={to}&IpPermissions.1.IpRanges.1.CidrIp={}",
            group.group_id,
            ingress.cidr().replace('/', "%2F"),
        );
        self.raw(body).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn ec2_behaves() {
    suite::check(&OnMoto::with_key().await).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_role_is_assumed_with_its_external_id_and_kept() {
    let role = r#"{"roleArn": "arn:aws:iam::123456789012:role/postern", "externalId": "postern:acme"}"#;
    let subject = OnMoto::new(access(CredentialType::AssumeRole, role)).await;
    let group = subject.new_group().await;
    suite::authorize(&subject, &group, &[new(ssh("203.0.113.7"))]).await.unwrap();
    assert_eq!(suite::describe(&subject, &group).await.len(), 1);
    assert_eq!(subject.ec2.account(&subject.access, REGION).await, Ok(subject.account()));
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_is_not_there_is_out_of_reach() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let config =
        OnMoto::with_key().await.config.into_builder().endpoint_url(format!("http://{address}")).build();
    let (ec2, group) =
        (Ec2::new(&config), GroupRef { region: REGION.into(), group_id: "sg-0abc123d".into() });
    let key = access(CredentialType::AccessKey, r#"{"accessKeyId": "AKIA1", "secretAccessKey": "hunter2"}"#);
    let lost = ec2.describe(&key, &group).await.unwrap_err();
    assert!(
        matches!(&lost, FirewallError::Unreachable(_)) && !lost.reason(&group).contains("hunter2"),
        "{lost:?}"
    );
    let two = ["acme", "globex"].map(|org| NewRule {
        ingress: ssh("203.0.113.7"),
        tag: RuleTag { deployment: None, org: org.into(), rule: "r".into() },
    });
    assert!(ec2.authorize(&key, &group, &two).await.is_err());
}
