#!/usr/bin/env python3
"""Receives webhooks of eryxon_sync and prints a line for each event. Python's standard library is all it needs.

Usage: receiver.py PORT SECRET_FILE

Listens on 127.0.0.1 (port 0: any free one). The file holds the secret as eryxon_webhook_create() returned it (whsec_...); a second
line may hold another one while secrets change. It is read for each message. In production a server with TLS stands in front.
"""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading
import time

TOLERANCE = 300  # seconds that a message may be old, or ahead: a recorded one cannot be sent again later
LARGEST = 1_000_000  # bytes; messages have 20 kB


def is_genuine(secrets, headers, body):
    """Tells whether the message comes from somebody who has one of the secrets, is whole, and is new."""
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    signed = f"{identifier}.{timestamp}.".encode() + body
    given = [entry[3:].encode() for entry in headers.get("webhook-signature", "").split() if entry.startswith("v1,")]
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(expected, one) for one in given):
            return True
    return False


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers 204 to what is taken, 401 to what is not genuine."""

    secret_file = ""
    lock = threading.Lock()
    seen = set()  # ids; a real receiver keeps them where it keeps the data, in the same transaction

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(int(length))
        with open(self.secret_file, encoding="ascii") as file:
            secrets = file.read().split()
        if not is_genuine(secrets, self.headers, body):
            return self.answer(401)
        self.take(self.headers["webhook-id"], json.loads(body))
        return self.answer(204)

    def take(self, identifier, event):
        """Handles an event once: the same id can come again, if an answer was lost."""
        with self.lock:
            if identifier in self.seen:
                return
            data = event["data"]
            row = data["external_id"] or data["row_id"]
            print(event["timestamp"], event["type"], row, json.dumps(data.get("changes")), flush=True)
            self.seen.add(identifier)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format, *arguments):
        """Writes nothing: the events are what is printed."""


def main():
    Receiver.secret_file = sys.argv[2]
    Receiver.protocol_version = "HTTP/1.1"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
