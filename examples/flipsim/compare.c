/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Ours against the paper's: where they differ, and why. */
#include "output.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* As near as the paper's text can be read: "about 25 %", "about 13 %", "3 %". */
static bool near(uint32_t figure, double paper, double ours)
{
	const char *unit = figure_info(figure)->unit;

	if (strcmp(unit, "%") == 0)
		return fabs(ours - paper) <= (paper > 5 ? 1 : 0.5);
	return fabs(ours - paper) <= fabs(paper) * 0.05;
}

static const char *why(const struct mode *m, uint32_t figure, double paper, double ours)
{
	bool migrates = m->trigger && !m->sizer;

	switch (figure) {
	case FIG_STREAM_REMOTE_ALLOCATIONS:
	case FIG_STREAM_LOSS_PCT:
	case FIG_LINKBENCH_REMOTE_ALLOCATIONS:
	case FIG_LINKBENCH_LOSS_PCT:
		if (migrates && ours > paper)
			return "Migration bounds what is remote, it does not make it nothing: pages "
			       "that drifted since the last pass are still away when the benchmark "
			       "allocates them. The paper reports none; it does not say whether a "
			       "pass ran just before its second run.";
		break;
	case FIG_REMOTE_PCT_MAX:
		if (m->sizer && ours < paper)
			return "The paper's figure is the bound, its whole pool (500 MB of 16 GB). "
			       "This pool hands out pages that are already remote before pages that "
			       "are at home, so only as many ever leave as are in use at once.";
		if (migrates && ours < paper)
			return "What drifts in one period, or up to the threshold, is less than the "
			       "paper's rounded figure.";
		break;
	default:
		break;
	}
	if (ours > paper)
		return "Ours is larger; nothing in the paper's text says why.";
	return "Ours is smaller; nothing in the paper's text says why.";
}

uint32_t compare_with_paper(const struct run *r, struct comparison *out)
{
	uint32_t i, k, n = 0;

	for (i = 0; i < r->n_modes; i++) {
		for (k = 0; k < r->sc->n_paper; k++) {
			const struct paper_value *p = &r->sc->paper[k];
			struct comparison *c = &out[n];

			if (p->mode != r->modes[i]->name)
				continue;
			c->mode = r->modes[i];
			c->figure = p->figure;
			c->paper = p->value;
			c->ours = r->results[i].fig[p->figure];
			c->note = near(c->figure, c->paper, c->ours) ? NULL :
			          why(c->mode, c->figure, c->paper, c->ours);
			n++;
		}
	}
	return n;
}
