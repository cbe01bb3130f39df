#!/usr/bin/env bash
# A worker with nothing but curl: pulls from a queue, gives each body to a command on standard input, and acknowledges
# what the command did. What it could not do is given back, and comes again until its retries are spent.
#
#   examples/worker.sh QUEUE COMMAND [ARGS]      e.g. examples/worker.sh jobs wc -c
#   LMQ_URL names the server (http://127.0.0.1:9980); WORKER_MESSAGES=n ends the worker after n messages.
set -euo pipefail

url=${LMQ_URL:-http://127.0.0.1:9980}
queue=$1
shift
left=${WORKER_MESSAGES:--1}
body=$(mktemp)
trap 'rm -f "$body"' EXIT

while [[ $left -ne 0 ]]; do
  # One request waits up to 30 s for a message: 200 with one, 204 without. A server that is away is asked again.
  answer=$(curl -s -o "$body" -w '%{http_code} %header{x-lmq-message-id}' --retry 5 --retry-connrefused \
    "$url/messages/$queue?t=30")
  read -r status id <<<"$answer"
  case $status in
    200) ;;
    204) continue ;;
    *)
      echo "worker: the server answered $status: $(<"$body")" >&2
      exit 1
      ;;
  esac
  if "$@" <"$body"; then reply=ack; else reply=nack; fi
  # 404: the command took longer than the lease, and somebody else has the message by now.
  curl -s -o "$body" -w '' -X POST "$url/messages/$queue/$id?reply=$reply"
  left=$((left - 1))
done
