#!/usr/bin/env bash
# Installs Nsight Systems (command line, importer and exporter) from Debian's or Ubuntu's own packages. Needs root, no GPU.
# Debian keeps it in `non-free`: the packages are taken from there without adding that section to the machine's sources.
set -euo pipefail
if command -v nsys >/dev/null; then nsys --version; exit 0; fi
[ "$(id -u)" = 0 ] || { echo "error: installing packages needs root" >&2; echo "fix: sudo $0" >&2; exit 3; }
command -v apt-get >/dev/null || { echo "error: no apt-get on this machine" >&2; echo "fix: install Nsight Systems by hand" >&2; exit 3; }
. /etc/os-release
export DEBIAN_FRONTEND=noninteractive
sandbox=(-o APT::Sandbox::User=root)

if [ "${ID:-}" = ubuntu ]; then
  apt-get -qq "${sandbox[@]}" update
  apt-get -qq "${sandbox[@]}" install -y --no-install-recommends nsight-systems >/dev/null
  nsys --version
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial"
# either file may be absent, and nothing may match: that is told below, not by the shell
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
  grep -v '^#' | grep -oE 'https?://[^ ]+/debian/?( |$)' | head -1 || true)
mirror=${mirror% }
[ -n "$mirror" ] || { echo "error: no Debian mirror in /etc/apt" >&2; echo "fix: add one, then run this again" >&2; exit 3; }
key=$(ls /usr/share/keyrings/debian-archive-keyring.* | head -1)
echo "deb [signed-by=$key] $mirror trixie non-free" > "$work/sources.list"
lists=(-qq -o Dir::State::Lists="$work/lists" -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null "${sandbox[@]}")
apt-get "${lists[@]}" update
(cd "$work" && apt-get "${lists[@]}" download nsight-systems nsight-systems-target)
for package in "$work"/*.deb; do dpkg -x "$package" "$work/root"; done
cp -a "$work/root/usr/lib/." /usr/lib/

# nsys looks for its importer beside its own folder, and its report scripts look for their modules beside them
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")
target=$(ls -d "/usr/lib/$multiarch"/nsight-systems/target-linux-*)
host=$(ls -d /usr/lib/nsight-systems/host-linux-*)
cp -n "$target"/python/lib/{nsysstats,gpustats}.py "$host/python/lib/" 2>/dev/null || true
ln -sfn "$host" "/usr/lib/$multiarch/nsight-systems/$(basename "$host")"

apt-get -qq "${sandbox[@]}" update
for library in libssh-4 libglib2.0-0 libelf1 libcurl4 libgssapi-krb5-2 libdbus-1-3 libpfm4 procps; do
  apt-get -qq "${sandbox[@]}" install -y --no-install-recommends "$library" >/dev/null 2>&1 ||
    apt-get -qq "${sandbox[@]}" install -y --no-install-recommends "${library}t64" >/dev/null ||
    echo "not installed: $library" >&2
done
ln -sf /usr/lib/nsight-systems/bin/nsys /usr/local/bin/nsys
nsys --version
