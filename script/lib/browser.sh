# shellcheck shell=bash
# Gives a browser a DocuVault of its own, for script/test and script/screenshots. Needs common.sh.

find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
have_browser() { find_browser >/dev/null; }

# start_browser_stack FOLDER PROGRAM: sets what the scripts of frontend/ read (E2E_…). Its end is that of this script.
start_browser_stack() {
    local line
    say "Starting a DocuVault for the browser"
    coproc BROWSER_STACK { exec "$ROOT/script/lib/browser-stack" "$1" up "$2"; }
    while IFS= read -r line <&"${BROWSER_STACK[0]}" && [[ -n $line ]]; do export "${line?}"; done
    [[ -n ${E2E_BASE_URL-} ]] || die "DocuVault did not start for the browser"
    E2E_CHROMIUM=$(find_browser) || die "there is no chromium here"
    export E2E_CHROMIUM
}

# end_browser_stack FOLDER
end_browser_stack() {
    if [[ -e $1 ]]; then "$ROOT/script/lib/browser-stack" "$1" down || true; fi
}

# What cargo has built for the tests.
built_program() (cd "$ROOT" && realpath "${CARGO_TARGET_DIR:-target}/debug/docuvault")
