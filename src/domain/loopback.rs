//! Whether an address is on this machine.

use url::{Host, Url};

/// True where the URL leads to the machine itself.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_this_machine_is_told_from_the_rest() {
        let of = |url: &str| is_loopback(&url.parse().expect("a URL"));
        for here in [
            "http://localhost:9000",
            "http://minio.localhost",
            "http://127.0.0.1:9000",
            "http://127.9.9.9",
            "http://[::1]:9000",
        ] {
            assert!(of(here), "{here}");
        }
        for elsewhere in ["http://minio:9000", "https://localhost.example", "http://10.0.0.1", "http://[fe80::1]"] {
            assert!(!of(elsewhere), "{elsewhere}");
        }
    }
}
