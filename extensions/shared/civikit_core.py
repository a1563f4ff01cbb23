"""What both extensions share: where `civikit serve` is, who may ask through this web UI, and what is passed on.

Standard library only, Python 3.9 or later. The browser never sees the token: it asks this server, which asks serve.
"""

from __future__ import annotations

import hmac
import json
import os
import stat
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

DEFAULT_URL = "http://127.0.0.1:8787"
#: What is passed on, and nothing else: the method and the name below /api/v1.
ROUTES = {("GET", "queue"), ("POST", "queue"), ("POST", "needs"), ("GET", "library")}
MOST_BYTES = 4 * 1024 * 1024
PATIENCE_S = 30
WRONG_CODES = 10
WRONG_CODES_S = 60


class Refused(Exception):
    """A request that is not passed on, with the status and the words of its answer."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"code": code, "message": message}).encode()


def is_loopback(host: str | None) -> bool:
    host = (host or "").lower().strip("[]")
    if host.startswith("::ffff:"):
        host = host[7:]
    parts = host.split(".")
    return host in ("localhost", "::1") or (len(parts) == 4 and parts[0] == "127" and all(p.isdigit() for p in parts))


class Settings:
    """CIVIKIT_URL, CIVIKIT_TOKEN and CIVIKIT_PAIR of the environment, else civikit.json beside this file (0600)."""

    def __init__(self, folder: str):
        self._path = os.path.join(folder, "civikit.json")

    def _file(self) -> dict:
        try:
            with open(self._path, encoding="utf-8") as file:
                if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise Refused(500, "settings_open", f"other users can read {self._path}; run: chmod 600 on it")
                value = json.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise Refused(500, "settings_unread", f"{self._path} cannot be read") from None
        return value if isinstance(value, dict) else {}

    def read(self) -> dict:
        """Read anew each time, so that what is changed acts at once."""
        file = self._file()
        found = {
            name: os.environ.get("CIVIKIT_" + name.upper()) or file.get(name) or None
            for name in ("url", "token", "pair")
        }
        url = urllib.parse.urlsplit(found["url"] or DEFAULT_URL)
        is_safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname))
        if not is_safe or url.username or url.password:
            raise Refused(500, "settings_wrong", "the address of civikit serve is neither https nor on this machine")
        found["url"] = f"{url.scheme}://{url.netloc}{url.path}".rstrip("/")
        return found


class Guard:
    """Who may ask: a browser on this machine; one elsewhere only with the code of `civikit extension install --remote`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: list[float] = []

    def _check_code(self, given: str, pair: str | None) -> None:
        if not pair:
            raise Refused(403, "not_paired", "only for browsers on this machine")
        with self._lock:
            now = time.monotonic()
            self._wrong = [at for at in self._wrong if now - at < WRONG_CODES_S]
            if len(self._wrong) >= WRONG_CODES:
                raise Refused(429, "too_many_codes", "too many wrong codes; wait a minute")
            if hmac.compare_digest(given.encode(), pair.encode()):
                return
            if given:
                self._wrong.append(now)
        raise Refused(403, "code_due", "the pairing code is missing or wrong")

    def check(self, method: str, client: str | None, headers, pair: str | None) -> None:
        """Raises unless it may. `headers` are read by lower-case names."""
        host = headers.get("host") or ""
        name = urllib.parse.urlsplit("//" + host).hostname
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site")
        if site not in (None, "same-origin", "none") or (origin and urllib.parse.urlsplit(origin).netloc != host):
            raise Refused(403, "foreign_origin", "only for pages of this web UI")
        if method == "POST" and (headers.get("content-type") or "").split(";")[0].strip() != "application/json":
            raise Refused(415, "no_json", "the body has to be application/json")
        # a proxy or a tunnel comes from this machine, too; a rebound name is given away by Host
        forwarded = any(headers.get(one) for one in ("x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"))
        if is_loopback(client) and is_loopback(name) and not forwarded:
            return
        self._check_code(headers.get("x-civikit-code") or "", pair)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def forward(settings: dict, method: str, name: str, query: str, body: bytes | None) -> tuple[int, bytes]:
    """Asks serve; resolves with status and JSON. Raises Refused for what is not on the list."""
    if (method, name) not in ROUTES:
        raise Refused(404, "not_found", "not passed on")
    if body is not None and len(body) > MOST_BYTES:
        raise Refused(413, "too_large", "the body is too large")
    address = f"{settings['url']}/api/v1/{name}" + (f"?{query}" if query else "")
    headers = {"accept": "application/json"}
    if body is not None:
        headers["content-type"] = "application/json"
    if settings["token"]:
        headers["authorization"] = f"Bearer {settings['token']}"
    request = urllib.request.Request(address, data=body, headers=headers, method=method)
    try:
        with _opener.open(request, timeout=PATIENCE_S) as response:
            return response.status, response.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 401:
                raise Refused(502, "token_wrong", "civikit serve refused the token; install the extension again") from None
            return error.code, error.read(MOST_BYTES)
    except (OSError, ValueError):
        raise Refused(502, "serve_away", f"civikit serve does not answer at {settings['url']}") from None


class Bridge:
    """One for each web UI: checks a request, and passes it on."""

    def __init__(self, folder: str):
        self.settings = Settings(folder)
        self.guard = Guard()

    def checked(self, method: str, client: str | None, headers) -> dict:
        """The settings, once the request may be answered."""
        settings = self.settings.read()
        self.guard.check(method, client, headers, settings["pair"])
        return settings

    def answer(self, method: str, name: str, client: str | None, headers, query: str, body: bytes | None) -> tuple[int, bytes]:
        try:
            return forward(self.checked(method, client, headers), method, name, query, body)
        except Refused as refused:
            return refused.status, refused.body
