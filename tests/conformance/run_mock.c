/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The suite, run against the mock. A pattern for runs against yours. */
#include "mock_target.h"

int main(void)
{
	struct mock_target t;
	int ret = mock_target_init(&t);

	if (!ret)
		ret = fnuma_conformance_run(&t.target, NULL);
	fnuma_mock_destroy(t.mock);
	return ret != 0;
}
