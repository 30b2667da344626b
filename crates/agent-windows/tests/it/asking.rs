//! One request with a secret in its body, and what a server saw of it.
#![allow(dead_code, reason = "each test program uses a part")]

use std::time::Duration;

use agent::ports::{
    Deadlines, HttpAnswer, HttpRequest, Method, Never, TlsExpectation, Transport as _, TransportError,
};
use agent_windows::WinHttp;

use crate::tls_server::Server;

pub const SECRET: &str = "{\"code\":\"123456\"}";
pub const DEADLINES: Deadlines =
    Deadlines { connect: Duration::from_secs(3), total: Duration::from_secs(10) };
pub const STORE: TlsExpectation = TlsExpectation::MachineStore { last_seen: None };

pub fn put() -> HttpRequest {
    HttpRequest {
        method: Method::Put,
        path_and_query: "/agent/v2/logons/AAAA?x=%2f".into(),
        headers: vec![("content-type", "application/json".into()), ("signature-input", "trasa=()".into())],
        body: SECRET.as_bytes().to_vec(),
    }
}

pub fn ask(server: &Server, tls: &TlsExpectation) -> Result<HttpAnswer, TransportError> {
    WinHttp::new().exchange(&server.address, tls, &put(), DEADLINES, &Never)
}

/// Whatever the server got of the request, nothing of its body was among it.
pub fn assert_no_body(server: &Server) {
    let received = String::from_utf8(server.next_connection()).unwrap();
    assert!(!received.contains("123456"), "{received}");
    let body = received.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    assert!(body.is_empty(), "{received}");
}
