"""Events from a file of JSON lines, sent with `requests` alone: `python with_requests.py FILE.jsonl`.

    TONGHOP_API_URL=https://tonghop.example.org TONGHOP_TOKEN=… python with_requests.py events.jsonl

Run it again after any trouble: what is there already is a duplicate, and counts once. Ends with 1 where something was
refused, or could not be sent.
"""

import json
import os
import sys
import time
from itertools import islice
from pathlib import Path

import requests

URL = os.environ["TONGHOP_API_URL"].rstrip("/")
HEADERS = {
    "Authorization": f"Bearer {os.environ['TONGHOP_TOKEN']}",
    "Content-Type": "application/x-ndjson",
    "Prefer": "wait=10",
}
MOST = 1000
TRIES = 8


def send(session, lines):
    """Send at most a thousand lines, and those again that could not be sent; give an item for each line."""
    items, left = {}, list(range(len(lines)))
    for attempt in range(TRIES):
        try:
            answer = session.post(
                f"{URL}/v1/events",
                data=b"\n".join(lines[n] for n in left),
                headers=HEADERS,
                timeout=60,
                allow_redirects=False,  # the token is for this address
            )
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(2**attempt)
            continue
        if answer.status_code not in (200, 202, 429, 503):
            sys.exit(f"{answer.status_code}: {answer.text}")
        items.update(zip(left, answer.json().get("items", ())))
        left = [n for n in left if items.get(n, {"status": "unsent"})["status"] == "unsent"]
        if not left:
            break
        time.sleep(int(answer.headers.get("Retry-After", 2**attempt)))
    return [items.get(n, {"status": "unsent", "reason": "away"}) for n in range(len(lines))]


def main(file):
    """Send a file and print what became of each line."""
    good = True
    with Path(file).open("rb") as events, requests.Session() as session:
        lines = (line.strip() for line in events)
        lines = (line for line in lines if line)
        while chunk := list(islice(lines, MOST)):
            for line, item in zip(chunk, send(session, chunk)):
                told = item.get("outcome") or item["status"]
                print(json.loads(line)["id"], told, item.get("reason") or "", item.get("field") or "")
                good &= item["status"] in ("accepted", "duplicate")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
