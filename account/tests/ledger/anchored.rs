//! Anchors: a real time-stamping authority, OpenSSL's, stamps checkpoints, and OpenSSL checks what is kept.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dipper_account::RemoteError;
use dipper_account::anchor::{
    Anchor, AnchorError, Certificate, CertificateError, TimeStamper, TokenError, anchor, audit_anchors, imprint,
    open_time_stamp,
};
use dipper_account::ledger::{LogFiles, Sealer};
use model::Actor;
use testkit::Database;

use crate::common::{Log, record, record_by};

const CONFIG: &str = "
[tsa]
default_tsa = it
[it]
serial = SERIAL
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = HASH
[stamps]
basicConstraints = CA:FALSE
extendedKeyUsage = critical,timeStamping
[signs]
basicConstraints = critical,CA:TRUE
[serves]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
";

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is installed")
}

fn done(folder: &Path, arguments: &[&str]) {
    let output = openssl(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority of its own folder: a root, and a key whose certificate the root signed for a purpose.
struct Authority(tempfile::TempDir);

impl Authority {
    fn new(key: &[&str], purpose: &str, hash: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        let serial = folder.join("serial");
        let config = CONFIG.replace("SERIAL", serial.to_str().unwrap()).replace("HASH", hash);
        fs::write(folder.join("tsa.cnf"), config).unwrap();
        for (name, subject) in [("root", "/CN=Root"), ("tsa", "/CN=Clock")] {
            let pem = format!("{name}.key");
            done(folder, &[&["genpkey", "-out", &pem], key].concat());
            let request = format!("{name}.csr");
            done(folder, &["req", "-new", "-key", &pem, "-subj", subject, "-out", &request]);
        }
        let ours = ["-extfile", "tsa.cnf", "-days", "2"];
        let root =
            ["x509", "-req", "-in", "root.csr", "-signkey", "root.key", "-out", "root.pem", "-extensions", "signs"];
        done(folder, &[&root[..], &ours].concat());
        let signed = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"];
        done(folder, &[&signed[..], &["-out", "tsa.pem", "-extensions", purpose], &ours].concat());
        Self(dir)
    }

    fn rsa() -> Self {
        Self::new(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "stamps", "sha256")
    }

    fn trusted(&self) -> Vec<Certificate> {
        Certificate::list_pem(&fs::read_to_string(self.0.path().join("root.pem")).unwrap()).unwrap()
    }
}

impl TimeStamper for Authority {
    fn stamp(&self, query: &[u8]) -> Result<Vec<u8>, RemoteError> {
        let folder = self.0.path();
        fs::write(folder.join("query"), query).unwrap();
        let reply = ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "answer"];
        done(folder, &[&reply[..], &["-signer", "tsa.pem", "-inkey", "tsa.key"]].concat());
        Ok(fs::read(folder.join("answer")).unwrap())
    }
}

/// A log of some entries, published.
fn sealed(events: usize) -> (Database, Log, Sealer, LogFiles) {
    sealed_by(&Actor::Anonymous, events)
}

/// The same, of what somebody did.
fn sealed_by(actor: &Actor, events: usize) -> (Database, Log, Sealer, LogFiles) {
    let (database, log) = (Database::sqlite(), Log::new());
    record_by(database.store(), events, actor);
    let mut sealer = log.open(database.store());
    while sealer.seal().unwrap().is_some() {}
    let files = log.files();
    (database, log, sealer, files)
}

#[test]
fn a_checkpoint_is_stamped_once_kept_and_checked_by_openssl() {
    let p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    for authority in [Authority::rsa(), Authority::new(&p256, "stamps", "sha1")] {
        let (database, log, mut sealer, files) = sealed(300);
        let key = sealer.verifier().clone();
        let first = anchor(&files, &key, &authority, &authority.trusted(), u64::MAX).unwrap().unwrap();
        assert!(first.size >= 300 && first.stamped.is_trusted, "{first:?}");
        assert_eq!(anchor(&files, &key, &authority, &authority.trusted(), 8).unwrap(), None, "stamped already");
        record(database.store(), 20);
        sealer.seal().unwrap();
        let second = anchor(&files, &key, &authority, &authority.trusted(), 0).unwrap().unwrap();
        let found: Vec<Anchor> = audit_anchors(&files, &key, &authority.trusted()).unwrap();
        assert_eq!(found, [first, second.clone()]);
        // Somebody else's program, offline.
        let [data, answer] =
            ["checkpoint", "tsr"].map(|end| log.folder().join(format!("anchors/{}.{end}", second.size)));
        let verify =
            ["ts", "-verify", "-CAfile", "root.pem", "-data", data.to_str().unwrap(), "-in", answer.to_str().unwrap()];
        done(authority.0.path(), &verify);
    }
}

#[test]
fn what_is_not_a_stamp_of_this_by_somebody_trusted_is_refused() {
    let (authority, other) = (Authority::rsa(), Authority::rsa());
    let hash = imprint(b"this");
    let answer = authority.stamp(&dipper_account::anchor::time_stamp_query(&hash, 77)).unwrap();
    let trusted = authority.trusted();
    open_time_stamp(&answer, &hash, Some(77), &trusted).unwrap();
    assert!(!open_time_stamp(&answer, &hash, Some(77), &[]).unwrap().is_trusted);
    assert_eq!(open_time_stamp(&answer, &imprint(b"that"), Some(77), &trusted), Err(TokenError::Imprint));
    assert_eq!(open_time_stamp(&answer, &hash, Some(78), &trusted), Err(TokenError::Nonce));
    let untrusted = Err(TokenError::Certificate(CertificateError::Untrusted));
    assert_eq!(open_time_stamp(&answer, &hash, Some(77), &other.trusted()), untrusted);
    // Whatever bit is another: it is refused, or was covered by nothing and changes nothing that is told.
    let whole = open_time_stamp(&answer, &hash, Some(77), &trusted);
    for at in 0..answer.len() {
        let mut flipped = answer.clone();
        flipped[at] ^= 1;
        let read = open_time_stamp(&flipped, &hash, Some(77), &trusted);
        assert!(read.is_err() || read == whole, "a flipped bit at {at} tells another time");
        assert!(open_time_stamp(&answer[..at], &hash, Some(77), &trusted).is_err(), "cut at {at}");
    }
    let server = Authority::new(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "serves", "sha256");
    let folder = server.0.path();
    fs::write(folder.join("query"), dipper_account::anchor::time_stamp_query(&hash, 77)).unwrap();
    let reply =
        ["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "tsa.key"];
    assert!(!openssl(folder, &reply).status.success(), "openssl does not stamp with a server's certificate either");
}

#[test]
fn an_authority_that_is_away_changes_nothing_and_a_log_set_back_is_found_by_its_anchor() {
    struct Away;
    impl TimeStamper for Away {
        fn stamp(&self, _: &[u8]) -> Result<Vec<u8>, RemoteError> {
            Err(RemoteError("connection refused".to_owned()))
        }
    }
    let (_database, log, sealer, files) = sealed(300);
    let key = sealer.verifier().clone();
    let refused = anchor(&files, &key, &Away, &[], 1).unwrap_err();
    assert!(matches!(refused, AnchorError::Unreachable(_)), "{refused}");
    assert_eq!(audit_anchors(&files, &key, &[]).unwrap(), []);
    let authority = Authority::rsa();
    let kept = anchor(&files, &key, &authority, &authority.trusted(), 2).unwrap().unwrap();
    // The same key signs another history, which is longer.
    let folder = log.folder().join("anchors");
    let (_other_database, other_log, other_sealer, other_files) = sealed_by(&Actor::system("import"), 400);
    let other_key = other_sealer.verifier().clone();
    fs::create_dir_all(other_log.folder().join("anchors")).unwrap();
    for end in ["checkpoint", "tsr"] {
        let name = format!("{}.{end}", kept.size);
        fs::copy(folder.join(&name), other_log.folder().join("anchors").join(name)).unwrap();
    }
    let fault = audit_anchors(&other_files, &other_key, &authority.trusted()).unwrap_err();
    assert!(matches!(fault, AnchorError::Fork { size } if size == kept.size), "{fault}");
}
