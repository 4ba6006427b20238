//! The configuration of the AWS SDK, from Lambda's environment alone: docs/adr/0005.

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::Client;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor};
use aws_smithy_types::config_bag::ConfigBag;
use https::Https;
use std::time::Duration;

use crate::settings::AwsSettings;

/// A call ends early enough for an answer in the error format of the path. The function's own timeout of 10 s would leave the answer to the
/// gateway.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(3))
        .operation_timeout(Duration::from_secs(7))
        .build()
}

/// The configuration of every client. Lambda puts region and credentials into the environment. The SDK's default chain would also look for
/// profiles, web identities, containers and instance metadata, which makes a function larger: bench/HISTORY.md.
pub(crate) fn config(settings: AwsSettings) -> SdkConfig {
    let AwsSettings { region, endpoint_url, use_fips } = settings;
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(Https::default())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::default())
        .timeout_config(timeouts())
        // This gives up a stream after 20 seconds. The timeouts above end sooner, and the watch would cost 1 % of a warm answer.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(store::retry_config())
        .use_fips(use_fips);
    builder.set_endpoint_url(endpoint_url);
    builder.build()
}

pub(crate) fn dynamodb(config: &SdkConfig) -> Client {
    let config = aws_sdk_dynamodb::config::Builder::from(config).interceptor(Anonymous);
    Client::from_conf(config.build())
}

pub(crate) fn sqs(config: &SdkConfig) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::config::Builder::from(config).interceptor(Anonymous);
    aws_sdk_sqs::Client::from_conf(config.build())
}

/// Switches off the SDK's own user agent. [`Https`] sends `postern/` and the version to every service, so CloudTrail shows one name.
///
/// The SDK would build and sign its own anew for each call. That was 110,000 instructions of a warm answer (bench/HISTORY.md).
#[derive(Debug)]
struct Anonymous;

impl Intercept for Anonymous {
    fn name(&self) -> &'static str {
        "Anonymous"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let off = disable_interceptor::<UserAgentInterceptor>("the HTTP client says who calls");
        config.interceptor_state().store_put(off);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_call_of_dynamodb_names_postern_as_its_only_user_agent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint_url = Some(format!("http://{}", listener.local_addr().unwrap()));
        let settings = AwsSettings { region: "eu-central-1".into(), endpoint_url, use_fips: false };
        let credentials = aws_credential_types::Credentials::new("key", "secret", None, None, "test");
        let config = config(settings).into_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
        let call = tokio::spawn(dynamodb(&config).list_tables().send());
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            stream.read_buf(&mut head).await.unwrap();
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        call.await.unwrap().unwrap();
        let head = String::from_utf8(head).unwrap();
        let agents: Vec<_> = head.lines().filter(|line| line.contains("user-agent")).collect();
        assert_eq!(agents, [concat!("user-agent: postern/", env!("CARGO_PKG_VERSION"))], "{head}");
    }
}
