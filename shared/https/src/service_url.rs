//! Where AWS's services are.

use aws_types::SdkConfig;
use model::provider::aws::dns_suffix;

/// The address of a service in a region: what the settings name for all services, as emulators need it, or else AWS's own (AWS
/// General Reference, "AWS service endpoints"). Not every region has FIPS endpoints: in one without, no call is answered.
#[must_use]
pub fn service_url(config: &SdkConfig, service: &str, region: &str) -> String {
    if let Some(url) = config.endpoint_url() {
        return url.to_owned();
    }
    let fips = if config.use_fips() == Some(true) { "-fips" } else { "" };
    format!("https://{service}{fips}.{region}.{}/", dns_suffix(region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_an_address_in_each_region() {
        let usual = SdkConfig::builder().build();
        assert_eq!(service_url(&usual, "sts", "eu-west-1"), "https://sts.eu-west-1.amazonaws.com/");
        assert_eq!(service_url(&usual, "ec2", "cn-north-1"), "https://ec2.cn-north-1.amazonaws.com.cn/");
        assert_eq!(service_url(&usual, "ec2", "eusc-de-east-1"), "https://ec2.eusc-de-east-1.amazonaws.eu/");
        assert_eq!(service_url(&usual, "sts", "us-iso-east-1"), "https://sts.us-iso-east-1.c2s.ic.gov/");
        let fips = SdkConfig::builder().use_fips(true).build();
        assert_eq!(
            service_url(&fips, "kms", "us-gov-west-1"),
            "https://kms-fips.us-gov-west-1.amazonaws.com/"
        );
        let emulator = fips.into_builder().endpoint_url("http://127.0.0.1:8000").build();
        assert_eq!(service_url(&emulator, "kms", "us-gov-west-1"), "http://127.0.0.1:8000");
    }
}
