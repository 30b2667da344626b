//! The file of a backup: readable with the recovery key only, altered nowhere unnoticed.
//!
//! `trasa-backup-1\n`, the length of the header (4 bytes, big endian), the header as JSON, then chunks.
//! The content's key comes from an ECDH agreement (P-256) between a key made for this backup and the
//! anchor, through HKDF-SHA-256 over both public keys. Each chunk is its length (4 bytes; the highest
//! bit marks the last one) and AES-256-GCM, with the chunk's number as nonce and bound to the header;
//! so nothing can be cut off, left out, or put elsewhere.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf;
use protocol::encoding::{Bytes, PublicKey};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use zeroize::{Zeroize as _, Zeroizing};

use crate::keys::p256::SigningKey;

const MAGIC: &[u8] = b"trasa-backup-1\n";
const CHUNK: usize = 64 * 1024;
const LAST: u32 = 1 << 31;
const MOST_HEADER: usize = 4096;

/// What a backup says about itself in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// When it was made, Unix seconds.
    pub created: i64,
    /// Version of the program that made it.
    pub version: String,
    /// The anchor whose private half opens it.
    pub anchor: PublicKey,
    /// Public half of the key made for this backup.
    ephemeral: PublicKey,
}

/// Why a backup cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something else.
    #[error("this file is no backup of trasa-server")]
    NotABackup,
    /// Another recovery key opens it.
    #[error("the backup opens with the recovery key of anchor {backup}; the one given is of anchor {given}")]
    OtherKey {
        /// Fingerprint of the backup's anchor.
        backup: String,
        /// Fingerprint of the key that was given.
        given: String,
    },
    /// The cipher or the random source failed.
    #[error("the backup could not be sealed")]
    Failed,
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the backup is damaged or cut short")
}

struct Cipher {
    key: LessSafeKey,
    header: Vec<u8>,
    number: u64,
}

impl Cipher {
    fn new(own: &PrivateKey, peer: &PublicKey, header_bytes: &[u8]) -> Option<Self> {
        let header = digest(&SHA256, header_bytes).as_ref().to_vec();
        let key = agreement::agree(own, UnparsedPublicKey::new(&ECDH_P256, peer.0), (), |shared| {
            // The header names both public keys.
            let key = hkdf::Salt::new(hkdf::HKDF_SHA256, &header).extract(shared);
            let info = [b"trasa-backup-1 content".as_slice()];
            key.expand(&info, &AES_256_GCM).map(UnboundKey::from).map_err(|_| ())
        });
        Some(Self { key: LessSafeKey::new(key.ok()?), header, number: 0 })
    }

    fn next(&mut self, last: bool) -> (Nonce, Aad<Vec<u8>>) {
        let mut nonce = [0; NONCE_LEN];
        nonce[NONCE_LEN - 8..].copy_from_slice(&self.number.to_be_bytes());
        self.number += 1;
        let mut aad = self.header.clone();
        aad.push(u8::from(last));
        (Nonce::assume_unique_for_key(nonce), Aad::from(aad))
    }
}

/// Writes a backup's content.
pub struct SealingWriter<W: Write> {
    out: W,
    cipher: Cipher,
    buffer: Zeroizing<Vec<u8>>,
}

impl<W: Write> std::fmt::Debug for SealingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingWriter")
    }
}

impl<W: Write> SealingWriter<W> {
    /// Begins a backup that the recovery key of `anchor` will open.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn begin(mut out: W, anchor: &PublicKey, created: i64) -> Result<Self, EnvelopeError> {
        let own = PrivateKey::generate(&ECDH_P256).map_err(|_| EnvelopeError::Failed)?;
        let public = own.compute_public_key().map_err(|_| EnvelopeError::Failed)?;
        let ephemeral = Bytes(public.as_ref().try_into().map_err(|_| EnvelopeError::Failed)?);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let header = Header { created, version, anchor: *anchor, ephemeral };
        let header = serde_json::to_vec(&header).map_err(|_| EnvelopeError::Failed)?;
        out.write_all(MAGIC)?;
        out.write_all(&u32::try_from(header.len()).map_err(|_| EnvelopeError::Failed)?.to_be_bytes())?;
        out.write_all(&header)?;
        let cipher = Cipher::new(&own, anchor, &header).ok_or(EnvelopeError::Failed)?;
        Ok(Self { out, cipher, buffer: Zeroizing::new(Vec::with_capacity(CHUNK + AES_256_GCM.tag_len())) })
    }

    /// Writes the last chunk; without it the backup counts as cut short.
    ///
    /// # Errors
    /// As of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        self.chunk(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn chunk(&mut self, last: bool) -> io::Result<()> {
        let (nonce, aad) = self.cipher.next(last);
        self.cipher
            .key
            .seal_in_place_append_tag(nonce, aad, &mut *self.buffer)
            .map_err(|_| io::Error::other("the backup could not be sealed"))?;
        let length = u32::try_from(self.buffer.len()).map_err(io::Error::other)?;
        self.out.write_all(&(length | if last { LAST } else { 0 }).to_be_bytes())?;
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == CHUNK {
            self.chunk(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.buffer.len());
        self.buffer.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a backup's content.
pub struct OpeningReader<R: Read> {
    input: R,
    cipher: Cipher,
    buffer: Vec<u8>,
    given: usize,
    last: bool,
}

impl<R: Read> std::fmt::Debug for OpeningReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpeningReader")
    }
}

impl<R: Read> OpeningReader<R> {
    /// Reads the header and agrees on the key. Nothing is authentic before it was read without error.
    ///
    /// # Errors
    /// [`EnvelopeError`].
    pub fn begin(mut input: R, recovery: &SigningKey) -> Result<(Self, Header), EnvelopeError> {
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(|_| EnvelopeError::NotABackup)?;
        let mut length = [0; 4];
        input.read_exact(&mut length).map_err(|_| EnvelopeError::NotABackup)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if magic != MAGIC || length > MOST_HEADER {
            return Err(EnvelopeError::NotABackup);
        }
        let mut bytes = vec![0; length];
        input.read_exact(&mut bytes).map_err(|_| EnvelopeError::NotABackup)?;
        let header: Header = serde_json::from_slice(&bytes).map_err(|_| EnvelopeError::NotABackup)?;
        if header.anchor != *recovery.public_key() {
            return Err(EnvelopeError::OtherKey {
                backup: header.anchor.fingerprint().to_string(),
                given: recovery.public_key().fingerprint().to_string(),
            });
        }
        let der = recovery.to_pkcs8().map_err(|_| EnvelopeError::Failed)?;
        let own = PrivateKey::from_private_key_der(&ECDH_P256, &der).map_err(|_| EnvelopeError::Failed)?;
        let cipher = Cipher::new(&own, &header.ephemeral, &bytes).ok_or(EnvelopeError::NotABackup)?;
        Ok((Self { input, cipher, buffer: Vec::new(), given: 0, last: false }, header))
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length).map_err(|_| damaged())?;
        let length = u32::from_be_bytes(length);
        self.last = length & LAST != 0;
        let length = usize::try_from(length & !LAST).map_err(|_| damaged())?;
        if length > CHUNK + AES_256_GCM.tag_len() {
            return Err(damaged());
        }
        self.buffer.zeroize();
        self.buffer.resize(length, 0);
        self.input.read_exact(&mut self.buffer).map_err(|_| damaged())?;
        let (nonce, aad) = self.cipher.next(self.last);
        let opened =
            self.cipher.key.open_in_place(nonce, aad, &mut self.buffer).map_err(|_| damaged())?.len();
        self.buffer.truncate(opened);
        self.given = 0;
        if self.last && self.input.read(&mut [0])? != 0 {
            return Err(damaged());
        }
        Ok(())
    }
}

impl<R: Read> Read for OpeningReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.given == self.buffer.len() {
            if self.last {
                return Ok(0);
            }
            self.fill()?;
        }
        let rest = self.buffer.get(self.given..).unwrap_or_default();
        let count = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }
}

impl<R: Read> Drop for OpeningReader<R> {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{CHUNK, EnvelopeError, OpeningReader, SealingWriter};
    use crate::keys::p256::SigningKey;
    use std::io::{Read as _, Write as _};

    fn seal(key: &SigningKey, content: &[u8]) -> Vec<u8> {
        let mut writer = SealingWriter::begin(Vec::new(), key.public_key(), 7).unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap()
    }

    fn open(key: &SigningKey, file: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
        let (mut reader, header) = OpeningReader::begin(file, key)?;
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        assert_eq!(header.created, 7);
        Ok(content)
    }

    #[test]
    fn reads_back_at_every_size() {
        let key = SigningKey::generate().unwrap();
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
            let content: Vec<u8> = (0..size).map(|index| u8::try_from(index % 251).unwrap()).collect();
            assert!(open(&key, &seal(&key, &content)).unwrap() == content, "{size}");
        }
    }

    #[test]
    fn other_keys_flipped_bytes_and_cuts_are_refused() {
        let key = SigningKey::generate().unwrap();
        let file = seal(&key, b"the sealing key");
        let other = SigningKey::generate().unwrap();
        assert!(matches!(open(&other, &file), Err(EnvelopeError::OtherKey { .. })));
        for index in 0..file.len() {
            let mut altered = file.clone();
            altered[index] ^= 1;
            assert!(open(&key, &altered).is_err(), "byte {index}");
            assert!(open(&key, &file[..index]).is_err(), "cut at {index}");
        }
        let longer = [file.as_slice(), b"x"].concat();
        assert!(open(&key, &longer).is_err());
    }

    #[test]
    fn chunks_cannot_be_left_out_or_swapped() {
        let key = SigningKey::generate().unwrap();
        let file = seal(&key, &vec![7; 2 * CHUNK + 1]);
        let sealed = 4 + CHUNK + 16;
        let last = 4 + 1 + 16;
        let start = file.len() - 2 * sealed - last;
        let without = [&file[..start], &file[start + sealed..]].concat();
        assert!(open(&key, &without).is_err());
        let (a, b) = (&file[start..start + sealed], &file[start + sealed..start + 2 * sealed]);
        let swapped = [&file[..start], b, a, &file[start + 2 * sealed..]].concat();
        assert!(open(&key, &swapped).is_err());
        assert!(open(&key, &file[..file.len() - last]).is_err());
    }
}
