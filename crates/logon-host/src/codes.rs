//! Names of the numbers that Windows answers with.

macro_rules! codes {
    ($(#[$doc:meta])* $table:ident: $type:ty = $($name:ident = $value:expr,)*) => {
        $(#[doc = concat!("`", stringify!($name), "`.")] pub const $name: $type = $value;)*
        $(#[$doc])*
        pub const $table: &[(&str, $type)] = &[$((stringify!($name), $name),)*];
    };
}

const fn bits(value: u32) -> i32 {
    i32::from_ne_bytes(value.to_ne_bytes())
}

codes! {
    /// HRESULTs that a provider may give.
    HRESULTS: i32 =
    S_OK = 0,
    S_FALSE = 1,
    E_NOTIMPL = bits(0x8000_4001),
    E_NOINTERFACE = bits(0x8000_4002),
    E_POINTER = bits(0x8000_4003),
    E_ABORT = bits(0x8000_4004),
    E_FAIL = bits(0x8000_4005),
    E_UNEXPECTED = bits(0x8000_FFFF),
    E_PENDING = bits(0x8000_000A),
    E_ACCESSDENIED = bits(0x8007_0005),
    E_OUTOFMEMORY = bits(0x8007_000E),
    E_INVALIDARG = bits(0x8007_0057),
    CLASS_E_NOAGGREGATION = bits(0x8004_0110),
    CLASS_E_CLASSNOTAVAILABLE = bits(0x8004_0111),
    RPC_E_WRONG_THREAD = bits(0x8001_010E),
    HRESULT_CANCELLED = bits(0x8007_04C7),
}

codes! {
    /// NTSTATUS values that Windows answers a logon with.
    STATUSES: i32 =
    STATUS_SUCCESS = 0,
    STATUS_UNSUCCESSFUL = bits(0xC000_0001),
    STATUS_NO_SUCH_USER = bits(0xC000_0064),
    STATUS_WRONG_PASSWORD = bits(0xC000_006A),
    STATUS_PASSWORD_RESTRICTION = bits(0xC000_006C),
    STATUS_LOGON_FAILURE = bits(0xC000_006D),
    STATUS_ACCOUNT_RESTRICTION = bits(0xC000_006E),
    STATUS_INVALID_LOGON_HOURS = bits(0xC000_006F),
    STATUS_INVALID_WORKSTATION = bits(0xC000_0070),
    STATUS_PASSWORD_EXPIRED = bits(0xC000_0071),
    STATUS_ACCOUNT_DISABLED = bits(0xC000_0072),
    STATUS_LOGON_TYPE_NOT_GRANTED = bits(0xC000_015B),
    STATUS_ACCOUNT_EXPIRED = bits(0xC000_0193),
    STATUS_PASSWORD_MUST_CHANGE = bits(0xC000_0224),
    STATUS_ACCOUNT_LOCKED_OUT = bits(0xC000_0234),
    STATUS_NO_LOGON_SERVERS = bits(0xC000_005E),
    STATUS_TRUSTED_DOMAIN_FAILURE = bits(0xC000_018C),
}

codes! {
    /// Win32 codes that LogonUserW gives.
    LOGON_ERRORS: u32 =
    ERROR_LOGON_FAILURE = 1326,
    ERROR_ACCOUNT_RESTRICTION = 1327,
    ERROR_INVALID_LOGON_HOURS = 1328,
    ERROR_INVALID_WORKSTATION = 1329,
    ERROR_PASSWORD_EXPIRED = 1330,
    ERROR_ACCOUNT_DISABLED = 1331,
    ERROR_LOGON_TYPE_NOT_GRANTED = 1385,
    ERROR_NO_LOGON_SERVERS = 1311,
    ERROR_TRUSTED_DOMAIN_FAILURE = 1788,
    ERROR_ACCOUNT_EXPIRED = 1793,
    ERROR_PASSWORD_MUST_CHANGE = 1907,
    ERROR_ACCOUNT_LOCKED_OUT = 1909,
}

/// The name of an HRESULT, or its number.
pub fn hresult_name(code: i32) -> String {
    name_in(HRESULTS, code)
}

/// The name of an NTSTATUS, or its number.
pub fn status_name(code: i32) -> String {
    name_in(STATUSES, code)
}

fn name_in(table: &[(&str, i32)], code: i32) -> String {
    let known = table.iter().find(|(_, value)| *value == code);
    known.map_or_else(|| format!("0x{code:08X}"), |(name, _)| (*name).to_owned())
}

/// Reads an HRESULT or NTSTATUS by name or as `0x…`.
pub fn parse_status(word: &str) -> Option<i32> {
    let named = HRESULTS.iter().chain(STATUSES).find(|(name, _)| *name == word).map(|(_, value)| *value);
    named.or_else(|| u32::from_str_radix(word.strip_prefix("0x")?, 16).ok().map(bits))
}

/// Reads a Win32 code by name or number.
pub fn parse_logon_error(word: &str) -> Option<u32> {
    let named = LOGON_ERRORS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    named.or_else(|| word.parse().ok())
}

/// NTSTATUS and sub-status for what LogonUserW would have said.
pub fn status_of_logon_error(code: u32) -> (i32, i32) {
    let restriction = |sub| (STATUS_ACCOUNT_RESTRICTION, sub);
    match code {
        ERROR_LOGON_FAILURE => (STATUS_LOGON_FAILURE, STATUS_WRONG_PASSWORD),
        ERROR_ACCOUNT_RESTRICTION => restriction(0),
        ERROR_INVALID_LOGON_HOURS => restriction(STATUS_INVALID_LOGON_HOURS),
        ERROR_INVALID_WORKSTATION => restriction(STATUS_INVALID_WORKSTATION),
        ERROR_PASSWORD_EXPIRED => restriction(STATUS_PASSWORD_EXPIRED),
        ERROR_ACCOUNT_DISABLED => restriction(STATUS_ACCOUNT_DISABLED),
        ERROR_LOGON_TYPE_NOT_GRANTED => (STATUS_LOGON_TYPE_NOT_GRANTED, 0),
        ERROR_NO_LOGON_SERVERS => (STATUS_NO_LOGON_SERVERS, 0),
        ERROR_TRUSTED_DOMAIN_FAILURE => (STATUS_TRUSTED_DOMAIN_FAILURE, 0),
        ERROR_ACCOUNT_EXPIRED => (STATUS_ACCOUNT_EXPIRED, 0),
        ERROR_PASSWORD_MUST_CHANGE => (STATUS_PASSWORD_MUST_CHANGE, 0),
        ERROR_ACCOUNT_LOCKED_OUT => (STATUS_ACCOUNT_LOCKED_OUT, 0),
        _ => (STATUS_UNSUCCESSFUL, 0),
    }
}

/// What Windows itself says at the logon screen where a provider says nothing. From Windows 10's English texts; a real one
/// has more of them.
pub fn windows_words(status: i32, substatus: i32) -> &'static str {
    match (status, substatus) {
        (STATUS_LOGON_FAILURE, _) => "The user name or password is incorrect. Try again.",
        (_, STATUS_INVALID_LOGON_HOURS) => {
            "Your account has time restrictions that prevent you from signing in right now. Please try again later."
        }
        (_, STATUS_INVALID_WORKSTATION) => {
            "Your account is configured to prevent you from using this PC. Please try another PC."
        }
        (_, STATUS_PASSWORD_EXPIRED | STATUS_PASSWORD_MUST_CHANGE)
        | (STATUS_PASSWORD_EXPIRED | STATUS_PASSWORD_MUST_CHANGE, _) => {
            "The user's password must be changed before signing in."
        }
        (_, STATUS_ACCOUNT_DISABLED) | (STATUS_ACCOUNT_DISABLED, _) => {
            "Your account has been disabled. Please see your system administrator."
        }
        (STATUS_LOGON_TYPE_NOT_GRANTED, _) => {
            "The sign-in method you're trying to use isn't allowed. For more info, contact your network administrator."
        }
        (STATUS_ACCOUNT_EXPIRED, _) => "The user's account has expired.",
        (STATUS_ACCOUNT_LOCKED_OUT, _) => {
            "The referenced account is currently locked out and may not be logged on to."
        }
        (STATUS_NO_LOGON_SERVERS, _) => {
            "We can't sign you in with this credential because your domain isn't available. Make sure your device is \
             connected to your organization's network and try again."
        }
        (STATUS_TRUSTED_DOMAIN_FAILURE, _) => {
            "The trust relationship between this workstation and the primary domain failed."
        }
        (STATUS_ACCOUNT_RESTRICTION, _) => "Account restrictions are preventing this user from signing in.",
        _ => "The sign-in failed. Try again.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(hresult_name(E_INVALIDARG), "E_INVALIDARG");
        assert_eq!(hresult_name(bits(0x8007_0001)), "0x80070001");
        assert_eq!(parse_status("0x80070057"), Some(E_INVALIDARG));
        assert_eq!(parse_status("STATUS_LOGON_FAILURE"), Some(STATUS_LOGON_FAILURE));
        assert_eq!(parse_status("nothing"), None);
        assert_eq!(parse_logon_error("1907"), Some(ERROR_PASSWORD_MUST_CHANGE));
        assert_eq!(status_of_logon_error(5), (STATUS_UNSUCCESSFUL, 0));
        assert!(windows_words(STATUS_ACCOUNT_RESTRICTION, STATUS_INVALID_LOGON_HOURS).contains("time"));
        assert!(windows_words(STATUS_ACCOUNT_RESTRICTION, 0).contains("restrictions"));
    }
}
