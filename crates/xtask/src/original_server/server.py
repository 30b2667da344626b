"""A stand-in of an original TRASA server: it speaks the original's protocol as the original does, for trying agents.

It guards nothing: one service, one user, no store. The faults that the protocol shows are kept, such as a one-time code
that works twice within its time. Standard library only, besides `openssl` for the certificate.
"""

import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import secrets
import signal
import ssl
import struct
import subprocess
import sys
import time
import uuid

QUIRKS = """\
quirks, each for every call, or for one kind with `check:` or `login:` before it; several may be given:
  push=approve:N     the phone approves after N seconds (the default, with 2); also deny:N
  push=never         nobody answers: refused after 60 s
  push=none          the user has no phone: refused with DEVICE_NOT_FOUND
  refuse=REASON      a refusal with this reason, such as TIME_POLICY_FAILED or "policy not assigned"
  pass-through       accounts that --account does not name are let in without a second factor
  data=FORM          the member `data`: null, nulls ([null], the default), strings (a list of strings), comma (one string,
                     comma separated), empty ([]), absent
  late=N             each answer comes N seconds late
  http=CODE          an error page under that HTTP status, such as 500
  code=CODE          the usual answer under that HTTP status
  portal             the page of a hotel's portal, HTTP 200
  redirect           HTTP 302 to another address
  success-with=TEXT  status "success" with a failure's reason, such as INVALID_TOTP, whatever was asked
  status=WORD        this word in place of "success", such as Success or ok
  error              a member `error` that is not null, beside "success"
  more-fields        members that nobody knows
  other-order        the members in another order, with white space
  check-answer       a login is answered with the config check's success
  garbage            bytes that are no HTTP
  empty              HTTP 200 without a body
  truncated          half of the answer, then the connection ends
  big                a body of 2 MB
  hang               no answer at all
  reset              the connection ends without an answer

examples:
  ./x original-server
  ./x original-server --port 9443 --quirk push=approve:20 --quirk data=null
  ./x original-server --quirk login:http=500      the config check works, each login gets an error page
  ./x original-server --tls new                   another TLS key than the last time
"""

NO_VALUE = {
    "pass-through", "portal", "redirect", "error", "more-fields", "other-order", "check-answer", "garbage", "empty",
    "truncated", "big", "hang", "reset",
}
WITH_VALUE = {"push", "refuse", "data", "late", "http", "code", "success-with", "status"}
DATA = {
    "null": None, "nulls": [None], "strings": ["first", "second"], "comma": "first,second", "empty": [],
}
LOGIN_PATHS = {"/auth/agent/win", "/auth/agent/nix", "/api/v1/remote/auth/win"}
CHECK_PATH = "/auth/agent/checkconfig"
PORTAL = b"<!doctype html><title>Welcome</title><form method=post><input name=room><input type=password></form>"
PUSH_LIMIT_SECS = 60
STEP_SECS = 30


def quirk(text):
    """`[check:|login:]NAME[=VALUE]` as (kinds, name, value)."""
    head, colon, rest = text.partition(":")
    kinds, text = ({head}, rest) if colon and head in ("check", "login") else ({"check", "login"}, text)
    name, equals, value = text.partition("=")
    if (equals and name in WITH_VALUE) or (not equals and name in NO_VALUE):
        known = {"data": value in DATA or value == "absent", "late": value.isdigit(), "code": value.isdigit()}
        known |= {"http": value.isdigit(), "push": push_form(value)}
        if known.get(name, True):
            return kinds, name, value
    raise argparse.ArgumentTypeError(f"no quirk {text}; --help lists them")


def push_form(value):
    word, _, seconds = value.partition(":")
    return value in ("never", "none") or (word in ("approve", "deny") and seconds.isdigit())


def arguments():
    parser = argparse.ArgumentParser(
        prog="./x original-server", description=__doc__, epilog=QUIRKS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8444, help="where it listens, on 127.0.0.1 (default 8444)")
    parser.add_argument("--data", type=pathlib.Path, default="target/original-server", metavar="DIR",
                        help="keeps service, user and TLS key (default target/original-server)")
    parser.add_argument("--tls", default="kept", metavar="kept|new|CERT,KEY",
                        help="the folder's TLS key, a new one there, or two PEM files (default kept)")
    parser.add_argument("--user", default="bat", help="the user's name; the email address is USER@acme.example")
    parser.add_argument("--account", action="append", default=[], metavar="ACCOUNT",
                        help=r"a Windows account that the user may be, such as 'pc-07\bat' (default: every one)")
    parser.add_argument("--quirk", type=quirk, action="append", default=[], metavar="NAME[=VALUE]",
                        help="an oddity of real servers and of what stands before them, see below")
    parser.add_argument("--notes", type=pathlib.Path, help="a file that gets one JSON line for each request")
    return parser.parse_args()


OPTIONS = arguments()


def openssl(*words, **more):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, **more).stdout


def tls_files():
    """Certificate and key, made where they are missing or a new key is wanted."""
    if OPTIONS.tls not in ("kept", "new"):
        certificate, _, key = OPTIONS.tls.partition(",")
        return certificate, key
    certificate, key = OPTIONS.data / "tls-cert.pem", OPTIONS.data / "tls-key.pem"
    if OPTIONS.tls == "new" or not key.exists():
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
                "-subj", "/CN=localhost", "-addext", names, "-out", str(certificate), "-keyout", str(key))
    return str(certificate), str(key)


def service():
    """ServiceID, ServiceKey and the user's TOTP secret, made on the first start."""
    path = OPTIONS.data / "service.json"
    if not path.exists():
        made = {"service_id": str(uuid.uuid4()), "service_key": secrets.token_hex(17)}
        made["totp_secret"] = base64.b32encode(secrets.token_bytes(20)).decode()
        path.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def config_trasa():
    """What an original agent of this service has in its folder."""
    config = {"serviceID": SERVICE["service_id"], "serviceKey": SERVICE["service_key"]}
    config |= {"trasaHost": f"https://localhost:{OPTIONS.port}", "offlineUsers": "", "skipTLSVerification": True}
    path = OPTIONS.data / "config.trasa"
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return path


def codes(secret):
    """The codes that are right now: RFC 6238 with one step of skew each way."""
    for skew in (-1, 0, 1):
        counter = struct.pack(">Q", int(time.time()) // STEP_SECS + skew)
        mac = hmac.digest(base64.b32decode(secret), counter, "sha1")
        offset = mac[-1] & 15
        yield f"{(int.from_bytes(mac[offset:offset + 4], 'big') & 0x7fffffff) % 1_000_000:06}"


def quirks_of(kind):
    return {name: value for kinds, name, value in OPTIONS.quirk if kind in kinds}


class Refused(Exception):
    """A refusal: its reason, its intent and the member `data`."""

    def __init__(self, reason, intent="", data=(None,)):
        super().__init__(reason)
        self.envelope = ("failed", reason, intent, None if data is None else list(data))


def fields(body, error):
    """The request as the original's server reads it: what is missing is empty, what is unknown is ignored."""
    try:
        request = json.loads(body)
    except ValueError:
        raise error from None
    names = "serviceID", "serviceKey", "trasaID", "totpCode", "user"
    if not isinstance(request, dict):
        raise error
    texts = {name: request.get(name) or "" for name in names}
    if any(not isinstance(text, str) for text in texts.values()):
        raise error
    return texts


def check_config(body):
    request = fields(body, Refused("service config check failed", data=None))
    if request["serviceID"] != SERVICE["service_id"]:
        raise Refused("invalid service ID", "service config check failed", data=None)
    if request["serviceKey"] != SERVICE["service_key"]:
        raise Refused("invalid service secret or ID", "service config check failed")
    return "success", "valid integration data", "service config check successful", [None]


def login(body, quirks):
    """The original's order: service, pass-through, user, access, policy, second factor."""
    request = fields(body, Refused("invalid request", "AgentLogin"))
    if (request["serviceID"], request["serviceKey"]) != (SERVICE["service_id"], SERVICE["service_key"]):
        raise Refused("invalid service integration details", "AgentLogin")
    account = request["user"].lower().removeprefix("\\")
    named = [name.lower().removeprefix("\\") for name in OPTIONS.account]
    if "pass-through" in quirks and account not in named:
        return "success", "passthru authentication", "agent-login", [None]
    if request["trasaID"] not in (OPTIONS.user, f"{OPTIONS.user}@acme.example"):
        raise Refused("user not found", "AgentLogin")
    if named and account not in named:
        raise Refused("policy not assigned", "agent-login")
    if "refuse" in quirks:
        reason = quirks["refuse"]
        raise Refused(reason, "AgentLogin" if reason in ("user not found", "User Disabled") else "agent-login")
    if request["totpCode"]:
        if request["totpCode"] not in codes(SERVICE["totp_secret"]):
            raise Refused("INVALID_TOTP", "agent-login")
    else:
        push(quirks.get("push", "approve:2"))
    return "success", "", "agent-login", [None]


def push(how):
    word, _, seconds = how.partition(":")
    if word == "none":
        raise Refused("DEVICE_NOT_FOUND", "agent-login")
    time.sleep(PUSH_LIMIT_SECS if word == "never" else min(int(seconds), PUSH_LIMIT_SECS))
    if word != "approve" or int(seconds) > PUSH_LIMIT_SECS:
        raise Refused("U2F_FAILED", "agent-login")


def envelope(outcome, quirks):
    """The answer's body, byte for byte as the original writes it, but for the quirks."""
    status, reason, intent, data = outcome
    if "success-with" in quirks:
        status, reason = "success", quirks["success-with"]
    if "check-answer" in quirks:
        status, reason, intent = "success", "valid integration data", "service config check successful"
    if status == "success":
        status = quirks.get("status", status)
    members = [("status", status)]
    if "error" in quirks:
        members.append(("error", {"code": 1, "message": "something went wrong"}))
    members += [(name, text) for name, text in (("reason", reason), ("intent", intent)) if text]
    if quirks.get("data") != "absent":
        members.append(("data", DATA[quirks["data"]] if "data" in quirks else data))
    if "more-fields" in quirks:
        members += [("version", 3), ("Status", "failed"), ("nested", {"status": "failed"})]
    if "other-order" in quirks:
        return json.dumps(dict(reversed(members)), indent=2).encode() + b"\n"
    body = json.dumps(dict(members), separators=(",", ":")).encode()
    return body + b" " * 2_000_000 if "big" in quirks else body


class Original(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path not in LOGIN_PATHS | {CHECK_PATH}:
            self.note(body, "HTTP 404")
            return self.page(404, b"404 page not found\n")
        kind = "check" if self.path == CHECK_PATH else "login"
        quirks = quirks_of(kind)
        time.sleep(int(quirks.get("late", 0)))
        if self.no_answer(body, quirks):
            return None
        try:
            outcome = check_config(body) if kind == "check" else login(body, quirks)
        except Refused as refused:
            outcome = refused.envelope
        text = envelope(outcome, quirks)
        self.note(body, text.decode().strip())
        if "truncated" in quirks:
            self.close_connection = True
            return self.send(200, text[:len(text) // 2], len(text))
        return self.send(int(quirks.get("code", 200)), text, len(text))

    def do_GET(self):
        self.page(404, b"404 page not found\n")

    def no_answer(self, body, quirks):
        """Answers that do not come from the original's server itself, and none."""
        found = {"garbage", "hang", "reset", "http", "portal", "redirect", "empty"} & quirks.keys()
        if not found:
            return False
        self.note(body, "no envelope: " + ", ".join(sorted(found)))
        if "http" in quirks:
            self.page(int(quirks["http"]), b"something went wrong\n")
        elif "portal" in quirks:
            self.page(200, PORTAL, "text/html")
        elif "redirect" in quirks:
            self.page(302, b"", location="https://127.0.0.1:1/auth/agent/win")
        elif "empty" in quirks:
            self.page(200, b"")
        else:
            self.close_connection = True
            if "garbage" in quirks:
                self.wfile.write(b"\x00\xff\x13nothing that anybody speaks\r\n\r\n" * 8)
            elif "hang" in quirks:
                time.sleep(600)
        return True

    def page(self, code, body, kind="text/plain", location=None):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send(self, code, body, length):
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store, pragma")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def note(self, body, answer):
        """Tells who watches what was answered; only --notes, which a test asks for, gets the body with its secrets."""
        print(f"{time.strftime('%H:%M:%S')} {self.path} -> {answer[:160]}", flush=True)
        if OPTIONS.notes:
            line = {"path": self.path, "body": body.decode("utf-8", "replace"), "answer": answer}
            with open(OPTIONS.notes, "a", encoding="utf-8") as notes:
                notes.write(json.dumps(line) + "\n")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # The handshake is done by the connection's own thread, so that a silent client stops nobody.
        request.settimeout(90)
        with TLS.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request, client_address):
        pass


def tell(certificate):
    address = f"localhost:{OPTIONS.port}"
    public = openssl("pkey", "-pubin", "-outform", "DER", input=openssl("x509", "-in", certificate, "-noout", "-pubkey"))
    print_of_key = base64.urlsafe_b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")
    request = {"serviceID": SERVICE["service_id"], "serviceKey": SERVICE["service_key"], "trasaID": OPTIONS.user}
    request |= {"tfaMethod": "totp", "totpCode": "CODE", "user": f"pc-07\\{OPTIONS.user}", "userIP": "", "workstation": ""}
    body = json.dumps(request).replace("CODE", "'$(oathtool --totp -b " + SERVICE["totp_secret"] + ")'")
    given = [("check:" if kinds == {"check"} else "login:" if kinds == {"login"} else "") + name + ("=" + value if value else "")
             for kinds, name, value in OPTIONS.quirk]
    print(f"""\
A stand-in of an original TRASA server, until Ctrl+C. It guards nothing.
  address     https://{address}
  ServiceID   {SERVICE["service_id"]}
  ServiceKey  {SERVICE["service_key"]}
  user        {OPTIONS.user}, {OPTIONS.user}@acme.example, who may be {", ".join(OPTIONS.account) or "every Windows account"}
  TOTP        {SERVICE["totp_secret"]}   now: oathtool --totp -b {SERVICE["totp_secret"]}
  TLS key     {print_of_key}
  quirks      {", ".join(given) or "none"}
  {config_trasa()} is what its original agents have beside them
A config check and a login, as an original agent asks:
  curl -sk https://{address}{CHECK_PATH} -H 'Content-Type: application/json' -d '{json.dumps({name: request[name] for name in ("serviceID", "serviceKey")})}'
  curl -sk https://{address}/auth/agent/win -H 'Content-Type: application/json' -d '{body}'
""", flush=True)


OPTIONS.data.mkdir(parents=True, exist_ok=True)
os.umask(0o077)
SERVICE = service()
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    CERTIFICATE, KEY = tls_files()
    TLS.load_cert_chain(CERTIFICATE, KEY)
    server = Server(("127.0.0.1", OPTIONS.port), Original)
    tell(CERTIFICATE)
    server.serve_forever()
except KeyboardInterrupt:
    pass
except (OSError, subprocess.CalledProcessError) as error:
    sys.exit(f"x: the stand-in cannot start: {error}")
