//! Checks of addresses and names on the network.

use std::net::SocketAddr;

/// How many hosts or origins there may be.
pub(super) const NAMES_MAX: usize = 64;

/// An IP address with a port: a name would have to be looked up, and may change its meaning.
pub(super) fn check_listen(text: &str) -> Result<(), String> {
    match text.is_empty() || text.parse::<SocketAddr>().is_ok() {
        true => Ok(()),
        false => Err("is no IP address with a port".to_owned()),
    }
}

/// The address of `gateway.listen`, where there is one.
pub(crate) fn listen(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

/// What stands in a `Host` header.
pub(super) fn check_host(text: &str) -> Result<(), String> {
    match is_authority(text) {
        true => Ok(()),
        false => Err("is no host name".to_owned()),
    }
}

/// What stands in an `Origin` header.
pub(super) fn check_origin(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest.is_some_and(is_authority) {
        true => Ok(()),
        false => Err("is no origin".to_owned()),
    }
}

fn is_authority(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !text.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let good_name = match bracketed {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
            !name.is_empty() && name.len() <= 253 && name.chars().all(good)
        }
    };
    good_name && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_origins_are_whole() {
        for good in ["a", "a.example.org", "a:80", "127.0.0.1:1", "[::1]", "[::1]:7117"] {
            assert_eq!(check_host(good), Ok(()), "{good}");
            assert_eq!(check_origin(&format!("https://{good}")), Ok(()), "{good}");
        }
        for bad in ["", ":80", "a:b", "a:99999", "a/b", "a b", "*", "[::1", "::1", "u@a", "[a]"] {
            assert!(check_host(bad).is_err(), "{bad}");
            assert!(check_origin(&format!("https://{bad}")).is_err(), "{bad}");
        }
    }
}
