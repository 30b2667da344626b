//! Raw calls.

use zeroize::Zeroizing;

use super::Scenario;
use super::words;

/// One call as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawCall {
    /// Null for every pointer.
    pub null: bool,
    /// Which.
    pub method: RawMethod,
}

/// Methods of provider, credential and DLL with what they take.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the COM methods")]
pub enum RawMethod {
    SetUsageScenario(Scenario, u32),
    SetSerialization(Option<Vec<u8>>),
    Advise,
    UnAdvise,
    GetFieldDescriptorCount,
    GetFieldDescriptorAt(u32),
    GetCredentialCount,
    GetCredentialAt(u32),
    CredentialAdvise,
    CredentialUnAdvise,
    SetSelected,
    SetDeselected,
    GetFieldState(u32),
    GetStringValue(u32),
    GetBitmapValue(u32),
    GetCheckboxValue(u32),
    GetSubmitButtonValue(u32),
    GetComboBoxValueCount(u32),
    GetComboBoxValueAt(u32, u32),
    SetStringValue(u32, Zeroizing<String>),
    SetCheckboxValue(u32, bool),
    SetComboBoxSelectedValue(u32, u32),
    CommandLinkClicked(u32),
    GetSerialization,
    ReportResult(i32, i32),
    Connect,
    Disconnect,
    DllGetClassObject(String, String),
    CreateInstance(String),
    DllCanUnloadNow,
}

impl std::fmt::Debug for RawMethod {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.text())
    }
}

impl RawMethod {
    /// The call as it may be printed, in the form that the script reads.
    pub fn text(&self) -> String {
        use RawMethod as M;
        match self {
            M::SetUsageScenario(scenario, flags) => format!("SetUsageScenario {} {flags}", scenario.cpus()),
            M::SetSerialization(bytes) => {
                format!("SetSerialization ({} bytes)", bytes.as_ref().map_or(0, Vec::len))
            }
            M::GetFieldDescriptorAt(n) => format!("GetFieldDescriptorAt {n}"),
            M::GetCredentialAt(n) => format!("GetCredentialAt {n}"),
            M::GetFieldState(n) => format!("GetFieldState {n}"),
            M::GetStringValue(n) => format!("GetStringValue {n}"),
            M::GetBitmapValue(n) => format!("GetBitmapValue {n}"),
            M::GetCheckboxValue(n) => format!("GetCheckboxValue {n}"),
            M::GetSubmitButtonValue(n) => format!("GetSubmitButtonValue {n}"),
            M::GetComboBoxValueCount(n) => format!("GetComboBoxValueCount {n}"),
            M::GetComboBoxValueAt(n, i) => format!("GetComboBoxValueAt {n} {i}"),
            M::SetStringValue(n, _) => format!("SetStringValue {n} …"),
            M::SetCheckboxValue(n, on) => format!("SetCheckboxValue {n} {}", if *on { "on" } else { "off" }),
            M::SetComboBoxSelectedValue(n, i) => format!("SetComboBoxSelectedValue {n} {i}"),
            M::CommandLinkClicked(n) => format!("CommandLinkClicked {n}"),
            M::ReportResult(status, sub) => format!("ReportResult 0x{status:08X} 0x{sub:08X}"),
            M::DllGetClassObject(clsid, iid) => format!("DllGetClassObject {clsid} {iid}"),
            M::CreateInstance(iid) => format!("CreateInstance {iid}"),
            M::Advise => "Advise".into(),
            M::UnAdvise => "UnAdvise".into(),
            M::GetFieldDescriptorCount => "GetFieldDescriptorCount".into(),
            M::GetCredentialCount => "GetCredentialCount".into(),
            M::CredentialAdvise => "CredentialAdvise".into(),
            M::CredentialUnAdvise => "CredentialUnAdvise".into(),
            M::SetSelected => "SetSelected".into(),
            M::SetDeselected => "SetDeselected".into(),
            M::GetSerialization => "GetSerialization".into(),
            M::Connect => "Connect".into(),
            M::Disconnect => "Disconnect".into(),
            M::DllCanUnloadNow => "DllCanUnloadNow".into(),
        }
    }
}

/// Reads what follows `raw`.
pub(super) fn parse(arguments: &[&str]) -> Result<RawCall, String> {
    let (null, arguments) = match arguments {
        ["null", rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let Some((name, rest)) = arguments.split_first() else {
        return Err("raw wants a method".to_owned());
    };
    let number =
        |at: usize| rest.get(at).and_then(|it| words::number(it)).ok_or(format!("{name} wants a number"));
    // Null calls may leave the arguments out.
    let index = |at: usize| if null { Ok(number(at).unwrap_or(0)) } else { number(at) };
    let text = |at: usize| {
        let found = rest.get(at).map(|it| (*it).to_owned());
        if null { Ok(found.unwrap_or_default()) } else { found.ok_or(format!("{name} wants a text")) }
    };
    let status =
        |at: usize| rest.get(at).map_or(Some(0), |it| crate::codes::parse_status(it)).ok_or("not a status");
    use RawMethod as M;
    let method = match *name {
        "SetUsageScenario" => {
            let scenario = words::scenario(rest.first().copied().unwrap_or("logon"));
            M::SetUsageScenario(scenario.ok_or("no such scenario")?, number(1).unwrap_or(0))
        }
        "SetSerialization" => M::SetSerialization(match rest.first().copied() {
            None | Some("null") => None,
            Some(digits) => Some(words::hex(digits).ok_or("not hexadecimal")?),
        }),
        "Advise" => M::Advise,
        "UnAdvise" => M::UnAdvise,
        "GetFieldDescriptorCount" => M::GetFieldDescriptorCount,
        "GetFieldDescriptorAt" => M::GetFieldDescriptorAt(index(0)?),
        "GetCredentialCount" => M::GetCredentialCount,
        "GetCredentialAt" => M::GetCredentialAt(index(0)?),
        "CredentialAdvise" => M::CredentialAdvise,
        "CredentialUnAdvise" => M::CredentialUnAdvise,
        "SetSelected" => M::SetSelected,
        "SetDeselected" => M::SetDeselected,
        "GetFieldState" => M::GetFieldState(index(0)?),
        "GetStringValue" => M::GetStringValue(index(0)?),
        "GetBitmapValue" => M::GetBitmapValue(index(0)?),
        "GetCheckboxValue" => M::GetCheckboxValue(index(0)?),
        "GetSubmitButtonValue" => M::GetSubmitButtonValue(index(0)?),
        "GetComboBoxValueCount" => M::GetComboBoxValueCount(index(0)?),
        "GetComboBoxValueAt" => M::GetComboBoxValueAt(index(0)?, index(1)?),
        "SetStringValue" => M::SetStringValue(index(0)?, Zeroizing::new(text(1)?)),
        "SetCheckboxValue" => M::SetCheckboxValue(index(0)?, rest.get(1) == Some(&"on")),
        "SetComboBoxSelectedValue" => M::SetComboBoxSelectedValue(index(0)?, index(1)?),
        "CommandLinkClicked" => M::CommandLinkClicked(index(0)?),
        "GetSerialization" => M::GetSerialization,
        "ReportResult" => M::ReportResult(status(0)?, status(1)?),
        "Connect" => M::Connect,
        "Disconnect" => M::Disconnect,
        "DllGetClassObject" => M::DllGetClassObject(text(0)?, text(1)?),
        "CreateInstance" => M::CreateInstance(text(0)?),
        "DllCanUnloadNow" => M::DllCanUnloadNow,
        other => return Err(format!("there is no method {other}")),
    };
    Ok(RawCall { null, method })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls() {
        assert_eq!(
            parse(&["GetStringValue", "99"]),
            Ok(RawCall { null: false, method: RawMethod::GetStringValue(99) })
        );
        assert_eq!(
            parse(&["null", "GetSerialization"]),
            Ok(RawCall { null: true, method: RawMethod::GetSerialization })
        );
        assert_eq!(
            parse(&["SetUsageScenario", "CHANGE_PASSWORD"]),
            Ok(RawCall { null: false, method: RawMethod::SetUsageScenario(Scenario::ChangePassword, 0) })
        );
        assert!(parse(&["GetStringValue"]).is_err());
        assert!(parse(&["null"]).is_err());
        assert!(parse(&["Explode"]).is_err());
    }

    #[test]
    fn a_typed_value_is_not_printed() {
        let call = RawMethod::SetStringValue(3, Zeroizing::new("hunter2".into()));
        assert_eq!(call.text(), "SetStringValue 3 …");
    }
}
