#!/usr/bin/env bash
# Runs the product on this machine as it runs in production: commands, queries, what goes on behind
# them, and a gateway, each in a process of its own, on the PostgreSQL database of DATABASE_URL. If
# AMQP_URL is set, RabbitMQ carries events and work to the one behind.
#
#   export DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres
#   AMQP_URL=amqp://guest:guest@127.0.0.1:5672/%2f scripts/split.sh
#
# The API is at port 5001 then, its hosts at 5011, 5012 and 5013; FIRST_PORT moves them all. Ctrl-C
# stops everything. BINARY is run instead of a fresh build.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${DATABASE_URL:?name a database: postgres://user@host:5432/name}"
export DATABASE_URL
first=${FIRST_PORT:-5001}
gateway=127.0.0.1:$first
commands=127.0.0.1:$((first + 10))
queries=127.0.0.1:$((first + 11))
worker=127.0.0.1:$((first + 12))

if [ -z "${BINARY:-}" ]; then
    cargo build --quiet --package hosts
    BINARY=target/debug/groundwork
fi

processes=()
stop() {
    trap - EXIT INT TERM
    # The gateway first, so that nobody is sent to a host that is gone.
    for ((at = ${#processes[@]} - 1; at >= 0; at--)); do
        kill -TERM "${processes[at]}" 2>/dev/null || true
        wait "${processes[at]}" 2>/dev/null || true
    done
}
trap stop EXIT
trap 'exit 0' INT TERM

# Each in a session of its own: Ctrl-C reaches this script alone, which stops them in order.
start() {
    local address=$1
    shift
    GROUNDWORK_HTTP_ADDRESSES=$address setsid "$@" &
    processes+=($!)
}
ready() {
    for ((tries = 0; tries < 300; tries++)); do
        if "$BINARY" ops health "http://$1/health/ready" >/dev/null 2>&1; then
            return
        fi
        for process in "${processes[@]}"; do
            kill -0 "$process" 2>/dev/null || {
                echo "split: a process ended; see above" >&2
                exit 1
            }
        done
        sleep 0.1
    done
    echo "split: http://$1 does not get ready" >&2
    exit 1
}

# Only the worker uses the broker.
broker=${AMQP_URL:-}
unset AMQP_URL
export GROUNDWORK_BASE_URL=${GROUNDWORK_BASE_URL:-http://127.0.0.1:$first}
AMQP_URL=$broker GROUNDWORK_API_URL=http://$gateway start "$worker" "$BINARY" worker
GROUNDWORK_HTTP_TRUST_PROXY=true start "$commands" "$BINARY" commands
GROUNDWORK_HTTP_TRUST_PROXY=true start "$queries" "$BINARY" queries
GROUNDWORK_GATEWAY_COMMANDS=http://$commands GROUNDWORK_GATEWAY_QUERIES=http://$queries \
    start "$gateway" "$BINARY" gateway
for address in "$worker" "$commands" "$queries" "$gateway"; do
    ready "$address"
done

echo
echo "  The API is at http://$gateway/; Ctrl-C stops it."
echo "  commands http://$commands, queries http://$queries, worker http://$worker"
echo "  e-mails in development: http://$commands/_mail"
echo
# Ends as soon as one of them does.
wait -n "${processes[@]}"
echo "split: a process ended; see above" >&2
exit 1
