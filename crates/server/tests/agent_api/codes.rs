//! One-time codes: right, wrong, again, too often.

use crate::client::{domain_account, new_logon, with_code};
use crate::world::World;
use protocol::reason::Reason;
use protocol::v2::{Answer, DecisionResult};

#[tokio::test]
async fn a_right_code_lets_in_and_a_wrong_one_does_not() {
    let world = World::new().await;
    let service = world.service("Workstations").await;
    let totp = world.person("anna", &service).await;
    let machine = world.machine(&service, "PC-07").await;

    let wrong =
        machine.decide(&world.router, &with_code(domain_account("anna"), Some("anna"), &totp.wrong())).await;
    assert_eq!((wrong.result, wrong.reason), (DecisionResult::Deny, Reason::CodeWrong));

    let request = with_code(domain_account("anna"), Some("anna"), &totp.code(0));
    let id = new_logon();
    let Answer::Decision(allowed) = machine.logon(&world.router, id, &request).await else {
        panic!("no decision")
    };
    assert_eq!((allowed.result, allowed.reason), (DecisionResult::Allow, Reason::CodeAccepted));
    assert_eq!((allowed.logon, allowed.machine, allowed.service), (id, machine.id, service.id));
    assert_eq!(allowed.account, request.account);
    assert_eq!(allowed.short_code.len(), 6);

    let again = machine.decide(&world.router, &request).await;
    assert_eq!((again.result, again.reason), (DecisionResult::Deny, Reason::CodeUsed));
    assert_eq!(world.audit("logon").len(), 3);
}
