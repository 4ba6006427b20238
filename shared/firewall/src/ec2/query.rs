//! Requests of the QueryBody API: an action and its parameters, form-encoded.

use model::ingress::{Ingress, Protocol};
use std::net::IpAddr;

use super::{DEPLOYMENT_TAG, DESCRIPTION_PREFIX, ORG_TAG};
use crate::{FirewallError, GroupRef, NewRule};

const VERSION: &str = "2016-11-15";

/// AWS Security Token Service API Reference.
const STS_VERSION: &str = "2011-06-15";

/// Rules on a page of a description (EC2 API, `DescribeSecurityGroupRules`: 5 to 1,000).
const PAGE: &str = "1000";

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueryBody(Vec<(String, String)>);

impl QueryBody {
    fn new(action: &str) -> Self {
        Self::of_version(action, VERSION)
    }

    fn of_version(action: &str, version: &str) -> Self {
        Self(vec![("Action".into(), action.into()), ("Version".into(), version.into())])
    }

    /// Credentials of a role, for STS's own default of an hour. The session's name stands in the target account's log.
    pub(super) fn assume_role(role: &str, external_id: &str, session: &str) -> Self {
        Self::of_version("AssumeRole", STS_VERSION)
            .with("RoleArn", role)
            .with("RoleSessionName", session)
            .with("ExternalId", external_id)
    }

    /// Whose the credentials are that sign the request.
    pub(super) fn caller_identity() -> Self {
        Self::of_version("GetCallerIdentity", STS_VERSION)
    }

    fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// Whether it changes nothing in the group, so that it can be sent twice.
    pub(super) fn is_repeatable(&self) -> bool {
        const CHANGING_NOTHING: [&str; 4] =
            ["AssumeRole", "DescribeSecurityGroupRules", "DescribeSecurityGroups", "GetCallerIdentity"];
        self.0.first().is_some_and(|(_, action)| CHANGING_NOTHING.contains(&action.as_str()))
    }

    /// The body.
    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// The inbound and outbound rules of a group.
    pub(super) fn describe_rules(group: &GroupRef, token: Option<&str>) -> Self {
        let query = Self::new("DescribeSecurityGroupRules")
            .with("Filter.1.Name", "group-id")
            .with("Filter.1.Value.1", &group.group_id)
            .with("MaxResults", PAGE);
        match token {
            Some(token) => query.with("NextToken", token),
            None => query,
        }
    }

    /// The group itself.
    pub(super) fn describe_group(group: &GroupRef) -> Self {
        Self::new("DescribeSecurityGroups").with("GroupId.1", &group.group_id)
    }

    /// New inbound rules. All of one organization in one deployment, because a call's tags are for all of its rules.
    pub(super) fn authorize(group: &GroupRef, rules: &[NewRule]) -> Result<Self, FirewallError> {
        let whose = |rule: &NewRule| (rule.tag.org.clone(), rule.tag.deployment.clone());
        let (org, deployment) = rules.first().map(whose).unwrap_or_default();
        if rules.iter().any(|rule| whose(rule) != (org.clone(), deployment.clone())) || org.is_empty() {
            return Err(FirewallError::Unreachable("the rules of a call are not one organization's".into()));
        }
        let mut query = Self::new("AuthorizeSecurityGroupIngress").with("GroupId", &group.group_id);
        for (rule, number) in rules.iter().zip(1..) {
            let prefix = format!("IpPermissions.{number}");
            let (protocol, ports) = on_the_wire(&rule.ingress);
            query = query.with(format!("{prefix}.IpProtocol"), protocol);
            if let Some((from, to)) = ports {
                query = query
                    .with(format!("{prefix}.FromPort"), from.to_string())
                    .with(format!("{prefix}.ToPort"), to.to_string());
            }
            let (range, cidr) = match rule.ingress.address {
                IpAddr::V4(_) => ("IpRanges", "CidrIp"),
                IpAddr::V6(_) => ("Ipv6Ranges", "CidrIpv6"),
            };
            query = query.with(format!("{prefix}.{range}.1.{cidr}"), rule.ingress.cidr()).with(
                format!("{prefix}.{range}.1.Description"),
                format!("{DESCRIPTION_PREFIX}{}", rule.tag.rule),
            );
        }
        let query = query
            .with("TagSpecification.1.ResourceType", "security-group-rule")
            .with("TagSpecification.1.Tag.1.Key", ORG_TAG)
            .with("TagSpecification.1.Tag.1.Value", org);
        Ok(match deployment {
            Some(deployment) => query
                .with("TagSpecification.1.Tag.2.Key", DEPLOYMENT_TAG)
                .with("TagSpecification.1.Tag.2.Value", deployment),
            None => query,
        })
    }

    /// The end of inbound rules.
    pub(super) fn revoke(group: &GroupRef, ids: &[String]) -> Self {
        let query = Self::new("RevokeSecurityGroupIngress").with("GroupId", &group.group_id);
        ids.iter()
            .zip(1..)
            .fold(query, |query, (id, number)| query.with(format!("SecurityGroupRuleId.{number}"), id))
    }
}

/// Protocol and ports as EC2 writes them; ICMP's types and codes stand where ports do, -1 for all of them (EC2 API,
/// `IpPermission`).
fn on_the_wire(ingress: &Ingress) -> (&'static str, Option<(i32, i32)>) {
    let ports = ingress.opening.ports.map(|(from, to)| (i32::from(from), i32::from(to)));
    match (ingress.opening.protocol, ingress.address) {
        (Protocol::Tcp, _) => ("tcp", ports),
        (Protocol::Udp, _) => ("udp", ports),
        (Protocol::Icmp, IpAddr::V4(_)) => ("icmp", Some((-1, -1))),
        (Protocol::Icmp, IpAddr::V6(_)) => ("icmpv6", Some((-1, -1))),
        (Protocol::All, _) => ("-1", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleTag;

    fn group() -> GroupRef {
        GroupRef { region: "eu-central-1".into(), group_id: "sg-0abc123d".into() }
    }

    fn rule(name: &str, org: &str) -> NewRule {
        let tag = RuleTag { deployment: Some("d1".into()), org: org.into(), rule: "019c".into() };
        NewRule { ingress: Ingress::parse(name).unwrap(), tag }
    }

    #[test]
    fn a_role_is_assumed_with_its_external_id() {
        let role = "arn:aws:iam::123456789012:role/postern";
        let query = QueryBody::assume_role(role, "postern:acme", "postern-acme-verify").encoded();
        let expected = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpostern\
                        &RoleSessionName=postern-acme-verify&ExternalId=postern%3Aacme";
        assert_eq!(query, expected);
    }

    #[test]
    fn several_rules_go_in_one_call_each_with_its_mark() {
        let rules = [rule("203.0.113.7|tcp|22-22", "acme"), rule("2001:db8::1|icmp|", "acme")];
        let query = QueryBody::authorize(&group(), &rules).unwrap().encoded();
        let expected = [
            "Action=AuthorizeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-0abc123d",
            "&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22",
            "&IpPermissions.1.IpRanges.1.CidrIp=203.0.113.7%2F32&IpPermissions.1.IpRanges.1.Description=postern%3A019c",
            "&IpPermissions.2.IpProtocol=icmpv6&IpPermissions.2.FromPort=-1&IpPermissions.2.ToPort=-1",
            "&IpPermissions.2.Ipv6Ranges.1.CidrIpv6=2001%3Adb8%3A%3A1%2F128",
            "&IpPermissions.2.Ipv6Ranges.1.Description=postern%3A019c",
            "&TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=postern%3Aorg",
            "&TagSpecification.1.Tag.1.Value=acme&TagSpecification.1.Tag.2.Key=postern%3Adeployment",
            "&TagSpecification.1.Tag.2.Value=d1",
        ];
        assert_eq!(query, expected.concat());
        let all = QueryBody::authorize(&group(), &[rule("203.0.113.7|all|", "acme")]).unwrap().encoded();
        assert!(all.contains("IpProtocol=-1&IpPermissions.1.IpRanges"), "{all}");
    }

    #[test]
    fn no_call_is_for_two_organizations_or_deployments() {
        let (ours, mut theirs) =
            (rule("203.0.113.7|tcp|22-22", "acme"), rule("203.0.113.8|tcp|22-22", "globex"));
        assert!(QueryBody::authorize(&group(), &[ours.clone(), theirs.clone()]).is_err());
        theirs.tag = RuleTag { deployment: Some("d2".into()), ..ours.tag.clone() };
        assert!(QueryBody::authorize(&group(), &[ours, theirs]).is_err());
        assert!(QueryBody::authorize(&group(), &[]).is_err());
    }

    #[test]
    fn rules_are_revoked_by_id_and_described_by_group() {
        let query = QueryBody::revoke(&group(), &["sgr-1".into(), "sgr-2".into()]).encoded();
        let expected = "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-0abc123d\
                        &SecurityGroupRuleId.1=sgr-1&SecurityGroupRuleId.2=sgr-2";
        assert_eq!(query, expected);
        let query = QueryBody::describe_rules(&group(), Some("t")).encoded();
        assert!(query.ends_with("Filter.1.Value.1=sg-0abc123d&MaxResults=1000&NextToken=t"), "{query}");
    }
}
