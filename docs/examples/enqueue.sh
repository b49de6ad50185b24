#!/bin/sh
# Enqueues an experiment, follows its log until it has ended, and exits with its exit code.
# usage: SKEDULER_HOST=http://localhost:8080 SKEDULER_TOKEN=… sh enqueue.sh IMAGE COMMAND
set -eu
authorization="Authorization: Bearer $SKEDULER_TOKEN"
body=$(printf '{"name": "example", "docker": {"image": "%s", "command": "%s"}}' "$1" "$2")

experiment=$(curl --fail-with-body --silent --show-error -H "$authorization" "$SKEDULER_HOST/experiments" -d "$body")
id=$(printf '%s' "$experiment" | sed 's/^{"id" *: *"\([0-9a-f-]*\)".*/\1/')
curl --fail-with-body --silent --show-error --no-buffer -H "$authorization" "$SKEDULER_HOST/logs/$id/tail"
ended=$(curl --fail-with-body --silent --show-error -H "$authorization" "$SKEDULER_HOST/experiments/$id")
exit "$(printf '%s' "$ended" | sed 's/.*"exit_code" *: *\([0-9]*\).*/\1/')"
