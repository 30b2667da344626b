//! `POST /agent/v2/check`.

use super::call::Call;
use super::caller::{Caller, caller};
use super::fault::Fault;
use crate::app::App;
use crate::audit::Entry;
use crate::logon::names;
use crate::store::checks::Limit;
use crate::store::{Read, StoreError};
use decision::account::Name;
use decision::logon::{Standing, check as decide, needs_trasa_id};
use protocol::MAX_CHECK_ACCOUNTS;
use protocol::error_code::ErrorCode;
use protocol::v2::{Account, Answer, CheckAnswer, CheckPurpose, CheckRequest, CheckedAccount, Params};
use std::net::IpAddr;

/// Before arming: an administrator repairs and asks again, a few times.
const ARMING: Limit = Limit { call: "check_arming", window_secs: 600, most: 30 };
/// At the tile: more often than people type passwords, slower than a list of names is tried.
const TILE: Limit = Limit { call: "check_tile", window_secs: 60, most: 60 };

pub(super) async fn check(app: &App, call: &Call) -> Result<Answer, Fault> {
    let caller = caller(app, call).await?;
    call.without_query()?;
    let request: CheckRequest = call.body()?;
    let names = read(&request).map_err(Fault::bad)?;
    if !caller.state.is_approved() || request.armed != (request.purpose == CheckPurpose::Tile) {
        return Err(Fault::error(
            ErrorCode::CheckRefused,
            "only an approved machine may ask: before arming what is for arming, armed what is for the tile",
        ));
    }
    let (limit, row) = match request.purpose {
        CheckPurpose::Arming => {
            let row = Entry::new("check", caller.actor(), caller.machine)
                .detail("accounts", request.accounts.len())
                .detail("source", call.source);
            (ARMING, Some(row))
        }
        CheckPurpose::Tile => (TILE, None),
    };
    let alarm = Entry::alarm("check_limit", caller.actor(), caller.machine)
        .detail("call", limit.call)
        .detail("source", call.source);
    app.store.count_call(app.organisation, (caller.machine, limit), (row, alarm), call.now).await?.map_err(
        |too_many| {
            Fault::error(ErrorCode::RateLimited, "too many checks").with("wait_secs", too_many.wait_secs)
        },
    )?;
    let (organisation, source, now) = (app.organisation, call.source, call.now);
    let answer = app
        .store
        .scan(move |read| match request.purpose {
            CheckPurpose::Arming => {
                arming(read, organisation, &caller, (&request.accounts, &names), (source, now))
            }
            CheckPurpose::Tile => tile(read, organisation, &caller, (&request.accounts, &names), now),
        })
        .await?;
    Ok(Answer::Check(answer))
}

fn read(request: &CheckRequest) -> Result<Vec<Name>, String> {
    if request.accounts.len() > MAX_CHECK_ACCOUNTS {
        return Err(format!("accounts: more than {MAX_CHECK_ACCOUNTS}"));
    }
    if request.purpose == CheckPurpose::Tile && request.accounts.len() != 1 {
        return Err("accounts: the tile asks about one".to_owned());
    }
    request.accounts.iter().map(names::read_account).collect()
}

type Accounts<'a> = (&'a [Account], &'a [Name]);

fn arming(
    read: &Read<'_>,
    organisation: crate::store::OrganisationId,
    caller: &Caller,
    (accounts, names): Accounts<'_>,
    (source, now): (IpAddr, i64),
) -> Result<CheckAnswer, StoreError> {
    let mut checked = Vec::with_capacity(accounts.len());
    if let Some(machine) = read.machine_facts(organisation, caller.machine)? {
        for (account, name) in accounts.iter().zip(names) {
            let known = read.account(organisation, &machine, account, name)?;
            let asked = read.asked(organisation, &machine, (&known, source))?;
            checked.push(line(account.clone(), decide(&known, &asked, now)));
        }
    }
    Ok(CheckAnswer { accounts: checked, ask_trasa_id: true, time: now })
}

fn line(account: Account, standing: Standing) -> CheckedAccount {
    match standing {
        Standing::GetsIn { methods, now } => CheckedAccount {
            account,
            would_get_in: true,
            methods: methods.list(),
            reason: None,
            // Said only where it matters: at this hour of the week nobody would.
            parameters: if now { Params::new() } else { Params::from([("now".to_owned(), false.into())]) },
        },
        Standing::Refused { reason, params } => {
            let told = reason.for_tile();
            let parameters = if told == reason { params } else { Params::new() };
            CheckedAccount {
                account,
                would_get_in: false,
                methods: Vec::new(),
                reason: Some(told),
                parameters,
            }
        }
    }
}

fn tile(
    read: &Read<'_>,
    organisation: crate::store::OrganisationId,
    caller: &Caller,
    (accounts, names): Accounts<'_>,
    now: i64,
) -> Result<CheckAnswer, StoreError> {
    let machine = read.machine_facts(organisation, caller.machine)?;
    let mut ask_trasa_id = true;
    if let (Some(machine), Some((account, name))) = (machine, accounts.iter().zip(names).next()) {
        let known = read.account(organisation, &machine, account, name)?;
        let candidates = read.telling_candidates(organisation, machine.service_id, &known)?;
        ask_trasa_id = needs_trasa_id(&known, &candidates);
    }
    Ok(CheckAnswer { accounts: Vec::new(), ask_trasa_id, time: now })
}
