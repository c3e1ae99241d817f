# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the image scripts share: messages, the cache, long steps, checks of
# options. Sourced, never run: each script begins with
#     . "$(dirname -- "$0")/lib.sh"

# The same tool must give the same bytes for every user, place and time zone.
umask 022
export LC_ALL=C TZ=UTC
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
unset CDPATH # with it cd may go elsewhere, and says where

cd -- "$(dirname -- "$0")/.." || exit 1
BUILD=${BUILD:-build}
BIN=${BIN:-$BUILD/bin}
# The date of every file in the image. A constant, because a date taken from
# git would differ in an unpacked archive and rebuild all after each commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1767225600}
export SOURCE_DATE_EPOCH

say() { printf '%s\n' "$*" >&2; }
die() { printf 'image/%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
# Exit 2: what was asked for makes no sense, as opposed to "it failed".
refuse() { printf 'image/%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }

# try COMMAND…: of what a failing command says, one line is enough. It is kept
# in a variable, because the disk may be full.
try() {
	said=$("$@" 2>&1) || die "${said%%"$newline"*}"
}
newline='
'

# one_of NAME VALUE ALLOWED… refuses a value that is not among the allowed ones.
one_of() {
	option=$1 value=$2
	shift 2
	for allowed do
		[ "$value" != "$allowed" ] || return 0
	done
	refuse "$option=$value: unknown; choose one of: $*"
}

# mebibytes SIZE: a checked size such as 64M, rounded up.
mebibytes() {
	case $1 in
	*K) echo $(((${1%K} + 1023) / 1024)) ;;
	*M) echo "${1%M}" ;;
	*G) echo $((${1%G} * 1024)) ;;
	esac
}

# A scratch directory beside the products (so that a finished file can be
# renamed into place), gone when the script ends, however it ends.
make_scratch() {
	try mkdir -p "$BUILD"
	scratch=$(mktemp -d "$BUILD/.${0##*/}.XXXXXX") || die "cannot write in $BUILD"
	job='' aside=''
	trap '[ -z "$job" ] || { kill "$job"; wait "$job"; } 2>/dev/null || :; rm -rf "$scratch" ${aside:+"$aside"}' EXIT
	trap 'exit 130' INT TERM HUP
}

# place FILE PRODUCT: the product appears under its name complete or not at all.
place() {
	try mkdir -p "$(dirname -- "$2")"
	said=$({ cp "$1" "$2.part.$$" && mv "$2.part.$$" "$2"; } 2>&1) || {
		rm -f "$2.part.$$"
		die "$said"
	}
}

# The cache outside the tree is shared by all clones; where there is none, or it cannot be
# written, one inside build/ does.
cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
cache=${PIDONE_CACHE:-${cache:+$cache/pidone}}
if [ -z "$cache" ] || ! mkdir -p "$cache" 2>/dev/null || ! [ -w "$cache" ]; then
	cache=$BUILD/cache
fi

# cache_store DIR NAME keeps a copy of DIR as entry NAME. It is written aside
# and renamed: of two builds at once one wins, and readers see a whole entry.
# A cache that cannot take it (full, say) costs time later, and nothing now.
# Process numbers come again: what a killed one has left is not added to.
cache_store() {
	if aside=$(mktemp -d "$cache/.$2.XXXXXX" 2>/dev/null) && cp -R "$1" "$aside/entry" 2>/dev/null; then
		mv -T "$aside/entry" "$cache/$2" 2>/dev/null || :
	else
		say "note: $cache cannot keep $2; the next clone builds it again"
	fi
	rm -rf ${aside:+"$aside"}
	aside=
}

# cache_take NAME DIR puts a copy of entry NAME at DIR; false if there is none.
cache_take() {
	[ -d "$cache/$1" ] || return 1
	try cp -R "$cache/$1" "$2"
}

# What make was given, as VERSION or CFLAGS, is for our programs: sources that have a make
# of their own do not hear of it, as the key that they are cached by does not.
forget_make() {
	unset MAKEFLAGS MFLAGS GNUMAKEFLAGS MAKEFILES CFLAGS CPPFLAGS LDFLAGS \
		KCFLAGS KCPPFLAGS KAFLAGS KBUILD_OUTPUT CROSS_COMPILE LLVM
}

# The first words of the hash of standard input.
digest() { sha256sum | cut -c 1-24; }

compiler() { for tool do "$tool" --version | head -n 1; done; }

# source_id FILE: what identifies a source. Fetched ones have their sums
# beside them, so that a hit in the cache reads no 140 MB. What lies beside a
# user's own may be of an older one; its name counts, as busybox's version is there.
source_id() {
	case $1 in
	"$cache/sources"/*) [ ! -f "$1.sha256" ] || { cat "$1.sha256"; return; } ;;
	esac
	echo "${1##*/}"
	sha256sum <"$1"
}

# unpack WHAT ARCHIVE DIR: one tar archive, without its top directory.
unpack() {
	try mkdir -p "$3"
	said=$(tar -x --strip-components=1 -C "$3" -f "$2" 2>&1) ||
		die "cannot unpack $2 as $1: ${said%%"$newline"*}"
}

# long_step NAME LINES COMMAND… runs a command whose output goes to
# build/log/NAME.log, and meanwhile tells how far it is: lines so far against
# the LINES of a usual run, or of the last one here.
long_step() {
	step=$1 usual=$2
	shift 2
	log=$BUILD/log/$step.log
	mkdir -p "$BUILD/log"
	total=$(cat "$cache/lines.$step" 2>/dev/null) || :
	case $total in '' | 0* | *[!0-9]*) total=$usual ;; esac
	began=$(date +%s) told=0
	: >"$log" # there before it is counted
	"$@" >"$log" 2>&1 </dev/null &
	job=$!
	while kill -0 "$job" 2>/dev/null; do
		lines=$(wc -l <"$log")
		percent=$((lines * 100 / total))
		[ "$percent" -lt 100 ] || percent=99
		spent=$(($(date +%s) - began))
		left=$((percent > 0 ? spent * (100 - percent) / percent : 0))
		left=$((left / 60)):$(printf %02d $((left % 60)))
		if [ -t 2 ]; then
			[ "$percent" -gt 0 ] || left='?'
			printf '\r%s: %2d %%, %s left  ' "$step" "$percent" "$left" >&2
		elif [ $((percent / 10)) -gt "$told" ]; then
			told=$((percent / 10))
			say "$step: $percent %, $left left"
		fi
		sleep 1
	done
	if wait "$job"; then
		job=
		[ ! -t 2 ] || printf '\r' >&2
		say "$step: done in $(($(date +%s) - began)) s, log in $log"
		# In a shell of its own, which may die of a full disk.
		wc -l <"$log" >"$scratch/lines"
		(place "$scratch/lines" "$cache/lines.$step") 2>/dev/null || :
	else
		job=
		[ ! -t 2 ] || printf '\n' >&2
		tail -n 20 "$log" >&2
		die "$step failed; the whole log is $log"
	fi
}

# settings FRAGMENT: its symbols, one a line, as Kconfig takes them.
settings() { sed -n 's/ or gone$//; s/ or /\n/g; /^CONFIG_/p' "$1"; }

# check_config FRAGMENT CONFIG: Kconfig drops in silence what it does not know
# and what lacks a dependency; here that is an error that names it. In a line
# "A or B" one is enough; "or gone" allows for a symbol that others lack.
check_config() {
	dropped=
	while read -r line; do
		kept=
		case $line in CONFIG_*) ;; *) continue ;; esac
		for setting in $line; do
			case $setting in
			gone) kept=1 ;;
			CONFIG_*=n) grep -q "^${setting%n}" "$2" || kept=1 ;;
			CONFIG_*) ! grep -qxF -e "$setting" "$2" || kept=1 ;;
			esac
		done
		[ -n "$kept" ] || dropped="$dropped $line;"
	done <"$1"
	[ -z "$dropped" ] || die "$1: no effect, for want of a dependency or of such a symbol in this version:${dropped%;}"
}
