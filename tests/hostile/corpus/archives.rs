//! ZIP (APPNOTE 6.3) and gzip (RFC 1952) that grow, nest, overlap and climb.

use super::{End, Hostile, deflated, whole};
use flate2::Crc;

const MIB: usize = 1024 * 1024;

pub fn all() -> Vec<Hostile> {
    // What its members say as far as the limits reach; else it is too large or takes too long.
    const BOMB: End = End::Either(&["unsupported", "damaged", "too_large", "timed_out", "empty"]);
    vec![
        Hostile { name: "zeros.zip", make: || whole(one("zeros.bin", bomb())), end: BOMB },
        Hostile { name: "zeros.gz", make: || whole(gzip(&bomb())), end: BOMB },
        Hostile { name: "russian-doll.zip", make: || whole(nested()), end: BOMB },
        Hostile { name: "overlapping.zip", make: || whole(overlapping()), end: BOMB },
        Hostile { name: "climbing.zip", make: || whole(climbing()), end: BOMB },
        Hostile { name: "half.zip", make: || whole(half()), end: BOMB },
        Hostile { name: "bomb.docx", make: || whole(docx(bomb())), end: BOMB },
        Hostile { name: "laughs.docx", make: || whole(docx(stored(super::markup::laughs().as_bytes()))), end: BOMB },
        Hostile {
            name: "entity.docx",
            make: || whole(docx(stored(super::markup::external_entity().as_bytes()))),
            end: BOMB,
        },
    ]
}

/// What is in an entry.
struct Data {
    bytes: Vec<u8>,
    /// 0 stored, 8 deflated.
    method: u16,
    crc: u32,
    size: u32,
}

fn stored(bytes: &[u8]) -> Data {
    let mut crc = Crc::new();
    crc.update(bytes);
    Data { method: 0, crc: crc.sum(), size: bytes.len() as u32, bytes: bytes.to_vec() }
}

/// 1 GiB of zeros.
fn bomb() -> Data {
    let piece = vec![0; MIB];
    let mut crc = Crc::new();
    for _ in 0..1024 {
        crc.update(&piece);
    }
    Data { method: 8, crc: crc.sum(), size: (1024 * MIB) as u32, bytes: deflated(&piece, 1024) }
}

#[derive(Default)]
struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Zip {
    fn add(mut self, name: &str, data: &Data) -> Self {
        let offset = self.bytes.len() as u32;
        self.bytes.extend_from_slice(b"PK\x03\x04\x14\0\0\0");
        self.bytes.extend_from_slice(&fields(name, data));
        self.bytes.extend_from_slice(&[name.len() as u8, 0, 0, 0]);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(&data.bytes);
        self.list(name, data, offset)
    }

    /// An entry of the directory, wherever its bytes lie.
    fn list(mut self, name: &str, data: &Data, offset: u32) -> Self {
        self.directory.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0");
        self.directory.extend_from_slice(&fields(name, data));
        self.directory.extend_from_slice(&[name.len() as u8, 0]);
        self.directory.extend_from_slice(&[0; 12]);
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.entries += 1;
        self
    }

    fn finish(mut self) -> Vec<u8> {
        let at = self.bytes.len() as u32;
        self.bytes.extend_from_slice(&self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend_from_slice(&self.entries.to_le_bytes());
        self.bytes.extend_from_slice(&self.entries.to_le_bytes());
        self.bytes.extend_from_slice(&(self.directory.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(&at.to_le_bytes());
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes
    }
}

/// What both headers say in the same order, from the method on; a name is short.
fn fields(name: &str, data: &Data) -> Vec<u8> {
    assert!(name.len() < 256);
    let time_and_date = [0, 0, 0x21, 0x5d];
    [
        data.method.to_le_bytes().as_slice(),
        &time_and_date,
        &data.crc.to_le_bytes(),
        &(data.bytes.len() as u32).to_le_bytes(),
        &data.size.to_le_bytes(),
    ]
    .concat()
}

fn one(name: &str, data: Data) -> Vec<u8> {
    Zip::default().add(name, &data).finish()
}

fn gzip(data: &Data) -> Vec<u8> {
    [b"\x1f\x8b\x08\0\0\0\0\0\0\xff".as_slice(), &data.bytes, &data.crc.to_le_bytes(), &data.size.to_le_bytes()]
        .concat()
}

/// Three layers of ten around 16 MiB: 16 GiB, were all of it unpacked.
fn nested() -> Vec<u8> {
    let mut inner =
        one("0.bin", Data { method: 8, crc: 0, size: (16 * MIB) as u32, bytes: deflated(&vec![0; MIB], 16) });
    for _ in 0..3 {
        let data = stored(&inner);
        let zip = (0..10).fold(Zip::default(), |zip, number| zip.add(&format!("{number}.zip"), &data));
        inner = zip.finish();
    }
    inner
}

/// Ten thousand names for the same compressed bytes (Fifield, "A better zip bomb", 2019).
fn overlapping() -> Vec<u8> {
    let data = Data { method: 8, crc: 0, size: (64 * MIB) as u32, bytes: deflated(&vec![0; MIB], 64) };
    let zip = Zip::default().add("a.bin", &data);
    (0..10_000).fold(zip, |zip, number| zip.list(&format!("{number}.bin"), &data, 0)).finish()
}

fn climbing() -> Vec<u8> {
    let data = stored(b"* * * * * root id");
    ["../../../../etc/cron.d/evil", "/etc/cron.d/evil", "..\\..\\evil.bat", "C:\\evil.bat", "a/../../evil", "", "\0"]
        .iter()
        .fold(Zip::default(), |zip, name| zip.add(name, &data))
        .finish()
}

fn half() -> Vec<u8> {
    let whole = one("words.txt", stored(&b"words ".repeat(1000)));
    whole[..whole.len() / 2].to_vec()
}

/// What an office program would take for a letter.
fn docx(document: Data) -> Vec<u8> {
    let types = br#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
    Zip::default().add("[Content_Types].xml", &stored(types)).add("word/document.xml", &document).finish()
}
