//! Turns a copy of this very program into a DLL.
//!
//! `exec` has to bring the redirections into another process, which takes a DLL; what ships is one
//! file, `logon-host.exe`. An executable that carries relocations is a DLL but for two header
//! fields, so the copy gets these and nothing else changes: the code that redirects a provider
//! inside the host and the code that redirects a program is the same, byte for byte.

use thiserror::Error;

/// Why a file cannot be used as a DLL.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ImageError {
    /// The file ends inside a header.
    #[error("the executable ends inside its headers")]
    Short,
    /// The file is no 64-bit Windows program.
    #[error("not a 64-bit Windows executable")]
    Format,
    /// Without relocations the copy could not be loaded beside another program.
    #[error("the executable carries no relocations")]
    NoRelocations,
}

const FILE_RELOCS_STRIPPED: u16 = 0x0001;
const FILE_DLL: u16 = 0x2000;
const OPTIONAL_MAGIC_PE32_PLUS: u16 = 0x020b;

/// Marks `image` (a whole executable file) as a DLL whose entry point lies at `entry_rva`.
///
/// # Errors
/// [`ImageError`] when the file is not a relocatable 64-bit executable; `image` is then unchanged.
pub fn make_dll(image: &mut [u8], entry_rva: u32) -> Result<(), ImageError> {
    let nt = read_u32(image, 0x3c)? as usize;
    if image.get(..2) != Some(b"MZ") || image.get(nt..nt + 4) != Some(b"PE\0\0") {
        return Err(ImageError::Format);
    }
    let characteristics_at = nt + 22;
    let optional = nt + 24;
    if read_u16(image, optional)? != OPTIONAL_MAGIC_PE32_PLUS {
        return Err(ImageError::Format);
    }
    let characteristics = read_u16(image, characteristics_at)?;
    // Data directory 5 (base relocations): 112 bytes into the optional header, 8 bytes each.
    let relocation_size = read_u32(image, optional + 112 + 5 * 8 + 4)?;
    if characteristics & FILE_RELOCS_STRIPPED != 0 || relocation_size == 0 {
        return Err(ImageError::NoRelocations);
    }
    write(image, characteristics_at, &(characteristics | FILE_DLL).to_le_bytes());
    write(image, optional + 16, &entry_rva.to_le_bytes());
    // The checksum is only looked at for drivers and boot DLLs; zero says "none".
    write(image, optional + 64, &0u32.to_le_bytes());
    Ok(())
}

fn read_u16(bytes: &[u8], at: usize) -> Result<u16, ImageError> {
    let slice = bytes.get(at..at + 2).ok_or(ImageError::Short)?;
    Ok(u16::from_le_bytes([slice[0], slice[1]]))
}

fn read_u32(bytes: &[u8], at: usize) -> Result<u32, ImageError> {
    let slice = bytes.get(at..at + 4).ok_or(ImageError::Short)?;
    Ok(u32::from_le_bytes([slice[0], slice[1], slice[2], slice[3]]))
}

fn write(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(characteristics: u16, relocation_size: u32) -> Vec<u8> {
        let mut image = vec![0u8; 512];
        write(&mut image, 0, b"MZ");
        write(&mut image, 0x3c, &0x80u32.to_le_bytes());
        write(&mut image, 0x80, b"PE\0\0");
        write(&mut image, 0x80 + 22, &characteristics.to_le_bytes());
        write(&mut image, 0x80 + 24, &OPTIONAL_MAGIC_PE32_PLUS.to_le_bytes());
        write(&mut image, 0x80 + 24 + 112 + 44, &relocation_size.to_le_bytes());
        image
    }

    #[test]
    fn a_program_becomes_a_dll() {
        let mut image = program(0x0022, 100);
        assert_eq!(make_dll(&mut image, 0x1234), Ok(()));
        assert_eq!(read_u16(&image, 0x80 + 22), Ok(0x2022));
        assert_eq!(read_u32(&image, 0x80 + 24 + 16), Ok(0x1234));
    }

    #[test]
    fn without_relocations_it_is_refused() {
        let mut stripped = program(0x0023, 100);
        assert_eq!(make_dll(&mut stripped, 1), Err(ImageError::NoRelocations));
        assert_eq!(make_dll(&mut program(0x0022, 0), 1), Err(ImageError::NoRelocations));
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(make_dll(&mut [], 1), Err(ImageError::Short));
        assert_eq!(make_dll(&mut [0u8; 600], 1), Err(ImageError::Format));
    }
}
