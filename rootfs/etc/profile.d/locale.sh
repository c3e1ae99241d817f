# shellcheck shell=sh
# The language of messages and the character set; the value of /etc/locale.conf
# or of the environment comes first. musl knows C.UTF-8 and needs no files for it.
if [ -z "${LANG:-}" ] && [ -r /etc/locale.conf ]; then
	# shellcheck source=/dev/null # it is the system's
	. /etc/locale.conf
fi
export LANG="${LANG:-C.UTF-8}"
