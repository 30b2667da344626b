//! Which proxy an exchange goes through: the machine's, never a user's.
//!
//! One test in a program of its own: the settings are the user's and the machine's, and are put back at its end.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "it/asking.rs"]
mod asking;
#[path = "it/tls_server.rs"]
mod tls_server;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use agent::ports::{TlsExpectation, TransportError};
use windows::Win32::Networking::WinHttp::{
    WINHTTP_ACCESS_TYPE_NAMED_PROXY, WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_PROXY_INFO,
    WinHttpSetDefaultProxyConfiguration,
};
use windows::core::PWSTR;
use windows_registry::CURRENT_USER;

use asking::{SECRET, ask, assert_no_body};
use tls_server::{Identity, Server, ok};

#[test]
fn user_proxy_is_ignored_at_logon() {
    let identity = Identity::self_signed("localhost");
    let pinned = TlsExpectation::Pinned(vec![identity.key_hash()]);
    let (proxy, asked) = refusing_proxy();

    let users = UserProxy::set(&proxy);
    let server = Server::start(&identity, ok("{}"));
    assert_eq!(ask(&server, &pinned).unwrap().status, 200);
    assert!(server.next_connection().ends_with(SECRET.as_bytes()));
    assert!(asked.try_recv().is_err(), "the user's proxy was asked");
    drop(users);

    // The machine's proxy is asked, and its refusal is no answer of the server's.
    assert_eq!(agent_windows::machine_proxy(), None);
    let machines = MachineProxy::set(&proxy);
    assert_eq!(agent_windows::machine_proxy().as_deref(), Some(proxy.as_str()));
    let server = Server::start(&identity, ok("{}"));
    for tls in [&pinned, &TlsExpectation::FirstContact] {
        let answer = ask(&server, tls);
        // Windows hands over the proxy's page, without a certificate; Wine begins TLS in spite of it.
        assert!(matches!(answer, Err(TransportError::Connect | TransportError::Tls { .. })), "{answer:?}");
        let request = asked.recv().unwrap();
        assert!(request.starts_with("CONNECT localhost:"), "{request}");
        assert!(!request.contains("123456"), "{request}");
    }
    drop(machines);
    let server = Server::start(&Identity::self_signed("localhost"), ok("{}"));
    assert!(matches!(ask(&server, &pinned), Err(TransportError::UnexpectedKey(_))));
    assert_no_body(&server);
}

/// A proxy that answers every CONNECT with a page of its own.
fn refusing_proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    let (sender, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).unwrap();
            let page = b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno";
            let _client_may_be_gone = stream.write_all(page);
            let _nobody_listens_any_more = sender.send(String::from_utf8_lossy(&chunk[..read]).into_owned());
        }
    });
    (address, asked)
}

const USER_SETTINGS: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings";

struct UserProxy {
    enable: Option<u32>,
    server: Option<String>,
}

impl UserProxy {
    fn set(proxy: &str) -> Self {
        let key = CURRENT_USER.create(USER_SETTINGS).unwrap();
        let before =
            Self { enable: key.get_u32("ProxyEnable").ok(), server: key.get_string("ProxyServer").ok() };
        key.set_u32("ProxyEnable", 1).unwrap();
        key.set_string("ProxyServer", proxy).unwrap();
        before
    }
}

impl Drop for UserProxy {
    fn drop(&mut self) {
        let key = CURRENT_USER.create(USER_SETTINGS).unwrap();
        key.set_u32("ProxyEnable", self.enable.unwrap_or(0)).unwrap();
        match &self.server {
            Some(server) => key.set_string("ProxyServer", server).unwrap(),
            None => key.remove_value("ProxyServer").unwrap(),
        }
    }
}

struct MachineProxy;

impl MachineProxy {
    fn set(proxy: &str) -> Self {
        let mut name: Vec<u16> = proxy.encode_utf16().chain([0]).collect();
        let mut info = WINHTTP_PROXY_INFO {
            dwAccessType: WINHTTP_ACCESS_TYPE_NAMED_PROXY,
            lpszProxy: PWSTR(name.as_mut_ptr()),
            lpszProxyBypass: PWSTR::null(),
        };
        // SAFETY: the name ends with a zero and lives through the call.
        unsafe { WinHttpSetDefaultProxyConfiguration(&raw mut info) }.unwrap();
        Self
    }
}

impl Drop for MachineProxy {
    fn drop(&mut self) {
        let mut info =
            WINHTTP_PROXY_INFO { dwAccessType: WINHTTP_ACCESS_TYPE_NO_PROXY, ..Default::default() };
        // SAFETY: no names are given, and none are read for this kind.
        unsafe { WinHttpSetDefaultProxyConfiguration(&raw mut info) }.unwrap();
    }
}
