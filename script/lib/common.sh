# shellcheck shell=bash
# The few words every script speaks, and where the clone is. Sourced, never run.

ROOT=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# What outlives one run of a script: tools, data, settings, logs of script/up. Ignored by git.
# shellcheck disable=SC2034
DEV=$ROOT/.dev

say() { printf '==> %s\n' "$*"; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# Letters and digits only, so that it needs no quoting in a URL, a JSON string or a settings file.
random_secret() { od -An -N20 -tx1 /dev/urandom | tr -d ' \n'; }

# A listener on another interface does not bother us, so the question is asked of 127.0.0.1, by connecting.
port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

port_holder() {
    local found=''
    if have ss; then
        found=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (pid \2)/p' | head -n 1)
    fi
    printf '%s' "${found:-another program}"
}
