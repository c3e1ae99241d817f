/* SPDX-License-Identifier: MIT */
#include "known.h"

#include "nearest.h"
#include "setting.h"

#include <string.h>

static const char *const ours[] = {
	"run", "finish", "check", "control", "log", "down", "supervise",
};
static const char *const custom[] = { "conf", "data", "env", "root" };
/* servicedir of s6; event/ is its supervisor's own */
static const char *const elsewhere[] = { "event", "flag-newpidns", "instance", "instances", "lock-fd",
	"nosetsid", "timeout-down", "timeout-up" };

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static bool is_among(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Number I of all that means something to us; NULL after the last. */
static const char *ours_at(size_t i)
{
	if (i < COUNT(ours))
		return ours[i];
	i -= COUNT(ours);
	return i < SETTING_COUNT ? setting_name((enum setting)i) : NULL;
}

bool known_is_copy_of(const char *name, const char *other)
{
	size_t length = strlen(other);

	return strncmp(name, other, length) == 0 && name[length] != '\0' &&
		strchr("~.#,@", name[length]) != NULL;
}

/* An editor's copy, or what somebody has put aside. */
static bool is_copy(const char *name)
{
	const char *one;

	for (size_t i = 0; (one = ours_at(i)) != NULL; i++)
		if (known_is_copy_of(name, one))
			return true;
	return *name == '#';
}

enum known known_is(const char *name)
{
	const char *one;

	for (size_t i = 0; (one = ours_at(i)) != NULL; i++)
		if (strcmp(name, one) == 0)
			return KNOWN_OURS;
	if (is_among(name, custom, COUNT(custom)))
		return KNOWN_CUSTOM;
	if (is_among(name, elsewhere, COUNT(elsewhere)))
		return KNOWN_ELSEWHERE;
	return is_copy(name) ? KNOWN_COPY : KNOWN_NOT;
}

const char *known_nearest(const char *name)
{
	struct nearest nearest = { .word = name };
	const char *one;

	for (size_t i = 0; (one = ours_at(i)) != NULL; i++)
		nearest_offer(&nearest, one);
	return nearest.guess;
}
