#!/bin/sh
# Sets up the object store: the bucket, and a user of it with the rights of policy.json and no more. Run by the service
# minio-init of docker-compose.yml; can be run again at any time, which also gives the user the present secret.
#
# The app's key belongs to a plain user, never to a service account: this release of MinIO lets a service account with
# a session policy raise its own rights (GHSA-jjjj-jwhf-8rgr).
#
# The mc image has little beside the shell, so this takes nothing but the shell, mc and sleep. Secrets go to mc by
# standard input, so that they stand on no command line.
set -eu

: "${MINIO_ENDPOINT:?is not set}" "${MINIO_ROOT_USER:?is not set}" "${MINIO_ROOT_PASSWORD:?is not set}"
: "${MINIO_ACCESS_KEY:?is not set}" "${MINIO_SECRET_KEY:?is not set}"
bucket=${MINIO_BUCKET:-docuvault}
case $0 in
    */*) here=${0%/*} ;;
    *) here=. ;;
esac
policy_file=${POLICY_FILE:-$here/policy.json}
# mc keeps its alias here, and the image's own home may not be writable.
export MC_CONFIG_DIR="${MC_CONFIG_DIR:-/tmp/mc}"

if [ "$MINIO_ACCESS_KEY" = "$MINIO_ROOT_USER" ]; then
    echo "minio-init: MINIO_ACCESS_KEY must not be MINIO_ROOT_USER: the app is to hold the lesser key" >&2
    exit 1
fi

tries=0
until problem=$(printf '%s\n%s\n' "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" |
    mc --quiet alias set vault "$MINIO_ENDPOINT" --api s3v4 --path on 2>&1) && problem=$(mc --quiet ls vault 2>&1); do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ]; then
        printf 'minio-init: no answer from %s: %s\n' "$MINIO_ENDPOINT" "$problem" >&2
        exit 1
    fi
    sleep 1
done

mc --quiet mb --ignore-existing "vault/$bucket"

# policy.json is written for the bucket "docuvault"; its name stands after ":::" and nowhere else.
rendered=${MC_CONFIG_DIR}/policy.json
while IFS= read -r line || [ -n "$line" ]; do
    case $line in
        *:::docuvault*) line=${line%%:::docuvault*}:::$bucket${line#*:::docuvault} ;;
    esac
    printf '%s\n' "$line"
done <"$policy_file" >"$rendered"
mc --quiet admin policy create vault "docuvault-$bucket" "$rendered"

printf '%s\n%s\n' "$MINIO_ACCESS_KEY" "$MINIO_SECRET_KEY" | mc --quiet admin user add vault
mc --quiet admin user enable vault "$MINIO_ACCESS_KEY"

# Some releases of mc call it an error when the policy is attached already.
if ! said=$(mc --quiet admin policy attach vault "docuvault-$bucket" --user "$MINIO_ACCESS_KEY" 2>&1); then
    case $said in
        *"already in effect"*) ;;
        *)
            printf 'minio-init: %s\n' "$said" >&2
            exit 1
            ;;
    esac
fi
echo "minio-init: bucket $bucket and user $MINIO_ACCESS_KEY are ready"
