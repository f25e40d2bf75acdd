# shellcheck shell=bash
# .dev/env: the settings of script/up. Needs common.sh and services.sh (set_ports).
#
# It is .env.example with other values, so that a setting has one place where it is named and explained:
#   - a placeholder `change-me…` becomes a random secret, once;
#   - addresses follow the ports, each time;
#   - everything else keeps the value that stands in .dev/env, or else that of .env.example.

ENV_FILE=$DEV/env

# The line `NAME=value` of .dev/env, without the name. Fails when it isn't there.
env_value() {
    local line
    line=$(grep -m 1 "^$1=" "$ENV_FILE" 2>/dev/null) || return 1
    printf '%s' "${line#*=}"
}

# write_env PORT_BASE
write_env() {
    local line name value names=' ' app migrate redis new=$ENV_FILE.new
    set_ports "$1"
    app=$(env_value DOCUVAULT_APP_PASSWORD) || app=$(random_secret)
    migrate=$(env_value DOCUVAULT_MIGRATE_PASSWORD) || migrate=$(random_secret)
    redis=$(env_value REDIS_PASSWORD) || redis=$(random_secret)
    (
        umask 077
        {
            printf '# Settings of script/up, made from .env.example. Your changes are kept, but for the ports and the addresses.\n'
            printf '#   set -a; . .dev/env; set +a; .dev/bin/docuvault migrate status\n\nPORT_BASE=%s\n' "$1"
            while IFS= read -r line; do
                if [[ ! $line =~ ^([A-Z][A-Z0-9_]*)=(.*)$ ]]; then
                    printf '%s\n' "$line"
                    continue
                fi
                name=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
                names+="$name "
                case $name in
                    DOCUVAULT_ENV_FILE | DOCUVAULT_VERSION | HTTP_PORT) printf '# (only for docker compose)\n' && continue ;;
                    DOCUVAULT_APP_PASSWORD) value=$app ;;
                    DOCUVAULT_MIGRATE_PASSWORD) value=$migrate ;;
                    REDIS_PASSWORD) value=$redis ;;
                    BIND_ADDR) value=127.0.0.1:$HTTP_PORT ;;
                    DATABASE_URL) value=postgres://docuvault_app:$app@127.0.0.1:$PG_PORT/docuvault ;;
                    DATABASE_MIGRATE_URL) value=postgres://docuvault_migrate:$migrate@127.0.0.1:$PG_PORT/docuvault ;;
                    REDIS_URL) value=redis://:$redis@127.0.0.1:$REDIS_PORT/0 ;;
                    MINIO_ENDPOINT) value=http://127.0.0.1:$S3_PORT ;;
                    *)
                        if [[ $value == change-me* ]]; then value=$(random_secret); fi
                        value=$(env_value "$name" || printf '%s' "$value")
                        ;;
                esac
                printf '%s=%s\n' "$name" "$value"
            done <"$ROOT/.env.example"
            # What somebody added by hand.
            if [[ -e $ENV_FILE ]]; then
                while IFS= read -r line; do
                    [[ $line =~ ^([A-Za-z_][A-Za-z0-9_]*)= ]] || continue
                    name=${BASH_REMATCH[1]}
                    [[ $name == PORT_BASE || $names == *" $name "* ]] || printf '%s\n' "$line"
                done <"$ENV_FILE"
            fi
        } >"$new"
    )
    if cmp -s "$new" "$ENV_FILE"; then rm -f "$new"; else mv -f "$new" "$ENV_FILE"; fi
}
