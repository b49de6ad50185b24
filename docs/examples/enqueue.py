#!/usr/bin/env python3
"""Enqueues an experiment, follows its log until it has ended, and exits with its exit code. Python's standard library only.

usage: SKEDULER_HOST=http://localhost:8080 SKEDULER_TOKEN=… python3 enqueue.py IMAGE COMMAND
"""

import json
import os
import shutil
import sys
import urllib.error
import urllib.request

HOST = os.environ["SKEDULER_HOST"]
HEADERS = {"Authorization": "Bearer " + os.environ["SKEDULER_TOKEN"]}


def call(method, path, body=None):
    """The open answer; an error's sentence ends the program."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(HOST + path, data=data, headers=HEADERS, method=method)
    try:
        return urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        sys.exit(json.load(error)["error"])


def main(image, command):
    experiment = json.load(
        call("POST", "/experiments", {"name": "example", "docker": {"image": image, "command": command}})
    )
    with call("GET", f"/logs/{experiment['id']}/tail") as log:
        shutil.copyfileobj(log, sys.stdout.buffer)
    ended = json.load(call("GET", f"/experiments/{experiment['id']}"))
    print(ended["result"]["message"], file=sys.stderr)
    return ended["result"]["exit_code"] if ended["result"]["exit_code"] is not None else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
