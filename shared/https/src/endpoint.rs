//! Where AWS's services are.

/// The address of a service in a region (AWS General Reference, "AWS service endpoints"), where nothing names another.
/// Not every region has FIPS endpoints: in one without, no call is answered.
#[must_use]
pub fn endpoint(service: &str, region: &str, use_fips: bool) -> String {
    let fips = if use_fips { "-fips" } else { "" };
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{service}{fips}.{region}.amazonaws.com{suffix}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_an_address_in_each_region() {
        assert_eq!(endpoint("sts", "eu-west-1", false), "https://sts.eu-west-1.amazonaws.com/");
        assert_eq!(endpoint("ec2", "cn-north-1", false), "https://ec2.cn-north-1.amazonaws.com.cn/");
        assert_eq!(endpoint("kms", "us-gov-west-1", true), "https://kms-fips.us-gov-west-1.amazonaws.com/");
    }
}
