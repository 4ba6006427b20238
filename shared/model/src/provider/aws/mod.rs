//! Amazon Web Services: security groups.

mod config;
mod external_id;
mod misspelt;
mod openings;
mod partitions;

pub use config::security_group_config_fault;
pub use external_id::{
    as_sts_text, external_id, external_id_fault, is_external_id_of_another, told_external_id,
};
pub use openings::openings;
pub use partitions::{PARTITIONS, Partition, dns_suffix, is_partition, is_region, partition};

/// Whether a text has the form of a security group's id: `sg-` and 8 to 17 lower-case hexadecimal digits.
/// AWS gave 8 digits until 2018 and gives 17 since.
#[must_use]
pub fn is_security_group_id(text: &str) -> bool {
    text.strip_prefix("sg-").is_some_and(|digits| {
        (8..=17).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Whether a text is the ARN of a role (AWS IAM User Guide, "IAM ARNs"): `arn:<partition>:iam::<account>:role/<path and name>`.
#[must_use]
pub fn is_role_arn(text: &str) -> bool {
    /// Longest path and longest name, in bytes (IAM API Reference, `Role`).
    const PATH_AND_NAME_MAX: usize = 512 + 64;
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, role] = parts.as_slice() else {
        return false;
    };
    let Some(name) = role.strip_prefix("role/") else {
        return false;
    };
    is_partition(partition)
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && (1..=PATH_AND_NAME_MAX).contains(&name.len())
        && !name.ends_with('/')
        && name.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_roles_name_partition_account_and_role() {
        let longest = format!("arn:aws:iam::123456789012:role/{}", "r".repeat(576));
        for good in [
            "arn:aws:iam::123456789012:role/postern",
            "arn:aws-cn:iam::123456789012:role/path/to/postern+=,.@-_",
            "arn:aws-eusc:iam::123456789012:role/r",
            &longest,
        ] {
            assert!(is_role_arn(good), "{good}");
        }
        let longer = format!("{longest}r");
        for bad in [
            "",
            "r",
            "postern",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/path/",
            "arn:aws:iam::123456789012:role",
            "arn:aws:iam::123456789012:user/ada",
            "arn:aws:iam::12345678901:role/r",
            "arn:aws:iam::12345678901a:role/r",
            "arn:aws:iam:eu-west-1:123456789012:role/r",
            "arn:aws:sts::123456789012:assumed-role/r/s",
            "arn:azure:iam::123456789012:role/r",
            "arn:aws:iam::123456789012:role/r r",
            " arn:aws:iam::123456789012:role/r",
            "arn:aws:iam::123456789012:role/r\n",
            &longer,
        ] {
            assert!(!is_role_arn(bad), "{bad}");
        }
    }

    #[test]
    fn identifiers_have_eight_to_seventeen_hex_digits() {
        for good in ["sg-0abc123d", "sg-0abc123def456789", "sg-0abc123def4567890"] {
            assert!(is_security_group_id(good), "{good}");
        }
        for bad in [
            "sg-0abc123",
            "sg-0abc123def45678901",
            "sg-0ABC123D",
            "sg-9xyz789ghi012",
            "0abc123def",
            "sg-",
            "",
        ] {
            assert!(!is_security_group_id(bad), "{bad}");
        }
    }
}
