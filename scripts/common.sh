# Shared by the scripts beside it; sourced, not run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
third_party=$root/third_party
venv=$third_party/venv
tools=$third_party/tools

# The native programs out of the Python packages, first on the path: not pip's wrappers, which start Python
# before they start the program.
export PATH=$tools:$PATH

script=$(basename "$0")

say() { printf '%s: %s\n' "$script" "$*"; }

die() {
  printf '%s: %s\n' "$script" "$*" >&2
  exit 1
}

# Runs a command as root: directly, or with sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root and sudo is not there; as root, run: $*"
  fi
}

# The version of LLVM that the package is developed with, for clang, lld and the development files.
llvm=19
