//! The suite. Each check has a group of its own, so that one can run on a cloud that is shared.

use firewall::{
    AccountId, CloudAccess, CloudRule, Firewall, FirewallError, GroupRef, NewRule, RULES_MAX, RuleTag,
};
use model::id::OrgId;
use model::ingress::{Ingress, IpVersion, Opening, Protocol};
use std::net::{IpAddr, Ipv4Addr};

/// A firewall to be checked, and what the checks need of its cloud.
pub(crate) trait Subject {
    /// The firewall.
    fn firewall(&self) -> &dyn Firewall;

    /// A credential that may do everything.
    fn access(&self) -> CloudAccess;

    /// The account of the credential and of every new group.
    fn account(&self) -> AccountId;

    /// Whether a call that is refused for one of its rules makes none of them, as on AWS. The ledger does not depend on it:
    /// it looks again after each change.
    fn is_all_or_nothing(&self) -> bool {
        true
    }

    /// Whether a group counts the rules of each address family for themselves, as on AWS.
    fn counts_families_apart(&self) -> bool {
        true
    }

    /// A group without rules.
    async fn new_group(&self) -> GroupRef;

    /// Adds a rule as somebody else would: without a tag.
    async fn add_foreign_rule(&self, group: &GroupRef, ingress: Ingress);
}

/// Everything.
pub(crate) async fn check(subject: &impl Subject) {
    rules_come_back_as_they_were_made(subject).await;
    rules_go_by_their_ids(subject).await;
    a_missing_group_is_told(subject).await;
    duplicates_are_refused_and_change_nothing(subject).await;
    a_full_group_refuses_all_of_a_call(subject).await;
    if subject.counts_families_apart() {
        families_have_room_of_their_own(subject).await;
    }
    what_somebody_else_made_has_no_tag(subject).await;
    an_account_answers(subject).await;
}

pub(crate) fn acme() -> OrgId {
    OrgId::parse("acme").unwrap()
}

pub(crate) fn opening(protocol: Protocol, ports: Option<(u16, u16)>) -> Opening {
    Opening { protocol, ports }
}

pub(crate) fn ingress(address: &str, opening: Opening) -> Ingress {
    Ingress { address: address.parse().unwrap(), opening }
}

pub(crate) fn ssh(address: &str) -> Ingress {
    ingress(address, opening(Protocol::Tcp, Some((22, 22))))
}

pub(crate) fn new(ingress: Ingress) -> NewRule {
    let (deployment, rule) = (Some("d1".into()), format!("rule of {}", ingress.address));
    NewRule { ingress, tag: RuleTag { deployment, org: "acme".into(), rule } }
}

pub(crate) async fn describe(subject: &impl Subject, group: &GroupRef) -> Vec<CloudRule> {
    subject.firewall().describe(&subject.access(), group).await.unwrap().rules
}

pub(crate) async fn authorize(
    subject: &impl Subject,
    group: &GroupRef,
    rules: &[NewRule],
) -> Result<(), FirewallError> {
    subject.firewall().authorize(&subject.access(), group, rules).await
}

pub(crate) async fn revoke(
    subject: &impl Subject,
    group: &GroupRef,
    ids: &[String],
) -> Result<(), FirewallError> {
    subject.firewall().revoke(&subject.access(), group, ids).await
}

async fn rules_come_back_as_they_were_made(subject: &impl Subject) {
    let group = subject.new_group().await;
    assert_eq!(describe(subject, &group).await, []);
    let wanted = [
        ssh("203.0.113.7"),
        ingress("203.0.113.7", opening(Protocol::Udp, Some((8000, 8100)))),
        ingress("203.0.113.8", opening(Protocol::Icmp, None)),
        ingress("203.0.113.9", opening(Protocol::All, None)),
        ssh("2001:db8::7"),
        ingress("2001:db8::8", opening(Protocol::Icmp, None)),
    ];
    authorize(subject, &group, &wanted.map(new)).await.unwrap();
    let found = describe(subject, &group).await;
    assert_eq!(found.len(), wanted.len());
    for ingress in wanted {
        let rule = found.iter().find(|rule| rule.ingress == Some(ingress)).unwrap();
        assert_eq!(rule.tag, Some(new(ingress).tag), "{ingress}");
        assert_eq!(rule.version, Some(IpVersion::of(ingress.address)));
        assert!(rule.id.starts_with("sgr-"), "{}", rule.id);
    }
    let mut ids: Vec<_> = found.iter().map(|rule| &rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), wanted.len());
}

async fn rules_go_by_their_ids(subject: &impl Subject) {
    let group = subject.new_group().await;
    let wanted = [ssh("203.0.113.1"), ssh("203.0.113.2"), ssh("203.0.113.3"), ssh("2001:db8::3")];
    authorize(subject, &group, &wanted.map(new)).await.unwrap();
    let found = describe(subject, &group).await;
    let id = |ingress| found.iter().find(|rule| rule.ingress == Some(ingress)).unwrap().id.clone();
    revoke(subject, &group, &[id(wanted[0]), id(wanted[3])]).await.unwrap();
    let mut left: Vec<_> =
        describe(subject, &group).await.into_iter().filter_map(|rule| rule.ingress).collect();
    left.sort_unstable();
    assert_eq!(left, wanted[1..3]);
    let gone = revoke(subject, &group, &[id(wanted[0])]).await;
    assert_eq!(gone, Err(FirewallError::RuleMissing));
    assert_eq!(describe(subject, &group).await.len(), 2);
}

async fn a_missing_group_is_told(subject: &impl Subject) {
    let region = subject.new_group().await.region;
    let group = GroupRef { region, group_id: "sg-00000000000000000".into() };
    let (firewall, access) = (subject.firewall(), subject.access());
    assert_eq!(firewall.describe(&access, &group).await, Err(FirewallError::GroupMissing));
    let made = authorize(subject, &group, &[new(ssh("203.0.113.7"))]).await;
    assert_eq!(made, Err(FirewallError::GroupMissing));
    let gone = revoke(subject, &group, &["sgr-00000000000000000".into()]).await.unwrap_err();
    assert!(matches!(gone, FirewallError::GroupMissing | FirewallError::RuleMissing), "{gone:?}");
}

async fn duplicates_are_refused_and_change_nothing(subject: &impl Subject) {
    let group = subject.new_group().await;
    authorize(subject, &group, &[new(ssh("203.0.113.7"))]).await.unwrap();
    let before = describe(subject, &group).await;
    for rules in [vec![new(ssh("203.0.113.7"))], vec![new(ssh("203.0.113.8")), new(ssh("203.0.113.7"))]] {
        assert_eq!(authorize(subject, &group, &rules).await, Err(FirewallError::Duplicate));
        if rules.len() == 1 || subject.is_all_or_nothing() {
            assert_eq!(describe(subject, &group).await, before);
        }
    }
}

fn many(count: u8) -> Vec<NewRule> {
    (0..count).map(|last| new(ssh(&IpAddr::V4(Ipv4Addr::new(198, 51, 100, last)).to_string()))).collect()
}

async fn a_full_group_refuses_all_of_a_call(subject: &impl Subject) {
    let group = subject.new_group().await;
    authorize(subject, &group, &many(59)).await.unwrap();
    let two = [new(ssh("203.0.113.1")), new(ssh("203.0.113.2"))];
    assert_eq!(authorize(subject, &group, &two).await, Err(FirewallError::Full));
    if subject.is_all_or_nothing() {
        assert_eq!(describe(subject, &group).await.len(), 59);
        authorize(subject, &group, &two[..1]).await.unwrap();
    }
    assert_eq!(authorize(subject, &group, &two[1..]).await, Err(FirewallError::Full));
    assert_eq!(describe(subject, &group).await.len(), usize::try_from(RULES_MAX).unwrap());
}

async fn families_have_room_of_their_own(subject: &impl Subject) {
    let group = subject.new_group().await;
    authorize(subject, &group, &many(60)).await.unwrap();
    authorize(subject, &group, &[new(ssh("2001:db8::7"))]).await.unwrap();
    let description = subject.firewall().describe(&subject.access(), &group).await.unwrap();
    assert_eq!((description.in_use(IpVersion::V4), description.in_use(IpVersion::V6)), (60, 1));
    assert_eq!((description.slots_left(IpVersion::V4), description.slots_left(IpVersion::V6)), (0, 59));
}

async fn what_somebody_else_made_has_no_tag(subject: &impl Subject) {
    let group = subject.new_group().await;
    subject.add_foreign_rule(&group, ssh("203.0.113.7")).await;
    let found = describe(subject, &group).await;
    assert_eq!((found.len(), &found[0].tag, found[0].ingress), (1, &None, Some(ssh("203.0.113.7"))));
    let same = authorize(subject, &group, &[new(ssh("203.0.113.7"))]).await;
    assert_eq!(same, Err(FirewallError::Duplicate));
}

/// Twice, because the second answer may be a kept one.
async fn an_account_answers(subject: &impl Subject) {
    let region = subject.new_group().await.region;
    for _ in 0..2 {
        let account = subject.firewall().account(&subject.access(), &region).await;
        assert_eq!(account, Ok(subject.account()));
    }
}
