//! The import tables of a loaded module.

/// A place where a module keeps the address of an imported function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Name of the function.
    pub name: String,
    /// Offset of the slot from the beginning of the module.
    pub slot: usize,
}

const IMPORTS: usize = 1;
const DELAY_IMPORTS: usize = 13;
const BY_ORDINAL: u64 = 1 << 63;
/// More entries than any sane module has: a damaged table ends the walk.
const MOST: usize = 1 << 16;

/// Every function that the module imports by name, over all import descriptors and delay-load descriptors. `image` is the module as it
/// lies in memory (64-bit); what does not parse is left out.
pub fn imports(image: &[u8]) -> Vec<Import> {
    let mut found = Vec::new();
    // IMAGE_IMPORT_DESCRIPTOR: name table, _, _, DLL name, address table. Without a name table the module is bound.
    for descriptor in descriptors(image, IMPORTS, 20) {
        thunks(image, u32_at(image, descriptor), u32_at(image, descriptor + 16), &mut found);
    }
    // IMAGE_DELAYLOAD_DESCRIPTOR: attributes (bit 0: offsets), DLL name, module, address table, name table.
    for descriptor in descriptors(image, DELAY_IMPORTS, 32) {
        if u32_at(image, descriptor).is_some_and(|it| it & 1 == 1) {
            thunks(image, u32_at(image, descriptor + 16), u32_at(image, descriptor + 12), &mut found);
        }
    }
    found
}

fn descriptors(image: &[u8], directory: usize, size: usize) -> Vec<usize> {
    let start = u32_at(image, 0x3c)
        .map(|nt| nt as usize + 24 + 112 + directory * 8)
        .and_then(|entry| u32_at(image, entry))
        .map_or(0, |it| it as usize);
    if start == 0 {
        return Vec::new();
    }
    // The list ends with a descriptor without a DLL name.
    let name_at = if directory == IMPORTS { 12 } else { 4 };
    (0..MOST)
        .map(|index| start + index * size)
        .take_while(|at| u32_at(image, at + name_at).is_some_and(|name| name != 0))
        .collect()
}

fn thunks(image: &[u8], names: Option<u32>, addresses: Option<u32>, found: &mut Vec<Import>) {
    let (Some(names), Some(addresses)) = (names, addresses) else {
        return;
    };
    if names == 0 || addresses == 0 {
        return;
    }
    for index in 0..MOST {
        let entry = match u64_at(image, names as usize + index * 8) {
            None | Some(0) => return,
            Some(entry) => entry,
        };
        if entry & BY_ORDINAL == 0 {
            // IMAGE_IMPORT_BY_NAME: a hint of two bytes, then the name.
            let name = usize::try_from(entry).ok().and_then(|at| text_at(image, at + 2));
            found.extend(name.map(|name| Import { name, slot: addresses as usize + index * 8 }));
        }
    }
}

fn u32_at(image: &[u8], at: usize) -> Option<u32> {
    image.get(at..)?.first_chunk().map(|it| u32::from_le_bytes(*it))
}

fn u64_at(image: &[u8], at: usize) -> Option<u64> {
    image.get(at..)?.first_chunk().map(|it| u64::from_le_bytes(*it))
}

fn text_at(image: &[u8], at: usize) -> Option<String> {
    let rest = image.get(at..)?;
    let length = rest.iter().take(512).position(|byte| *byte == 0)?;
    String::from_utf8(rest[..length].to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
        image[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn module() -> Vec<u8> {
        let mut image = vec![0u8; 0x1000];
        let word = |value: usize| u32::try_from(value).unwrap_or(0).to_le_bytes();
        put(&mut image, 0x3c, &word(0x80));
        put(&mut image, 0x80 + 24 + 112 + 8, &word(0x200));
        put(&mut image, 0x80 + 24 + 112 + 13 * 8, &word(0x300));
        // Two descriptors of the same DLL, as linkers make them, the second with an ordinal between two names.
        for (at, names, slots) in [(0x200, 0x400, 0x500), (0x214, 0x420, 0x520)] {
            put(&mut image, at, &word(names));
            put(&mut image, at + 12, &word(0x700));
            put(&mut image, at + 16, &word(slots));
        }
        put(&mut image, 0x300, &word(1));
        put(&mut image, 0x304, &word(0x700));
        put(&mut image, 0x30c, &word(0x540));
        put(&mut image, 0x310, &word(0x440));
        for (at, name) in
            [(0x400, 0x800u64), (0x420, 0x810), (0x428, BY_ORDINAL | 7), (0x430, 0x820), (0x440, 0x830)]
        {
            put(&mut image, at, &name.to_le_bytes());
        }
        for (at, name) in [(0x802, "First"), (0x812, "Second"), (0x822, "Third"), (0x832, "Late")] {
            put(&mut image, at, name.as_bytes());
        }
        image
    }

    #[test]
    fn every_descriptor_is_walked() {
        let found: Vec<(String, usize)> =
            imports(&module()).into_iter().map(|it| (it.name, it.slot)).collect();
        let expected = [("First", 0x500), ("Second", 0x520), ("Third", 0x530), ("Late", 0x540)];
        assert_eq!(found, expected.map(|(name, slot)| (name.to_owned(), slot)));
    }

    #[test]
    fn damaged_modules_end_the_walk() {
        assert!(imports(&[]).is_empty());
        assert!(imports(&[0xff; 0x1000]).is_empty());
        let image = module();
        for length in 0..image.len() {
            let _no_panic = imports(&image[..length]);
        }
    }
}
