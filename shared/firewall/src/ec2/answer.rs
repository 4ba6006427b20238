//! Answers of the QueryBody API, in XML.

use aws_credential_types::Credentials;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use model::account::AccountId;
use model::ingress::{Ingress, IpVersion, Opening, Protocol};
use roxmltree::{Document, Node};
use std::net::IpAddr;
use std::time::SystemTime;

use super::{DEPLOYMENT_TAG, DESCRIPTION_PREFIX, ORG_TAG};
use crate::{CloudRule, FirewallError, RuleTag};

/// A page of rules.
#[derive(Debug)]
pub(super) struct DescribePage {
    pub(super) rules: Vec<CloudRule>,
    pub(super) next_token: Option<String>,
}

fn unreadable(what: impl Into<String>) -> FirewallError {
    FirewallError::Unreachable(what.into())
}

/// Document types are refused by the parser, and entities with them.
fn parsed(xml: &str) -> Result<Document<'_>, FirewallError> {
    Document::parse(xml).map_err(|error| unreadable(format!("the answer is no XML, at {}", error.pos())))
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.has_tag_name_of(name))
}

/// Names without their namespace: EC2's has a date in it.
trait LocalName {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl LocalName for Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

fn text<'a>(node: Node<'a, 'a>, name: &str) -> Option<&'a str> {
    child(node, name)?.text().map(str::trim).filter(|text| !text.is_empty())
}

/// The rules of a page.
pub(super) fn rules(xml: &str) -> Result<DescribePage, FirewallError> {
    let document = parsed(xml)?;
    let root = document.root_element();
    let set = child(root, "securityGroupRuleSet").ok_or_else(|| unreadable("the answer has no rules"))?;
    let mut rules = Vec::new();
    for item in set.children().filter(|item| item.has_tag_name_of("item")) {
        match text(item, "isEgress") {
            Some("true") => {}
            Some("false") => rules.push(rule(item).ok_or_else(|| unreadable("a rule has no id"))?),
            // To pass over a rule could make one that is there look gone.
            Some(_) | None => return Err(unreadable("a rule does not say its direction")),
        }
    }
    Ok(DescribePage { rules, next_token: text(root, "nextToken").map(String::from) })
}

fn rule(item: Node<'_, '_>) -> Option<CloudRule> {
    // Names of nodes borrow from the document, which outlives the item.
    let id = text_of(item, "securityGroupRuleId")?;
    let (v4, v6) = (text_of(item, "cidrIpv4"), text_of(item, "cidrIpv6"));
    let version = match (&v4, &v6) {
        (Some(_), _) => Some(IpVersion::V4),
        (None, Some(_)) => Some(IpVersion::V6),
        (None, None) => None,
    };
    let address = v4.or(v6).as_deref().and_then(single_address);
    let ingress = address.zip(opening(item)).map(|(address, opening)| Ingress { address, opening });
    Some(CloudRule { id, ingress, version, tag: tag(item) })
}

fn text_of(node: Node<'_, '_>, name: &str) -> Option<String> {
    let found = node.children().find(|child| child.has_tag_name_of(name))?;
    found.text().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The address of a block of one.
fn single_address(cidr: &str) -> Option<IpAddr> {
    let (address, bits) = cidr.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let all = match address {
        IpAddr::V4(_) => "32",
        IpAddr::V6(_) => "128",
    };
    (bits == all).then_some(address)
}

/// What a rule opens, where Postern has a word for it.
fn opening(item: Node<'_, '_>) -> Option<Opening> {
    let number = |name| text_of(item, name).and_then(|text| text.parse::<i32>().ok());
    let (from, to) = (number("fromPort"), number("toPort"));
    let ports =
        from.zip(to).and_then(|(from, to)| Some((u16::try_from(from).ok()?, u16::try_from(to).ok()?)));
    let every_type = from.zip(to).is_none_or(|range| range == (-1, -1));
    match text_of(item, "ipProtocol")?.as_str() {
        "tcp" | "6" => Some(Opening { protocol: Protocol::Tcp, ports: Some(ports?) }),
        "udp" | "17" => Some(Opening { protocol: Protocol::Udp, ports: Some(ports?) }),
        "icmp" | "1" | "icmpv6" | "58" => {
            every_type.then_some(Opening { protocol: Protocol::Icmp, ports: None })
        }
        "-1" => Some(Opening { protocol: Protocol::All, ports: None }),
        _ => None,
    }
}

/// The mark: the tags of the organization and of the deployment, and the entry in the description.
fn tag(item: Node<'_, '_>) -> Option<RuleTag> {
    let tags = item.children().find(|child| child.has_tag_name_of("tagSet"))?;
    let value = |key: &str| {
        let mut tags = tags.children().filter(|tag| tag.has_tag_name_of("item"));
        let found = tags.find(|tag| text_of(*tag, "key").as_deref() == Some(key))?;
        Some(text_of(found, "value").unwrap_or_default())
    };
    let description = text_of(item, "description").unwrap_or_default();
    let rule = description.strip_prefix(DESCRIPTION_PREFIX).unwrap_or_default();
    Some(RuleTag { deployment: value(DEPLOYMENT_TAG), org: value(ORG_TAG)?, rule: rule.into() })
}

/// Reads the answer to a change.
pub(super) fn done(xml: &str) -> Result<(), FirewallError> {
    let document = parsed(xml)?;
    match text(document.root_element(), "return") {
        Some("true") => Ok(()),
        other => Err(unreadable(format!("the answer to a change is {other:?}"))),
    }
}

/// An assumed role.
#[derive(Debug, Clone)]
pub(super) struct Assumed {
    pub(super) credentials: Credentials,
    pub(super) account: AccountId,
}

/// Reads the credentials of an assumed role (AWS Security Token Service API Reference, `AssumeRole`).
pub(super) fn assumed(xml: &str) -> Result<Assumed, FirewallError> {
    let document = parsed(xml)?;
    let found = document.descendants().find(|node| node.has_tag_name_of("Credentials"));
    let member = |name| found.and_then(|node| text_of(node, name));
    let expiry = member("Expiration").and_then(|text| DateTime::from_str(&text, Format::DateTime).ok());
    let expiry = expiry.and_then(|time| SystemTime::try_from(time).ok());
    let credentials = match (member("AccessKeyId"), member("SecretAccessKey"), member("SessionToken"), expiry)
    {
        (Some(id), Some(secret), token @ Some(_), expiry @ Some(_)) => {
            Credentials::new(id, secret, token, expiry, "postern")
        }
        _ => return Err(unreadable("the answer has no credentials")),
    };
    let user = document.descendants().find(|node| node.has_tag_name_of("AssumedRoleUser"));
    let arn = user.and_then(|node| text_of(node, "Arn")).unwrap_or_default();
    let account = AccountId::of_arn(&arn).map_err(|_| unreadable("the answer has no account"))?;
    Ok(Assumed { credentials, account })
}

/// Reads whose a key pair is (AWS Security Token Service API Reference, `GetCallerIdentity`).
pub(super) fn account(xml: &str) -> Result<AccountId, FirewallError> {
    let document = parsed(xml)?;
    let found = document.descendants().find(|node| node.has_tag_name_of("Account"));
    let text = found.and_then(|node| node.text()).map(str::trim).unwrap_or_default();
    AccountId::parse(text).map_err(|_| unreadable("the answer has no account"))
}

/// Code and message of a failure, if it names one.
pub(super) fn error(xml: &str) -> Option<(String, String)> {
    let document = parsed(xml).ok()?;
    let error = document.descendants().find(|node| node.has_tag_name_of("Error"))?;
    Some((text_of(error, "Code")?, text_of(error, "Message").unwrap_or_default()))
}

/// Reads a failure (EC2 API Reference, "Error codes for the Amazon EC2 API").
pub(super) fn failure(status: u16, xml: &str) -> FirewallError {
    match error(xml) {
        Some((code, message)) => of_code(&code, &message, status),
        None if status == 503 => FirewallError::Throttled,
        None => unreadable(format!("status {status}")),
    }
}

fn of_code(code: &str, message: &str, status: u16) -> FirewallError {
    match code {
        "InvalidGroup.NotFound" | "InvalidGroupId.Malformed" | "InvalidSecurityGroupID.NotFound" => {
            FirewallError::GroupMissing
        }
        "RulesPerSecurityGroupLimitExceeded" => FirewallError::Full,
        "InvalidPermission.Duplicate" => FirewallError::Duplicate,
        "InvalidPermission.NotFound"
        | "InvalidSecurityGroupRuleId.NotFound"
        | "InvalidSecurityGroupRuleId.Malformed" => FirewallError::RuleMissing,
        "UnauthorizedOperation"
        | "AuthFailure"
        | "InvalidClientTokenId"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "OptInRequired"
        | "AccessDenied"
        | "AccessDeniedException"
        | "Blocked"
        | "PendingVerification"
        | "UnrecognizedClientException" => FirewallError::Denied(words(code, message)),
        "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "EC2ThrottledException"
        | "SlowDown"
        | "TooManyRequestsException" => FirewallError::Throttled,
        // The message may quote an address of the request.
        _ => unreadable(format!("{} (status {status})", plain(code))),
    }
}

/// What callers are told: AWS puts an encoded message of thousands of characters behind the first sentence.
const WORDS_MAX: usize = 200;

fn words(code: &str, message: &str) -> String {
    let message = message.split("Encoded authorization failure message").next().unwrap_or_default();
    format!("{code}: {message}").trim().chars().take(WORDS_MAX).collect()
}

/// A code, if it looks like one.
fn plain(code: &str) -> &str {
    let is_plain = code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    if is_plain { code } else { "a code that is none" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeSecurityGroupRulesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>4e9a</requestId>
  <securityGroupRuleSet>
    <item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress>
      <ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><cidrIpv4>203.0.113.7/32</cidrIpv4>
      <description>postern:019c</description>
      <tagSet><item><key>Name</key><value>x</value></item>
        <item><key>postern:org</key><value>acme</value></item>
        <item><key>postern:deployment</key><value>d1</value></item></tagSet></item>
    <item><securityGroupRuleId>sgr-2</securityGroupRuleId><isEgress>true</isEgress><ipProtocol>-1</ipProtocol>
      <fromPort>-1</fromPort><toPort>-1</toPort><cidrIpv4>0.0.0.0/0</cidrIpv4><tagSet/></item>
    <item><securityGroupRuleId>sgr-3</securityGroupRuleId><isEgress>false</isEgress><ipProtocol>icmpv6</ipProtocol>
      <fromPort>-1</fromPort><toPort>-1</toPort><cidrIpv6>2001:db8::1/128</cidrIpv6><tagSet/></item>
    <item><securityGroupRuleId>sgr-4</securityGroupRuleId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol>
      <fromPort>443</fromPort><toPort>443</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4></item>
    <item><securityGroupRuleId>sgr-5</securityGroupRuleId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol>
      <fromPort>443</fromPort><toPort>443</toPort>
      <referencedGroupInfo><groupId>sg-2</groupId></referencedGroupInfo></item>
  </securityGroupRuleSet>
  <nextToken>more</nextToken>
</DescribeSecurityGroupRulesResponse>"#;

    #[test]
    fn inbound_rules_are_read_and_others_passed_over() {
        let page = rules(RULES).unwrap();
        assert_eq!(page.next_token.as_deref(), Some("more"));
        let shown: Vec<_> = page
            .rules
            .iter()
            .map(|rule| {
                let ingress = rule.ingress.map(|ingress| ingress.to_string());
                (rule.id.as_str(), ingress, rule.version, rule.tag.as_ref().map(|tag| tag.rule.as_str()))
            })
            .collect();
        let mark = page.rules[0].tag.clone().unwrap();
        assert_eq!((mark.org.as_str(), mark.deployment.as_deref()), ("acme", Some("d1")));
        let ssh = Some("203.0.113.7|tcp|22-22".into());
        assert_eq!(
            shown,
            [
                ("sgr-1", ssh, Some(IpVersion::V4), Some("019c")),
                ("sgr-3", Some("2001:db8::1|icmp|".into()), Some(IpVersion::V6), None),
                ("sgr-4", None, Some(IpVersion::V4), None),
                ("sgr-5", None, None, None),
            ]
        );
    }

    #[test]
    fn a_rule_of_a_version_without_deployments_names_none() {
        let earlier = RULES.replace("postern:deployment", "other");
        let mark = rules(&earlier).unwrap().rules[0].tag.clone().unwrap();
        assert_eq!((mark.org.as_str(), mark.deployment), ("acme", None));
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_not_passed_over() {
        for altered in [
            RULES.replacen("<isEgress>false</isEgress>", "", 1),
            RULES.replacen("<isEgress>false</isEgress>", "<isEgress>maybe</isEgress>", 1),
            RULES.replacen("<securityGroupRuleId>sgr-1</securityGroupRuleId>", "", 1),
            RULES.replace("securityGroupRuleSet", "somethingElse"),
        ] {
            assert!(matches!(rules(&altered), Err(FirewallError::Unreachable(_))), "{altered}");
        }
    }

    fn error(code: &str) -> String {
        format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>You are not authorized to perform this \
             operation. Encoded authorization failure message: xyz</Message></Error></Errors>\
             <RequestID>1</RequestID></Response>"
        )
    }

    #[test]
    fn every_code_has_its_meaning() {
        for (code, expected) in [
            ("InvalidGroup.NotFound", FirewallError::GroupMissing),
            ("RulesPerSecurityGroupLimitExceeded", FirewallError::Full),
            ("InvalidPermission.Duplicate", FirewallError::Duplicate),
            ("InvalidPermission.NotFound", FirewallError::RuleMissing),
            ("InvalidSecurityGroupRuleId.NotFound", FirewallError::RuleMissing),
            ("RequestLimitExceeded", FirewallError::Throttled),
        ] {
            assert_eq!(failure(400, &error(code)), expected, "{code}");
        }
        for code in ["UnauthorizedOperation", "AuthFailure", "InvalidClientTokenId", "RequestExpired"] {
            let FirewallError::Denied(words) = failure(403, &error(code)) else { panic!("{code}") };
            assert_eq!(words, format!("{code}: You are not authorized to perform this operation."));
        }
        for (status, text) in [(500, error("InternalError")), (502, "<html>".into()), (400, error("New"))] {
            assert!(matches!(failure(status, &text), FirewallError::Unreachable(_)), "{text}");
        }
        assert_eq!(failure(503, ""), FirewallError::Throttled);
    }

    #[test]
    fn what_is_for_the_log_quotes_nothing() {
        let quoting = |code: &str| {
            let message = "CIDR block 203.0.113.7/32 of ann@acme.example is malformed";
            format!("<R><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></R>")
        };
        let log = |xml: &str| failure(400, xml).for_log().map(String::from);
        assert_eq!(
            log(&quoting("InvalidParameterValue")).as_deref(),
            Some("InvalidParameterValue (status 400)")
        );
        assert_eq!(log(&quoting("203.0.113.7/32")).as_deref(), Some("a code that is none (status 400)"));
        let broken = rules("<R><cidrIpv4>203.0.113.7/32</cidrIpv4>&ann@acme.example;</R>").unwrap_err();
        let broken = broken.for_log().unwrap();
        assert!(!broken.contains("203") && !broken.contains("ann"), "{broken}");
    }

    #[test]
    fn an_account_is_read_or_nothing_is_known() {
        let xml = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
            <Arn>arn:aws:iam::123456789012:user/postern</Arn><UserId>AIDA1</UserId><Account>123456789012</Account>
            </GetCallerIdentityResult></GetCallerIdentityResponse>"#;
        assert_eq!(account(xml).unwrap().to_string(), "123456789012");
        for other in
            [xml.replace("<Account>1", "<Account>"), xml.replace("Account>", "Other>"), String::new()]
        {
            assert!(matches!(account(&other), Err(FirewallError::Unreachable(_))), "{other}");
        }
    }

    #[test]
    fn only_a_plain_yes_is_a_yes() {
        assert_eq!(done("<R><requestId>1</requestId><return>true</return></R>"), Ok(()));
        for other in ["<R><return>false</return></R>", "<R/>", "", "<!DOCTYPE x [<!ENTITY a 'b'>]><R>&a;</R>"]
        {
            assert!(matches!(done(other), Err(FirewallError::Unreachable(_))), "{other}");
        }
    }
}
