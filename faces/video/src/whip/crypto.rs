//! The cryptography that WebRTC needs, by the libraries that are in the program already: RustCrypto, and `dimpl` for DTLS.

use std::sync::Arc;
use std::time::Instant;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use ctr::cipher::{BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher};
use dimpl::crypto::rust_crypto;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, ProtocolVersion,
};
use str0m::crypto::{
    AeadAes128GcmCipher, AeadAes256GcmCipher, Aes128CmSha1_80Cipher, CryptoError, CryptoProvider, Sha1HmacProvider,
    Sha1Provider, Sha256Provider, SrtpProvider, SupportedAeadAes128Gcm, SupportedAeadAes256Gcm,
    SupportedAes128CmSha1_80,
};

/// All of it.
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider {
        srtp_provider: &Own,
        sha1_hmac_provider: &Own,
        sha1_provider: &Own,
        sha256_provider: &Own,
        dtls_provider: &Own,
    }
}

#[derive(Debug)]
struct Own;

impl Sha1Provider for Own {
    fn sha1(&self, data: &[u8]) -> [u8; 20] {
        Sha1::digest(data).into()
    }
}

impl Sha256Provider for Own {
    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        Sha256::digest(data).into()
    }
}

impl Sha1HmacProvider for Own {
    fn sha1_hmac(&self, key: &[u8], payloads: &[&[u8]]) -> [u8; 20] {
        let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(key).expect("a key of HMAC has any length");
        payloads.iter().for_each(|payload| mac.update(payload));
        mac.finalize().into_bytes().into()
    }
}

/// AES in counter mode (RFC 3711, section 4.1.1).
#[derive(Debug)]
struct Counter([u8; 16]);

impl Aes128CmSha1_80Cipher for Counter {
    fn encrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        let output = output.get_mut(..input.len()).ok_or_else(short)?;
        output.copy_from_slice(input);
        ctr::Ctr128BE::<aes::Aes128>::new(&self.0.into(), &(*iv).into()).apply_keystream(output);
        Ok(())
    }

    fn decrypt(&mut self, iv: &[u8; 16], input: &[u8], output: &mut [u8]) -> Result<(), CryptoError> {
        self.encrypt(iv, input, output)
    }
}

impl SupportedAes128CmSha1_80 for Own {
    fn create_cipher(&self, key: [u8; 16], _encrypt: bool) -> Box<dyn Aes128CmSha1_80Cipher> {
        Box::new(Counter(key))
    }
}

/// AES-GCM (RFC 7714).
struct Sealed<C>(C);

impl<C> std::fmt::Debug for Sealed<C> {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}

fn short() -> CryptoError {
    CryptoError::Other("the room for the answer is too small".to_owned())
}

fn put(result: Result<Vec<u8>, aes_gcm::Error>, output: &mut [u8]) -> Result<usize, CryptoError> {
    let bytes = result.map_err(|_| CryptoError::Other("not authentic".to_owned()))?;
    output.get_mut(..bytes.len()).ok_or_else(short)?.copy_from_slice(&bytes);
    Ok(bytes.len())
}

macro_rules! sealed {
    ($cipher:ty, $works:ident, $makes:ident, $key:literal) => {
        impl $works for Sealed<$cipher> {
            fn encrypt(&mut self, iv: &[u8; 12], aad: &[u8], input: &[u8], out: &mut [u8]) -> Result<(), CryptoError> {
                put(self.0.encrypt(&(*iv).into(), Payload { msg: input, aad }), out).map(drop)
            }

            fn decrypt(
                &mut self,
                iv: &[u8; 12],
                aads: &[&[u8]],
                input: &[u8],
                out: &mut [u8],
            ) -> Result<usize, CryptoError> {
                put(self.0.decrypt(&(*iv).into(), Payload { msg: input, aad: &aads.concat() }), out)
            }
        }

        impl $makes for Own {
            fn create_cipher(&self, key: [u8; $key], _encrypt: bool) -> Box<dyn $works> {
                Box::new(Sealed(<$cipher>::new(&key.into())))
            }
        }
    };
}

sealed!(Aes128Gcm, AeadAes128GcmCipher, SupportedAeadAes128Gcm, 16);
sealed!(Aes256Gcm, AeadAes256GcmCipher, SupportedAeadAes256Gcm, 32);

/// One block, and behind it one of padding (PKCS 7), as who asks expects it.
fn blocks(cipher: &impl BlockCipherEncrypt<BlockSize = ctr::cipher::consts::U16>, input: &[u8], output: &mut [u8]) {
    for (part, out) in [input, &[16; 16]].into_iter().zip(output.chunks_exact_mut(16)) {
        let mut block = [0; 16];
        block.copy_from_slice(part);
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        out.copy_from_slice(&block);
    }
}

impl SrtpProvider for Own {
    fn aes_128_cm_sha1_80(&self) -> &'static dyn SupportedAes128CmSha1_80 {
        &Own
    }

    fn aead_aes_128_gcm(&self) -> &'static dyn SupportedAeadAes128Gcm {
        &Own
    }

    fn aead_aes_256_gcm(&self) -> &'static dyn SupportedAeadAes256Gcm {
        &Own
    }

    fn srtp_aes_128_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let cipher = aes::Aes128::new_from_slice(key).expect("a key of 16 bytes");
        blocks(&cipher, input, output);
    }

    fn srtp_aes_256_ecb_round(&self, key: &[u8], input: &[u8], output: &mut [u8]) {
        let cipher = aes::Aes256::new_from_slice(key).expect("a key of 32 bytes");
        blocks(&cipher, input, output);
    }
}

impl DtlsProvider for Own {
    /// The door makes one for itself, once.
    fn generate_certificate(&self) -> Option<DtlsCert> {
        None
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let certificate =
            dimpl::DtlsCertificate { certificate: cert.certificate.clone(), private_key: cert.private_key.clone() };
        // ICE has shown that the address answers: a cookie would ask again.
        let builder =
            dimpl::Config::builder().with_crypto_provider(rust_crypto::default_provider()).use_server_cookie(false);
        let builder = if let Some(mtu) = mtu { builder.mtu(mtu) } else { builder };
        let config = Arc::new(builder.build().map_err(|error| CryptoError::Other(error.to_string()))?);
        let dtls = match version {
            DtlsVersion::Dtls12 => dimpl::Dtls::new_12(config, certificate, now),
            DtlsVersion::Dtls13 => dimpl::Dtls::new_13(config, certificate, now),
            _ => dimpl::Dtls::new_auto(config, certificate, now),
        };
        Ok(Box::new(Line(dtls)))
    }
}

struct Line(dimpl::Dtls);

impl std::fmt::Debug for Line {
    /// Without keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line(…)")
    }
}

impl DtlsInstance for Line {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        self.0.poll_output(buf)
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_are_given() {
        // RFC 2202, test case 2 of HMAC-SHA-1, in two parts.
        let mac = Own.sha1_hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(mac[..4], [0xef, 0xfc, 0xdf, 0x6a]);
        // RFC 3711, appendix B.2: the first block of the key stream.
        let key = [0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c];
        let mut iv = [0; 16];
        iv[..14].copy_from_slice(&[0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd]);
        let mut out = [0; 16];
        Counter(key).encrypt(&iv, &[0; 16], &mut out).unwrap();
        assert_eq!(out[..4], [0xe0, 0x3e, 0xad, 0x09]);
        // FIPS 197 by NIST SP 800-38A, F.1.1.
        let block = [0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a];
        let mut out = [0; 32];
        Own.srtp_aes_128_ecb_round(&key, &block, &mut out);
        assert_eq!(out[..4], [0x3a, 0xd7, 0x7b, 0xb4]);
    }

    #[test]
    fn what_was_changed_on_its_way_is_not_taken() {
        let (iv, mut sealed, mut opened) = ([7; 12], [0; 32], [0; 16]);
        let mut cipher = SupportedAeadAes128Gcm::create_cipher(&Own, [1; 16], true);
        cipher.encrypt(&iv, b"head", &[9; 16], &mut sealed).unwrap();
        assert_eq!(cipher.decrypt(&iv, &[b"he", b"ad"], &sealed, &mut opened).unwrap(), 16);
        assert_eq!(opened, [9; 16]);
        sealed[3] ^= 1;
        assert!(cipher.decrypt(&iv, &[b"head"], &sealed, &mut opened).is_err());
        assert!(cipher.decrypt(&iv, &[b"head"], &[0; 4], &mut opened).is_err(), "shorter than its tag");
    }
}
