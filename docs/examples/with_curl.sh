#!/bin/sh
# Events from a file of JSON lines (1,000 at most), sent with curl alone: sh with_curl.sh FILE.jsonl
#   TONGHOP_API_URL=https://tonghop.example.org TONGHOP_TOKEN_FILE=token sh with_curl.sh events.jsonl
# Run it again after any trouble: what is there already is a duplicate, and counts once.
set -eu
file="$1"

# The token goes in by a file that curl reads, and not on the command line, which others on the machine can see.
headers="$(mktemp)"
trap 'rm -f "$headers"' EXIT
printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TONGHOP_TOKEN_FILE")" >"$headers"

# 503, 429 and a line that is cut are tried again, as Retry-After says; no redirect is followed.
curl --silent --show-error --fail-with-body --config "$headers" \
    --retry 8 --retry-connrefused --max-time 120 \
    --header "Content-Type: application/x-ndjson" --header "Prefer: wait=10" \
    --data-binary "@$file" "$TONGHOP_API_URL/v1/events"
