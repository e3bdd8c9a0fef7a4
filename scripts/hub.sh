#!/usr/bin/env bash
# hub.sh finds a place to pull images from, or makes one.
#
#   hub.sh find        prints shell variables: HUB_KIND (dockerhub, shared, own),
#                      TARE_HOSTS_DIR (empty for Docker Hub), HUB_CONTEXT (a folder
#                      with the two Dockerfiles); starts what is needed, and says on
#                      stderr in one line what it took and why
#   hub.sh own [DIR]   makes and serves a small hub from this machine's Debian mirror
#   hub.sh corpus [DIR] finds or makes the bases of testdata/trim, and prints the same
#                      variables
#   hub.sh stop [DIR]  stops what `own` left running
#   hub.sh clean [DIR] stops it and removes what `own` made
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
repo=$(dirname "$here")
default_dir=${XDG_CACHE_HOME:-$HOME/.cache}/tare-demo-hub

say() { echo "hub: $*" >&2; }

answers() { curl -s -o /dev/null --noproxy '*' --connect-timeout 3 --max-time 5 "$1"; }

find_hub() {
  local shared=${TARE_TEST_HUB:-$repo/../shared/hub}
  if curl -s -o /dev/null --connect-timeout 3 --max-time 8 https://registry-1.docker.io/v2/; then
    say "Docker Hub answers; the images come from there"
    print_vars dockerhub "" "$repo/examples/python"
  elif [[ -x $shared/serve.sh ]]; then
    say "Docker Hub does not answer from here; using the stand-in hub in $shared"
    "$here/apt.sh" docker-registry python3
    "$shared/serve.sh" status || "$shared/serve.sh" start >/dev/null
    print_vars shared "$(cd "$shared" && pwd)/hosts" "$repo/examples/python"
  else
    say "Docker Hub does not answer from here; making a small stand-in from this machine's Debian mirror"
    own "$default_dir"
    print_vars own "$default_dir/hosts" "$default_dir/context"
  fi
}

print_vars() { printf 'HUB_KIND=%q\nTARE_HOSTS_DIR=%q\nHUB_CONTEXT=%q\n' "$1" "$2" "$3"; }

# --- a hub of our own --------------------------------------------------------------------------

own() {
  local dir=$1
  "$here/apt.sh" mmdebstrap docker-registry umoci skopeo curl
  mkdir -p "$dir"
  if [[ ! -e $dir/ready ]]; then
    make_images "$dir"
    make_context "$dir/context"
    touch "$dir/ready"
  fi
  serve "$dir"
  if [[ ! -e $dir/pushed ]]; then
    push "$dir"
    touch "$dir/pushed"
  fi
}

# make_images builds the images as one OCI layout with umoci: a base as small as
# Debian's slim images, and on top of it, as a second layer, what install_image adds.
make_images() {
  local dir=$1
  rm -rf "$dir/layout"
  umoci init --layout "$dir/layout"
  make_base "$dir" base "${slim[@]}"
  install_image "$dir" python python3 python3 python3-pip
  rm -rf "$dir/bundle" "$dir/rootfs"
}

# What Debian's slim images leave out.
slim=(--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright')

# make_base DIR TAG [OPTION...] makes TAG with mmdebstrap.
make_base() {
  local dir=$1 tag=$2 rootfs=$1/rootfs bundle=$1/bundle layout=$1/layout
  shift 2
  rm -rf "$rootfs" "$bundle"
  export SOURCE_DATE_EPOCH=1735689600
  say "making $tag (mmdebstrap, minbase) …"
  mmdebstrap --quiet --variant=minbase --mode=root --include=ca-certificates "$@" \
    "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$rootfs" >&2
  # The Dockerfiles install packages, so the image needs this machine's way to them.
  rm -f "$rootfs/etc/apt/sources.list"
  cp -a /etc/apt/sources.list* "$rootfs/etc/apt/" 2>/dev/null || true
  cp -a /etc/apt/apt.conf.d/. "$rootfs/etc/apt/apt.conf.d/" 2>/dev/null || true
  cp -a /etc/apt/trusted.gpg.d/. "$rootfs/etc/apt/trusted.gpg.d/" 2>/dev/null || true
  cp -a /usr/share/keyrings/. "$rootfs/usr/share/keyrings/" 2>/dev/null || true
  # What a desktop asks of apt: lists that no image needs.
  rm -f "$rootfs"/etc/apt/apt.conf.d/{20packagekit,50appstream}
  rm -rf "$rootfs"/var/lib/apt/lists/* "$rootfs"/var/cache/apt/*.bin
  : > "$rootfs/etc/resolv.conf"

  umoci new --image "$layout:$tag"
  umoci unpack --image "$layout:$tag" "$bundle"
  cp -a "$rootfs/." "$bundle/rootfs/"
  local created; created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)
  umoci repack --image "$layout:$tag" --history.created "$created" \
    --history.created_by "# mmdebstrap --variant=minbase (a stand-in made on this machine)" "$bundle"
  umoci config --image "$layout:$tag" --no-history --created "$created" \
    --config.label "tare.stand-in=made from this machine's Debian mirror; not Docker's image" \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  umoci config --image "$layout:$tag" --config.cmd bash --created "$created" \
    --history.created "$created" --history.created_by 'CMD ["bash"]'
}

# install_image DIR TAG COMMAND PACKAGE... makes TAG: the base, with packages on it.
install_image() {
  local dir=$1 tag=$2 command=$3 bundle=$1/bundle layout=$1/layout created
  shift 3
  say "making $tag (apt-get install $*) …"
  created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)
  umoci tag --image "$layout:base" "$tag"
  rm -rf "$bundle"
  umoci unpack --image "$layout:$tag" "$bundle"
  cp -L /etc/resolv.conf "$bundle/rootfs/etc/resolv.conf"
  in_root "$bundle/rootfs" "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $* && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/log/*"
  : > "$bundle/rootfs/etc/resolv.conf"
  umoci repack --image "$layout:$tag" --history.created "$created" \
    --history.created_by "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends $* # stand-in" "$bundle"
  umoci config --image "$layout:$tag" --config.cmd "$command" --created "$created" \
    --history.created "$created" --history.created_by "CMD [\"$command\"]"
}

# in_root runs a shell line in a root file system, with /proc and /dev of its own
# namespace, so that nothing stays mounted whatever happens.
in_root() {
  unshare --mount --pid --fork --mount-proc="$1/proc" chroot "$1" /bin/sh -euc "$2" >"$1.log" 2>&1 ||
    { cat "$1.log" >&2; exit 1; }
}

make_context() {
  mkdir -p "$1"
  cat > "$1/app.py" <<'E'
print("Hello from a Python app running on Debian!")
E
  cat > "$1/Dockerfile" <<'E'
FROM debian:stable-slim

# Install Python and build dependencies
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip && rm -rf /var/lib/apt/lists/*

# Set the working directory
WORKDIR /app

# Copy the Python application
COPY app.py ./

# Set the default command
CMD ["python3", "app.py"]
E
  cat > "$1/Dockerfile.multistage" <<'E'
# Build stage
FROM debian:stable-slim AS build-stage

# Install Python
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*

# Set the working directory
WORKDIR /app

# Copy the Python application
COPY app.py ./

# Runtime stage
FROM debian:stable-slim

# Install only the Python runtime
RUN apt-get update && apt-get install -y --no-install-recommends python3 && rm -rf /var/lib/apt/lists/*

# Copy the application files
WORKDIR /app
COPY --from=build-stage /app /app

# Set the default command
CMD ["python3", "app.py"]
E
}

free_port() {
  local p
  for p in $(seq 5301 5399); do
    (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
  done
  say "no free port between 5301 and 5399"; exit 1
}

serve() {
  local dir=$1 port
  if [[ -e $dir/port ]] && answers "http://127.0.0.1:$(cat "$dir/port")/v2/"; then return; fi
  port=$(free_port)
  mkdir -p "$dir/registry" "$dir/hosts/docker.io"
  cat > "$dir/registry.yml" <<E
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: "$dir/registry"}}
http: {addr: "127.0.0.1:$port"}
E
  OTEL_TRACES_EXPORTER=none setsid docker-registry serve "$dir/registry.yml" >"$dir/registry.log" 2>&1 </dev/null &
  echo $! > "$dir/pid"
  echo "$port" > "$dir/port"
  cat > "$dir/hosts/docker.io/hosts.toml" <<E
# docker.io is answered by the stand-in alone.
server = "http://127.0.0.1:$port"

[host."http://127.0.0.1:$port"]
  capabilities = ["pull", "resolve"]
E
  for _ in $(seq 50); do answers "http://127.0.0.1:$port/v2/" && return; sleep 0.1; done
  say "the registry did not start:"; cat "$dir/registry.log" >&2; exit 1
}

push() {
  local dir=$1 at; at=127.0.0.1:$(cat "$dir/port")/library
  push_as "$dir" base "$at/debian:stable-slim"
  push_as "$dir" python "$at/python:slim"
}

push_as() { skopeo copy --quiet --insecure-policy --dest-tls-verify=false "oci:$1/layout:$2" "docker://$3" >&2; }

# --- the bases of testdata/trim ----------------------------------------------------------------

# The port of the small apt repository stands in the images, so it is fixed.
apt_port=5381

# What the Dockerfiles of testdata/trim install.
corpus_debs=(bc dc jq make procps psmisc gawk tcc gcc libc6-dev)

# corpus finds or makes every base that the Dockerfiles of testdata/trim name: Debian
# with apt, Node.js and Go are made here; alpine and python come from the stand-in hub.
corpus() {
  local dir=$1 shared=${TARE_TEST_HUB:-$repo/../shared/hub}
  if curl -s -o /dev/null --connect-timeout 3 --max-time 8 https://registry-1.docker.io/v2/; then
    say "Docker Hub answers; the images come from there"
    print_vars dockerhub "" ""
    return
  fi
  "$here/apt.sh" mmdebstrap docker-registry umoci skopeo curl python3
  mkdir -p "$dir"
  [[ -e $dir/ready ]] || make_corpus "$dir"
  serve "$dir"
  serve_apt "$dir"
  if [[ ! -e $dir/pushed ]]; then
    local tag name at; at=127.0.0.1:$(cat "$dir/port")/library
    while read -r tag name; do push_as "$dir" "$tag" "$at/$name"; done < "$dir/names"
    rm -rf "$dir/layout"
    touch "$dir/pushed"
  fi
  if [[ -x $shared/serve.sh ]]; then
    "$shared/serve.sh" status || "$shared/serve.sh" start >/dev/null
    grep -q "stand-in hub" "$dir/hosts/docker.io/hosts.toml" ||
      sed '/^server/d; s/^# .*/# The stand-in hub, for what is not in ours./' "$(cd "$shared" && pwd)/hosts/docker.io/hosts.toml" >> "$dir/hosts/docker.io/hosts.toml"
  fi
  print_vars corpus "$dir/hosts" ""
}

make_corpus() {
  local dir=$1 shared=${TARE_TEST_HUB:-$repo/../shared/hub} tag
  if [[ ! -e $dir/made ]]; then
    rm -rf "$dir/layout"
    umoci init --layout "$dir/layout"
    make_base "$dir" full
    make_base "$dir" base "${slim[@]}"
    install_image "$dir" node node nodejs npm
    install_image "$dir" golang bash golang-go
    # The stand-in hub has a better Python.
    [[ -x $shared/serve.sh ]] || install_image "$dir" python python3 python3 python3-pip
    touch "$dir/made"
  fi
  make_apt "$dir"
  printf '%s\n' "base debian:stable-slim" "full debian:stable" "node node:slim" "golang golang:latest" > "$dir/names"
  [[ -x $shared/serve.sh ]] || echo "python python:slim" >> "$dir/names"
  while read -r tag _; do small_apt "$dir" "$tag"; done < "$dir/names"
  rm -rf "$dir/bundle" "$dir/rootfs"
  touch "$dir/ready"
}

# make_apt makes an apt repository of the few packages that the corpus installs: the lists
# of a whole distribution take longer than all the rest of a build. mawk, which every base
# has, is there in a later version, for what "apt-get upgrade" does.
make_apt() {
  local dir=$1 bundle=$1/bundle apt=$1/apt f
  say "making a small apt repository (${corpus_debs[*]}) …"
  rm -rf "$bundle" "$apt"
  mkdir -p "$apt"
  umoci unpack --image "$dir/layout:base" "$bundle"
  cp -L /etc/resolv.conf "$bundle/rootfs/etc/resolv.conf"
  in_root "$bundle/rootfs" "apt-get update -qq
    apt-get install -qq -y --no-install-recommends --download-only ${corpus_debs[*]}
    cd /var/cache/apt/archives; apt-get download -qq -o APT::Sandbox::User=root mawk"
  mv "$bundle"/rootfs/var/cache/apt/archives/*.deb "$apt"
  f=$(echo "$apt"/mawk_*.deb)
  dpkg-deb -R "$f" "$dir/mawk"
  sed -i 's/^Version: .*/&+later/' "$dir/mawk/DEBIAN/control"
  echo later >> "$dir/mawk/usr/bin/mawk" # what is equal would not come into the layer
  rm "$f"
  dpkg-deb -b "$dir/mawk" "$apt/mawk_later.deb" >&2
  rm -rf "$dir/mawk"
  (cd "$apt" && for f in *.deb; do
    dpkg-deb -f "$f"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$f" "$(stat -c %s "$f")" "$(sha256sum < "$f" | cut -d' ' -f1)"
  done > Packages
  printf 'Suite: corpus\nDate: %s\nSHA256:\n %s %s Packages\n' "$(date -Ru -d @1735689600)" "$(sha256sum < Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" > Release)
}

# small_apt makes an image's apt look there and nowhere else.
small_apt() {
  local dir=$1 tag=$2 bundle=$1/bundle created
  created=$(date -u -d "@1735689600" +%FT%TZ)
  rm -rf "$bundle"
  umoci unpack --image "$dir/layout:$tag" "$bundle"
  rm -rf "$bundle"/rootfs/etc/apt/sources.list*
  echo "deb [trusted=yes] http://127.0.0.1:$apt_port/ ./" > "$bundle/rootfs/etc/apt/sources.list"
  : > "$bundle/rootfs/etc/resolv.conf"
  umoci repack --image "$dir/layout:$tag" --history.created "$created" --history.created_by "# apt's sources: a small repository (a stand-in made on this machine)" "$bundle"
}

serve_apt() {
  local dir=$1
  answers "http://127.0.0.1:$apt_port/Release" && return
  setsid python3 -m http.server "$apt_port" --bind 127.0.0.1 --directory "$dir/apt" >"$dir/apt.log" 2>&1 </dev/null &
  echo $! > "$dir/apt.pid"
  for _ in $(seq 50); do answers "http://127.0.0.1:$apt_port/Release" && return; sleep 0.1; done
  say "the apt repository did not start:"; cat "$dir/apt.log" >&2; exit 1
}

stop() {
  [[ -e $1/pid ]] && kill "$(cat "$1/pid")" 2>/dev/null || true
  [[ -e $1/apt.pid ]] && kill "$(cat "$1/apt.pid")" 2>/dev/null || true
  rm -f "$1/pid" "$1/port" "$1/apt.pid"
}

clean() {
  stop "$1"
  # Only what `own` made: DIR may be anything.
  [[ -e $1/registry.yml || -e $1/ready ]] && rm -rf "$1"
  return 0
}

case ${1:-} in
  find) find_hub ;;
  own)  own "$(realpath -m "${2:-$default_dir}")"; say "serving on 127.0.0.1:$(cat "${2:-$default_dir}/port")" ;;
  corpus) corpus "$(realpath -m "${2:-${default_dir%/*}/tare-corpus-hub}")" ;;
  stop) stop "${2:-$default_dir}" ;;
  clean) clean "$(realpath -m "${2:-$default_dir}")" ;;
  *)    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
