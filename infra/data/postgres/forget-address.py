"""Lets a member forget where it was in an earlier life, before Patroni starts.

Patroni refuses to start while somebody answers at the address that it left in its pod's annotation. After a node's restart
the pod is the same and its address another; the old one may be the other member's by then, which answers for ever.
That two members have one name is what the check is for, and Kubernetes sees to that: a pod's name is there once.
"""

import json
import os
import ssl
import urllib.request
from urllib.parse import urlsplit

ACCOUNT = os.environ.get("SERVICE_ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount")
SECONDS = 5


def main() -> None:
    status = json.loads(pod("GET")["metadata"].get("annotations", {}).get("status", "{}"))
    left = urlsplit(status.get("api_url", "")).hostname
    if left in (None, os.environ["PATRONI_KUBERNETES_POD_IP"]):
        return
    pod("PATCH", {"metadata": {"annotations": {"status": None}}})
    print(f"forgot the address of an earlier life, {left}", flush=True)


def pod(method: str, patch: object = None) -> dict:
    """Reads or patches this pod."""
    host, port = (os.environ[f"KUBERNETES_SERVICE_{name}"] for name in ("HOST", "PORT"))
    namespace, name = (os.environ[f"PATRONI_{name}"] for name in ("KUBERNETES_NAMESPACE", "NAME"))
    host = f"[{host}]" if ":" in host else host
    with open(f"{ACCOUNT}/token", encoding="ascii") as file:
        headers = {"Authorization": f"Bearer {file.read().strip()}", "Content-Type": "application/merge-patch+json"}
    url = f"https://{host}:{port}/api/v1/namespaces/{namespace}/pods/{name}"
    body = None if patch is None else json.dumps(patch).encode()
    request = urllib.request.Request(url, body, headers, method=method)
    trust = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    with urllib.request.urlopen(request, timeout=SECONDS, context=trust) as answer:
        return json.load(answer)


main()
