//! A registry key under HKEY_LOCAL_MACHINE, always in the 64-bit view.

use windows::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_INVALID_NAME, ERROR_MORE_DATA, ERROR_SUCCESS, WIN32_ERROR,
};
use windows::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_64KEY, KEY_WRITE, REG_BINARY, REG_DWORD, REG_EXPAND_SZ,
    REG_OPEN_CREATE_OPTIONS, REG_OPTION_NON_VOLATILE, REG_OPTION_VOLATILE, REG_SAM_FLAGS, REG_SZ,
    REG_VALUE_TYPE, RegCloseKey, RegCreateKeyExW, RegDeleteTreeW, RegDeleteValueW, RegEnumKeyExW,
    RegOpenKeyExW, RegQueryValueExW, RegSetValueExW,
};
use windows::core::{PCWSTR, PWSTR};

use super::security::Descriptor;
use crate::wide::{Wide, text_until_zero};

/// Values of ours are small; a larger one is somebody's mistake.
const MAX_VALUE_BYTES: u32 = 1024 * 1024;

/// An open key, closed on drop.
pub struct Key(HKEY);

/// Why a value or key could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueError {
    /// There is none.
    Missing,
    /// It is of another type than expected.
    OtherType,
    /// The Win32 code.
    Code(u32),
}

impl ValueError {
    /// A Win32 code for it.
    #[must_use]
    pub fn code(self) -> u32 {
        match self {
            Self::Missing => ERROR_FILE_NOT_FOUND.0,
            // ERROR_INVALID_DATATYPE
            Self::OtherType => 1804,
            Self::Code(code) => code,
        }
    }
}

impl Key {
    /// Opens a key to read.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn open(path: &str) -> Result<Self, ValueError> {
        Self::open_with(path, KEY_READ)
    }

    /// Opens a key to read and write.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn open_to_write(path: &str) -> Result<Self, ValueError> {
        Self::open_with(path, KEY_READ | KEY_WRITE)
    }

    fn open_with(path: &str, rights: REG_SAM_FLAGS) -> Result<Self, ValueError> {
        let path = name(path)?;
        let mut key = HKEY::default();
        // SAFETY: the path ends with a zero; on success the key is ours to close.
        let code = unsafe {
            RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.as_pcwstr(), None, rights | KEY_WOW64_64KEY, &raw mut key)
        };
        check(code)?;
        Ok(Self(key))
    }

    /// Opens a key to read and write, and makes it and those above it where they are missing.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn create(path: &str) -> Result<Self, ValueError> {
        Self::create_with(path, REG_OPTION_NON_VOLATILE, None)
    }

    /// As `create`; the key, and those above it that are missing, are gone when Windows shuts down.
    pub(crate) fn create_volatile(path: &str) -> Result<Self, ValueError> {
        Self::create_with(path, REG_OPTION_VOLATILE, None)
    }

    /// As `create`; a new key has this descriptor from its first moment.
    pub(super) fn create_protected(path: &str, descriptor: &Descriptor) -> Result<Self, ValueError> {
        Self::create_with(path, REG_OPTION_NON_VOLATILE, Some(descriptor))
    }

    fn create_with(
        path: &str,
        options: REG_OPEN_CREATE_OPTIONS,
        descriptor: Option<&Descriptor>,
    ) -> Result<Self, ValueError> {
        let path = name(path)?;
        let attributes = descriptor.map(Descriptor::attributes);
        let mut key = HKEY::default();
        // SAFETY: the path ends with a zero; the descriptor behind the attributes, if any, lives through the call; on
        // success the key is ours to close.
        let code = unsafe {
            RegCreateKeyExW(
                HKEY_LOCAL_MACHINE,
                path.as_pcwstr(),
                None,
                PCWSTR::null(),
                options,
                KEY_READ | KEY_WRITE | KEY_WOW64_64KEY,
                attributes.as_ref().map(core::ptr::from_ref),
                &raw mut key,
                None,
            )
        };
        check(code)?;
        Ok(Self(key))
    }

    /// A number.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn number(&self, value: &str) -> Result<u32, ValueError> {
        let (kind, bytes) = self.value(value)?;
        let bytes = <[u8; 4]>::try_from(bytes).map_err(|_| ValueError::OtherType)?;
        if kind == REG_DWORD { Ok(u32::from_ne_bytes(bytes)) } else { Err(ValueError::OtherType) }
    }

    /// A text; variables in it are left as they are.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn text(&self, value: &str) -> Result<String, ValueError> {
        let (kind, bytes) = self.value(value)?;
        if kind != REG_SZ && kind != REG_EXPAND_SZ {
            return Err(ValueError::OtherType);
        }
        let units: Vec<u16> =
            bytes.chunks_exact(2).filter_map(|it| it.try_into().ok().map(u16::from_ne_bytes)).collect();
        Ok(text_until_zero(&units))
    }

    /// Bytes.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn bytes(&self, value: &str) -> Result<Vec<u8>, ValueError> {
        let (kind, bytes) = self.value(value)?;
        if kind == REG_BINARY { Ok(bytes) } else { Err(ValueError::OtherType) }
    }

    fn value(&self, value: &str) -> Result<(REG_VALUE_TYPE, Vec<u8>), ValueError> {
        let value = name(value)?;
        let mut bytes = vec![0; 1024];
        loop {
            let mut kind = REG_VALUE_TYPE::default();
            let mut size = u32::try_from(bytes.len()).unwrap_or(MAX_VALUE_BYTES);
            // SAFETY: the key is open, the name ends with a zero, the buffer has `size` bytes.
            let code = unsafe {
                RegQueryValueExW(
                    self.0,
                    value.as_pcwstr(),
                    None,
                    Some(&raw mut kind),
                    Some(bytes.as_mut_ptr()),
                    Some(&raw mut size),
                )
            };
            let needed = usize::try_from(size).unwrap_or(usize::MAX);
            if code == ERROR_MORE_DATA && size <= MAX_VALUE_BYTES && needed > bytes.len() {
                bytes.resize(needed, 0);
                continue;
            }
            check(code)?;
            bytes.truncate(needed);
            return Ok((kind, bytes));
        }
    }

    /// Writes a number.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn set_number(&self, value: &str, number: u32) -> Result<(), ValueError> {
        self.set(value, REG_DWORD, &number.to_ne_bytes())
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn set_bytes(&self, value: &str, bytes: &[u8]) -> Result<(), ValueError> {
        self.set(value, REG_BINARY, bytes)
    }

    /// Writes a text; the empty name is the key's own value.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn set_text(&self, value: &str, text: &str) -> Result<(), ValueError> {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_ne_bytes).collect();
        self.set(value, REG_SZ, &bytes)
    }

    /// Writes a text with variables (`%SystemRoot%`) that are filled in when it is used.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn set_expandable_text(&self, value: &str, text: &str) -> Result<(), ValueError> {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_ne_bytes).collect();
        self.set(value, REG_EXPAND_SZ, &bytes)
    }

    fn set(&self, value: &str, kind: REG_VALUE_TYPE, bytes: &[u8]) -> Result<(), ValueError> {
        let value = name(value)?;
        // SAFETY: the key is open, the name ends with a zero, the bytes are copied.
        check(unsafe { RegSetValueExW(self.0, value.as_pcwstr(), None, kind, Some(bytes)) })
    }

    /// Removes a value; a missing one is no error.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn remove(&self, value: &str) -> Result<(), ValueError> {
        let value = name(value)?;
        // SAFETY: the key is open, the name ends with a zero.
        match check(unsafe { RegDeleteValueW(self.0, value.as_pcwstr()) }) {
            Err(ValueError::Missing) => Ok(()),
            other => other,
        }
    }

    /// Removes a key below this one, with all that is in it; a missing one is no error.
    ///
    /// # Errors
    /// [`ValueError`].
    pub fn remove_tree(&self, subkey: &str) -> Result<(), ValueError> {
        let subkey = name(subkey)?;
        // SAFETY: the key is open, the name ends with a zero.
        match check(unsafe { RegDeleteTreeW(self.0, subkey.as_pcwstr()) }) {
            Err(ValueError::Missing) => Ok(()),
            other => other,
        }
    }

    /// The names of the keys below this one.
    #[must_use]
    pub fn subkeys(&self) -> Vec<String> {
        let mut names = Vec::new();
        for index in 0.. {
            let mut units = [0u16; 256];
            let mut length = 256;
            // SAFETY: the key is open, the buffer has `length` units.
            let code = unsafe {
                RegEnumKeyExW(
                    self.0,
                    index,
                    Some(PWSTR(units.as_mut_ptr())),
                    &raw mut length,
                    None,
                    None,
                    None,
                    None,
                )
            };
            if code != ERROR_SUCCESS {
                break;
            }
            names.push(text_until_zero(&units));
        }
        names
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: ours, closed here only.
        let _only_fails_when_closed = unsafe { RegCloseKey(self.0) };
    }
}

fn name(text: &str) -> Result<Wide, ValueError> {
    Wide::new(text).ok_or(ValueError::Code(ERROR_INVALID_NAME.0))
}

fn check(code: WIN32_ERROR) -> Result<(), ValueError> {
    match code {
        ERROR_SUCCESS => Ok(()),
        ERROR_FILE_NOT_FOUND => Err(ValueError::Missing),
        other => Err(ValueError::Code(other.0)),
    }
}
