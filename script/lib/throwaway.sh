# shellcheck shell=bash
# Stores that live for one run: on free ports, with secrets of their own, and ended the hard way. Needs common.sh and
# services.sh.

# Sets all ports to a random free place below the range that outgoing connections take theirs from, so that several
# runs do not meet.
take_free_ports() {
    local attempt port all_free
    for attempt in {1..100}; do
        set_ports $((20000 + RANDOM % 600 * 20))
        all_free=yes
        for port in "$HTTP_PORT" $(ports_of s3) "$PG_PORT" "$REDIS_PORT"; do
            port_is_free "$port" || all_free=
        done
        if [[ -n $all_free ]]; then return; fi
    done
    die "no free ports after $attempt attempts"
}

# Fresh secrets, and the settings that follow from the ports: all that the tests read. The names are those of
# .env.example. MINIO_ROOT_USER is the identity that sets up; MINIO_ACCESS_KEY is the app's, which may touch the bucket
# docuvault, and must be refused on any other.
SETTINGS='POSTGRES_PASSWORD REDIS_PASSWORD DOCUVAULT_APP_PASSWORD DOCUVAULT_MIGRATE_PASSWORD MINIO_ROOT_USER
    MINIO_ROOT_PASSWORD MINIO_ACCESS_KEY MINIO_SECRET_KEY MINIO_BUCKET MINIO_REGION MINIO_ENDPOINT TEST_POSTGRES_URL
    TEST_REDIS_URL'
make_settings() {
    POSTGRES_PASSWORD=$(random_secret) REDIS_PASSWORD=$(random_secret)
    DOCUVAULT_APP_PASSWORD=$(random_secret) DOCUVAULT_MIGRATE_PASSWORD=$(random_secret)
    MINIO_ROOT_USER=docuvault-setup MINIO_ROOT_PASSWORD=$(random_secret)
    MINIO_ACCESS_KEY=docuvault-app MINIO_SECRET_KEY=$(random_secret)
    MINIO_BUCKET=docuvault MINIO_REGION=us-east-1 MINIO_ENDPOINT=http://127.0.0.1:$S3_PORT
    TEST_POSTGRES_URL=postgres://postgres:$POSTGRES_PASSWORD@127.0.0.1:$PG_PORT/postgres
    TEST_REDIS_URL=redis://:$REDIS_PASSWORD@127.0.0.1:$REDIS_PORT/0
    # shellcheck disable=SC2086 # a list of words
    export ${SETTINGS?}
}

# kill_hard NAME…: as a power cut would. PostgreSQL's children have to go too: SIGQUIT ends all of them, and it recovers
# at the next start.
kill_hard() {
    local name pid signal
    for name in "$@"; do
        signal=KILL
        if [[ $name == postgres ]]; then signal=QUIT; fi
        if pid=$(pid_of "$name"); then kill -s "$signal" "$pid" || true; fi
    done
    for name in "$@"; do
        while running "$name"; do sleep 0.05; done
    done
}

# Ends all three, and leaves nothing of them.
throw_away() {
    kill_hard postgres s3 redis
    tidy_s3
    rm -rf "$STATE"
}
