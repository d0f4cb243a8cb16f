#!/bin/sh
# Measures what the README says of a start: from the program's start to its first answer, on
# a new and on an existing database, and what it takes of memory while idle. Linux.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
go build -trimpath -o "$folder/handstamp" ./cmd/handstamp
cd "$folder"
for what in "a new database" "an existing database"; do
	begin=$(date +%s%N)
	./handstamp serve --listen 127.0.0.1:9787 --ops-listen "" --public-url http://localhost:9787 >/dev/null 2>&1 &
	server=$!
	until curl -s -o /dev/null http://localhost:9787/.well-known/jwks.json; do sleep 0.002; done
	end=$(date +%s%N)
	sleep 2
	echo "$what: first answer after $(((end - begin) / 1000000)) ms, idle with $(awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$server/status") MB resident"
	kill "$server"
	wait "$server" || true
done
