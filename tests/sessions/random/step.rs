//! What can happen in a history.

use proptest::prelude::*;

/// People: three of one organization, and one of another.
pub(super) const PEOPLE: usize = 4;
/// Resources of the first organization.
pub(super) const RESOURCES: usize = 5;
/// Kinds of items that can become unreadable.
pub(super) const KINDS: [&str; 5] = ["SESSION", "RULE", "USER", "CREDENTIAL", "RESOURCE"];

/// What can happen.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Session(OfSession),
    Rights(OfRights),
    Work(OfWorkers),
    Cloud(OfCloud),
    /// Another version writes an item of this kind, so that this one cannot read it.
    Spoil {
        kind: usize,
        number: usize,
    },
    /// Every item can be read again.
    Mend,
    /// The same by a clock that is ahead or behind.
    Skewed {
        seconds: i64,
        step: Box<Step>,
    },
    /// The same, killed after so many polls.
    Killed {
        polls: usize,
        step: Box<Step>,
    },
}

/// What people do with sessions.
#[derive(Debug, Clone)]
pub(super) enum OfSession {
    Start { user: usize, is_org_admin: bool, resources: u8, address: usize, minutes: u32 },
    Stop(usize),
    Extend { session: usize, is_org_admin: bool },
}

/// What administrators do. Those of the first organization change its resources, its role and its credential.
#[derive(Debug, Clone)]
pub(super) enum OfRights {
    Delete {
        resource: usize,
        drains: bool,
    },
    Deactivate {
        user: usize,
        is_active: bool,
    },
    /// A person is deleted, and enters the directory anew.
    DeletePerson {
        user: usize,
    },
    /// A person gets the role or loses it.
    Assign {
        user: usize,
        is_member: bool,
    },
    /// A resource comes into the role or goes out of it.
    Link {
        resource: usize,
        is_linked: bool,
    },
    /// The role's longest session.
    LimitRole {
        hours: Option<u32>,
    },
    /// The credential gets the keys of another account, or its own again.
    Replace {
        is_other: bool,
    },
}

/// What workers do, and time.
#[derive(Debug, Clone)]
pub(super) enum OfWorkers {
    Pass { seconds: i64 },
    Work { group: usize },
    Sweep,
    Reconcile,
}

/// What happens in the cloud.
#[derive(Debug, Clone)]
pub(super) enum OfCloud {
    Meet(u8),
    Outage(bool),
    Deny {
        key: usize,
        is_denied: bool,
    },
    /// Somebody takes the tag off a rule of ours.
    TakeTagOff {
        group: usize,
    },
    /// Looks at a group show it as it is now, until they show it as it is.
    Freeze {
        group: usize,
    },
    Thaw,
    /// Calls that make rules get no answer and arrive later.
    Late(bool),
    Arrive,
    /// A key gets no answer, or hears that it takes no more calls.
    Hang {
        key: usize,
    },
    Throttle {
        key: usize,
    },
    Heal,
}

fn of_session() -> impl Strategy<Value = OfSession> {
    let admin = || proptest::bool::weighted(0.6);
    let starts = (0..PEOPLE, admin(), 1..32_u8, 0..2_usize, 1..31_u32);
    prop_oneof![
        8 => starts.prop_map(|(user, is_org_admin, resources, address, minutes)| {
            OfSession::Start { user, is_org_admin, resources, address, minutes }
        }),
        3 => (0..20_usize).prop_map(OfSession::Stop),
        2 => (0..20_usize, admin())
            .prop_map(|(session, is_org_admin)| OfSession::Extend { session, is_org_admin }),
    ]
}

fn of_rights() -> impl Strategy<Value = OfRights> {
    let mostly = || proptest::bool::weighted(0.7);
    prop_oneof![
        1 => (0..RESOURCES, any::<bool>()).prop_map(|(resource, drains)| OfRights::Delete { resource, drains }),
        2 => (0..PEOPLE, any::<bool>()).prop_map(|(user, is_active)| OfRights::Deactivate { user, is_active }),
        1 => (0..PEOPLE).prop_map(|user| OfRights::DeletePerson { user }),
        2 => (0..3_usize, mostly()).prop_map(|(user, is_member)| OfRights::Assign { user, is_member }),
        2 => (0..RESOURCES, mostly()).prop_map(|(resource, is_linked)| OfRights::Link { resource, is_linked }),
        1 => proptest::option::of(1..3_u32).prop_map(|hours| OfRights::LimitRole { hours }),
        2 => any::<bool>().prop_map(|is_other| OfRights::Replace { is_other }),
    ]
}

fn of_workers() -> impl Strategy<Value = OfWorkers> {
    prop_oneof![
        3 => (1..240_i64).prop_map(|seconds| OfWorkers::Pass { seconds }),
        6 => (1..4_usize).prop_map(|group| OfWorkers::Work { group }),
        3 => Just(OfWorkers::Sweep),
        1 => Just(OfWorkers::Reconcile),
    ]
}

fn of_cloud() -> impl Strategy<Value = OfCloud> {
    let group = || 1..4_usize;
    let key = || 0..3_usize;
    prop_oneof![
        4 => (0..5_u8).prop_map(OfCloud::Meet),
        2 => any::<bool>().prop_map(OfCloud::Outage),
        2 => (key(), any::<bool>()).prop_map(|(key, is_denied)| OfCloud::Deny { key, is_denied }),
        2 => group().prop_map(|group| OfCloud::TakeTagOff { group }),
        2 => group().prop_map(|group| OfCloud::Freeze { group }),
        2 => Just(OfCloud::Thaw),
        2 => any::<bool>().prop_map(OfCloud::Late),
        1 => Just(OfCloud::Arrive),
        1 => key().prop_map(|key| OfCloud::Hang { key }),
        1 => key().prop_map(|key| OfCloud::Throttle { key }),
        2 => Just(OfCloud::Heal),
    ]
}

/// A person starts a session and is deactivated, each by a clock of its own: whose time is the later one says nothing of who came
/// first.
fn offboarding() -> impl Strategy<Value = Vec<Step>> {
    let skewed = |seconds, step| Step::Skewed { seconds, step: Box::new(step) };
    (0..PEOPLE, 0..2_usize, 5..31_u32, -30..31_i64, -30..31_i64).prop_map(
        move |(user, address, minutes, ahead, behind)| {
            let resources = 1;
            let start = OfSession::Start { user, is_org_admin: true, resources, address, minutes };
            let end = OfRights::Deactivate { user, is_active: false };
            vec![skewed(ahead, Step::Session(start)), skewed(behind, Step::Rights(end))]
        },
    )
}

/// The steps of a history.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let turn = prop_oneof![
        24 => step().prop_map(|step| vec![step]),
        1 => offboarding(),
    ];
    proptest::collection::vec(turn, 1..40).prop_map(|turns| turns.concat())
}

fn step() -> impl Strategy<Value = Step> {
    let simple = prop_oneof![
        10 => of_session().prop_map(Step::Session),
        6 => of_rights().prop_map(Step::Rights),
        13 => of_workers().prop_map(Step::Work),
        8 => of_cloud().prop_map(Step::Cloud),
        1 => (0..KINDS.len(), 0..20_usize).prop_map(|(kind, number)| Step::Spoil { kind, number }),
        1 => Just(Step::Mend),
    ];
    let polls = proptest::option::weighted(0.25, 1..120_usize);
    let skew = proptest::option::weighted(0.4, -30..31_i64);
    (simple, polls, skew).prop_map(|(mut step, polls, skew)| {
        if let Some(seconds) = skew {
            step = Step::Skewed { seconds, step: Box::new(step) };
        }
        if let Some(polls) = polls {
            step = Step::Killed { polls, step: Box::new(step) };
        }
        step
    })
}
