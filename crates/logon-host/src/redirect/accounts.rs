//! Logons, names and SIDs.

use std::ffi::c_void;
use std::time::Duration;

use super::active;
use super::memory::{Bool, FALSE, TRUE, fail, get, length, put, put_bytes, put_text, wide};
use super::{clocks, stands, tokens};
use crate::world::{LogonOutcome, Sid, World};
use zeroize::Zeroizing;

const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
const ERROR_INVALID_PARAMETER: u32 = 87;
const ERROR_NONE_MAPPED: u32 = 1332;

stands! {
    "LogonUserW" => log_on_user_w,
    "LookupAccountNameW" => look_up_account_name_w,
    "LookupAccountSidW" => look_up_account_sid_w,
}

/// SID_NAME_USE.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    User = 1,
    Group = 2,
    Domain = 3,
    Alias = 4,
    WellKnownGroup = 5,
}

unsafe extern "system" fn log_on_user_w(
    user: *const u16,
    domain: *const u16,
    password: *const u16,
    _logon_type: u32,
    _provider: u32,
    token: *mut *mut c_void,
) -> Bool {
    if user.is_null() || token.is_null() {
        return fail(ERROR_INVALID_PARAMETER);
    }
    // SAFETY: LogonUserW's caller passes zero-terminated texts or null.
    let (user, domain) = unsafe { texts(user, domain) };
    // SAFETY: as above.
    let password = Zeroizing::new(unsafe { wide(password) });
    let world = active();
    let (outcome, delay) = {
        let facts = world.world();
        let delay = facts.find_account(&domain, &user).map_or(0, |it| facts.accounts[it].delay_ms);
        (facts.log_on(&domain, &user, &password), delay)
    };
    if delay > 0 {
        clocks::pass(Duration::from_millis(delay.into()));
    }
    match outcome {
        LogonOutcome::Error(code) => fail(code),
        LogonOutcome::Token(account) => {
            let handle = tokens::of_account(&world.world(), account);
            // SAFETY: compared with null above; the caller gave room for a handle.
            unsafe { put(token, handle) };
            TRUE
        }
    }
}

/// # Safety
/// As for [`wide`].
unsafe fn texts(first: *const u16, second: *const u16) -> (String, String) {
    // SAFETY: the caller's promise.
    let first = unsafe { wide(first) };
    // SAFETY: the caller's promise.
    (first, unsafe { wide(second) })
}

/// A name that is looked up: its SID, domain, name and kind.
struct Known {
    sid: Sid,
    domain: String,
    name: String,
    kind: Use,
}

fn well_known() -> Vec<Known> {
    let known =
        |sid, domain: &str, name: &str, kind| Known { sid, domain: domain.into(), name: name.into(), kind };
    vec![
        known(Sid::nt(&[18]), "NT AUTHORITY", "SYSTEM", Use::WellKnownGroup),
        known(Sid::nt(&[11]), "NT AUTHORITY", "Authenticated Users", Use::WellKnownGroup),
        known(Sid::everyone(), "", "Everyone", Use::WellKnownGroup),
        known(Sid::nt(&[32, 544]), "BUILTIN", "Administrators", Use::Alias),
        known(Sid::nt(&[32, 545]), "BUILTIN", "Users", Use::Alias),
    ]
}

fn everybody(world: &World) -> Vec<Known> {
    let mut all = well_known();
    all.extend(world.accounts.iter().map(|it| Known {
        sid: it.sid(),
        domain: it.domain.clone(),
        name: it.name.clone(),
        kind: Use::User,
    }));
    // The machine's own name looks up as a domain; LookupAccountName(host) is how programs learn the machine's SID.
    all.push(Known {
        sid: world.machine_sid.clone(),
        domain: world.host.clone(),
        name: String::new(),
        kind: Use::Domain,
    });
    if let Some(domain) = &world.domain {
        let named = |rid, name: &str| Known {
            sid: domain.sid.with_rid(rid),
            domain: domain.netbios.clone(),
            name: name.into(),
            kind: Use::Group,
        };
        all.extend([named(512, "Domain Admins"), named(513, "Domain Users")]);
        all.push(Known {
            sid: domain.sid.clone(),
            domain: domain.netbios.clone(),
            name: String::new(),
            kind: Use::Domain,
        });
    }
    all
}

fn find_name(world: &World, text: &str) -> Option<Known> {
    if let Some(account) = world.find_account("", text) {
        let sid = world.accounts[account].sid();
        return everybody(world).into_iter().find(|it| it.sid == sid);
    }
    let same = |left: &str, right: &str| left.to_lowercase() == right.to_lowercase();
    let (domain, name) = text.rsplit_once('\\').map_or((None, text), |(domain, name)| (Some(domain), name));
    let dns = world.domain.as_ref().map(|it| it.dns.clone());
    everybody(world).into_iter().find(|it| match it.kind {
        Use::Domain => {
            domain.is_none_or(str::is_empty)
                && (same(&it.domain, name)
                    || dns.as_deref().is_some_and(|dns| same(dns, name) && it.sid != world.machine_sid))
                || domain.is_some_and(|domain| same(&it.domain, domain) && name.is_empty())
        }
        _ => same(&it.name, name) && domain.is_none_or(|domain| same(&it.domain, domain)),
    })
}

unsafe extern "system" fn look_up_account_name_w(
    _system: *const u16,
    account: *const u16,
    sid: *mut c_void,
    sid_size: *mut u32,
    domain: *mut u16,
    domain_size: *mut u32,
    kind: *mut u32,
) -> Bool {
    if sid_size.is_null() || domain_size.is_null() {
        return fail(ERROR_INVALID_PARAMETER);
    }
    // SAFETY: LookupAccountNameW's caller passes a zero-terminated text.
    let text = unsafe { wide(account) };
    let Some(known) = find_name(&active().world(), &text) else {
        return fail(ERROR_NONE_MAPPED);
    };
    let bytes = known.sid.to_bytes();
    let needed = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    // SAFETY: compared with null above; the caller's numbers.
    let (room, domain_room) = unsafe { numbers(sid_size, domain_size) };
    // SAFETY: the sizes are the caller's own words about its buffers.
    let fits = unsafe { put_bytes(sid, room as usize, &bytes) };
    // SAFETY: compared with null above.
    unsafe { put(sid_size, needed) };
    // SAFETY: the sizes are the caller's own words about its buffers.
    let domain_fits = unsafe { put_sized(domain, domain_room, domain_size, &known.domain) };
    // SAFETY: the caller gave a place for the kind or null.
    unsafe { put(kind, known.kind as u32) };
    if fits && domain_fits { TRUE } else { fail(ERROR_INSUFFICIENT_BUFFER) }
}

/// # Safety
/// As for [`get`].
unsafe fn numbers(first: *const u32, second: *const u32) -> (u32, u32) {
    // SAFETY: the caller's promise.
    let first = unsafe { get(first) }.unwrap_or(0);
    // SAFETY: the caller's promise.
    (first, unsafe { get(second) }.unwrap_or(0))
}

/// Writes a text, and its length without zero when it fits, with zero when it does not: the convention of the look-ups.
///
/// # Safety
/// `place` has `room` units or is null; `size` may be written.
unsafe fn put_sized(place: *mut u16, room: u32, size: *mut u32, text: &str) -> bool {
    // SAFETY: the caller's promise.
    let fits = unsafe { put_text(place, room, text) };
    // SAFETY: the caller's promise.
    unsafe { put(size, if fits { length(text) } else { length(text) + 1 }) };
    fits
}

unsafe extern "system" fn look_up_account_sid_w(
    _system: *const u16,
    sid: *const c_void,
    name: *mut u16,
    name_size: *mut u32,
    domain: *mut u16,
    domain_size: *mut u32,
    kind: *mut u32,
) -> Bool {
    if sid.is_null() || name_size.is_null() || domain_size.is_null() {
        return fail(ERROR_INVALID_PARAMETER);
    }
    // SAFETY: LookupAccountSidW's caller passes a valid SID.
    let Some(sid) = (unsafe { tokens::read_sid(sid) }) else {
        return fail(ERROR_INVALID_PARAMETER);
    };
    let Some(known) = everybody(&active().world()).into_iter().find(|it| it.sid == sid) else {
        return fail(ERROR_NONE_MAPPED);
    };
    // SAFETY: compared with null above.
    let (name_room, domain_room) = unsafe { numbers(name_size, domain_size) };
    // SAFETY: the sizes are the caller's own words about its buffers.
    let name_fits = unsafe { put_sized(name, name_room, name_size, &known.name) };
    // SAFETY: as above.
    let domain_fits = unsafe { put_sized(domain, domain_room, domain_size, &known.domain) };
    // SAFETY: the caller gave a place for the kind or null.
    unsafe { put(kind, known.kind as u32) };
    if name_fits && domain_fits {
        TRUE
    } else {
        fail(ERROR_INSUFFICIENT_BUFFER);
        FALSE
    }
}
