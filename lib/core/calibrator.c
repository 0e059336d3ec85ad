/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "sizing/policies.h"
#include <string.h>

#define MARGIN_PERCENT_MAX 1000u /* more than tenfold is a typing error */

void fnuma_calibrator_init(struct fnuma_calibrator *c)
{
	if (c)
		memset(c, 0, sizeof(*c));
}

int fnuma_calibrator_begin(struct fnuma_calibrator *c, uint32_t app)
{
	if (!c)
		return FNUMA_E_INVAL;
	if (app >= FNUMA_CALIBRATOR_APPS)
		return FNUMA_E_RANGE;
	if (c->running)
		return FNUMA_E_STATE;
	c->running = app + 1;
	c->run_peak = 0;
	c->observed = false;
	return FNUMA_OK;
}

int fnuma_calibrator_observe(struct fnuma_calibrator *c,
                             const struct fnuma_sizer_sample *sample)
{
	uint32_t need;

	if (!c)
		return FNUMA_E_INVAL;
	if (!c->running)
		return FNUMA_E_STATE;
	if (!sample || !fnuma_sizing_sample_valid(sample))
		return FNUMA_E_INVAL;
	/* A sizer can live with a count that starts anew; a measurement would be wrong. */
	if (c->observed && sample->misses < c->run_misses)
		return FNUMA_E_INVAL;
	if (!c->observed)
		c->first_misses = c->run_misses = sample->misses;
	need = fnuma_add_u32(fnuma_sizing_peak(sample),
	                       fnuma_sizing_missed(c->run_misses, sample->misses));
	c->run_peak = fnuma_max_u32(c->run_peak, need);
	c->run_misses = sample->misses;
	c->observed = true;
	return FNUMA_OK;
}

int64_t fnuma_calibrator_end(struct fnuma_calibrator *c)
{
	struct fnuma_calibration *app;

	if (!c)
		return FNUMA_E_INVAL;
	if (!c->running || !c->observed)
		return FNUMA_E_STATE;
	app = &c->app[c->running - 1];
	if (!app->runs || c->run_peak < app->least_pages)
		app->least_pages = c->run_peak;
	app->need_pages = fnuma_max_u32(app->need_pages, c->run_peak);
	app->missed_pages = fnuma_add_u64(app->missed_pages,
	                                  c->run_misses - c->first_misses);
	app->runs = fnuma_add_u32(app->runs, 1);
	c->running = 0;
	return c->run_peak;
}

int fnuma_calibrator_need(const struct fnuma_calibrator *c, uint32_t app,
                          struct fnuma_calibration *out)
{
	if (!c || !out)
		return FNUMA_E_INVAL;
	if (app >= FNUMA_CALIBRATOR_APPS)
		return FNUMA_E_RANGE;
	*out = c->app[app];
	return FNUMA_OK;
}

int64_t fnuma_calibrator_value(const struct fnuma_calibrator *c, uint32_t margin_percent)
{
	uint32_t need = 0, runs = 0, i;

	if (!c || margin_percent > MARGIN_PERCENT_MAX)
		return FNUMA_E_INVAL;
	for (i = 0; i < FNUMA_CALIBRATOR_APPS; i++) {
		need = fnuma_max_u32(need, c->app[i].need_pages);
		runs |= c->app[i].runs;
	}
	if (!runs)
		return FNUMA_E_STATE;
	return (int64_t)fnuma_div_u64((uint64_t)need * (100 + margin_percent) + 99, 100);
}
