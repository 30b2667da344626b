//! The policy templates: `TRASA.admx` and its English texts, from the values that the agent reads.

use agent::ports::PolicyName;
use core::fmt::Write as _;

/// Where the agent reads.
const KEY: &str = r"SOFTWARE\Policies\TRASA";

/// A policy as the editor shows it. One can hold several values that belong together.
struct Policy {
    name: &'static str,
    title: &'static str,
    help: &'static str,
    values: Values,
}

enum Values {
    /// On writes 1, off writes 0.
    Switch(PolicyName),
    /// Texts, each with its label.
    Texts(&'static [(PolicyName, &'static str)]),
}

const POLICIES: [Policy; 5] = [
    Policy {
        name: "Server",
        title: "TRASA server address",
        help: "Addresses of the TRASA server, host or host:port, several with commas, tried in order. They go before those of the saved configuration. All of them are addresses of one server.",
        values: Values::Texts(&[(PolicyName::Server, "TRASA server address:")]),
    },
    Policy {
        name: "OfflineUsers",
        title: "Offline users",
        help: "Accounts that sign in with their password alone while the server cannot be reached, with commas. On a computer that is joined to a domain a bare name is an account of the domain; a local account is written COMPUTER\\name or .\\name. They go before those of the saved configuration. An empty list means that nobody can sign in while the server cannot be reached.",
        values: Values::Texts(&[(PolicyName::OfflineUsers, "Offline users:")]),
    },
    Policy {
        name: "SkipTlsVerification",
        title: "Skip TLS verification",
        help: "Enabled: the TLS keys that the server's signed key list names are trusted, and no others. Disabled: the certificate store of Windows decides. Requests and answers are signed in either case.",
        values: Values::Switch(PolicyName::SkipTlsVerification),
    },
    Policy {
        name: "AllowedProviders",
        title: "Credential providers that stay beside TRASA",
        help: "CLSIDs of credential providers, with commas, that the logon screen goes on to offer on a guarded computer. Who signs in through one of them is not asked for a second factor.",
        values: Values::Texts(&[(PolicyName::AllowedProviders, "CLSIDs:")]),
    },
    Policy {
        name: "Admission",
        title: "Admission by token",
        help: "A computer that has no configuration yet asks the TRASA server for admission to this service with this token. It also needs the policy \"TRASA server address\". Every user of the domain can read a policy, so each such computer waits until an administrator of TRASA approves it. Use a token (trasa-server service token), never the ServiceKey.",
        values: Values::Texts(&[(PolicyName::ServiceId, "ServiceID:"), (PolicyName::Token, "Token:")]),
    },
];

/// `TRASA.admx`, of the schema
/// [policyDefinitions 1.0](https://learn.microsoft.com/previous-versions/windows/desktop/policy/admx-schema).
#[must_use]
pub fn admx() -> String {
    let policies: String = POLICIES.iter().map(definition).collect();
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<policyDefinitions revision="1.0" schemaVersion="1.0" xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions">
  <policyNamespaces>
    <target prefix="trasa" namespace="TRASA.Policies.Agent"/>
    <using prefix="windows" namespace="Microsoft.Policies.Windows"/>
  </policyNamespaces>
  <resources minRequiredRevision="1.0"/>
  <supportedOn>
    <definitions>
      <definition name="Agent" displayName="$(string.Supported)"/>
    </definitions>
  </supportedOn>
  <categories>
    <category name="TRASA" displayName="$(string.TRASA)"/>
  </categories>
  <policies>
{policies}  </policies>
</policyDefinitions>
"#
    )
}

fn definition(policy: &Policy) -> String {
    let name = policy.name;
    let (attribute, body) = match policy.values {
        Values::Switch(value) => (
            format!(r#"valueName="{}""#, value.value_name()),
            "      <enabledValue><decimal value=\"1\"/></enabledValue>\n      <disabledValue><decimal value=\"0\"/></disabledValue>\n"
                .to_owned(),
        ),
        Values::Texts(texts) => {
            let mut body = "      <elements>\n".to_owned();
            for (value, _) in texts {
                let value = value.value_name();
                let _never_fails = writeln!(
                    body,
                    r#"        <text id="{value}" valueName="{value}" maxLength="1023"/>"#
                );
            }
            body.push_str("      </elements>\n");
            (format!(r#"presentation="$(presentation.{name})""#), body)
        }
    };
    format!(
        r#"    <policy name="{name}" class="Machine" displayName="$(string.{name})" explainText="$(string.{name}_Help)" key="{KEY}" {attribute}>
      <parentCategory ref="TRASA"/>
      <supportedOn ref="Agent"/>
{body}    </policy>
"#
    )
}

/// `en-US/TRASA.adml`.
#[must_use]
pub fn adml() -> String {
    let mut strings = String::new();
    let mut string = |id: &str, text: &str| {
        let _never_fails = writeln!(strings, r#"      <string id="{id}">{}</string>"#, escaped(text));
    };
    string("TRASA", "TRASA");
    string("Supported", "Windows 7 and later with TRASA for Windows");
    for policy in &POLICIES {
        string(policy.name, policy.title);
        string(&format!("{}_Help", policy.name), policy.help);
    }
    let mut presentations = String::new();
    for policy in &POLICIES {
        let Values::Texts(texts) = policy.values else { continue };
        let _never_fails = writeln!(presentations, r#"      <presentation id="{}">"#, policy.name);
        for (value, label) in texts {
            let (value, label) = (value.value_name(), escaped(label));
            let _never_fails = writeln!(
                presentations,
                r#"        <textBox refId="{value}"><label>{label}</label></textBox>"#
            );
        }
        presentations.push_str("      </presentation>\n");
    }
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<policyDefinitionResources revision="1.0" schemaVersion="1.0" xmlns="http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions">
  <displayName>TRASA for Windows</displayName>
  <description>Second factor at the Windows logon</description>
  <resources>
    <stringTable>
{strings}    </stringTable>
    <presentationTable>
{presentations}    </presentationTable>
  </resources>
</policyDefinitionResources>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use roxmltree::{Document, Node};
    use std::collections::BTreeSet;

    fn named<'a>(document: &'a Document<'a>, tag: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
        document.descendants().filter(move |node| node.has_tag_name(tag) || node.tag_name().name() == tag)
    }

    #[test]
    fn the_template_writes_exactly_what_the_agent_reads() {
        let admx = admx();
        let document = Document::parse(&admx).unwrap();
        let mut written: Vec<&str> =
            document.descendants().filter_map(|node| node.attribute("valueName")).collect();
        let mut read: Vec<&str> = PolicyName::ALL.iter().map(|name| name.value_name()).collect();
        written.sort_unstable();
        read.sort_unstable();
        assert_eq!(written, read);
        for policy in named(&document, "policy") {
            assert_eq!(policy.attribute("key"), Some(r"SOFTWARE\Policies\TRASA"));
            assert_eq!(policy.attribute("class"), Some("Machine"));
        }
        // The one number; everything else is a text.
        let switches: Vec<_> =
            named(&document, "policy").filter_map(|policy| policy.attribute("valueName")).collect();
        assert_eq!(switches, ["SkipTlsVerification"]);
        let values: Vec<_> =
            named(&document, "decimal").filter_map(|value| value.attribute("value")).collect();
        assert_eq!(values, ["1", "0"]);
    }

    #[test]
    fn every_text_that_the_template_names_is_there() {
        let (admx, adml) = (admx(), adml());
        let (definitions, texts) = (Document::parse(&admx).unwrap(), Document::parse(&adml).unwrap());
        let ids = |tag| -> BTreeSet<String> {
            named(&texts, tag).map(|node| node.attribute("id").unwrap().to_owned()).collect()
        };
        let (strings, presentations) = (ids("string"), ids("presentation"));
        let mut named_ones = 0;
        for attribute in definitions.descendants().flat_map(|node| node.attributes()) {
            let inner = |kind: &str| attribute.value().strip_prefix(kind)?.strip_suffix(')');
            if let Some(id) = inner("$(string.") {
                assert!(strings.contains(id), "{id}");
                named_ones += 1;
            }
            if let Some(id) = inner("$(presentation.") {
                assert!(presentations.contains(id), "{id}");
                named_ones += 1;
            }
        }
        assert_eq!(named_ones, 2 + 5 * 2 + 4);
        // Each box on the page belongs to an element of the same policy.
        for presentation in named(&texts, "presentation") {
            let name = presentation.attribute("id").unwrap();
            let policy =
                named(&definitions, "policy").find(|policy| policy.attribute("name") == Some(name)).unwrap();
            let elements: Vec<_> = policy
                .descendants()
                .filter(|node| node.tag_name().name() == "text")
                .filter_map(|n| n.attribute("id"))
                .collect();
            let boxes: Vec<_> = presentation.children().filter_map(|node| node.attribute("refId")).collect();
            assert_eq!(elements, boxes, "{name}");
        }
    }
}
