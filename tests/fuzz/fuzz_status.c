/* SPDX-License-Identifier: MIT */
/* A service's status record: as anybody's, as ours, as one of ours with one byte
 * spoilt; and a monitor that goes on from whatever stands in it. */
#include "fuzz.h"

#include "monitor.h"
#include "status.h"

#include <signal.h>

static bool is_same(const struct status *one, const struct status *other)
{
	return one->changed.tv_sec == other->changed.tv_sec &&
		one->changed.tv_nsec == other->changed.tv_nsec && one->pid == other->pid &&
		one->paused == other->paused && one->got_term == other->got_term &&
		one->want == other->want && one->state == other->state;
}

static void check_any(const uint8_t *data, size_t size)
{
	unsigned char record[STATUS_BYTES];
	char text[STATUS_TEXT_BYTES];
	struct status status, again;

	if (!status_decode(data, size, &status))
		return;
	must(size >= STATUS_BYTES && status.pid >= 0);
	must(status.changed.tv_nsec >= 0 && status.changed.tv_nsec < 1000000000);
	status_encode(&status, record);
	must(status_decode(record, sizeof record, &again) && is_same(&status, &again));
	must(status_describe(&status, text) == strlen(text));
	must(text[strlen(text) - 1] == '\n' && strlen(text) + 1 < sizeof text);
}

static void make(struct input *input, struct status *status, struct status_identity *identity,
	struct status_memory *memory)
{
	*status = (struct status){
		.changed = { (time_t)(take_number(input, 8) >> 2),
			(long)(take_number(input, 4) % 1000000000) },
		.pid = (pid_t)(take_number(input, 4) & INT32_MAX),
		.paused = take_number(input, 1) & 1, .got_term = take_number(input, 1) & 1,
		.want = take_number(input, 1) & 1 ? STATUS_WANT_UP : STATUS_WANT_DOWN,
		.state = (enum status_state)(take_number(input, 1) % 3),
	};
	*identity = (struct status_identity){
		.namespace = take_number(input, 8), .device = take_number(input, 8),
		.inode = take_number(input, 8), .start = take_number(input, 8),
		.pid = (pid_t)(take_number(input, 4) & INT32_MAX),
	};
	for (size_t i = 0; i < sizeof identity->boot; i++)
		identity->boot[i] = (unsigned char)take_number(input, 1);
	*memory = (struct status_memory){
		.state = (uint8_t)take_number(input, 1), .want = (uint8_t)take_number(input, 1),
		.readiness = (uint8_t)take_number(input, 1), .failed = take_number(input, 1) & 1,
		.starts = (uint32_t)take_number(input, 4),
		.last_status = (int32_t)take_number(input, 4),
		.earliest = (int64_t)take_number(input, 8),
		.last_death = (int64_t)take_number(input, 8),
		.deaths = (uint32_t)(take_number(input, 1) % (STATUS_DEATHS + 1)),
	};
	for (size_t i = 0; i < STATUS_DEATHS; i++)
		memory->death[i] = (uint16_t)take_number(input, 2);
}

/* What is written is read as itself; with any one byte changed it is refused. */
static void check_ours(struct input *input, const struct status *status,
	const struct status_identity *identity, const struct status_memory *memory)
{
	unsigned char record[STATUS_RECORD_BYTES], twice[STATUS_RECORD_BYTES];
	struct status_identity identity_again;
	struct status_memory memory_again;
	struct status again;
	size_t spoilt = take_number(input, 1) % sizeof record;
	unsigned char change = (unsigned char)take_number(input, 1);

	status_encode_record(status, identity, memory, record);
	if (identity->pid == 1) {
		must(!status_decode_record(record, sizeof record, &again, &identity_again, &memory_again));
		return;
	}
	must(status_decode_record(record, sizeof record, &again, &identity_again, &memory_again));
	must(is_same(status, &again));
	status_encode_record(&again, &identity_again, &memory_again, twice);
	must(memcmp(record, twice, sizeof record) == 0);
	must(!status_decode_record(record, sizeof record - 1, &again, &identity_again,
		&memory_again));
	record[spoilt] ^= change;
	must(change == 0 || !status_decode_record(record, sizeof record, &again,
		&identity_again, &memory_again));
}

/* Takes all there is to do at NOW. Nothing runs twice, and it comes to an end. */
static void settle(struct monitor *monitor, struct input *input, int64_t now)
{
	struct monitor_action action;
	pid_t pid = 1000;
	int turns = 0;

	while (monitor_next(monitor, now, &action)) {
		must(++turns < 100);
		switch (action.verb) {
		case MONITOR_START_RUN:
		case MONITOR_START_FINISH:
			must(monitor->pid == 0);
			/* fall through */
		case MONITOR_START_CONTROL:
			if (take_number(input, 1) & 1)
				monitor_started(monitor, pid++, now);
			else
				monitor_not_started(monitor, (enum monitor_refusal)
					(take_number(input, 1) % 3), 2, now);
			break;
		case MONITOR_SIGNAL:
		case MONITOR_OVERDUE:
			must(action.pid > 0 && action.signal > 0 && action.signal < NSIG);
			break;
		case MONITOR_GROUP:
			must(action.pid > 0 && action.signal >= 0 && action.signal < NSIG);
			if (take_number(input, 1) & 1)
				monitor_group_gone(monitor);
			break;
		case MONITOR_TELL_FAILED:
		case MONITOR_PUBLISH:
			break;
		}
	}
}

/* Another supervisor goes on from the record, whatever it says, and is then told
 * letters, ends and times. */
static void check_adoption(struct input *input, const struct status *status,
	const struct status_memory *memory, pid_t pid)
{
	static const char letters[] = "udoxpchaiq12tk?";
	static const struct monitor_options options = { .control_ms = 30000, .finish_ms = 5000,
		.kill_ms = 7000, .stop_signal = SIGTERM, .reload_signal = SIGHUP, .deaths_most = 5,
		.notifies = true };
	int64_t now = (int64_t)(take_number(input, 4) + 1);
	struct monitor monitor;
	bool alive = pid > 0 && (take_number(input, 1) & 1);

	monitor_init(&monitor, take_number(input, 1) & 1, MONITOR_WANT_UP, &options);
	if (!monitor_adopt(&monitor, status, memory, alive ? pid : 0, alive, now))
		return;
	for (settle(&monitor, input, now); input->size > 0; settle(&monitor, input, now)) {
		unsigned what = (unsigned)take_number(input, 1);

		if (what < 128)
			monitor_letter(&monitor, letters[what % (sizeof letters - 1)], now);
		else if (what < 160 && monitor.pid > 0) {
			if (what & 1)
				must(monitor_left_behind(&monitor, monitor.pid, now) >= 0);
			must(monitor_exited(&monitor, monitor.pid, (int)take_number(input, 2), now));
		} else if (what < 192 && monitor.script_pid > 0)
			must(monitor_exited(&monitor, monitor.script_pid, (int)take_number(input, 2), now));
		else
			now += (int64_t)take_number(input, 2);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct status status;
	struct status_identity identity;
	struct status_memory memory;

	check_any(data, size);
	make(&input, &status, &identity, &memory);
	check_ours(&input, &status, &identity, &memory);
	check_adoption(&input, &status, &memory, identity.pid);
	return 0;
}
