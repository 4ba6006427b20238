//! Signed requests (AWS Signature Version 4).

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use https::Https;
use std::fmt::Display;
use std::time::{Duration, SystemTime};

use super::answer;
use super::query::QueryBody;
use crate::FirewallError;

/// Longest wait for the first byte of an answer.
const READ: Duration = Duration::from_secs(5);
/// Longest wait for all of it.
const WHOLE: Duration = Duration::from_secs(6);

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

pub(super) struct Signer {
    https: Https,
    config: SdkConfig,
}

fn lost(error: impl Display) -> FirewallError {
    FirewallError::Unreachable(error.to_string())
}

/// A service whose API is the QueryBody API.
#[derive(Debug, Clone, Copy)]
pub(super) enum Service {
    Ec2,
    Sts,
}

impl Service {
    /// As it is signed.
    fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
        }
    }
}

impl Signer {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self { https: Https::default(), config: config.clone() }
    }

    /// The text of EC2's answer.
    pub(super) async fn call(
        &self,
        credentials: Credentials,
        region: &str,
        query: &QueryBody,
    ) -> Result<String, FirewallError> {
        let (status, text) = self.ask(Service::Ec2, credentials, region, query).await?;
        if (200..300).contains(&status) { Ok(text) } else { Err(answer::failure(status, &text)) }
    }

    /// Status and text of a service's answer.
    pub(super) async fn ask(
        &self,
        service: Service,
        credentials: Credentials,
        region: &str,
        query: &QueryBody,
    ) -> Result<(u16, String), FirewallError> {
        let now = self.config.time_source().map(|source| source.now());
        let now = now.ok_or_else(|| lost("there is no clock"))?;
        let endpoint = https::service_url(&self.config, service.name(), region);
        let request = signed(credentials, (service, region), (&endpoint, &query.encoded()), now)?;
        let again = request.try_clone().filter(|_| query.is_repeatable());
        let answer = tokio::time::timeout(WHOLE, self.send_again(request, again)).await;
        answer.map_err(|_| lost(format!("{} gave no answer in time", service.name())))?
    }

    /// Sends a request, and once more where that does no harm: a connection may have been closed at the other end while nobody
    /// looked, and that shows when the request has been written.
    async fn send_again(
        &self,
        request: HttpRequest,
        again: Option<HttpRequest>,
    ) -> Result<(u16, String), FirewallError> {
        let response = match (self.https.send(request, Some(READ)).await, again) {
            (Err(error), Some(again)) if https::is_broken(&error) => self.https.send(again, Some(READ)).await,
            (answer, _) => answer,
        };
        text(response.map_err(|error| lost(https::kind(&error)))?).await
    }
}

/// Status and text of an answer.
async fn text(response: HttpResponse) -> Result<(u16, String), FirewallError> {
    let status = response.status().as_u16();
    let body = ByteStream::new(response.into_body()).collect().await.map_err(lost)?;
    Ok((status, String::from_utf8(body.to_vec()).map_err(lost)?))
}

fn signed(
    credentials: Credentials,
    (service, region): (Service, &str),
    (endpoint, body): (&str, &str),
    now: SystemTime,
) -> Result<HttpRequest, FirewallError> {
    let mut request =
        http::Request::post(endpoint).header("content-type", FORM).body(SdkBody::from(body)).map_err(lost)?;
    let identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service.name())
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(lost)?;
    let headers = [("content-type", FORM)].into_iter();
    let signable = SignableRequest::new("POST", endpoint, headers, SignableBody::Bytes(body.as_bytes()));
    let (instructions, _) = sign(signable.map_err(lost)?, &parameters.into()).map_err(lost)?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    HttpRequest::try_from(request).map_err(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_a_group_is_sent_once() {
        let group = crate::GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123d".into() };
        assert!(!QueryBody::revoke(&group, &["sgr-1".into()]).is_repeatable());
        for query in [
            QueryBody::describe_rules(&group, None),
            QueryBody::describe_group(&group),
            QueryBody::caller_identity(),
        ] {
            assert!(query.is_repeatable(), "{query:?}");
        }
        assert!(QueryBody::assume_role("arn", "postern:acme", "postern").is_repeatable());
    }

    #[test]
    fn requests_are_signed_for_ec2_in_the_region() {
        let credentials = Credentials::new("AKIA1", "hunter2", Some("token".into()), None, "test");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_771_410_600);
        let endpoint = "https://ec2.eu-central-1.amazonaws.com/";
        let request =
            signed(credentials, (Service::Ec2, "eu-central-1"), (endpoint, "Action=X"), now).unwrap();
        let header = |name| request.headers().get(name).unwrap_or_default();
        assert!(
            header("authorization").starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIA1/20260218/eu-central-1/ec2/aws4_request, SignedHeaders="
            ),
            "{}",
            header("authorization")
        );
        assert_eq!((header("x-amz-security-token"), header("x-amz-date")), ("token", "20260218T103000Z"));
        assert!(!format!("{:?}", request.headers()).contains("hunter2"));
    }
}
