"""A small central for uploads: a real HTTP server that speaks the protocol, and fails when told to."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class MediaServer:
    """Holds what was uploaded.

    Attributes:
        files: whole files by SHA-256.
        parts: what has come of the others.
        requests: ``(method, sha256, offset, length of the body taken)``, in order.
        token: the only one that is taken; None takes everyone.
        answers: status codes for the next requests, instead of doing anything.
        cut_after_bytes: cut the connection after so many bytes of the next PUT's body.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.parts: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, int | None, int]] = []
        self.token: str | None = None
        self.answers: list[int] = []
        self.cut_after_bytes: int | None = None
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _handler(server: MediaServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_arguments):
            pass

        def answer(self, status, **headers):
            self.send_response(status)
            if status >= 400:
                self.send_header("Connection", "close")
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), str(value))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def refused(self):
            if server.answers:
                self.answer(server.answers.pop(0), Retry_After=7)
                return True
            if server.token and self.headers.get("Authorization") != f"Bearer {server.token}":
                self.answer(401)
                return True
            return False

        def do_HEAD(self):
            sha256 = self.path.rsplit("/", 1)[1]
            server.requests.append(("HEAD", sha256, None, 0))
            if self.refused():
                return
            if sha256 in server.files:
                self.answer(200, Upload_Complete="?1", Upload_Offset=len(server.files[sha256]))
            elif sha256 in server.parts:
                self.answer(200, Upload_Complete="?0", Upload_Offset=len(server.parts[sha256]))
            else:
                self.answer(404)

        def do_PUT(self):
            sha256 = self.path.rsplit("/", 1)[1]
            offset, length = int(self.headers["Upload-Offset"]), int(self.headers["Upload-Length"])
            have = server.parts.get(sha256, b"")
            size = int(self.headers["Content-Length"])
            if server.cut_after_bytes is not None:
                body = self.rfile.read(min(size, server.cut_after_bytes))
                server.cut_after_bytes = None
                server.requests.append(("PUT", sha256, offset, len(body)))
                server.parts[sha256] = have + body
                self.close_connection = True
                self.connection.close()
                return
            body = self.rfile.read(size)
            server.requests.append(("PUT", sha256, offset, len(body)))
            if self.refused():
                return
            if offset != len(have):
                self.answer(409, Upload_Offset=len(have))
                return
            have += body
            if len(have) < length:
                server.parts[sha256] = have
                self.answer(200, Upload_Complete="?0", Upload_Offset=len(have))
                return
            server.parts.pop(sha256, None)
            if hashlib.sha256(have).hexdigest() != sha256:
                self.answer(422)
                return
            server.files[sha256] = have
            self.answer(201, Upload_Complete="?1", Upload_Offset=length)

    return Handler
