"""What Locust runs: the sessions of a plan, each in a greenlet that begins at its moment. Each line it writes is one event, read by ../events.ts."""

import json
import os
import re
import ssl
import time

import gevent
from gevent.pool import Group
from locust import FastHttpUser, events, task

with open(os.environ["PLAN"], encoding="utf-8") as file:
    PLAN = json.load(file)
with open(os.environ["TARGET"], encoding="utf-8") as file:
    TARGET = json.load(file)
OUT = open(os.environ["EVENTS"], "w", encoding="utf-8", buffering=1)
CA_FILE = os.environ["CA_FILE"]
PLACEHOLDER = re.compile(r"\{(\w+)\}")
PROBLEM = re.compile(r'"type"\s*:\s*"/problems/([a-z0-9-]+)"')


@events.request.add_listener
def keep_latency(response_time, context, exception, **_):
    context["ms"] = response_time
    context["exception"] = exception


@events.quitting.add_listener
def judge_nothing(environment, **_):
    """The verdict is made from the events; an answer with an error is no failure of Locust."""
    environment.process_exit_code = 0


class Sessions(FastHttpUser):
    host = TARGET["url"]
    insecure = False
    concurrency = 1_000
    connection_timeout = TARGET["timeoutSeconds"]
    network_timeout = TARGET["timeoutSeconds"]
    max_retries = 0

    @staticmethod
    def ssl_context_factory():
        return ssl.create_default_context(cafile=CA_FILE or None)

    @task
    def begin_all(self):
        started = time.monotonic()
        now = lambda: (time.monotonic() - started) * 1_000
        running = Group()
        for session in PLAN["sessions"]:
            wait = session["atMs"] - now()
            if wait > 0:
                gevent.sleep(wait / 1_000)
            running.spawn(self.session, session, now)
        running.join()
        self.environment.runner.quit()
        gevent.sleep(60)

    def session(self, session, now):
        begun = now()
        OUT.write(f"b {begun - session['atMs']:.3f}\n")
        saved = {}
        for request in session["requests"]:
            wait = begun + request["atMs"] - now()
            if wait > 0:
                gevent.sleep(wait / 1_000)
            self.send(request, saved, now)
        OUT.write("e\n")

    def send(self, request, saved, now):
        step = PLAN["steps"][request["step"]]
        needed = PLACEHOLDER.search(request["path"])
        if needed and needed[1] not in saved:
            OUT.write(f"k {request['step']}\n")
            return
        path = request["path"].replace(needed[0], saved[needed[1]]) if needed else request["path"]
        context = {}
        with self.client.request(
            request["method"],
            path,
            name=step["name"],
            data=request.get("body", "").encode() or None,
            headers=headers_of(request, step),
            allow_redirects=False,
            context=context,
            catch_response=True,
        ) as answer:
            error = error_of(answer, step, context)
            # Locust takes other codes than those the journey expects for failures.
            answer.success()
        status = answer.status_code or 0
        if error == "-":
            for name, member in step["save"].items():
                saved[name] = str(json.loads(answer.text).get(member, ""))
        trace = answer.headers.get("x-trace-id", "-") if answer.headers else "-"
        us = round(context.get("ms", 0) * 1_000)
        OUT.write(f"s {request['step']} {now():.0f} {us} {status} {error} {trace}\n")


def headers_of(request, step):
    headers = {TARGET["markHeader"]: TARGET["mark"]}
    if step["signedIn"]:
        headers["Authorization"] = f"Bearer {TARGET['token']}"
    if request.get("key"):
        headers["Idempotency-Key"] = request["key"]
    if request.get("body"):
        headers["Content-Type"] = "application/json"
    return headers


def error_of(answer, step, context):
    if answer.status_code == step["status"]:
        return "-"
    if not answer.status_code:
        reason = repr(getattr(answer, "error", None) or context.get("exception"))
        if "imeout" in reason or "timed out" in reason:
            return "timeout"
        return "connection-refused" if "refused" in reason.lower() else "connection-lost"
    problem = PROBLEM.search(answer.text or "")
    return problem[1] if problem else f"http-{answer.status_code}"
