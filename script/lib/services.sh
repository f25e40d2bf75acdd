# shellcheck shell=bash
# Starts, watches and ends the servers under one folder, $STATE (data/, run/NAME.pid, log/NAME.log).
# Needs common.sh and install.sh, and the settings named at the head of each part; script/up and script/test
# differ only in the folder, the ports and PG_OPTIONS.

# All ports follow from one number, so that several clones live side by side. SeaweedFS would take each gRPC port
# 10000 above the plain one, and some on every interface, so each of its ports is named.
set_ports() {
    HTTP_PORT=$1 PG_PORT=$(($1 + 1)) S3_PORT=$(($1 + 2)) REDIS_PORT=$(($1 + 3))
    WEED_PORT=$(($1 + 4)) # and the six after it
}
ports_of() {
    case $1 in
        postgres) printf '%s\n' "$PG_PORT" ;;
        s3) printf '%s\n' "$S3_PORT" && seq "$WEED_PORT" $((WEED_PORT + 6)) ;;
        redis) printf '%s\n' "$REDIS_PORT" ;;
        serve) printf '%s\n' "$HTTP_PORT" ;;
    esac
}

# What the command line of a service of this folder holds, and no other program's does.
mark_of() {
    case $1 in
        postgres) printf '%s' "-D $STATE/data/postgres " ;;
        s3) printf '%s' "-dir=$STATE/data/s3 " ;;
        redis) printf '%s' "$STATE/run/redis.conf " ;;
        serve | worker) printf '%s' "$STATE/bin/docuvault $1 " ;;
    esac
}

# Prints the pid of a service that runs. After a crash or a reboot the pid file may name nobody, or somebody else.
# (/proc/PID/cmdline is readable for all, other than exe and cwd, which a container's root may not see.)
pid_of() {
    local pid line
    pid=$(cat "$STATE/run/$1.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
    [[ $line == *"$(mark_of "$1")"* ]] || return 1
    printf '%s' "$pid"
} 2>/dev/null
running() { pid_of "$1" >/dev/null; }

make_folders() {
    mkdir -p "$STATE"/{data,run,log}
    # The postgres account has to pass through; what is secret in there has a mode of its own.
    chmod 711 "$STATE" "$STATE"/{data,run,log}
}

fail_with_log() {
    printf -- '--- the end of %s\n' "$STATE/log/$1.log" >&2
    tail -n 30 "$STATE/log/$1.log" >&2 || true
    die "$2"
}

# launch NAME COMMAND…: detached from this shell and its terminal, output to log/NAME.log.
launch() {
    local name=$1 log=$STATE/log/$1.log pid _
    shift
    if [[ $(stat -c %s "$log" 2>/dev/null || echo 0) -gt 20000000 ]]; then mv -f "$log" "$log.1"; fi
    (
        umask 077
        cd "$STATE/run" || exit
        exec setsid "$@" </dev/null >>"$log" 2>&1 8>&- 9>&-
    ) &
    pid=$!
    disown "$pid" # else bash tells of its end in the midst of other output
    printf '%s\n' "$pid" >"$STATE/run/$name.pid"
    # Until it has exec'd, it can't be told from a copy of this script.
    for _ in {1..100}; do
        if running "$name" || [[ ! -e /proc/$pid ]]; then return; fi
        sleep 0.02
    done
}

# wait_for NAME SECONDS COMMAND…: until the command succeeds.
wait_for() {
    local name=$1 end=$((SECONDS + $2)) seconds=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        running "$name" || fail_with_log "$name" "$name has ended while starting"
        ((SECONDS < end)) || fail_with_log "$name" "$name was not ready within $seconds s"
        sleep 0.1
    done
}

# end_services NAME…: asks all at once, then waits for each, then insists.
end_services() {
    local name pid signal grace last start=$SECONDS
    for name in "$@"; do
        signal=TERM
        if [[ $name == postgres ]]; then signal=INT; fi # "fast": does not wait for clients to go
        if pid=$(pid_of "$name"); then kill -s "$signal" "$pid" 2>/dev/null || true; fi
    done
    for name in "$@"; do
        grace=35 last=KILL
        case $name in
            postgres) last=QUIT ;; # lets its children go too, and recovers at the next start
            # It always sits out 15 s for its own inner streams. All it has answered is in its files by then: a start
            # after SIGKILL finds it.
            s3) grace=3 ;;
        esac
        while pid=$(pid_of "$name"); do
            if ((SECONDS - start > grace)); then
                kill -s "$last" "$pid" 2>/dev/null || true
                grace=$((grace + 5))
            fi
            sleep 0.05
        done
        rm -f "$STATE/run/$name.pid"
    done
}

# ---- PostgreSQL: POSTGRES_PASSWORD, DOCUVAULT_APP_PASSWORD, DOCUVAULT_MIGRATE_PASSWORD, PG_OPTIONS (optional) ----

# It refuses to run as root: then it runs as the account of its package. If that can't reach the folder (a clone
# below /root, say), the one process group gets the right to pass through; nothing on the disk is opened up.
set_pg_account() {
    PG_AS=() PG_OWNER=$(id -un)
    ((EUID == 0)) || return 0
    id -u postgres >/dev/null 2>&1 || die "there is no account postgres to run PostgreSQL as"
    PG_OWNER=postgres
    PG_AS=(setpriv --reuid=postgres --regid=postgres --init-groups)
    if ! "${PG_AS[@]}" test -x "$STATE/data/."; then
        PG_AS+=(--inh-caps=+dac_override --ambient-caps=+dac_override)
    fi
}

start_postgres() {
    local data=$STATE/data/postgres pwfile=$STATE/run/postgres.pw
    set_pg_account
    if [[ -s $data/PG_VERSION ]]; then
        find_postgres "$(<"$data/PG_VERSION")" ||
            die "$data was made by PostgreSQL $(<"$data/PG_VERSION"), which is not installed (script/down --volumes starts anew)"
    else
        find_postgres
        # Made beside and moved into place, so that an interruption leaves no half-made database.
        rm -rf "$data.new"
        install -d -m 700 -o "$PG_OWNER" "$data.new"
        install -m 600 -o "$PG_OWNER" /dev/null "$pwfile"
        printf '%s\n' "$POSTGRES_PASSWORD" >"$pwfile"
        (
            cd "$STATE" || exit
            LC_ALL=C.UTF-8 "${PG_AS[@]}" "$PG_BIN/initdb" --pgdata="$data.new" --username=postgres --pwfile="$pwfile" \
                --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-sync
        ) >"$STATE/log/postgres.log" 2>&1 || fail_with_log postgres "initdb failed"
        rm -f "$pwfile"
        mv "$data.new" "$data"
    fi
    # No Unix socket: there is one way in, and it asks for the password.
    # shellcheck disable=SC2086 # PG_OPTIONS is a list of words
    launch postgres env LC_ALL=C.UTF-8 "${PG_AS[@]}" "$PG_BIN/postgres" -D "$data" -p "$PG_PORT" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c password_encryption=scram-sha-256 ${PG_OPTIONS-}
}

as_superuser() {
    PGPASSWORD=$POSTGRES_PASSWORD PGCONNECT_TIMEOUT=5 "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 \
        -h 127.0.0.1 -p "$PG_PORT" -U postgres -d postgres "$@"
}

ready_postgres() {
    find_postgres "$(<"$STATE/data/postgres/PG_VERSION")"
    # A start after a crash replays the log first.
    wait_for postgres 120 as_superuser -c 'SELECT 1'
    DOCUVAULT_DB=docuvault DOCUVAULT_APP_PASSWORD=$DOCUVAULT_APP_PASSWORD \
        DOCUVAULT_MIGRATE_PASSWORD=$DOCUVAULT_MIGRATE_PASSWORD as_superuser -o /dev/null -f "$ROOT/docker/postgres/initdb.d/01-init-users.sql"
}

# ---- Redis: REDIS_PASSWORD ----

start_redis() {
    mkdir -p "$STATE/data/redis"
    # A file, so that the password stands on no command line. It holds jobs' bells: nothing may be evicted.
    (
        umask 077
        cat >"$STATE/run/redis.conf" <<CONF
bind 127.0.0.1
port $REDIS_PORT
requirepass "$REDIS_PASSWORD"
dir "$STATE/data/redis"
appendonly yes
save ""
maxmemory-policy noeviction
daemonize no
set-proc-title no
CONF
    )
    launch redis redis-server "$STATE/run/redis.conf"
}

ping_redis() { [[ $(REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -h 127.0.0.1 -p "$REDIS_PORT" ping 2>/dev/null) == PONG ]]; }
ready_redis() { wait_for redis 60 ping_redis; }

# ---- SeaweedFS: MINIO_BUCKET, MINIO_REGION, MINIO_ACCESS_KEY, MINIO_SECRET_KEY, MINIO_ROOT_USER, MINIO_ROOT_PASSWORD ----

# Writes the template with each ${NAME} replaced by the setting of that name.
render() {
    local text name
    text=$(<"$1")
    for name in MINIO_ROOT_USER MINIO_ROOT_PASSWORD MINIO_ACCESS_KEY MINIO_SECRET_KEY MINIO_BUCKET; do
        text=${text//"\${$name}"/"${!name}"}
    done
    printf '%s\n' "$text"
}

start_s3() {
    mkdir -p "$STATE/data/s3"
    (
        umask 077
        render "$ROOT/docker/minio/seaweedfs-identities.json" >"$STATE/run/s3-identities.json"
    )
    # volumeSizeLimitMB, volume.max: each bucket takes seven volumes, and the default allows eight in all.
    # electionTimeout: the only candidate need not wait 10 s and more for others at each start on a filled folder.
    # The sockets are named relative to run/: a path to a Unix socket may have 107 letters.
    launch s3 "$WEED" -logtostderr server -dir="$STATE/data/s3" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
        -master.port="$WEED_PORT" -master.port.grpc=$((WEED_PORT + 1)) -master.telemetry=false \
        -master.electionTimeout=1s -master.volumeSizeLimitMB=1024 \
        -volume.port=$((WEED_PORT + 2)) -volume.port.grpc=$((WEED_PORT + 3)) -volume.max=512 -volume.preStopSeconds=1 \
        -filer -filer.port=$((WEED_PORT + 4)) -filer.port.grpc=$((WEED_PORT + 5)) -filer.localSocket=filer.sock \
        -s3 -s3.port="$S3_PORT" -s3.port.grpc=$((WEED_PORT + 6)) -s3.port.iceberg=0 -s3.port.lance=0 \
        -s3.ip.bind=127.0.0.1 -s3.localSocket=s3.sock -s3.iam=false -s3.config="$STATE/run/s3-identities.json"
}

# s3_status METHOD PATH [BODY]: prints the status of a call signed with the set-up identity.
s3_status() {
    local body=${3-} options=(--request "$1")
    case $1 in
        HEAD) options=(--head) ;;
        PUT) options+=(--data-binary "$body" --header 'content-type: application/octet-stream') ;;
    esac
    # The secret comes by standard input, so that it stands on no command line.
    printf 'user = "%s:%s"\n' "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" |
        curl --config - --noproxy '*' --silent --max-time 10 --output /dev/null --write-out '%{http_code}' \
            --aws-sigv4 "aws:amz:$MINIO_REGION:s3" \
            --header "x-amz-content-sha256: $(printf '%s' "$body" | sha256sum | cut -d ' ' -f 1)" \
            "${options[@]}" "http://127.0.0.1:$S3_PORT$2" || true
}
s3_answers() { [[ $(s3_status HEAD "/$MINIO_BUCKET") =~ ^(200|404)$ ]]; }
s3_stores() { [[ $(s3_status PUT "/$1/.ready" ready) == 200 && $(s3_status DELETE "/$1/.ready") == 204 ]]; }

# ready_s3 BUCKET…: makes the buckets that are missing. A new bucket takes an object a little later than it exists.
ready_s3() {
    local bucket
    wait_for s3 60 s3_answers
    for bucket in "$@"; do
        if [[ $(s3_status HEAD "/$bucket") == 404 ]]; then s3_status PUT "/$bucket" >/dev/null; fi
        wait_for s3 60 s3_stores "$bucket"
    done
}

# It leaves these behind in /tmp when it is ended hard, and there is no option to have them elsewhere.
tidy_s3() {
    rm -f "/tmp/seaweedfs-master-grpc-$((WEED_PORT + 1)).sock" "/tmp/seaweedfs-volume-grpc-$((WEED_PORT + 3)).sock" \
        "/tmp/seaweedfs-filer-grpc-$((WEED_PORT + 5)).sock" "/tmp/seaweedfs-s3-grpc-$((WEED_PORT + 6)).sock"
}

# start_stores BUCKET…: all three at the same time, the slowest first.
start_stores() {
    local name
    for name in s3 redis postgres; do
        if running "$name"; then
            say "$name runs already"
        else
            say "Starting $name"
            "start_$name"
        fi
    done
    ready_redis
    ready_postgres
    ready_s3 "$@"
}

end_stores() {
    end_services redis s3 postgres
    tidy_s3
}
