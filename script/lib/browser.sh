# shellcheck shell=bash
# Brings a browser, and gives it a DocuVault of its own, for script/test and script/screenshots. Needs common.sh and
# install.sh, and to bring a browser the page's tools.

# Prints one that starts: Ubuntu's chromium-browser may do no more than name a snap. Last, the one that Playwright fetched.
find_browser() {
    local browser
    for browser in chromium chromium-browser google-chrome; do
        browser=$(command -v "$browser") && "$browser" --version >/dev/null 2>&1 && printf '%s' "$browser" && return
    done
    browser=$(cd "$ROOT/frontend" && node --print "require('@playwright/test').chromium.executablePath()" 2>/dev/null) &&
        [[ -x $browser ]] && printf '%s' "$browser"
}

# Debian's chromium. Ubuntu's archive has none, so there Playwright fetches its own.
ensure_browser() {
    find_browser >/dev/null && return
    take_turn
    if apt_offers chromium; then
        apt_install chromium
    else
        say "Fetching Playwright's chromium"
        (cd "$ROOT/frontend" && npx playwright install --with-deps --no-shell --no-progress chromium </dev/null) || true
    fi
    end_turn
    find_browser >/dev/null || die "there is no browser for the tests: install chromium or google-chrome, and call this again"
}

# start_browser_stack FOLDER PROGRAM: sets what the scripts of frontend/ read (E2E_…). Its end is that of this script.
start_browser_stack() {
    local line
    say "Starting a DocuVault for the browser"
    coproc BROWSER_STACK { exec "$ROOT/script/lib/browser-stack" "$1" up "$2"; }
    while IFS= read -r line <&"${BROWSER_STACK[0]}" && [[ -n $line ]]; do export "${line?}"; done
    [[ -n ${E2E_BASE_URL-} ]] || die "DocuVault did not start for the browser"
    E2E_CHROMIUM=$(find_browser) || die "there is no browser here"
    export E2E_CHROMIUM
}

# end_browser_stack FOLDER
end_browser_stack() {
    if [[ -e $1 ]]; then "$ROOT/script/lib/browser-stack" "$1" down || true; fi
}

# What cargo has built for the tests.
built_program() (cd "$ROOT" && realpath "${CARGO_TARGET_DIR:-target}/debug/docuvault")
