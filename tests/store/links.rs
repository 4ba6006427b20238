//! Links between roles and resources: the order of refusals, and what a success leaves.

use model::id::{ResourceId, RoleId};
use model::link::{Link, LinkKind};
use model::refusal::Refusal;
use std::collections::BTreeSet;
use store::keys::{self, Assignee};
use support::{Client, ORG, OTHER_ORG, TestApp, actor, org};

use crate::fixture::{Difference, at, audited_difference, refusal, resource_id, role_id};

/// Two organizations with a role and a resource each.
struct Orgs {
    app: TestApp,
    ours: (RoleId, ResourceId),
    theirs: (RoleId, ResourceId),
}

async fn role_and_resource(admin: &Client) -> (RoleId, ResourceId) {
    let credential = admin.new_credential("AWS").await;
    (role_id(&admin.new_role("Developers").await), resource_id(&admin.new_resource(&credential).await))
}

impl Orgs {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let ours = role_and_resource(&app.admin()).await;
        let theirs = role_and_resource(&app.other_admin()).await;
        Self { app, ours, theirs }
    }

    async fn assign(
        &self,
        in_org: &str,
        (role, resource): (RoleId, ResourceId),
    ) -> Result<(), store::StoreError> {
        self.app.db.assign(&actor(in_org), &Link::RoleResource(role, resource), self.app.now()).await
    }

    async fn unassign(
        &self,
        in_org: &str,
        (role, resource): (RoleId, ResourceId),
    ) -> Result<(), store::StoreError> {
        self.app.db.unassign(&actor(in_org), &Link::RoleResource(role, resource), self.app.now()).await
    }

    /// Every pair that is refused for one of its ends, with the refusal. The role comes first, whatever the resource.
    fn refused(&self) -> Vec<(&'static str, (RoleId, ResourceId), Refusal)> {
        let (role, resource) = self.ours;
        let (no_role, no_resource) = (RoleId::generate(self.app.now()), ResourceId::generate(self.app.now()));
        let mut cases = Vec::new();
        for unknown in [no_role, self.theirs.0] {
            for any in [resource, no_resource, self.theirs.1] {
                cases.push((ORG, (unknown, any), Refusal::RoleNotFound(unknown)));
            }
        }
        for unknown in [no_resource, self.theirs.1] {
            cases.push((ORG, (role, unknown), Refusal::ResourceNotFound(unknown)));
        }
        cases.push((OTHER_ORG, self.ours, Refusal::RoleNotFound(role)));
        cases.push((OTHER_ORG, (self.theirs.0, resource), Refusal::ResourceNotFound(resource)));
        cases
    }

    fn link_items(&self) -> BTreeSet<(String, String)> {
        let (role, resource) = self.ours;
        let (org, holder) = (org(ORG), Assignee::Role(role));
        let items =
            [keys::link_of_role(&org, role, resource), keys::link_of_resource(&org, resource, &holder)];
        items.iter().map(at).collect()
    }

    fn ends(&self) -> BTreeSet<(String, String)> {
        let (role, resource) = self.ours;
        let org = org(ORG);
        [keys::assignee(&org, &Assignee::Role(role)), keys::resource(&org, resource)].iter().map(at).collect()
    }
}

#[tokio::test]
async fn assigning_refuses_role_then_resource_then_a_second_time() {
    let orgs = Orgs::new().await;
    for assigned in [false, true] {
        let mut cases = orgs.refused();
        if assigned {
            orgs.assign(ORG, orgs.ours).await.unwrap();
            cases.push((ORG, orgs.ours, Refusal::AlreadyAssigned(LinkKind::RoleResource)));
        }
        let before = orgs.app.db_table().await;
        for (in_org, pair, expected) in cases {
            assert_eq!(refusal(orgs.assign(in_org, pair).await), expected, "{in_org} {pair:?}");
            assert_eq!(orgs.app.db_table().await, before, "{in_org} {pair:?}");
        }
    }
}

#[tokio::test]
async fn unassigning_refuses_role_then_resource_then_what_is_not_assigned() {
    let orgs = Orgs::new().await;
    for assigned in [false, true] {
        let mut cases = orgs.refused();
        if assigned {
            orgs.assign(ORG, orgs.ours).await.unwrap();
        } else {
            cases.push((ORG, orgs.ours, Refusal::NotAssigned(LinkKind::RoleResource)));
        }
        let before = orgs.app.db_table().await;
        for (in_org, pair, expected) in cases {
            assert_eq!(refusal(orgs.unassign(in_org, pair).await), expected, "{in_org} {pair:?}");
            assert_eq!(orgs.app.db_table().await, before, "{in_org} {pair:?}");
        }
    }
}

#[tokio::test]
async fn a_link_is_two_items_and_one_audit_row_each_time() {
    let orgs = Orgs::new().await;
    for is_first in [true, false] {
        let before = orgs.app.db_table().await;
        orgs.assign(ORG, orgs.ours).await.unwrap();
        let linked = orgs.app.db_table().await;
        let expected =
            Difference { added: orgs.link_items(), removed: BTreeSet::new(), changed: orgs.ends() };
        assert_eq!(audited_difference(&before, &linked, "ROLE_RESOURCE_ASSIGN"), expected);
        let [a, b] = orgs.link_items().into_iter().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(linked[&a]["data"], linked[&b]["data"]);

        orgs.unassign(ORG, orgs.ours).await.unwrap();
        let unlinked = orgs.app.db_table().await;
        // Starts that have read the link see it by the role's number, or by that of the organization's closings.
        let (role, closings) = (at(&keys::role(&org(ORG), orgs.ours.0)), at(&keys::closings(&org(ORG))));
        let (added, changed) = if is_first {
            (BTreeSet::from([closings]), BTreeSet::from([role]))
        } else {
            (BTreeSet::new(), BTreeSet::from([role, closings]))
        };
        let expected = Difference { added, removed: orgs.link_items(), changed };
        assert_eq!(audited_difference(&linked, &unlinked, "ROLE_RESOURCE_UNASSIGN"), expected);
    }
}

#[tokio::test]
async fn each_link_is_independent() {
    let orgs = Orgs::new().await;
    let (app, (role, resource)) = (&orgs.app, orgs.ours);
    let second = role_id(&app.admin().new_role("Operators").await);
    orgs.assign(ORG, (role, resource)).await.unwrap();
    orgs.assign(ORG, (second, resource)).await.unwrap();
    orgs.unassign(ORG, (role, resource)).await.unwrap();
    assert_eq!(
        refusal(orgs.unassign(ORG, (role, resource)).await),
        Refusal::NotAssigned(LinkKind::RoleResource)
    );
    assert_eq!(
        refusal(orgs.assign(ORG, (second, resource)).await),
        Refusal::AlreadyAssigned(LinkKind::RoleResource)
    );
    let shown = app.db.role(&org(ORG), second).await.unwrap().unwrap();
    assert_eq!(shown.value.resource_ids, [resource]);
    assert!(app.db.role(&org(ORG), role).await.unwrap().unwrap().value.resource_ids.is_empty());
}
