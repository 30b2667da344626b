//! Accesses by groups, and their ends.

use crate::client::{Machine, domain_account, now, with_code};
use crate::world::{ORGANISATION, Service, Totp, World, console};
use decision::account::Pattern;
use protocol::reason::Reason;
use server::names::Name;
use server::store::accesses::{Grant, Where, Whom};
use server::store::groups::Kind;
use server::store::policies::PolicyText;
use server::store::{AccessId, GroupId};

/// anna in the group "admins", the service in the group "servers", no access yet.
struct Fleet {
    world: World,
    service: Service,
    machine: Machine,
    totp: Totp,
    step: std::cell::Cell<i64>,
}

impl Fleet {
    async fn new() -> Self {
        let world = World::new().await;
        let service = world.service("Workstations").await;
        world.user("anna").await;
        let totp = world.totp("anna").await;
        let machine = world.machine(&service, "PC-07").await;
        for (kind, name, member) in
            [(Kind::User, "admins", "anna"), (Kind::Service, "servers", "Workstations")]
        {
            let group = (GroupId::random().unwrap(), kind, Name::parse("name", name).unwrap());
            world.store().add_group(ORGANISATION, group, console(), now()).await.unwrap();
            set_member(&world, (kind, name, member), true).await;
        }
        Self { world, service, machine, totp, step: std::cell::Cell::new(-1) }
    }

    async fn grant(&self, user: Whom, service: Where, until: Option<i64>) -> AccessId {
        let id = AccessId::random().unwrap();
        let grant = Grant {
            id,
            user,
            service,
            account: Pattern::parse("ACME\\anna").unwrap(),
            shown: "ACME\\anna".to_owned(),
            policy: None,
            until,
        };
        self.world.store().grant_access(ORGANISATION, grant, console(), now()).await.unwrap();
        id
    }

    /// What the tile is told; a refusal here spends no code, the one success does.
    async fn reason(&self) -> Reason {
        let request = with_code(domain_account("anna"), Some("anna"), &self.totp.code(self.step.get() * 30));
        let reason = self.machine.decide(&self.world.router, &request).await.reason;
        if reason == Reason::CodeAccepted {
            self.step.set(self.step.get() + 1);
        }
        reason
    }

    fn exact(&self) -> String {
        let query = "SELECT reason FROM logons ORDER BY number DESC LIMIT 1";
        self.world.store().read(|read| Ok(read.query_row(query, [], |row| row.get(0))?)).unwrap()
    }
}

async fn set_member(world: &World, (kind, group, who): (Kind, &str, &str), is: bool) {
    let whose = (kind, group.to_owned(), who.to_owned());
    world.store().set_member(ORGANISATION, whose, is, (console(), now())).await.unwrap();
}

fn admins() -> Whom {
    Whom::Group("admins".to_owned())
}

fn servers() -> Where {
    Where::Group("servers".to_owned())
}

#[tokio::test]
async fn each_pair_of_user_and_group_lets_in() {
    for by_user_group in [false, true] {
        for by_service_group in [false, true] {
            let fleet = Fleet::new().await;
            let user = if by_user_group { admins() } else { Whom::User("anna".to_owned()) };
            let place = if by_service_group { servers() } else { Where::Service("Workstations".to_owned()) };
            assert_eq!(fleet.reason().await, Reason::NotPermitted);
            fleet.grant(user, place, None).await;
            assert_eq!(fleet.reason().await, Reason::CodeAccepted, "{by_user_group} {by_service_group}");
            let facts: String = fleet
                .world
                .store()
                .read(|read| {
                    let query = "SELECT facts FROM logons ORDER BY number DESC LIMIT 1";
                    Ok(read.query_row(query, [], |row| row.get(0))?)
                })
                .unwrap();
            assert_eq!(facts.contains("\"user_group\":\"admins\""), by_user_group, "{facts}");
            assert_eq!(facts.contains("\"service_group\":\"servers\""), by_service_group, "{facts}");
        }
    }
}

#[tokio::test]
async fn whoever_leaves_a_group_leaves_its_accesses() {
    let fleet = Fleet::new().await;
    let world = &fleet.world;
    fleet.grant(admins(), servers(), None).await;
    for (kind, group, who) in [(Kind::User, "admins", "anna"), (Kind::Service, "servers", "Workstations")] {
        set_member(world, (kind, group, who), false).await;
        assert_eq!(fleet.reason().await, Reason::NotPermitted, "{group}");
        set_member(world, (kind, group, who), true).await;
    }
    // Somebody who is in no group has nothing from it.
    world.user("ben").await;
    let ben = with_code(domain_account("anna"), Some("ben"), "000000");
    assert_eq!(fleet.machine.decide(&world.router, &ben).await.reason, Reason::NotPermitted);
    assert_eq!(fleet.reason().await, Reason::CodeAccepted);
}

#[tokio::test]
async fn a_deleted_group_gives_nothing_and_comes_back_whole() {
    let fleet = Fleet::new().await;
    let store = fleet.world.store();
    fleet.grant(admins(), servers(), None).await;
    for (kind, name) in [(Kind::User, "admins"), (Kind::Service, "servers")] {
        let deleted =
            store.delete_group(ORGANISATION, (kind, name.to_owned()), console(), now()).await.unwrap();
        assert_eq!((deleted.members, deleted.accesses), (1, 1));
        assert_eq!(fleet.reason().await, Reason::NotPermitted, "{name}");
        assert!(store.accesses(ORGANISATION).await.unwrap().is_empty());
        store.restore_group(ORGANISATION, (Some(kind), deleted.id), console(), now()).await.unwrap();
    }
    assert_eq!(fleet.reason().await, Reason::CodeAccepted);
    // Too late, and where another has the name.
    let group = store.delete_group(ORGANISATION, (Kind::User, "admins".to_owned()), console(), now());
    let id = group.await.unwrap().id;
    let late = store.restore_group(ORGANISATION, (None, id), console(), now() + 31 * 86_400).await;
    assert_eq!(late.unwrap_err().code(), "undo_over");
    let other = (GroupId::random().unwrap(), Kind::User, Name::parse("name", "Admins").unwrap());
    store.add_group(ORGANISATION, other, console(), now()).await.unwrap();
    let taken = store.restore_group(ORGANISATION, (None, id), console(), now()).await;
    assert_eq!(taken.unwrap_err().code(), "name_taken");
}

#[tokio::test]
async fn an_access_ends_when_it_says() {
    let fleet = Fleet::new().await;
    fleet.grant(Whom::User("anna".to_owned()), servers(), Some(now() + 3600)).await;
    assert_eq!(fleet.reason().await, Reason::CodeAccepted);
    fleet.world.sql("UPDATE accesses SET until = 1790000000").await;
    assert_eq!(fleet.reason().await, Reason::PolicyExpired);
    // What has ended is no access any more: the same is granted anew.
    fleet.grant(Whom::User("anna".to_owned()), servers(), Some(now() + 3600)).await;
    assert_eq!(fleet.reason().await, Reason::CodeAccepted);
    let over = Grant {
        id: AccessId::random().unwrap(),
        user: admins(),
        service: servers(),
        account: Pattern::parse(".\\anna").unwrap(),
        shown: ".\\anna".to_owned(),
        policy: None,
        until: Some(1_790_000_000),
    };
    let refused = fleet.world.store().grant_access(ORGANISATION, over, console(), now()).await;
    assert_eq!(refused.unwrap_err().code(), "until_past");
}

/// An access whose policy was deleted must not become one that always holds.
#[tokio::test]
async fn a_deleted_policy_takes_its_accesses_with_it() {
    let fleet = Fleet::new().await;
    fleet.world.policy("office", PolicyText::default()).await;
    fleet.world.access("anna", &fleet.service, "ACME\\anna", Some("office")).await;
    fleet.world.sql("UPDATE policies SET deleted = 1").await;
    assert_eq!(fleet.reason().await, Reason::NotPermitted);
    assert_eq!(fleet.exact(), "no_access");
    fleet.world.sql("UPDATE policies SET deleted = NULL").await;
    assert_eq!(fleet.reason().await, Reason::CodeAccepted);
}

#[tokio::test]
async fn the_lists_name_the_groups() {
    let fleet = Fleet::new().await;
    let store = fleet.world.store();
    fleet.grant(admins(), servers(), None).await;
    let listed = store.accesses(ORGANISATION).await.unwrap().remove(0);
    assert_eq!((listed.user.as_str(), listed.user_is_group), ("admins", true));
    assert_eq!((listed.service.as_str(), listed.service_is_group), ("servers", true));
    let anna = store.read(|read| read.user(ORGANISATION, "anna")).unwrap().id;
    assert_eq!(store.accesses_of(ORGANISATION, anna).await.unwrap().len(), 1);
    let of_service = store.service_accesses(ORGANISATION, fleet.service.id, 10).await.unwrap();
    assert_eq!((of_service[0].user.as_str(), of_service[0].group.as_deref()), ("anna", Some("admins")));
    let (group, members) = store.group(ORGANISATION, (Kind::User, "ADMINS".to_owned())).await.unwrap();
    assert_eq!((group.members, group.accesses, members[0].name.as_str()), (1, 1, "anna"));
    let ending = store.accesses_ending(ORGANISATION, (now(), now() + 86_400)).await.unwrap();
    assert!(ending.is_empty());
    fleet.grant(Whom::User("anna".to_owned()), servers(), Some(now() + 3600)).await;
    let ending = || store.accesses_ending(ORGANISATION, (now(), now() + 86_400));
    assert_eq!(ending().await.unwrap().len(), 1);
    let servers = (Kind::Service, "servers".to_owned());
    store.delete_group(ORGANISATION, servers, console(), now()).await.unwrap();
    assert!(ending().await.unwrap().is_empty(), "what gives nothing is not announced");
}
