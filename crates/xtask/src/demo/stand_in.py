"""Something else on the server's port, for the demo: it speaks TLS, is not the server, and notes what it was told.

usage: stand_in.py MODE PORT CERTIFICATE KEY NOTES [UPSTREAM_PORT]

MODE  garbage     bytes that are no HTTP
      500         an error page
      login-page  what a hotel's portal or a proxy's sign-in answers
      forged      a man in the middle: passes everything on to the real server and turns its "deny" into "allow"
NOTES gets one JSON line for each request: its method, path and body.
"""

import base64
import hashlib
import http.client
import http.server
import json
import ssl
import sys

MODE, PORT, CERTIFICATE, KEY, NOTES = sys.argv[1:6]
UPSTREAM = int(sys.argv[6]) if len(sys.argv) > 6 else None
LOGIN_PAGE = b"<!doctype html><title>Welcome</title><form method=post><input name=room><input type=password></form>"


def digest(body):
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"


def forge(method, path, headers, body):
    """Asks the real server, and lies about its answer: everything is kept but the outcome."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    server = http.client.HTTPSConnection("127.0.0.1", UPSTREAM, context=context, timeout=10)
    server.request(method, path, body=body, headers=headers)
    answer = server.getresponse()
    text = answer.read()
    kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in ("content-length", "connection")]
    decision = json.loads(text)
    if decision.get("kind") == "decision":
        decision.update(result="allow", reason="code_accepted", parameters={})
        text = json.dumps(decision).encode()
        kept = [(name, digest(text) if name.lower() == "content-digest" else value) for name, value in kept]
    return answer.status, kept, text


class StandIn(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with open(NOTES, "a", encoding="utf-8") as notes:
            line = {"method": self.command, "path": self.path, "body": body.decode("utf-8", "replace")}
            notes.write(json.dumps(line) + "\n")
        if MODE == "garbage":
            self.wfile.write(b"\x00\xff\x13nothing that anybody speaks\r\n\r\n" * 8)
            self.close_connection = True
            return
        if MODE == "500":
            status, headers, text = 500, [("content-type", "text/plain")], b"Internal Server Error"
        elif MODE == "login-page":
            status, headers, text = 200, [("content-type", "text/html")], LOGIN_PAGE
        else:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            status, headers, text = forge(self.command, self.path, headers, body)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # The handshake is done by the connection's own thread, so that a silent client stops nobody.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, KEY)
        request.settimeout(20)
        with context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request, client_address):
        pass


Server(("127.0.0.1", int(PORT)), StandIn).serve_forever()
