/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include "output.h"

#include <errno.h>

static void line(const struct run *r, const struct result *res, const struct sample *s,
                 FILE *out)
{
	double total = (double)engine_total_pages(r->sc);
	double privvm = pages_of_mb(r->sc->privvm.memory_mb);
	uint32_t k;

	fprintf(out, "%.6g,%s", s->time_s, res->mode->name);
	for (k = 0; k < (uint32_t)r->sc->host.nodes; k++)
		fprintf(out, ",%llu", (unsigned long long)s->node_pages[k]);
	fprintf(out, ",%.6f,%.6f,%llu,%llu,%llu,%llu,%llu,%.6f\n",
	        100 * (double)s->remote_pages / total, 100 * (double)s->remote_most / total,
	        (unsigned long long)s->pool_pages, (unsigned long long)s->pool_used,
	        (unsigned long long)s->flips, (unsigned long long)s->misses,
	        (unsigned long long)s->migrated,
	        100 * (double)s->privvm_remote_pages / privvm);
}

bool output_csv(const struct run *r, const char *path)
{
	FILE *out = fopen(path, "w");
	uint32_t i, k;
	bool ok;

	if (!out)
		return false;
	fprintf(out, "time_s,mode");
	for (k = 0; k < (uint32_t)r->sc->host.nodes; k++)
		fprintf(out, ",node%u_pages", k);
	fprintf(out, ",remote_pct,remote_pct_most,pool_pages,pool_used_pages,flips,"
	        "flip_misses,pages_migrated,privvm_remote_pct\n");
	for (i = 0; i < r->n_modes; i++)
		for (k = 0; k < r->results[i].n_samples; k++)
			line(r, &r->results[i], &r->results[i].samples[k], out);
	ok = !ferror(out);
	return fclose(out) == 0 && ok;
}
