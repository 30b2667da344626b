//! Security descriptors as SDDL, as far as files and registry keys need them: owner, group and access control list.

use std::fmt;

use super::Sid;

/// Owner, group and list, in SDDL's own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Descriptor {
    /// `BA` or `S-1-…`.
    pub owner: Option<String>,
    /// The same.
    pub group: Option<String>,
    /// The list; without one everybody may do everything.
    pub list: Option<List>,
}

/// An access control list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// `P`: nothing is inherited from above.
    pub is_protected: bool,
    /// The entries in their order.
    pub entries: Vec<Entry>,
}

/// An entry: `(A;OICI;GA;;;SY)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `A` allows, `D` denies.
    pub kind: String,
    /// Pairs of letters.
    pub flags: String,
    /// Letters, or a number as `0x…`.
    pub rights: String,
    /// Whom it is about.
    pub trustee: String,
}

/// What is inherited where nothing was ever set: what `ProgramData` gives.
const OPEN_FOLDER: &str = "O:BAG:SYD:(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)";
/// The same for a key below `HKLM\SOFTWARE`.
const OPEN_KEY: &str = "O:BAG:SYD:(A;CI;KA;;;SY)(A;CI;KA;;;BA)(A;CI;KR;;;BU)";

/// What kind of thing has a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A registry key.
    Key,
}

impl Descriptor {
    /// Reads SDDL; nothing for what is none, or has conditional or audit entries.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = Self::default();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (part, after) = rest.split_at_checked(2)?;
            let end = next_part(after);
            let (value, next) = after.split_at(end);
            match part {
                "O:" => found.owner = Some(value.to_owned()),
                "G:" => found.group = Some(value.to_owned()),
                "D:" => found.list = Some(List::parse(value)?),
                _ => return None,
            }
            rest = next;
        }
        Some(found)
    }

    /// What something without a descriptor of its own has.
    pub fn open(thing: Thing) -> Self {
        let above = Self::parse(if thing == Thing::Key { OPEN_KEY } else { OPEN_FOLDER }).unwrap_or_default();
        above.inherited_by(thing)
    }

    /// What a new thing below this one gets.
    #[must_use]
    pub fn inherited_by(&self, thing: Thing) -> Self {
        let wanted = if thing == Thing::File { "OI" } else { "CI" };
        let inherit = |entry: &Entry| {
            entry.has(wanted).then(|| {
                let mut kept = entry.clone();
                let keep = if thing == Thing::File { "" } else { entry.flags.as_str() };
                kept.flags = format!("{}ID", keep.replace("IO", "").replace("ID", ""));
                kept
            })
        };
        let list = self.list.as_ref().map(|list| List {
            is_protected: false,
            entries: list.entries.iter().filter_map(inherit).collect(),
        });
        Self { owner: Some("BA".to_owned()), group: Some("SY".to_owned()), list }
    }
}

/// Where the next `X:` begins: a colon is in none of the values.
fn next_part(text: &str) -> usize {
    text.find(':').map_or(text.len(), |colon| colon.saturating_sub(1))
}

impl List {
    fn parse(text: &str) -> Option<Self> {
        let entries_at = text.find('(').unwrap_or(text.len());
        let (flags, mut rest) = text.split_at(entries_at);
        let mut list = Self { is_protected: flags.contains('P'), entries: Vec::new() };
        while !rest.is_empty() {
            let end = rest.find(')')?;
            let entry = rest.get(1..end).filter(|_| rest.starts_with('('))?;
            let [kind, flags, rights, "", "", trustee] = *entry.split(';').collect::<Vec<_>>() else {
                return None;
            };
            if !matches!(kind, "A" | "D") || trustee.is_empty() {
                return None;
            }
            list.entries.push(Entry {
                kind: kind.into(),
                flags: flags.into(),
                rights: rights.into(),
                trustee: trustee.into(),
            });
            rest = rest.get(end + 1..)?;
        }
        Some(list)
    }

    /// Reads Windows' ACL: a header of 8 bytes, then entries of type, flags, size, mask and SID.
    pub fn from_bytes(bytes: &[u8], is_protected: bool) -> Option<Self> {
        let count = u16::from_le_bytes([*bytes.get(4)?, *bytes.get(5)?]);
        let mut rest = bytes.get(8..)?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let size = usize::from(u16::from_le_bytes([*rest.get(2)?, *rest.get(3)?]));
            let entry = rest.get(..size).filter(|it| it.len() >= 16)?;
            let kind = ["A", "D"].get(usize::from(entry[0]))?;
            let mask = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
            entries.push(Entry {
                kind: (*kind).to_owned(),
                flags: flags_text(entry[1]),
                rights: format!("0x{mask:x}"),
                trustee: Sid::from_bytes(&entry[8..]).ok()?.to_string(),
            });
            rest = &rest[size..];
        }
        Some(Self { is_protected, entries })
    }
}

fn flags_text(bits: u8) -> String {
    const FLAGS: [(u8, &str); 5] = [(1, "OI"), (2, "CI"), (4, "NP"), (8, "IO"), (16, "ID")];
    FLAGS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, text)| *text).collect()
}

impl Entry {
    fn has(&self, flag: &str) -> bool {
        self.flags.as_bytes().chunks(2).any(|it| it == flag.as_bytes())
    }
}

impl fmt::Display for Descriptor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(owner) = &self.owner {
            write!(out, "O:{owner}")?;
        }
        if let Some(group) = &self.group {
            write!(out, "G:{group}")?;
        }
        let Some(list) = &self.list else { return Ok(()) };
        write!(out, "D:{}", if list.is_protected { "P" } else { "" })?;
        list.entries
            .iter()
            .try_for_each(|it| write!(out, "({};{};{};;;{})", it.kind, it.flags, it.rights, it.trustee))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "O:BAD:P(A;OICI;GA;;;SY)(A;OICI;GA;;;BA)";

    #[test]
    fn text_comes_back() {
        for text in
            [OURS, "O:BAG:SYD:(D;;0x1;;;WD)", "O:S-1-5-21-1-2-3-1001D:P", "D:P(A;;FA;;;SY)", "O:BA", ""]
        {
            let parsed = Descriptor::parse(text);
            assert_eq!(parsed.map(|it| it.to_string()).as_deref(), Some(text));
        }
        for bad in ["X:BA", "O", "D:P(A;;FA;;;SY", "D:(OA;;FA;x;;SY)", "D:(A;FA;SY)", "hello"] {
            assert_eq!(Descriptor::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_a_file_inherits() {
        let ours = Descriptor::parse(OURS).unwrap_or_default();
        assert_eq!(ours.inherited_by(Thing::File).to_string(), "O:BAG:SYD:(A;ID;GA;;;SY)(A;ID;GA;;;BA)");
        assert_eq!(
            ours.inherited_by(Thing::Folder).to_string(),
            "O:BAG:SYD:(A;OICIID;GA;;;SY)(A;OICIID;GA;;;BA)"
        );
        assert!(Descriptor::open(Thing::File).to_string().contains(";BU)"));
        assert!(Descriptor::open(Thing::Key).to_string().contains("(A;CIID;KR;;;BU)"));
    }

    #[test]
    fn a_list_in_memory() {
        let sid = Sid::nt(&[18]).to_bytes();
        let mut bytes = vec![2, 0, 28, 0, 1, 0, 0, 0, 0, 3, 20, 0];
        bytes.extend(0x1000_0000_u32.to_le_bytes());
        bytes.extend(sid);
        let list = List::from_bytes(&bytes, true);
        let text = Descriptor { list, ..Descriptor::default() }.to_string();
        assert_eq!(text, "D:P(A;OICI;0x10000000;;;S-1-5-18)");
        for length in 0..bytes.len() {
            assert_eq!(List::from_bytes(&bytes[..length], true), None, "{length}");
        }
    }
}
