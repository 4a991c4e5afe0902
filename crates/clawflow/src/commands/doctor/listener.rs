//! What the configuration says about the TCP listener.

use super::finding::Finding;
use crate::config::{Gateway, listen};

/// Looks at the settings only: whether the gateway listens there, its status says.
pub(super) fn examine(gateway: &Gateway) -> Vec<Finding> {
    let Some(address) = listen(&gateway.listen) else {
        return vec![Finding::ok("listener", "the unix socket only")];
    };
    if address.ip().is_loopback() {
        return vec![Finding::ok("listener", format!("http://{address}, this machine only"))];
    }
    let message = format!("gateway.listen = \"{address}\" can be reached from other machines");
    vec![match gateway.allow_remote {
        true => {
            let hint = "put TLS in front of it: docs/security.md";
            Finding::warn("listener", message, hint)
        }
        false => {
            let hint = "the gateway will not start; see gateway.allow_remote in docs/security.md";
            Finding::fail("listener", message, hint)
        }
    }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::Level;

    #[test]
    fn what_others_reach_is_told() {
        let level = |listen: &str, allow_remote| {
            let gateway = Gateway { listen: listen.to_owned(), allow_remote, ..Gateway::default() };
            examine(&gateway)[0].level
        };
        assert_eq!(level("", false), Level::Ok);
        assert_eq!(level("127.0.0.1:7117", false), Level::Ok);
        assert_eq!(level("0.0.0.0:7117", true), Level::Warn);
        assert_eq!(level("192.0.2.1:7117", false), Level::Fail);
    }
}
