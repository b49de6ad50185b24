#!/bin/sh
# Enqueues an experiment, follows its log until it has ended, says how it ended, and exits with its exit code (1 where it has none).
# usage: SKEDULER_HOST=http://localhost:8080 SKEDULER_TOKEN=… sh enqueue.sh IMAGE COMMAND
set -eu
authorization="Authorization: Bearer $SKEDULER_TOKEN"
body=$(printf '{"name": "example", "docker": {"image": "%s", "command": "%s"}}' "$1" "$2")

experiment=$(curl --fail-with-body --silent --show-error -H "$authorization" "$SKEDULER_HOST/experiments" -d "$body")
id=$(printf '%s' "$experiment" | sed 's/^{"id" *: *"\([0-9a-f-]*\)".*/\1/')
curl --fail-with-body --silent --show-error --no-buffer -H "$authorization" "$SKEDULER_HOST/logs/$id/tail"
ended=$(curl --fail-with-body --silent --show-error -H "$authorization" "$SKEDULER_HOST/experiments/$id")
printf '%s\n' "$ended" | sed -E 's/.*"message" *: *"(([^"\]|\\.)*)".*/\1/; s/\\(["\\])/\1/g' >&2
code=$(printf '%s' "$ended" | sed -nE 's/.*"exit_code" *: *([0-9]+).*/\1/p')
exit "${code:-1}" # cancelled, or it could not be run: no code
