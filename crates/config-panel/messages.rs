//! The message table of TrasaConfig.exe: what the Event Viewer shows for an entry of source TRASA. Compiled into the
//! build script, which writes it, and into the tests, which read it back.

/// The ids that there can be: those of the catalogue in `agent::ports::Event`, and room between them.
pub(crate) const IDS: [core::ops::RangeInclusive<u32>; 4] = [100..=129, 200..=229, 300..=319, 900..=909];

/// Every entry is one text of ours: the first insertion.
const TEXT: &str = "%1\r\n";

/// `MESSAGE_RESOURCE_DATA`: a block for each range, then the texts of all of them.
pub(crate) fn table() -> Vec<u8> {
    const HEADER: u32 = 4;
    const BLOCK: u32 = 12;
    let text = entry();
    let mut blocks = Vec::new();
    let mut texts = Vec::new();
    let first = HEADER + BLOCK * size(IDS.len());
    for ids in IDS {
        let offset = first + size(texts.len());
        for number in [*ids.start(), *ids.end(), offset] {
            blocks.extend(number.to_le_bytes());
        }
        ids.for_each(|_| texts.extend(&text));
    }
    [&size(IDS.len()).to_le_bytes()[..], &blocks, &texts].concat()
}

/// `MESSAGE_RESOURCE_ENTRY`: its length, that it is Unicode, the text with its zero; a multiple of four bytes.
fn entry() -> Vec<u8> {
    let mut text: Vec<u8> = TEXT.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    text.resize(text.len().next_multiple_of(4), 0);
    let length = u16::try_from(4 + text.len()).unwrap_or(u16::MAX);
    [&length.to_le_bytes()[..], &1_u16.to_le_bytes(), &text].concat()
}

fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{IDS, table};
    use agent::ports::Event;

    /// The text of an id, as FormatMessage finds it.
    fn text(table: &[u8], id: u32) -> Option<String> {
        let number = |at: usize| Some(u32::from_le_bytes(table.get(at..at + 4)?.try_into().ok()?));
        for block in 0..usize::try_from(number(0)?).ok()? {
            let at = 4 + block * 12;
            if !(number(at)?..=number(at + 4)?).contains(&id) {
                continue;
            }
            let mut entry = usize::try_from(number(at + 8)?).ok()?;
            for _ in number(at)?..id {
                entry += usize::from(u16::from_le_bytes(table.get(entry..entry + 2)?.try_into().ok()?));
            }
            let length = usize::from(u16::from_le_bytes(table.get(entry..entry + 2)?.try_into().ok()?));
            let units: Vec<u16> = table
                .get(entry + 4..entry + length)?
                .chunks_exact(2)
                .filter_map(|unit| unit.try_into().ok().map(u16::from_le_bytes))
                .collect();
            return Some(String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned());
        }
        None
    }

    #[test]
    fn the_event_viewer_has_a_text_for_every_event() {
        let table = table();
        for id in IDS.into_iter().flatten() {
            assert_eq!(text(&table, id).as_deref(), Some("%1\r\n"), "{id}");
        }
        for id in [99, 130, 199, 230, 320, 899, 910] {
            assert_eq!(text(&table, id), None, "{id}");
        }
        // One of each hundred, and those with the highest numbers.
        for event in [
            Event::armed(),
            Event::offline_copy_rewritten("a", "b"),
            Event::set_up_failed("a"),
            Event::watch_passed("a", "b"),
            Event::clock_off(1),
            Event::internal_error("a"),
        ] {
            assert!(text(&table, event.id()).is_some(), "{event:?}");
        }
    }
}
