# shellcheck shell=bash
# Builds, starts and ends DocuVault itself, for script/up. Needs services.sh, and the settings of .dev/env exported.

build_app() {
    say "Building"
    cargo build --release --locked
    local built=${CARGO_TARGET_DIR:-target}/release program
    mkdir -p "$STATE/bin"
    for program in docuvault docuvault-reader docuvault-renderer; do
        if ! cmp -s "$built/$program" "$STATE/bin/$program"; then
            # Moved into place: a program that runs can't be overwritten.
            install -m 755 "$built/$program" "$STATE/bin/$program.new"
            mv -f "$STATE/bin/$program.new" "$STATE/bin/$program"
        fi
    done
}

migrate_app() {
    say "Migrating the database"
    "$STATE/bin/docuvault" migrate --starter-topics
}

# Which programs run, with which settings.
app_stamp() { cat "$STATE"/bin/docuvault{,-reader,-renderer} "$ENV_FILE" | sha256sum; }

health() { curl --noproxy '*' --fail --silent --max-time 5 --output /dev/null "http://127.0.0.1:$HTTP_PORT/health"; }

start_app() {
    local name stamp direct=${no_proxy:-${NO_PROXY-}} _
    # The stores are on this machine, and no proxy's business.
    direct+=${direct:+,}127.0.0.1
    stamp=$(app_stamp)
    if [[ $stamp != "$(cat "$STATE/run/app.stamp" 2>/dev/null)" ]]; then
        if running serve || running worker; then say "Restarting: the program or its settings have changed"; fi
        end_services worker serve
    fi
    for name in serve worker; do
        if running "$name"; then
            say "$name runs already"
            continue
        fi
        say "Starting $name"
        # Neither needs what sets up the stores, so neither gets it.
        # A document in hand is a file in TMPDIR, of up to 1 GiB, and /tmp may be memory.
        launch "$name" env -u DATABASE_MIGRATE_URL -u DOCUVAULT_MIGRATE_PASSWORD -u DOCUVAULT_APP_PASSWORD \
            -u POSTGRES_PASSWORD -u MINIO_ROOT_USER -u MINIO_ROOT_PASSWORD MALLOC_MMAP_THRESHOLD_=1048576 \
            TMPDIR="${TMPDIR:-/var/tmp}" no_proxy="$direct" NO_PROXY="$direct" "$STATE/bin/docuvault" "$name"
    done
    printf '%s\n' "$stamp" >"$STATE/run/app.stamp"
    wait_for serve 60 health
    # The worker has no address to ask; settings or stores that don't suit it end it within a moment.
    for _ in {1..10}; do
        running worker || fail_with_log worker "worker has ended while starting"
        sleep 0.05
    done
}
