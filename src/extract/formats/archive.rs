//! A ZIP that is nothing but one: a list of what is in it, and its members as files within the file.

use super::Failure;
use super::out::Out;
use super::package::Package;

const TYPE: &str = "application/zip";
/// More members are not listed.
const MOST_LISTED: usize = 10_000;

pub fn read(package: &mut Package<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    out.content_type(TYPE)?;
    let (mut locked, mut files) = (Vec::new(), Vec::new());
    for at in 0..package.len() {
        let Some(member) = package.member(at).filter(|member| !member.folder) else { continue };
        if at < MOST_LISTED {
            let name: String = member.name.chars().filter(|c| !c.is_control()).collect();
            let note = if member.encrypted { "\t(encrypted)" } else { "" };
            out.line(&format!("{name}\t{}{note}", size(member.bytes)))?;
        } else if at == MOST_LISTED {
            out.left_out("more of the list of members");
        }
        if member.encrypted { locked.push(at) } else { files.push((at, member.name)) }
    }
    if files.is_empty() && !locked.is_empty() {
        return Err(Failure::Password);
    }
    if !locked.is_empty() {
        out.left_out("members that want a password");
        out.about(&crate::extract::frames::About { encrypted: Some(true), ..Default::default() })?;
    }
    for (at, name) in files {
        if out.parts_are_full() {
            out.left_out("more files within the file");
            break;
        }
        match package.stream_at(at) {
            Ok(mut stream) => out.part(&name, None, &mut stream)?,
            Err(Failure::Pipe(error)) => return Err(error.into()),
            Err(_) => out.left_out(&format!("{name}, which is damaged or packed in a rare way")),
        }
    }
    Ok(())
}

/// A size as people say it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "bytes";
    for larger in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = larger;
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{}.{} {unit}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_said_as_people_say_them() {
        for (bytes, said) in
            [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (1_572_864, "1.5 MiB"), (u64::MAX, "16383.9 PiB")]
        {
            assert_eq!(size(bytes), said);
        }
    }
}
