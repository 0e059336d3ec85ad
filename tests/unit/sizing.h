/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Shorthands of the tests of the sizing policies. */
#ifndef FNUMA_TEST_SIZING_H
#define FNUMA_TEST_SIZING_H

#include "test.h"
#include <flipnuma/sizer.h>

#define SECOND UINT64_C(1000000000)

static inline struct fnuma_sizer sizer_of(const char *name, struct fnuma_sizer_params p)
{
	struct fnuma_sizer s;

	assert_int_equal(fnuma_sizer_init(&s, fnuma_sizer_find(name), &p), FNUMA_OK);
	return s;
}

static inline struct fnuma_sizer_sample sample_of(uint64_t now_ns, uint32_t size,
                                                  uint32_t used, uint64_t misses)
{
	struct fnuma_sizer_sample sample = {0};

	sample.now_ns = now_ns;
	sample.size_pages = size;
	sample.used_pages = used;
	sample.misses = misses;
	return sample;
}

static inline struct fnuma_sizer_advice ask_about(struct fnuma_sizer *s,
                                                  struct fnuma_sizer_sample sample)
{
	struct fnuma_sizer_advice advice;

	assert_int_equal(fnuma_sizer_advise(s, &sample, &advice), FNUMA_OK);
	return advice;
}

static inline struct fnuma_sizer_advice ask(struct fnuma_sizer *s, uint64_t now_ns,
                                            uint32_t size, uint32_t used, uint64_t misses)
{
	return ask_about(s, sample_of(now_ns, size, used, misses));
}

#endif /* FNUMA_TEST_SIZING_H */
