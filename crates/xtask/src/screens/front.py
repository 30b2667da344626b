"""HTTPS for a server that says what a file says: passes each request on to a program's standard input.

usage: front.py PORT CERTIFICATE KEY SWITCH PROGRAM ARGUMENT...

SWITCH is a file. Holds it "silence", requests are read and never answered; "page": answered as a hotel's portal would.
What the program says first (its ServiceID and ServiceKey) is passed on to the standard output.
"""

import hashlib
import http.server
import json
import ssl
import subprocess
import sys
import threading
import time

PORT, CERTIFICATE, KEY, SWITCH = sys.argv[1:5]


def tls_key():
    made = subprocess.run(["openssl", "pkey", "-in", KEY, "-pubout", "-outform", "DER"], stdout=subprocess.PIPE, check=True)
    return hashlib.sha256(made.stdout).hexdigest()


program = subprocess.Popen(sys.argv[5:] + [tls_key()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(program.stdout.readline(), end="", flush=True)
one_at_a_time = threading.Lock()


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        with open(SWITCH, encoding="utf-8") as switch:
            mode = switch.read().strip()
        if mode == "silence":
            time.sleep(60)
            self.close_connection = True
            return
        if mode == "page":
            answer = {"status": 200, "headers": {"content-type": "text/html"}, "body": "<title>Welcome</title>"}
        else:
            headers = {name: value for name, value in self.headers.items()}
            asked = {"method": self.command, "path": self.path, "headers": headers, "body": body}
            with one_at_a_time:
                program.stdin.write(json.dumps(asked) + "\n")
                program.stdin.flush()
                answer = json.loads(program.stdout.readline())
        text = answer["body"].encode()
        self.send_response(answer["status"])
        for name, value in answer["headers"].items():
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
        request.settimeout(90)
        with context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request, client_address):
        pass


Server(("127.0.0.1", int(PORT)), Front).serve_forever()
