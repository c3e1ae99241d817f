/* SPDX-License-Identifier: MIT */
#include "goal.h"

static bool has_changed(const struct status *before, const struct status *now)
{
	return before->changed.tv_sec != now->changed.tv_sec ||
		before->changed.tv_nsec != now->changed.tv_nsec;
}

static bool wants_up(const struct status *now)
{
	return now->want == STATUS_WANT_UP;
}

static bool is_up(const struct status *now)
{
	return now->pid != 0 && now->state == STATUS_RUN;
}

static bool is_down(const struct status *now)
{
	return now->pid == 0 && now->state == STATUS_DOWN;
}

/* A process that got TERM is on its way out, even if it is a new one. */
static bool is_restarted(const struct status *before, const struct status *now)
{
	return is_up(now) && has_changed(before, now) && !now->got_term && !now->paused;
}

static enum goal_verdict reached_if(bool so)
{
	return so ? GOAL_REACHED : GOAL_MISSED;
}

static enum goal_verdict checked_if(bool so)
{
	return so ? GOAL_REACHED_IF_CHECKED : GOAL_MISSED;
}

enum goal_verdict goal_judge(enum goal goal, const struct status *before,
	const struct status *now, bool ready)
{
	if (now == NULL)
		return reached_if(goal == GOAL_GONE);
	switch (goal) {
	case GOAL_NONE:
	case GOAL_HEARD:
		return GOAL_REACHED;
	case GOAL_UP:
		return checked_if(is_up(now) && wants_up(now));
	case GOAL_RUNS:
		return checked_if(is_up(now));
	case GOAL_READY:
		return checked_if(is_up(now) && ready);
	case GOAL_DOWN:
	case GOAL_RESTS:
		return reached_if(is_down(now) && !wants_up(now));
	case GOAL_ONCE:
		return reached_if(now->pid != 0 ? !wants_up(now) :
			has_changed(before, now));
	case GOAL_PAUSED:
		return reached_if(now->pid == 0 || now->paused);
	case GOAL_CONTINUED:
		return reached_if(now->pid == 0 || !now->paused);
	case GOAL_RESTARTED:
		if (is_down(now) && !wants_up(now))
			return GOAL_REACHED;
		return checked_if(is_restarted(before, now));
	case GOAL_RESTARTED_UP:
		return checked_if(is_restarted(before, now) && wants_up(now));
	case GOAL_WANTED:
		return wants_up(now) ? checked_if(is_up(now)) :
			reached_if(is_down(now));
	case GOAL_GONE:
		return GOAL_MISSED;
	}
	return GOAL_MISSED;
}
