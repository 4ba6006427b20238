//! How long a session may last, by what leads to its resources.

use model::id::ResourceId;
use model::role::RoleDraft;
use model::session::{SessionLimits, Ways};
use model::user::UserDraft;
use proptest::prelude::*;
use serde_json::json;

use crate::{at, read};

const RESOURCE: &str = "550e8400-e29b-41d4-a716-446655440000";
const OTHER: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

fn resource(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

/// A person with links of their own, and the roles with their limits and resources.
fn ways(own: &[&str], roles: &[(Option<u32>, &[&str])], is_org_admin: bool) -> Ways {
    let ids = |texts: &[&str]| texts.iter().map(|text| resource(text)).collect();
    let mut user = read::<UserDraft>(&json!({"email": "ada@acme.example"})).unwrap().create(at(0));
    user.resource_ids = ids(own);
    let role = |(hours, resources): &(Option<u32>, &[&str])| {
        let body = json!({"name": "Engineers", "maxSessionDurationHours": hours});
        let mut role = read::<RoleDraft>(&body).unwrap().create(at(0));
        role.resource_ids = ids(resources);
        role
    };
    Ways::of(&user, &roles.iter().map(role).collect::<Vec<_>>(), is_org_admin)
}

#[test]
fn each_resource_has_its_most_generous_way_and_a_session_its_strictest_resource() {
    let limits = SessionLimits::default();
    assert_eq!((limits.default_minutes, limits.max_minutes), (60, 1440));
    let (one, other): (&[&str], &[&str]) = (&[RESOURCE], &[OTHER]);
    for (own, roles, opened, longest) in [
        (one, vec![], one, 1440),
        (&[], vec![(Some(2), one)], one, 120),
        (&[], vec![(Some(2), one), (Some(8), one)], one, 480),
        (&[], vec![(Some(8), one), (Some(2), one)], one, 480),
        (&[], vec![(Some(2), one), (None, one)], one, 1440),
        (&[], vec![(None, one), (Some(2), one)], one, 1440),
        (&[], vec![(Some(25), one)], one, 1440),
        (one, vec![(Some(2), one)], one, 1440),
        // Only roles that lead to an opened resource count.
        (&[], vec![(Some(2), one), (Some(1), other)], one, 120),
        (&[], vec![(Some(2), one), (Some(1), other)], &[RESOURCE, OTHER], 60),
        (one, vec![(Some(3), other)], &[RESOURCE, OTHER], 180),
    ] {
        let ways = ways(own, &roles, false);
        let opened: Vec<_> = opened.iter().map(|id| resource(id)).collect();
        assert_eq!(limits.longest(&ways, opened.iter().copied()), longest, "{own:?} {roles:?} {opened:?}");
        assert!(opened.iter().all(|id| ways.lead_to(*id)), "{own:?} {roles:?}");
    }
    let none = ways(&[], &[(Some(2), one)], false);
    assert!(none.lead_to(resource(RESOURCE)) && !none.lead_to(resource(OTHER)));
    // An administrator reaches everything, as by a link of their own.
    let everything = ways(&[], &[(Some(2), one)], true);
    assert!(everything.lead_to(resource(OTHER)));
    assert_eq!(limits.longest(&everything, [resource(RESOURCE)]), 1440);
    assert_eq!(SessionLimits::end(at(0), 90), at(5400));
}

/// One of four resources.
fn numbered(number: usize) -> String {
    format!("550e8400-e29b-41d4-a716-44665544000{number}")
}

type Model = (Vec<usize>, Vec<(Option<u32>, Vec<usize>)>, Vec<usize>, u32);

/// Own links, roles with limit and resources, the chosen ones among four resources, and the deployment's maximum.
fn worlds() -> impl Strategy<Value = Model> {
    let some = || proptest::sample::subsequence(vec![0, 1, 2, 3], 0..=4);
    let hours = prop_oneof![Just(None), (1_u32..=30).prop_map(Some)];
    let roles = proptest::collection::vec((hours, some()), 0..6);
    (some(), roles, proptest::sample::subsequence(vec![0, 1, 2, 3], 1..=4), 1_u32..=2000)
}

/// The longest session by the promise, word for word: for each chosen resource the largest limit among the roles that lead to it, the
/// deployment's maximum by a link of one's own or a role without a limit; the smallest of these.
fn promised((own, roles, chosen, most): &Model, is_org_admin: bool) -> Option<u32> {
    let mut longest = *most;
    for resource in chosen {
        let leading: Vec<_> = roles.iter().filter(|(_, resources)| resources.contains(resource)).collect();
        let has_no_limit =
            is_org_admin || own.contains(resource) || leading.iter().any(|(hours, _)| hours.is_none());
        let of_roles = leading.iter().filter_map(|(hours, _)| hours.map(|hours| hours * 60)).max();
        longest = longest.min(if has_no_limit { *most } else { of_roles? });
    }
    Some(longest)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_session_is_as_long_as_promised(world in worlds(), is_org_admin: bool, unrelated in 1_u32..=30) {
        let (own, roles, chosen, most) = &world;
        let names: Vec<String> = (0..4).map(numbered).collect();
        let of = |numbers: &[usize]| numbers.iter().map(|number| names[*number].as_str()).collect::<Vec<_>>();
        let lists: Vec<(Option<u32>, Vec<&str>)> = roles.iter().map(|(hours, some)| (*hours, of(some))).collect();
        let mut slices: Vec<(Option<u32>, &[&str])> =
            lists.iter().map(|(hours, some)| (*hours, some.as_slice())).collect();
        let limits = SessionLimits { max_minutes: *most, ..SessionLimits::default() };
        let opened: Vec<ResourceId> = of(chosen).into_iter().map(resource).collect();
        let found = |ways: &Ways| {
            let reaches_all = opened.iter().all(|id| ways.lead_to(*id));
            reaches_all.then(|| limits.longest(ways, opened.iter().copied()))
        };
        let promised = promised(&world, is_org_admin);
        prop_assert_eq!(found(&ways(&of(own), &slices, is_org_admin)), promised);
        // A role that leads to none of the chosen resources changes nothing, whatever its limit.
        let others: Vec<usize> = (0..4).filter(|number| !chosen.contains(number)).collect();
        let others = of(&others);
        slices.insert(0, (Some(unrelated), &others));
        prop_assert_eq!(found(&ways(&of(own), &slices, is_org_admin)), promised);
    }
}
