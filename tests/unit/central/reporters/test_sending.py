"""Messages reach a gateway signed, a mail server whole, and a console only where that is meant."""

import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import ValidationError

from central.metrics import Metrics
from central.reporters.contacts import Contact
from central.reporters.courier import Courier
from central.reporters.sending import (
    ConsoleSender,
    HttpSender,
    Message,
    SendError,
    SmtpSender,
    senders_of,
    signature,
)
from central.reporters.settings import HttpSettings, ReporterSettings, SmtpSettings
from kerbwatch.clock import ManualClock
from kerbwatch.ports import free_port

MESSAGE = Message("c-1", "code", Contact("phone", "+8613800138000"), "Your code", "123456 is your code")
KEY = "0123456789abcdef" * 2


def test_the_console_gets_it_and_no_log():
    stream = io.StringIO()
    ConsoleSender(stream).send(MESSAGE)
    assert "123456" in stream.getvalue()
    assert "123456" not in repr(MESSAGE)
    assert "13800138000" not in repr(MESSAGE)


@contextmanager
def gateway(status):
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["Kerbwatch-Timestamp"], self.headers["Kerbwatch-Signature"], body))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def http_sender(url, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    return HttpSender(HttpSettings(url=url, key_file=key_file), 2.0, ManualClock())


def test_a_gateway_can_tell_that_a_request_is_ours_and_when_it_was_made(tmp_path):
    with gateway(202) as (url, got):
        http_sender(url, tmp_path).send(MESSAGE)
    ((moment, signed, body),) = got
    assert signed == signature(KEY.encode(), moment, body)
    assert int(moment) == int(ManualClock().now_utc().timestamp())
    assert json.loads(body) == {
        "id": "c-1",
        "purpose": "code",
        "channel": "phone",
        "to": "+8613800138000",
        "subject": "Your code",
        "text": "123456 is your code",
    }


@pytest.mark.parametrize("status", [302, 400, 500])
def test_what_a_gateway_does_not_take_did_not_go_out_and_follows_nobody_elsewhere(tmp_path, status):
    with gateway(status) as (url, got):
        sender, metrics = http_sender(url, tmp_path), Metrics()
        with pytest.raises(SendError, match=str(status)):
            sender.send(MESSAGE)
        assert Courier({"phone": sender}, metrics).send(MESSAGE) is False
    assert len(got) == 2
    assert metrics.messages.labels("code", "failed")._value.get() == 1


def test_a_mail_server_that_is_away_is_a_failure_that_names_nobody():
    settings = SmtpSettings(host="127.0.0.1", port=free_port(), security="none", sender="kerb@city.example")
    with pytest.raises(SendError) as told:
        SmtpSender(settings, 2.0).send(MESSAGE)
    assert "13800138000" not in str(told.value)


def test_where_it_is_off_nothing_is_sent():
    settings = ReporterSettings.model_validate({"phone": {"kind": "off"}, "email": {"kind": "console"}})
    assert set(senders_of(settings, ManualClock())) == {"email"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"phone": {"kind": "smtp", "smtp": {"host": "m", "sender": "a@b"}}}, "cannot be sent to by smtp"),
        ({"phone": {"kind": "http"}}, "needs a section 'http'"),
        ({"phone": {"http": {"url": "http://sms.example", "key_file": "k"}}}, "only on this machine"),
        ({"phone": {"http": {"url": "https://a:b@sms.example", "key_file": "k"}}}, "no credentials"),
        ({"email": {"smtp": {"host": "mail.example", "security": "none", "sender": "a@b"}}}, "in the clear"),
        ({"region": "Yuyao"}, "is not a country"),
    ],
    ids=str,
)
def test_settings_that_would_lose_or_tell_a_code_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        ReporterSettings.model_validate(settings)
