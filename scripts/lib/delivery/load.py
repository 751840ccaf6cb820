#!/usr/bin/env python3
"""Load on the gateway while something is deployed: clients that keep their connections, and count what fails.

    load.py URL TOKEN CLIENTS STOP

Each client opens accounts and makes transfers between them, each with an idempotency key of its own and each request
once: what is not answered, or not answered 2xx, is counted and told. Ends when the file STOP is there, with one line:
`N requests, M failed`. The exit code is 1 if any failed.
"""

import http.client
import json
import os
import sys
import threading
import time
import urllib.parse
import uuid


class Client(threading.Thread):
    """Asks one thing after another, on one connection as long as the other side keeps it."""

    def __init__(self, address, token, stop):
        super().__init__(daemon=True)
        self.address, self.token, self.stop = address, token, stop
        self.requests, self.failures, self.accounts, self.connection = 0, 0, [], None

    def run(self):
        while not os.path.exists(self.stop):
            if len(self.accounts) < 2 or self.requests % 10 == 0:
                body = {"customerId": "load", "title": "Load", "currency": "EUR", "initialBalance": 1000}
                opened = self.ask("POST", "/v1/accounts", body)
                if opened:
                    self.accounts.append(opened["id"])
            elif self.requests % 3 == 0:
                # Of every service that answers questions, one after the other.
                questions = ["/v1/accounts?customerId=nobody", "/v1/webhooks", "/.well-known/jwks.json", "/v1/transfer-orders"]
                self.ask("GET", questions[self.requests // 3 % len(questions)])
            else:
                fields = {"fromAccountId": self.accounts[-2], "toAccountId": self.accounts[-1]}
                self.ask("POST", "/v1/transfers", {**fields, "amount": 1, "currency": "EUR"})
            # Enough to notice a gap of a second, and not so much that the machine has no room for the deployment.
            time.sleep(0.1)

    def ask(self, method, path, body=None):
        headers = {"Authorization": "Bearer " + self.token}
        if body is not None:
            headers.update({"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())})
        began = time.time()
        self.requests += 1
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.address, timeout=60)
            self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = self.connection.getresponse()
            text = answer.read()
            if answer.will_close:
                self.drop()
        except (OSError, http.client.HTTPException) as error:
            self.drop()
            self.fail(began, method, path, repr(error))
            return None
        if not 200 <= answer.status < 300:
            self.fail(began, method, path, f"{answer.status} {text[:300]!r}")
            return None
        return json.loads(text) if text else {}

    def drop(self):
        self.connection.close()
        self.connection = None

    def fail(self, began, method, path, what):
        at = time.strftime("%H:%M:%S", time.localtime(began))
        self.failures += 1
        print(f"{at} {method} {path} after {time.time() - began:.1f} s: {what}", file=sys.stderr, flush=True)


def main():
    url, token, clients, stop = sys.argv[1:]
    address = urllib.parse.urlsplit(url).netloc
    threads = [Client(address, token, stop) for _ in range(int(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failures = sum(thread.failures for thread in threads)
    print(f"{sum(thread.requests for thread in threads)} requests, {failures} failed")
    sys.exit(1 if failures else 0)


main()
