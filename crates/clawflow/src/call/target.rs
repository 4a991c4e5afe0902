//! Where a request goes, and where a redirect leads.

use super::failure::{Failure, request};
use hyper::Uri;

/// Reads an address. One with a name and a password in it is refused: it would be in logs.
pub(super) fn parse(url: &str) -> Result<Uri, Failure> {
    let shown: String = url.split('?').next().unwrap_or_default().chars().take(200).collect();
    let uri: Uri = match url.parse() {
        Ok(uri) => uri,
        Err(_) if url.contains('@') => return Err(request("this is no address")),
        Err(error) => return Err(request(format!("`{shown}` is no address: {error}"))),
    };
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
        return Err(request(format!("`{shown}` is no address of HTTP")));
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(request("the address has a name or password in it; use a header"));
    }
    Ok(uri)
}

/// Where a `Location` leads from here.
pub(super) fn follow(from: &Uri, location: &str) -> Result<Uri, Failure> {
    let location = location.split('#').next().unwrap_or_default().trim();
    let scheme = from.scheme_str().unwrap_or_default();
    let origin = format!("{scheme}://{}", from.authority().map_or("", |a| a.as_str()));
    let path = from.path();
    let absolute = if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{origin}{location}")
    } else if location.starts_with('?') {
        format!("{origin}{path}{location}")
    } else {
        let folder = &path[..path.rfind('/').map_or(0, |at| at + 1)];
        format!("{origin}{folder}{location}")
    };
    parse(&absolute)
}

/// Whether both are of the same server.
pub(super) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| {
        let default = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        uri.port_u16().unwrap_or(default)
    };
    let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
    one.scheme() == other.scheme() && host(one) == host(other) && port(one) == port(other)
}

/// An address as an error shows it, without its query.
pub(super) fn shown(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}{}", uri.scheme_str().unwrap_or_default(), uri.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_where_it_says() {
        let from = parse("https://example.org:8443/a/b?c=d").unwrap();
        for (location, to) in [
            ("https://other.example/x", "https://other.example/x"),
            ("//other.example/x", "https://other.example/x"),
            ("/x?y=z#part", "https://example.org:8443/x?y=z"),
            ("?y=z", "https://example.org:8443/a/b?y=z"),
            ("x", "https://example.org:8443/a/x"),
        ] {
            assert_eq!(follow(&from, location).unwrap().to_string(), to);
        }
        assert!(follow(&from, "ftp://example.org/").is_err());
    }

    #[test]
    fn one_server_is_one_scheme_host_and_port() {
        let same =
            |one: &str, other: &str| same_origin(&parse(one).unwrap(), &parse(other).unwrap());
        assert!(same("http://Example.org/a", "http://example.org:80/b"));
        assert!(!same("http://example.org/", "https://example.org/"));
        assert!(!same("http://example.org/", "http://example.org:81/"));
        assert!(!same("http://example.org/", "http://www.example.org/"));
    }

    #[test]
    fn what_is_no_address_is_said_without_its_secrets() {
        for url in ["", "x", "http://", "ftp://a/b", "http://a b/", "file:///etc/passwd"] {
            assert_eq!(parse(url).unwrap_err().code, "request", "{url}");
        }
        let error = parse("https://ann:s3cr3t@example.org/").unwrap_err();
        assert!(!error.message.contains("s3cr3t"), "{error:?}");
        let error = parse("not an address?token=s3cr3t").unwrap_err();
        assert!(!error.message.contains("s3cr3t"), "{error:?}");
    }
}
