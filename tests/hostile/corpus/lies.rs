//! Files that say they are something else, and files that are two things at once.

use super::{End, Hostile, whole};
use crate::support::files::{noise, pdf};

pub fn all() -> Vec<Hostile> {
    const UNSUPPORTED: End = End::Not(&["unsupported"]);
    // By their first bytes they are pictures; what reads those finds none.
    const NO_PICTURE: End = End::Not(&["damaged", "unsupported", "empty"]);
    vec![
        Hostile { name: "program.pdf", make: || whole(windows_program()), end: UNSUPPORTED },
        Hostile { name: "invoice.pdf.exe", make: || whole(windows_program_again()), end: UNSUPPORTED },
        Hostile { name: "elf.pdf", make: || whole(linux_program()), end: UNSUPPORTED },
        Hostile { name: "noise.pdf", make: || whole(noise(7, 100_000)), end: UNSUPPORTED },
        Hostile { name: "pdf.txt", make: || whole(pdf(&["a pdf that says it is a text"])), end: End::Read },
        Hostile {
            name: "page.png",
            make: || whole("<!doctype html><p>a page, no picture</p><script>1</script>"),
            end: End::Read,
        },
        Hostile { name: "text.pdf", make: || whole("a text, whatever its name says"), end: End::Read },
        Hostile {
            name: "script.jpg",
            make: || whole(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01*/=alert(1)/*".as_slice()),
            end: NO_PICTURE,
        },
        Hostile {
            name: "words.jpg",
            make: || whole([b"\xff\xd8\xff\xe0".as_slice(), &b"words ".repeat(2000)].concat()),
            end: NO_PICTURE,
        },
        Hostile { name: "script.gif", make: || whole("GIF89a/*\x01\x01*/=alert(document.domain)//"), end: NO_PICTURE },
        Hostile {
            name: "pdf-and-zip.pdf",
            make: || whole([pdf(&["a pdf with an archive behind it"]), b"PK\x05\x06".to_vec(), vec![0; 18]].concat()),
            end: End::Read,
        },
        Hostile {
            name: "zip-and-pdf.zip",
            make: || whole([b"PK\x03\x04\x0a\0\0\0\0\0".to_vec(), pdf(&["a pdf behind an archive"])].concat()),
            end: End::Either(&["damaged", "unsupported"]),
        },
        Hostile {
            name: "html-and-pdf.html",
            make: || whole([b"<html><script>1</script>".to_vec(), pdf(&["a pdf in a page"])].concat()),
            end: End::Either(&["damaged"]),
        },
        Hostile { name: "only-a-header.pdf", make: || whole("%PDF-1.7"), end: End::Not(&["damaged"]) },
        Hostile {
            name: "header-far-in.pdf",
            make: || whole(format!("{}%PDF-1.7 words", " ".repeat(1010))),
            end: End::Not(&["damaged"]),
        },
    ]
}

fn windows_program() -> Vec<u8> {
    let mut program = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec();
    program.resize(0x80, 0);
    program[0x3c] = 0x80;
    program.extend_from_slice(b"PE\0\0\x4c\x01\x03\0This program cannot be run in DOS mode.");
    program.extend_from_slice(&noise(8, 10_000));
    program
}

fn windows_program_again() -> Vec<u8> {
    [windows_program(), noise(9, 10)].concat()
}

fn linux_program() -> Vec<u8> {
    [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0".as_slice(), &noise(10, 10_000)].concat()
}
