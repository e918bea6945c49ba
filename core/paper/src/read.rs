//! Reading a licence on paper again: strictly this crate's own form, and nothing beyond its bounds.
//!
//! What is given is not to be believed yet: the seal must hold for [`Paper::digest`], and the licence for itself.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use crate::object::{Object, Reader};

/// Largest file read: font, page and code take a tenth of it, a full status list half.
pub const MAX_PAPER_BYTES: usize = 4 * 1024 * 1024;
/// Most objects of a file.
const MAX_OBJECTS: u64 = 20_000;

/// Names of the attachments.
pub(crate) const LICENCE: &str = "licence.sd-jwt";
pub(crate) const STATUS: &str = "status.jwt";
pub(crate) const SEAL: &str = "seal.jwt";

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It does not begin like one.
    #[error("the file is no PDF")]
    NotPdf,
    /// It is larger than [`MAX_PAPER_BYTES`].
    #[error("a licence on paper has at most {MAX_PAPER_BYTES} bytes")]
    TooLarge,
    /// It is a PDF, and not of the form that licences are printed in.
    #[error("the PDF is not as the city's server makes it: another program made it, or saved it again")]
    Form,
    /// There is nothing attached, or not the three that belong together.
    #[error("there is no licence inside this PDF that can be read")]
    NoLicence,
    /// An attachment is not the text it must be.
    #[error("the attachment {name} is damaged")]
    Attachment {
        /// Its name.
        name: &'static str,
    },
}

/// What is inside a licence on paper; nothing of it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// The licence: SD-JWT VC in compact form.
    pub licence: String,
    /// The status list as it was when the paper was made.
    pub status: String,
    /// The seal: a JWS.
    pub seal: String,
    /// SHA-256 of the file, in which the seal counts as spaces: what the seal must sign.
    pub digest: [u8; 32],
}

/// Whether a file is a PDF at all.
pub fn is_paper(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

/// Reads what is inside.
///
/// # Errors
/// [`ReadError`].
pub fn read(bytes: &[u8]) -> Result<Paper, ReadError> {
    let places = locate(bytes)?;
    let text = |name, place: &Range<usize>| {
        let bytes =
            bytes.get(place.clone()).filter(|bytes| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic));
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.map(str::to_owned).ok_or(ReadError::Attachment { name })
    };
    let mut hash = Sha256::new();
    hash.update(&bytes[..places.seal.start]);
    hash.update(vec![b' '; places.seal.len()]);
    hash.update(&bytes[places.seal.end..]);
    Ok(Paper {
        licence: text(LICENCE, &places.licence)?,
        status: text(STATUS, &places.status)?,
        seal: text(SEAL, &places.seal)?,
        digest: hash.finalize().into(),
    })
}

/// Where the attachments are in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    pub licence: Range<usize>,
    pub status: Range<usize>,
    pub seal: Range<usize>,
}

/// Finds the attachments.
pub(crate) fn locate(bytes: &[u8]) -> Result<Places, ReadError> {
    if !is_paper(bytes) {
        return Err(ReadError::NotPdf);
    }
    if bytes.len() > MAX_PAPER_BYTES {
        return Err(ReadError::TooLarge);
    }
    let file = File::read(bytes).ok_or(ReadError::Form)?;
    let attachments = file.attachments().ok_or(ReadError::Form)?;
    let find = |wanted: &str| {
        let mut found = attachments.iter().filter(|(name, _)| *name == wanted.as_bytes());
        found.next().filter(|_| found.next().is_none()).map(|(_, place)| place.clone())
    };
    let places = match (attachments.len(), find(LICENCE), find(STATUS), find(SEAL)) {
        (3, Some(licence), Some(status), Some(seal)) => Places { licence, status, seal },
        _ => return Err(ReadError::NoLicence),
    };
    let mut ends = [&places.licence, &places.status, &places.seal];
    ends.sort_by_key(|place| place.start);
    if ends.windows(2).any(|pair| pair[0].end > pair[1].start) {
        return Err(ReadError::Form);
    }
    Ok(places)
}

/// A file of one revision with a plain table of its objects.
struct File<'a> {
    bytes: &'a [u8],
    /// Where each object begins; 0 for those that are free.
    offsets: Vec<usize>,
    catalogue: Object<'a>,
}

impl<'a> File<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        // The end says where the table is (ISO 32000-1 §7.5.5).
        const END: &[u8] = b"startxref";
        let tail = bytes.len().saturating_sub(40);
        let at = tail + bytes[tail..].windows(END.len()).rposition(|window| window == END)?;
        let mut reader = Reader::new(bytes, at + END.len());
        reader.space();
        let table = usize::try_from(reader.whole()?).ok()?;
        reader.space();
        reader.exactly(b"%%EOF")?;
        reader.space();
        if reader.at != bytes.len() {
            return None;
        }
        let (offsets, trailer) = read_table(bytes, table, at)?;
        // A file that was saved again refers to what it was before.
        if trailer.get(b"Prev").is_some() || trailer.get(b"XRefStm").is_some() || trailer.get(b"Encrypt").is_some() {
            return None;
        }
        let Object::Reference(root) = *trailer.get(b"Root")? else { return None };
        let mut file = File { bytes, offsets, catalogue: Object::Other };
        file.catalogue = file.object(root)?.0;
        file.catalogue.get(b"Type")?.is_name(b"Catalog").then_some(file)
    }

    /// An object, and where it ends.
    fn object(&self, number: usize) -> Option<(Object<'a>, usize)> {
        let offset = *self.offsets.get(number).filter(|offset| **offset > 0)?;
        let mut reader = Reader::new(self.bytes, offset);
        if reader.whole()? != number as u64 {
            return None;
        }
        reader.exactly(b" 0 obj")?;
        let object = reader.object()?;
        reader.space();
        Some((object, reader.at))
    }

    /// What an object refers to, or itself.
    fn follow(&self, object: &Object<'a>) -> Option<Object<'a>> {
        match object {
            Object::Reference(number) => self.object(*number).map(|(object, _)| object),
            object => Some(object.clone()),
        }
    }

    /// Names and places of the attachments; none where the document has no place for them.
    fn attachments(&self) -> Option<Vec<(&'a [u8], Range<usize>)>> {
        let Some(names) = self.catalogue.get(b"Names") else { return Some(Vec::new()) };
        let names = self.follow(names)?;
        let Some(files) = names.get(b"EmbeddedFiles") else { return Some(Vec::new()) };
        let Object::Array(pairs) = self.follow(self.follow(files)?.get(b"Names")?)? else { return None };
        pairs.chunks(2).map(|pair| self.attachment(pair)).collect()
    }

    fn attachment(&self, pair: &[Object<'a>]) -> Option<(&'a [u8], Range<usize>)> {
        let [Object::Text(name), specification] = pair else { return None };
        let specification = self.follow(specification)?;
        let files = self.follow(specification.get(b"EF")?)?;
        let Object::Reference(number) = *files.get(b"F")? else { return None };
        let (stream, end) = self.object(number)?;
        if stream.get(b"Filter").is_some() || !stream.get(b"Type")?.is_name(b"EmbeddedFile") {
            return None;
        }
        let Object::Whole(length) = *stream.get(b"Length")? else { return None };
        let mut reader = Reader::new(self.bytes, end);
        reader.exactly(b"stream\n")?;
        let place = reader.at..reader.at.checked_add(usize::try_from(length).ok()?)?;
        reader.at = place.end;
        reader.exactly(b"\nendstream")?;
        Some((name, place))
    }
}

/// The table of objects at a place, and the trailer after it, which ends where `end` begins.
fn read_table(bytes: &[u8], at: usize, end: usize) -> Option<(Vec<usize>, Object<'_>)> {
    let mut reader = Reader::new(bytes, at);
    reader.exactly(b"xref")?;
    reader.space();
    reader.exactly(b"0 ")?;
    let count = reader.whole().filter(|count| *count <= MAX_OBJECTS)?;
    let mut offsets = Vec::new();
    for _ in 0..count {
        reader.space();
        let offset = usize::try_from(reader.whole()?).ok()?;
        reader.exactly(b" ")?;
        reader.whole()?;
        let is_used = reader.exactly(b" n").is_some();
        if !is_used {
            reader.exactly(b" f")?;
        }
        offsets.push(if is_used { offset } else { 0 });
    }
    reader.space();
    reader.exactly(b"trailer")?;
    let trailer = reader.object()?;
    reader.space();
    (reader.at == end).then_some((offsets, trailer))
}
