#!/bin/sh
# Enqueues an experiment, follows its log until it has ended, says how it ended, and exits with its exit code (1 where it has none).
# usage: SKEDULER_HOST=http://localhost:8080 SKEDULER_TOKEN=… sh enqueue.sh IMAGE COMMAND
set -eu

# A text as JSON writes it, without its quotation marks.
escaped() {
  printf '%s' "$1" | awk '{ gsub(/["\\]/, "\\\\&"); gsub(/\t/, "\\t"); printf "%s%s", (NR > 1 ? "\\n" : ""), $0 }'
}
# What a field of the JSON on stdin says.
field() {
  sed -nE 's/.*"'"$1"'" *: *"(([^"\]|\\.)*)".*/\1/p' | sed 's/\\\(["\\]\)/\1/g'
}
call() {
  curl --fail-with-body --silent --show-error -H "Authorization: Bearer $SKEDULER_TOKEN" "$@"
}

body=$(printf '{"name": "example", "docker": {"image": "%s", "command": "%s"}}' "$(escaped "$1")" "$(escaped "$2")")
experiment=$(call "$SKEDULER_HOST/experiments" -d "$body") || {
  printf '%s\n' "$experiment" | field error >&2 # the server's sentence, where there was one
  exit 1
}
id=$(printf '%s' "$experiment" | sed 's/^{"id" *: *"\([0-9a-f-]*\)".*/\1/')
call --no-buffer "$SKEDULER_HOST/logs/$id/tail"
ended=$(call "$SKEDULER_HOST/experiments/$id")
printf '%s\n' "$ended" | field message >&2
code=$(printf '%s' "$ended" | sed -nE 's/.*"exit_code" *: *([0-9]+).*/\1/p')
exit "${code:-1}" # cancelled, or it could not be run: no code
