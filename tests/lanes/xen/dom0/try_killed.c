/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * The mover is killed before each of its steps, one by one; each time a successor opens the
 * journal, and there is nothing lost, nothing left over, and the guest runs. Then the
 * successor is killed at each of its own.
 */
#define _GNU_SOURCE
#include "try.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 8u

/* Shared with the process that is to die. */
struct fate {
	uint64_t die_at; /* a step's number; 0: never */
	char name[32];   /* of the last step it came to */
	uint64_t number;
};

static struct fate *fate;

static void die_at_step(void *cookie, const char *name, uint64_t number)
{
	(void)cookie;
	fate->number = number;
	snprintf(fate->name, sizeof(fate->name), "%s", name);
	if (number == fate->die_at)
		kill(getpid(), SIGKILL);
}

/* In a process of its own, which owes nothing to the connections of this one. */
static void mover(uint32_t domid, fnuma_node to)
{
	struct try t = {.quiet = true, .guests = 1, .guest[0] = {.domid = domid}};
	struct guest *g = &t.guest[0];

	library_open(&t, die_at_step, NULL);
	library_attach(&t, g);
	need(g->n >= BATCH, "pages listed");
	move_pages(&t, g, g->pages, BATCH, to, FNUMA_CONTENT_KEEP, NULL);
	_exit(0);
}

static void successor(uint32_t domid, fnuma_node to)
{
	struct try t = {.quiet = true};

	(void)domid, (void)to;
	library_open(&t, die_at_step, NULL);
	_exit(0);
}

/* True if it was killed; false if it came to its end before. */
static bool run_and_kill(void (*what)(uint32_t domid, fnuma_node to), uint32_t domid,
                         fnuma_node to, uint64_t step)
{
	int status = 0;
	pid_t pid;

	fate->die_at = step;
	pid = fork();
	need(pid >= 0, "a process");
	if (pid == 0)
		what(domid, to);
	need(waitpid(pid, &status, 0) == pid, "waitpid");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	need(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	     "a mover that is not killed ends well");
	return false;
}

static void info(struct try *t, uint32_t domid, xc_domaininfo_t *out)
{
	need(xc_domain_getinfolist(t->xc, domid, 1, out) == 1 && out->domain == domid,
	     "the domain's state");
}

/* A successor puts all right: no page and no limit is another, and the guest runs. */
static bool put_right(struct try *t, const struct guest *g, const xc_domaininfo_t *before)
{
	xc_domaininfo_t now;
	bool good;

	library_open(t, NULL, NULL);
	info(t, g->domid, &now);
	good = now.tot_pages == before->tot_pages && now.max_pages == before->max_pages &&
	       !(now.flags & (XEN_DOMINF_paused | XEN_DOMINF_shutdown)) &&
	       fnuma_xen_recover(t->x) == 0 && guest_beats(t, g->domid);
	if (!good)
		note("killed before step %llu, %s: pages %llu, were %llu; limit %llu, "
		     "was "
		     "%llu; flags %x",
		     (unsigned long long)fate->number, fate->name,
		     (unsigned long long)now.tot_pages,
		     (unsigned long long)before->tot_pages,
		     (unsigned long long)now.max_pages,
		     (unsigned long long)before->max_pages, (unsigned int)now.flags);
	library_close(t);
	return good;
}

static uint64_t kill_movers(struct try *t, struct guest *g, const xc_domaininfo_t *before,
                            uint64_t *pausing)
{
	uint64_t step, bad = 0;

	for (step = 1; run_and_kill(mover, g->domid, fnuma_node_of(step % 2), step);
	     step++) {
		xc_domaininfo_t now;

		info(t, g->domid, &now);
		if (now.flags & XEN_DOMINF_paused && !*pausing)
			*pausing = step;
		bad += !put_right(t, g, before);
	}
	check(bad == 0 && step > 20,
	      "killed at each of %llu steps, one by one, nothing is lost "
	      "or left over",
	      (unsigned long long)step - 1);
	return step - 1;
}

/* From the middle of a batch, with the guest paused, a copy made and not yet swapped. */
static void kill_successors(struct try *t, struct guest *g, const xc_domaininfo_t *before,
                            uint64_t middle)
{
	uint64_t step = 0, bad = 0;
	bool killed = true;

	while (killed) {
		need(run_and_kill(mover, g->domid, fnuma_node_of(step % 2), middle),
		     "a kill");
		killed = run_and_kill(successor, g->domid, g->home, ++step);
		bad += !put_right(t, g, before);
	}
	check(bad == 0 && step > 3,
	      "its successor killed at each of %llu steps, the next one "
	      "puts it right",
	      (unsigned long long)step - 1);
}

static void killed(struct try *t)
{
	struct guest *g = &t->guest[0];
	xc_domaininfo_t before;
	uint64_t pausing = 0;
	struct count c;

	fate = mmap(NULL, sizeof(*fate), PROT_READ | PROT_WRITE,
	            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(fate != MAP_FAILED, "memory");
	info(t, g->domid, &before);
	t->quiet = true;
	kill_movers(t, g, &before, &pausing);
	check(pausing > 0, "some died with the guest paused");
	kill_successors(t, g, &before, pausing + 4);
	library_open(t, NULL, NULL);
	library_attach(t, g);
	move_pages(t, g, g->pages, g->n, g->home, FNUMA_CONTENT_KEEP, NULL);
	library_detach(t, g);
	library_close(t);
	check(guest_well(t, g->domid), "the guest finds all its memory right");
	count_now(t, &c);
	check(count_on(&c, g->domid, g->home) ==
	                      count_on(&t->before, g->domid, g->home) &&
	              count_total(&c, g->domid) == count_total(&t->before, g->domid),
	      "in the end Xen counts the guest's pages as before");
	munmap(fate, sizeof(*fate));
}

const struct scenario scenario_killed = {"killed", 1, killed};
