//! The socket's file.

use crate::support::{api, serve, take};
use clawflow_engine::Scope;
use clawflow_gateway::{Client, Server, ServerError, ServerSettings};
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

#[tokio::test]
async fn only_its_user_may_open_it() {
    let served = serve(Scope::Nothing);
    let mode = std::fs::metadata(&served.socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(served.server.socket(), served.socket);
}

#[tokio::test]
async fn what_a_dead_holder_left_is_replaced() {
    let tmp = TempDir::new().unwrap();
    let socket = tmp.path().join("new/dir/s");
    let guard = take(tmp.path(), &socket);
    std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists(), "closing does not remove it");
    let server =
        Server::start(&guard, api(tmp.path(), Scope::Nothing), &ServerSettings::default()).unwrap();
    Client::new(&socket).ping().await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_ours_is_left() {
    let tmp = TempDir::new().unwrap();
    let socket = tmp.path().join("precious");
    let guard = take(tmp.path(), &socket);
    let start = || {
        Server::start(&guard, api(tmp.path(), Scope::Nothing), &ServerSettings::default())
            .map(|_| ())
    };
    std::fs::write(&socket, "data").unwrap();
    assert!(matches!(start().unwrap_err(), ServerError::Occupied { .. }));
    assert_eq!(std::fs::read(&socket).unwrap(), b"data");
    std::fs::remove_file(&socket).unwrap();
    let other = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let error = start().unwrap_err();
    assert!(matches!(error, ServerError::InUse { .. }), "{error}");
    drop(other);
    start().unwrap();
    assert!(!socket.exists(), "a server that is dropped takes its socket with it");
}

#[tokio::test]
async fn a_path_that_is_too_long_is_told_before_the_kernel_does() {
    let tmp = TempDir::new().unwrap();
    let socket = tmp.path().join("x".repeat(120));
    let guard = take(tmp.path(), &socket);
    let error = Server::start(&guard, api(tmp.path(), Scope::Nothing), &ServerSettings::default())
        .map(|_| ())
        .unwrap_err();
    let bytes = socket.as_os_str().len();
    assert!(
        error.to_string().contains(&format!("has {bytes} bytes, more than the 107")),
        "{error}"
    );
}
